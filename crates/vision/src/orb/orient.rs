//! `θ = atan2(m₀₁, m₁₀)`: orientation of a corner by the intensity centroid of the disc around it (Rosin,
//! 1999).

use crate::dispatch::multiversion;
use crate::orb::pattern::PATCH_RADIUS as RADIUS;
use crate::orb::pyramid::Plane;

/// One row of the disc with one lane to spare, a power of two for the vectoriser.
const LANES: usize = 32;

/// `u` (horizontal offset) inside the disc and 0 outside, for each distance from the middle row.
const OFFSETS: [[i16; LANES]; RADIUS + 1] = disc(true);
/// 1 inside the disc and 0 outside.
const INSIDE: [[i16; LANES]; RADIUS + 1] = disc(false);

const fn disc(offsets: bool) -> [[i16; LANES]; RADIUS + 1] {
    let mut table = [[0; LANES]; RADIUS + 1];
    let mut v = 0;
    while v <= RADIUS {
        let mut i = 0;
        while i < LANES {
            let u = i as i16 - RADIUS as i16;
            // A quarter pixel over the radius makes the rim rounder, not longer.
            if (u as i32 * u as i32) + (v * v) as i32 <= (RADIUS * RADIUS) as i32 + RADIUS as i32 / 2 {
                table[v][i] = if offsets { u } else { 1 };
            }
            i += 1;
        }
        v += 1;
    }
    table
}

/// A unit vector in picture coordinates (x right, y down).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Direction {
    pub(crate) cos: f32,
    pub(crate) sin: f32,
}

impl Direction {
    /// Angle in degrees from the x axis towards the y axis (clockwise on the screen), in [0, 360).
    pub(crate) fn degrees(self) -> f32 {
        let degrees = self.sin.atan2(self.cos).to_degrees();
        let turned = if degrees < 0.0 { degrees + 360.0 } else { degrees };
        if turned >= 360.0 { 0.0 } else { turned }
    }
}

#[inline(always)]
fn moments_plain(data: &[u8], width: usize, centre: usize) -> [i32; 2] {
    let row = |y: isize| {
        let start = centre.wrapping_add_signed(y * width as isize) - RADIUS;
        &data[start..start + LANES]
    };
    let mut across = 0;
    let mut down = 0;
    for v in 0..=RADIUS {
        let (below, above) = (row(v as isize), row(-(v as isize)));
        let (mut across_row, mut down_row) = (0i32, 0i32);
        for i in 0..LANES {
            let (b, a) = (i16::from(below[i]), i16::from(above[i]));
            let sum = if v == 0 { a } else { a + b };
            across_row += i32::from(sum) * i32::from(OFFSETS[v][i]);
            down_row += i32::from(b - a) * i32::from(INSIDE[v][i]);
        }
        across += across_row;
        down += down_row * v as i32;
    }
    [across, down]
}

multiversion! {
    /// First moments (x, y) of the brightness in the disc around index `centre`.
    fn moments(data: &[u8], width: usize, centre: usize) -> [i32; 2] = moments_plain;
}

/// Direction of the corner at a pixel at least `RADIUS + 2` pixels away from every edge; a patch without any
/// preference points along the x axis.
pub(crate) fn direction(plane: &Plane, x: usize, y: usize) -> Direction {
    let [across, down] = moments(&plane.data, plane.width, y * plane.width + x).map(f64::from);
    let length = (across * across + down * down).sqrt();
    if length == 0.0 {
        return Direction { cos: 1.0, sin: 0.0 };
    }
    Direction {
        cos: (across / length) as f32,
        sin: (down / length) as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(f: impl Fn(f32, f32) -> u8) -> Plane {
        let mut plane = Plane::default();
        plane.reshape(41, 41);
        for (i, pixel) in plane.data.iter_mut().enumerate() {
            *pixel = f((i % 41) as f32 - 20.0, (i / 41) as f32 - 20.0);
        }
        plane
    }

    #[test]
    fn points_towards_the_bright_side() {
        for degrees in [0.0_f32, 30.0, 90.0, 135.0, 200.0, 270.0, 359.0] {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let found = direction(&plane(|x, y| (128.0 + 4.0 * (x * cos + y * sin)) as u8), 20, 20).degrees();
            let off = (found - degrees).abs();
            assert!(off.min(360.0 - off) < 1.0, "{degrees} found as {found}");
        }
    }

    #[test]
    fn flat_points_along_x() {
        assert_eq!(
            direction(&plane(|_, _| 99), 20, 20),
            Direction { cos: 1.0, sin: 0.0 }
        );
    }
}
