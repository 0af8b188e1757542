//! CSV dialects, JSON, npz, boxes of MP4 files and atomic files: everything mtbsync reads from and writes to
//! the disk.
//!
//! Readers are tolerant about dialect and strict about content: every size is bounded, nothing is executed
//! or unpickled, and an error names the line it was found on. Writers are deterministic: the same values
//! give the same bytes. Files reach their final name only through [`atomic`].

pub mod atomic;
pub mod bmff;
pub mod bytes;
pub mod csv;
mod fingerprint;
pub mod json;
mod markup;
pub mod npz;
mod read;
pub mod seal;
mod seconds;
mod text;
pub mod walk;

pub use fingerprint::{fingerprint, hex, sha256_hex};
pub use markup::{escape_markup, escape_markup_with};
pub use read::{ReadError, ReadErrorKind, open_file, read_bounded};
pub use seconds::{LONGEST_SECS, is_moment};
pub use text::{TextEncoding, decode_text};
