//! `quality-check`: the newest run against those before it (docs/reference/cli.md#quality-check).

use std::path::Path;

use crate::gate::{GateNumbers, QualityGate, metric_table};
use crate::history::{self, History, HistoryError};
use crate::regression::{self, RegressionReport, RegressionSettings};

/// Result of a check.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckOutcome {
    /// There was a run to judge.
    Judged {
        /// Content of `regression.json`.
        report: Box<RegressionReport>,
        /// Records that were ignored, if any.
        warning: Option<String>,
    },
    /// No root, no history, an empty or unreadable one, or a newest record without numbers.
    NoData {
        /// What is missing.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

/// Reads the history in `root` and judges its newest record. Writes nothing.
pub fn check(root: &Path, settings: &RegressionSettings) -> CheckOutcome {
    if !root.is_dir() {
        return CheckOutcome::no_data("root folder not found", Some("check ‹root›".to_owned()));
    }
    match history::read(root) {
        Ok(history) => judge(&history, settings),
        Err(error @ HistoryError::Missing { .. }) => {
            CheckOutcome::no_data("no quality history", error.hint())
        }
        Err(error) => CheckOutcome::no_data(&error.to_string(), error.hint()),
    }
}

fn judge(history: &History, settings: &RegressionSettings) -> CheckOutcome {
    if history.newest_is_unusable {
        return CheckOutcome::no_data("newest record has no p90, ppm or inlier_frac", None);
    }
    match regression::judge_newest(&history.records, settings) {
        Some(report) => CheckOutcome::Judged {
            report: Box::new(report),
            warning: history.warning(),
        },
        None => CheckOutcome::no_data(
            "quality history is empty",
            Some("run sync or batch first".to_owned()),
        ),
    }
}

impl CheckOutcome {
    fn no_data(message: &str, hint: Option<String>) -> Self {
        Self::NoData {
            message: message.to_owned(),
            hint,
        }
    }

    /// The gate of this outcome, for `--ci`.
    pub fn gate(&self, timestamp: &str, min_history: usize) -> QualityGate {
        match self {
            Self::Judged { report, .. } => QualityGate::judged(report, timestamp, min_history),
            Self::NoData { message, .. } => QualityGate::no_data(message, timestamp, min_history),
        }
    }
}

/// What `quality-check` prints about a judged run; `shown_status` is `OK`, `WARN`, .. or the gate's word.
pub fn summary_text(report: &RegressionReport, shown_status: &str) -> String {
    let mut text = format!("Regression Status: {shown_status}\n\n");
    text.push_str(&metric_table(
        &GateNumbers::current(report),
        &GateNumbers::baseline(report),
        &GateNumbers::deltas(report),
    ));
    text.push('\n');
    for reason in &report.reasons {
        text.push_str(&format!("\u{2192} {reason}\n"));
    }
    text.push_str(&format!(
        "\nBaseline window: {} runs ({} total)\nRun ID: {}\n",
        report.baseline.n_used,
        report.n_history,
        one_line(&report.run_id)
    ));
    text
}

/// Text that cannot move the cursor or start a new line: run names come from file names.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
