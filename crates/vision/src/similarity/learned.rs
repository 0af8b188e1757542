//! `max_δ cos(m, m'_δ)` over 7×3 shifts `δ` of the learned map ([`crate::learned`]), every frame with every
//! frame, the mean over the recording taken out of both and what never moves left out.

use std::ops::Range;

use rayon::prelude::*;

use super::shifted_grid::{GridShape, Layer, best_of_all};
use crate::dense::{COLS as MASK_COLS, ROWS as MASK_ROWS};
use crate::learned::{CHANNELS, COLS, LEARNED_LEN, PICTURE_HEIGHT, PICTURE_WIDTH, ROWS};
use crate::tuning::{LEARNED_MAX_DX, LEARNED_MAX_DY};

const GRID: GridShape = GridShape {
    rows: ROWS,
    cols: COLS,
    bins: CHANNELS,
    max_dx: LEARNED_MAX_DX,
    max_dy: LEARNED_MAX_DY,
};
/// Whole-number steps per step of a byte, so that the mean is not rounded away.
const PER_STEP: i32 = 2;
/// Bound of the whole numbers: a dot product then stays below `12800 · 400² = 2.05e9`, inside an `i32`.
const MAX_VALUE: i32 = 400;
/// Shifts tried at once: a line of them.
const SHIFTS: usize = 2 * LEARNED_MAX_DX + 1;
/// Reference frames compared with a new frame at once.
const TOGETHER: usize = 3;
/// Frames that are read at once where all of them are looked at.
const READ_FRAMES: usize = 64;

/// The learned descriptors of a recording, wherever they are kept.
pub trait LearnedMaps: Sync {
    /// Number of frames.
    fn frames(&self) -> usize;

    /// Append the descriptors of `frames`, [`LEARNED_LEN`] bytes each, to `out`. Frames exist.
    fn read(&self, frames: Range<usize>, out: &mut Vec<u8>);
}

/// What is removed from the learned descriptors of a recording, and where they come from.
pub struct LearnedCentring<'a> {
    maps: &'a dyn LearnedMaps,
    /// Mean over the recording, in steps of [`PER_STEP`] a byte.
    mean: Vec<i32>,
    /// Per cell of the learned grid: whether it is scenery.
    seen: Vec<bool>,
}

impl<'a> LearnedCentring<'a> {
    /// Remove the mean over the recording, and the cells that `mask` of the dense grid calls never moving.
    pub fn new(maps: &'a dyn LearnedMaps, mask: &[u8]) -> Self {
        let frames = maps.frames();
        let add = |mut sums: Vec<i64>, more: Vec<i64>| {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            sums
        };
        let sums = (0..frames.div_ceil(READ_FRAMES))
            .into_par_iter()
            .map(|block| {
                let from = block * READ_FRAMES;
                let mut bytes = Vec::new();
                maps.read(from..(from + READ_FRAMES).min(frames), &mut bytes);
                let mut sums = vec![0i64; LEARNED_LEN];
                for frame in bytes.chunks_exact(LEARNED_LEN) {
                    for (sum, &byte) in sums.iter_mut().zip(frame) {
                        *sum += i64::from(byte as i8);
                    }
                }
                sums
            })
            .reduce(|| vec![0; LEARNED_LEN], add);
        let count = frames.max(1) as f64;
        let mean = |&sum: &i64| (sum as f64 * f64::from(PER_STEP) / count).round() as i32;
        Self {
            maps,
            mean: sums.iter().map(mean).collect(),
            seen: (0..ROWS * COLS).map(|cell| is_scenery(mask, cell)).collect(),
        }
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.maps.frames()
    }

    /// Some frames, ready to be compared: frame 0 of the result is `frames.start`. Frames exist.
    pub fn block(&self, frames: Range<usize>) -> LearnedSequence {
        let mut bytes = Vec::new();
        self.maps.read(frames, &mut bytes);
        let mut out = LearnedSequence::default();
        out.push_all(self, &bytes);
        out
    }

    /// These frames, ready to be compared, in this order. Frames exist.
    pub fn at(&self, frames: &[usize]) -> LearnedSequence {
        let mut out = LearnedSequence::default();
        for &i in frames {
            let mut bytes = Vec::new();
            self.maps.read(i..i + 1, &mut bytes);
            out.push_all(self, &bytes);
        }
        out
    }
}

/// Whether the middle of a cell of the learned grid lies on scenery.
fn is_scenery(mask: &[u8], cell: usize) -> bool {
    // The learned picture is the middle of a grid window of 16:9.
    let window_height = PICTURE_WIDTH as f64 * 9.0 / 16.0;
    let above = (window_height - PICTURE_HEIGHT as f64) / 2.0;
    let x = (cell % COLS) as f64 + 0.5;
    let y = ((cell / COLS) as f64 + 0.5) * PICTURE_HEIGHT as f64 / ROWS as f64 + above;
    let col = (x / COLS as f64 * MASK_COLS as f64) as usize;
    let row = (y / window_height * MASK_ROWS as f64) as usize;
    mask.get(row * MASK_COLS + col).is_none_or(|&m| m != 0)
}

/// Learned descriptors of some frames, ready to be compared with all of another recording.
#[derive(Clone, Debug, Default)]
pub struct LearnedSequence {
    layer: Layer,
    frames: usize,
}

impl LearnedSequence {
    fn push_all(&mut self, centring: &LearnedCentring<'_>, bytes: &[u8]) {
        let mut cells = vec![0i16; LEARNED_LEN];
        for frame in bytes.chunks_exact(LEARNED_LEN) {
            for (at, (value, &byte)) in cells.iter_mut().zip(frame).enumerate() {
                let centred = PER_STEP * i32::from(byte as i8) - centring.mean[at];
                let kept = if centring.seen[at / CHANNELS] { centred } else { 0 };
                *value = kept.clamp(-MAX_VALUE, MAX_VALUE) as i16;
            }
            self.layer.push(GRID, &cells);
            self.frames += 1;
        }
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Cosine of frame `i` with each of the frames `js` of the reference at the best shift, appended to
    /// `out`; 0..1.
    ///
    /// # Panics
    /// When a frame does not exist.
    pub fn similarities(&self, i: usize, reference: &Self, js: Range<usize>, out: &mut Vec<f32>) {
        let mut j = js.start;
        while j + TOGETHER <= js.end {
            out.extend(self.together::<TOGETHER>(i, reference, j));
            j += TOGETHER;
        }
        for j in j..js.end {
            out.extend(self.together::<1>(i, reference, j));
        }
    }

    fn together<const R: usize>(&self, i: usize, reference: &Self, j: usize) -> [f32; R] {
        let references = std::array::from_fn(|r| reference.layer.frame(GRID, j + r));
        best_of_all::<R, SHIFTS>(GRID, self.layer.frame(GRID, i), references).map(|(cosine, _)| cosine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Maps(Vec<u8>);

    impl LearnedMaps for Maps {
        fn frames(&self) -> usize {
            self.0.len() / LEARNED_LEN
        }

        fn read(&self, frames: Range<usize>, out: &mut Vec<u8>) {
            out.extend_from_slice(&self.0[frames.start * LEARNED_LEN..frames.end * LEARNED_LEN]);
        }
    }

    /// Maps of places, displaced by `dx` cells.
    fn maps(count: usize, dx: isize) -> Maps {
        let mut out = Vec::new();
        for frame in 0..count as u32 {
            for cell in 0..ROWS * COLS {
                let (row, col) = ((cell / COLS) as u32, (cell % COLS) as isize - dx);
                for channel in 0..CHANNELS as u32 {
                    let key = [frame, row, col as u32, channel].iter().fold(7u32, |h, v| {
                        (h ^ v).wrapping_mul(0x85eb_ca6b).rotate_left(13) ^ (h >> 7)
                    });
                    out.push((key.wrapping_mul(0xc2b2_ae35) >> 26) as u8);
                }
            }
        }
        Maps(out)
    }

    fn similarities(a: &Maps, b: &Maps, masks: [&[u8]; 2]) -> Vec<f32> {
        let [a, b] = [
            LearnedCentring::new(a, masks[0]),
            LearnedCentring::new(b, masks[1]),
        ];
        let theirs = b.block(0..b.frames());
        let mut out = Vec::new();
        for i in 0..a.frames() {
            a.at(&[i]).similarities(0, &theirs, 0..theirs.frames(), &mut out);
        }
        out
    }

    #[test]
    fn a_turned_camera_is_recognised_and_other_places_are_not() {
        for dx in [-3, 0, 2] {
            let found = similarities(&maps(5, 0), &maps(5, dx), [&[]; 2]);
            for (at, similarity) in found.iter().enumerate() {
                let same = at / 5 == at % 5;
                assert!(
                    if same {
                        *similarity > 0.9
                    } else {
                        *similarity < 0.5
                    },
                    "{dx} {at} {similarity}"
                );
            }
        }
    }

    #[test]
    fn masked_cells_have_no_say() {
        let mut mask = vec![1; MASK_ROWS * MASK_COLS];
        mask[9 * MASK_COLS..].fill(0);
        let mut changed = maps(4, 0);
        for frame in changed.0.chunks_exact_mut(LEARNED_LEN) {
            // From the row whose middle lies below the middle of the picture.
            frame[ROWS / 2 * COLS * CHANNELS..].fill(33);
        }
        let plain = similarities(&maps(4, 0), &maps(4, 0), [&mask, &mask]);
        assert_eq!(similarities(&maps(4, 0), &changed, [&mask, &mask]), plain);
    }

    #[test]
    fn frames_without_a_picture_are_like_nothing() {
        let none = Maps(vec![0; 3 * LEARNED_LEN]);
        assert!(
            similarities(&none, &maps(3, 0), [&[]; 2])
                .iter()
                .all(|&s| s == 0.0)
        );
        assert!(similarities(&none, &Maps(Vec::new()), [&[]; 2]).is_empty());
    }
}
