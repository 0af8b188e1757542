//! ANALYSIS: how recordings are read and described (docs/reference/cli.md#analysis-flags).

use std::path::PathBuf;

use clap::{Args, ValueHint};
use mtbsync_matching::settings::Matcher;
use mtbsync_pipeline::settings::{AnalysisSettings, DEFAULT_FPS, DEFAULT_N_FEATURES};
use mtbsync_task::error::PipelineError;

use super::values::{self, Choices, with_default};

use crate::error::CliProblem;

static MATCHERS: Choices<Matcher> = Choices(&[
    (
        Matcher::Auto.name(),
        Matcher::Auto,
        "Dense descriptor for the place, learned features where it is unsure, verified by local features",
    ),
    (
        Matcher::Dense.name(),
        Matcher::Dense,
        "Dense descriptor alone: for plain scenery and changed seasons",
    ),
    (
        Matcher::Orb.name(),
        Matcher::Orb,
        "Local features alone: for the same light and the same camera",
    ),
    (
        Matcher::Learned.name(),
        Matcher::Learned,
        "Dense descriptor and learned features together: for other seasons and cameras",
    ),
    ("learned", Matcher::Learned, ""),
]);

fn fps_help() -> String {
    with_default("Analysed frames per second, 0.1 to 60", DEFAULT_FPS)
}

/// Flags of the analysis.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Analysis")]
pub struct AnalysisArgs {
    #[arg(
        long, value_name = "N", value_parser = values::analysis_fps, allow_negative_numbers = true,
        help = fps_help(),
        long_help = fps_help() + "\n\nMore frames locate faster riding better and cost time in proportion. Up to the key \
        frame rate of the camera (2 to 4 a second on a GoPro) decoding is cheap; above it every frame must be decoded."
    )]
    pub fps: Option<f64>,

    #[arg(
        long, value_name = "N", value_parser = values::count(50..=20_000), allow_negative_numbers = true,
        help = with_default("Local features wanted per frame, 50 to 20000", DEFAULT_N_FEATURES)
    )]
    pub n_features: Option<usize>,

    /// No local contrast equalisation before local features are looked for
    ///
    /// The equalisation helps under trees and in low light; without it, analysis is a little faster.
    #[arg(long)]
    pub no_clahe: bool,

    /// Use the named file only, not the other chapters of its GoPro recording
    #[arg(long)]
    pub single_file: bool,

    /// Do not read a camera's small `.LRV` copy in place of the recording
    #[arg(long)]
    pub no_proxy: bool,

    /// Decode every frame and locate as finely as possible; several times slower
    #[arg(long)]
    pub precise: bool,

    /// Evidence that decides about the place
    #[arg(
        long,
        value_name = "NAME",
        value_parser = MATCHERS.parser(),
        default_value = MATCHERS.name(Matcher::default()),
        hide_possible_values = true,
        long_help = "Evidence that decides about the place: auto, dense, orb or super\n\n\
        auto: the dense picture descriptor finds the place, learned features help where it is unsure, local features \
        verify it. dense: the descriptor alone. orb: local features alone. super (or learned): the descriptor and \
        learned features together, for other seasons and other cameras; takes 10 ms longer for each analysed frame."
    )]
    pub matcher: Matcher,

    /// ONNX file of the learned features of `--matcher super` and `auto`, in place of the built-in one
    ///
    /// It takes `x` [1, 1, 160, 320] and gives `f` [1, 64, 20, 40] and `r` [1, 1, 20, 40], as the built-in
    /// model does (`mtbsync version -v`). Nothing is ever downloaded.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub model: Option<PathBuf>,

    /// Do not probe the graphics card for the run's own telemetry
    #[arg(long)]
    pub no_gpu: bool,
}

impl AnalysisArgs {
    /// What the flags mean.
    pub fn settings(&self) -> AnalysisSettings {
        AnalysisSettings {
            fps: self.fps,
            n_features: self.n_features,
            clahe: self.no_clahe.then_some(false),
            single_file: self.single_file,
            no_proxy: self.no_proxy,
            precise: self.precise,
            no_gpu: self.no_gpu,
        }
    }

    /// The matcher asked for.
    ///
    /// # Errors
    /// A model that nothing uses.
    pub fn matcher(&self) -> Result<Matcher, PipelineError> {
        match (self.matcher, &self.model) {
            (Matcher::Dense | Matcher::Orb, Some(_)) => Err(CliProblem::ModelUnused.into()),
            (matcher, _) => Ok(matcher),
        }
    }
}
