//! The frame being put together: pictures copied or blended into place, captions laid over.

use mtbsync_media::scale::YuvPicture;
use mtbsync_plot::Pixels;

use super::geometry::{Area, Geometry};
use super::request::{Layout, Side};

/// Luma of a side without a picture: a grey that is clearly none of the trail's.
const MISSING_LUMA: u8 = 96;
/// Black in limited range, luma and chroma.
const BLACK: [u8; 3] = [16, 128, 128];
/// Opacity is counted in these.
const OPAQUE: u32 = 256;

/// One frame.
pub struct Canvas {
    picture: YuvPicture,
}

impl Canvas {
    /// An empty frame of `size` pixels.
    pub fn new(size: (usize, usize)) -> Canvas {
        Canvas {
            picture: YuvPicture::black(size.0, size.1),
        }
    }

    /// The frame as it is now.
    pub fn picture(&self) -> &YuvPicture {
        &self.picture
    }

    /// Makes it black.
    pub fn clear(&mut self) {
        for (plane, black) in BLACK.into_iter().enumerate() {
            self.picture.plane_mut(plane).fill(black);
        }
    }

    /// Copies a picture to its place.
    pub fn put(&mut self, picture: &YuvPicture, area: Area) {
        blend(&mut self.picture, picture, area, OPAQUE);
    }

    /// Lays `stamp` over the frame with its upper left corner at `x`, `y`, which are even.
    pub fn stamp(&mut self, stamp: &Stamp, x: usize, y: usize) {
        for plane in 0..3 {
            let half = usize::from(plane > 0);
            let (x, y) = (x >> half, y >> half);
            let width = self.picture.plane_width(plane);
            let Some(source) = stamp.planes.get(plane) else {
                continue;
            };
            let rows = self.picture.plane_mut(plane).chunks_mut(width.max(1)).skip(y);
            for (row, source) in rows.zip(source.chunks(stamp.width >> half)) {
                let Some(row) = row.get_mut(x..) else { continue };
                for (to, (add, keep)) in row.iter_mut().zip(source) {
                    *to = ((u16::from(*to) * u16::from(*keep) + 127) / 255) as u8 + add;
                }
            }
        }
    }
}

/// How the pictures of two runs come onto a frame.
pub struct Sides {
    geometry: Geometry,
    /// Opacity of the new run over the reference, of [`OPAQUE`].
    ghost_opacity: u32,
    missing: [YuvPicture; 2],
}

impl Sides {
    /// Where `geometry` wants them.
    pub fn new(geometry: &Geometry, ghost_opacity: f64) -> Sides {
        let grey = |side| {
            let (width, height) = geometry.picture_size(side);
            YuvPicture::grey(width, height, MISSING_LUMA)
        };
        Sides {
            geometry: *geometry,
            ghost_opacity: (ghost_opacity.clamp(0.0, 1.0) * f64::from(OPAQUE)).round() as u32,
            missing: [grey(Side::Reference), grey(Side::New)],
        }
    }

    /// Draws both pictures. A side without one is grey; in the ghost layout the other is shown alone.
    pub fn draw(&self, canvas: &mut Canvas, reference: Option<&YuvPicture>, new: Option<&YuvPicture>) {
        let (reference_area, new_area) = (self.geometry.area(Side::Reference), self.geometry.area(Side::New));
        if self.geometry.layout == Layout::Ghost {
            if let Some(reference) = reference {
                canvas.put(reference, reference_area);
            }
            if let Some(new) = new {
                let opacity = if reference.is_some() {
                    self.ghost_opacity
                } else {
                    OPAQUE
                };
                blend(&mut canvas.picture, new, new_area, opacity);
            }
            return;
        }
        let [missing_reference, missing_new] = &self.missing;
        canvas.put(reference.unwrap_or(missing_reference), reference_area);
        canvas.put(new.unwrap_or(missing_new), new_area);
    }
}

/// Copies `picture` into `area`, mixed with what is there.
fn blend(canvas: &mut YuvPicture, picture: &YuvPicture, area: Area, opacity: u32) {
    for plane in 0..3 {
        let half = usize::from(plane > 0);
        let canvas_width = canvas.plane_width(plane).max(1);
        let source_width = picture.plane_width(plane).max(1);
        let rows = canvas
            .plane_mut(plane)
            .chunks_mut(canvas_width)
            .skip(area.y >> half);
        for (row, source) in rows.zip(picture.plane(plane).chunks(source_width)) {
            let Some(row) = row
                .get_mut(area.x >> half..)
                .and_then(|row| row.get_mut(..source.len()))
            else {
                continue;
            };
            if opacity >= OPAQUE {
                row.copy_from_slice(source);
            } else {
                for (to, from) in row.iter_mut().zip(source) {
                    let mixed = u32::from(*to) * (OPAQUE - opacity) + u32::from(*from) * opacity;
                    *to = ((mixed + OPAQUE / 2) / OPAQUE) as u8;
                }
            }
        }
    }
}

/// A caption made ready for frames in limited-range BT.709: per sample what is added, and how much (of 255)
/// of the frame is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Width in pixels, even.
    width: usize,
    /// Height in pixels, even.
    height: usize,
    planes: [Vec<(u8, u8)>; 3],
}

impl Stamp {
    /// From drawn pixels; an odd last column or row is left out.
    pub fn new(pixels: &Pixels) -> Stamp {
        let (width, height) = (pixels.width & !1, pixels.height & !1);
        let at = |x: usize, y: usize| -> [f64; 4] {
            let from = (y * pixels.width + x) * 4;
            let bytes = pixels.rgba.get(from..from + 4).unwrap_or(&[0; 4]);
            [0, 1, 2, 3].map(|channel| bytes.get(channel).map_or(0.0, |byte| f64::from(*byte)))
        };
        let mut stamp = Stamp {
            width,
            height,
            ..Stamp::default()
        };
        let [luma, u_plane, v_plane] = &mut stamp.planes;
        for y in 0..height {
            luma.extend((0..width).map(|x| sample(luma_of(at(x, y)), at(x, y)[3], 16.0)));
        }
        for y in (0..height).step_by(2) {
            for x in (0..width).step_by(2) {
                let corners = [at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)];
                let mean = [0, 1, 2, 3].map(|channel| corners.iter().map(|c| c[channel]).sum::<f64>() / 4.0);
                let y_full = KR * mean[0] + (1.0 - KR - KB) * mean[1] + KB * mean[2];
                let chroma =
                    |colour: f64, weight: f64| (colour - y_full) / (2.0 * (1.0 - weight)) * 224.0 / 255.0;
                u_plane.push(sample(chroma(mean[2], KB), mean[3], 128.0));
                v_plane.push(sample(chroma(mean[0], KR), mean[3], 128.0));
            }
        }
        stamp
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }
}

/// Shares of red and blue in luma (ITU-R BT.709).
const KR: f64 = 0.2126;
const KB: f64 = 0.0722;

/// Luma above black, in limited range.
fn luma_of([red, green, blue, _]: [f64; 4]) -> f64 {
    (KR * red + (1.0 - KR - KB) * green + KB * blue) * 219.0 / 255.0
}

/// What to add and to keep, for a colour part that is `zero` when there is none of it.
fn sample(value: f64, opacity: f64, zero: f64) -> (u8, u8) {
    let keep = 255 - opacity.round() as u8;
    let add = (value + zero * opacity / 255.0).round();
    // Rounding up on both sides must not overflow.
    (add.clamp(0.0, f64::from(255 - keep)) as u8, keep)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(rgba: [u8; 4]) -> Stamp {
        Stamp::new(&Pixels {
            width: 2,
            height: 2,
            rgba: rgba.repeat(4),
        })
    }

    fn canvas(layout: Layout) -> (Canvas, Sides) {
        let geometry = Geometry::new(layout, [(64, 64), (64, 64)], None).unwrap();
        (Canvas::new(geometry.size), Sides::new(&geometry, 0.25))
    }

    #[test]
    fn stamped_colours_are_those_of_the_standard() {
        let (mut canvas, _) = canvas(Layout::Ghost);
        let cases = [
            ([255, 255, 255, 255], [235, 128, 128]),
            ([255, 0, 0, 255], [63, 102, 240]),
            ([0, 0, 255, 255], [32, 240, 118]),
            ([0, 0, 0, 0], [16, 128, 128]),
        ];
        for (rgba, expected) in cases {
            canvas.clear();
            canvas.stamp(&stamp(rgba), 2, 2);
            let found = [0, 1, 2].map(|plane| {
                let width = canvas.picture().plane_width(plane);
                let at = if plane == 0 { 2 } else { 1 };
                canvas.picture().plane(plane)[at * width + at]
            });
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.abs_diff(expected) <= 1, "{rgba:?}: {found} for {expected}");
            }
        }
        assert_eq!(canvas.picture().plane(0)[0], 16, "nothing outside");
    }

    #[test]
    fn ghosts_mix_and_a_lone_picture_is_whole() {
        let grey = |luma| YuvPicture::grey(64, 64, luma);
        let (mut canvas, sides) = canvas(Layout::Ghost);
        sides.draw(&mut canvas, Some(&grey(100)), Some(&grey(200)));
        assert_eq!(canvas.picture().plane(0)[0], 125);
        sides.draw(&mut canvas, None, Some(&grey(200)));
        assert_eq!(canvas.picture().plane(0)[0], 200);
    }

    #[test]
    fn a_side_without_a_picture_is_grey() {
        let (mut canvas, sides) = canvas(Layout::SideBySide);
        sides.draw(&mut canvas, None, Some(&YuvPicture::grey(64, 64, 200)));
        let row = &canvas.picture().plane(0)[..128];
        assert_eq!(
            (row[0], row[63], row[64], row[127]),
            (MISSING_LUMA, MISSING_LUMA, 200, 200)
        );
    }
}
