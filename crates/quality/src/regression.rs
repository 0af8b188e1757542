//! Is this run worse than the runs before it? (docs/reference/files.md#regression-rules)
//!
//! The baseline is the median of each metric over the last records before the current one. Medians forgive
//! single bad runs, and a threshold that has both a share and an amount keeps tiny numbers from shouting.
//! ppm says something about clocks only when the map is a line, so it is judged among affine runs only.

use std::path::Path;

use mtbsync_align::WarpModel;
use mtbsync_formats::atomic::{FileSet, Replaces, WriteError};
use mtbsync_formats::json::{self, JsonError};
use serde::{Deserialize, Serialize};

use crate::history::HistoryRecord;
use crate::stats::median;
use crate::thresholds::Thresholds;
use crate::tuning::{DEFAULT_WINDOW, MIN_BASELINE};

/// Name of the result file in a root folder.
pub const REGRESSION_FILE: &str = "regression.json";

/// Differences below this share of the limit are rounding, not regressions: a run that is worse by exactly
/// the threshold passes, whatever the binary fractions say.
const ROUNDING: f64 = 1e-9;

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RegressionSettings {
    /// Thresholds of the metrics.
    pub thresholds: Thresholds,
    /// Records in the baseline.
    pub window: usize,
}

impl Default for RegressionSettings {
    fn default() -> Self {
        Self {
            thresholds: Thresholds::default(),
            window: DEFAULT_WINDOW,
        }
    }
}

/// Verdict of the comparison, worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegressionStatus {
    /// Too few runs to judge.
    Learning,
    /// Nothing is worse than allowed.
    Ok,
    /// A metric is over its threshold.
    Warn,
    /// A metric is over the severe threshold.
    Fail,
}

impl RegressionStatus {
    /// The word shown to people.
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Learning => "LEARNING",
            Self::Ok => "OK",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }
}

/// Numbers of the judged run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Current {
    /// p90 residual, s.
    pub p90: f64,
    /// Deviation of the slope from 1, in millionths.
    pub ppm: f64,
    /// Share of pairs within the inlier distance.
    pub inlier_frac: f64,
    /// New frames analysed per second.
    pub fps: Option<f64>,
}

/// Medians of the runs before; `None` without runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// p90 residual, s.
    pub p90_baseline: Option<f64>,
    /// ppm: of the affine runs where it is judged, else of all.
    pub ppm_baseline: Option<f64>,
    /// Inlier share.
    pub inlier_baseline: Option<f64>,
    /// New frames analysed per second.
    pub fps_baseline: Option<f64>,
    /// Records in it.
    pub n_used: usize,
    /// Whether they are enough to judge.
    pub sufficient: bool,
}

/// Current minus baseline; `*_pct` are shares of the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Deltas {
    /// p90 residual, s.
    pub p90_delta: Option<f64>,
    /// The same as a share.
    pub p90_delta_pct: Option<f64>,
    /// ppm.
    pub ppm_delta: Option<f64>,
    /// The same as a share.
    pub ppm_delta_pct: Option<f64>,
    /// Inlier share.
    pub inlier_delta: Option<f64>,
    /// The same as a share of the baseline.
    pub inlier_delta_pct: Option<f64>,
}

/// Content of `regression.json` (docs/reference/files.md#regressionjson).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegressionReport {
    /// Worst metric.
    pub status: RegressionStatus,
    /// One line per metric that is worse than allowed, or why there is none.
    pub reasons: Vec<String>,
    /// The judged run.
    pub run_id: String,
    /// When it ended.
    pub ts: String,
    /// Its numbers.
    pub current: Current,
    /// What they are compared with.
    pub baseline: Baseline,
    /// With which thresholds.
    pub thresholds: Thresholds,
    /// The differences.
    pub deltas: Deltas,
    /// Usable records in the history, the judged one included.
    pub n_history: usize,
    /// Largest number of records in a baseline.
    pub window: usize,
}

/// Judges the newest record of `records` (oldest first) against those before it; `None` without records.
pub fn judge_newest(records: &[HistoryRecord], settings: &RegressionSettings) -> Option<RegressionReport> {
    let (current, before) = records.split_last()?;
    Some(judge(current, before, records.len(), settings))
}

/// Judges the record with this `run_id` and `ts`, which need not be the newest when several runs end at the
/// same time; `None` when it is not in `records`.
pub fn judge_run(
    records: &[HistoryRecord],
    run_id: &str,
    ts: &str,
    settings: &RegressionSettings,
) -> Option<RegressionReport> {
    let at = records.iter().rposition(|r| r.run_id == run_id && r.ts == ts)?;
    let (current, before) = records.get(..=at)?.split_last()?;
    Some(judge(current, before, records.len(), settings))
}

/// Knows a regression.json.
pub const OWN: Replaces = Replaces::own(|ends| ends.has_keys(&["status", "reasons", "run_id"]));

/// Writes `regression.json` into `root`.
///
/// # Errors
/// The folder does not allow writing.
pub fn write(root: &Path, report: &RegressionReport) -> Result<(), RegressionError> {
    let mut outputs = FileSet::new();
    outputs.write(&root.join(REGRESSION_FILE), OWN, &json::to_vec(report)?)?;
    outputs.commit()?;
    Ok(())
}

/// Why `regression.json` or a gate file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RegressionError {
    /// The file.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The content.
    #[error(transparent)]
    Json(#[from] JsonError),
}

impl RegressionError {
    /// The file it is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Write(error) => Some(&error.path),
            Self::Json(_) => None,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Write(error) => error.hint(),
            Self::Json(error) => error.hint(),
        }
    }
}

fn judge(
    current: &HistoryRecord,
    before: &[HistoryRecord],
    n_history: usize,
    settings: &RegressionSettings,
) -> RegressionReport {
    let used = before
        .get(before.len().saturating_sub(settings.window)..)
        .unwrap_or(before);
    let affine = || used.iter().filter(|r| r.model == WarpModel::Affine);
    let judges_ppm = current.model == WarpModel::Affine && affine().count() >= MIN_BASELINE;
    let baseline = Baseline {
        p90_baseline: median(used.iter().map(|r| r.p90)),
        ppm_baseline: if judges_ppm {
            median(affine().map(|r| r.ppm))
        } else {
            median(used.iter().map(|r| r.ppm))
        },
        inlier_baseline: median(used.iter().map(|r| r.inlier_frac)),
        fps_baseline: median(used.iter().filter_map(|r| r.fps)),
        n_used: used.len(),
        sufficient: used.len() >= MIN_BASELINE,
    };
    let thresholds = settings.thresholds;
    let mut findings = Vec::new();
    if baseline.sufficient {
        findings.extend(
            metrics(current, &baseline, &thresholds, judges_ppm)
                .iter()
                .filter_map(Metric::finding),
        );
    }
    let (status, reasons) = conclude(findings, &baseline);
    RegressionReport {
        status,
        reasons,
        run_id: current.run_id.clone(),
        ts: current.ts.clone(),
        current: Current {
            p90: current.p90,
            ppm: current.ppm,
            inlier_frac: current.inlier_frac,
            fps: current.fps,
        },
        deltas: Deltas {
            p90_delta: difference(current.p90, baseline.p90_baseline),
            p90_delta_pct: share(current.p90, baseline.p90_baseline),
            ppm_delta: difference(current.ppm, baseline.ppm_baseline),
            ppm_delta_pct: share(current.ppm, baseline.ppm_baseline),
            inlier_delta: difference(current.inlier_frac, baseline.inlier_baseline),
            inlier_delta_pct: share(current.inlier_frac, baseline.inlier_baseline),
        },
        baseline,
        thresholds,
        n_history,
        window: settings.window,
    }
}

fn conclude(
    findings: Vec<(RegressionStatus, String)>,
    baseline: &Baseline,
) -> (RegressionStatus, Vec<String>) {
    if !baseline.sufficient {
        let reason = format!(
            "Insufficient history for gating (n={}, need \u{2265}{MIN_BASELINE})",
            baseline.n_used
        );
        return (RegressionStatus::Learning, vec![reason]);
    }
    match findings.iter().map(|(status, _)| *status).max() {
        Some(worst) => (worst, findings.into_iter().map(|(_, reason)| reason).collect()),
        None => (
            RegressionStatus::Ok,
            vec!["All metrics within baseline thresholds".to_owned()],
        ),
    }
}

/// Which direction is worse.
#[derive(Clone, Copy)]
enum Worse {
    Higher,
    Lower,
}

/// A metric to judge.
struct Metric {
    name: &'static str,
    current: f64,
    baseline: Option<f64>,
    limit_pct: f64,
    limit_abs: f64,
    severe_multiplier: f64,
    worse: Worse,
    show: fn(f64) -> String,
}

fn metrics(current: &HistoryRecord, baseline: &Baseline, t: &Thresholds, judges_ppm: bool) -> Vec<Metric> {
    let mut metrics = vec![Metric {
        name: "P90",
        current: current.p90,
        baseline: baseline.p90_baseline,
        limit_pct: t.p90_reg_pct,
        limit_abs: t.p90_reg_abs,
        severe_multiplier: t.severe_multiplier,
        worse: Worse::Higher,
        show: |v| format!("{v:.2}s"),
    }];
    if judges_ppm {
        metrics.push(Metric {
            name: "PPM",
            current: current.ppm,
            baseline: baseline.ppm_baseline,
            limit_pct: t.ppm_reg_pct,
            limit_abs: t.ppm_reg_abs,
            severe_multiplier: t.severe_multiplier,
            worse: Worse::Higher,
            show: |v| format!("{v:.0}"),
        });
    }
    metrics.push(Metric {
        name: "Inlier fraction",
        current: current.inlier_frac,
        baseline: baseline.inlier_baseline,
        limit_pct: t.inlier_reg_pct,
        limit_abs: t.inlier_reg_abs,
        severe_multiplier: t.severe_multiplier,
        worse: Worse::Lower,
        show: |v| format!("{v:.2}"),
    });
    metrics
}

impl Metric {
    /// Whether the current value is beyond the thresholds times `factor`; both must be exceeded.
    fn exceeds(&self, baseline: f64, factor: f64) -> bool {
        let (pct, abs) = (self.limit_pct * factor, self.limit_abs * factor);
        let (limit, excess) = match self.worse {
            Worse::Higher => {
                let limit = (baseline * (1.0 + pct)).max(baseline + abs);
                (limit, self.current - limit)
            }
            Worse::Lower => {
                let limit = (baseline * (1.0 - pct)).min(baseline - abs);
                (limit, limit - self.current)
            }
        };
        excess > ROUNDING * limit.abs().max(1.0)
    }

    fn finding(&self) -> Option<(RegressionStatus, String)> {
        let baseline = self.baseline?;
        let (status, severe) = if self.exceeds(baseline, self.severe_multiplier) {
            (RegressionStatus::Fail, " (severe)")
        } else if self.exceeds(baseline, 1.0) {
            (RegressionStatus::Warn, "")
        } else {
            return None;
        };
        let percent = share(self.current, Some(baseline))
            .map(|s| format!(" ({:+.1}%)", s * 100.0))
            .unwrap_or_default();
        let (shown, against) = ((self.show)(self.current), (self.show)(baseline));
        let reason = format!(
            "{} regression{severe}: {shown} vs baseline {against}{percent}",
            self.name
        );
        Some((status, reason))
    }
}

fn difference(current: f64, baseline: Option<f64>) -> Option<f64> {
    baseline.map(|b| current - b)
}

fn share(current: f64, baseline: Option<f64>) -> Option<f64> {
    baseline.filter(|b| *b != 0.0).map(|b| (current - b) / b)
}

#[cfg(test)]
#[path = "regression_tests.rs"]
mod tests;
