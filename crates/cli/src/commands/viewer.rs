//! `mtbsync viewer`: the overlay picture of a run, as a file or in the browser
//! (docs/reference/cli.md#viewer).

use std::path::PathBuf;

use clap::Args;
use mtbsync_markers::DEFAULT_REVIEW_THRESHOLD;
use mtbsync_pipeline::map::viewer::{ViewerRequest, view};
use mtbsync_task::error::PipelineError;
use mtbsync_web::{NamedFiles, Page};
use serde_json::json;

use super::preview::{DEFAULT_PORT, PORT_ENV};
use super::serve::{self, Service};
use super::transfer::{in_words, to_json};
use crate::args::serve::ServeArgs;
use crate::args::values;
use crate::error::CliProblem;
use crate::folders::CreatedFolders;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `viewer`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  mtbsync viewer --headless --ref-markers m.csv --timewarp-json timewarp.json \
    --out-png alignment_overlay.png"
)]
pub struct ViewerArgs {
    /// Write a picture in place of serving the page
    #[arg(long)]
    pub headless: bool,

    /// Markers of the reference run
    #[arg(long, visible_alias = "reference-markers", value_name = "PATH")]
    pub ref_markers: Option<PathBuf>,

    /// Map of a finished sync: timewarp.json or warp.npz
    #[arg(long, value_name = "PATH")]
    pub timewarp_json: Option<PathBuf>,

    /// Markers of the new run [default: carried over here]
    #[arg(long, value_name = "PATH")]
    pub new_markers: Option<PathBuf>,

    /// Pairs to be drawn as dots: pairs.csv or pairs_raw.csv
    #[arg(long, value_name = "PATH")]
    pub pairs: Option<PathBuf>,

    /// The picture
    #[arg(long, value_name = "PATH")]
    pub out_png: Option<PathBuf>,

    /// Size of the picture in pixels
    #[arg(long, value_name = "WxH", default_value = "1200x900", value_parser = values::picture_size)]
    pub size: (u32, u32),

    /// Folder whose runs are shown [default: that of the map, else the working directory]
    #[arg(long, value_name = "DIR", conflicts_with = "headless")]
    pub root: Option<PathBuf>,

    #[command(flatten)]
    pub serve: ServeArgs,
}

/// Draws or serves.
pub fn run(args: ViewerArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    if args.headless {
        draw(args, session)
    } else {
        show(args, session)
    }
}

fn show(args: ViewerArgs, session: &Session) -> Result<Outcome, PipelineError> {
    if args.out_png.is_some() {
        return Err(CliProblem::PictureOfPage.into());
    }
    let service = Service {
        command: "viewer",
        page: Page::Viewer,
        port_env: PORT_ENV,
        default_port: DEFAULT_PORT,
        root: args.root,
        inputs: NamedFiles {
            ref_markers: args.ref_markers,
            new_markers: args.new_markers,
            timewarp: args.timewarp_json,
            pairs: args.pairs,
            ..NamedFiles::default()
        },
        may_annotate: false,
    };
    serve::run(service, &args.serve, session)
}

fn draw(args: ViewerArgs, session: &Session) -> Result<Outcome, PipelineError> {
    let needed = |flag, value: Option<PathBuf>| value.ok_or(CliProblem::PictureWithout(flag));
    let request = ViewerRequest {
        ref_markers: needed("--ref-markers", args.ref_markers)?,
        timewarp: needed("--timewarp-json", args.timewarp_json)?,
        out_png: needed("--out-png", args.out_png)?,
        new_markers: args.new_markers,
        pairs: args.pairs,
        size: args.size,
        review_threshold: DEFAULT_REVIEW_THRESHOLD,
    };
    let created = CreatedFolders::for_file(&request.out_png);
    let report = view(&request, &session.context())?;
    created.keep();
    session.printer.line(&format!(
        "Markers: {} -> {}",
        in_words(report.markers),
        request.out_png.display()
    ));
    let mut outcome = Outcome::done(json!({ "markers": to_json(report.markers) }));
    outcome.outputs = vec![("overlay".to_owned(), request.out_png)];
    outcome.warnings = report.warnings;
    Ok(outcome)
}
