//! The table, and the same as JSON.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use mtbsync_formats::json;
use serde::Serialize;

use crate::ablation::AblationRow;
use crate::score::{CalibrationBin, Score, calibration_error, reliability};

/// Pixels of the reliability diagram.
const DIAGRAM_SIZE: (u32, u32) = (720, 800);

/// Prints one line per part and pair: median, 95th percentile, share answered and confident mistakes.
pub fn print_ablation(parts: &[AblationRow]) -> Result<()> {
    let mut out = io::stdout().lock();
    let mut rows = Vec::new();
    let mut header = vec!["median / p95 ms, answered, wrong".to_owned()];
    let pairs = parts.first().map_or(0, |part| part.scores.len());
    header.extend((0..pairs).map(|k| {
        let named = parts.iter().find_map(|part| part.scores.get(k)?.as_ref());
        named.map_or_else(String::new, |score| score.pair.clone())
    }));
    rows.push(header);
    for part in parts {
        let cells = part.scores.iter().map(|score| match score {
            Some(score) if score.aligned => format!(
                "{:.0} / {:.0}, {}, {}",
                score.median_ms.unwrap_or(f64::NAN),
                score.p95_ms.unwrap_or(f64::NAN),
                share(Some(score.answered)),
                score.confident_wrong
            ),
            Some(_) => "refused".to_owned(),
            None => "-".to_owned(),
        });
        rows.push(std::iter::once(part.name.to_owned()).chain(cells).collect());
    }
    print_aligned(&mut out, &rows)
}

/// Everything that was measured.
#[derive(Serialize)]
pub struct Report<'a> {
    pairs: &'a [Score],
    run_to_run: &'a [Score],
    reliability: Vec<CalibrationBin>,
    expected_calibration_error: Option<f64>,
    refused: Vec<Refusal<'a>>,
}

#[derive(Serialize)]
struct Refusal<'a> {
    pair: &'a str,
    refused: bool,
}

impl<'a> Report<'a> {
    /// Puts the numbers together; `run_to_run` are joined maps, and `refusals` are pairs without anything in
    /// common and whether they were refused.
    pub fn new(pairs: &'a [Score], run_to_run: &'a [Score], refusals: &'a [(String, bool)]) -> Self {
        let claims: Vec<_> = pairs
            .iter()
            .flat_map(|score| score.claims.iter().copied())
            .collect();
        let reliability = reliability(&claims);
        Self {
            pairs,
            run_to_run,
            expected_calibration_error: calibration_error(&reliability),
            reliability,
            refused: refusals
                .iter()
                .map(|(pair, refused)| Refusal {
                    pair,
                    refused: *refused,
                })
                .collect(),
        }
    }

    /// Prints the tables.
    pub fn print(&self) -> Result<()> {
        let mut out = io::stdout().lock();
        print_scores(&mut out, self.pairs)?;
        writeln!(
            out,
            "\nerrors in ms; outside: claimed of those never reached; wrong: confident (>= 0.6) and off by more than 0.3 s; sure pair: worst of those of confidence >= 0.9 in pairs.csv"
        )?;
        writeln!(
            out,
            "\nReliability: of the answers said to be within 0.25 s with this probability, how many are"
        )?;
        let mut rows = vec![["stated", "right", "answers"].map(str::to_owned)];
        rows.extend(self.reliability.iter().map(|bin| {
            [
                share(Some(bin.stated)),
                share(Some(bin.right)),
                bin.count.to_string(),
            ]
        }));
        print_aligned(&mut out, &rows)?;
        writeln!(
            out,
            "Expected calibration error: {}",
            share(self.expected_calibration_error)
        )?;
        if !self.run_to_run.is_empty() {
            writeln!(out, "\nRun to run, by the maps of both:")?;
            print_scores(&mut out, self.run_to_run)?;
        }
        writeln!(out, "\nNothing in common:")?;
        for refusal in &self.refused {
            writeln!(
                out,
                "  {}: {}",
                refusal.pair,
                if refusal.refused { "refused" } else { "ACCEPTED" }
            )?;
        }
        Ok(())
    }

    /// Draws stated confidence against the share that was right.
    pub fn write_diagram(&self, path: &Path) -> Result<()> {
        let bins = self.reliability.iter().filter_map(|bin| {
            Some(mtbsync_plot::reliability::Bin {
                predicted: bin.stated,
                observed: bin.right,
                count: u64::try_from(bin.count).ok()?,
            })
        });
        let diagram = mtbsync_plot::reliability::Reliability {
            title: "Confidence: said and kept, all pairs".to_owned(),
            bins: bins.collect(),
            ece: self.expected_calibration_error.unwrap_or(0.0),
            size: DIAGRAM_SIZE,
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, diagram.png()?).with_context(|| path.display().to_string())
    }

    /// Writes the numbers as JSON.
    pub fn write_json(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, json::to_vec(self)?).with_context(|| path.display().to_string())
    }
}

fn print_scores(out: &mut impl Write, scores: &[Score]) -> Result<()> {
    let header = [
        "pair",
        "probes",
        "answered",
        "median",
        "p90",
        "p95",
        "max",
        "<=33ms",
        "outside",
        "wrong",
        "sure pair",
        "in 90 %",
        "cpu s",
        "cached",
        "MB",
    ];
    let mut rows = vec![header.map(str::to_owned)];
    rows.extend(scores.iter().map(row));
    print_aligned(out, &rows)
}

fn row(score: &Score) -> [String; 15] {
    let number = |value: Option<f64>, decimals: usize| {
        value.map_or_else(|| "-".to_owned(), |v| format!("{v:.decimals$}"))
    };
    [
        if score.aligned {
            score.pair.clone()
        } else {
            format!("{} (refused)", score.pair)
        },
        score.probes.to_string(),
        share(Some(score.answered)),
        number(score.median_ms, 0),
        number(score.p90_ms, 0),
        number(score.p95_ms, 0),
        number(score.max_ms, 0),
        share(score.within_frame),
        format!("{}/{}", score.outside_claimed, score.outside_probes),
        score.confident_wrong.to_string(),
        number(score.worst_sure_pair_ms, 0),
        share(score.interval_holds),
        number(score.cpu_cold_sec, 1),
        number(score.cpu_cached_sec, 1),
        number(score.peak_mb, 0),
    ]
}

fn share(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

/// First column to the left, the others to the right.
fn print_aligned<R: AsRef<[String]>>(out: &mut impl Write, rows: &[R]) -> Result<()> {
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.as_ref().get(column))
            .map(String::len)
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..rows.first().map_or(0, |row| row.as_ref().len()))
        .map(width)
        .collect();
    for row in rows {
        let cells =
            row.as_ref()
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, width))| match column {
                    0 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                });
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
