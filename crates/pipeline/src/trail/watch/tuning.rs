//! How long a watcher waits for what. All were chosen by hand; what bounds them stands beside each.

use std::time::Duration;

/// A recording that did not change for this long is taken for written. Copies over USB and the network stand
/// still for a second or two while a cache is flushed; an MP4 that stands still for longer in the middle of a
/// copy shows it, its frames are not all there.
pub const SETTLE: Duration = Duration::from_secs(10);
/// A recording that stands still for this long and is not whole is said to be broken. A card that was taken
/// out and put back, or a network that was gone for a moment, is back before.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// How often the folder is looked at whatever the system tells: it tells nothing of what others write to a
/// network mount, and of a card that is mounted over a folder that is watched.
pub const POLL: Duration = Duration::from_secs(10);
/// From an event to the look at what happened: a copy makes thousands of events a second.
pub const GATHER: Duration = Duration::from_secs(1);
