//! `p_source = R(φ) p · g(|p|)/|p| / s`: the picture of one camera as another lens would have shown it.
//!
//! Places are measured from the middle of the picture in half widths. `s` is the scale, `φ` the roll, and `g`
//! the way from one projection to the other: with `k = tan(half field of view)`, `g(ρ) = atan(k ρ) / k` leads
//! from a rectilinear picture to an equidistant one, `g(ρ) = tan(|k| ρ) / |k|` back, written as a negative
//! `k` (see [`crate::structure::Projection`]). Cameras that look higher or farther aside differ by a
//! displacement, which every comparison searches over anyway.

use serde::{Deserialize, Serialize};

use crate::dense::{COLS, ROWS};
use crate::mask::MASK_LEN;
use crate::thumbnail::{HEIGHT, Thumbnail, WIDTH};
use crate::tuning::{MAX_ANGLE, REMAP_MIN_SEEN};

/// How the picture of the camera that sees more becomes that of the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewMap {
    /// Natural logarithm of the scale: things become `exp` of it times as large.
    pub log_scale: f64,
    /// Roll of the source against the target, degrees, clockwise as seen in the picture.
    pub roll_deg: f64,
    /// Strength `k` of the projection's change: above 0 the source is equidistant and the target rectilinear.
    pub bend: f64,
}

impl ViewMap {
    /// Both cameras see alike.
    pub const IDENTITY: Self = Self {
        log_scale: 0.0,
        roll_deg: 0.0,
        bend: 0.0,
    };

    /// Where in the source a place of the target lies, half widths from the middles.
    pub fn source_of(&self, place: [f64; 2]) -> [f64; 2] {
        self.to_source()(place)
    }

    /// [`ViewMap::source_of`] for many places.
    fn to_source(self) -> impl Fn([f64; 2]) -> [f64; 2] {
        let shrink = (-self.log_scale).exp();
        let (sin, cos) = self.roll_deg.to_radians().sin_cos();
        move |[x, y]| {
            let gain = self.stretch(x.hypot(y)) * shrink;
            [gain * (cos * x - sin * y), gain * (sin * x + cos * y)]
        }
    }

    /// How much farther from the middle a place of the target lies in a source of the same scale.
    fn stretch(&self, radius: f64) -> f64 {
        if self.bend.abs() * radius < 1e-6 {
            1.0
        } else if self.bend > 0.0 {
            (self.bend * radius).atan() / (self.bend * radius)
        } else {
            let angle = (-self.bend * radius).min(MAX_ANGLE);
            angle.tan() / angle
        }
    }

    /// Where in the target a place of the source lies, half widths from the middles.
    pub fn target_of(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let (sin, cos) = self.roll_deg.to_radians().sin_cos();
        let grow = self.log_scale.exp();
        let (x, y) = (grow * x, grow * y);
        let (x, y) = (cos * x + sin * y, cos * y - sin * x);
        // From one projection to the other and back is the same with the sign of the bend turned.
        let stretch = Self {
            bend: -self.bend,
            ..*self
        }
        .stretch(x.hypot(y));
        [stretch * x, stretch * y]
    }
}

/// A [`ViewMap`] made ready for pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Remap {
    map: ViewMap,
    /// For each target pixel the source pixel up and left of its place, and the shares of the next right and
    /// below, in 256ths.
    taps: Vec<(u32, u16, u16)>,
    /// For each cell of the dense grid whether enough of it was seen, and the source's cell it comes from.
    cells: Vec<(bool, usize)>,
}

const HALF_WIDTH: f64 = WIDTH as f64 / 2.0;
const HALF_HEIGHT: f64 = HEIGHT as f64 / 2.0;

impl Remap {
    /// For thumbnails.
    pub fn new(map: &ViewMap) -> Self {
        let to_source = map.to_source();
        let source = |x: f64, y: f64| {
            let [u, v] = to_source([(x - HALF_WIDTH) / HALF_WIDTH, (y - HALF_HEIGHT) / HALF_WIDTH]);
            (u * HALF_WIDTH + HALF_WIDTH, v * HALF_WIDTH + HALF_HEIGHT)
        };
        let places: Vec<(f64, f64)> = (0..WIDTH * HEIGHT)
            .map(|i| source((i % WIDTH) as f64 + 0.5, (i / WIDTH) as f64 + 0.5))
            .collect();
        let tap = |&(x, y): &(f64, f64)| {
            let split = |at: f64, len: usize| {
                let at = (at - 0.5).clamp(0.0, (len - 1) as f64);
                let low = (at as usize).min(len - 2);
                (low, ((at - low as f64) * 256.0).round() as u16)
            };
            let ((left, right), (top, bottom)) = (split(x, WIDTH), split(y, HEIGHT));
            ((top * WIDTH + left) as u32, right, bottom)
        };
        let (cell_px, grid_px) = (WIDTH / COLS, HEIGHT / ROWS);
        let cell = |cell: usize| {
            let (left, top) = (cell % COLS * cell_px, cell / COLS * grid_px);
            let seen = (top..top + grid_px)
                .flat_map(|row| &places[row * WIDTH + left..][..cell_px])
                .filter(|(x, y)| (0.0..WIDTH as f64).contains(x) && (0.0..HEIGHT as f64).contains(y))
                .count();
            let (x, y) = source((left + cell_px / 2) as f64, (top + grid_px / 2) as f64);
            let at = |v: f64, px: usize, cells: usize| (v.max(0.0) as usize / px).min(cells - 1);
            let from = at(y, grid_px, ROWS) * COLS + at(x, cell_px, COLS);
            (seen as f64 >= REMAP_MIN_SEEN * (cell_px * grid_px) as f64, from)
        };
        Self {
            map: *map,
            taps: places.iter().map(tap).collect(),
            cells: (0..MASK_LEN).map(cell).collect(),
        }
    }

    /// What it was made of.
    pub fn map(&self) -> &ViewMap {
        &self.map
    }

    /// The picture as the target shows it, bilinear between pixels; what the source did not see repeats its
    /// edge.
    pub fn picture(&self, source: &Thumbnail) -> Thumbnail {
        let from = source.pixels();
        let pixels = self.taps.iter().map(|&(at, right, bottom)| {
            let at = at as usize;
            let (right, bottom) = (u32::from(right), u32::from(bottom));
            let line = |at: usize| u32::from(from[at]) * (256 - right) + u32::from(from[at + 1]) * right;
            ((line(at) * (256 - bottom) + line(at + WIDTH) * bottom + (1 << 15)) >> 16) as u8
        });
        Thumbnail::of_pixels(pixels.collect())
    }

    /// The mask of the dense grid as the target shows it: what was not seen has no say.
    pub fn mask(&self, source: &[u8]) -> Vec<u8> {
        let cell = |&(seen, from): &(bool, usize)| {
            if seen {
                source.get(from).copied().unwrap_or(1)
            } else {
                0
            }
        };
        self.cells.iter().map(cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient() -> Thumbnail {
        Thumbnail::of_pixels(
            (0..WIDTH * HEIGHT)
                .map(|i| ((i % WIDTH) * 255 / WIDTH) as u8)
                .collect(),
        )
    }

    #[test]
    fn alike_cameras_show_the_same_picture_and_mask() {
        let remap = Remap::new(&ViewMap::IDENTITY);
        assert_eq!(remap.picture(&gradient()), gradient());
        let mask: Vec<u8> = (0..MASK_LEN).map(|cell| u8::from(cell % 3 > 0)).collect();
        assert_eq!(remap.mask(&mask), mask);
    }

    #[test]
    fn source_and_target_are_inverse() {
        for bend in [-0.9, -0.3, 0.0, 0.4, 1.1] {
            let map = ViewMap {
                log_scale: 0.2,
                roll_deg: 8.0,
                bend,
            };
            for place in [[0.0, 0.0], [0.7, -0.3], [-0.9, 0.5]] {
                let back = map.target_of(map.source_of(place));
                let off = (back[0] - place[0]).hypot(back[1] - place[1]);
                assert!(off < 1e-9, "{bend} {place:?} {back:?}");
            }
        }
    }

    #[test]
    fn a_scale_enlarges_about_the_middle() {
        let twice = ViewMap {
            log_scale: 2f64.ln(),
            ..ViewMap::IDENTITY
        };
        let larger = Remap::new(&twice).picture(&gradient());
        let at = |picture: &Thumbnail, x: usize| i32::from(picture.pixels()[90 * WIDTH + x]);
        assert!((at(&larger, 240) - at(&gradient(), 200)).abs() <= 1);
    }

    #[test]
    fn what_was_not_seen_is_masked() {
        let rolled = ViewMap {
            roll_deg: 10.0,
            ..ViewMap::IDENTITY
        };
        let mask = Remap::new(&rolled).mask(&[1; MASK_LEN]);
        assert_eq!((mask[0], mask[ROWS / 2 * COLS + COLS / 2]), (0, 1));
    }
}
