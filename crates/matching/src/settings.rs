//! How frames are matched, with the defaults of the program.

use std::path::PathBuf;

use mtbsync_index::tracks::GpsSettings;
use serde::Serialize;

/// Which evidence decides about the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum Matcher {
    /// Dense descriptor, with the learned one where it is unsure, verified by local features.
    #[default]
    Auto,
    /// Dense descriptor alone.
    Dense,
    /// Local features alone.
    Orb,
    /// Dense and learned descriptor together.
    Learned,
}

impl Matcher {
    /// As flags and files call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dense => "dense",
            Self::Orb => "orb",
            Self::Learned => "super",
        }
    }
}

/// How frames are matched.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatchSettings {
    /// Place evidence.
    pub matcher: Matcher,
    /// ONNX file of the learned descriptor's network; `None`: the one built in.
    pub model: Option<PathBuf>,
    /// Folder where learned descriptors are kept.
    #[serde(skip)]
    pub learned_folder: Option<PathBuf>,
    /// Reference candidates kept per new frame in `pairs_raw.csv`.
    pub top_k: usize,
    /// Locate between analysed frames.
    pub refine: bool,
    /// Analysed frames each side searched in refinement.
    pub refine_window: usize,
    /// Ratio test of local features, 0..1.
    pub lowe: f32,
    /// Inlier distance of the geometric check, pixels.
    pub ransac_reproj_px: f64,
    /// Fewest geometric inliers of a verified pair.
    pub min_inliers: usize,
    /// CSV `t_new,t_ref` of pairs given by a person.
    pub anchors: Option<PathBuf>,
    /// Which GPS tracks take part.
    pub gps: GpsSettings,
}

impl Default for MatchSettings {
    fn default() -> Self {
        Self {
            matcher: Matcher::Auto,
            model: None,
            learned_folder: None,
            top_k: 3,
            refine: true,
            refine_window: 1,
            lowe: 0.75,
            ransac_reproj_px: 3.0,
            min_inliers: 20,
            anchors: None,
            gps: GpsSettings::default(),
        }
    }
}
