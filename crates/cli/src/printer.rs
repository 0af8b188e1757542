//! The only way from the program to the terminal.
//!
//! Results go to stdout, everything else to stderr. `--quiet` keeps errors only; `--json` keeps stdout for
//! its one object. A closed stdout (`mtbsync ... | head`) is remembered and not an error; one that cannot be
//! written to is. Names out of files are shown, whatever is in them, and never acted on by a terminal.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
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
    stdout_error: RefCell<Option<io::Error>>,
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
            stdout_error: RefCell::new(None),
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

    /// Why something for stdout did not get there; asked once.
    pub fn take_stdout_error(&self) -> Option<io::Error> {
        self.stdout_error.take()
    }

    /// A line of the result.
    pub fn line(&self, text: &str) {
        let text = &visible(text);
        match self.mode {
            Mode::Quiet | Mode::Json => {}
            Mode::Normal if self.stdout_is_data.get() => self.to_stderr(text),
            Mode::Normal => self.to_stdout(format!("{text}\n").as_bytes()),
        }
    }

    /// Several lines of the result, made by the program itself.
    pub fn lines(&self, text: &str) {
        text.trim_end().lines().for_each(|line| self.line(line));
    }

    /// A detail for those who asked with `-v`.
    pub fn detail(&self, text: &str) {
        if self.verbosity > 0 && self.mode != Mode::Quiet {
            self.to_stderr(&visible(text));
        }
    }

    /// A warning.
    pub fn warning(&self, text: &str) {
        if self.mode != Mode::Quiet {
            self.to_stderr(&format!("{YELLOW}warning:{RESET} {}", visible(text)));
        }
    }

    /// An error, in one line.
    pub fn error(&self, error: &PipelineError) {
        self.to_stderr(&format!("{RED}error:{RESET} {}", visible(&error.to_string())));
    }

    /// A line that must be seen: the verdict on runs that are not aligned.
    pub fn verdict(&self, text: &str) {
        self.to_stderr(&visible(text));
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
        if let Err(error) = stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            // What is left of a result that broke off is no use.
            self.stdout_closed.set(true);
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.stdout_error.replace(Some(error));
            }
        }
    }

    fn to_stderr(&self, text: &str) {
        let mut stderr = AutoStream::new(io::stderr(), self.colour);
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(stderr, "{text}");
    }
}

/// Text out of files for a terminal, in one line: characters that control it, and those that turn the
/// direction of writing, are written as escapes.
pub fn visible(text: &str) -> Cow<'_, str> {
    let acts = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_the_terminal() {
        assert_eq!(visible("Rock garden é 日本"), "Rock garden é 日本");
        assert_eq!(
            visible("a\x1b[2J\nb\r\u{9b}31m\u{7f}\u{202e}c"),
            "a\\u{1b}[2J\\nb\\r\\u{9b}31m\\u{7f}\\u{202e}c"
        );
    }
}
