//! Mistakes of the program and threads the system does not give: one line on stderr and an exit code of the
//! contract, like any other error. `MTB_BACKTRACE=1` also shows the words of the runtime. A server goes on:
//! there each is a line as it happens, and ends one request.

use std::any::Any;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use mtbsync_task::error::PipelineError;

use crate::error::CliProblem;
use crate::printer::visible;

/// What the first panic of any thread said, and where it was.
static FIRST: OnceLock<String> = OnceLock::new();

/// Whether panics are told as they happen.
static GOES_ON: AtomicBool = AtomicBool::new(false);

/// Begins of what the runtime and its libraries say when the system gives no thread.
const NO_THREAD: [&str; 2] = ["failed to spawn thread", "OS can't spawn worker thread"];

/// Keeps panics from the terminal.
pub fn listen() {
    let is_asked_for = std::env::var_os("MTB_BACKTRACE").is_some();
    let told = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let place = info
            .location()
            .map_or_else(String::new, |at| format!(", {}:{}", at.file(), at.line()));
        let text = text_of(info.payload());
        let text = if is_no_thread(&text) { text } else { text + &place };
        if GOES_ON.load(Ordering::SeqCst) {
            // Nobody is left to tell where stderr is gone.
            let _ = writeln!(io::stderr(), "error: a request broke off: {}", visible(&text));
        } else {
            let _ = FIRST.set(text);
        }
        if is_asked_for {
            told(info);
        }
    }));
}

/// From now on the program outlives panics of its threads: each is told at once.
pub fn go_on() {
    GOES_ON.store(true, Ordering::SeqCst);
}

/// What `work` gives; a panic in it, or in a thread it lost sight of, is an error.
///
/// # Errors
/// Those of `work`, and a panic.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, PipelineError>) -> Result<T, PipelineError> {
    match panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => FIRST.get().map_or(Ok(done), |text| Err(problem(text))),
        Ok(error) => error,
        Err(payload) => Err(problem(FIRST.get().unwrap_or(&text_of(&*payload)))),
    }
}

fn problem(text: &str) -> PipelineError {
    if is_no_thread(text) {
        CliProblem::Threads(text.to_owned()).into()
    } else {
        CliProblem::BrokeOff(text.to_owned()).into()
    }
}

fn is_no_thread(text: &str) -> bool {
    NO_THREAD.iter().any(|begin| text.starts_with(begin))
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}
