//! One error type for everything a command can fail with, in the words a person reads.
//!
//! What went wrong is an enum of the crate or room it went wrong in (a [`Problem`]); which file it happened
//! to is added by whoever knows it. Settings are named in angle quotes, `‹out›`: each face of the program
//! says them its own way.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mtbsync_formats::atomic::{WriteError, WriteErrorKind};
use mtbsync_formats::csv::{CellError, CsvError};
use mtbsync_formats::json::JsonError;
use mtbsync_formats::{ReadError, ReadErrorKind};

/// Which exit code an error ends with (the numbers are the command line's business).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Input, output, decoding or internal trouble.
    Failed,
    /// Flags that contradict each other or name something that does not exist.
    Usage,
    /// The work was done but no trustworthy alignment came out.
    NotAligned,
    /// The user asked to stop.
    Interrupted,
}

/// Something that can go wrong. Its text says what: lower case, no file, no full stop.
pub trait Problem: Error + Send + Sync + 'static {
    /// What the person can do.
    fn hint(&self) -> Option<String> {
        None
    }

    /// The file it happened to, where the problem knows.
    fn file(&self) -> Option<&Path> {
        None
    }

    /// How the program ends.
    fn failure(&self) -> Failure {
        Failure::Failed
    }

    /// Whether the system could not read a file that is there: nobody knows what it says.
    fn is_failed_read(&self) -> bool {
        false
    }
}

/// What a file says that need not be there: nothing where it is missing or damaged.
///
/// # Errors
/// It is there, and the system cannot read it.
pub fn optional<T>(read: Result<T, impl Into<PipelineError>>) -> Result<Option<T>, PipelineError> {
    match read.map_err(Into::into) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.problem.is_failed_read() => Err(error),
        Err(_) => Ok(None),
    }
}

/// `WHAT: FILE; hint: WHAT TO DO`.
#[derive(Clone, Debug)]
pub struct PipelineError {
    problem: Arc<dyn Problem>,
    file: Option<PathBuf>,
    hint: Option<String>,
    words: fn(&str) -> String,
}

impl<P: Problem> From<P> for PipelineError {
    fn from(problem: P) -> Self {
        Self {
            hint: problem.hint(),
            file: problem.file().map(Path::to_owned),
            problem: Arc::new(problem),
            words: str::to_owned,
        }
    }
}

impl PipelineError {
    /// Name the file.
    #[must_use]
    pub fn at(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// Say what can be done, where more is known than the problem itself knows.
    #[must_use]
    pub fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Say it as one face of the program says it: what `words` makes of the text and of the hint.
    #[must_use]
    pub fn worded(mut self, words: fn(&str) -> String) -> Self {
        self.hint = self.hint.as_deref().map(words);
        self.words = words;
        self
    }

    /// What happened, lower case, no full stop.
    pub fn what(&self) -> String {
        (self.words)(&self.problem.to_string())
    }

    /// The file it happened to.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// What the person can do.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// How the program ends.
    pub fn failure(&self) -> Failure {
        self.problem.failure()
    }
}

impl fmt::Display for PipelineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what())?;
        if let Some(file) = &self.file {
            write!(f, ": {}", file.display())?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "; hint: {hint}")?;
        }
        Ok(())
    }
}

impl Error for PipelineError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.problem)
    }
}

/// What can go wrong in any long job.
#[derive(Debug, thiserror::Error)]
pub enum TaskProblem {
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The system gives no threads.
    #[error("no worker threads ({0})")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// stdin broke off.
    #[error("stdin cannot be read ({0})")]
    Stdin(#[source] std::io::Error),
    /// More on stdin than any input of its kind has.
    #[error("stdin is too large")]
    StdinTooLarge,
    /// A folder in place of a file to write.
    #[error("is a folder")]
    IsFolder,
    /// An output of the name of a file that the same call reads.
    #[error("output is one of the inputs")]
    OutputIsInput,
    /// An output of the name of a file that holds what a person has set.
    #[error("holds what a person has set, and no output replaces it")]
    OfAPerson,
    /// The system's words about a file that cannot be read.
    #[error("cannot be read ({0})")]
    Unreadable(#[source] std::io::Error),
}

impl Problem for TaskProblem {
    fn is_failed_read(&self) -> bool {
        matches!(self, Self::Unreadable(_))
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::IsFolder => "name a file in it",
            Self::OfAPerson => "name another file",
            Self::OutputIsInput => "choose another name with ‹out›",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    fn failure(&self) -> Failure {
        match self {
            Self::Interrupted => Failure::Interrupted,
            Self::OfAPerson | Self::OutputIsInput => Failure::Usage,
            _ => Failure::Failed,
        }
    }
}

impl Problem for CsvError {
    fn hint(&self) -> Option<String> {
        Self::hint(self)
    }
}

impl Problem for ReadError {
    fn hint(&self) -> Option<String> {
        Self::hint(self)
    }

    fn file(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn is_failed_read(&self) -> bool {
        matches!(self.kind, ReadErrorKind::Io(_))
    }
}

impl Problem for JsonError {
    fn hint(&self) -> Option<String> {
        Self::hint(self)
    }

    fn is_failed_read(&self) -> bool {
        matches!(self, Self::Read(error) if error.is_failed_read())
    }
}

impl Problem for WriteError {
    fn hint(&self) -> Option<String> {
        Self::hint(self)
    }

    fn file(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn failure(&self) -> Failure {
        match self.kind {
            WriteErrorKind::NotOurs => Failure::Usage,
            _ => Failure::Failed,
        }
    }
}

impl Problem for CellError {}
