//! `mtbsync preview`: the new recording and its markers in the browser (docs/reference/http.md#starting-it).

use std::path::PathBuf;

use clap::Args;
use mtbsync_task::error::PipelineError;
use mtbsync_web::{NamedFiles, Page};

use super::serve::{self, Service};
use crate::args::serve::ServeArgs;
use crate::session::Session;
use crate::summary::Outcome;

/// Variable with the port; `viewer` uses the same.
pub const PORT_ENV: &str = "MTB_PREVIEW_PORT";
/// The port without flag and variable.
pub const DEFAULT_PORT: u16 = 8763;

/// Flags of `preview`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  mtbsync preview --reference ref.mp4 --new new.mp4 --markers new_sync/new_markers.csv"
)]
pub struct PreviewArgs {
    /// The reference recording [default: as the map names it]
    #[arg(long, visible_alias = "ref", value_name = "PATH")]
    pub reference: Option<PathBuf>,

    /// The new recording [default: as the map names it]
    #[arg(long, value_name = "PATH")]
    pub new: Option<PathBuf>,

    /// Markers of the new run [default: beside the map]
    #[arg(long, visible_alias = "new-markers", value_name = "PATH")]
    pub markers: Option<PathBuf>,

    /// Markers of the reference
    #[arg(long, visible_alias = "reference-markers", value_name = "PATH")]
    pub ref_markers: Option<PathBuf>,

    /// Map of a finished sync [default: beside the markers]
    #[arg(long, visible_alias = "warp", value_name = "PATH")]
    pub timewarp_json: Option<PathBuf>,

    /// Folder whose runs are shown [default: that of the map or the markers, else the working directory]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,

    /// No changes of notes and anchors
    #[arg(long, conflicts_with = "allow_write")]
    pub read_only: bool,

    #[command(flatten)]
    pub serve: ServeArgs,
}

/// Serves.
pub fn run(args: PreviewArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    let service = Service {
        command: "preview",
        page: Page::Preview,
        port_env: PORT_ENV,
        default_port: DEFAULT_PORT,
        root: args.root,
        inputs: NamedFiles {
            reference: args.reference,
            new: args.new,
            ref_markers: args.ref_markers,
            new_markers: args.markers,
            timewarp: args.timewarp_json,
            pairs: None,
        },
        may_annotate: !args.read_only,
    };
    serve::run(service, &args.serve, session)
}
