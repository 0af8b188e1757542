//! Tuned numbers of describing recordings: unit, and where each comes from.

/// Rate of the frames that refinement uses beside the analysed ones where everything is decoded anyway.
/// Measured: 10 a second halve the error of 3 a second; 30 gain little more.
pub(crate) const FINE_FPS: f64 = 10.0;
/// Rate with `--precise`, frames a second. By hand: what decoding everything affords.
pub(crate) const PRECISE_FINE_FPS: f64 = 15.0;
/// Largest description of an index, bytes: names of recordings and a lens for each of their files. Measured:
/// 2 kB for one file.
pub(crate) const MAX_META_BYTES: usize = 8 << 20;
/// Largest compressed member that is read, bytes unpacked: all of it goes into memory, and a thousandth of it
/// in a file may be as much. By hand: two hours of descriptors at 3 a second.
pub(crate) const MAX_UNPACKED_BYTES: usize = 64 << 20;
/// Frames described at once. By hand: enough for the threads of a laptop.
pub(crate) const BATCH: usize = 16;
/// Frames described again at once. By hand: a megabyte or two.
pub(crate) const REMAP_BATCH: usize = 64;
/// Decoded frames waiting. By hand: keeps a thread busy, and memory at a few pictures.
pub(crate) const QUEUE: usize = 8;
/// Share of unreadable frames above which a recording is refused. By hand.
pub(crate) const MAX_SKIPPED_SHARE: f64 = 0.2;

/// Frames that each thread describes with a network before the work looks up. By hand: a tenth of a second.
pub(crate) const LEARNED_BATCH: usize = 16;

/// Fewest usable points of a track. By hand.
pub(crate) const MIN_POINTS: usize = 5;
/// 1-sigma of an offset given by a person: they read it off a whole second, seconds.
pub(crate) const GIVEN_SIGMA_SECS: f64 = 0.3;
/// Share of usable points below which a person is told. By hand.
pub(crate) const POOR_SHARE: f64 = 0.5;
