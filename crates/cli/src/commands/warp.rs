//! `mtbsync warp`: fit the map again from pairs, with other gates or anchors (docs/reference/cli.md#warp).

use std::path::{Path, PathBuf};

use clap::Args;
use mtbsync_pipeline::map::warp::{WarpReport, WarpRequest, warp};
use mtbsync_pipeline::missing;
use mtbsync_task::error::PipelineError;
use serde_json::{Value, json};

use crate::args::values;
use crate::args::warp::WarpArgs;
use crate::exit::Exit;
use crate::folders::CreatedFolders;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `warp`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  mtbsync warp --pairs cache/pairs.csv --out cache/warp.npz")]
pub struct WarpCommandArgs {
    /// pairs.csv or pairs_raw.csv of a sync
    #[arg(long, value_name = "PATH")]
    pub pairs: PathBuf,

    /// The map for numpy
    #[arg(long, value_name = "PATH.npz")]
    pub out: PathBuf,

    /// The map as JSON [default: timewarp.json beside --out]
    #[arg(long, value_name = "PATH")]
    pub timewarp_json: Option<PathBuf>,

    /// Length of the new run in seconds, for the coverage
    #[arg(long, value_name = "SEC", value_parser = values::positive, conflicts_with = "new", allow_negative_numbers = true)]
    pub new_duration: Option<f64>,

    /// The new recording, for its length
    #[arg(long, value_name = "PATH")]
    pub new: Option<PathBuf>,

    /// CSV `t_new,t_ref` of pairs made by hand; they are kept exactly
    #[arg(long, value_name = "PATH")]
    pub anchors: Option<PathBuf>,

    /// The map and its gates
    #[command(flatten)]
    pub warp: WarpArgs,
}

/// Fits.
pub fn run(args: WarpCommandArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    let settings = args.warp.settings();
    let request = WarpRequest {
        out: with_npz_suffix(args.out),
        pairs: args.pairs,
        timewarp_json: args.timewarp_json,
        new: args.new,
        new_duration_secs: args.new_duration,
        anchors: args.anchors,
        warp: settings,
    };
    let created = CreatedFolders::for_file(&request.out);
    let report = warp(&request, &session.context())
        .map_err(|error| missing::suggest(error, &request.pairs, Some(&request.out)))?;
    created.keep();
    let verdict = &report.verdict;
    session.printer.line(&map_in_words(
        settings.model.name(),
        report.segments,
        &[
            ("coverage", Some(percent(verdict.coverage))),
            ("inliers", Some(percent(verdict.inlier_frac))),
            (
                "p50",
                verdict
                    .residuals
                    .map(|residuals| format!("{:.3} s", residuals.p50)),
            ),
            (
                "p90",
                verdict
                    .residuals
                    .map(|residuals| format!("{:.3} s", residuals.p90)),
            ),
            ("ppm", verdict.line.map(|line| format!("{:.0}", line.ppm()))),
        ],
    ));
    session.printer.line(&gate_verdict(verdict.ok, &verdict.reasons));
    for (_, path) in &report.outputs {
        session.printer.line(&format!("-> {}", path.display()));
    }
    Ok(outcome(report, session))
}

fn outcome(report: WarpReport, session: &Session) -> Outcome {
    let mut outcome = Outcome::done(result(&report));
    if !report.verdict.ok {
        session
            .printer
            .verdict(&format!("not aligned: {}", report.verdict.reasons.join("; ")));
        outcome.exit = Exit::NotAligned;
    }
    outcome.outputs = report.outputs;
    outcome
}

fn result(report: &WarpReport) -> Value {
    let verdict = &report.verdict;
    json!({
        "ok": verdict.ok,
        "reasons": verdict.reasons,
        "ppm": verdict.line.map(|line| line.ppm()),
        "inlier_frac": verdict.inlier_frac,
        "coverage": verdict.coverage,
        "residuals": verdict.residuals.map(|r| json!({"mae": r.mae, "p50": r.p50, "p90": r.p90, "p95": r.p95})),
    })
}

/// The line `Time-warp: ...` with the numbers that are known.
pub fn map_in_words(model: &str, segments: usize, numbers: &[(&str, Option<String>)]) -> String {
    let plural = if segments == 1 { "segment" } else { "segments" };
    let known = numbers
        .iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)));
    let text: Vec<String> = [model.to_owned(), format!("{segments} {plural}")]
        .into_iter()
        .chain(known)
        .collect();
    format!("Time-warp: {}", text.join(", "))
}

/// The line about the gates.
pub fn gate_verdict(ok: bool, reasons: &[String]) -> String {
    if ok {
        "Gates: all passed".to_owned()
    } else {
        format!("Gates: failed ({})", reasons.join("; "))
    }
}

/// `93.1 %`; an empty sum may be a negative zero, which is no number for people.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0 + 0.0)
}

fn with_npz_suffix(path: PathBuf) -> PathBuf {
    if path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("npz"))
    {
        return path;
    }
    let mut name = path.into_os_string();
    name.push(".npz");
    Path::new(&name).to_owned()
}
