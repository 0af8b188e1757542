//! `y = 255 · Σ_{g ≤ x} min(h(g), limit) / area`: contrast-limited adaptive histogram equalisation (CLAHE;
//! Zuiderveld, Graphics Gems IV, 1994), histograms `h` by tile, the clipped rest spread evenly, curves of the
//! four nearest tiles blended bilinearly.
//!
//! A forest trail is half glare and half shade. Equalised tile by tile, with a limit on how steep the curve
//! of a tile may get, corners in the shade are as strong as corners in the sun.

use crate::dispatch::multiversion;
use crate::image::LumaView;
use crate::tuning::{CLAHE_MIN_TILE_PX, CLAHE_ROW_STEP};

/// Number of grey values.
const GREYS: usize = 256;
/// Blending weights sum to this, per axis.
const WEIGHT_ONE: u16 = 128;
/// `log2(WEIGHT_ONE²)`: shift that undoes both blendings.
const WEIGHT_SHIFT: u32 = 14;

/// Settings of [`Clahe`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClaheParams {
    /// Tiles per axis (at most; tiny pictures get fewer).
    pub tiles: usize,
    /// Highest histogram bin, as a multiple of the mean bin. 1 leaves the picture flat, large means plain
    /// equalisation.
    pub clip_limit: f32,
}

impl Default for ClaheParams {
    /// 8 × 8 tiles as in the original; limit 3 lifts shade without turning noise into corners.
    fn default() -> Self {
        Self {
            tiles: 8,
            clip_limit: 3.0,
        }
    }
}

/// The equaliser, with buffers reused from picture to picture.
#[derive(Debug, Default)]
pub struct Clahe {
    params: ClaheParams,
    /// One curve per tile, row by row.
    curves: Vec<[u8; GREYS]>,
    /// The curves of one tile row blended to the current picture row, one per tile column.
    row_curves: Vec<[u16; GREYS]>,
    /// For each picture column: left tile, right tile, weight of the right one.
    place: Vec<(usize, usize, u16)>,
}

/// Tiles along one axis: where they begin, and between which two tile centres a pixel lies.
struct Axis {
    tiles: usize,
    length: usize,
}

impl Axis {
    fn new(length: usize, wanted_tiles: usize) -> Self {
        Self {
            tiles: wanted_tiles.min(length / CLAHE_MIN_TILE_PX).max(1),
            length,
        }
    }

    /// First pixel of tile `i`; `i == tiles` gives the length.
    fn start(&self, i: usize) -> usize {
        i * self.length / self.tiles
    }

    /// Lower tile, upper tile and weight of the upper tile for pixel `at`.
    fn neighbours(&self, at: usize) -> (usize, usize, u16) {
        let place = (at as f32 + 0.5) * self.tiles as f32 / self.length as f32 - 0.5;
        let last = self.tiles - 1;
        if place <= 0.0 {
            return (0, 0, 0);
        }
        let lower = (place as usize).min(last);
        let weight = ((place - lower as f32) * f32::from(WEIGHT_ONE)) as u16;
        (lower, (lower + 1).min(last), weight.min(WEIGHT_ONE))
    }
}

impl Clahe {
    /// An equaliser with these settings.
    pub fn new(params: ClaheParams) -> Self {
        Self {
            params,
            ..Self::default()
        }
    }

    /// Equalise `picture` into `out` (resized to the same number of bytes).
    pub fn apply(&mut self, picture: &LumaView<'_>, out: &mut Vec<u8>) {
        let (width, height) = (picture.width(), picture.height());
        out.resize(width * height, 0);
        if width == 0 || height == 0 {
            return;
        }
        let columns = Axis::new(width, self.params.tiles);
        let rows = Axis::new(height, self.params.tiles);
        self.curves.clear();
        for row in 0..rows.tiles {
            for column in 0..columns.tiles {
                let tile = (rows.start(row)..rows.start(row + 1))
                    .step_by(CLAHE_ROW_STEP)
                    .map(|y| &picture.row(y)[columns.start(column)..columns.start(column + 1)]);
                self.curves.push(tile_curve(tile, self.params.clip_limit));
            }
        }
        self.row_curves.resize(columns.tiles, [0; GREYS]);

        self.place.clear();
        self.place.extend((0..width).map(|x| columns.neighbours(x)));
        for (y, out_row) in out.chunks_exact_mut(width).enumerate() {
            let (above, below, weight) = rows.neighbours(y);
            for (column, blended) in self.row_curves.iter_mut().enumerate() {
                let top = &self.curves[above * columns.tiles + column];
                let bottom = &self.curves[below * columns.tiles + column];
                blend_curves(top, bottom, weight, blended);
            }
            let mut start = 0;
            for strip in self.place.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
                let end = start + strip.len();
                let Some(&(left, right, _)) = strip.first() else {
                    continue;
                };
                let curves = [&self.row_curves[left], &self.row_curves[right]];
                look_up(
                    &picture.row(y)[start..end],
                    curves,
                    strip,
                    &mut out_row[start..end],
                );
                start = end;
            }
        }
    }
}

#[inline(always)]
fn blend_curves_plain(top: &[u8; GREYS], bottom: &[u8; GREYS], bottom_weight: u16, out: &mut [u16; GREYS]) {
    let top_weight = WEIGHT_ONE - bottom_weight;
    for i in 0..GREYS {
        out[i] = u16::from(top[i]) * top_weight + u16::from(bottom[i]) * bottom_weight;
    }
}

multiversion! {
    /// `WEIGHT_ONE` times the mean of two curves.
    fn blend_curves(top: &[u8; GREYS], bottom: &[u8; GREYS], bottom_weight: u16, out: &mut [u16; GREYS])
        = blend_curves_plain;
}

/// Equalise pixels between two tile columns: each curve's answer, weighted by the distance from its tile.
fn look_up(pixels: &[u8], [left, right]: [&[u16; GREYS]; 2], strip: &[(usize, usize, u16)], out: &mut [u8]) {
    for ((out, &grey), &(_, _, weight)) in out.iter_mut().zip(pixels).zip(strip) {
        let (left, right) = (
            u32::from(left[usize::from(grey)]),
            u32::from(right[usize::from(grey)]),
        );
        let sum = left * u32::from(WEIGHT_ONE - weight) + right * u32::from(weight);
        *out = ((sum + (1 << (WEIGHT_SHIFT - 1))) >> WEIGHT_SHIFT) as u8;
    }
}

/// The grey curve of one tile: its cumulative histogram after clipping.
fn tile_curve<'a>(rows: impl Iterator<Item = &'a [u8]>, clip_limit: f32) -> [u8; GREYS] {
    // Four histograms in turn: equal neighbours would otherwise wait for each other's increment.
    let mut parts = [[0u32; GREYS]; 4];
    let mut area = 0;
    for row in rows {
        area += row.len();
        let mut quads = row.chunks_exact(4);
        for quad in &mut quads {
            for (part, &grey) in parts.iter_mut().zip(quad) {
                part[usize::from(grey)] += 1;
            }
        }
        for &grey in quads.remainder() {
            parts[0][usize::from(grey)] += 1;
        }
    }
    let mut histogram: [u32; GREYS] = std::array::from_fn(|i| parts.iter().map(|part| part[i]).sum());

    let limit = ((clip_limit * area as f32 / GREYS as f32) as u32).max(1);
    let mut clipped = 0;
    for bin in &mut histogram {
        clipped += bin.saturating_sub(limit);
        *bin = (*bin).min(limit);
    }
    let share = clipped / GREYS as u32;
    let rest = (clipped % GREYS as u32) as usize;
    for bin in &mut histogram {
        *bin += share;
    }
    // What does not divide evenly is strewn over the whole range, not piled on the dark end.
    for i in 0..rest {
        histogram[i * GREYS / rest] += 1;
    }

    let scale = 255.0 / area.max(1) as f32;
    let mut sum = 0;
    histogram.map(|bin| {
        sum += bin;
        (sum as f32 * scale + 0.5) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equalise(width: usize, height: usize, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Clahe::default().apply(&LumaView::new(width, height, data).unwrap(), &mut out);
        out
    }

    #[test]
    fn faint_contrast_grows_within_the_limit() {
        let (width, height) = (128, 96);
        let faint: Vec<u8> = (0..width * height)
            .map(|i| 100 + ((i % width) / 4 % 4) as u8)
            .collect();
        let out = equalise(width, height, &faint);
        let spread = |p: &[u8]| i32::from(*p.iter().max().unwrap()) - i32::from(*p.iter().min().unwrap());
        assert!(spread(&out) > spread(&faint));
        // Three bins of at most 3/256 of the area each: nine grey values at most, plus the redistributed
        // share.
        assert!(spread(&out) < 20, "{}", spread(&out));
    }

    #[test]
    fn a_brighter_pixel_stays_brighter_in_one_place() {
        let (width, height) = (64, 64);
        let ramp: Vec<u8> = (0..width * height).map(|i| (i * 7 % 251) as u8).collect();
        let mut clahe = Clahe::default();
        let mut out = Vec::new();
        clahe.apply(&LumaView::new(width, height, &ramp).unwrap(), &mut out);
        for curve in &clahe.curves {
            assert!(curve.windows(2).all(|pair| pair[0] <= pair[1]));
        }
    }

    #[test]
    fn tiny_and_empty_pictures_pass() {
        assert!(equalise(0, 0, &[]).is_empty());
        assert!(equalise(0, 5, &[]).is_empty());
        assert_eq!(equalise(1, 1, &[7]).len(), 1);
        assert_eq!(equalise(3, 100, &[9; 300]).len(), 300);
    }

    #[test]
    fn weights_move_steadily_between_tile_centres() {
        let axis = Axis::new(100, 5);
        let places: Vec<f32> = (0..100)
            .map(|x| axis.neighbours(x))
            .map(|(low, high, weight)| {
                assert!(high - low <= 1 && high < 5);
                low as f32 + f32::from(weight) / f32::from(WEIGHT_ONE)
            })
            .collect();
        assert!(
            places
                .windows(2)
                .all(|pair| pair[1] >= pair[0] && pair[1] - pair[0] < 0.06)
        );
    }
}
