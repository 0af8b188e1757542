//! What `sync` and each pair of `batch` have in common.

use std::path::PathBuf;

use clap::{Args, Command, FromArgMatches};
use mtbsync_align::WarpModel;
use mtbsync_markers::DEFAULT_REVIEW_THRESHOLD;
use mtbsync_pipeline::markers::export::{ChosenPreset, RateChoice};
use mtbsync_pipeline::sync::{RunName, SyncRequest};
use mtbsync_task::error::PipelineError;

use super::analysis::AnalysisArgs;
use super::export::{ExportArgs, rate};
use super::matching::MatchArgs;
use super::regression::RegressionArgs;
use super::values;
use super::warp::WarpArgs;
use crate::error::CliProblem;
use crate::session::Session;

/// Flags of a pair of recordings.
#[derive(Args, Clone, Debug)]
pub struct PairArgs {
    /// Markers below this confidence are for review, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = DEFAULT_REVIEW_THRESHOLD, value_parser = values::share, allow_negative_numbers = true)]
    pub review_threshold: f64,

    /// Also write this editor preset beside the markers; repeatable
    #[arg(long, value_name = "PRESET", display_order = 2)]
    pub export: Vec<String>,

    /// Frame rate of editor files: 23.976, 25, 29.97, ..., N/D or auto [default: auto, that of the new run]
    #[arg(long, value_name = "RATE", value_parser = rate, allow_negative_numbers = true)]
    pub export_fps: Option<RateChoice>,

    /// Put notes, moved markers and anchors of an earlier run in the folder aside instead of keeping them
    #[arg(long)]
    pub discard_edits: bool,

    /// Trade accuracy for speed: at least 4 threads, fewer robust iterations, coarser refinement
    #[arg(long, display_order = 3)]
    pub fast: bool,

    /// How recordings are read
    #[command(flatten)]
    pub analysis: AnalysisArgs,

    /// How frames are matched
    #[command(flatten)]
    pub matching: MatchArgs,

    /// The map and its gates
    #[command(flatten)]
    pub warp: WarpArgs,

    /// Comparison with earlier runs
    #[command(flatten)]
    pub regression: RegressionArgs,

    /// Editor files
    #[command(flatten)]
    pub editor: ExportArgs,
}

/// `--fast`: fewest worker threads.
const FAST_THREADS: usize = 4;
/// `--fast`: robust iterations.
const FAST_ITERATIONS: usize = 250;
/// `--fast`: inlier threshold of the affine model, seconds.
const FAST_AFFINE_INLIER_SECS: f64 = 0.10;
/// `--fast`: only the frame itself is searched in refinement.
const FAST_REFINE_WINDOW: usize = 0;

impl PairArgs {
    /// What nobody says: every flag at its default.
    ///
    /// # Errors
    /// A variable of the environment that stands for a flag and holds no value of it.
    pub fn unsaid() -> Result<Self, PipelineError> {
        let command = Self::augment_args(Command::new("pair"));
        let found = command.try_get_matches_from(["pair"]);
        let args = found.and_then(|matches| Self::from_arg_matches(&matches));
        args.map_err(|error| CliProblem::Defaults(error.to_string()).into())
    }

    /// Fills in what `--fast` decides and the person did not; says what it set.
    pub fn apply_fast(&mut self, session: &mut Session) {
        if !self.fast {
            return;
        }
        let mut set = vec![format!("threads {}", session.at_least_threads(FAST_THREADS))];
        let (warp, matching) = (&mut self.warp, &mut self.matching);
        if warp.warp_ransac_iters.is_none() {
            warp.warp_ransac_iters = Some(FAST_ITERATIONS);
            set.push(format!("warp-ransac-iters {FAST_ITERATIONS}"));
        }
        if warp.warp_model == WarpModel::Affine && warp.warp_inlier_thresh.is_none() {
            warp.warp_inlier_thresh = Some(FAST_AFFINE_INLIER_SECS);
            set.push(format!("warp-inlier-thresh {FAST_AFFINE_INLIER_SECS}"));
        }
        if !matching.no_refine && matching.refine_window.is_none() {
            matching.refine_window = Some(FAST_REFINE_WINDOW);
            set.push(format!("refine-window {FAST_REFINE_WINDOW}"));
        }
        session.printer.line(&format!("fast: {}", set.join(", ")));
    }

    /// What the flags mean, for a `sync` whose files are not named yet.
    ///
    /// # Errors
    /// A matcher or preset that does not exist, an offset without its track.
    pub fn request(&self, session: &Session) -> Result<SyncRequest, PipelineError> {
        let matcher = self.analysis.matcher()?;
        let exports = self.export.iter();
        let exports: Result<Vec<ChosenPreset>, _> = exports
            .map(|name| ChosenPreset::find(name, &session.config))
            .collect();
        Ok(SyncRequest {
            reference: PathBuf::new(),
            new: PathBuf::new(),
            index: None,
            out: None,
            root: None,
            ref_markers: None,
            review_threshold: self.review_threshold,
            exports: exports?,
            export: self.editor.settings(self.export_fps),
            analysis: self.analysis.settings(),
            matching: self.matching.settings(matcher, self.analysis.model.as_deref())?,
            warp: self.warp.settings(),
            discard_edits: self.discard_edits,
            stop_after_pairs: false,
            plot: true,
            regression: self.regression.settings(),
            run: RunName::Sync,
        })
    }
}
