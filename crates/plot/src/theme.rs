//! Colours and text sizes shared by all plots.
//!
//! The palette is chosen for a white page: dark ink for what is read, one strong
//! blue for the main curve, and green / orange / red only where they mean
//! good / look at it / bad. Sizes are in layout units, which are pixels at the
//! default picture size.

pub const PAPER: &str = "#ffffff";
pub const PLOT_FILL: &str = "#fbfcfd";
pub const INK: &str = "#17212b";
pub const MUTED: &str = "#5b6875";
pub const GRID: &str = "#e7ecf0";
pub const FRAME: &str = "#aeb9c4";
pub const DIAGONAL: &str = "#98a4b0";
pub const CURVE: &str = "#1264a3";
pub const STOP: &str = "#e3a008";
pub const GAP: &str = "#7b8794";
pub const GOOD: &str = "#1b7f4d";
pub const REVIEW: &str = "#cf5f0a";
pub const BAD: &str = "#b3261e";
pub const BAD_FILL: &str = "#fdecea";
pub const GOOD_FILL: &str = "#e8f5ee";

/// Colours of further series, in order; distinguishable with the common colour
/// vision deficiencies (Okabe and Ito, "Color Universal Design", 2008, darkened
/// where needed to be readable on white).
pub const SERIES: [&str; 7] = [
    "#1264a3", "#d55e00", "#00845f", "#b5529a", "#8a6d00", "#2d9cdb", "#444f5a",
];

pub const TITLE_SIZE: f64 = 22.0;
pub const TEXT_SIZE: f64 = 13.0;
pub const SMALL_SIZE: f64 = 11.5;
pub const LABEL_SIZE: f64 = 11.5;
