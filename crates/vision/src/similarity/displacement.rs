//! `x' = x + dx + shear · max(row - h, 0) / 10`, `y' = y + dy`: a displacement of one grid against another
//! whose part below the horizon `h` shears sideways, and frames prepared for it.

use super::centred::{CentredSequence, ROW_LEN};
use crate::dense::{BINS, COLS, ROWS};
use crate::overlap::{energies, overlap};
use crate::tuning::{DISPLACEMENT_MAX_DX as MAX_DX, HORIZON_ROW, SHEAR_ROWS};

/// A displacement of the new grid against the reference grid, in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Displacement {
    /// Sideways shift at and above the horizon; positive: the new picture's content lies further right in the
    /// reference.
    pub dx: f32,
    /// Vertical shift.
    pub dy: f32,
    /// Extra sideways shift ten rows below the horizon, growing linearly: a different line on the trail.
    pub shear: f32,
}

impl Displacement {
    /// Where in the reference grid a place of the new grid lies: column and row in, column and row out.
    pub fn apply(&self, (col, row): (f64, f64)) -> (f64, f64) {
        let below = (row - 0.5 - f64::from(HORIZON_ROW)).max(0.0) / f64::from(SHEAR_ROWS);
        (
            col + f64::from(self.dx) + f64::from(self.shear) * below,
            row + f64::from(self.dy),
        )
    }
}

/// Share of the shear that each row gets: 0 at and above the horizon, 1 ten rows below.
pub(super) const BELOW_HORIZON: [f32; ROWS] = {
    let mut shares = [0.0; ROWS];
    let mut row = 0;
    while row < ROWS {
        let below = row as f32 - HORIZON_ROW;
        shares[row] = if below > 0.0 { below / SHEAR_ROWS } else { 0.0 };
        row += 1;
    }
    shares
};

/// Sideways displacements kept.
pub(super) const WIDE: usize = 2 * MAX_DX + 1;
/// Numbers kept per line of sideways displacements, so that a whole vector from any of them stays inside.
pub(super) const KEPT: usize = 32;
/// Zeros beside each row, as wide as the largest displacement; they serve the next row as well.
pub(super) const MARGIN: usize = MAX_DX * BINS;
const STRIDE: usize = ROW_LEN + MARGIN;
const STORED: usize = MARGIN + ROWS * STRIDE;

/// Energy of each row within the overlap after each sideways displacement.
pub(super) type Energies = [[f32; KEPT]; ROWS];

/// Frames ready to be compared under [`Displacement`]s.
#[derive(Clone, Debug)]
pub struct DisplacementSequence {
    /// `frames × STORED`: rows with zeros beside them, so that a displaced row is the same array further
    /// along.
    values: Vec<i16>,
    /// Per frame, as the new one and as the reference.
    pub(super) energies: Vec<[Energies; 2]>,
}

impl DisplacementSequence {
    /// Prepare the frames of a sequence.
    pub fn new(sequence: &CentredSequence) -> Self {
        let mut values = vec![0i16; sequence.frames * STORED];
        for (i, out) in values.chunks_exact_mut(STORED).enumerate() {
            for (row, numbers) in sequence.rows(i).enumerate() {
                out[row_start(row)..row_start(row) + ROW_LEN].copy_from_slice(numbers);
            }
        }
        let energies = (0..sequence.frames)
            .map(|i| {
                let mut both = [[[0.0; KEPT]; ROWS]; 2];
                for (row, numbers) in sequence.rows(i).enumerate() {
                    let until = running_energy(numbers);
                    for number in 0..WIDE {
                        let shift = number as isize - MAX_DX as isize;
                        // The part of the reference that a displaced frame falls on is the part of a new
                        // frame that stays on the grid when displaced the other way.
                        for (energies, shift) in both.iter_mut().zip([shift, -shift]) {
                            let columns = overlap(COLS, shift);
                            energies[row][number] = until[columns.end] - until[columns.start];
                        }
                    }
                }
                both
            })
            .collect();
        Self { values, energies }
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.energies.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.energies.is_empty()
    }

    pub(super) fn frame(&self, i: usize) -> &[i16] {
        &self.values[i * STORED..(i + 1) * STORED]
    }
}

/// Where a row begins among the numbers of a frame.
pub(super) const fn row_start(row: usize) -> usize {
    MARGIN + row * STRIDE
}

/// Energy of the columns up to each.
pub(super) fn running_energy(row: &[i16]) -> [f32; COLS + 1] {
    // Sums of integers below 2^24 are exact in f32 only for a part of the range, so they are made in i64.
    let mut sum = 0i64;
    let mut out = [0.0; COLS + 1];
    for (out, energy) in out[1..].iter_mut().zip(energies(row, BINS)) {
        sum += energy;
        *out = sum as f32;
    }
    out
}
