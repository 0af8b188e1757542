//! Plots as SVG text and PNG pictures.
//!
//! Every plot is a plain struct of numbers and names with two methods: `svg()`
//! gives the picture as text and `png()` gives the same picture as pixels. A
//! plot knows nothing of files, recordings or alignments; the caller fills the
//! struct. The same input always gives the same bytes: text is measured and
//! drawn with the two faces of [Inter](https://github.com/rsms/inter) that are
//! embedded in the crate, never with a font of the machine.
//!
//! - [`overlay`]: where on the reference each moment of the new run lies;
//! - [`reliability`]: stated confidence against the share that was right;
//! - [`delta`]: time lost and won along the trail;
//! - [`page`]: charts in a page of HTML, in the colours of its style sheet;
//! - [`caption`]: texts and bars to be laid over video pictures.
//!
//! ```
//! use mtbsync_plot::overlay::{CurvePoint, Overlay};
//!
//! let point = |t: f64| CurvePoint { t_new: t, t_ref: 1.1 * t, low: 1.1 * t - 0.1, high: 1.1 * t + 0.1 };
//! let overlay = Overlay {
//!     title: "new.mp4 on reference.mp4".to_owned(),
//!     new_duration_secs: 20.0,
//!     ref_duration_secs: 22.0,
//!     curve: vec![(0..=20).map(|t| point(f64::from(t))).collect()],
//!     ..Overlay::default()
//! };
//! assert!(overlay.png()?.starts_with(b"\x89PNG"));
//! # Ok::<(), mtbsync_plot::PlotError>(())
//! ```
//!
//! Names and reasons come from files and may hold anything: they are escaped,
//! shortened by measured width, and characters without a glyph become a box.

pub mod caption;
pub mod delta;
pub mod overlay;
pub mod page;
pub mod reliability;

mod axes;
mod font;
mod labels;
mod pixels;
mod png;
mod scale;
mod svg;
mod theme;

pub use pixels::Pixels;
pub use png::{PlotError, is_own};

/// Default picture size in pixels, width then height.
pub const DEFAULT_SIZE: (u32, u32) = (1200, 900);
