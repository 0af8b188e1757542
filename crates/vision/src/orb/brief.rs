//! `bit_i = I(R_θ p_i) < I(R_θ q_i)`: rotated BRIEF, 256 comparisons of two blurred pixels each (Calonder et
//! al., ECCV 2010; Rublee et al., ICCV 2011).

use crate::dispatch::multiversion;
use crate::orb::orient::Direction;
use crate::orb::pattern::{PAIRS, PATTERN};
use crate::orb::pyramid::Plane;

/// Bytes of a descriptor.
pub const DESCRIPTOR_BYTES: usize = PAIRS / 8;
/// 1.5 · 2²³: adding it to a small float leaves the nearest integer in the low mantissa bits.
const ROUNDER: f32 = 12_582_912.0;

#[inline(always)]
fn sample_offsets_plain(cos: f32, sin: f32, stride: i32, out: &mut [[i32; PAIRS]; 2]) {
    let round = |v: f32| (v + ROUNDER).to_bits() as i32 - ROUNDER.to_bits() as i32;
    for (end, out) in PATTERN.iter().zip(out) {
        for ((out, &x), &y) in out.iter_mut().zip(&end.x).zip(&end.y) {
            let (x, y) = (f32::from(x), f32::from(y));
            *out = round(x * sin + y * cos) * stride + round(x * cos - y * sin);
        }
    }
}

multiversion! {
    /// Where the two ends of every comparison lie after turning the pattern, as distances in the pixel array.
    fn sample_offsets(cos: f32, sin: f32, stride: i32, out: &mut [[i32; PAIRS]; 2]) = sample_offsets_plain;
}

/// Descriptor of the corner at a pixel at least [`crate::orb::pattern::PATCH_RADIUS`] + 1 pixels from every
/// edge of the blurred level. Bit `i` (bit `i % 8` of byte `i / 8`) is set when the first end of comparison
/// `i` is darker.
pub(crate) fn describe(
    blurred: &Plane,
    x: usize,
    y: usize,
    direction: Direction,
    scratch: &mut [[i32; PAIRS]; 2],
) -> [u8; DESCRIPTOR_BYTES] {
    sample_offsets(direction.cos, direction.sin, blurred.width as i32, scratch);
    let centre = y * blurred.width + x;
    let pixel = |offset: i32| blurred.data[centre.wrapping_add_signed(offset as isize)];
    let mut bits = [0; DESCRIPTOR_BYTES];
    let [first, second] = scratch;
    for ((byte, a), b) in bits
        .iter_mut()
        .zip(first.chunks_exact(8))
        .zip(second.chunks_exact(8))
    {
        for k in 0..8 {
            *byte |= u8::from(pixel(a[k]) < pixel(b[k])) << k;
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_processor_path_samples_the_same_pixels(degrees in 0.0f32..360.0, stride in 40i32..4000) {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let mut fast = [[0; PAIRS]; 2];
            let mut plain = fast;
            sample_offsets(cos, sin, stride, &mut fast);
            sample_offsets_plain(cos, sin, stride, &mut plain);
            prop_assert_eq!(fast, plain);
        }
    }

    #[test]
    fn a_quarter_turn_of_patch_and_direction_gives_the_same_bits() {
        let side = 41;
        let f = |x: usize, y: usize| ((x * 37 + y * 101 + x * y * 13) % 256) as u8;
        let mut straight = Plane::default();
        straight.reshape(side, side);
        let mut turned = Plane::default();
        turned.reshape(side, side);
        for y in 0..side {
            for x in 0..side {
                straight.data[y * side + x] = f(x, y);
                // Clockwise on the screen: what was right is now below.
                turned.data[x * side + (side - 1 - y)] = f(x, y);
            }
        }
        let mut scratch = [[0; PAIRS]; 2];
        let a = describe(&straight, 20, 20, Direction { cos: 1.0, sin: 0.0 }, &mut scratch);
        let b = describe(&turned, 20, 20, Direction { cos: 0.0, sin: 1.0 }, &mut scratch);
        assert_eq!(a, b);
    }
}
