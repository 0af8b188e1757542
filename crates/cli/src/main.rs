//! The `mtbsync` program.
fn main() {}
