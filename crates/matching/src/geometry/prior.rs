//! What both cameras say of their lenses as a first guess of the geometry.
//!
//! Cameras may be wrong, leave out what their stabiliser crops, or keep the settings of a file that was cut
//! since. So a guess only says where to look first: it counts where the pictures are more alike with it.

use mtbsync_index::features::Features;
use mtbsync_telemetry::lens::LensShape;
use mtbsync_vision::remap::ViewMap;

use super::Wider;
use super::probe::Probe;
use super::search::is_more_alike;
use crate::tuning::{LEAST_VIEW, MAX_VIEW};

/// A geometry to look at first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Prior {
    pub wider: Wider,
    pub map: ViewMap,
}

impl Prior {
    /// `None` where a camera says nothing or too little, changed its lens on the way, or both say the same.
    pub fn of(reference: &Features, new: &Features) -> Option<Self> {
        let (reference, new) = (middle(reference)?, middle(new)?);
        let (wider, source, target) = if new.1 < reference.1 {
            (Wider::New, new, reference)
        } else {
            (Wider::Reference, reference, new)
        };
        let bend = match (source.0, target.0) {
            (LensShape::Fisheye, LensShape::Rectilinear) => target.1.recip(),
            (LensShape::Rectilinear, LensShape::Fisheye) => -target.1.recip(),
            _ => 0.0,
        };
        let map = ViewMap {
            log_scale: (target.1 / source.1).ln().min(MAX_VIEW[0]),
            roll_deg: 0.0,
            bend: bend.clamp(-MAX_VIEW[2], MAX_VIEW[2]),
        };
        let differs = map.log_scale >= LEAST_VIEW[0] || map.bend.abs() >= LEAST_VIEW[2];
        differs.then_some(Self { wider, map })
    }

    /// Whether a few pairs, those of the new run or of the reference changed, are plainly more alike with it.
    pub fn is_seen(&self, [new, reference]: &[Probe; 2]) -> bool {
        let few = match self.wider {
            Wider::New => new,
            Wider::Reference => reference,
        };
        is_more_alike(few, &self.map)
    }
}

/// How a recording's lens projects, and half widths of the picture per radian in its middle.
fn middle(side: &Features) -> Option<(LensShape, f64)> {
    let (shape, half_diagonals) = side.lenses.only()?.middle()?;
    let half_diagonal = (side.source.height as f64 / side.source.width as f64).hypot(1.0);
    half_diagonal
        .is_finite()
        .then_some((shape, half_diagonals * half_diagonal))
}
