//! `mtbsync render`: both runs in one video (docs/reference/cli.md#render).

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, ValueHint};
use mtbsync_pipeline::map::run_folder::RunFolder;
use mtbsync_pipeline::render::ideal::{IdealRequest, render_ideal};
use mtbsync_pipeline::render::{Audio, RenderReport, RenderRequest, render};
use mtbsync_task::error::PipelineError;
use serde_json::json;

use crate::args::ideal::IdealArgs;
use crate::args::render::{EncodingArgs, LookArgs, TimingArgs};
use crate::args::run_pair::{RunPairArgs, WrittenPair};
use crate::error::CliProblem;
use crate::folders::CreatedFolders;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `render`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  mtbsync render new_sync\n  mtbsync render --reference old.mp4 --new new.mp4 --timewarp-json timewarp.json \
    --layout ghost --delta-bar --out ghost.mp4\n  mtbsync render --root runs --a monday_sync --b friday_sync --out both.mp4\n  \
    mtbsync render --root runs --ideal --out ideal.mp4\n\n\
    Stretches without counterpart show the master beside a grey picture.",
    group(ArgGroup::new("of_root").args(["a", "ideal"]))
)]
pub struct RenderArgs {
    /// Folder of a finished sync: recordings, map and place of the video come from it
    #[arg(value_name = "RUN_DIR", conflicts_with_all = ["timewarp_json", "warp"], value_hint = ValueHint::DirPath)]
    pub run_dir: Option<PathBuf>,

    /// Recording of the reference run [default: as the run names it]
    #[arg(long, value_name = "PATH", required_unless_present_any = ["run_dir", "a", "ideal"], value_hint = ValueHint::FilePath, display_order = 100)]
    pub reference: Option<PathBuf>,

    /// Recording of the new run [default: as the run names it]
    #[arg(long, value_name = "PATH", required_unless_present_any = ["run_dir", "a", "ideal"], value_hint = ValueHint::FilePath, display_order = 101)]
    pub new: Option<PathBuf>,

    /// Map of a finished sync: timewarp.json or warp.npz, told apart by content
    #[arg(long, value_name = "PATH", required_unless_present_any = ["warp", "run_dir", "a", "ideal"], value_hint = ValueHint::FilePath, display_order = 102)]
    pub timewarp_json: Option<PathBuf>,

    /// The same; both given must describe the same map
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, display_order = 103)]
    pub warp: Option<PathBuf>,

    /// The video, .mp4 or .mov; its folder is created [default: comparison.mp4 in RUN_DIR]
    #[arg(long, value_name = "PATH", required_unless_present = "run_dir")]
    pub out: Option<PathBuf>,

    #[command(flatten)]
    pair: RunPairArgs,

    /// Folder of the runs that --a and --b name, or --ideal chooses from
    #[arg(long, value_name = "ROOT", requires = "of_root", value_hint = ValueHint::DirPath, display_order = 104)]
    root: Option<PathBuf>,

    #[command(flatten)]
    ideal: IdealArgs,

    #[command(flatten)]
    timing: TimingArgs,

    #[command(flatten)]
    look: LookArgs,

    #[command(flatten)]
    encoding: EncodingArgs,
}

/// The video in the folder of a run, unless it is named.
const DEFAULT_NAME: &str = "comparison.mp4";

impl RenderArgs {
    /// Fills in what the folder of a run tells, or two runs of a trail.
    fn complete(&mut self) -> Result<Option<WrittenPair>, PipelineError> {
        if let Some(written) = self.pair.written(self.root.as_deref())? {
            self.reference = Some(written.pair.reference.clone());
            self.new = Some(written.pair.new.clone());
            self.timewarp_json = Some(written.pair.map.clone());
            return Ok(Some(written));
        }
        let Some(folder) = &self.run_dir else {
            return Ok(None);
        };
        let run = RunFolder::open(folder)?;
        if self.reference.is_none() {
            self.reference = Some(run.reference()?);
        }
        if self.new.is_none() {
            self.new = Some(run.new_recording()?);
        }
        self.timewarp_json = Some(run.map());
        self.out.get_or_insert_with(|| folder.join(DEFAULT_NAME));
        Ok(None)
    }
}

/// Renders.
pub fn run(args: RenderArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    let created = CreatedFolders::for_file(args.out.as_deref().unwrap_or(Path::new("")));
    let (report, warnings) = if args.ideal.ideal {
        (
            render_ideal(&ideal_request(args)?, &session.context())?,
            Vec::new(),
        )
    } else {
        render_pair(args, session)?
    };
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
    outcome.warnings = warnings;
    outcome.warnings.extend(report.warnings);
    Ok(outcome)
}

/// Two runs; also gives warnings about them.
fn render_pair(
    mut args: RenderArgs,
    session: &Session,
) -> Result<(RenderReport, Vec<String>), PipelineError> {
    let pair = args.complete()?;
    // The flags' definition sees to it that what no run tells is there.
    let request = RenderRequest {
        reference: args.reference.unwrap_or_default(),
        new: args.new.unwrap_or_default(),
        warps: args.timewarp_json.into_iter().chain(args.warp).collect(),
        out: args.out.unwrap_or_default(),
        timing: args.timing.resolved(),
        look: args.look.resolved(),
        codec: args.encoding.codec,
        quality: args.encoding.quality,
        audio: args.encoding.audio,
    };
    let report = render(&request, &session.context())?;
    Ok((
        report,
        pair.map_or_else(Vec::new, |written| written.pair.warnings),
    ))
}

/// The best sections of a trail.
fn ideal_request(args: RenderArgs) -> Result<IdealRequest, CliProblem> {
    let (rate, look) = (args.timing.resolved().rate, args.look.resolved());
    let sound = match args.encoding.audio {
        Audio::Master => true,
        Audio::None => false,
        Audio::Of(_) => return Err(CliProblem::SideOfIdeal),
    };
    Ok(IdealRequest {
        root: args.root.unwrap_or_default(),
        trail: args.ideal.trail,
        out: args.out.unwrap_or_default(),
        rate,
        size: look.size,
        labels: look.labels,
        codec: args.encoding.codec,
        quality: args.encoding.quality,
        sound,
    })
}
