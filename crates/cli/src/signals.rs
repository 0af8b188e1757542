//! Ctrl-C and requests to terminate: ask the running command to stop, and make sure that it does.
//!
//! The first signal sets the shared [`Cancel`]; commands look at it between frames, drop their temporary
//! files and come back. A second signal, or a command that does not come back in time, ends the process from
//! here, after every temporary file was removed.

#[cfg(unix)]
use std::sync::Arc;
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
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::{Duration, Instant};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    /// How long a command may take to come back; decoding one group of pictures stays far below.
    const GRACE: Duration = Duration::from_secs(5);
    /// How often a second signal is looked for.
    const LOOK_AGAIN: Duration = Duration::from_millis(20);

    let (ready, listens) = channel();
    let listen = move || {
        // Only a thread that is there takes signals away from the system.
        let signals = Signals::new([SIGINT, SIGTERM, SIGHUP]);
        let _ = ready.send(());
        let Ok(mut signals) = signals else { return };
        let Some(first) = signals.forever().next() else {
            return;
        };
        TERMINATED.store(first != SIGINT, Ordering::SeqCst);
        if !cancel.is_requested() {
            cancel.request();
            let asked = Instant::now();
            while asked.elapsed() < GRACE {
                if let Some(second) = signals.pending().next() {
                    TERMINATED.store(second != SIGINT, Ordering::SeqCst);
                    break;
                }
                thread::sleep(LOOK_AGAIN);
            }
        }
        end_now();
    };
    if thread::Builder::new().spawn(listen).is_ok() {
        let _ = listens.recv();
    }
}

/// Lets a write beyond the limit on file sizes (`ulimit -f`) fail, which the system would end the program for.
#[cfg(unix)]
pub fn outlive_file_limits() {
    let noted = Arc::new(AtomicBool::new(false));
    // Without it the system does as it always does.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, noted);
}

/// Elsewhere there is no such limit.
#[cfg(not(unix))]
pub fn outlive_file_limits() {}

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
