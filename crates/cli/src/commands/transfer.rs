//! `mtbsync transfer-markers` and its shorter spelling `mtbsync transfer`
//! (docs/reference/cli.md#transfer-markers).

use std::path::PathBuf;

use clap::{Args, ValueHint};
use mtbsync_markers::{DEFAULT_REVIEW_THRESHOLD, StatusCounts};
use mtbsync_pipeline::markers::export::RateChoice;
use mtbsync_pipeline::markers::transfer::{TransferRequest, transfer_markers};
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::{Destination, Input};
use serde_json::{Value, json};

use crate::args::export::rate;
use crate::args::values;
use crate::folders::CreatedFolders;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `transfer-markers`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  mtbsync transfer --ref-markers m.csv --warp cache/warp.npz --out out/new_markers.csv\n\n\
    Markers whose place the new run never reaches are kept with status `outside` and without times."
)]
pub struct TransferArgs {
    /// Markers of the reference run, a CSV; `-` for stdin
    #[arg(long, visible_alias = "reference-markers", value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub ref_markers: PathBuf,

    /// Map of a finished sync: timewarp.json or warp.npz, told apart by content
    #[arg(long, value_name = "PATH", required_unless_present = "warp", value_hint = ValueHint::FilePath)]
    pub timewarp_json: Option<PathBuf>,

    /// The same; both given must describe the same map
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub warp: Option<PathBuf>,

    /// Markers of the new run; its folder is created; `-` for stdout
    #[arg(long, value_name = "PATH", default_value = "new_markers.csv")]
    pub out: PathBuf,

    /// Markers below this confidence are for review, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = DEFAULT_REVIEW_THRESHOLD, value_parser = values::share, allow_negative_numbers = true)]
    pub review_threshold: f64,

    /// Rate of timecode in the input [default: auto, that of the reference]
    #[arg(long, value_name = "RATE", value_parser = rate, allow_negative_numbers = true)]
    pub fps: Option<RateChoice>,

    /// Label in the JSON
    #[arg(long, value_name = "TEXT", default_value = "default")]
    pub label: String,

    /// Also write `<out stem>.json`
    #[arg(long)]
    pub vis_json: bool,

    /// Also write `<out stem>_overlay.png`
    #[arg(long)]
    pub plot_overlay: bool,
}

/// Carries markers over.
pub fn run(args: TransferArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    let out = Destination::new(&args.out);
    session.reserve_stdout_for(Some(&out))?;
    let created = CreatedFolders::for_file(&args.out);
    let request = TransferRequest {
        ref_markers: Input::new(&args.ref_markers),
        warps: args.timewarp_json.into_iter().chain(args.warp).collect(),
        out,
        review_threshold: args.review_threshold,
        rate: args.fps.unwrap_or(RateChoice::Auto),
        label: args.label,
        vis_json: args.vis_json,
        plot_overlay: args.plot_overlay,
    };
    let report = transfer_markers(&request, &session.context())?;
    created.keep();
    if let Some(bytes) = &report.stdout {
        session.printer.data(bytes);
    }
    session
        .printer
        .line(&format!("Markers: {}", in_words(report.counts)));
    for (_, path) in &report.outputs {
        session.printer.line(&format!("-> {}", path.display()));
    }
    let mut outcome = Outcome::done(json!({ "markers": to_json(report.counts) }));
    outcome.outputs = report.outputs;
    outcome.warnings = report.warnings;
    Ok(outcome)
}

/// `3 ok, 1 review, 0 outside`.
pub fn in_words(counts: StatusCounts) -> String {
    format!(
        "{} ok, {} review, {} outside",
        counts.ok, counts.review, counts.outside
    )
}

/// The object `markers` of the summary.
pub fn to_json(counts: StatusCounts) -> Value {
    json!({ "ok": counts.ok, "review": counts.review, "outside": counts.outside })
}
