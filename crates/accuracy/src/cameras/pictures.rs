//! What is laid over a recording, drawn without any file: a cockpit, and the shade of leaves.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use anyhow::Result;

use crate::footage;

/// How far the cockpit goes on beyond each border of the picture, shares of its width.
pub const COCKPIT_MARGIN: f64 = 0.1;
/// Light that shade takes away, share.
const SHADE_DEPTH: f64 = 0.5;
/// Cells of the shade across the picture: large patches and small ones.
const SHADE_CELLS: [f64; 2] = [16.0, 32.0];

/// A part of the cockpit: a thick line between two points with stripes across, in widths of the picture from
/// its upper left corner; grey levels.
struct Limb {
    from: (f64, f64),
    to: (f64, f64),
    radius: f64,
    grey: f64,
    stripes: f64,
    stripe_depth: f64,
}

/// Sleeves, gloves, bar, grips, stem, display, fork and cables; later ones lie in front.
const COCKPIT: [Limb; 12] = [
    limb((-0.02, 0.62), (0.17, 0.42), 0.075, 70.0, 14.0, 25.0),
    limb((1.02, 0.62), (0.83, 0.42), 0.075, 70.0, 14.0, 25.0),
    limb((0.50, 0.42), (0.50, 0.70), 0.050, 40.0, 9.0, 15.0),
    limb((0.15, 0.40), (0.50, 0.43), 0.014, 50.0, 3.0, 10.0),
    limb((0.85, 0.40), (0.50, 0.43), 0.014, 50.0, 3.0, 10.0),
    limb((0.10, 0.395), (0.24, 0.405), 0.024, 25.0, 40.0, 30.0),
    limb((0.90, 0.395), (0.76, 0.405), 0.024, 25.0, 40.0, 30.0),
    limb((0.15, 0.41), (0.22, 0.40), 0.046, 110.0, 18.0, 60.0),
    limb((0.85, 0.41), (0.78, 0.40), 0.046, 110.0, 18.0, 60.0),
    limb((0.48, 0.41), (0.52, 0.41), 0.030, 180.0, 30.0, 50.0),
    limb((0.27, 0.41), (0.44, 0.56), 0.007, 20.0, 1.0, 0.0),
    limb((0.73, 0.41), (0.56, 0.56), 0.007, 20.0, 1.0, 0.0),
];

const fn limb(
    from: (f64, f64),
    to: (f64, f64),
    radius: f64,
    grey: f64,
    stripes: f64,
    stripe_depth: f64,
) -> Limb {
    Limb {
        from,
        to,
        radius,
        grey,
        stripes,
        stripe_depth,
    }
}

/// Grey levels and opacity, one pair of bytes a pixel.
#[derive(Debug, PartialEq)]
pub struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<[u8; 2]>,
}

impl Picture {
    /// The picture as a file that ffmpeg reads (Netpbm PAM), made once.
    pub fn file(&self) -> Result<PathBuf> {
        let mut bytes = format!(
            "P7\nWIDTH {}\nHEIGHT {}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n",
            self.width, self.height
        )
        .into_bytes();
        bytes.extend(
            self.pixels
                .iter()
                .flat_map(|&[grey, alpha]| [grey, grey, grey, alpha]),
        );
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        footage::kept(&format!("picture-{:016x}.pam", hasher.finish()), &bytes)
    }

    fn drawn(width: u32, height: u32, pixel: impl Fn(f64, f64) -> (f64, f64)) -> Self {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Self {
            width,
            height,
            pixels: pixels
                .map(|(x, y)| {
                    let (grey, alpha) = pixel(f64::from(x) + 0.5, f64::from(y) + 0.5);
                    [grey, alpha * 255.0].map(|level| level.round().clamp(0.0, 255.0) as u8)
                })
                .collect(),
        }
    }
}

/// Arms and a handlebar in the lower half, with [`COCKPIT_MARGIN`] around the picture of `width` by `height`.
pub fn cockpit(width: u32, height: u32) -> Picture {
    let margin = COCKPIT_MARGIN * f64::from(width);
    let size = |px: u32| px + 2 * margin as u32;
    let scale = f64::from(width);
    Picture::drawn(size(width), size(height), |x, y| {
        let at = ((x - margin.floor()) / scale, (y - margin.floor()) / scale);
        let mut pixel = (0.0, 0.0);
        for (k, limb) in COCKPIT.iter().enumerate() {
            let (along, distance) = limb.place(at);
            let inside = ((limb.radius - distance) * scale + 0.5).clamp(0.0, 1.0);
            if inside > 0.0 {
                let stripe = (along * limb.stripes * std::f64::consts::TAU).sin().signum();
                let grain = 20.0 * (noise((x / 3.0).floor(), (y / 3.0).floor(), k as u64) - 0.5);
                let grey = limb.grey + limb.stripe_depth * stripe + grain;
                pixel = (grey, inside.max(pixel.1));
            }
        }
        pixel
    })
}

impl Limb {
    /// Share of the way along the limb, and distance from its middle line.
    fn place(&self, at: (f64, f64)) -> (f64, f64) {
        let (dx, dy) = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        let (px, py) = (at.0 - self.from.0, at.1 - self.from.1);
        let along = ((px * dx + py * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        (along, (px - along * dx).hypot(py - along * dy))
    }
}

/// Black of changing opacity, twice as wide as the picture and repeating after its width.
pub fn shade(width: u32, height: u32) -> Picture {
    let scale = f64::from(width);
    Picture::drawn(2 * width, height, |x, y| {
        let [large, small] =
            SHADE_CELLS.map(|cells| smooth_noise(x * cells / scale, y * cells / scale, cells));
        let sum = (0.65 * large + 0.35 * small - 0.42) / 0.16;
        let edge = sum.clamp(0.0, 1.0);
        (0.0, SHADE_DEPTH * edge * edge * (3.0 - 2.0 * edge))
    })
}

/// Value noise between the points of a lattice that repeats after `period` cells across.
fn smooth_noise(x: f64, y: f64, period: f64) -> f64 {
    let (left, top) = (x.floor(), y.floor());
    let ease = |share: f64| share * share * (3.0 - 2.0 * share);
    let (across, down) = (ease(x - left), ease(y - top));
    let corner = |i: f64, j: f64| noise((left + i).rem_euclid(period), top + j, period as u64);
    let row = |j: f64| corner(0.0, j) + across * (corner(1.0, j) - corner(0.0, j));
    row(0.0) + down * (row(1.0) - row(0.0))
}

/// A number in 0..1 that depends on whole coordinates alone (the finaliser of SplitMix64).
fn noise(x: f64, y: f64, seed: u64) -> f64 {
    let mut z = (x as i64 as u64) ^ ((y as i64 as u64) << 20) ^ (seed << 40);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opaque(picture: &Picture, from: u8) -> f64 {
        let count = picture.pixels.iter().filter(|pixel| pixel[1] >= from).count();
        count as f64 / picture.pixels.len() as f64
    }

    #[test]
    fn the_cockpit_fills_the_lower_part_and_nothing_above() {
        let picture = cockpit(320, 180);
        assert_eq!((picture.width, picture.height), (384, 244));
        let row = |y: usize| &picture.pixels[y * 384..(y + 1) * 384];
        assert!((0..122).all(|y| row(y).iter().all(|pixel| pixel[1] == 0)));
        assert!((0.1..0.4).contains(&opaque(&picture, 128)));
    }

    #[test]
    fn shade_repeats_after_the_width_of_the_picture_and_leaves_light() {
        let picture = shade(320, 180);
        for row in picture.pixels.chunks(640) {
            assert_eq!(row[..320], row[320..]);
        }
        assert!((0.2..0.8).contains(&opaque(&picture, 64)));
    }
}
