//! The scale pyramid: the same picture, smaller and smaller.
//!
//! A corner seen from twice as far away is half as large. Searching a pyramid of pictures, each smaller than
//! the one before by the same factor, lets features match across that change of distance.

use crate::dispatch::multiversion;

/// Bilinear weights sum to this: small enough that `255 * WEIGHT_ONE` fits `i16`, which the byte
/// multiplication of x86 adds up to.
const WEIGHT_ONE: u16 = 64;
/// `log2(WEIGHT_ONE)`.
const WEIGHT_SHIFT: u32 = 6;

/// A grey picture that owns its pixels (row by row, no padding) and keeps its allocation when resized.
#[derive(Debug, Default)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<u8>,
}

impl Plane {
    /// Change the size; the content is unspecified afterwards.
    pub(crate) fn reshape(&mut self, width: usize, height: usize) {
        self.width = width;
        self.height = height;
        self.data.resize(width * height, 0);
    }

    /// The pixels of row `y`, which must be inside the picture.
    pub(crate) fn row(&self, y: usize) -> &[u8] {
        &self.data[y * self.width..(y + 1) * self.width]
    }
}

/// Where one output pixel comes from along one axis: `first`, its right neighbour, and the neighbour's
/// weight.
#[derive(Clone, Copy, Debug)]
struct Tap {
    first: u32,
    second: u32,
    second_weight: u16,
}

/// Taps for shrinking `from` pixels to `to` pixels, pixel centres aligned (`u = (x + 0.5) * from / to -
/// 0.5`).
fn taps(from: usize, to: usize, out: &mut Vec<Tap>) {
    let step = from as f64 / to as f64;
    out.clear();
    out.extend((0..to).map(|x| {
        let place = ((x as f64 + 0.5) * step - 0.5).clamp(0.0, (from - 1) as f64);
        let first = place as usize;
        let second_weight = ((place - first as f64) * f64::from(WEIGHT_ONE)).round() as u16;
        Tap {
            first: first as u32,
            second: (first + 1).min(from - 1) as u32,
            second_weight,
        }
    }));
}

/// The taps of [`GROUP`] neighbouring outputs as one shuffle and one multiplication of bytes.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// First of the [`WINDOW`] source pixels looked at.
    start: u32,
    /// For each output, the places of its two pixels in the window.
    places: [u8; WINDOW],
    /// For each output, the weights of its two pixels.
    weights: [u8; WINDOW],
}

/// Outputs per [`Group`].
const GROUP: usize = 8;
/// Source pixels a group can reach: what one shuffle instruction can.
const WINDOW: usize = 16;

/// Groups for the longest prefix of `taps` whose windows fit into a row of `width` pixels.
fn groups(taps: &[Tap], width: usize, out: &mut Vec<Group>) {
    let group = |taps: &[Tap; GROUP]| {
        let start = taps[0].first;
        let fits = start as usize + WINDOW <= width && taps[GROUP - 1].second - start < WINDOW as u32;
        fits.then(|| {
            let mut group = Group {
                start,
                places: [0; WINDOW],
                weights: [0; WINDOW],
            };
            for (k, tap) in taps.iter().enumerate() {
                group.places[2 * k] = (tap.first - start) as u8;
                group.places[2 * k + 1] = (tap.second - start) as u8;
                group.weights[2 * k] = (WEIGHT_ONE - tap.second_weight) as u8;
                group.weights[2 * k + 1] = tap.second_weight as u8;
            }
            group
        })
    };
    out.clear();
    out.extend(taps.as_chunks().0.iter().map_while(group));
}

/// Shrinks planes; keeps its tables and buffers between calls.
#[derive(Debug, Default)]
pub(crate) struct Resizer {
    columns: Vec<Tap>,
    groups: Vec<Group>,
    rows: Vec<Tap>,
    /// One source row after blending two rows.
    blended: Vec<u8>,
}

impl Resizer {
    /// Bilinear shrink of a non-empty `source` to the size that `target` has.
    pub(crate) fn shrink(&mut self, source: &Plane, target: &mut Plane) {
        taps(source.width, target.width, &mut self.columns);
        taps(source.height, target.height, &mut self.rows);
        groups(&self.columns, source.width, &mut self.groups);
        self.blended.resize(source.width, 0);
        for (row, out) in self.rows.iter().zip(target.data.chunks_exact_mut(target.width)) {
            let (above, below) = (source.row(row.first as usize), source.row(row.second as usize));
            blend_rows(above, below, row.second_weight, &mut self.blended);
            pick_columns(&self.blended, &self.groups, &self.columns, out);
        }
    }
}

#[inline(always)]
fn blend_rows_plain(above: &[u8], below: &[u8], below_weight: u16, out: &mut [u8]) {
    let above_weight = WEIGHT_ONE - below_weight;
    for ((out, &a), &b) in out.iter_mut().zip(above).zip(below) {
        let sum = u16::from(a) * above_weight + u16::from(b) * below_weight;
        *out = ((sum + WEIGHT_ONE / 2) >> WEIGHT_SHIFT) as u8;
    }
}

multiversion! {
    /// Weighted mean of two rows.
    fn blend_rows(above: &[u8], below: &[u8], below_weight: u16, out: &mut [u8]) = blend_rows_plain;
}

/// Weighted mean of the two pixels each tap names. `groups` hold the same taps, as far as they go.
fn pick_columns(row: &[u8], groups: &[Group], taps: &[Tap], out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if crate::dispatch::has_avx2() {
        // SAFETY: AVX2, which was just detected, includes SSSE3.
        unsafe { pick_groups(row, groups, out) };
        let done = groups.len() * GROUP;
        return pick_columns_plain(row, &taps[done..], &mut out[done..]);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = groups;
    pick_columns_plain(row, taps, out);
}

fn pick_columns_plain(row: &[u8], taps: &[Tap], out: &mut [u8]) {
    for (out, tap) in out.iter_mut().zip(taps) {
        let a = u16::from(row[tap.first as usize]) * (WEIGHT_ONE - tap.second_weight);
        let b = u16::from(row[tap.second as usize]) * tap.second_weight;
        *out = ((a + b + WEIGHT_ONE / 2) >> WEIGHT_SHIFT) as u8;
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "ssse3")]
fn pick_groups(row: &[u8], groups: &[Group], out: &mut [u8]) {
    use std::arch::x86_64::{
        __m128i, _mm_add_epi16, _mm_loadu_si128, _mm_maddubs_epi16, _mm_packus_epi16, _mm_set1_epi16,
        _mm_shuffle_epi8, _mm_srli_epi16, _mm_storel_epi64,
    };
    let load = |bytes: &[u8; WINDOW]| {
        // SAFETY: 16 bytes are readable behind the reference, and the load needs no alignment.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast::<__m128i>()) }
    };
    let half = _mm_set1_epi16((WEIGHT_ONE / 2) as i16);
    for (group, out) in groups.iter().zip(out.as_chunks_mut::<GROUP>().0) {
        let Some(window) = row
            .get(group.start as usize..)
            .and_then(|rest| rest.first_chunk())
        else {
            return;
        };
        let pairs = _mm_shuffle_epi8(load(window), load(&group.places));
        let sums = _mm_maddubs_epi16(pairs, load(&group.weights));
        let means = _mm_srli_epi16::<{ WEIGHT_SHIFT as i32 }>(_mm_add_epi16(sums, half));
        // SAFETY: 8 bytes are writable behind the reference, and the store needs no alignment.
        unsafe { _mm_storel_epi64(out.as_mut_ptr().cast::<__m128i>(), _mm_packus_epi16(means, means)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_processor_path_picks_the_same_columns(
            row in prop::collection::vec(any::<u8>(), 1..200), share in 0.3f64..1.0,
        ) {
            let to = ((row.len() as f64 * share) as usize).max(1);
            let (mut columns, mut grouped) = (Vec::new(), Vec::new());
            taps(row.len(), to, &mut columns);
            groups(&columns, row.len(), &mut grouped);
            let (mut fast, mut plain) = (vec![1; to], vec![2; to]);
            pick_columns(&row, &grouped, &columns, &mut fast);
            pick_columns_plain(&row, &columns, &mut plain);
            prop_assert_eq!(fast, plain);
        }
    }

    fn shrink(width: usize, height: usize, to: (usize, usize), f: impl Fn(usize, usize) -> u8) -> Plane {
        let mut source = Plane::default();
        source.reshape(width, height);
        for (i, pixel) in source.data.iter_mut().enumerate() {
            *pixel = f(i % width, i / width);
        }
        let mut target = Plane::default();
        target.reshape(to.0, to.1);
        Resizer::default().shrink(&source, &mut target);
        target
    }

    #[test]
    fn a_ramp_stays_a_ramp_with_centres_aligned() {
        let step = 60.0 / 50.0;
        let small = shrink(60, 48, (50, 40), |x, y| (2 * x + y) as u8);
        for y in 1..39 {
            for x in 1..49 {
                let (u, v) = ((x as f64 + 0.5) * step - 0.5, (y as f64 + 0.5) * step - 0.5);
                let found = f64::from(small.row(y)[x]);
                assert!(
                    (found - (2.0 * u + v)).abs() < 1.1,
                    "({x}, {y}): {found} for {}",
                    2.0 * u + v
                );
            }
        }
    }

    #[test]
    fn a_flat_picture_stays_flat_and_one_pixel_is_enough() {
        assert!(
            shrink(31, 17, (26, 14), |_, _| 255)
                .data
                .iter()
                .all(|&p| p == 255)
        );
        assert_eq!(shrink(1, 1, (1, 1), |_, _| 9).data, [9]);
    }
}
