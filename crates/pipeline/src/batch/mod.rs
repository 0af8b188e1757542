//! `batch`: many pairs, each an ordinary `sync` in a process of its own, so that nothing that happens to one
//! pair touches another.
//!
//! [`pairing`] finds the pairs in a folder. `run` has them done by a few threads and keeps everything that
//! belongs to the whole batch in one thread: the summary, the history, the order. Each thread starts one
//! process after the other (`pair`, `process`); what such a process does is in `work`, and what the two say
//! to each other in `wire`. `record` is the note that a finished pair leaves in its folder; it is what makes
//! `--resume` exact.

pub(crate) mod error;
pub(crate) mod lock;
mod pair;
pub mod pairing;
pub(crate) mod process;
mod record;
mod run;
mod totals;
pub(crate) mod wire;
pub(crate) mod work;

pub use process::{DEFAULT_SILENCE, PairProgram};
pub use run::{BatchReport, BatchRequest, Observer, PairDone, batch};
pub use totals::{PairStatus, Totals};
pub use work::do_job;
