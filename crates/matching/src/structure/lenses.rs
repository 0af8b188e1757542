//! Which lenses two cameras had: those with which the most blocks of a few pairs agree.

use mtbsync_vision::structure::{BlockMatches, Lens, Projection, Structure};

use crate::tuning::{
    LEAST_ZOOM_CHANGE, LEAST_ZOOM_SIGMAS, LENS_STEPS_DEG, LENSES, MIN_ZOOM_FRAMES, USUAL_LENS,
};

/// Of both cameras.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lenses {
    pub(super) reference: Lens,
    pub(super) new: Lens,
}

/// How much larger a camera shows things than its lens says, as a logarithm.
#[derive(Clone, Copy, Debug)]
pub struct LogZoom {
    /// Median of the frames that tell.
    pub median: f64,
    /// Its one-sigma error by their quartiles.
    pub sigma: f64,
}

impl LogZoom {
    /// Beyond doubt a change of the field of view, where this is one from half a recording to the other.
    pub fn is_change(&self) -> bool {
        self.median.abs() > LEAST_ZOOM_CHANGE && self.median.abs() > LEAST_ZOOM_SIGMAS * self.sigma
    }

    /// `None` when too few frames tell.
    pub(super) fn of(mut zooms: Vec<f64>) -> Option<Self> {
        zooms.sort_by(f64::total_cmp);
        let quantile = |share: f64| zooms.get((share * zooms.len() as f64) as usize).copied();
        let spread = NORMAL_SIGMAS_BETWEEN_QUARTILES.recip() * (quantile(0.75)? - quantile(0.25)?);
        (zooms.len() >= MIN_ZOOM_FRAMES).then_some(Self {
            median: quantile(0.5)?,
            sigma: MEDIAN_SIGMAS * spread / (zooms.len() as f64).sqrt(),
        })
    }
}

/// Of frames in order of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zooms {
    /// Of all.
    pub(super) all: Option<LogZoom>,
    /// From the first to the second half of them.
    pub(super) change: Option<LogZoom>,
}

impl Zooms {
    pub(super) fn of(frames: &[Vec<f64>]) -> Self {
        let (first, second) = frames.split_at(frames.len() / 2);
        let change = LogZoom::of(first.concat())
            .zip(LogZoom::of(second.concat()))
            .map(|(first, second)| LogZoom {
                median: second.median - first.median,
                sigma: first.sigma.hypot(second.sigma),
            });
        Self {
            all: LogZoom::of(frames.concat()),
            change,
        }
    }
}

/// Standard deviations between the quartiles of a normal distribution.
const NORMAL_SIGMAS_BETWEEN_QUARTILES: f64 = 1.349;
/// Standard error of a median of normal values, in that of their mean: √(π/2).
const MEDIAN_SIGMAS: f64 = 1.2533;

/// Motion around one pair: from both reference frames beside it to their partners, and from each to the new
/// frame.
pub(super) struct Motion {
    pub(super) between: [BlockMatches; 2],
    pub(super) to_new: [BlockMatches; 2],
}

impl Motion {
    /// How many blocks agree with these lenses, weighted by how well.
    pub(super) fn support(&self, lenses: Lenses) -> f64 {
        let side = |k: usize| {
            let structure = Structure::new(&self.between[k], &lenses.reference, k == 0)?;
            let located = structure.locate(&self.to_new[k], &lenses.new)?;
            Some(located.inliers as f64 * (1.0 - located.residual.min(1.0).powi(2)))
        };
        (0..2).filter_map(side).sum()
    }

    /// How much larger the new camera shows things than its lens says, as logarithms.
    pub(super) fn log_zooms(&self, lenses: Lenses) -> Vec<f64> {
        let side = |k: usize| {
            let structure = Structure::new(&self.between[k], &lenses.reference, k == 0)?;
            structure.log_zoom(&self.to_new[k], &lenses.new)
        };
        (0..2).filter_map(side).collect()
    }
}

/// A projection, and degrees seen across the picture.
pub type LensKind = (Projection, f64);

/// The lens with the most support, and its support.
pub(super) fn best_lens(support: impl Fn(LensKind) -> f64) -> (LensKind, f64) {
    let mut best = (USUAL_LENS, support(USUAL_LENS));
    let consider = |lens: LensKind, best: &mut (LensKind, f64)| {
        let value = support(lens);
        if value > best.1 {
            *best = (lens, value);
        }
    };
    for lens in LENSES.into_iter().filter(|&lens| lens != USUAL_LENS) {
        consider(lens, &mut best);
    }
    for step in LENS_STEPS_DEG {
        let (projection, middle) = best.0;
        for hfov_deg in [middle - step, middle + step] {
            consider((projection, hfov_deg), &mut best);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two zooms of each of 16 frames, as far apart as measured ones, and what the second half adds.
    fn frames(added: f64, apart: f64) -> Vec<Vec<f64>> {
        let frame = |k: i32| {
            let zoom = f64::from(k % 4 - 2) * apart + if k < 8 { 0.0 } else { added };
            vec![zoom, zoom + 0.5 * apart]
        };
        (0..16).map(frame).collect()
    }

    #[test]
    fn a_zoom_that_changes_is_told_from_one_that_scatters() {
        let change = |added: f64, apart: f64| Zooms::of(&frames(added, apart)).change.expect("enough frames");
        let zoomed = change(1.25f64.ln(), 0.02);
        assert!(zoomed.is_change() && (zoomed.median - 1.25f64.ln()).abs() < 1e-9);
        assert!(change(-0.1, 0.01).is_change());
        assert!(!change(0.04, 0.002).is_change(), "small");
        assert!(!change(0.14, 0.15).is_change(), "unsure");
        assert!(
            Zooms::of(&frames(0.2, 0.0)[..6]).change.is_none(),
            "too few frames"
        );
    }
}
