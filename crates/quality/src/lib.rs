//! Quality gates, history, regression and benchmark reports.
//!
//! After a run, its numbers join a history ([`history`]); rules compare them with the runs before
//! ([`regression`]); a gate turns the result into what a CI job needs ([`gate`], [`check`]); and a report
//! shows all run folders at once ([`benchmark`]). The rules are pure functions of records and thresholds. The
//! few functions that touch the disk say so, write only through `mtbsync_formats::atomic`, and return
//! structured results; what is printed, and when, is the caller's business. There is no clock here: every
//! timestamp is passed in.
//!
//! ```
//! use mtbsync_align::WarpModel;
//! use mtbsync_quality::check::{CheckOutcome, check};
//! use mtbsync_quality::history::{HistoryRecord, append};
//! use mtbsync_quality::regression::{RegressionSettings, RegressionStatus};
//!
//! let root = tempfile::tempdir()?;
//! let run = |i: usize, p90: f64| HistoryRecord {
//!     ts: format!("2026-05-01T{i:02}:00:00Z"),
//!     run_id: format!("sync:ride{i}.mp4"),
//!     p90,
//!     ppm: 120_000.0,
//!     inlier_frac: 0.9,
//!     fps: None,
//!     cpu_pct: None,
//!     gpu_util: None,
//!     model: WarpModel::Monotone,
//!     coverage: Some(0.97),
//! };
//! let mut runs: Vec<_> = (0..12).map(|i| run(i, 0.05)).collect();
//! runs.push(run(12, 0.4));
//! append(root.path(), &runs)?;
//! let CheckOutcome::Judged { report, .. } = check(root.path(), &RegressionSettings::default()) else {
//!     unreachable!("there is a history");
//! };
//! assert_eq!(report.status, RegressionStatus::Warn);
//! assert_eq!(report.reasons, ["P90 regression: 0.40s vs baseline 0.05s (+700.0%)"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! File layouts: docs/reference/files.md#quality-files and docs/reference/files.md#benchmark-reports.

pub mod batch_summary;
pub mod benchmark;
pub mod check;
pub mod gate;
pub mod history;
pub mod perf;
pub mod prune;
pub mod regression;
pub mod thresholds;

mod stats;
mod tuning;
