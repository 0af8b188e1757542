//! MATCH: how frames of the two runs are matched (docs/reference/cli.md#matching-flags).

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use mtbsync_index::tracks::{GpsSettings, TrackOffset, TrackRequest};
use mtbsync_matching::settings::{MatchSettings, Matcher};
use mtbsync_task::error::PipelineError;

use super::values::{self, with_default};

use crate::error::CliProblem;

fn defaults() -> MatchSettings {
    MatchSettings::default()
}

/// Flags of the matching.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Matching")]
pub struct MatchArgs {
    /// Reference candidates kept per new frame in pairs_raw.csv
    #[arg(long, value_name = "N", default_value_t = defaults().top_k, value_parser = values::count(1..=1000), allow_negative_numbers = true)]
    pub top_k: usize,

    /// Do not locate between analysed frames: pairs.csv holds the best candidate per new frame
    #[arg(long)]
    pub no_refine: bool,

    #[arg(
        long, value_name = "N", value_parser = values::count(0..=100), allow_negative_numbers = true,
        help = with_default("Analysed frames on each side that are searched in refinement", defaults().refine_window)
    )]
    pub refine_window: Option<usize>,

    /// Ratio test of local features, 0 to 1: smaller keeps fewer and surer matches
    #[arg(long, value_name = "R", default_value_t = defaults().lowe.into(), value_parser = values::share, allow_negative_numbers = true)]
    pub lowe: f64,

    /// Largest distance of an inlier in the geometric check, pixels
    #[arg(long, value_name = "PX", default_value_t = defaults().ransac_reproj_px, value_parser = values::positive, allow_negative_numbers = true)]
    pub ransac_reproj: f64,

    /// Fewest geometric inliers of a match of local features
    #[arg(long, value_name = "N", default_value_t = defaults().min_inliers, value_parser = values::count(4..=100_000), allow_negative_numbers = true)]
    pub min_inliers: usize,

    /// GPS track of the reference: GPX, FIT or TCX; wins over the one in the recording
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub ref_gpx: Option<PathBuf>,

    /// GPS track of the new run: GPX, FIT or TCX; wins over the one in the recording
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub new_gpx: Option<PathBuf>,

    /// Seconds of the reference's track at the first frame of its video, or `auto` to find them [default:
    /// auto]
    #[arg(long, value_name = "SEC", value_parser = values::auto_or_seconds, allow_negative_numbers = true)]
    pub ref_gpx_offset: Option<String>,

    /// The same for the new run [default: auto]
    #[arg(long, value_name = "SEC", value_parser = values::auto_or_seconds, allow_negative_numbers = true)]
    pub new_gpx_offset: Option<String>,

    /// Ignore GPS tracks inside the recordings
    #[arg(long)]
    pub no_gps: bool,

    /// CSV `t_new,t_ref` of pairs made by hand; they are kept exactly
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub anchors: Option<PathBuf>,
}

impl MatchArgs {
    /// What the flags mean.
    ///
    /// # Errors
    /// An offset without the track it belongs to.
    pub fn settings(&self, matcher: Matcher, model: Option<&Path>) -> Result<MatchSettings, PipelineError> {
        Ok(MatchSettings {
            matcher,
            model: model.map(Path::to_owned),
            learned_folder: None,
            top_k: self.top_k,
            refine: !self.no_refine,
            refine_window: self.refine_window.unwrap_or(defaults().refine_window),
            lowe: self.lowe as f32,
            ransac_reproj_px: self.ransac_reproj,
            min_inliers: self.min_inliers,
            anchors: self.anchors.clone(),
            gps: self.gps()?,
        })
    }

    fn gps(&self) -> Result<GpsSettings, PipelineError> {
        Ok(GpsSettings {
            reference: track("--ref-gpx", self.ref_gpx.as_ref(), self.ref_gpx_offset.as_deref())?,
            new: track("--new-gpx", self.new_gpx.as_ref(), self.new_gpx_offset.as_deref())?,
            ignore_recorded: self.no_gps,
        })
    }
}

fn track(
    flag: &'static str,
    path: Option<&PathBuf>,
    offset: Option<&str>,
) -> Result<Option<TrackRequest>, PipelineError> {
    let Some(path) = path else {
        return match offset {
            Some(_) => Err(CliProblem::OffsetWithoutTrack(flag).into()),
            None => Ok(None),
        };
    };
    // The parser of the flag lets numbers and `auto` through, nothing else.
    let offset = offset
        .and_then(|text| text.parse().ok())
        .map_or(TrackOffset::Auto, TrackOffset::Secs);
    Ok(Some(TrackRequest {
        path: path.clone(),
        offset,
    }))
}
