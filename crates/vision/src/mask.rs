//! What never moves is not scenery: handlebar, visor, chin bar, watermark, lens dirt.
//!
//! A cell of the dense descriptor that shows the same gradients in every frame belongs to the camera's carrier,
//! not to the trail. The measure is the share of a cell's energy that sits in its mean over the recording,
//! `|E d|² / E|d|²`: 1 for a cell that never changes, about 0.6–0.75 for passing scenery (histograms are positive,
//! so even unrelated ones share a mean).

use crate::dense::{BINS, COLS, DESCRIPTOR_LEN, GridWindow, ROWS};

/// Cells in a mask, laid out `[row][column]`.
pub const MASK_LEN: usize = ROWS * COLS;

/// Share of constant energy above which a cell counts as never moving. Measured: passing scenery stays below 0.80
/// in every rendered ride, roof and door of a car cockpit lie at 0.88–0.97.
const STATIC_SHARE: f64 = 0.88;
/// Mean squared bin value below which a cell is too flat to be called anything; it stays in.
const FLAT_ENERGY: f64 = 1e-4;
/// Frames needed before anything is called static: a short standstill is no proof.
const MIN_FRAMES: usize = 24;
/// If more than this share of the picture seems static the camera stood still; then nothing is masked.
const MAX_STATIC_SHARE: f64 = 0.8;

/// Find the never-moving cells of a recording from its descriptors (`frames × DESCRIPTOR_LEN` bytes).
///
/// Returns [`MASK_LEN`] bytes: 1 scenery, 0 never-moving.
pub fn static_mask(descriptors: &[u8]) -> Vec<u8> {
    let frames = descriptors.len() / DESCRIPTOR_LEN;
    let everything = vec![1; MASK_LEN];
    if frames < MIN_FRAMES {
        return everything;
    }
    let mut sum = vec![0u64; DESCRIPTOR_LEN];
    let mut squares = vec![0u64; DESCRIPTOR_LEN];
    for frame in descriptors.chunks_exact(DESCRIPTOR_LEN) {
        for ((sum, squares), &byte) in sum.iter_mut().zip(&mut squares).zip(frame) {
            *sum += u64::from(byte);
            *squares += u64::from(byte) * u64::from(byte);
        }
    }
    let n = frames as f64;
    let mask: Vec<u8> = sum
        .chunks_exact(BINS)
        .zip(squares.chunks_exact(BINS))
        .map(|(sum, squares)| {
            let constant: f64 = sum.iter().map(|&s| (s as f64 / n).powi(2)).sum();
            let total: f64 = squares.iter().map(|&s| s as f64 / n).sum();
            let flat = total < FLAT_ENERGY * 255.0 * 255.0 * BINS as f64;
            u8::from(flat || constant < STATIC_SHARE * total)
        })
        .collect();
    let hidden = mask.iter().filter(|&&m| m == 0).count();
    if hidden as f64 > MAX_STATIC_SHARE * MASK_LEN as f64 {
        everything
    } else {
        mask
    }
}

/// Whether the point `(x, y)` of a picture of `width`×`height` pixels lies on scenery. Outside the grid's window the
/// nearest cell decides.
pub fn is_scenery(mask: &[u8], x: f32, y: f32, width: usize, height: usize) -> bool {
    if width == 0 || height == 0 {
        return true;
    }
    let (col, row) = GridWindow::of(width, height).cell_of(f64::from(x), f64::from(y));
    let (col, row) = (
        (col.max(0.0) as usize).min(COLS - 1),
        (row.max(0.0) as usize).min(ROWS - 1),
    );
    mask.get(row * COLS + col).is_none_or(|&m| m != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
