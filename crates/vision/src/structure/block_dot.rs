//! `Σ a_k b_k` over a block of 6×6 cells and a place of another grid: the inner loop of hill climbing. Left
//! to the compiler, the short lines of a block become a mixture of widths that takes twice as long.

use super::hog_grid::BLOCK;
use crate::dots::dot_plain;
use crate::orientation_grid::BINS;

/// Numbers in a line of a block.
const LINE: usize = BLOCK * BINS;

/// Numbers of a block, row by row.
pub(super) type BlockCells = [i16; BLOCK * LINE];

/// Dot product of `block` with the lines of `grid` that begin at `at` and every `stride` numbers after. All
/// numbers are 240 at most, so 288 products stay inside an `i32`.
///
/// # Panics
/// When the grid ends before the block does.
#[inline]
pub(super) fn block_dot(block: &BlockCells, grid: &[i16], at: usize, stride: usize) -> i32 {
    let grid = &grid[at..at + (BLOCK - 1) * stride + LINE];
    #[cfg(target_arch = "x86_64")]
    if crate::dispatch::has_avx2() {
        // SAFETY: the processor has AVX2, and the slice holds every line.
        return unsafe { avx2(block, grid, stride) };
    }
    plain(block, grid, stride)
}

/// The definition.
fn plain(block: &BlockCells, grid: &[i16], stride: usize) -> i32 {
    let lines = block.as_chunks::<LINE>().0.iter().zip(grid.chunks(stride));
    lines.map(|(ours, theirs)| dot_plain(ours, theirs)).sum()
}

/// # Safety
/// `grid` must hold [`BLOCK`] lines of [`LINE`] numbers, each `stride` after the one before.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn avx2(block: &BlockCells, grid: &[i16], stride: usize) -> i32 {
    use std::arch::x86_64::{
        _mm_add_epi32, _mm_cvtsi128_si32, _mm_shuffle_epi32, _mm256_add_epi32, _mm256_castsi256_si128,
        _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_setzero_si256,
    };
    const LANES: usize = 16;
    const { assert!(LINE.is_multiple_of(LANES)) };
    let mut sums = _mm256_setzero_si256();
    for row in 0..BLOCK {
        for part in (0..LINE).step_by(LANES) {
            // SAFETY: inside the block by its length, inside the grid by the promise above; loads need no
            // alignment.
            let (p, q) = unsafe {
                (
                    _mm256_loadu_si256(block.as_ptr().add(row * LINE + part).cast()),
                    _mm256_loadu_si256(grid.as_ptr().add(row * stride + part).cast()),
                )
            };
            sums = _mm256_add_epi32(sums, _mm256_madd_epi16(p, q));
        }
    }
    let half = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
    let quarter = _mm_add_epi32(half, _mm_shuffle_epi32::<0b00_00_11_10>(half));
    _mm_cvtsi128_si32(_mm_add_epi32(
        quarter,
        _mm_shuffle_epi32::<0b00_00_00_01>(quarter),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_processor_version_meets_the_definition() {
        const STRIDE: usize = 100;
        let number = |k: usize| ((k * 7919 + k * k * 31) % 481) as i16 - 240;
        let block: BlockCells = std::array::from_fn(number);
        let grid: Vec<i16> = (1000..1000 + 2 * BLOCK * STRIDE).map(number).collect();
        for at in [0, 3, 77, grid.len() - (BLOCK - 1) * STRIDE - LINE] {
            let by_hand: i32 = (0..BLOCK * LINE)
                .map(|k| (k, at + k / LINE * STRIDE + k % LINE))
                .map(|(k, j)| i32::from(block[k]) * i32::from(grid[j]))
                .sum();
            assert_eq!(block_dot(&block, &grid, at, STRIDE), by_hand);
            assert_eq!(plain(&block, &grid[at..], STRIDE), by_hand);
        }
        let most: BlockCells = [240; BLOCK * LINE];
        assert_eq!(block_dot(&most, &most, 0, LINE), 288 * 240 * 240);
    }
}
