//! `R = det M - k (tr M)²`, `M = Σ ∇I ∇Iᵀ` over 7×7 pixels: the Harris corner response (Harris and Stephens,
//! 1988), which ranks corners.
//!
//! The FAST score says how far the ring differs from the centre, which noise and thin edges can reach too.
//! The Harris response asks whether brightness changes in *both* directions around the pixel, and so ranks
//! better.

use crate::dispatch::multiversion;
use crate::orb::pyramid::Plane;
use crate::tuning::{HARRIS_BLOCK as BLOCK, HARRIS_TRACE_WEIGHT as TRACE_WEIGHT};

/// Pixels needed on each side of the corner: half a block plus one for the gradient.
pub(crate) const REACH: usize = BLOCK / 2 + 1;
/// Lanes used per row: a block and one to spare, a power of two for the vectoriser.
const LANES: usize = 8;
/// Makes the response independent of the block size and of the 8-bit scale (gradients of up to 4 · 255 a
/// pixel).
const UNIT: f32 = 1.0 / (4.0 * 255.0 * (BLOCK * BLOCK) as f32);

#[inline(always)]
fn response_plain(data: &[u8], width: usize, top_left: usize) -> f32 {
    let (mut xx, mut yy, mut xy) = ([0i32; LANES], [0i32; LANES], [0i32; LANES]);
    for row in 0..BLOCK {
        let rows: [&[u8]; 3] = std::array::from_fn(|k| {
            let start = top_left + (row + k) * width;
            &data[start..start + BLOCK + 2]
        });
        for i in 0..BLOCK {
            let p = |k: usize, dx: usize| i32::from(rows[k][i + dx]);
            let dx = p(0, 2) - p(0, 0) + 2 * (p(1, 2) - p(1, 0)) + p(2, 2) - p(2, 0);
            let dy = p(2, 0) - p(0, 0) + 2 * (p(2, 1) - p(0, 1)) + p(2, 2) - p(0, 2);
            xx[i] += dx * dx;
            yy[i] += dy * dy;
            xy[i] += dx * dy;
        }
    }
    let sum = |lanes: [i32; LANES]| lanes.iter().sum::<i32>() as f32 * UNIT;
    let (xx, yy, xy) = (sum(xx), sum(yy), sum(xy));
    xx * yy - xy * xy - TRACE_WEIGHT * (xx + yy) * (xx + yy)
}

multiversion! {
    fn response_at(data: &[u8], width: usize, top_left: usize) -> f32 = response_plain;
}

/// Harris response at a pixel at least [`REACH`] pixels away from every edge.
pub(crate) fn response(plane: &Plane, x: usize, y: usize) -> f32 {
    response_at(&plane.data, plane.width, (y - REACH) * plane.width + x - REACH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(f: impl Fn(usize, usize) -> u8) -> Plane {
        let mut plane = Plane::default();
        plane.reshape(21, 21);
        for (i, pixel) in plane.data.iter_mut().enumerate() {
            *pixel = f(i % 21, i / 21);
        }
        plane
    }

    #[test]
    fn a_corner_beats_an_edge_and_a_flat_patch() {
        let corner = response(&plane(|x, y| if x > 10 && y > 10 { 200 } else { 20 }), 10, 10);
        let edge = response(&plane(|x, _| if x > 10 { 200 } else { 20 }), 10, 10);
        let flat = response(&plane(|_, _| 90), 10, 10);
        assert!(
            corner > 0.0 && edge < 0.0 && flat == 0.0,
            "{corner} {edge} {flat}"
        );
    }

    #[test]
    fn a_turned_patch_keeps_its_response() {
        let f = |x: usize, y: usize| (x * x * 3 + y * 7 + x * y) as u8;
        let straight = response(&plane(f), 10, 10);
        let turned = response(&plane(|x, y| f(y, 20 - x)), 10, 10);
        assert!(
            (straight - turned).abs() <= 1e-3 * straight.abs(),
            "{straight} {turned}"
        );
    }
}
