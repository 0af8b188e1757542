//! The exit codes, a contract with scripts (docs/reference/exit-codes.md). The only place that knows the
//! numbers.

use std::process::ExitCode;

use mtbsync_task::error::Failure;

use crate::error::CliProblem;
use crate::printer::Printer;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Success,
    /// Input, output, decoding or internal trouble.
    Error,
    /// Wrong usage.
    Usage,
    /// Worked, but no trustworthy alignment came out.
    NotAligned,
    /// Done with warnings worth an exit code (`doctor`).
    Warning,
    /// The run is worse than its history (`--fail-on-regression`).
    Regression,
    /// Stopped by Ctrl-C.
    Interrupted,
    /// Stopped by a request to terminate.
    Terminated,
}

impl Exit {
    /// The number the calling process sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Error => 1,
            Self::Usage => 2,
            Self::NotAligned => 3,
            Self::Warning => 10,
            Self::Regression => 20,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// How the program ends, given how the command did: what it said may not have got through. Says so,
    /// unless an error line `is_told` already.
    pub fn after(self, printer: &Printer, is_told: bool) -> Self {
        let Some(error) = printer.take_stdout_error() else {
            let is_unread = printer.is_stdout_closed();
            return if is_unread { Self::Success } else { self };
        };
        if !is_told {
            printer.error(&CliProblem::Stdout(error).into());
        }
        match self {
            Self::Usage | Self::Interrupted | Self::Terminated => self,
            _ => Self::Error,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<Failure> for Exit {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Failed => Self::Error,
            Failure::Usage => Self::Usage,
            Failure::NotAligned => Self::NotAligned,
            Failure::Interrupted => Self::Interrupted,
        }
    }
}
