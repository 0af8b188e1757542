//! Descriptors with what says nothing about the place removed.

use crate::dense::{BINS, COLS, DESCRIPTOR_LEN, ROWS};

/// Whole-number steps per unit of an evened-out value, whose typical cell has energy 1.
const STEPS: f32 = 512.0;
/// Bound of the whole numbers. A row's dot product then stays below `256 · MAX_VALUE²` = 1.02e9, inside an `i32`.
const MAX_VALUE: f32 = 2000.0;
pub(super) const ROW_LEN: usize = COLS * BINS;
/// Window of [`CentredSequence::passing`], seconds. Measured on a drive with a cockpit in view and on rendered rides:
/// 1.2 to 2 s serve alike; longer ones let the driver's arms back in, shorter ones take away the scenery.
pub const LOCAL_WINDOW_SECS: f64 = 1.5;

/// Descriptors of a recording with its mean removed and never-moving cells silenced.
#[derive(Clone, Debug)]
pub struct CentredSequence {
    values: Vec<i16>,
    /// Per frame and row, `COLS + 1` running sums of squared values: the energy of columns `a..b` is a difference.
    energy: Vec<f32>,
    frames: usize,
}

impl CentredSequence {
    /// Remove the mean over the whole recording from `descriptors` (`frames × DESCRIPTOR_LEN` bytes of
    /// [`crate::dense`]): what is always there. Cells with `mask` 0 become 0.
    pub fn new(descriptors: &[u8], mask: &[u8]) -> Self {
        let frames = descriptors.len() / DESCRIPTOR_LEN;
        let mut sums = RunningSum::new();
        descriptors
            .chunks_exact(DESCRIPTOR_LEN)
            .for_each(|frame| sums.add(frame));
        let mean = sums.mean();
        let mut values = vec![0i16; frames * DESCRIPTOR_LEN];
        for (out, frame) in values
            .chunks_exact_mut(DESCRIPTOR_LEN)
            .zip(descriptors.chunks_exact(DESCRIPTOR_LEN))
        {
            centre(frame, &mean, mask, out);
        }
        Self::from_values(values, frames)
    }

    /// Remove the mean over [`LOCAL_WINDOW_SECS`] around each frame instead: what stays for a moment, too, such as the
    /// rider's arms, the light under trees, a bend's horizon. What is left is what passes by. `t_secs` are the frame
    /// times, increasing. While the camera stands still next to nothing is left.
    pub fn passing(descriptors: &[u8], t_secs: &[f64], mask: &[u8]) -> Self {
        let frames = (descriptors.len() / DESCRIPTOR_LEN).min(t_secs.len());
        let frame = |i: usize| &descriptors[i * DESCRIPTOR_LEN..(i + 1) * DESCRIPTOR_LEN];
        let mut values = vec![0i16; frames * DESCRIPTOR_LEN];
        let mut sums = RunningSum::new();
        let (mut from, mut to) = (0, 0);
        for (i, out) in values.chunks_exact_mut(DESCRIPTOR_LEN).enumerate() {
            while to < frames && t_secs[to] <= t_secs[i] + 0.5 * LOCAL_WINDOW_SECS {
                sums.add(frame(to));
                to += 1;
            }
            while t_secs[from] < t_secs[i] - 0.5 * LOCAL_WINDOW_SECS {
                sums.remove(frame(from));
                from += 1;
            }
            centre(frame(i), &sums.mean(), mask, out);
        }
        Self::from_values(values, frames)
    }

    fn from_values(values: Vec<i16>, frames: usize) -> Self {
        let energy = values.chunks_exact(ROW_LEN).flat_map(running_energy).collect();
        Self {
            values,
            energy,
            frames,
        }
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.frames
    }

    /// Whether there is no frame.
    pub fn is_empty(&self) -> bool {
        self.frames == 0
    }

    pub(super) fn frame(&self, i: usize) -> &[i16] {
        &self.values[i * DESCRIPTOR_LEN..(i + 1) * DESCRIPTOR_LEN]
    }

    /// Energy of columns `from..to` of a row.
    pub(super) fn energy(&self, frame: usize, row: usize, from: usize, to: usize) -> f32 {
        let at = (frame * ROWS + row) * (COLS + 1);
        self.energy[at + to] - self.energy[at + from]
    }
}

/// Sum of a window of frames; integers, so that adding and removing leaves no trace.
struct RunningSum {
    sums: Vec<u32>,
    frames: u32,
}

impl RunningSum {
    fn new() -> Self {
        Self {
            sums: vec![0; DESCRIPTOR_LEN],
            frames: 0,
        }
    }

    fn add(&mut self, frame: &[u8]) {
        self.sums
            .iter_mut()
            .zip(frame)
            .for_each(|(sum, &byte)| *sum += u32::from(byte));
        self.frames += 1;
    }

    fn remove(&mut self, frame: &[u8]) {
        self.sums
            .iter_mut()
            .zip(frame)
            .for_each(|(sum, &byte)| *sum -= u32::from(byte));
        self.frames -= 1;
    }

    fn mean(&self) -> Vec<f32> {
        let share = 1.0 / f64::from(self.frames.max(1));
        self.sums.iter().map(|&s| (f64::from(s) * share) as f32).collect()
    }
}

/// Cells each side whose energy a cell is compared with.
const EVEN_REACH: usize = 2;
/// Share of the whole frame's energy that every neighbourhood counts as having at least: keeps empty sky empty.
const EVEN_FLOOR: f32 = 0.3;

/// `frame - mean`, evened out over the picture, in whole numbers; 0 where masked.
///
/// Each cell is divided by the energy of its neighbourhood. Without that a driver's bright sleeve outweighs the trail
/// behind the windscreen. Measured: the median error on such a drive falls by a fifth, on open rides nothing changes.
fn centre(frame: &[u8], mean: &[f32], mask: &[u8], out: &mut [i16]) {
    let seen = |cell: usize| mask.get(cell).is_none_or(|&m| m != 0);
    let mut energy = [0.0f32; ROWS * COLS];
    let mut total = 0.0;
    let cells = frame.chunks_exact(BINS).zip(mean.chunks_exact(BINS));
    for (cell, (energy, (bytes, mean))) in energy.iter_mut().zip(cells).enumerate() {
        if seen(cell) {
            *energy = bytes
                .iter()
                .zip(mean)
                .map(|(&b, m)| (f32::from(b) - m).powi(2))
                .sum();
            total += *energy;
        }
    }
    let floor = EVEN_FLOOR * total / (ROWS * COLS) as f32;
    let near = box_mean(&energy);
    let cells = frame.chunks_exact(BINS).zip(mean.chunks_exact(BINS));
    for (cell, (out, (bytes, mean))) in out.chunks_exact_mut(BINS).zip(cells).enumerate() {
        let strength = near[cell] + floor;
        if !seen(cell) || strength <= 0.0 {
            continue;
        }
        let gain = STEPS / strength.sqrt();
        for (value, (&byte, &mean)) in out.iter_mut().zip(bytes.iter().zip(mean)) {
            *value = ((f32::from(byte) - mean) * gain)
                .clamp(-MAX_VALUE, MAX_VALUE)
                .round() as i16;
        }
    }
}

/// Mean over the neighbourhood of each cell, as far as it lies in the grid.
fn box_mean(cells: &[f32; ROWS * COLS]) -> [f32; ROWS * COLS] {
    let mut across = [0.0f32; ROWS * COLS];
    for row in 0..ROWS {
        for col in 0..COLS {
            let (from, to) = (col.saturating_sub(EVEN_REACH), (col + EVEN_REACH + 1).min(COLS));
            let sum: f32 = cells[row * COLS + from..row * COLS + to].iter().sum();
            across[row * COLS + col] = sum / (to - from) as f32;
        }
    }
    let mut out = [0.0f32; ROWS * COLS];
    for row in 0..ROWS {
        let (from, to) = (row.saturating_sub(EVEN_REACH), (row + EVEN_REACH + 1).min(ROWS));
        for col in 0..COLS {
            let sum: f32 = (from..to).map(|r| across[r * COLS + col]).sum();
            out[row * COLS + col] = sum / (to - from) as f32;
        }
    }
    out
}

fn running_energy(row: &[i16]) -> Vec<f32> {
    // Sums of integers below 2^24 are exact in f32 only for a part of the range, so they are made in i64.
    let mut sum = 0i64;
    let mut out = Vec::with_capacity(COLS + 1);
    out.push(0.0);
    for cell in row.chunks_exact(BINS) {
        sum += cell.iter().map(|&v| i64::from(v) * i64::from(v)).sum::<i64>();
        out.push(sum as f32);
    }
    out
}
