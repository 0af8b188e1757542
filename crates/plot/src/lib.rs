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
//! - [`caption`]: texts and bars to be laid over video pictures.
//!
//! Names and reasons come from files and may hold anything: they are escaped,
//! shortened by measured width, and characters without a glyph become a box.

pub mod caption;
pub mod delta;
pub mod overlay;
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
pub use png::PlotError;

/// Default picture size in pixels, width then height.
pub const DEFAULT_SIZE: (u32, u32) = (1200, 900);
