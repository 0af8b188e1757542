//! numpy's `.npz`: a zip of `.npy` arrays, as far as this program needs it (docs/reference/files.md#npz).
//!
//! Writing is deterministic: members in the order given, fixed time stamps. Reading accepts little-endian,
//! C-order arrays of six plain types in `.npy` format 1.0 or 2.0, and nothing that would need a pickle.
//!
//! ```
//! use std::io::Cursor;
//!
//! use mtbsync_formats::npz::{Compression, NpzReader, NpzWriter};
//!
//! let mut writer = NpzWriter::new(Cursor::new(Vec::new()), Compression::Stored);
//! writer.add("t_ref", &[2, 2], &[0.0, 0.5, 1.0, 1.5])?;
//! let array = NpzReader::new(writer.finish()?)?.array::<f64>("t_ref")?;
//! assert_eq!((array.shape, array.data[1]), (vec![2, 2], 0.5));
//! # Ok::<(), mtbsync_formats::npz::NpzError>(())
//! ```

mod element;
mod error;
mod header;
mod outlived;
mod reader;
mod writer;

pub use element::NpzElement;
pub use error::NpzError;
pub use reader::{Array, MemberSpan, NpzReader};
pub use writer::{Compression, NpzWriter};
