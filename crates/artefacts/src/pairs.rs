//! `pairs_raw.csv` and `pairs.csv`: what was measured, and what the map rests on.

use std::path::Path;

use mtbsync_align::confidence;
use mtbsync_align::pair::{Candidate, Pair, PairOrigin};
use mtbsync_formats::atomic::Replaces;
use mtbsync_formats::csv::{CsvWriter, MAX_CSV_BYTES, Table, seconds6, share4};
use mtbsync_formats::read_bounded;
use mtbsync_task::error::PipelineError;

use crate::error::ArtefactProblem;

/// Candidates before the sequence model.
pub const PAIRS_RAW_FILE: &str = "pairs_raw.csv";
/// Pairs the map rests on.
pub const PAIRS_FILE: &str = "pairs.csv";

/// Knows a pairs.csv by its columns.
pub const OWN: Replaces = Replaces::own(|ends| ends.has_header("t_new,t_ref,confidence,inliers,"));
/// Knows a pairs_raw.csv by its columns.
pub const OWN_RAW: Replaces = Replaces::own(|ends| ends.has_header("t_new,t_ref,score,n_inliers"));

/// The bytes of pairs_raw.csv.
pub fn pairs_raw_csv(candidates: &[Candidate]) -> Vec<u8> {
    let mut csv = CsvWriter::new(&["t_new", "t_ref", "score", "n_inliers"]);
    for c in candidates {
        csv.row(&[
            seconds6(c.t_new_secs),
            seconds6(c.t_ref_secs),
            share4(c.score),
            c.n_inliers.to_string(),
        ]);
    }
    csv.into_bytes()
}

/// The bytes of pairs.csv; both slices have the same length.
pub fn pairs_csv(pairs: &[Pair], origins: &[PairOrigin]) -> Vec<u8> {
    let mut csv = CsvWriter::new(&[
        "t_new",
        "t_ref",
        "confidence",
        "inliers",
        "reproj_error",
        "model",
        "sigma",
    ]);
    for (p, o) in pairs.iter().zip(origins) {
        let (inliers, error) = o
            .verified
            .map_or_else(Default::default, |(n, e)| (n.to_string(), share4(e)));
        csv.row(&[
            seconds6(p.t_new_secs),
            seconds6(p.t_ref_secs),
            share4(pair_confidence(p)),
            inliers,
            error,
            o.model.to_string(),
            seconds6(p.sigma_secs),
        ]);
    }
    csv.into_bytes()
}

/// Probability that a pair is within 0.25 s of the truth.
fn pair_confidence(p: &Pair) -> f64 {
    confidence::within_quarter_second(p.sigma_secs) * p.certainty
}

/// `(t_new, t_ref)` of every row with two times, seconds; `None` when there is no such table.
pub fn read_times(path: &Path) -> Option<Vec<(f64, f64)>> {
    let bytes = read_bounded(path, MAX_CSV_BYTES).ok()?;
    let table = Table::parse(&bytes, &["t_new", "t_ref"]).ok()?;
    let (t_new, t_ref) = (table.column(&["t_new"])?, table.column(&["t_ref"])?);
    let pair = |row| Some((table.moment(row, t_new).ok()??, table.moment(row, t_ref).ok()??));
    Some(table.rows.iter().filter_map(pair).collect())
}

/// Pairs with their weights, as `warp` reads them from pairs.csv or pairs_raw.csv: the best candidate per new
/// time.
pub fn read_pairs(path: &Path) -> Result<Vec<Pair>, PipelineError> {
    let bytes = read_bounded(path, MAX_CSV_BYTES)?;
    parse(&bytes).map_err(|error| error.at(path))
}

fn parse(bytes: &[u8]) -> Result<Vec<Pair>, PipelineError> {
    /// Error of a pair whose file does not say, seconds: about a third of the usual frame spacing.
    const DEFAULT_SIGMA_SECS: f64 = 0.1;
    let known = [
        "t_new",
        "t_ref",
        "confidence",
        "score",
        "sigma",
        "inliers",
        "model",
    ];
    let table = Table::parse(bytes, &known)?;
    let hint = "give a pairs.csv of mtbsync sync";
    let needed = |column| {
        let found = table.column(&[column]);
        found.ok_or(ArtefactProblem::ColumnMissing { column, hint })
    };
    let (new_column, ref_column) = (needed("t_new")?, needed("t_ref")?);
    let [confidence_column, score, sigma] =
        ["confidence", "score", "sigma"].map(|name| table.column(&[name]));
    let mut pairs: Vec<(Pair, f64)> = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let t_new_secs = table.required_moment(row, new_column)?;
        let t_ref_secs = table.required_moment(row, ref_column)?;
        let optional = |column: Option<usize>| column.map_or(Ok(None), |c| table.number(row, c));
        let confidence_value = optional(confidence_column)?;
        let weight = confidence_value
            .or(optional(score)?)
            .unwrap_or(1.0)
            .clamp(0.0, 1.0);
        let sigma_secs = match sigma {
            Some(column) => table.moment(row, column)?.filter(|s| *s > 0.0),
            None => None,
        };
        let certainty = match (confidence_value, sigma_secs) {
            (Some(c), Some(s)) => (c / confidence::within_quarter_second(s)).clamp(0.0, 1.0),
            _ => 1.0,
        };
        let sigma_secs = sigma_secs.unwrap_or(DEFAULT_SIGMA_SECS / weight.max(0.05));
        pairs.push((
            Pair {
                t_new_secs,
                t_ref_secs,
                sigma_secs,
                certainty,
            },
            weight,
        ));
    }
    pairs.sort_by(|a, b| {
        a.0.t_new_secs
            .total_cmp(&b.0.t_new_secs)
            .then(b.1.total_cmp(&a.1))
    });
    pairs.dedup_by(|later, kept| later.0.t_new_secs == kept.0.t_new_secs);
    Ok(pairs.into_iter().map(|(p, _)| p).collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn pairs() -> Vec<Pair> {
        (0..90)
            .map(|i| f64::from(i) / 3.0)
            .map(|t| Pair {
                t_new_secs: t,
                t_ref_secs: 1.5 + 0.9 * t,
                sigma_secs: 0.03,
                certainty: 0.98,
            })
            .collect()
    }

    #[test]
    fn pairs_come_back_from_their_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.csv");
        let origins = vec![
            PairOrigin {
                model: 'D',
                verified: None
            };
            90
        ];
        std::fs::write(&path, pairs_csv(&pairs(), &origins)).unwrap();
        for (a, b) in read_pairs(&path).unwrap().iter().zip(pairs()) {
            assert!(
                (a.t_ref_secs - b.t_ref_secs).abs() < 1e-6 && (a.certainty - b.certainty).abs() < 1e-3,
                "{a:?} {b:?}"
            );
        }
    }

    #[test]
    fn raw_candidates_keep_the_best_per_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs_raw.csv");
        std::fs::write(
            &path,
            "t_new,t_ref,score,n_inliers\n1.0,5.0,0.9,30\n1.0,9.0,0.2,0\n2.0,6.0,0.5,0\n",
        )
        .unwrap();
        let pairs = read_pairs(&path).unwrap();
        assert_eq!(pairs.iter().map(|p| p.t_ref_secs).collect::<Vec<_>>(), [5.0, 6.0]);
        assert!(pairs[0].sigma_secs < pairs[1].sigma_secs);
    }
}
