//! Markdown tables: a row per pair and variant as it is measured, then variants by pairs, then one row per
//! variant.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use mtbsync_formats::json;
use serde::Serialize;

use crate::score::{Score, quantile};

/// Everything that was measured.
#[derive(Serialize)]
pub struct CamerasReport {
    #[serde(skip)]
    variants: Vec<String>,
    rows: Vec<Row>,
    wrong: Vec<WrongRow>,
}

#[derive(Serialize)]
struct Row {
    variant: String,
    cpu_sec: Option<f64>,
    #[serde(flatten)]
    score: Score,
}

/// Two recordings with nothing in common, and whether they were aligned all the same.
#[derive(Serialize)]
struct WrongRow {
    variant: String,
    pair: String,
    accepted: bool,
}

impl CamerasReport {
    /// Prints the head of the table; `variants` gives the order of the summary.
    pub fn start(variants: Vec<String>) -> Result<Self> {
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "| pair | variant | answered | median | p95 | max | 90 % interval holds | confident and wrong | CPU s |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|---|---|")?;
        Ok(Self {
            variants,
            rows: Vec::new(),
            wrong: Vec::new(),
        })
    }

    /// Adds a measured pair and prints its row.
    pub fn add(&mut self, variant: &str, score: Score, cpu_sec: Option<f64>) -> Result<()> {
        let row = Row {
            variant: variant.to_owned(),
            cpu_sec,
            score,
        };
        writeln!(io::stdout().lock(), "{}", row.line())?;
        self.rows.push(row);
        Ok(())
    }

    /// Adds a pair with nothing in common; prints it when it was accepted.
    pub fn add_wrong(&mut self, variant: &str, pair: &str, accepted: bool) -> Result<()> {
        if accepted {
            writeln!(io::stdout().lock(), "ACCEPTED: {pair}, {variant}")?;
        }
        self.wrong.push(WrongRow {
            variant: variant.to_owned(),
            pair: pair.to_owned(),
            accepted,
        });
        Ok(())
    }

    /// Everything with nothing in common was refused.
    pub fn holds(&self) -> bool {
        self.wrong.iter().all(|row| !row.accepted)
    }

    /// Prints the tables of variants.
    pub fn print_summary(&self) -> Result<()> {
        let mut out = io::stdout().lock();
        self.write_by_pair(&mut out)?;
        self.write_summary(&mut out)
    }

    /// Writes the numbers as JSON.
    pub fn write_json(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, json::to_vec(self)?).with_context(|| path.display().to_string())
    }

    fn write_by_pair(&self, out: &mut impl Write) -> Result<()> {
        let mut pairs: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !pairs.contains(&row.score.pair.as_str()) {
                pairs.push(&row.score.pair);
            }
        }
        writeln!(out, "\nMedian / p95 in ms, share of 90 % intervals that hold.\n")?;
        writeln!(out, "| variant | {} |", pairs.join(" | "))?;
        writeln!(out, "|---{}|", "|---".repeat(pairs.len()))?;
        for variant in &self.variants {
            let row_of = |pair: &&str| {
                let is_meant = |row: &&Row| row.variant == *variant && row.score.pair == **pair;
                self.rows.iter().find(is_meant)
            };
            if pairs.iter().any(|pair| row_of(pair).is_some()) {
                let cells: Vec<String> = pairs
                    .iter()
                    .map(|pair| row_of(pair).map_or_else(|| "-".to_owned(), Row::cell))
                    .collect();
                writeln!(out, "| {variant} | {} |", cells.join(" | "))?;
            }
        }
        Ok(())
    }

    fn write_summary(&self, out: &mut impl Write) -> Result<()> {
        writeln!(
            out,
            "\nAll answers of a variant together, and its worst pair. Wrong pairs: accepted of those with nothing in common.\n"
        )?;
        writeln!(
            out,
            "| variant | pairs | least answered | median | p95 | max | worst median | worst p95 | 90 % interval holds | worst | confident and wrong | wrong pairs |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|---|")?;
        for variant in &self.variants {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.variant == *variant).collect();
            let wrong = || self.wrong.iter().filter(|row| row.variant == *variant);
            if rows.is_empty() && wrong().count() == 0 {
                continue;
            }
            let accepted = format!(
                "{}/{}",
                wrong().filter(|row| row.accepted).count(),
                wrong().count()
            );
            writeln!(out, "| {variant} | {} | {accepted} |", summary(&rows).join(" | "))?;
        }
        Ok(())
    }
}

impl Row {
    fn cell(&self) -> String {
        let score = &self.score;
        if !score.aligned {
            return "refused".to_owned();
        }
        let (median, p95) = (millis(score.median_ms), millis(score.p95_ms));
        format!("{median} / {p95}, {}", share(score.interval_holds))
    }

    fn line(&self) -> String {
        let score = &self.score;
        let pair = if score.aligned {
            score.pair.clone()
        } else {
            format!("{} (refused)", score.pair)
        };
        let cells = [
            pair,
            self.variant.clone(),
            share(Some(score.answered)),
            millis(score.median_ms),
            millis(score.p95_ms),
            millis(score.max_ms),
            share(score.interval_holds),
            score.confident_wrong.to_string(),
            self.cpu_sec
                .map_or_else(|| "-".to_owned(), |secs| format!("{secs:.1}")),
        ];
        format!("| {} |", cells.join(" | "))
    }
}

/// Number of pairs, the errors of all answers together, and the worst pair of each figure.
fn summary(rows: &[&Row]) -> [String; 10] {
    let scores = || rows.iter().map(|row| &row.score);
    let mut errors_ms: Vec<f64> = scores()
        .flat_map(|score| score.errors_secs.iter().map(|secs| secs * 1000.0))
        .collect();
    errors_ms.sort_by(f64::total_cmp);
    let largest = |value: fn(&Score) -> Option<f64>| scores().filter_map(value).max_by(f64::total_cmp);
    let least = |value: fn(&Score) -> Option<f64>| scores().filter_map(value).min_by(f64::total_cmp);
    let held = scores().map(|score| score.interval_holds.unwrap_or(0.0) * score.errors_secs.len() as f64);
    let held_share = held.sum::<f64>() / errors_ms.len() as f64;
    [
        rows.len().to_string(),
        share(least(|score| Some(score.answered))),
        millis(quantile(&errors_ms, 0.5)),
        millis(quantile(&errors_ms, 0.95)),
        millis(errors_ms.last().copied()),
        millis(largest(|score| score.median_ms)),
        millis(largest(|score| score.p95_ms)),
        share((!errors_ms.is_empty()).then_some(held_share)),
        share(least(|score| score.interval_holds)),
        scores()
            .map(|score| score.confident_wrong)
            .sum::<usize>()
            .to_string(),
    ]
}

fn share(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

fn millis(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{Answer, ProbeRun};
    use crate::truth::Truth;

    fn score(errors_secs: &[f64]) -> Score {
        let file = tempfile::NamedTempFile::new().unwrap();
        let rows: String = (0..100)
            .map(|i| format!("{0},{0}\n", f64::from(i) * 0.1))
            .collect();
        std::fs::write(file.path(), format!("t_new,t_ref\n{rows}")).unwrap();
        let answers: Vec<Answer> = (1..)
            .zip(errors_secs)
            .map(|(t, error)| Answer {
                t_ref: f64::from(t),
                t_new: Some((f64::from(t) + error, f64::from(t) - 0.05, f64::from(t) + 0.05)),
                confidence: 0.9,
            })
            .collect();
        let run = ProbeRun::of_answers(answers);
        Score::new("x", &Truth::of_frames(file.path()).unwrap(), &run)
    }

    #[test]
    fn the_summary_pools_answers_and_names_the_worst_pair() {
        let row = |errors: &[f64]| Row {
            variant: "v".to_owned(),
            cpu_sec: None,
            score: score(errors),
        };
        let rows = [row(&[0.01, 0.01, 0.01]), row(&[0.5])];
        let cells = summary(&rows.iter().collect::<Vec<_>>());
        assert_eq!(
            cells,
            [
                "2", "1.000", "10", "426", "500", "500", "500", "1.000", "1.000", "1"
            ]
        );
    }

    #[test]
    fn variants_stand_beside_pairs_where_both_were_measured() {
        let row = |variant: &str, pair: &str, aligned| Row {
            variant: variant.to_owned(),
            cpu_sec: None,
            score: Score {
                pair: pair.to_owned(),
                aligned,
                ..score(&[0.01, 0.03])
            },
        };
        let report = CamerasReport {
            variants: ["v", "w", "x"].map(str::to_owned).to_vec(),
            rows: vec![row("v", "a", true), row("w", "a", true), row("v", "b", false)],
            wrong: Vec::new(),
        };
        let mut text = Vec::new();
        report.write_by_pair(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let table: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        let expected = [
            "| variant | a | b |",
            "|---|---|---|",
            "| v | 20 / 29, 1.000 | refused |",
            "| w | 20 / 29, 1.000 | - |",
        ];
        assert_eq!(table, expected);
    }

    #[test]
    fn accepted_wrong_pairs_are_counted_and_fail() {
        let mut report = CamerasReport {
            variants: vec!["v".to_owned(), "w".to_owned()],
            rows: Vec::new(),
            wrong: Vec::new(),
        };
        report.add_wrong("v", "a", false).unwrap();
        assert!(report.holds());
        report.add_wrong("v", "b", true).unwrap();
        let mut text = Vec::new();
        report.write_summary(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(!report.holds() && text.contains("| 1/2 |") && !text.contains("| w |"));
    }
}
