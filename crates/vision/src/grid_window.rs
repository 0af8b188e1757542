//! The part of a picture that the place grid covers.
//!
//! Cameras that record 4:3 and 16:9 share the width of the view, not the height, so landscape pictures are
//! cut to the grid's aspect of 16:9 around the middle. Upright pictures are covered whole.

/// Cells across.
pub const COLS: usize = 32;
/// Cells down.
pub const ROWS: usize = 18;

const ASPECT: f64 = COLS as f64 / ROWS as f64;

/// The covered part of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridWindow {
    /// Left edge.
    pub left: f64,
    /// Top edge.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl GridWindow {
    /// The window of a picture of `width`×`height` pixels.
    pub fn of(width: usize, height: usize) -> Self {
        let (w, h) = (width as f64, height as f64);
        if h > w {
            return Self {
                left: 0.0,
                top: 0.0,
                width: w,
                height: h,
            };
        }
        if w / h < ASPECT {
            let kept = w / ASPECT;
            Self {
                left: 0.0,
                top: (h - kept) / 2.0,
                width: w,
                height: kept,
            }
        } else {
            let kept = h * ASPECT;
            Self {
                left: (w - kept) / 2.0,
                top: 0.0,
                width: kept,
                height: h,
            }
        }
    }

    /// Width and height of a cell, pixels.
    pub fn cell_px(&self) -> (f64, f64) {
        (self.width / COLS as f64, self.height / ROWS as f64)
    }

    /// Column and row of a point, counted from the grid's upper left corner; outside the grid beyond its
    /// ends.
    pub fn cell_of(&self, x: f64, y: f64) -> (f64, f64) {
        let (w, h) = self.cell_px();
        ((x - self.left) / w, (y - self.top) / h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_by_three_keeps_the_middle() {
        let window = GridWindow::of(960, 720);
        assert_eq!(
            (window.left, window.top, window.width, window.height),
            (0.0, 90.0, 960.0, 540.0)
        );
        assert_eq!(window.cell_of(30.0, 90.0), (1.0, 0.0));
        assert_eq!(GridWindow::of(540, 960).cell_px(), (540.0 / 32.0, 960.0 / 18.0));
    }
}
