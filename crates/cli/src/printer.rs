//! The only way from the program to the terminal.
//!
//! Results go to stdout, everything else to stderr. `--quiet` keeps errors only; `--json` keeps stdout for
//! its one object. A closed stdout (`mtbsync ... | head`) is remembered and not an error.

use std::cell::Cell;
use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use mtbsync_task::error::PipelineError;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Errors only.
    Quiet,
    /// Results, warnings and errors.
    Normal,
    /// One JSON object on stdout, warnings and errors on stderr.
    Json,
}

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const RESET: &str = "\x1b[0m";

/// Writes what the program has to say.
pub struct Printer {
    mode: Mode,
    verbosity: u8,
    colour: ColorChoice,
    stdout_is_data: Cell<bool>,
    stdout_closed: Cell<bool>,
}

impl Printer {
    /// A printer; `verbosity` counts `-v`, `colour` is off with `--no-color`, else a matter of the terminal.
    pub fn new(mode: Mode, verbosity: u8, colour: bool) -> Self {
        let colour = if colour {
            ColorChoice::Auto
        } else {
            ColorChoice::Never
        };
        Self {
            mode,
            verbosity,
            colour,
            stdout_is_data: Cell::new(false),
            stdout_closed: Cell::new(false),
        }
    }

    /// What it says.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How many `-v` were given; 0 with `--quiet`.
    pub fn verbosity(&self) -> u8 {
        self.verbosity
    }

    /// Keep stdout for the bytes of a result (`--out -`): the lines about it go to stderr.
    pub fn reserve_stdout(&self) {
        self.stdout_is_data.set(true);
    }

    /// Whether the reader of stdout went away.
    pub fn is_stdout_closed(&self) -> bool {
        self.stdout_closed.get()
    }

    /// A line of the result.
    pub fn line(&self, text: &str) {
        match self.mode {
            Mode::Quiet | Mode::Json => {}
            Mode::Normal if self.stdout_is_data.get() => self.to_stderr(text),
            Mode::Normal => self.to_stdout(format!("{text}\n").as_bytes()),
        }
    }

    /// A detail for those who asked with `-v`.
    pub fn detail(&self, text: &str) {
        if self.verbosity > 0 && self.mode != Mode::Quiet {
            self.to_stderr(text);
        }
    }

    /// A warning.
    pub fn warning(&self, text: &str) {
        if self.mode != Mode::Quiet {
            self.to_stderr(&format!("{YELLOW}warning:{RESET} {text}"));
        }
    }

    /// An error, in one line.
    pub fn error(&self, error: &PipelineError) {
        self.to_stderr(&format!("{RED}error:{RESET} {}", single_line(&error.to_string())));
    }

    /// A line that must be seen: the verdict on runs that are not aligned.
    pub fn verdict(&self, text: &str) {
        self.to_stderr(text);
    }

    /// Bytes that are the result themselves: CSV, a completion script, the JSON object.
    pub fn data(&self, bytes: &[u8]) {
        self.to_stdout(bytes);
    }

    fn to_stdout(&self, bytes: &[u8]) {
        if self.stdout_closed.get() {
            return;
        }
        let mut stdout = io::stdout().lock();
        if stdout.write_all(bytes).and_then(|()| stdout.flush()).is_err() {
            self.stdout_closed.set(true);
        }
    }

    fn to_stderr(&self, text: &str) {
        let mut stderr = AutoStream::new(io::stderr(), self.colour);
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(stderr, "{text}");
    }
}

/// File names may hold line ends and control characters; a message is one line.
fn single_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
