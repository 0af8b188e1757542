//! Marker schema, transfer through a time warp, import and export for editors.
//!
//! The way of the data: [`read_markers`] → [`transfer()`] through an [`InverseMap`] → [`new_markers_csv`] →
//! [`ExportTable`](export::ExportTable) → [`export`](export::export) in the format of an editor. This crate
//! knows no pictures and no disk: bytes come in and go out.

mod clip;
pub mod colour;
pub mod export;
pub mod import;
mod marker;
pub mod own;
pub mod presets;
mod read;
pub mod retime;
pub mod time;
mod transfer;
mod tuning;
mod write;

pub use marker::{Marker, MarkerTable};
pub use read::{BadCell, CellProblem, ReadMarkersError, read_markers};
pub use transfer::{
    InverseMap, Status, StatusCounts, TimeEstimate, TransferOptions, TransferredMarker, transfer,
};
pub use tuning::DEFAULT_REVIEW_THRESHOLD;
pub use write::{new_markers_csv, typed_object, vis_json};
