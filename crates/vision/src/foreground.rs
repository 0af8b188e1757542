//! `argmax_s cos(W T, d_s)`: where a rigid foreground lies in each frame, from HOG grids.
//!
//! A stabiliser turns the picture against the camera, and with it everything that the camera is mounted to:
//! the cockpit, the bars, the visor move together by a few cells, and no cell shows the same all the time. In
//! the foreground's own coordinates it does. So the frames are laid over their mean, again and again, each
//! shifted to where the cells that hardly change agree best; then the share of a cell's energy that sits in
//! its mean tells, as in [`crate::mask`], what belongs to the foreground.

use rayon::prelude::*;

use crate::mask::MASK_LEN;
use crate::orientation_grid::BINS;
use crate::overlap::overlap;
use crate::structure::{COLS, HOG_GRID_LEN, ROWS};
use crate::tuning::{
    FOREGROUND_FLAT, FOREGROUND_MAX_DX, FOREGROUND_MAX_DY, FOREGROUND_MIN_CELLS, FOREGROUND_MIN_FRAMES,
    FOREGROUND_MIN_SCENERY, FOREGROUND_ROUNDS, FOREGROUND_SEEN, FOREGROUND_SHARES_OF_WEIGHT,
    FOREGROUND_SPLITS, STATIC_SHARE,
};

/// Cells joined into one, each way, for the first look.
const POOL: usize = 2;
/// Weight of a cell that never changes.
const FULL_WEIGHT: i16 = 16;
/// Steps in which a split of the cells is looked for.
const SPLIT_STEP: f64 = 0.01;
const CELLS: usize = ROWS * COLS;

/// Fine cells by which the foreground lies further right and down in a frame than in its own coordinates.
pub type ForegroundShift = (isize, isize);

/// A rigid part of the picture that moves with the camera.
#[derive(Clone, Debug)]
pub struct Foreground {
    template: Template,
    /// Cells that belong to it, in its own coordinates.
    belongs: Vec<bool>,
}

impl Foreground {
    /// Look for a foreground in frames spread over a recording, [`HOG_GRID_LEN`] bytes each. `None` where
    /// hardly anything moves with the camera, or next to nothing else is seen.
    pub fn find(packed: &[u8]) -> Option<Self> {
        let frames: Vec<Frame> = packed.par_chunks_exact(HOG_GRID_LEN).map(Frame::new).collect();
        if frames.len() < FOREGROUND_MIN_FRAMES {
            return None;
        }
        let mut shifts = vec![(0, 0); frames.len()];
        let mut moments = Moments::of(&frames, &shifts);
        let mut template = Template::new(&moments);
        for _ in 0..FOREGROUND_ROUNDS {
            let found: Vec<ForegroundShift> = frames.par_iter().map(|f| template.place(f)).collect();
            if found == shifts {
                break;
            }
            shifts = found;
            moments = Moments::of(&frames, &shifts);
            template = Template::new(&moments);
        }
        let shares = moments.shares();
        let count = |least: f64| shares.iter().filter(|&&share| share > least).count() as f64;
        let split = split(&shares);
        let is_foreground = count(STATIC_SHARE) >= FOREGROUND_MIN_CELLS * CELLS as f64
            && count(split) <= (1.0 - FOREGROUND_MIN_SCENERY) * CELLS as f64;
        is_foreground.then(|| Self {
            template,
            belongs: shares.iter().map(|&share| share > split).collect(),
        })
    }

    /// Where it lies in a frame of [`HOG_GRID_LEN`] bytes.
    pub fn shift(&self, packed: &[u8]) -> ForegroundShift {
        self.template.place(&Frame::new(packed))
    }

    /// Cells of the dense grid of a frame: 1 scenery, 0 where at least half of the cell belongs to the
    /// foreground.
    pub fn mask(&self, (dx, dy): ForegroundShift) -> Vec<u8> {
        let mut hidden = vec![0; MASK_LEN];
        for row in overlap(ROWS, dy) {
            for col in overlap(COLS, dx).filter(|col| self.belongs[row * COLS + col]) {
                let (row, col) = (row.wrapping_add_signed(dy), col.wrapping_add_signed(dx));
                hidden[row / POOL * (COLS / POOL) + col / POOL] += 1;
            }
        }
        hidden
            .iter()
            .map(|&cells| u8::from(2 * cells < POOL * POOL))
            .collect()
    }
}

/// One grid of numbers, `rows × cols × BINS`, and the energy of its cells.
#[derive(Clone, Debug)]
struct Grid {
    rows: usize,
    cols: usize,
    values: Vec<i16>,
    energies: Vec<i32>,
}

impl Grid {
    fn new(rows: usize, cols: usize, values: Vec<i16>) -> Self {
        let energy = |cell: &[i16; BINS]| cell.iter().map(|&v| i32::from(v) * i32::from(v)).sum();
        Self {
            rows,
            cols,
            energies: values.as_chunks::<BINS>().0.iter().map(energy).collect(),
            values,
        }
    }
}

/// A frame, fine and pooled.
#[derive(Clone, Debug)]
struct Frame {
    fine: Grid,
    pooled: Grid,
}

impl Frame {
    /// Unpack a frame of [`HOG_GRID_LEN`] bytes; what is missing is flat.
    fn new(packed: &[u8]) -> Self {
        let mut values = vec![0; CELLS * BINS];
        for (pair, &byte) in values.as_chunks_mut::<2>().0.iter_mut().zip(packed) {
            *pair = [i16::from(byte & 15), i16::from(byte >> 4)];
        }
        Self {
            pooled: Grid::new(ROWS / POOL, COLS / POOL, pooled(&values, BINS)),
            fine: Grid::new(ROWS, COLS, values),
        }
    }
}

/// Sums over two by two cells of `numbers` each.
fn pooled(values: &[i16], numbers: usize) -> Vec<i16> {
    let mut out = vec![0; values.len() / (POOL * POOL)];
    for (cell, of_cell) in values.chunks_exact(numbers).enumerate() {
        let (row, col) = (cell / COLS / POOL, cell % COLS / POOL);
        let at = (row * (COLS / POOL) + col) * numbers;
        out[at..at + numbers]
            .iter_mut()
            .zip(of_cell)
            .for_each(|(sum, v)| *sum += v);
    }
    out
}

/// Sums over frames in the foreground's coordinates.
struct Moments {
    frames: usize,
    seen: Vec<u32>,
    sums: Vec<u32>,
    energies: Vec<u32>,
}

impl Moments {
    fn of(frames: &[Frame], shifts: &[ForegroundShift]) -> Self {
        let mut out = Self {
            frames: frames.len(),
            seen: vec![0; CELLS],
            sums: vec![0; CELLS * BINS],
            energies: vec![0; CELLS],
        };
        for (frame, &(dx, dy)) in frames.iter().zip(shifts) {
            for row in overlap(ROWS, dy) {
                for col in overlap(COLS, dx) {
                    let at = row * COLS + col;
                    let there = row.wrapping_add_signed(dy) * COLS + col.wrapping_add_signed(dx);
                    out.seen[at] += 1;
                    out.energies[at] += frame.fine.energies[there].unsigned_abs();
                    let sums = &mut out.sums[at * BINS..][..BINS];
                    let values = &frame.fine.values[there * BINS..][..BINS];
                    sums.iter_mut()
                        .zip(values)
                        .for_each(|(s, &v)| *s += u32::from(v.unsigned_abs()));
                }
            }
        }
        out
    }

    /// Share of each cell's energy in its mean; 0 where it is flat or hardly ever seen.
    fn shares(&self) -> Vec<f64> {
        let total: f64 = self.energies.iter().map(|&e| f64::from(e)).sum();
        let flat = FOREGROUND_FLAT * total / (CELLS * self.frames.max(1)) as f64;
        let least = FOREGROUND_SEEN * self.frames as f64;
        let cells = self
            .sums
            .as_chunks::<BINS>()
            .0
            .iter()
            .zip(&self.energies)
            .zip(&self.seen);
        cells
            .map(|((sums, &energy), &seen)| {
                let n = f64::from(seen);
                let mean: f64 = sums.iter().map(|&s| (f64::from(s) / n.max(1.0)).powi(2)).sum();
                let energy = f64::from(energy) / n.max(1.0);
                if n < least || energy <= flat {
                    0.0
                } else {
                    mean / energy
                }
            })
            .collect()
    }
}

/// The share that parts the cells into two kinds with the most variance between them (Otsu 1979).
fn split(shares: &[f64]) -> f64 {
    let (low, high) = FOREGROUND_SPLITS;
    let n = shares.len() as f64;
    let total: f64 = shares.iter().sum();
    let steps = ((high - low) / SPLIT_STEP).round() as usize;
    let mut best = (f64::NEG_INFINITY, high);
    for step in 0..=steps {
        let at = low + SPLIT_STEP * step as f64;
        let above: Vec<f64> = shares.iter().copied().filter(|&share| share > at).collect();
        let (count, sum) = (above.len() as f64, above.iter().sum::<f64>());
        if count == 0.0 || count == n {
            continue;
        }
        let apart = sum / count - (total - sum) / (n - count);
        let between = count * (n - count) * apart * apart;
        if between > best.0 {
            best = (between, at);
        }
    }
    best.1
}

/// What the foreground looks like, fine and pooled.
#[derive(Clone, Debug)]
struct Template {
    fine: WeightedGrid,
    pooled: WeightedGrid,
}

/// `W T` and what its cosine needs.
#[derive(Clone, Debug)]
struct WeightedGrid {
    grid: Grid,
    weights: Vec<i32>,
    /// `W T²` of each cell.
    energies: Vec<f64>,
}

impl WeightedGrid {
    fn new(rows: usize, cols: usize, mean: &[i16], weights: &[i16]) -> Self {
        let weighted = mean
            .as_chunks::<BINS>()
            .0
            .iter()
            .zip(weights)
            .flat_map(|(cell, &weight)| cell.map(|v| v * weight))
            .collect();
        let energies = mean.as_chunks::<BINS>().0.iter().zip(weights);
        Self {
            grid: Grid::new(rows, cols, weighted),
            weights: weights.iter().map(|&w| i32::from(w)).collect(),
            energies: energies
                .map(|(cell, &w)| f64::from(w) * cell.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>())
                .collect(),
        }
    }

    /// Cosine of the weighted cells with those of a frame in which the foreground lies `(dx, dy)` further.
    fn cosine(&self, frame: &Grid, (dx, dy): ForegroundShift) -> f64 {
        let Grid { rows, cols, .. } = self.grid;
        let (mut dot, mut theirs, mut ours) = (0i64, 0i64, 0.0);
        let columns = overlap(cols, dx);
        for row in overlap(rows, dy) {
            let at = row * cols + columns.start;
            let there = row.wrapping_add_signed(dy) * cols + columns.start.wrapping_add_signed(dx);
            let len = columns.len();
            dot += i64::from(dot_of(
                &self.grid.values[at * BINS..][..len * BINS],
                &frame.values[there * BINS..][..len * BINS],
            ));
            let energies = self.weights[at..at + len]
                .iter()
                .zip(&frame.energies[there..there + len]);
            theirs += i64::from(energies.map(|(w, e)| w * e).sum::<i32>());
            ours += self.energies[at..at + len].iter().sum::<f64>();
        }
        let norm = (ours * theirs as f64).sqrt();
        if norm > 0.0 { dot as f64 / norm } else { 0.0 }
    }
}

#[inline(always)]
fn dot_plain(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

crate::dispatch::multiversion! {
    fn dot_of(a: &[i16], b: &[i16]) -> i32 = dot_plain;
}

impl Template {
    fn new(moments: &Moments) -> Self {
        let (low, high) = FOREGROUND_SHARES_OF_WEIGHT;
        let weight = |share: f64| {
            (((share - low) / (high - low)).clamp(0.0, 1.0) * f64::from(FULL_WEIGHT)).round() as i16
        };
        let weights: Vec<i16> = moments.shares().into_iter().map(weight).collect();
        let mean: Vec<i16> = moments
            .sums
            .as_chunks::<BINS>()
            .0
            .iter()
            .zip(&moments.seen)
            .flat_map(|(sums, &seen)| sums.map(|s| (f64::from(s) / f64::from(seen.max(1))).round() as i16))
            .collect();
        let of_pooled: Vec<i16> = pooled(&weights, 1)
            .iter()
            .map(|w| w / (POOL * POOL) as i16)
            .collect();
        Self {
            pooled: WeightedGrid::new(ROWS / POOL, COLS / POOL, &pooled(&mean, BINS), &of_pooled),
            fine: WeightedGrid::new(ROWS, COLS, &mean, &weights),
        }
    }

    /// Where the foreground lies in a frame: pooled first, then the fine cells around.
    fn place(&self, frame: &Frame) -> ForegroundShift {
        let pooled = best_shift(
            around(
                (0, 0),
                [FOREGROUND_MAX_DX, FOREGROUND_MAX_DY].map(|most| most / POOL as isize),
            ),
            |shift| self.pooled.cosine(&frame.pooled, shift),
        );
        let near = (pooled.0 * POOL as isize, pooled.1 * POOL as isize);
        best_shift(around(near, [1, 1]), |shift| self.fine.cosine(&frame.fine, shift))
    }
}

/// A shift and those up to so far away, itself first.
fn around((x, y): ForegroundShift, [dx, dy]: [isize; 2]) -> impl Iterator<Item = ForegroundShift> {
    let beside = (-dy..=dy).flat_map(move |j| (-dx..=dx).map(move |i| (x + i, y + j)));
    std::iter::once((x, y)).chain(beside)
}

/// The shift of the highest score; of equal ones the first.
fn best_shift(
    shifts: impl Iterator<Item = ForegroundShift>,
    score: impl Fn(ForegroundShift) -> f64,
) -> ForegroundShift {
    let mut best = (f64::NEG_INFINITY, (0, 0));
    for shift in shifts {
        let score = score(shift);
        if score > best.0 {
            best = (score, shift);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAMES: usize = 60;

    fn level(what: usize, row: isize, col: isize, bin: usize) -> u8 {
        let key = (what as isize * 7919 + row * 104_729 + col * 1_299_709 + bin as isize * 15_485_863)
            .wrapping_mul(0x9e37_79b9);
        // Few bins are strong, as with edges.
        if (key >> 11) % 3 == 0 {
            ((key >> 17) & 15) as u8
        } else {
            0
        }
    }

    /// Scenery that is always another, and below a foreground that lies `shift(frame)` from its place.
    fn ride(rows_of_foreground: usize, shift: impl Fn(usize) -> ForegroundShift) -> Vec<u8> {
        let mut packed = vec![0; FRAMES * HOG_GRID_LEN];
        for (frame, out) in packed.chunks_exact_mut(HOG_GRID_LEN).enumerate() {
            let (dx, dy) = shift(frame);
            for at in 0..CELLS * BINS {
                let (row, col) = ((at / BINS / COLS) as isize, (at / BINS % COLS) as isize);
                let is_foreground = row - dy >= (ROWS - rows_of_foreground) as isize;
                let level = if is_foreground {
                    // Edges are longer than a cell.
                    level(0, (row - dy).div_euclid(6), (col - dx).div_euclid(6), at % BINS)
                } else {
                    level(frame + 1, row, col, at % BINS)
                };
                out[at / 2] |= level << (4 * (at % 2));
            }
        }
        packed
    }

    /// At rest for two seconds of three, as a stabiliser is between bends.
    fn walk(frame: usize) -> ForegroundShift {
        if frame % 30 < 20 {
            return (0, 0);
        }
        let turned = (0.31 * (frame % 30 - 20) as f64).sin();
        ((5.0 * turned).round() as isize, (2.0 * turned).round() as isize)
    }

    #[test]
    fn a_panned_cockpit_is_found_in_every_frame_and_scenery_is_kept() {
        let packed = ride(14, walk);
        let foreground = Foreground::find(&packed).unwrap();
        // Its own coordinates are those of the most usual frames.
        let first = foreground.shift(&packed[..HOG_GRID_LEN]);
        for (frame, grid) in packed.chunks_exact(HOG_GRID_LEN).enumerate() {
            let (x, y) = foreground.shift(grid);
            let (dx, dy) = walk(frame);
            assert_eq!((x - first.0, y - first.1), (dx, dy), "frame {frame}");
            let mask = foreground.mask((x, y));
            let border = (ROWS as isize - 14 + dy) as usize / POOL;
            for (cell, &seen) in mask.iter().enumerate() {
                let (row, col) = (cell / (COLS / POOL), cell % (COLS / POOL));
                if row < border {
                    assert_eq!(seen, 1, "frame {frame}, cell {row} {col}");
                } else if row > border && (3..29).contains(&col) && row < 16 {
                    assert_eq!(seen, 0, "frame {frame}, cell {row} {col}");
                }
            }
        }
    }

    #[test]
    fn open_rides_standstills_and_short_recordings_have_no_foreground() {
        assert!(Foreground::find(&ride(0, walk)).is_none());
        assert!(Foreground::find(&ride(ROWS, |_| (0, 0))).is_none());
        assert!(Foreground::find(&ride(14, walk)[..10 * HOG_GRID_LEN]).is_none());
        assert!(Foreground::find(&[]).is_none());
        assert!(Foreground::find(&vec![0; FRAMES * HOG_GRID_LEN]).is_none());
    }

    #[test]
    fn two_kinds_of_cells_are_split_between_them() {
        let shares: Vec<f64> = (0..1000)
            .map(|k| if k % 5 == 0 { 0.95 } else { 0.7 } + 0.0001 * f64::from(k % 100))
            .collect();
        let at = split(&shares);
        assert!((0.7..0.95).contains(&at), "{at}");
    }
}
