//! Files that appear whole or not at all (docs/reference/cli.md#errors-and-outputs).
//!
//! A [`StagedFile`] is written under a hidden temporary name in the folder of its target. A [`FileSet`]
//! flushes all of its files to the disk and only then renames them, so an older set stays untouched until the
//! new one is complete. Whatever is dropped without a commit is removed; [`cleanup_all`] does the same for
//! everything at once, for signal handlers.

mod error;
mod registry;
mod set;
mod staged;

pub use error::{WriteError, WriteErrorKind};
pub use registry::cleanup_all;
pub use set::FileSet;
pub use staged::{StagedFile, check_writable};
