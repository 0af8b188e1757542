//! `mtbsync compare-ui`: two recordings side by side in the browser (docs/reference/http.md#starting-it).

use std::path::PathBuf;

use clap::{Args, ValueHint};
use mtbsync_pipeline::map::run_folder::RunFolder;
use mtbsync_pipeline::trail::pair::ComposedPair;
use mtbsync_task::error::PipelineError;
use mtbsync_web::{NamedFiles, Page};

use super::serve::{self, Service};
use crate::args::run_pair::RunPairArgs;
use crate::args::serve::ServeArgs;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `compare-ui`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  mtbsync compare new_sync\n  mtbsync compare-ui --ref ref.mp4 --new new.mp4 --timewarp-json new_sync/timewarp.json\n  mtbsync compare --root runs --a monday_sync --b friday_sync"
)]
pub struct CompareUiArgs {
    /// Folder of a finished sync: the map comes from it, and all files that no flag names
    #[arg(value_name = "RUN_DIR", conflicts_with = "timewarp_json", value_hint = ValueHint::DirPath)]
    pub run_dir: Option<PathBuf>,

    /// The reference recording [default: as the map names it]
    #[arg(
        long = "ref",
        visible_alias = "reference",
        value_name = "PATH",
        env = "MTB_COMPARE_REF"
    )]
    pub reference: Option<PathBuf>,

    /// The new recording [default: as the map names it]
    #[arg(long, value_name = "PATH", env = "MTB_COMPARE_NEW")]
    pub new: Option<PathBuf>,

    /// Markers of the reference
    #[arg(
        long,
        visible_alias = "reference-markers",
        value_name = "PATH",
        env = "MTB_COMPARE_REF_MARKERS"
    )]
    pub ref_markers: Option<PathBuf>,

    /// Markers of the new run [default: beside the map]
    #[arg(long, value_name = "PATH", env = "MTB_COMPARE_NEW_MARKERS")]
    pub new_markers: Option<PathBuf>,

    /// Map of a finished sync [default: MTB_COMPARE_TIMEWARP_JSON, else beside the markers]
    #[arg(long, visible_alias = "warp", value_name = "PATH")]
    pub timewarp_json: Option<PathBuf>,

    /// Folder whose runs are shown [default: that of the map or the markers, else the working directory]
    #[arg(long, value_name = "DIR", env = "MTB_COMPARE_ROOT")]
    pub root: Option<PathBuf>,

    #[command(flatten)]
    pair: RunPairArgs,

    /// No changes of notes and anchors
    #[arg(long, conflicts_with = "allow_write")]
    pub read_only: bool,

    #[command(flatten)]
    pub serve: ServeArgs,
}

/// Variable with the map; clap would say that it contradicts RUN_DIR, which is typed and wins.
const MAP_VARIABLE: &str = "MTB_COMPARE_TIMEWARP_JSON";

/// Serves.
pub fn run(args: CompareUiArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    if let Some(written) = args.pair.written(args.root.as_deref())? {
        return compare_runs(&written.pair, &args, session);
    }
    let of_run = args.run_dir.as_deref().map(RunFolder::open).transpose()?;
    let service = Service {
        command: "compare-ui",
        page: Page::Compare,
        port_env: "MTB_COMPARE_PORT",
        default_port: 8762,
        root: args.root,
        inputs: NamedFiles {
            reference: args.reference,
            new: args.new,
            ref_markers: args.ref_markers,
            new_markers: args.new_markers,
            timewarp: of_run
                .map(|run| run.map())
                .or(args.timewarp_json)
                .or_else(map_of_environment),
            pairs: None,
        },
        may_annotate: !args.read_only,
    };
    serve::run(service, &args.serve, session)
}

/// Two runs of a trail. What a person sets belongs to one run, not to two: nothing can be changed here.
fn compare_runs(
    pair: &ComposedPair,
    args: &CompareUiArgs,
    session: &Session,
) -> Result<Outcome, PipelineError> {
    for warning in &pair.warnings {
        session.printer.warning(warning);
    }
    let service = Service {
        command: "compare-ui",
        page: Page::Compare,
        port_env: "MTB_COMPARE_PORT",
        default_port: 8762,
        root: args.root.clone(),
        inputs: NamedFiles {
            reference: Some(pair.reference.clone()),
            new: Some(pair.new.clone()),
            new_markers: pair.markers.clone(),
            timewarp: Some(pair.map.clone()),
            ..NamedFiles::default()
        },
        may_annotate: false,
    };
    serve::run(service, &args.serve, session)
}

fn map_of_environment() -> Option<PathBuf> {
    let path = std::env::var_os(MAP_VARIABLE).filter(|path| !path.is_empty())?;
    Some(PathBuf::from(path))
}
