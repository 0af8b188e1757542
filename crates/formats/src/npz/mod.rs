//! numpy's `.npz`: a zip of `.npy` arrays, as far as this program needs it (docs/reference/files.md#npz).
//!
//! Writing is deterministic: members in the order given, fixed time stamps. Reading accepts little-endian,
//! C-order arrays of five plain types in `.npy` format 1.0 or 2.0, and nothing that would need a pickle.

mod element;
mod error;
mod header;
mod reader;
mod writer;

pub use element::Element;
pub use error::NpzError;
pub use header::MAX_MEMBER_BYTES;
pub use reader::{Array, Located, NpzReader};
pub use writer::{Compression, NpzWriter};
