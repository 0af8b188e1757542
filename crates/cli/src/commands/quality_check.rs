//! `mtbsync quality-check`: the newest run against those before it (docs/reference/cli.md#quality-check).

use std::path::{Path, PathBuf};

use clap::Args;
use mtbsync_quality::check::{CheckOutcome, check, summary_text};
use mtbsync_quality::gate::{DEFAULT_MIN_HISTORY, GateStatus, QualityGate};
use mtbsync_quality::regression::RegressionStatus;
use mtbsync_task::error::PipelineError;
use serde_json::{Value, json};

use crate::args::regression::ComparisonArgs;
use crate::error::CliProblem;
use crate::exit::Exit;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `quality-check`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  mtbsync quality-check --root batch_out --ci\n\n\
    Exit codes: 0 OK or learning, 10 WARN, 20 FAIL, 2 nothing to judge. With --ci only a FAIL of a history of at least \
    --ci-min-history runs stops a job (20).")]
pub struct QualityCheckArgs {
    /// Folder of quality_history.json
    #[arg(long, value_name = "DIR")]
    pub root: PathBuf,

    /// For a CI job: write quality_gate.json and quality_gate.txt, exit 0 unless the gate fails
    #[arg(long)]
    pub ci: bool,

    /// Folder of the gate files [default: the root]
    #[arg(long, value_name = "DIR", requires = "ci")]
    pub ci_out: Option<PathBuf>,

    /// Runs in the history below which a FAIL is only shown
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MIN_HISTORY, requires = "ci", allow_negative_numbers = true)]
    pub ci_min_history: usize,

    /// What is worse
    #[command(flatten)]
    pub comparison: ComparisonArgs,
}

/// Checks.
pub fn run(args: &QualityCheckArgs, session: &Session) -> Result<Outcome, PipelineError> {
    let found = check(&args.root, &args.comparison.settings());
    if args.ci {
        return for_ci(args, &found, session);
    }
    match &found {
        CheckOutcome::Judged { report, .. } => {
            session
                .printer
                .lines(&summary_text(report, report.status.shown()));
            let exit = match report.status {
                RegressionStatus::Learning | RegressionStatus::Ok => Exit::Success,
                RegressionStatus::Warn => Exit::Warning,
                RegressionStatus::Fail => Exit::Regression,
            };
            Ok(outcome(&found, exit))
        }
        CheckOutcome::NoData { message, hint } => {
            let (message, hint) = (message.clone(), hint.clone());
            let error = PipelineError::from(CliProblem::NoHistory { message, hint });
            Ok(Outcome::failed(error.at(&args.root)))
        }
    }
}

/// Writes the gate files; only a failed gate, or one that could not be written, stops the job.
fn for_ci(
    args: &QualityCheckArgs,
    found: &CheckOutcome,
    session: &Session,
) -> Result<Outcome, PipelineError> {
    let gate = found.gate(&session.context().now_utc(), args.ci_min_history);
    let written = write(&gate, args.ci_out.as_deref().unwrap_or(&args.root), args, session);
    // Without a root there is nowhere to write to; that is no data, not an error.
    let written = match written {
        Err(_) if args.ci_out.is_none() && !args.root.is_dir() => Vec::new(),
        written => written?,
    };
    match found {
        CheckOutcome::Judged { report, .. } => {
            session.printer.lines(&summary_text(report, gate.shown_status()));
        }
        CheckOutcome::NoData { message, .. } => session.printer.lines(&format!(
            "Regression Status: {}\n\n{message}",
            gate.shown_status()
        )),
    }
    let exit = match gate.status {
        GateStatus::Pass | GateStatus::Warn | GateStatus::NoData => Exit::Success,
        GateStatus::Fail => Exit::Regression,
    };
    let mut outcome = outcome(found, exit);
    outcome.outputs = ["quality_gate_txt", "quality_gate_json"]
        .into_iter()
        .map(str::to_owned)
        .zip(written)
        .collect();
    Ok(outcome)
}

fn write(
    gate: &QualityGate,
    folder: &Path,
    args: &QualityCheckArgs,
    session: &Session,
) -> Result<Vec<PathBuf>, PipelineError> {
    if args.ci_out.is_some() {
        mtbsync_pipeline::recordings::index::prepare_folder(folder)?;
    }
    gate.write(folder, session.context().overwrite).map_err(|error| {
        let path = error.path().unwrap_or(folder).to_owned();
        PipelineError::from(CliProblem::Gate(error)).at(&path)
    })
}

fn outcome(found: &CheckOutcome, exit: Exit) -> Outcome {
    let (result, warning) = match found {
        CheckOutcome::Judged { report, warning } => {
            let report = serde_json::to_value(report).unwrap_or(Value::Null);
            (report, warning.clone())
        }
        CheckOutcome::NoData { message, .. } => (json!({}), Some(message.clone())),
    };
    Outcome {
        exit,
        warnings: warning.into_iter().collect(),
        ..Outcome::done(result)
    }
}
