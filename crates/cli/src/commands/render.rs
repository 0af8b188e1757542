//! `mtbsync render`: both runs in one video (docs/reference/cli.md#render).

use std::path::PathBuf;

use clap::{Args, ValueHint};
use mtbsync_pipeline::render::{RenderRequest, render};
use mtbsync_task::error::PipelineError;
use serde_json::json;

use crate::args::render::{EncodingArgs, LookArgs, TimingArgs};
use crate::folders::CreatedFolders;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `render`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  mtbsync render --reference old.mp4 --new new.mp4 --timewarp-json timewarp.json \
    --layout ghost --delta-bar --out ghost.mp4\n\n\
    Stretches without counterpart show the master beside a grey picture."
)]
pub struct RenderArgs {
    /// Recording of the reference run
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub reference: PathBuf,

    /// Recording of the new run
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub new: PathBuf,

    /// Map of a finished sync: timewarp.json or warp.npz, told apart by content
    #[arg(long, value_name = "PATH", required_unless_present = "warp", value_hint = ValueHint::FilePath)]
    pub timewarp_json: Option<PathBuf>,

    /// The same; both given must describe the same map
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub warp: Option<PathBuf>,

    /// The video, .mp4 or .mov; its folder is created
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,

    #[command(flatten)]
    timing: TimingArgs,

    #[command(flatten)]
    look: LookArgs,

    #[command(flatten)]
    encoding: EncodingArgs,
}

/// Renders.
pub fn run(args: RenderArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    let created = CreatedFolders::for_file(&args.out);
    let request = RenderRequest {
        reference: args.reference,
        new: args.new,
        warps: args.timewarp_json.into_iter().chain(args.warp).collect(),
        out: args.out,
        timing: args.timing.resolved(),
        look: args.look.resolved(),
        codec: args.encoding.codec,
        quality: args.encoding.quality,
        audio: args.encoding.audio,
    };
    let report = render(&request, &session.context())?;
    created.keep();
    session.printer.line(&format!(
        "Rendered {} frames, {:.1} s, {}x{} -> {}",
        report.frames,
        report.duration_secs,
        report.size.0,
        report.size.1,
        report.out.display()
    ));
    let mut outcome = Outcome::done(json!({
        "frames": report.frames,
        "duration": report.duration_secs,
        "width": report.size.0,
        "height": report.size.1,
    }));
    outcome.outputs = vec![("video".to_owned(), report.out)];
    outcome.warnings = report.warnings;
    Ok(outcome)
}
