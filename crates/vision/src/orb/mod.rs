//! ORB features: oriented FAST corners with rotated BRIEF descriptors (Rublee et al., ICCV 2011), from a grey
//! picture to `N` places with 256 bits each.
//!
//! [`Extractor::extract`] goes through the stages in the order of the files: optional [`crate::clahe`],
//! `pyramid`, and on each level `fast` (find corners), `harris` (rank them), `select` (spread them), `orient`
//! (turn them), `blur` and `brief` (describe them). Every stage is integer arithmetic or strictly ordered, so
//! the same picture gives the same bytes on every machine. An [`Extractor`] keeps its buffers: after the
//! first picture nothing is allocated but the result.
//!
//! ```
//! use mtbsync_vision::image::LumaView;
//! use mtbsync_vision::orb::{Extractor, OrbParams};
//!
//! // A bright square on grey: features at its corners.
//! let picture: Vec<u8> = (0..320 * 240)
//!     .map(|i| if (100..180).contains(&(i % 320)) && (80..160).contains(&(i / 320)) { 220 } else { 60 })
//!     .collect();
//! let mut extractor = Extractor::new(OrbParams { clahe: false, ..OrbParams::default() });
//! let features = extractor.extract(&LumaView::new(320, 240, &picture)?, None);
//! assert_eq!(features.keypoints.len(), features.descriptors.len());
//! assert!(features.keypoints.iter().any(|k| (k.x - 100.0).hypot(k.y - 80.0) < 3.0));
//! # Ok::<(), mtbsync_vision::image::LumaError>(())
//! ```

mod blur;
mod brief;
mod fast;
mod harris;
mod orient;
mod pattern;
mod pyramid;
mod select;

pub use brief::DESCRIPTOR_BYTES;

use crate::clahe::{Clahe, ClaheParams};
use crate::image::LumaView;
use crate::tuning::{ORB_BORDER as BORDER, ORB_OVERSAMPLING as OVERSAMPLING};
use fast::{Corner, Detector};
use pattern::{PAIRS, PATCH_RADIUS};
use pyramid::{Plane, Resizer};
use select::{Cells, CornerCandidate, Selector};

const _: () = assert!(BORDER >= PATCH_RADIUS + 2 && BORDER >= harris::REACH);
/// Most levels accepted; more cannot be larger than a patch.
const MAX_LEVELS: usize = 16;

/// Settings of [`Extractor`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrbParams {
    /// Features wanted per picture, over all levels.
    pub n_features: usize,
    /// Pyramid levels, 1 to 16.
    pub levels: usize,
    /// Ratio of the sides of neighbouring levels, above 1.
    pub scale_factor: f32,
    /// FAST threshold in grey values: corners above it are preferred.
    pub fast_threshold: u8,
    /// Corners down to this threshold fill up cells that have nothing better.
    pub fast_threshold_min: u8,
    /// Equalise contrast locally before looking for corners.
    pub clahe: bool,
}

impl Default for OrbParams {
    /// 800 features on 8 levels × 1.2, thresholds 20 and 7, with CLAHE.
    fn default() -> Self {
        Self {
            n_features: 800,
            levels: 8,
            scale_factor: 1.2,
            fast_threshold: 20,
            fast_threshold_min: 7,
            clahe: true,
        }
    }
}

/// A feature's place and shape. Coordinates are pixels of the full picture, (0, 0) the centre of the first
/// pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Keypoint {
    /// Horizontal place in pixels.
    pub x: f32,
    /// Vertical place in pixels.
    pub y: f32,
    /// Diameter of the described patch in pixels of the full picture.
    pub size: f32,
    /// Direction in degrees, [0, 360), from the x axis clockwise on the screen.
    pub angle_deg: f32,
    /// Harris response; larger is a clearer corner. Comparable within a level only.
    pub response: f32,
}

/// The features of one picture: `descriptors[i]` belongs to `keypoints[i]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LocalFeatures {
    /// Places, level by level, the finest first.
    pub keypoints: Vec<Keypoint>,
    /// 256 bits each.
    pub descriptors: Vec<[u8; DESCRIPTOR_BYTES]>,
}

/// Finds and describes features.
#[derive(Debug)]
pub struct Extractor {
    params: OrbParams,
    clahe: Clahe,
    levels: Vec<Plane>,
    resizer: Resizer,
    detector: Detector,
    corners: Vec<Corner>,
    candidates: Vec<CornerCandidate>,
    selector: Selector,
    blurred: Plane,
    blur_row: Vec<u8>,
    samples: Box<[[i32; PAIRS]; 2]>,
}

impl Extractor {
    /// An extractor with these settings; values out of range are moved into it.
    pub fn new(params: OrbParams) -> Self {
        let params = OrbParams {
            levels: params.levels.clamp(1, MAX_LEVELS),
            scale_factor: if params.scale_factor > 1.01 {
                params.scale_factor
            } else {
                1.01
            },
            fast_threshold_min: params.fast_threshold_min.min(params.fast_threshold),
            ..params
        };
        Self {
            params,
            clahe: Clahe::new(ClaheParams::default()),
            levels: Vec::new(),
            resizer: Resizer::default(),
            detector: Detector::default(),
            corners: Vec::new(),
            candidates: Vec::new(),
            selector: Selector::default(),
            blurred: Plane::default(),
            blur_row: Vec::new(),
            samples: Box::new([[0; PAIRS]; 2]),
        }
    }

    /// Features of `picture` at places where `keep(x, y)` holds (everywhere when `None`).
    ///
    /// A picture without corners, or too small for a patch, has none.
    pub fn extract(
        &mut self,
        picture: &LumaView<'_>,
        keep: Option<&dyn Fn(f32, f32) -> bool>,
    ) -> LocalFeatures {
        self.build_pyramid(picture);
        let mut found = LocalFeatures::default();
        let mut missing = self.params.n_features;
        // From the coarsest level down, so that what small levels lack is asked of the larger ones below.
        let mut per_level = vec![LocalFeatures::default(); self.levels.len()];
        for level in (0..self.levels.len()).rev() {
            let wanted = (missing as f64 * self.share_of_finest(level)).round() as usize;
            per_level[level] = self.extract_level(level, picture, wanted, keep);
            missing = missing.saturating_sub(per_level[level].keypoints.len());
        }
        for level in per_level {
            found.keypoints.extend(level.keypoints);
            found.descriptors.extend(level.descriptors);
        }
        found
    }

    /// Share of level `level` among levels `0..=level`, proportional to the side length.
    fn share_of_finest(&self, level: usize) -> f64 {
        let weight = |l: usize| f64::from(self.params.scale_factor).powi(-(l as i32));
        weight(level) / (0..=level).map(weight).sum::<f64>()
    }

    fn build_pyramid(&mut self, picture: &LumaView<'_>) {
        let (width, height) = (picture.width(), picture.height());
        self.levels.resize_with(self.params.levels, Plane::default);
        let Some((finest, coarser)) = self.levels.split_first_mut() else {
            return;
        };
        finest.reshape(width, height);
        if self.params.clahe {
            self.clahe.apply(picture, &mut finest.data);
        } else {
            finest.data.copy_from_slice(picture.data());
        }
        let mut source = &*finest;
        for (i, level) in coarser.iter_mut().enumerate() {
            let scale = f64::from(self.params.scale_factor).powi(i as i32 + 1);
            let side = |full: usize| (full as f64 / scale).round() as usize;
            level.reshape(side(width), side(height));
            if !level.data.is_empty() {
                self.resizer.shrink(source, level);
            }
            source = level;
        }
    }

    fn extract_level(
        &mut self,
        level: usize,
        picture: &LumaView<'_>,
        wanted: usize,
        keep: Option<&dyn Fn(f32, f32) -> bool>,
    ) -> LocalFeatures {
        let mut found = LocalFeatures::default();
        let plane = &self.levels[level];
        if wanted == 0 || plane.width <= 2 * BORDER || plane.height <= 2 * BORDER {
            return found;
        }
        let scale_x = picture.width() as f32 / plane.width as f32;
        let scale_y = picture.height() as f32 / plane.height as f32;
        let full = |x: f32, y: f32| ((x + 0.5) * scale_x - 0.5, (y + 0.5) * scale_y - 0.5);

        self.detector
            .detect(plane, self.params.fast_threshold_min, BORDER, &mut self.corners);
        if let Some(keep) = keep {
            self.corners.retain(|corner| {
                let (x, y) = full(corner.x as f32, corner.y as f32);
                keep(x, y)
            });
        }
        let cells = Cells::new(plane.width, plane.height, BORDER, wanted);
        self.selector.offer(
            &self.corners,
            cells,
            self.params.fast_threshold,
            &mut self.candidates,
        );
        self.selector
            .spread(&mut self.candidates, cells, wanted * OVERSAMPLING);
        for candidate in &mut self.candidates {
            candidate.strength = harris::response(plane, candidate.x as usize, candidate.y as usize);
        }
        self.selector.sort(&mut self.candidates);
        self.selector.spread(&mut self.candidates, cells, wanted);

        blur::gaussian(plane, &mut self.blurred, &mut self.blur_row);
        for candidate in &self.candidates {
            let (x, y) = (candidate.x as usize, candidate.y as usize);
            let direction = orient::direction(plane, x, y);
            let score =
                |dx: usize, dy: usize| f32::from(self.detector.score(plane.width, x + dx - 1, y + dy - 1));
            let fine_x = x as f32 + peak_offset(score(0, 1), score(1, 1), score(2, 1));
            let fine_y = y as f32 + peak_offset(score(1, 0), score(1, 1), score(1, 2));
            let (full_x, full_y) = full(fine_x, fine_y);
            found.keypoints.push(Keypoint {
                x: full_x,
                y: full_y,
                size: (2 * PATCH_RADIUS + 1) as f32 * scale_x,
                angle_deg: direction.degrees(),
                response: candidate.strength,
            });
            found
                .descriptors
                .push(brief::describe(&self.blurred, x, y, direction, &mut self.samples));
        }
        found
    }
}

/// Where the parabola through three neighbouring values peaks, in pixels from the middle one; within ±0.5.
fn peak_offset(before: f32, at: f32, after: f32) -> f32 {
    let curvature = before - 2.0 * at + after;
    if curvature >= 0.0 {
        0.0
    } else {
        ((before - after) / (2.0 * curvature)).clamp(-0.5, 0.5)
    }
}
