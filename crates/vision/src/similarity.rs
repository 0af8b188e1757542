//! How alike two places look, allowing for a camera that points a little differently.
//!
//! What says nothing about the place is removed first: the mean over the whole recording, or over the moment (see
//! [`CentredSequence`]). Then two frames are compared by the cosine of their descriptors, at the best of a set of
//! displacements of one grid against the other:
//!
//! - [`rigid_matrix`] compares every frame with every frame and shifts the grid as a whole. It finds the place.
//! - [`WarpMatcher`] also shears the lower part sideways, because a rider half a metre further left sees the ground
//!   move and the horizon stay, and interpolates between cells. It locates the place to a fraction of a frame.
//!
//! Both rest on the same numbers: for each row of cells and each displacement, one integer dot product. A
//! displacement of the whole picture is a sum over rows, so trying a thousand of them costs next to nothing.
//! Integers make the result independent of vector width and thread count.

use rayon::prelude::*;

use crate::dense::{BINS, COLS, DESCRIPTOR_LEN, ROWS};
use crate::dispatch::multiversion;

/// Whole-number steps per unit of an evened-out value, whose typical cell has energy 1.
const STEPS: f32 = 512.0;
/// Bound of the whole numbers. A row's dot product then stays below `256 · MAX_VALUE²` = 1.02e9, inside an `i32`.
const MAX_VALUE: f32 = 2000.0;
const ROW_LEN: usize = COLS * BINS;
/// Window of [`CentredSequence::passing`], seconds. Measured on a drive with a cockpit in view and on rendered rides:
/// 1.2 to 2 s serve alike; longer ones let the driver's arms back in, shorter ones take away the scenery.
pub const LOCAL_WINDOW_SECS: f64 = 1.5;

/// Largest sideways shift of [`rigid_matrix`], in cells (about 3 degrees each for an action camera).
pub const RIGID_MAX_DX: usize = 6;
/// Largest vertical shift of [`rigid_matrix`], in cells.
pub const RIGID_MAX_DY: usize = 2;

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

    fn frame(&self, i: usize) -> &[i16] {
        &self.values[i * DESCRIPTOR_LEN..(i + 1) * DESCRIPTOR_LEN]
    }

    /// Energy of columns `from..to` of a row.
    fn energy(&self, frame: usize, row: usize, from: usize, to: usize) -> f32 {
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

/// Columns `from..to` of the first grid that lie on the second after a shift by `dx` (first `x` on second `x + dx`).
fn overlap(len: usize, shift: isize) -> (usize, usize) {
    let reach = shift.unsigned_abs().min(len);
    if shift < 0 { (reach, len) } else { (0, len - reach) }
}

/// Row dot products of frame `a` against `b` for all shifts up to `max_dx`, `max_dy`:
/// `out[((dy + max_dy) * (2 max_dx + 1) + dx + max_dx) * ROWS + row]`, 0 where a row has no partner.
#[inline(always)]
fn correlate_rows_plain(a: &[i16], b: &[i16], max_dx: usize, max_dy: usize, out: &mut [i32]) {
    let mut at = 0;
    for dy in -(max_dy as isize)..=max_dy as isize {
        let (first, last) = overlap(ROWS, dy);
        for dx in -(max_dx as isize)..=max_dx as isize {
            let (from, to) = overlap(COLS, dx);
            let out = &mut out[at..at + ROWS];
            at += ROWS;
            out.fill(0);
            for (row, value) in out.iter_mut().enumerate().take(last).skip(first) {
                let left = (row * COLS + from) * BINS;
                let right = (row.wrapping_add_signed(dy) * COLS + from.wrapping_add_signed(dx)) * BINS;
                let len = (to - from) * BINS;
                *value = a[left..left + len]
                    .iter()
                    .zip(&b[right..right + len])
                    .map(|(&p, &q)| i32::from(p) * i32::from(q))
                    .sum();
            }
        }
    }
}

multiversion! {
    fn correlate_rows(a: &[i16], b: &[i16], max_dx: usize, max_dy: usize, out: &mut [i32]) = correlate_rows_plain;
}

/// Similarity of every new frame with every reference frame: `new.len() × reference.len()` cosines, row by row,
/// each the best over whole-grid shifts of up to [`RIGID_MAX_DX`] × [`RIGID_MAX_DY`] cells.
pub fn rigid_matrix(new: &CentredSequence, reference: &CentredSequence) -> Vec<f32> {
    let columns = reference.len();
    let mut matrix = vec![0.0; new.len() * columns];
    if columns == 0 {
        return matrix;
    }
    let shifts = (2 * RIGID_MAX_DX + 1) * (2 * RIGID_MAX_DY + 1);
    matrix.par_chunks_mut(columns).enumerate().for_each_init(
        || vec![0; shifts * ROWS],
        |rows, (i, out)| {
            for (j, value) in out.iter_mut().enumerate() {
                correlate_rows(new.frame(i), reference.frame(j), RIGID_MAX_DX, RIGID_MAX_DY, rows);
                *value = best_rigid(new, i, reference, j, rows);
            }
        },
    );
    matrix
}

fn best_rigid(new: &CentredSequence, i: usize, reference: &CentredSequence, j: usize, rows: &[i32]) -> f32 {
    let mut best = -1.0f32;
    let mut sums = rows
        .chunks_exact(ROWS)
        .map(|r| r.iter().map(|&v| i64::from(v)).sum::<i64>());
    for dy in -(RIGID_MAX_DY as isize)..=RIGID_MAX_DY as isize {
        let (first, last) = overlap(ROWS, dy);
        for dx in -(RIGID_MAX_DX as isize)..=RIGID_MAX_DX as isize {
            let Some(dot) = sums.next() else { return best };
            if dot <= 0 {
                best = best.max(0.0);
                continue;
            }
            let (from, to) = overlap(COLS, dx);
            let (mut ours, mut theirs) = (0.0, 0.0);
            for row in first..last {
                ours += new.energy(i, row, from, to);
                theirs += reference.energy(
                    j,
                    row.wrapping_add_signed(dy),
                    from.wrapping_add_signed(dx),
                    to.wrapping_add_signed(dx),
                );
            }
            best = best.max(cosine(dot as f32, ours, theirs));
        }
    }
    best
}

fn cosine(dot: f32, ours: f32, theirs: f32) -> f32 {
    let norm = (ours * theirs).sqrt();
    if norm > 0.0 { dot / norm } else { 0.0 }
}

/// A displacement of the new grid against the reference grid, in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Warp {
    /// Sideways shift at and above the horizon; positive: the new picture's content lies further right in the reference.
    pub dx: f32,
    /// Vertical shift.
    pub dy: f32,
    /// Extra sideways shift ten rows below the horizon, growing linearly: a different line on the trail.
    pub shear: f32,
}

impl Warp {
    /// Where in the reference grid a place of the new grid lies: column and row in, column and row out.
    pub fn moved(&self, (col, row): (f64, f64)) -> (f64, f64) {
        let below = (row - 0.5 - f64::from(HORIZON_ROW)).max(0.0) / f64::from(SHEAR_ROWS);
        (
            col + f64::from(self.dx) + f64::from(self.shear) * below,
            row + f64::from(self.dy),
        )
    }
}

/// Displacements kept by [`WarpMatcher`], in cells.
const WARP_MAX_DX: usize = 12;
const WARP_MAX_DY: usize = 4;
const WARP_SHIFTS: usize = (2 * WARP_MAX_DX + 1) * (2 * WARP_MAX_DY + 1);
/// Whole-cell search range; shear and interpolation need the rest of the kept range.
const SEARCH_DX: i32 = 9;
const SEARCH_DY: i32 = 3;
/// Shears tried first; a line 0.5 m further left gives about 3 cells ten rows below the horizon.
const SEARCH_SHEARS: [f32; 5] = [-3.0, -1.5, 0.0, 1.5, 3.0];
const MAX_SHEAR: f32 = 6.0;
/// Row of the horizon for a camera that looks ahead and slightly down.
const HORIZON_ROW: f32 = 6.0;
const SHEAR_ROWS: f32 = 10.0;
/// A displacement that leaves less than this share of the rows is not judged.
const MIN_ROWS: usize = 8;
/// First steps of the local search (dx, dy, shear), halved until below a tenth of a cell.
const FIRST_STEPS: [f32; 3] = [0.5, 0.5, 1.0];
const LAST_STEP: f32 = 0.1;

/// Compares single frames under [`Warp`]s; keeps its work space between calls.
#[derive(Debug)]
pub struct WarpMatcher {
    rows: Vec<i32>,
}

impl Default for WarpMatcher {
    fn default() -> Self {
        Self {
            rows: vec![0; WARP_SHIFTS * ROWS],
        }
    }
}

impl WarpMatcher {
    /// Cosine of new frame `i` with reference frame `j` at the best of all warps, and that warp.
    pub fn search(
        &mut self,
        new: &CentredSequence,
        i: usize,
        reference: &CentredSequence,
        j: usize,
    ) -> (f32, Warp) {
        let pair = self.load(new, i, reference, j);
        let mut best = (pair.score(Warp::default()), Warp::default());
        for dy in -SEARCH_DY..=SEARCH_DY {
            for dx in -SEARCH_DX..=SEARCH_DX {
                for shear in SEARCH_SHEARS {
                    pair.improve(
                        &mut best,
                        Warp {
                            dx: dx as f32,
                            dy: dy as f32,
                            shear,
                        },
                    );
                }
            }
        }
        pair.climb(best)
    }

    /// The same for a pair whose warp is nearly known, from a neighbouring frame.
    pub fn follow(
        &mut self,
        new: &CentredSequence,
        i: usize,
        reference: &CentredSequence,
        j: usize,
        near: Warp,
    ) -> (f32, Warp) {
        let pair = self.load(new, i, reference, j);
        pair.climb((pair.score(near), near))
    }

    fn load<'a>(
        &'a mut self,
        new: &'a CentredSequence,
        i: usize,
        reference: &'a CentredSequence,
        j: usize,
    ) -> Pair<'a> {
        correlate_rows(
            new.frame(i),
            reference.frame(j),
            WARP_MAX_DX,
            WARP_MAX_DY,
            &mut self.rows,
        );
        Pair {
            rows: &self.rows,
            new,
            i,
            reference,
            j,
        }
    }
}

/// One pair of frames with its row dot products.
struct Pair<'a> {
    rows: &'a [i32],
    new: &'a CentredSequence,
    i: usize,
    reference: &'a CentredSequence,
    j: usize,
}

impl Pair<'_> {
    fn improve(&self, best: &mut (f32, Warp), warp: Warp) -> bool {
        let score = self.score(warp);
        if score > best.0 {
            *best = (score, warp);
            return true;
        }
        false
    }

    /// Coordinate search from `best` with ever smaller steps.
    fn climb(&self, mut best: (f32, Warp)) -> (f32, Warp) {
        let mut steps = FIRST_STEPS;
        while steps[0] >= LAST_STEP {
            let mut moved = false;
            for (axis, &step) in steps.iter().enumerate() {
                for step in [-step, step] {
                    let mut trial = best.1;
                    match axis {
                        0 => trial.dx += step,
                        1 => trial.dy += step,
                        _ => trial.shear = (trial.shear + step).clamp(-MAX_SHEAR, MAX_SHEAR),
                    }
                    moved |= self.improve(&mut best, trial);
                }
            }
            if !moved {
                steps = steps.map(|s| s / 2.0);
            }
        }
        best
    }

    /// Cosine under `warp`, linear between whole-cell shifts; -1 where too little overlaps.
    fn score(&self, warp: Warp) -> f32 {
        let (low_y, share_y) = split(warp.dy);
        if low_y < -(WARP_MAX_DY as i32) || low_y + 1 > WARP_MAX_DY as i32 {
            return -1.0;
        }
        let (mut dot, mut ours, mut theirs, mut used) = (0.0f32, 0.0f32, 0.0f32, 0);
        for row in 0..ROWS {
            let upper = row as i32 + low_y;
            if upper < 0 || upper as usize + usize::from(share_y > 0.0) >= ROWS {
                continue;
            }
            let shift = warp.dx + warp.shear * ((row as f32 - HORIZON_ROW).max(0.0) / SHEAR_ROWS);
            let (low_x, share_x) = split(shift);
            if low_x < -(WARP_MAX_DX as i32) || low_x + 1 > WARP_MAX_DX as i32 {
                continue;
            }
            let upper_row =
                self.value(row, low_y, low_x) * (1.0 - share_x) + self.value(row, low_y, low_x + 1) * share_x;
            dot += upper_row * (1.0 - share_y);
            let nearest = if share_x < 0.5 { low_x } else { low_x + 1 } as isize;
            let (from, to) = overlap(COLS, nearest);
            let (left, right) = (from.wrapping_add_signed(nearest), to.wrapping_add_signed(nearest));
            ours += self.new.energy(self.i, row, from, to);
            theirs += self.reference.energy(self.j, upper as usize, left, right) * (1.0 - share_y);
            if share_y > 0.0 {
                let lower_row = self.value(row, low_y + 1, low_x) * (1.0 - share_x)
                    + self.value(row, low_y + 1, low_x + 1) * share_x;
                dot += lower_row * share_y;
                theirs += self.reference.energy(self.j, upper as usize + 1, left, right) * share_y;
            }
            used += 1;
        }
        if used < MIN_ROWS {
            -1.0
        } else {
            cosine(dot, ours, theirs)
        }
    }

    fn value(&self, row: usize, dy: i32, dx: i32) -> f32 {
        let shift =
            (dy + WARP_MAX_DY as i32) as usize * (2 * WARP_MAX_DX + 1) + (dx + WARP_MAX_DX as i32) as usize;
        self.rows[shift * ROWS + row] as f32
    }
}

/// Whole part (rounded down) and remainder in 0..1.
fn split(value: f32) -> (i32, f32) {
    let low = value.floor();
    (low as i32, value - low)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Descriptors with a block pattern that is displaced by `dx` cells, over random clutter.
    fn frames(count: usize, seed: u32, dx: isize) -> Vec<u8> {
        let mut out = Vec::new();
        for f in 0..count {
            for row in 0..ROWS {
                for col in 0..COLS {
                    let source = col as isize - dx;
                    for bin in 0..BINS {
                        let key = [f as u32, row as u32, source as u32, bin as u32]
                            .iter()
                            .fold(seed, |h, v| {
                                (h ^ v).wrapping_mul(0x85eb_ca6b).rotate_left(13) ^ (h >> 7)
                            });
                        out.push((key.wrapping_mul(0xc2b2_ae35) >> 24) as u8);
                    }
                }
            }
        }
        out
    }

    fn all() -> Vec<u8> {
        vec![1; ROWS * COLS]
    }

    #[test]
    fn every_processor_version_gives_the_same_integers() {
        let a = CentredSequence::new(&frames(3, 1, 0), &all());
        let b = CentredSequence::new(&frames(3, 2, 0), &all());
        let mut fast = vec![0; WARP_SHIFTS * ROWS];
        let mut plain = fast.clone();
        correlate_rows(a.frame(0), b.frame(1), WARP_MAX_DX, WARP_MAX_DY, &mut fast);
        correlate_rows_plain(a.frame(0), b.frame(1), WARP_MAX_DX, WARP_MAX_DY, &mut plain);
        assert_eq!(fast, plain);
    }

    #[test]
    fn a_recording_is_most_like_itself() {
        let a = CentredSequence::new(&frames(6, 1, 0), &all());
        let m = rigid_matrix(&a, &a);
        for i in 0..6 {
            for j in 0..6 {
                if i == j {
                    assert!((m[i * 6 + j] - 1.0).abs() < 1e-4, "{}", m[i * 6 + j]);
                } else {
                    assert!(m[i * 6 + j] < 0.6, "{i} {j} {}", m[i * 6 + j]);
                }
            }
        }
    }

    #[test]
    fn a_turned_camera_is_found_at_its_shift() {
        let a = CentredSequence::new(&frames(5, 1, 0), &all());
        let b = CentredSequence::new(&frames(5, 1, 4), &all());
        let m = rigid_matrix(&a, &b);
        assert!((0..5).all(|i| m[i * 5 + i] > 0.9));
        let (score, warp) = WarpMatcher::default().search(&a, 2, &b, 2);
        assert!(score > 0.9, "{score}");
        assert!((warp.dx - 4.0).abs() < 0.3, "{warp:?}");
        assert!(warp.dy.abs() < 0.3 && warp.shear.abs() < 0.6, "{warp:?}");
    }

    #[test]
    fn masked_cells_have_no_say() {
        let mut mask = all();
        mask[..COLS * 9].fill(0);
        let mut changed = frames(4, 1, 0);
        for frame in changed.chunks_exact_mut(DESCRIPTOR_LEN) {
            frame[..9 * ROW_LEN].fill(33);
        }
        let a = CentredSequence::new(&frames(4, 1, 0), &mask);
        let b = CentredSequence::new(&changed, &mask);
        assert_eq!(rigid_matrix(&a, &b), rigid_matrix(&a, &a));
    }

    #[test]
    fn empty_and_flat_recordings_are_like_nothing() {
        let none = CentredSequence::new(&[], &all());
        let flat = CentredSequence::new(&vec![10; 3 * DESCRIPTOR_LEN], &all());
        assert!(rigid_matrix(&none, &flat).is_empty());
        assert!(rigid_matrix(&flat, &none).is_empty());
        assert!(rigid_matrix(&flat, &flat).iter().all(|&v| v == 0.0));
        assert_eq!(WarpMatcher::default().search(&flat, 0, &flat, 1).0, 0.0);
    }
}
