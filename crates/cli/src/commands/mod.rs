//! One module per command: its flags, the request made of them, and what is said about the result.

mod batch;
mod benchmark_quality;
mod cache;
mod compare_ui;
mod completions;
mod dashboard;
mod decode;
mod doctor;
mod export;
mod import;
mod index;
mod jobs;
mod man;
mod preview;
mod prune_perf;
mod quality_check;
mod render;
mod serve;
mod splits;
mod sync;
mod trail;
mod transfer;
pub mod version;
mod viewer;
mod warp;

use clap::Subcommand;
use mtbsync_task::error::PipelineError;

use crate::session::Session;
use crate::summary::Outcome;

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Describe a reference recording once, for many new runs
    Index(index::IndexArgs),
    /// Align two recordings and carry markers over: the whole way in one command
    Sync(Box<sync::SyncArgs>),
    /// Fit the map again from pairs, without touching a video
    Warp(warp::WarpCommandArgs),
    /// Carry markers over through the map of a finished sync
    #[command(name = "transfer-markers", visible_alias = "transfer")]
    Transfer(transfer::TransferArgs),
    /// Write markers for an editor
    #[command(name = "export-markers", visible_alias = "export")]
    Export(export::ExportMarkersArgs),
    /// Read markers of an editor file
    #[command(name = "import-markers")]
    Import(import::ImportArgs),
    /// Show all runs of a folder in the browser
    #[command(after_help = "Example:\n  mtbsync dashboard --root batch_out --open-browser")]
    Dashboard(dashboard::FolderArgs),
    /// Show what runs cost the machine, live, in the browser
    #[command(after_help = "Example:\n  mtbsync telemetry-ui --root batch_out --open-browser")]
    TelemetryUi(dashboard::FolderArgs),
    /// Two recordings side by side, with markers, notes and anchors, in the browser
    #[command(visible_alias = "compare")]
    CompareUi(Box<compare_ui::CompareUiArgs>),
    /// The new recording and its markers in the browser
    Preview(Box<preview::PreviewArgs>),
    /// Draw the overlay picture of a run, or show it in the browser
    Viewer(Box<viewer::ViewerArgs>),
    /// Align all pairs of a folder
    Batch(Box<batch::BatchArgs>),
    /// All runs of a trail
    Trail(trail::TrailArgs),
    /// Show both runs in one video, side by side or over each other
    Render(Box<render::RenderArgs>),
    /// Compare runs section by section: where time was won and lost
    Splits(splits::SplitsArgs),
    /// Report on all runs of a folder: CSV, JSON and a page for the browser
    BenchmarkQuality(benchmark_quality::BenchmarkArgs),
    /// Compare the newest run with the ones before it; the exit code is the verdict
    QualityCheck(quality_check::QualityCheckArgs),
    /// Delete all but the newest perf.json files
    PrunePerf(prune_perf::PruneArgs),
    /// Look at the index cache, or clear it
    Cache(cache::CacheArgs),
    /// Check this machine, or say what a recording is
    Doctor(doctor::DoctorArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Decode for a server, which asks on stdin
    #[command(hide = true)]
    Decode(decode::DecodeArgs),
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Man(man::ManArgs),
    /// Print the version
    Version,
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// Whatever kept it from its result.
    pub fn run(self, session: &mut Session) -> Result<Outcome, PipelineError> {
        match self {
            Self::Index(args) => index::run(args, session),
            Self::Sync(args) => sync::run(*args, session),
            Self::Warp(args) => warp::run(args, session),
            Self::Transfer(args) => transfer::run(args, session),
            Self::Import(args) => import::run(&args, session),
            Self::Dashboard(args) => dashboard::dashboard(args, session),
            Self::TelemetryUi(args) => dashboard::telemetry(args, session),
            Self::CompareUi(args) => compare_ui::run(*args, session),
            Self::Preview(args) => preview::run(*args, session),
            Self::Viewer(args) => viewer::run(*args, session),
            Self::Export(args) => export::run(&args, session),
            Self::Batch(args) => batch::run(*args, session),
            Self::Trail(args) => trail::run(args, session),
            Self::BenchmarkQuality(args) => benchmark_quality::run(args, session),
            Self::QualityCheck(args) => quality_check::run(&args, session),
            Self::Render(args) => render::run(*args, session),
            Self::Splits(args) => splits::run(args, session),
            Self::PrunePerf(args) => prune_perf::run(&args, session),
            Self::Cache(args) => cache::run(&args, session),
            Self::Doctor(args) => Ok(doctor::run(&args, session)),
            Self::Completions(args) => Ok(completions::run(&args, session)),
            Self::Decode(args) => Ok(decode::run(&args, session)),
            Self::Man(args) => man::run(&args, session),
            Self::Version => Ok(version::run(session)),
        }
    }
}
