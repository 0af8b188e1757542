//! Runs below the root: found by a bounded scan, described from their files, named by ids that survive a
//! restart.

pub mod artefacts;
pub mod catalogue;
pub mod changes;
pub mod describe;
pub mod ids;
pub mod recordings;
pub mod remembered;
pub mod scan;

pub use catalogue::{Catalogue, Run};
pub use recordings::{MediaFile, Role};
pub use scan::{FoundFile, Scan};
