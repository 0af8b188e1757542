//! `batch`: many pairs, each an ordinary `sync` of its own, so that nothing that happens to one pair touches another.
//!
//! [`pairing`] finds the pairs in a folder. [`run`] has them done by a few worker threads and keeps everything that
//! belongs to the whole batch in one thread: the summary, the history, the order. [`record`] is the note that a
//! finished pair leaves in its folder; it is what makes `--resume` exact.

mod pair;
pub mod pairing;
mod record;
mod run;
mod totals;

pub use run::{BatchReport, BatchRequest, Observer, PairDone, batch};
pub use totals::{PairStatus, Totals};
