//! Gaussian blur before description.
//!
//! A BRIEF bit compares two single pixels; without blur it would compare noise.

use crate::dispatch::multiversion;
use crate::orb::pyramid::Plane;

/// Half of a 7-tap Gaussian of sigma 2 px in 1/256, centre first (the blur of Rublee et al., ICCV 2011).
/// Centre + 2 × the others = 256.
const TAPS: [u16; 4] = [56, 48, 34, 18];
/// Taps on each side of the centre.
const RADIUS: usize = TAPS.len() - 1;

#[inline(always)]
fn weigh(centre: u8, pairs: [(u8, u8); RADIUS]) -> u8 {
    let mut sum = 128 + u16::from(centre) * TAPS[0];
    for (k, (a, b)) in pairs.into_iter().enumerate() {
        sum += (u16::from(a) + u16::from(b)) * TAPS[k + 1];
    }
    (sum >> 8) as u8
}

#[inline(always)]
fn down_plain(rows: &[&[u8]; 2 * RADIUS + 1], out: &mut [u8]) {
    let n = out.len();
    let r: [&[u8]; 2 * RADIUS + 1] = std::array::from_fn(|k| &rows[k][..n]);
    for i in 0..n {
        out[i] = weigh(
            r[3][i],
            [(r[2][i], r[4][i]), (r[1][i], r[5][i]), (r[0][i], r[6][i])],
        );
    }
}

multiversion! {
    /// Weighted mean of seven rows.
    fn down(rows: &[&[u8]; 2 * RADIUS + 1], out: &mut [u8]) = down_plain;
}

#[inline(always)]
fn across_plain(padded: &[u8], out: &mut [u8]) {
    let n = out.len();
    let r: [&[u8]; 2 * RADIUS + 1] = std::array::from_fn(|k| &padded[k..k + n]);
    for i in 0..n {
        out[i] = weigh(
            r[3][i],
            [(r[2][i], r[4][i]), (r[1][i], r[5][i]), (r[0][i], r[6][i])],
        );
    }
}

multiversion! {
    /// Weighted mean of seven neighbours; `padded` has `RADIUS` pixels more than `out` on each side.
    fn across(padded: &[u8], out: &mut [u8]) = across_plain;
}

/// Blur `source` into `target` (reshaped to the same size); edges repeat the outermost pixel.
/// `scratch` is a row buffer kept by the caller.
pub(crate) fn gaussian(source: &Plane, target: &mut Plane, scratch: &mut Vec<u8>) {
    let (width, height) = (source.width, source.height);
    target.reshape(width, height);
    if width == 0 || height == 0 {
        return;
    }
    scratch.resize(width + 2 * RADIUS, 0);
    for (y, out) in target.data.chunks_exact_mut(width).enumerate() {
        let rows: [&[u8]; 2 * RADIUS + 1] =
            std::array::from_fn(|k| source.row((y + k).saturating_sub(RADIUS).min(height - 1)));
        down(&rows, &mut scratch[RADIUS..RADIUS + width]);
        let (left, right) = (scratch[RADIUS], scratch[RADIUS + width - 1]);
        scratch[..RADIUS].fill(left);
        scratch[RADIUS + width..].fill(right);
        across(scratch, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blurred(width: usize, height: usize, f: impl Fn(usize, usize) -> u8) -> Plane {
        let mut source = Plane::default();
        source.reshape(width, height);
        for (i, pixel) in source.data.iter_mut().enumerate() {
            *pixel = f(i % width, i / width);
        }
        let mut target = Plane::default();
        gaussian(&source, &mut target, &mut Vec::new());
        target
    }

    #[test]
    fn flat_stays_flat_at_both_ends_of_the_scale() {
        for grey in [0, 77, 255] {
            assert!(blurred(9, 5, |_, _| grey).data.iter().all(|&p| p == grey));
        }
        assert_eq!(blurred(1, 1, |_, _| 3).data, [3]);
    }

    #[test]
    fn a_point_becomes_a_round_hill() {
        let hill = blurred(21, 21, |x, y| if (x, y) == (10, 10) { 255 } else { 0 });
        for d in 0..4 {
            assert_eq!(hill.row(10)[10 + d], hill.row(10)[10 - d]);
            assert!(hill.row(10)[10 + d].abs_diff(hill.row(10 + d)[10]) <= 1);
            assert!(hill.row(10)[10 + d] >= hill.row(10)[11 + d]);
        }
        assert_eq!(hill.row(10)[14], 0);
    }
}
