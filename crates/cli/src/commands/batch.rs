//! `mtbsync batch`: all pairs of a folder (docs/reference/cli.md#batch).

pub(super) mod one_pair;

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use mtbsync_pipeline::batch::pairing::{PairingSettings, Plan, plan};
use mtbsync_pipeline::batch::{BatchReport, BatchRequest, PairDone, PairStatus, batch};
use mtbsync_pipeline::sync::{RunName, SyncRequest};
use mtbsync_quality::regression::RegressionStatus;
use mtbsync_task::error::PipelineError;
use serde_json::json;

use super::warp::percent;
use crate::args::pair::PairArgs;
use crate::args::values;
use crate::batch_progress::BatchReporter;
use crate::error::CliProblem;
use crate::exit::Exit;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `batch`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  mtbsync batch input_videos/ --out-dir batch_out --jobs 2\n  \
    mtbsync batch DCIM/100GOPRO --reference best.mp4 --resume\n\n\
    Pairs are found by name: trail7_ref.mp4 and trail7_new.mp4 are the pair trail7. Tracks and markers called \
    trail7_ref.gpx, trail7_new.fit, trail7_ref_markers.csv go with it. A pair that fails does not stop the others; \
    batch_summary.csv says what became of each. Exit codes: 0 all aligned, 3 some failed or not aligned, 20 with \
    --fail-on-regression."
)]
pub struct BatchArgs {
    /// Folder of the recordings
    #[arg(value_name = "INPUT_DIR", value_hint = ValueHint::DirPath)]
    pub input_dir: PathBuf,

    /// Folder of the results, one folder per pair below; the history of all runs is kept here too
    #[arg(long, value_name = "DIR", default_value = "batch_out")]
    pub out_dir: PathBuf,

    /// How names of reference recordings end; .mp4 stands for any recording
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "_ref.mp4",
        conflicts_with = "reference"
    )]
    pub ref_suffix: String,

    /// How names of new recordings end
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "_new.mp4",
        conflicts_with = "reference"
    )]
    pub new_suffix: String,

    /// This recording against every other one in the folder
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub reference: Option<PathBuf>,

    /// Search subfolders
    #[arg(long)]
    pub recursive: bool,

    /// Pairs at the same time; they share the worker threads
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = values::count(1..=256), allow_negative_numbers = true)]
    pub jobs: usize,

    /// Skip pairs whose results are complete for the same inputs and parameters
    #[arg(long)]
    pub resume: bool,

    /// List pairs and what lies beside them, write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Markers of the reference, for pairs that have none beside them
    #[arg(long, visible_alias = "reference-markers", value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub ref_markers: Option<PathBuf>,

    #[command(flatten)]
    pub pair: PairArgs,

    /// Be the process of one pair; the job is on stdin
    #[arg(long, hide = true, conflicts_with = "dry_run")]
    pub one_pair: bool,
}

/// Aligns all pairs.
pub fn run(mut args: BatchArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    args.pair.apply_fast(session);
    let fail_on_regression = args.pair.regression.comparison.fail_on_regression;
    let (dry_run, one_pair) = (args.dry_run, args.one_pair);
    let request = request(args, session)?;
    if one_pair {
        return one_pair::run(&request, session);
    }
    let mut plan = plan(&request.pairing)?;
    plan.warnings.extend(unused(&plan, &request));
    if dry_run {
        list(&plan, session);
        let mut outcome = Outcome::done(json!({ "pairs": plan.pairs.len() }));
        outcome.warnings = plan.warnings;
        return Ok(outcome);
    }
    let reporter = BatchReporter::new(session.progress_mode(), plan.pairs.len());
    let mut say = |pair: &PairDone| {
        reporter.suspend(|| {
            session.printer.line(&in_words(pair));
            if let Some(numbers) = numbers(pair) {
                session.printer.detail(&numbers);
            }
        });
    };
    let report = batch(&request, &plan, &session.context(), &reporter, &mut say);
    reporter.finish();
    let report = report?;
    print(&report, session);
    Ok(outcome(report, fail_on_regression))
}

fn request(args: BatchArgs, session: &Session) -> Result<BatchRequest, PipelineError> {
    let each = args.pair.request(session)?;
    for file in [&args.ref_markers, &each.matching.anchors].into_iter().flatten() {
        check_input(file)?;
    }
    Ok(BatchRequest {
        regression: each.regression,
        program: one_pair::program()?,
        jobs: args.jobs,
        resume: args.resume,
        each: SyncRequest {
            regression: None,
            run: RunName::Batch(String::new()),
            ..each
        },
        pairing: PairingSettings {
            input_dir: args.input_dir,
            out_dir: args.out_dir,
            ref_suffix: args.ref_suffix,
            new_suffix: args.new_suffix,
            reference: args.reference,
            recursive: args.recursive,
            single_file: args.pair.analysis.single_file,
            ref_markers: args.ref_markers,
        },
    })
}

/// A file that all pairs share must be there before the first of them runs.
fn check_input(file: &Path) -> Result<(), PipelineError> {
    if file.is_file() {
        Ok(())
    } else {
        Err(PipelineError::from(CliProblem::FileNotFound).at(file))
    }
}

/// What was given and will not be used.
fn unused(plan: &Plan, request: &BatchRequest) -> Option<String> {
    let no_markers = plan.pairs.iter().all(|pair| pair.ref_markers.is_none());
    (!request.each.exports.is_empty() && no_markers)
        .then(|| "--export has no effect: no pair has markers".to_owned())
}

fn list(plan: &Plan, session: &Session) {
    let line = |text: String| session.printer.line(&text);
    for pair in &plan.pairs {
        line(format!("{}:", pair.name));
        line(format!("  reference    {}", pair.reference.display()));
        line(format!("  new          {}", pair.new.display()));
        let sidecars = [
            ("ref track", &pair.ref_track),
            ("new track", &pair.new_track),
            ("ref markers", &pair.ref_markers),
        ];
        for (kind, file) in sidecars {
            if let Some(file) = file {
                line(format!("  {kind:12} {}", file.display()));
            }
        }
    }
    line(format!("{} pairs, nothing written", plan.pairs.len()));
}

/// `trail7: aligned, 6 markers, 1 to check`.
fn in_words(pair: &PairDone) -> String {
    let row = &pair.row;
    let mut text = match pair.status {
        PairStatus::Aligned => "aligned".to_owned(),
        PairStatus::NotAligned => format!("not aligned: {}", row.reasons.join("; ")),
        PairStatus::Failed => format!("failed: {}", row.error.as_deref().unwrap_or("unknown error")),
    };
    if pair.status == PairStatus::Aligned {
        if let Some(markers) = row.markers_written {
            let plural = if markers == 1 { "" } else { "s" };
            text.push_str(&format!(", {markers} marker{plural}"));
        }
        for (count, what) in [(row.markers_review, "to check"), (row.markers_outside, "outside")] {
            if let Some(count) = count.filter(|count| *count > 0) {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        if let Some(status) = pair.regression.filter(|status| *status >= RegressionStatus::Warn) {
            text.push_str(&format!(", regression {}", status.shown()));
        }
    }
    if pair.resumed {
        text.push_str(" (finished before)");
    }
    format!("{}: {text}", pair.name)
}

/// What the alignment rests on: `trail7: coverage 93 %, p90 0.13 s`.
fn numbers(pair: &PairDone) -> Option<String> {
    let row = &pair.row;
    let coverage = row.coverage.map(|share| format!("coverage {}", percent(share)));
    let p90 = row.p90.map(|secs| format!("p90 {secs:.3} s"));
    let numbers: Vec<String> = [coverage, p90].into_iter().flatten().collect();
    (!numbers.is_empty()).then(|| format!("{}: {}", pair.name, numbers.join(", ")))
}

fn print(report: &BatchReport, session: &Session) {
    let totals = &report.totals;
    session.printer.line(&format!(
        "{} pairs: {} aligned, {} not aligned, {} failed",
        totals.pairs, totals.aligned, totals.not_aligned, totals.failed
    ));
    session.printer.line(&format!("-> {}", report.summary.display()));
}

/// Exit 3 wins over 20.
fn outcome(report: BatchReport, fail_on_regression: bool) -> Outcome {
    let totals = &report.totals;
    let mut outcome = Outcome::done(json!({
        "pairs": totals.pairs,
        "aligned": totals.aligned,
        "not_aligned": totals.not_aligned,
        "failed": totals.failed,
        "regression": report.regression.map(|status| status.shown().to_ascii_lowercase()),
    }));
    if totals.aligned < totals.pairs {
        outcome.exit = Exit::NotAligned;
    } else if fail_on_regression && report.regression == Some(RegressionStatus::Fail) {
        outcome.exit = Exit::Regression;
    }
    outcome.outputs = vec![("batch_summary".to_owned(), report.summary)];
    outcome.warnings = report.warnings;
    outcome
}
