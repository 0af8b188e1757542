//! One colour picture in memory.

/// An 8-bit YUV 4:2:0 picture without padding. Width and height are even.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YuvPicture {
    width: usize,
    height: usize,
    planes: [Vec<u8>; 3],
}

/// Luma of black in limited range (ITU-R BT.709).
const BLACK: u8 = 16;
/// Chroma of anything without colour.
const NEUTRAL: u8 = 128;

impl YuvPicture {
    /// A picture of one grey in limited range; sizes are rounded down to even numbers.
    pub fn grey(width: usize, height: usize, luma: u8) -> YuvPicture {
        let (width, height) = (width & !1, height & !1);
        let chroma = vec![NEUTRAL; width / 2 * (height / 2)];
        YuvPicture {
            width,
            height,
            planes: [vec![luma; width * height], chroma.clone(), chroma],
        }
    }

    /// A black picture in limited range.
    pub fn black(width: usize, height: usize) -> YuvPicture {
        YuvPicture::grey(width, height, BLACK)
    }

    /// From planes of `width * height` and twice a quarter of it; `None` when the sizes do not fit.
    pub fn from_planes(width: usize, height: usize, planes: [Vec<u8>; 3]) -> Option<YuvPicture> {
        let luma = width.checked_mul(height)?;
        let [y, u, v] = &planes;
        let fits = width.is_multiple_of(2) && height.is_multiple_of(2) && luma > 0;
        let fits = fits && y.len() == luma && u.len() == luma / 4 && v.len() == luma / 4;
        fits.then_some(YuvPicture {
            width,
            height,
            planes,
        })
    }

    /// Width in pixels, even.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels, even.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width of a plane in samples: 0 is luma, 1 and 2 are chroma.
    pub fn plane_width(&self, plane: usize) -> usize {
        if plane == 0 { self.width } else { self.width / 2 }
    }

    /// Samples of a plane, row after row; empty for a plane there is not.
    pub fn plane(&self, plane: usize) -> &[u8] {
        self.planes.get(plane).map_or(&[], Vec::as_slice)
    }

    /// Samples of a plane to be changed.
    pub fn plane_mut(&mut self, plane: usize) -> &mut [u8] {
        self.planes.get_mut(plane).map_or(&mut [], Vec::as_mut_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_must_fit_the_size() {
        let planes = |luma, chroma| [vec![0; luma], vec![0; chroma], vec![0; chroma]];
        assert!(YuvPicture::from_planes(4, 2, planes(8, 2)).is_some());
        assert!(YuvPicture::from_planes(4, 2, planes(8, 3)).is_none());
        assert!(YuvPicture::from_planes(3, 2, planes(6, 1)).is_none());
        assert!(YuvPicture::from_planes(usize::MAX, 2, planes(8, 2)).is_none());
        let grey = YuvPicture::grey(5, 3, 90);
        assert_eq!((grey.width(), grey.height(), grey.plane(1).len()), (4, 2, 2));
    }
}
