//! `m[row][column][channel] = Σ r f/|f|`, 10×20×64 bytes, `byte = m · STEPS`: a learned place descriptor from
//! the dense map of XFeat (Potje et al., "XFeat: Accelerated Features for Lightweight Image Matching", CVPR
//! 2024), whose descriptors `f` of 8×8 pixels are weighted by their reliability `r` and pooled two by two.
//!
//! Trained to find the same point in other light and from another side, it tells places apart where
//! histograms of gradients fail: other seasons, a rolled or zoomed picture. It does not measure displacements
//! as finely, so it takes part in finding the place only ([`crate::similarity::LearnedSequence`]).
//!
//! The network computes in floating point; each picture is computed by one thread, so a descriptor does not
//! depend on the number of threads. Bytes are stored, so whoever reads them computes the same.

mod model;

use std::sync::Arc;

use rten::{RunOptions, ThreadPool};

pub use model::{LearnedModel, ModelProblem};
use model::{Maps, PICTURE_LEN};

use crate::tuning::LEARNED_STEPS;

/// Width of the picture that is described, pixels.
pub const PICTURE_WIDTH: usize = 320;
/// Height of the picture that is described, pixels. A grid window of 16:9 loses its upper and lower
/// twentieth.
pub const PICTURE_HEIGHT: usize = 160;
/// Pixels to a side of a cell of the network.
const CELL_PX: usize = 8;
/// Channels of a descriptor.
pub const CHANNELS: usize = 64;
/// Cells of the network joined into one, each way: two cameras never point exactly alike.
const POOL: usize = 2;
const MAP_COLS: usize = PICTURE_WIDTH / CELL_PX;
const MAP_ROWS: usize = PICTURE_HEIGHT / CELL_PX;
/// Cells across.
pub const COLS: usize = MAP_COLS / POOL;
/// Cells down.
pub const ROWS: usize = MAP_ROWS / POOL;
/// Bytes of one descriptor, laid out `[row][column][channel]`, each an `i8`.
pub const LEARNED_LEN: usize = ROWS * COLS * CHANNELS;
/// Added to the variance of a picture before it is divided by its root (as in training).
const VARIANCE_FLOOR: f64 = 1e-5;

/// Describes pictures, one after the other, in one thread.
pub struct LearnedExtractor<'a> {
    model: &'a LearnedModel,
    options: RunOptions,
}

impl<'a> LearnedExtractor<'a> {
    /// For pictures that one thread describes.
    pub fn new(model: &'a LearnedModel) -> Self {
        Self {
            model,
            options: RunOptions::default().with_thread_pool(Some(Arc::new(ThreadPool::with_num_threads(1)))),
        }
    }

    /// Describe a picture [`PICTURE_WIDTH`] pixels wide and at least [`PICTURE_HEIGHT`] high, of which the
    /// middle rows count: [`LEARNED_LEN`] bytes. Anything else gives zeros, which are like nothing.
    ///
    /// # Errors
    /// The model cannot be run.
    pub fn describe(&self, pixels: &[u8]) -> Result<Vec<u8>, ModelProblem> {
        let rows = pixels.len() / PICTURE_WIDTH;
        if !pixels.len().is_multiple_of(PICTURE_WIDTH) || rows < PICTURE_HEIGHT {
            return Ok(vec![0; LEARNED_LEN]);
        }
        let from = (rows - PICTURE_HEIGHT) / 2 * PICTURE_WIDTH;
        let maps = self
            .model
            .run(normalised(&pixels[from..from + PICTURE_LEN]), &self.options)?;
        Ok(pooled(&maps))
    }
}

/// `(I - mean) / √(variance + floor)`.
fn normalised(pixels: &[u8]) -> Vec<f32> {
    let (sum, squares) = pixels.iter().fold((0u64, 0u64), |(sum, squares), &p| {
        (sum + u64::from(p), squares + u64::from(p) * u64::from(p))
    });
    let n = pixels.len() as f64;
    let mean = sum as f64 / n;
    let gain = 1.0 / (squares as f64 / n - mean * mean + VARIANCE_FLOOR).sqrt();
    pixels
        .iter()
        .map(|&p| ((f64::from(p) - mean) * gain) as f32)
        .collect()
}

/// Descriptors of length `r`, summed over [`POOL`]×[`POOL`] cells, as bytes.
fn pooled(maps: &Maps) -> Vec<u8> {
    const CELLS: usize = MAP_ROWS * MAP_COLS;
    let mut sums = vec![0.0f32; LEARNED_LEN];
    for cell in 0..CELLS {
        let values = || maps.descriptors.iter().skip(cell).step_by(CELLS).take(CHANNELS);
        let length = values().map(|v| v * v).sum::<f32>().sqrt();
        let reliability = maps
            .reliabilities
            .get(cell)
            .copied()
            .unwrap_or(0.0)
            .clamp(0.0, 1.0);
        if !(length.is_finite() && length > 0.0) {
            continue;
        }
        let gain = reliability / length;
        let to = ((cell / MAP_COLS / POOL) * COLS + cell % MAP_COLS / POOL) * CHANNELS;
        for (sum, value) in sums[to..to + CHANNELS].iter_mut().zip(values()) {
            *sum += value * gain;
        }
    }
    let byte = |&sum: &f32| (sum * LEARNED_STEPS).round().clamp(-127.0, 127.0) as i8 as u8;
    sums.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(rows: usize, shift: f64) -> Vec<u8> {
        let grey = |i: usize| {
            let (x, y) = ((i % PICTURE_WIDTH) as f64 + shift, (i / PICTURE_WIDTH) as f64);
            128.0 + 60.0 * (x / 7.0).sin() + 50.0 * (y / 11.0).cos() + 10.0 * ((x + 2.0 * y) / 5.0).sin()
        };
        (0..rows * PICTURE_WIDTH).map(|i| grey(i) as u8).collect()
    }

    #[test]
    fn descriptors_are_alike_for_like_pictures_whatever_their_brightness() {
        let model = LearnedModel::built_in().unwrap();
        let extractor = LearnedExtractor::new(&model);
        let of = |pixels: &[u8]| -> Vec<f64> {
            let bytes = extractor.describe(pixels).unwrap();
            bytes.iter().map(|&b| f64::from(b as i8)).collect()
        };
        let cosine = |a: &[f64], b: &[f64]| {
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(p, q)| p * q).sum::<f64>();
            dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        let there = of(&picture(180, 0.0));
        let darker: Vec<u8> = picture(180, 0.0).iter().map(|&p| p / 2 + 9).collect();
        let alike = cosine(&there, &of(&darker));
        let noise: Vec<u8> = (0..180 * 320u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let other = cosine(&there, &of(&noise));
        assert!(alike > 0.95 && other < 0.8 * alike, "{alike} {other}");
    }

    #[test]
    fn the_middle_rows_count_and_other_sizes_are_like_nothing() {
        let model = LearnedModel::built_in().unwrap();
        let extractor = LearnedExtractor::new(&model);
        let high = picture(180, 0.0);
        let middle = &high[10 * PICTURE_WIDTH..170 * PICTURE_WIDTH];
        assert_eq!(
            extractor.describe(&high).unwrap(),
            extractor.describe(middle).unwrap()
        );
        assert_eq!(extractor.describe(&high[..900]).unwrap(), vec![0; LEARNED_LEN]);
        assert_eq!(extractor.describe(&[]).unwrap(), vec![0; LEARNED_LEN]);
    }
}
