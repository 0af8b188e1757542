//! HOG grids of a recording's frames, prepared where they are needed.

use std::collections::VecDeque;
use std::rc::Rc;

use mtbsync_index::features::{Features, FrameNumber};
use mtbsync_vision::grid_window::GridWindow;
use mtbsync_vision::scenery::Scenery;
use mtbsync_vision::structure::{HogGrid, HogMean, HogPyramid, HogSum, Lens, Projection};

/// HOG grids of one recording: of the analysed frames, and of those between that have one.
pub(super) struct Grids<'a> {
    pub(super) features: &'a Features,
    scenery: &'a Scenery,
    /// Times of the frames, seconds, increasing.
    pub(super) t_secs: Vec<f64>,
    pub(super) order: Vec<FrameNumber>,
    mean: HogMean,
    /// Width of a cell by its height.
    cell_aspect: f64,
}

impl<'a> Grids<'a> {
    /// `scenery` is that of the frames with a grid.
    pub(super) fn new(features: &'a Features, scenery: &'a Scenery) -> Self {
        let (width, height) = GridWindow::of(features.picture.0, features.picture.1).cell_px();
        let (t_secs, order) = features.with_hog_grid();
        Self {
            features,
            scenery,
            t_secs,
            order,
            mean: mean_of(features),
            cell_aspect: if height > 0.0 { width / height } else { 1.0 },
        }
    }

    pub(super) fn at(&self, i: usize) -> Option<HogPyramid> {
        let packed = self.features.hog_grid(*self.order.get(i)?)?;
        HogGrid::new(&packed, &self.mean, self.scenery.at(i)).map(HogPyramid::new)
    }

    pub(super) fn lens(&self, (projection, hfov_deg): (Projection, f64)) -> Lens {
        Lens::new(projection, hfov_deg, self.cell_aspect)
    }
}

/// Grids of the reference that one thread prepared last: neighbouring pairs look at the same frames.
#[derive(Default)]
pub(super) struct Recent(VecDeque<(usize, Option<Rc<HogPyramid>>)>);

impl Recent {
    /// A pair looks at the two frames around it and at one farther off on each side.
    const KEPT: usize = 6;

    pub(super) fn get(&mut self, grids: &Grids<'_>, i: usize) -> Option<Rc<HogPyramid>> {
        if let Some((_, grid)) = self.0.iter().find(|(number, _)| *number == i) {
            return grid.clone();
        }
        if self.0.len() >= Self::KEPT {
            self.0.pop_front();
        }
        let grid = grids.at(i).map(Rc::new);
        self.0.push_back((i, grid.clone()));
        grid
    }
}

/// Read in blocks: an index may stay on disk.
fn mean_of(features: &Features) -> HogMean {
    const BLOCK: usize = 64;
    let mut sum = HogSum::default();
    let mut packed = Vec::new();
    let frames = features.detail.rows();
    for from in (0..frames).step_by(BLOCK) {
        packed.clear();
        features
            .detail
            .read(from..(from + BLOCK).min(frames), &mut packed);
        sum.add(&packed);
    }
    sum.mean()
}
