//! One error type for everything a command can fail with, in the words a person reads.

use std::fmt;
use std::path::{Path, PathBuf};

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

/// `WHAT: FILE; hint: WHAT TO DO`.
#[derive(Clone, Debug)]
pub struct PipelineError {
    /// What happened, lower case, no full stop.
    pub what: String,
    /// The file it happened to.
    pub file: Option<PathBuf>,
    /// What the person can do.
    pub hint: Option<String>,
    /// How the program ends.
    pub failure: Failure,
}

impl PipelineError {
    /// An ordinary failure.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            file: None,
            hint: None,
            failure: Failure::Failed,
        }
    }

    /// Contradictory or impossible flags.
    pub fn usage(what: impl Into<String>) -> Self {
        Self {
            failure: Failure::Usage,
            ..Self::new(what)
        }
    }

    /// The user asked to stop.
    pub fn interrupted() -> Self {
        Self {
            failure: Failure::Interrupted,
            ..Self::new("interrupted")
        }
    }

    /// Name the file.
    #[must_use]
    pub fn at(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// Say what can be done.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Say what can be done, if anything is known.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        if hint.is_some() {
            self.hint = hint;
        }
        self
    }
}

impl fmt::Display for PipelineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        if let Some(file) = &self.file {
            write!(f, ": {}", file.display())?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "; hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PipelineError {}
