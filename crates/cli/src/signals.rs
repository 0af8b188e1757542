//! Ctrl-C and requests to terminate: ask the running command to stop, and make sure that it does.
//!
//! The first signal sets the shared [`Cancel`]; commands look at it between frames, drop their temporary
//! files and come back. A second signal, or a command that does not come back in time, ends the process from
//! here, after every temporary file was removed. A command that goes on for ever may ask for one signal more,
//! the first of which only ends it after what is running.
//!
//! What was started by a server or a batch also ends with its stdin, which the other side holds open: that
//! works however the other side came to its end.

use std::io::{self, Read};
#[cfg(unix)]
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use mtbsync_task::progress::Cancel;

use crate::exit::Exit;

static TERMINATED: AtomicBool = AtomicBool::new(false);
/// What the first Ctrl-C asks for in place of stopping, where a command has said so.
static ENDING: OnceLock<Cancel> = OnceLock::new();

/// The exit of a command that was told to stop.
pub fn received() -> Exit {
    if TERMINATED.load(Ordering::SeqCst) {
        Exit::Terminated
    } else {
        Exit::Interrupted
    }
}

/// From now on the first Ctrl-C asks for an end after what is running, in what is returned; the second one,
/// and every request to terminate, stops at once as ever. Where signals cannot be listened to, it never asks.
pub fn first_ends_gently() -> Cancel {
    ENDING.get_or_init(Cancel::default).clone()
}

/// Starts listening, also to the end of stdin where that is wanted. Where signals cannot be listened to, they
/// end the program as the system sees fit.
///
/// # Errors
/// The system gives no thread that looks at stdin.
pub fn listen(cancel: Cancel, ends_with_stdin: bool) -> io::Result<()> {
    if ends_with_stdin {
        end_with(io::stdin(), cancel.clone())?;
    }
    listen_to_signals(cancel);
    Ok(())
}

/// Tells the command to stop at the end of `input`, whose content is of no interest.
///
/// # Errors
/// The system gives no thread that looks at it.
pub fn end_with(mut input: impl Read + Send + 'static, cancel: Cancel) -> io::Result<()> {
    let waits = thread::Builder::new().spawn(move || {
        // An input that cannot be read has ended, too.
        let _ = io::copy(&mut input, &mut io::sink());
        stop(&cancel);
    });
    waits.map(drop)
}

/// As on a request to terminate: clean up and end, in a few seconds at most.
#[cfg(unix)]
pub fn stop(cancel: &Cancel) {
    // A second request would end the process in the middle of cleaning up.
    if !cancel.is_requested() && signal_hook::low_level::raise(signal_hook::consts::SIGTERM).is_err() {
        cancel.request();
    }
}

#[cfg(not(unix))]
pub fn stop(cancel: &Cancel) {
    cancel.request();
}

#[cfg(unix)]
fn listen_to_signals(cancel: Cancel) {
    use std::sync::mpsc::channel;
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
        // Two that come together are told by one iterator; a new one would wait for a third.
        let mut arriving = signals.forever();
        let Some(mut first) = arriving.next() else { return };
        if let Some(ending) = ENDING.get().filter(|_| first == SIGINT) {
            ending.request();
            match arriving.next() {
                Some(second) => first = second,
                None => return,
            }
        }
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

/// Lets a write beyond the limit on file sizes (`ulimit -f`) fail, which the system would end the program
/// for.
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
fn listen_to_signals(_cancel: Cancel) {}

#[cfg(unix)]
#[expect(
    clippy::exit,
    reason = "the last resort when a command does not come back by itself"
)]
fn end_now() {
    mtbsync_formats::atomic::cleanup_all();
    std::process::exit(i32::from(received().code()));
}
