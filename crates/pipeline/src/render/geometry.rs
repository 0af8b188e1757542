//! Where each picture lies in the frame. All sizes and places are even, because chroma has half the size.

use mtbsync_media::scale::{MAX_SIDE, even, fit_inside};

use super::error::RenderProblem;
use super::request::{Layout, Side};

/// Widest picture of one run unless a size is asked for.
const MAX_PICTURE_WIDTH: usize = 1920;
/// Smallest asked side: captions need some room.
pub(super) const MIN_SIDE: u32 = 64;
/// Height of a caption as a share of the picture it lies on, and its limits in pixels.
const CAPTION_SHARE: f64 = 0.05;
const CAPTION_RANGE: (f64, f64) = (12.0, 96.0);

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

/// Places of both pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Width and height of the frame.
    pub size: (usize, usize),
    pub layout: Layout,
    reference: Area,
    new: Area,
}

impl Geometry {
    /// For pictures of `sizes` (reference, new); `asked` is the size of the whole frame.
    ///
    /// # Errors
    /// A size that no encoder takes.
    pub fn new(
        layout: Layout,
        sizes: [(usize, usize); 2],
        asked: Option<(u32, u32)>,
    ) -> Result<Geometry, RenderProblem> {
        let geometry = match asked {
            Some(size) => Geometry::inside(layout, sizes, checked(size)?),
            None => Geometry::around(layout, sizes),
        };
        let (width, height) = geometry.size;
        if width > MAX_SIDE || height > MAX_SIDE {
            return Err(RenderProblem::TooLarge { width, height });
        }
        Ok(geometry)
    }

    /// Where the picture of `side` lies.
    pub fn area(&self, side: Side) -> Area {
        match side {
            Side::Reference => self.reference,
            Side::New => self.new,
        }
    }

    /// Size of the picture of `side`.
    pub fn picture_size(&self, side: Side) -> (usize, usize) {
        let area = self.area(side);
        (area.width, area.height)
    }

    /// Height of captions in pixels, even.
    pub fn caption_height(&self) -> usize {
        let height = self.reference.height.min(self.new.height) as f64;
        caption_height(height)
    }

    /// Pictures of one height, the smaller one; the frame is as large as they need.
    fn around(layout: Layout, sizes: [(usize, usize); 2]) -> Geometry {
        let height_of = |(width, height): (usize, usize)| {
            height as f64 * (MAX_PICTURE_WIDTH as f64 / width.max(1) as f64).min(1.0)
        };
        let [reference, new] = sizes;
        let height = height_of(reference).min(height_of(new));
        let scaled = |(width, picture_height): (usize, usize)| {
            (
                even(width as f64 * height / picture_height.max(1) as f64),
                even(height),
            )
        };
        let (reference, new) = (scaled(reference), scaled(new));
        let size = match layout {
            Layout::SideBySide => (reference.0 + new.0, reference.1),
            Layout::Stacked => (reference.0.max(new.0), reference.1 + new.1),
            Layout::Ghost => (reference.0.max(new.0), reference.1),
        };
        let boxes = match layout {
            Layout::SideBySide => [box_at(0, 0, reference), box_at(reference.0, 0, new)],
            Layout::Stacked => [
                box_at(0, 0, (size.0, reference.1)),
                box_at(0, reference.1, (size.0, new.1)),
            ],
            Layout::Ghost => [box_at(0, 0, size); 2],
        };
        Geometry {
            size,
            layout,
            reference: centred(boxes[0], reference),
            new: centred(boxes[1], new),
        }
    }

    /// Pictures as large as they fit into a frame of `size`.
    fn inside(layout: Layout, sizes: [(usize, usize); 2], size: (usize, usize)) -> Geometry {
        let half = |length: usize| (length / 2) & !1;
        let boxes = match layout {
            Layout::SideBySide => {
                let left = half(size.0);
                [
                    box_at(0, 0, (left, size.1)),
                    box_at(left, 0, (size.0 - left, size.1)),
                ]
            }
            Layout::Stacked => {
                let upper = half(size.1);
                [
                    box_at(0, 0, (size.0, upper)),
                    box_at(0, upper, (size.0, size.1 - upper)),
                ]
            }
            Layout::Ghost => [box_at(0, 0, size); 2],
        };
        Geometry {
            size,
            layout,
            reference: fitted(boxes[0], sizes[0]),
            new: fitted(boxes[1], sizes[1]),
        }
    }
}

/// Places of pictures that are shown one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneByOne {
    /// Width and height of the frame.
    pub size: (usize, usize),
}

impl OneByOne {
    /// A frame of the `asked` size, else of that of the `first` picture, at most 1920 wide.
    ///
    /// # Errors
    /// A size that no encoder takes.
    pub fn new(first: (usize, usize), asked: Option<(u32, u32)>) -> Result<OneByOne, RenderProblem> {
        let size = match asked {
            Some(size) => checked(size)?,
            None => fit_inside(first, (MAX_PICTURE_WIDTH, MAX_SIDE)),
        };
        Ok(OneByOne { size })
    }

    /// Where a picture of `size` lies: as large as it fits, in the middle.
    pub fn area(&self, size: (usize, usize)) -> Area {
        fitted(box_at(0, 0, self.size), size)
    }

    /// Height of captions in pixels, even.
    pub fn caption_height(&self) -> usize {
        caption_height(self.size.1 as f64)
    }
}

fn caption_height(picture_height: f64) -> usize {
    even((picture_height * CAPTION_SHARE).clamp(CAPTION_RANGE.0, CAPTION_RANGE.1))
}

fn checked((width, height): (u32, u32)) -> Result<(usize, usize), RenderProblem> {
    let is_fine = |side: u32| side >= MIN_SIDE && side as usize <= MAX_SIDE && side.is_multiple_of(2);
    if is_fine(width) && is_fine(height) {
        Ok((width as usize, height as usize))
    } else {
        Err(RenderProblem::Size { width, height })
    }
}

fn box_at(x: usize, y: usize, (width, height): (usize, usize)) -> Area {
    Area { x, y, width, height }
}

/// A picture as large as it fits into `bounds`, in their middle.
fn fitted(bounds: Area, (width, height): (usize, usize)) -> Area {
    let (width, height) = (width.max(1) as f64, height.max(1) as f64);
    let scale = (bounds.width as f64 / width).min(bounds.height as f64 / height);
    let within = |length: f64, bound: usize| even(length * scale).min(bound);
    centred(
        bounds,
        (within(width, bounds.width), within(height, bounds.height)),
    )
}

/// An area of `size` in the middle of `bounds`.
fn centred(bounds: Area, (width, height): (usize, usize)) -> Area {
    let margin = |outer: usize, inner: usize| (outer.saturating_sub(inner) / 2) & !1;
    Area {
        x: bounds.x + margin(bounds.width, width),
        y: bounds.y + margin(bounds.height, height),
        width,
        height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL_HD: (usize, usize) = (1920, 1080);

    fn geometry(layout: Layout, sizes: [(usize, usize); 2], asked: Option<(u32, u32)>) -> Geometry {
        Geometry::new(layout, sizes, asked).unwrap()
    }

    #[test]
    fn different_sizes_meet_at_the_smaller_height() {
        let found = geometry(Layout::SideBySide, [(3840, 2160), (1280, 720)], None);
        assert_eq!(found.size, (2560, 720));
        assert_eq!(found.area(Side::New).x, 1280);
        let wide = geometry(Layout::SideBySide, [(3840, 2160), (3840, 2160)], None);
        assert_eq!(wide.size, (3840, 1080));
    }

    #[test]
    fn portrait_and_landscape_are_centred_when_stacked() {
        let found = geometry(Layout::Stacked, [(1080, 1920), FULL_HD], None);
        assert_eq!(found.size, (1920, 2160));
        assert_eq!(
            found.area(Side::Reference),
            Area {
                x: 656,
                y: 0,
                width: 608,
                height: 1080
            }
        );
    }

    #[test]
    fn pictures_fit_into_an_asked_size_and_everything_is_even() {
        for layout in [Layout::SideBySide, Layout::Stacked, Layout::Ghost] {
            for sizes in [
                [FULL_HD, FULL_HD],
                [(641, 363), (1080, 1920)],
                [(1, 4000), FULL_HD],
            ] {
                for asked in [Some((1000, 562)), Some((64, 64)), None] {
                    let found = geometry(layout, sizes, asked);
                    for side in [Side::Reference, Side::New] {
                        let area = found.area(side);
                        assert!(
                            [area.x, area.y, area.width, area.height]
                                .iter()
                                .all(|v| v % 2 == 0)
                        );
                        assert!(area.width > 0 && area.height > 0);
                        assert!(area.x + area.width <= found.size.0 && area.y + area.height <= found.size.1);
                    }
                }
            }
        }
    }

    #[test]
    fn pictures_one_by_one_are_letterboxed_into_the_first_ones_size() {
        let frame = OneByOne::new((3840, 2160), None).unwrap();
        assert_eq!(frame.size, (1920, 1080));
        let portrait = frame.area((1080, 1920));
        assert_eq!((portrait.x, portrait.width, portrait.height), (656, 608, 1080));
        assert_eq!(OneByOne::new((1080, 1920), None).unwrap().size, (1080, 1920));
        let asked = OneByOne::new(FULL_HD, Some((640, 480))).unwrap();
        assert_eq!((asked.area(FULL_HD).y, asked.area(FULL_HD).height), (60, 360));
        assert!(OneByOne::new(FULL_HD, Some((641, 480))).is_err());
    }

    #[test]
    fn odd_tiny_and_huge_sizes_are_refused() {
        for asked in [(101, 100), (62, 100), (9000, 100), (0, 0)] {
            assert!(Geometry::new(Layout::Ghost, [FULL_HD, FULL_HD], Some(asked)).is_err());
        }
    }
}
