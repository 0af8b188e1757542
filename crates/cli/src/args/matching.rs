//! MATCH: how frames of the two runs are matched (cli.md section 2.2).

use std::path::PathBuf;

use clap::Args;
use mtbsync_pipeline::error::PipelineError;
use mtbsync_pipeline::settings::{MatchSettings, Matcher};

use super::values;

/// Flags of the matching.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Matching")]
pub struct MatchArgs {
    /// Reference candidates kept per new frame in pairs_raw.csv
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000), allow_negative_numbers = true)]
    pub top_k: u32,

    /// Do not locate between analysed frames: pairs.csv holds the best candidate per new frame
    #[arg(long)]
    pub no_refine: bool,

    /// Analysed frames on each side that are searched in refinement [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100), allow_negative_numbers = true)]
    pub refine_window: Option<u32>,

    /// Ratio test of local features, 0 to 1: smaller keeps fewer and surer matches
    #[arg(long, value_name = "R", default_value_t = 0.75, value_parser = values::share, allow_negative_numbers = true)]
    pub lowe: f64,

    /// Largest distance of an inlier in the geometric check, pixels
    #[arg(long, value_name = "PX", default_value_t = 3.0, value_parser = values::positive, allow_negative_numbers = true)]
    pub ransac_reproj: f64,

    /// Fewest geometric inliers of a match of local features
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(4..=100_000), allow_negative_numbers = true)]
    pub min_inliers: u32,

    /// GPS track of the reference: GPX, FIT or TCX (not available in this build)
    #[arg(long, value_name = "PATH")]
    pub ref_gpx: Option<PathBuf>,

    /// GPS track of the new run: GPX, FIT or TCX (not available in this build)
    #[arg(long, value_name = "PATH")]
    pub new_gpx: Option<PathBuf>,

    /// Track time at video zero minus video clock, `auto` or seconds (not available in this build)
    #[arg(long, value_name = "SEC", value_parser = values::auto_or_seconds, allow_negative_numbers = true)]
    pub ref_gpx_offset: Option<String>,

    /// The same for the new run (not available in this build)
    #[arg(long, value_name = "SEC", value_parser = values::auto_or_seconds, allow_negative_numbers = true)]
    pub new_gpx_offset: Option<String>,

    /// Ignore GPS tracks inside the recordings
    #[arg(long)]
    pub no_gps: bool,

    /// CSV `t_new,t_ref` of pairs made by hand; they are kept exactly
    #[arg(long, value_name = "PATH")]
    pub anchors: Option<PathBuf>,
}

/// Analysed frames on each side searched in refinement.
const DEFAULT_REFINE_WINDOW: u32 = 1;

impl MatchArgs {
    /// What the flags mean.
    ///
    /// # Errors
    /// A GPS flag, which this build cannot honour.
    pub fn settings(&self, matcher: Matcher) -> Result<MatchSettings, PipelineError> {
        self.refuse_tracks()?;
        Ok(MatchSettings {
            matcher,
            top_k: self.top_k as usize,
            refine: !self.no_refine,
            refine_window: self.refine_window.unwrap_or(DEFAULT_REFINE_WINDOW) as usize,
            lowe: self.lowe as f32,
            ransac_reproj_px: self.ransac_reproj,
            min_inliers: self.min_inliers as usize,
            anchors: self.anchors.clone(),
        })
    }

    fn refuse_tracks(&self) -> Result<(), PipelineError> {
        let given = [
            ("--ref-gpx", self.ref_gpx.is_some()),
            ("--new-gpx", self.new_gpx.is_some()),
            ("--ref-gpx-offset", self.ref_gpx_offset.is_some()),
            ("--new-gpx-offset", self.new_gpx_offset.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) => Err(
                PipelineError::usage(format!("{flag} is not available in this build"))
                    .hint("leave it out: the runs are aligned by their pictures"),
            ),
            None => Ok(()),
        }
    }
}
