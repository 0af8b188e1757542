//! Residuals of a run whose `timewarp.json` does not state them: from its pairs, against its map or, when
//! there is none, against a robust line (docs/reference/files.md#benchmark-reports).

use std::path::Path;

use mtbsync_artefacts::pairs::{PAIRS_FILE, PAIRS_RAW_FILE, read_times};
use mtbsync_artefacts::time_warp::{ResidualsFile, TimeWarpFile};

use crate::stats::{mean, median, quantile};
use crate::tuning::MIN_LINE_PAIRS;

/// Residuals of the run in `folder`; empty when it has no readable pairs.
pub fn from_pairs(folder: &Path, file: &TimeWarpFile) -> ResidualsFile {
    [PAIRS_FILE, PAIRS_RAW_FILE]
        .iter()
        .find_map(|name| read_times(&folder.join(name)))
        .map(|pairs| of(&pairs, file))
        .unwrap_or_default()
}

fn of(pairs: &[(f64, f64)], file: &TimeWarpFile) -> ResidualsFile {
    let to_line = |a: f64, b: f64| {
        let distance = |(t_new, t_ref): &(f64, f64)| (t_ref - (a * t_new + b)).abs();
        pairs.iter().map(distance).collect()
    };
    let curve = file.warp().filter(|warp| !warp.segments().is_empty());
    let distances: Vec<f64> = if let Some(line) = file.line() {
        to_line(line.a, line.b)
    } else if let Some(curve) = curve {
        let distance = |(t_new, t_ref): &(f64, f64)| Some((t_ref - curve.ref_from_new(*t_new)?).abs());
        pairs.iter().filter_map(distance).collect()
    } else if let Some((a, b)) = robust_line(pairs) {
        to_line(a, b)
    } else {
        Vec::new()
    };
    let at = |q: f64| quantile(distances.iter().copied(), q);
    ResidualsFile {
        mae: mean(distances.iter().copied()),
        p50: at(0.5),
        p90: at(0.9),
        p95: at(0.95),
    }
}

/// A line through most of the pairs: median slope between pairs half the list apart (Theil, 1950, on one in n
/// of the combinations), then the median offset.
fn robust_line(pairs: &[(f64, f64)]) -> Option<(f64, f64)> {
    if pairs.len() < MIN_LINE_PAIRS {
        return None;
    }
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let apart = sorted.iter().zip(sorted.iter().skip(sorted.len() / 2));
    let slope = median(
        apart
            .filter(|(p, q)| q.0 > p.0)
            .map(|(p, q)| (q.1 - p.1) / (q.0 - p.0)),
    )?;
    let offset = median(sorted.iter().map(|(t_new, t_ref)| t_ref - slope * t_new))?;
    Some((slope, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_robust_line_ignores_a_third_of_wrong_pairs() {
        let pairs: Vec<_> = (0..90)
            .map(|i| {
                let t = f64::from(i);
                (
                    t,
                    if i % 3 == 1 {
                        500.0 - 3.0 * t
                    } else {
                        1.02 * t + 4.0
                    },
                )
            })
            .collect();
        let (a, b) = robust_line(&pairs).unwrap();
        assert!((a - 1.02).abs() < 0.05 && (b - 4.0).abs() < 3.0, "{a} {b}");
        assert!(robust_line(&pairs[..7]).is_none());
    }

    #[test]
    fn distances_are_measured_against_the_map_where_there_is_one() {
        let file = |text: &str| serde_json::from_str(text).unwrap();
        let line: TimeWarpFile = file(r#"{"model": "affine", "params": {"a": 1.0, "b": 0.0}}"#);
        let residuals = of(&[(0.0, 0.1), (1.0, 0.8), (2.0, 2.3)], &line);
        assert!((residuals.p50.unwrap() - 0.2).abs() < 1e-9);
        assert!((residuals.mae.unwrap() - 0.2).abs() < 1e-9);
        let no_map: TimeWarpFile = file(r#"{"version": 2, "model": "monotone"}"#);
        assert_eq!(of(&[(0.0, 0.1)], &no_map), ResidualsFile::default());
    }
}
