//! Files that appear whole or not at all (docs/reference/cli.md#errors-and-outputs).
//!
//! A [`StagedFile`] is written under a hidden temporary name in the folder of its target, which it may
//! replace only where [`Replaces`] allows it. A [`FileSet`] flushes all of its files to the disk and only
//! then renames them, so an older set stays untouched until the new one is complete; a rename that fails
//! takes those before it back. Whatever is dropped without a commit is removed; [`cleanup_all`] does the same
//! for everything at once, for signal handlers, and [`sweep`] for what a process left that was killed.

mod error;
mod registry;
mod replaces;
mod set;
mod staged;
mod sweep;

pub use error::{WriteError, WriteErrorKind};
pub use registry::cleanup_all;
pub use replaces::{Ends, Replaces};
pub use set::FileSet;
pub use staged::{StagedFile, check_writable};
pub use sweep::{leftovers, sweep};
