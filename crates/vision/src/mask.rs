//! `|E d|² / E|d|² > s`: cells of the dense descriptor that never change, from `frames × DESCRIPTOR_LEN`
//! bytes to one byte a cell.
//!
//! Handlebar, visor, chin bar, watermark and lens dirt show the same gradients in every frame and say nothing
//! about the place. The measure is the share of a cell's energy that sits in its mean over the recording: 1
//! for a cell that never changes, about 0.6 to 0.75 for scenery (histograms are positive, so even unrelated
//! ones share a mean).

use crate::dense::{BINS, COLS, DESCRIPTOR_LEN, ROWS};
use crate::grid_window::GridWindow;
use crate::tuning::{STATIC_FLAT_ENERGY, STATIC_MAX_SHARE, STATIC_MIN_FRAMES, STATIC_SHARE};

/// Cells in a mask, laid out `[row][column]`.
pub const MASK_LEN: usize = ROWS * COLS;

/// What a recording's descriptors sum up to, frame by frame, on the way to its mask.
#[derive(Clone, Debug)]
pub struct MaskSums {
    sums: Vec<u64>,
    squares: Vec<u64>,
    frames: usize,
}

impl Default for MaskSums {
    fn default() -> Self {
        Self {
            sums: vec![0; DESCRIPTOR_LEN],
            squares: vec![0; DESCRIPTOR_LEN],
            frames: 0,
        }
    }
}

impl MaskSums {
    /// Takes in frames of [`DESCRIPTOR_LEN`] bytes each.
    pub fn add(&mut self, descriptors: &[u8]) {
        for frame in descriptors.chunks_exact(DESCRIPTOR_LEN) {
            for ((sum, square), &byte) in self.sums.iter_mut().zip(&mut self.squares).zip(frame) {
                *sum += u64::from(byte);
                *square += u64::from(byte) * u64::from(byte);
            }
            self.frames += 1;
        }
    }

    /// The never-moving cells of what was taken in: [`MASK_LEN`] bytes, 1 scenery, 0 never-moving.
    pub fn mask(&self) -> Vec<u8> {
        let everything = vec![1; MASK_LEN];
        if self.frames < STATIC_MIN_FRAMES {
            return everything;
        }
        let n = self.frames as f64;
        let cells = self.sums.chunks_exact(BINS).zip(self.squares.chunks_exact(BINS));
        let mask: Vec<u8> = cells
            .map(|(sums, squares)| {
                let constant: f64 = sums.iter().map(|&s| (s as f64 / n).powi(2)).sum();
                let total: f64 = squares.iter().map(|&s| s as f64 / n).sum();
                let flat = total < STATIC_FLAT_ENERGY * 255.0 * 255.0 * BINS as f64;
                u8::from(flat || constant < STATIC_SHARE * total)
            })
            .collect();
        let hidden = mask.iter().filter(|&&m| m == 0).count();
        if hidden as f64 > STATIC_MAX_SHARE * MASK_LEN as f64 {
            everything
        } else {
            mask
        }
    }
}

/// Whether the point `(x, y)` of a picture of `width`×`height` pixels lies on scenery. Outside the grid's
/// window the nearest cell decides.
pub fn is_scenery(mask: &[u8], x: f32, y: f32, width: usize, height: usize) -> bool {
    if width == 0 || height == 0 {
        return true;
    }
    let place = GridWindow::of(width, height).cell_of(f64::from(x), f64::from(y));
    mask.get(cell_at(place)).is_none_or(|&m| m != 0)
}

/// Number of the cell at a column and row of the grid; outside it the nearest.
pub fn cell_at((col, row): (f64, f64)) -> usize {
    let (col, row) = (
        (col.max(0.0) as usize).min(COLS - 1),
        (row.max(0.0) as usize).min(ROWS - 1),
    );
    row * COLS + col
}

#[cfg(test)]
mod tests {
    use super::*;

    fn static_mask(descriptors: &[u8]) -> Vec<u8> {
        let mut sums = MaskSums::default();
        sums.add(descriptors);
        sums.mask()
    }

    fn recording(frames: usize, moving: impl Fn(usize) -> bool) -> Vec<u8> {
        (0..frames)
            .flat_map(|f| (0..DESCRIPTOR_LEN).map(move |i| (f, i)))
            .map(|(f, i)| {
                if moving(i / BINS) && (f * 7 + i * 13) % 5 < 3 {
                    0
                } else {
                    120
                }
            })
            .collect()
    }

    #[test]
    fn constant_cells_are_masked_and_moving_ones_kept() {
        let left_half = |cell: usize| cell % COLS < COLS / 2;
        let mask = static_mask(&recording(40, left_half));
        for (cell, &m) in mask.iter().enumerate() {
            assert_eq!(m, u8::from(left_half(cell)), "cell {cell}");
        }
    }

    #[test]
    fn a_camera_standing_still_masks_nothing() {
        assert!(static_mask(&recording(40, |_| false)).iter().all(|&m| m == 1));
    }

    #[test]
    fn few_frames_mask_nothing() {
        assert!(static_mask(&recording(5, |_| false)).iter().all(|&m| m == 1));
        assert_eq!(static_mask(&[]).len(), MASK_LEN);
    }

    #[test]
    fn points_find_their_cell() {
        let mut mask = vec![1; MASK_LEN];
        mask[17 * COLS + 31] = 0;
        assert!(!is_scenery(&mask, 959.9, 539.9, 960, 540));
        assert!(!is_scenery(&mask, 5000.0, 5000.0, 960, 540));
        assert!(is_scenery(&mask, 0.0, 539.0, 960, 540));
    }
}
