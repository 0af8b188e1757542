//! Whether to trust a warp: residuals of the pairs, gates and reasons.
//!
//! With residuals `r_i = |t_ref_i - warp(t_new_i)|` of the pairs inside segments: their quantiles, the share
//! within the inlier threshold, the mapped share of the new recording, and the least-squares line through the
//! curve; a gate compares one of them with a limit of [`WarpSettings`].

use crate::fit::MIN_USABLE_PAIRS;
use crate::pair::Pair;
use crate::settings::{WarpModel, WarpSettings};
use crate::stats::quantile;
use crate::warp::TimeWarp;

/// A limit a warp has to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Name in files.
    pub name: &'static str,
    /// Measured value.
    pub value: f64,
    /// Its limit.
    pub limit: f64,
    /// Whether the limit is kept; equal passes.
    pub ok: bool,
    /// The value must not be below the limit (otherwise: not above).
    at_least: bool,
}

impl Gate {
    fn at_least(name: &'static str, value: f64, limit: f64) -> Self {
        Self {
            name,
            value,
            limit,
            ok: value >= limit,
            at_least: true,
        }
    }

    fn at_most(name: &'static str, value: f64, limit: f64) -> Self {
        Self {
            name,
            value,
            limit,
            ok: value <= limit,
            at_least: false,
        }
    }

    /// `inlier_frac 0.18 < 0.25`.
    pub fn reason(&self) -> String {
        let (name, sign) = if self.at_least {
            (self.name.trim_start_matches("min_"), '<')
        } else {
            (self.name.trim_start_matches("max_"), '>')
        };
        format!("{name} {} {sign} {}", short(self.value), short(self.limit))
    }
}

/// Two decimals, or more where two would hide the difference from a limit.
fn short(value: f64) -> String {
    if value.abs() < 0.1 || (value * 100.0).fract().abs() > 1e-6 {
        let text = format!("{value:.3}");
        text.strip_suffix('0').unwrap_or(&text).to_owned()
    } else {
        format!("{value:.2}")
    }
}

/// Residuals of the pairs against the map, seconds; quantiles are linearly interpolated.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Residuals {
    /// Mean.
    pub mae: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 95th percentile.
    pub p95: f64,
}

/// Best straight line `t_ref = a * t_new + b` through a warp.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineFit {
    /// Slope.
    pub a: f64,
    /// Offset, seconds.
    pub b: f64,
}

impl LineFit {
    /// `|a - 1|` in parts per million.
    pub fn ppm(&self) -> f64 {
        (self.a - 1.0).abs() * 1e6
    }
}

/// Everything that is reported about a warp.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Every gate passed and there is a segment.
    pub ok: bool,
    /// One line per failed gate or refusal.
    pub reasons: Vec<String>,
    /// Every gate that applied.
    pub gates: Vec<Gate>,
    /// Residuals of all pairs inside segments; `None` without any.
    pub residuals: Option<Residuals>,
    /// Share of pairs within the inlier threshold.
    pub inlier_frac: f64,
    /// Pairs inside segments.
    pub n_pairs: usize,
    /// Mapped share of the new recording.
    pub coverage: f64,
    /// Least-squares line of the curve.
    pub line: Option<LineFit>,
}

/// Judge `warp` by the pairs it was made from.
pub fn judge(warp: &TimeWarp, pairs: &[Pair], new_duration_secs: f64, settings: &WarpSettings) -> Verdict {
    let mut residuals: Vec<f64> = pairs
        .iter()
        .filter_map(|p| Some((p.t_ref_secs - warp.ref_from_new(p.t_new_secs)?).abs()))
        .collect();
    residuals.sort_by(f64::total_cmp);
    let n_pairs = residuals.len();
    let inliers = residuals.partition_point(|&r| r <= settings.inlier_thresh_secs());
    let inlier_frac = if n_pairs > 0 {
        inliers as f64 / n_pairs as f64
    } else {
        0.0
    };
    let coverage = if new_duration_secs > 0.0 {
        (warp.mapped_secs() / new_duration_secs).min(1.0)
    } else {
        0.0
    };
    let summary = (n_pairs > 0).then(|| Residuals {
        mae: residuals.iter().sum::<f64>() / n_pairs as f64,
        p50: quantile(&residuals, 0.5),
        p90: quantile(&residuals, 0.9),
        p95: quantile(&residuals, 0.95),
    });
    let line = least_squares_line(warp);
    let mut reasons = Vec::new();
    let mut gates = Vec::new();
    if warp.segments().is_empty() {
        reasons.push(if pairs.len() < MIN_USABLE_PAIRS && !pairs.is_empty() {
            format!("too few pairs ({})", pairs.len())
        } else {
            "no common stretch".to_owned()
        });
    } else {
        gates.push(Gate::at_least(
            "min_inlier_frac",
            inlier_frac,
            settings.min_inlier_frac,
        ));
        match settings.model {
            WarpModel::Monotone => {
                gates.push(Gate::at_least("min_coverage", coverage, settings.min_coverage));
            }
            WarpModel::Affine => {
                gates.push(Gate::at_most(
                    "max_ppm",
                    line.map_or(f64::INFINITY, |l| l.ppm()),
                    settings.max_ppm,
                ));
            }
        }
        if let (Some(limit), Some(summary)) = (settings.max_p90_secs, summary) {
            gates.push(Gate::at_most("max_p90", summary.p90, limit));
        }
    }
    reasons.extend(gates.iter().filter(|g| !g.ok).map(Gate::reason));
    Verdict {
        ok: reasons.is_empty(),
        reasons,
        gates,
        residuals: summary,
        inlier_frac,
        n_pairs,
        coverage,
        line,
    }
}

/// Least squares over the curve sampled every 0.1 s.
fn least_squares_line(warp: &TimeWarp) -> Option<LineFit> {
    const STEP_SECS: f64 = 0.1;
    let mut points = Vec::new();
    for segment in warp.segments() {
        for t in segment.moments(STEP_SECS) {
            if let Some(y) = segment.curve().y_at(t) {
                points.push((t, y));
            }
        }
    }
    let n = points.len() as f64;
    if points.len() < 2 {
        return None;
    }
    let (mx, my) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    let xx: f64 = points.iter().map(|p| (p.0 - mx).powi(2)).sum();
    let xy: f64 = points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    let a = xy / xx;
    Some(LineFit { a, b: my - a * mx })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::fit_monotone;

    fn pairs(slope: f64) -> Vec<Pair> {
        (0..100)
            .map(|i| f64::from(i) / 3.0)
            .map(|t| Pair {
                t_new_secs: t,
                t_ref_secs: 2.0 + slope * t,
                sigma_secs: 0.02,
                certainty: 1.0,
            })
            .collect()
    }

    #[test]
    fn a_good_warp_passes_and_reports_its_line() {
        let pairs = pairs(0.98);
        let verdict = judge(&fit_monotone(&pairs, &[]), &pairs, 34.0, &WarpSettings::default());
        assert!(verdict.ok, "{:?}", verdict.reasons);
        let line = verdict.line.unwrap();
        assert!((line.a - 0.98).abs() < 1e-6 && (line.b - 2.0).abs() < 1e-4);
        assert!((line.ppm() - 20_000.0).abs() < 2.0);
        assert!(verdict.residuals.unwrap().p95 < 1e-3);
        assert_eq!(verdict.n_pairs, 100);
    }

    #[test]
    fn failing_gates_say_what_and_by_how_much() {
        let pairs = pairs(1.0);
        let verdict = judge(
            &fit_monotone(&pairs, &[]),
            &pairs,
            330.0,
            &WarpSettings::default(),
        );
        assert!(!verdict.ok);
        assert_eq!(verdict.reasons, ["coverage 0.10 < 0.50"]);
    }

    #[test]
    fn a_gate_passes_at_its_limit() {
        assert!(Gate::at_least("min_inlier_frac", 0.25, 0.25).ok);
        assert_eq!(
            Gate::at_least("min_inlier_frac", 0.18, 0.25).reason(),
            "inlier_frac 0.18 < 0.25"
        );
        assert_eq!(
            Gate::at_most("max_ppm", 1200.0, 1000.0).reason(),
            "ppm 1200.00 > 1000.00"
        );
    }

    #[test]
    fn nothing_mapped_is_a_refusal() {
        let verdict = judge(&TimeWarp::default(), &[], 30.0, &WarpSettings::default());
        assert_eq!(verdict.reasons, ["no common stretch"]);
        let few = judge(
            &TimeWarp::default(),
            &pairs(1.0)[..5],
            30.0,
            &WarpSettings::default(),
        );
        assert_eq!(few.reasons, ["too few pairs (5)"]);
    }
}
