//! Ctrl-C and requests to terminate: ask the running command to stop, and make sure that it does.
//!
//! The first signal sets the shared [`Cancel`]; commands look at it between frames, drop their temporary
//! files and come back. A second signal, or a command that does not come back in time, ends the process from
//! here, after every temporary file was removed.

use std::sync::atomic::{AtomicBool, Ordering};

use mtbsync_task::progress::Cancel;

use crate::exit::Exit;

static TERMINATED: AtomicBool = AtomicBool::new(false);

/// The exit of a command that was told to stop.
pub fn received() -> Exit {
    if TERMINATED.load(Ordering::SeqCst) {
        Exit::Terminated
    } else {
        Exit::Interrupted
    }
}

/// Starts listening. Where that is not possible, signals end the program as the system sees fit.
#[cfg(unix)]
pub fn listen(cancel: Cancel) {
    use std::thread;
    use std::time::Duration;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    /// How long a command may take to come back; decoding one group of pictures stays far below.
    const GRACE: Duration = Duration::from_secs(5);

    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else {
        return;
    };
    thread::spawn(move || {
        for signal in signals.forever() {
            TERMINATED.store(signal != SIGINT, Ordering::SeqCst);
            if cancel.is_requested() {
                end_now();
            }
            cancel.request();
            thread::spawn(|| {
                thread::sleep(GRACE);
                end_now();
            });
        }
    });
}

/// Without Unix signals the system ends the program; temporary files keep their telling name.
#[cfg(not(unix))]
pub fn listen(_cancel: Cancel) {}

#[cfg(unix)]
#[expect(
    clippy::exit,
    reason = "the last resort when a command does not come back by itself"
)]
fn end_now() {
    mtbsync_formats::atomic::cleanup_all();
    std::process::exit(i32::from(received().code()));
}
