//! `c = (d - m) / √(box mean of |d - m|² + floor)`, in whole numbers: descriptors centred by a mean `m` and
//! contrast-normalised over the picture, `frames × 18×32×8`.
//!
//! With the mean over the recording, what is always there goes; with the local mean, what stays for a moment
//! goes too.

use std::ops::Range;

use rayon::prelude::*;

use crate::dense::{BINS, COLS, DESCRIPTOR_LEN, ROWS};
use crate::dispatch::multiversion;
use crate::scenery::Scenery;
use crate::tuning::{CONTRAST_FLOOR, CONTRAST_RADIUS, LOCAL_WINDOW_SECS};

/// Whole-number steps per unit of a contrast-normalised value, whose typical cell has energy 1.
const STEPS: f32 = 512.0;
/// Bound of the whole numbers. A row's dot product then stays below `256 · MAX_VALUE²` = 1.02e9, inside an
/// `i32`.
const MAX_VALUE: f32 = 2000.0;
pub(super) const ROW_LEN: usize = COLS * BINS;
/// Weights that change nothing.
const ALIKE: [f32; ROWS * COLS] = [1.0; ROWS * COLS];
/// Frames that are read at once where all of them are looked at.
const READ_FRAMES: usize = 64;

/// The dense descriptors of a recording, wherever they are kept.
pub trait Descriptors: Sync {
    /// Number of frames.
    fn frames(&self) -> usize;

    /// Append the descriptors of `frames`, [`DESCRIPTOR_LEN`] bytes each, to `out`. Frames exist.
    fn read(&self, frames: Range<usize>, out: &mut Vec<u8>);
}

impl Descriptors for Vec<u8> {
    fn frames(&self) -> usize {
        self.len() / DESCRIPTOR_LEN
    }

    fn read(&self, frames: Range<usize>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self[frames.start * DESCRIPTOR_LEN..frames.end * DESCRIPTOR_LEN]);
    }
}

/// What is removed from the descriptors of a recording, and where they come from. Frames are centred when
/// they are asked for, so that a long recording need not be held twice.
pub struct Centring<'a> {
    descriptors: &'a dyn Descriptors,
    scenery: &'a Scenery,
    weights: Option<&'a [f32]>,
    removed: Removed<'a>,
    frames: usize,
}

enum Removed<'a> {
    /// The mean over the recording.
    Mean(Vec<f32>),
    /// The mean over a window around each of these times.
    Local(&'a [f64]),
}

impl<'a> Centring<'a> {
    /// Remove the mean over the whole recording, of each cell over the frames in which it shows scenery.
    /// Masked cells become 0.
    pub fn global(descriptors: &'a dyn Descriptors, scenery: &'a Scenery) -> Self {
        let frames = descriptors.frames();
        let sums = (0..frames.div_ceil(READ_FRAMES))
            .into_par_iter()
            .map(|block| {
                let from = block * READ_FRAMES;
                let mut bytes = Vec::new();
                descriptors.read(from..(from + READ_FRAMES).min(frames), &mut bytes);
                let mut sums = RunningSum::new(scenery);
                bytes
                    .chunks_exact(DESCRIPTOR_LEN)
                    .zip(from..)
                    .for_each(|(frame, i)| sums.add(i, frame));
                sums
            })
            .reduce(|| RunningSum::new(scenery), RunningSum::join);
        Self {
            descriptors,
            scenery,
            weights: None,
            removed: Removed::Mean(sums.mean()),
            frames,
        }
    }

    /// Remove the mean over a window of 1.5 s around each frame instead: also the rider's arms, the light
    /// under trees, a bend's horizon. What is left changes with the place, so it locates best; while the
    /// camera stands still next to nothing is left. `t_secs` are the frame times, increasing.
    pub fn local(descriptors: &'a dyn Descriptors, t_secs: &'a [f64], scenery: &'a Scenery) -> Self {
        Self {
            descriptors,
            scenery,
            weights: None,
            removed: Removed::Local(t_secs),
            frames: descriptors.frames().min(t_secs.len()),
        }
    }

    /// Multiply each cell by its weight, 0..1, after its contrast is normalised. `None` weighs all cells
    /// alike.
    #[must_use]
    pub fn weighted(self, weights: Option<&'a [f32]>) -> Self {
        Self { weights, ..self }
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// These frames, centred, in this order.
    ///
    /// # Panics
    /// When a frame does not exist.
    pub fn at(&self, frames: &[usize]) -> CentredSequence {
        let values = frames
            .par_iter()
            .flat_map_iter(|&i| self.block(i..i + 1).values)
            .collect();
        CentredSequence {
            values,
            frames: frames.len(),
        }
    }

    /// Some frames, centred: frame 0 of the result is `frames.start`.
    ///
    /// # Panics
    /// When a frame does not exist.
    pub fn block(&self, frames: Range<usize>) -> CentredSequence {
        if frames.is_empty() {
            return CentredSequence::default();
        }
        let mut values = vec![0i16; frames.len() * DESCRIPTOR_LEN];
        let mut bytes = Vec::new();
        let weights = self.weights.unwrap_or(&ALIKE);
        match &self.removed {
            Removed::Mean(mean) => {
                self.descriptors.read(frames.clone(), &mut bytes);
                for ((i, out), frame) in frames
                    .clone()
                    .zip(values.chunks_exact_mut(DESCRIPTOR_LEN))
                    .zip(bytes.chunks_exact(DESCRIPTOR_LEN))
                {
                    centre(frame, mean, self.scenery.at(i), weights, out);
                }
            }
            Removed::Local(t_secs) => {
                let t_secs = &t_secs[..self.frames];
                let around = window(t_secs, frames.start).start..window(t_secs, frames.end - 1).end;
                self.descriptors.read(around.clone(), &mut bytes);
                let frame = |i: usize| &bytes[(i - around.start) * DESCRIPTOR_LEN..][..DESCRIPTOR_LEN];
                let mut sums = RunningSum::new(self.scenery);
                let (mut from, mut to) = (around.start, around.start);
                for (i, out) in frames.clone().zip(values.chunks_exact_mut(DESCRIPTOR_LEN)) {
                    let near = window(t_secs, i);
                    while to < near.end {
                        sums.add(to, frame(to));
                        to += 1;
                    }
                    while from < near.start {
                        sums.remove(from, frame(from));
                        from += 1;
                    }
                    centre(frame(i), &sums.mean(), self.scenery.at(i), weights, out);
                }
            }
        }
        CentredSequence {
            values,
            frames: frames.len(),
        }
    }
}

/// The frames of the local mean around frame `i`.
fn window(t_secs: &[f64], i: usize) -> Range<usize> {
    let from = t_secs.partition_point(|&t| t < t_secs[i] - 0.5 * LOCAL_WINDOW_SECS);
    let to = t_secs.partition_point(|&t| t <= t_secs[i] + 0.5 * LOCAL_WINDOW_SECS);
    from..to
}

/// Descriptors with a mean removed and never-moving cells silenced.
#[derive(Clone, Debug, Default)]
pub struct CentredSequence {
    values: Vec<i16>,
    pub(super) frames: usize,
}

impl CentredSequence {
    /// All of `descriptors` with the mean over the whole recording removed, see [`Centring::global`].
    pub fn new(descriptors: &[u8], mask: &[u8]) -> Self {
        let descriptors = descriptors.to_vec();
        let scenery = Scenery::still(mask.to_vec());
        let centring = Centring::global(&descriptors, &scenery);
        centring.block(0..centring.frames)
    }

    /// Rows of frame `i`, from the top.
    pub(super) fn rows(&self, i: usize) -> impl Iterator<Item = &[i16]> {
        self.frame(i).chunks_exact(ROW_LEN)
    }

    pub(super) fn frame(&self, i: usize) -> &[i16] {
        &self.values[i * DESCRIPTOR_LEN..(i + 1) * DESCRIPTOR_LEN]
    }
}

/// Sum of a window of frames, of each cell over those in which it shows scenery; integers, so that adding and
/// removing leaves no trace.
struct RunningSum<'a> {
    scenery: &'a Scenery,
    sums: Vec<u32>,
    frames: u32,
    /// Frames in which each cell shows scenery; not kept where all frames are masked alike.
    seen: Vec<u32>,
}

impl<'a> RunningSum<'a> {
    fn new(scenery: &'a Scenery) -> Self {
        Self {
            scenery,
            sums: vec![0; DESCRIPTOR_LEN],
            frames: 0,
            seen: vec![
                0;
                if scenery.of_all().is_some() {
                    0
                } else {
                    ROWS * COLS
                }
            ],
        }
    }

    fn add(&mut self, i: usize, frame: &[u8]) {
        self.change(i, frame, |sum, by| *sum += by);
    }

    fn remove(&mut self, i: usize, frame: &[u8]) {
        self.change(i, frame, |sum, by| *sum -= by);
    }

    #[inline(always)]
    fn change(&mut self, i: usize, frame: &[u8], change: impl Fn(&mut u32, u32)) {
        change(&mut self.frames, 1);
        if self.seen.is_empty() {
            let sums = self.sums.iter_mut().zip(frame);
            return sums.for_each(|(sum, &byte)| change(sum, u32::from(byte)));
        }
        let mask = self.scenery.at(i);
        let cells = self.sums.chunks_exact_mut(BINS).zip(frame.chunks_exact(BINS));
        for (cell, ((sums, bytes), seen)) in cells.zip(&mut self.seen).enumerate() {
            if is_seen(mask, cell) {
                change(seen, 1);
                sums.iter_mut()
                    .zip(bytes)
                    .for_each(|(sum, &byte)| change(sum, u32::from(byte)));
            }
        }
    }

    fn join(mut self, other: Self) -> Self {
        let add = |sums: &mut [u32], more: Vec<u32>| sums.iter_mut().zip(more).for_each(|(s, m)| *s += m);
        add(&mut self.sums, other.sums);
        add(&mut self.seen, other.seen);
        self.frames += other.frames;
        self
    }

    fn mean(&self) -> Vec<f32> {
        let share = |frames: u32| 1.0 / f64::from(frames.max(1));
        let of_all = share(self.frames);
        let cells = self.sums.chunks_exact(BINS).enumerate();
        cells
            .flat_map(|(cell, sums)| {
                let share = self.seen.get(cell).map_or(of_all, |&seen| share(seen));
                sums.iter().map(move |&s| (f64::from(s) * share) as f32)
            })
            .collect()
    }
}

/// Whether a cell shows scenery.
#[inline(always)]
fn is_seen(mask: &[u8], cell: usize) -> bool {
    mask.get(cell).is_none_or(|&m| m != 0)
}

/// `frame - mean`, contrast-normalised, in whole numbers; 0 where masked.
///
/// Without dividing each cell by the energy of its neighbourhood a driver's bright sleeve outweighs the trail
/// behind the windscreen.
#[inline(always)]
fn centre_plain(frame: &[u8], mean: &[f32], mask: &[u8], weights: &[f32], out: &mut [i16]) {
    let seen = |cell: usize| is_seen(mask, cell);
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
    let floor = CONTRAST_FLOOR * total / (ROWS * COLS) as f32;
    let near = box_mean(&energy);
    let cells = frame.chunks_exact(BINS).zip(mean.chunks_exact(BINS));
    for (cell, (out, (bytes, mean))) in out.chunks_exact_mut(BINS).zip(cells).enumerate() {
        let strength = near[cell] + floor;
        if !seen(cell) || strength <= 0.0 {
            continue;
        }
        let weight = weights.get(cell).map_or(1.0, |w| w.clamp(0.0, 1.0));
        let gain = weight * STEPS / strength.sqrt();
        for (value, (&byte, &mean)) in out.iter_mut().zip(bytes.iter().zip(mean)) {
            *value = ((f32::from(byte) - mean) * gain)
                .clamp(-MAX_VALUE, MAX_VALUE)
                .round() as i16;
        }
    }
}

multiversion! {
    fn centre(frame: &[u8], mean: &[f32], mask: &[u8], weights: &[f32], out: &mut [i16]) = centre_plain;
}

/// Mean over the neighbourhood of each cell, as far as it lies in the grid.
#[inline(always)]
fn box_mean(cells: &[f32; ROWS * COLS]) -> [f32; ROWS * COLS] {
    let mut across = [0.0f32; ROWS * COLS];
    for row in 0..ROWS {
        for col in 0..COLS {
            let (from, to) = (
                col.saturating_sub(CONTRAST_RADIUS),
                (col + CONTRAST_RADIUS + 1).min(COLS),
            );
            let sum: f32 = cells[row * COLS + from..row * COLS + to].iter().sum();
            across[row * COLS + col] = sum / (to - from) as f32;
        }
    }
    let mut out = [0.0f32; ROWS * COLS];
    for row in 0..ROWS {
        let (from, to) = (
            row.saturating_sub(CONTRAST_RADIUS),
            (row + CONTRAST_RADIUS + 1).min(ROWS),
        );
        for col in 0..COLS {
            let sum: f32 = (from..to).map(|r| across[r * COLS + col]).sum();
            out[row * COLS + col] = sum / (to - from) as f32;
        }
    }
    out
}
