//! `h[row][column][bin]`, 36×64×8 of 4 bits: a histogram of oriented gradients (Dalal and Triggs, CVPR 2005;
//! see `orientation_grid`) fine enough to match blocks of it, pooled bilinearly.
//!
//! Matched is `16 h - E h`, with the mean `E` over the recording, on two levels: fine, and coarse with two by
//! two cells summed. Histograms survive other light; corners do not: between rendered rides in other light 9
//! of 141 frames gave enough ORB matches for the same geometry.

use super::padded_grid::PaddedGrid;
use crate::image::LumaView;
use crate::mask::MASK_LEN;
use crate::orientation_grid::{BINS, CLIP, OrientationGrid, Pooling};
use crate::overlap::{SummedArea, energies};
use crate::thumbnail::Thumbnail;
use crate::tuning::{CLIMB_RANGE, COARSE_BLOCK};

/// Cells across; two by two lie in a cell of the dense descriptor.
pub(crate) const COLS: usize = 64;
/// Cells down.
pub(crate) const ROWS: usize = 36;
/// Cells of the coarse level each way.
pub(super) const COARSE_COLS: usize = COLS / 2;
pub(super) const COARSE_ROWS: usize = ROWS / 2;
/// Bytes of one frame: two bins each, `[row][column][bin]`, the even bin in the low half.
pub const HOG_GRID_LEN: usize = ROWS * COLS * BINS / 2;
/// Cells of a fine block each way: the same part of the picture as a coarse one.
pub(super) const BLOCK: usize = 2 * COARSE_BLOCK;
/// Cells of zeros around the coarse level: the largest displacement and half a window.
const COARSE_MARGIN: usize = 20;
/// And around the fine level: a block that is looked for there had a part on the coarse one.
const FINE_MARGIN: usize = BLOCK + CLIMB_RANGE as usize;
/// Steps of a bin. Measured: no finer steps are needed, to a tenth of a millisecond.
const LEVELS: f32 = 15.0;
/// Whole-number steps per level, so that the mean can be taken out without rounding it away.
const PER_LEVEL: i32 = 16;

/// Computes HOG grids; keeps its work space between frames.
#[derive(Debug)]
pub struct HogExtractor {
    grid: OrientationGrid,
}

impl Default for HogExtractor {
    fn default() -> Self {
        Self {
            grid: OrientationGrid::new(COLS, ROWS, Pooling::Bilinear),
        }
    }
}

impl HogExtractor {
    /// Describe a picture: [`HOG_GRID_LEN`] bytes. An empty picture gives zeros.
    pub fn describe(&mut self, picture: &LumaView<'_>) -> Vec<u8> {
        self.describe_keeping(picture).0
    }

    /// The same, with the reduced picture that was described; `None` of an empty one.
    pub fn describe_keeping(&mut self, picture: &LumaView<'_>) -> (Vec<u8>, Option<Thumbnail>) {
        let mut packed = vec![0u8; HOG_GRID_LEN];
        let mut pixels = Vec::new();
        self.grid.describe_keeping(
            picture,
            |reduced| pixels.extend(reduced.iter().map(|v| (v + 0.5) as u8)),
            |bin, value| {
                let level = (value * (LEVELS / CLIP)).round() as u8;
                packed[bin / 2] |= level << (4 * (bin % 2));
            },
        );
        (packed, Thumbnail::new(pixels))
    }
}

/// Sum of the HOG grids of a recording, on the way to their mean.
#[derive(Clone, Debug)]
pub struct HogSum {
    sums: Vec<u64>,
    count: u64,
}

impl Default for HogSum {
    fn default() -> Self {
        Self {
            sums: vec![0; 2 * HOG_GRID_LEN],
            count: 0,
        }
    }
}

impl HogSum {
    /// Take in frames of [`HOG_GRID_LEN`] bytes each.
    pub fn add(&mut self, packed: &[u8]) {
        for frame in packed.chunks_exact(HOG_GRID_LEN) {
            for (pair, &byte) in self.sums.as_chunks_mut::<2>().0.iter_mut().zip(frame) {
                pair[0] += u64::from(byte & 15);
                pair[1] += u64::from(byte >> 4);
            }
            self.count += 1;
        }
    }

    /// The mean of what was taken in.
    pub fn mean(&self) -> HogMean {
        let count = self.count.max(1);
        let mean = |&sum: &u64| ((sum * PER_LEVEL as u64 + count / 2) / count) as i16;
        HogMean(self.sums.iter().map(mean).collect())
    }
}

/// Mean of the HOG grids of a recording, in sixteenths of a level.
#[derive(Clone, Debug)]
pub struct HogMean(Vec<i16>);

/// One frame ready to be compared: centred, masked, on two levels.
#[derive(Clone, Debug)]
pub struct HogGrid {
    pub(super) fine: PaddedGrid,
    pub(super) coarse: PaddedGrid,
    pub(super) coarse_energy: SummedArea,
    /// The coarse level as `[row][bin][column]`, padded alike: a shift then moves whole lines.
    pub(super) planes: Vec<f32>,
}

impl HogGrid {
    /// Unpack a frame of [`HOG_GRID_LEN`] bytes, with its recording's mean taken out and never-moving cells
    /// (0 in `mask`, see [`crate::mask::MaskSums`]) silenced. `None` when a length is wrong.
    pub fn new(packed: &[u8], mean: &HogMean, mask: &[u8]) -> Option<Self> {
        if packed.len() != HOG_GRID_LEN || mask.len() != MASK_LEN {
            return None;
        }
        let mut fine = vec![0i16; 2 * HOG_GRID_LEN];
        let means = mean.0.as_chunks::<2>().0;
        for ((pair, &byte), mean) in fine.as_chunks_mut::<2>().0.iter_mut().zip(packed).zip(means) {
            *pair = [
                i16::from(byte & 15) * PER_LEVEL as i16 - mean[0],
                i16::from(byte >> 4) * PER_LEVEL as i16 - mean[1],
            ];
        }
        for cell in (0..MASK_LEN).filter(|&cell| mask[cell] == 0) {
            for at in fine_cells(cell) {
                fine[at..at + BINS].fill(0);
            }
        }
        Some(Self::of(&fine))
    }

    /// From fine cells, `[row][column][bin]`.
    pub(super) fn of(fine: &[i16]) -> Self {
        let mut coarse = vec![0i16; COARSE_COLS * COARSE_ROWS * BINS];
        for (cell, sum) in coarse.as_chunks_mut::<BINS>().0.iter_mut().enumerate() {
            for at in fine_cells(cell) {
                // Four levels of 240 at most: far inside an i16.
                sum.iter_mut()
                    .zip(&fine[at..at + BINS])
                    .for_each(|(s, &v)| *s += v);
            }
        }
        let coarse_energy = SummedArea::new(COARSE_COLS, energies(&coarse, BINS));
        let coarse = PaddedGrid::new(&coarse, COARSE_COLS, COARSE_MARGIN, COARSE_BLOCK);
        Self {
            fine: PaddedGrid::new(fine, COLS, FINE_MARGIN, BLOCK),
            coarse_energy,
            planes: coarse.planes(),
            coarse,
        }
    }
}

/// Where the four fine cells of a coarse one begin.
fn fine_cells(cell: usize) -> [usize; 4] {
    let (col, row) = (2 * (cell % COARSE_COLS), 2 * (cell / COARSE_COLS));
    [(row, col), (row, col + 1), (row + 1, col), (row + 1, col + 1)].map(|(r, c)| (r * COLS + c) * BINS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::tests::textured;

    fn grid(packed: &[u8], sum: &HogSum) -> HogGrid {
        HogGrid::new(packed, &sum.mean(), &[1; MASK_LEN]).unwrap()
    }

    #[test]
    fn the_mean_is_taken_out() {
        let picture = textured(640, 360, 0.0, 0.0);
        let view = LumaView::new(640, 360, &picture).unwrap();
        let packed = HogExtractor::default().describe(&view);
        let mut sum = HogSum::default();
        sum.add(&packed);
        sum.add(&packed);
        assert!(grid(&packed, &sum).fine.values.iter().all(|&v| v == 0));
        let other = textured(640, 360, 40.0, 10.0);
        sum.add(&HogExtractor::default().describe(&LumaView::new(640, 360, &other).unwrap()));
        assert!(grid(&packed, &sum).fine.values.iter().any(|&v| v != 0));
    }

    #[test]
    fn masked_cells_are_silent_on_both_levels() {
        let picture = textured(640, 360, 0.0, 0.0);
        let packed = HogExtractor::default().describe(&LumaView::new(640, 360, &picture).unwrap());
        let mut mask = [1; MASK_LEN];
        mask[5 * COARSE_COLS + 7] = 0;
        let none = HogSum::default().mean();
        let grid = HogGrid::new(&packed, &none, &mask).unwrap();
        assert_eq!(grid.coarse_energy.of(&(7..8), &(5..6)), 0);
        let fine = grid.fine.at(15, 11) * BINS;
        assert!(grid.fine.values[fine..fine + BINS].iter().all(|&v| v == 0));
        assert!(grid.coarse_energy.of(&(8..9), &(5..6)) > 0);
    }

    #[test]
    fn wrong_lengths_and_empty_pictures_are_no_panic() {
        let mean = HogSum::default().mean();
        assert!(HogGrid::new(&[0; 7], &mean, &[1; MASK_LEN]).is_none());
        assert!(HogGrid::new(&[0; HOG_GRID_LEN], &mean, &[1; 3]).is_none());
        let empty = LumaView::new(0, 0, &[]).unwrap();
        assert_eq!(HogExtractor::default().describe(&empty), vec![0; HOG_GRID_LEN]);
    }
}
