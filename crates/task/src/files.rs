//! Where small inputs come from and results go to: a file, or stdin and stdout as `-`.

use std::io::Read;
use std::path::{Path, PathBuf};

use mtbsync_formats::atomic::{FileSet, Replaces, check_writable};
use mtbsync_formats::read_bounded;

use crate::error::{PipelineError, TaskProblem};

/// A small input: a table or a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// `-`.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Input {
    /// The source named on a command line.
    pub fn new(path: &Path) -> Self {
        if path == Path::new("-") {
            Self::Stdin
        } else {
            Self::File(path.to_owned())
        }
    }

    /// Its path, `-` for stdin: for messages.
    pub fn path(&self) -> &Path {
        match self {
            Self::Stdin => Path::new("-"),
            Self::File(path) => path,
        }
    }

    /// Its bytes, at most `max_bytes` of them.
    ///
    /// # Errors
    /// Unreadable or longer.
    pub fn read(&self, max_bytes: u64) -> Result<Vec<u8>, PipelineError> {
        match self {
            Self::File(path) => read_bounded(path, max_bytes).map_err(Into::into),
            Self::Stdin => {
                let mut bytes = Vec::new();
                let read = std::io::stdin()
                    .lock()
                    .take(max_bytes.saturating_add(1))
                    .read_to_end(&mut bytes);
                read.map_err(TaskProblem::Stdin)?;
                if bytes.len() as u64 > max_bytes {
                    return Err(TaskProblem::StdinTooLarge.into());
                }
                Ok(bytes)
            }
        }
    }
}

/// Where a result goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// `-`: the bytes are handed back to the caller.
    Stdout,
    /// A file; its folder is created.
    File(PathBuf),
}

impl Destination {
    /// The destination named on a command line.
    pub fn new(path: &Path) -> Self {
        if path == Path::new("-") {
            Self::Stdout
        } else {
            Self::File(path.to_owned())
        }
    }
}

/// Whether something is there, for files that need not be.
///
/// # Errors
/// The system cannot tell: what may be there must not be taken for absent.
pub fn exists(path: &Path) -> Result<bool, PipelineError> {
    let found = path.try_exists();
    found.map_err(|error| PipelineError::from(TaskProblem::Unreadable(error)).at(path))
}

/// The folder a file lies in; `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

/// Whether two paths name one existing file.
pub fn is_same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Notes of a person on the markers of a run, in its folder.
pub const ANNOTATIONS_FILE: &str = "annotations.json";
/// Names, gates and riders of trails, above the runs.
pub const TRAIL_FILE: &str = "trail.json";
/// Moments a person has pinned, in the folder of a run.
pub const ANCHORS_FILE: &str = "anchors.csv";

/// Refuses the name of a file that holds what a person has set: no output may replace it.
///
/// # Errors
/// [`TaskProblem::OfAPerson`].
pub fn check_name(file: &Path) -> Result<(), PipelineError> {
    let is_of_a_person = [ANNOTATIONS_FILE, ANCHORS_FILE, TRAIL_FILE].iter().any(|name| {
        file.file_name()
            .is_some_and(|file| file.eq_ignore_ascii_case(name))
    });
    if is_of_a_person {
        return Err(PipelineError::from(TaskProblem::OfAPerson).at(file));
    }
    Ok(())
}

/// Where the outputs of one call may go: never over one of its inputs, and over a file that is there only
/// where it is of the same kind, or the person has said so.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    overwrite: bool,
    inputs: Vec<PathBuf>,
}

impl Outputs {
    /// For a call that reads `inputs`; `overwrite` lets outputs replace other files than these.
    pub fn new<'a>(overwrite: bool, inputs: impl IntoIterator<Item = &'a Path>) -> Self {
        Self {
            overwrite,
            inputs: inputs
                .into_iter()
                .filter_map(|path| path.canonicalize().ok())
                .collect(),
        }
    }

    /// Creates the folder of `file` and proves that the output can be written there. Gives what it may
    /// replace when it is written. `own` knows files of its kind.
    ///
    /// # Errors
    /// It cannot; or the name is that of an input, of what a person has set, or of another file.
    pub fn check(&self, file: &Path, own: Replaces) -> Result<Replaces, PipelineError> {
        check_writable(folder_of(file))?;
        self.allow(file, own)
    }

    /// The same for a file in a folder that is known to be writable.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn allow(&self, file: &Path, own: Replaces) -> Result<Replaces, PipelineError> {
        check_name(file)?;
        if file.is_dir() {
            return Err(PipelineError::from(TaskProblem::IsFolder).at(file));
        }
        if file.canonicalize().is_ok_and(|file| self.inputs.contains(&file)) {
            return Err(PipelineError::from(TaskProblem::OutputIsInput).at(file));
        }
        let replaces = if self.overwrite { Replaces::ANYTHING } else { own };
        replaces.check(file)?;
        Ok(replaces)
    }
}

/// An output of a call: where it goes, what it may replace, its content.
pub type Output<'a> = (&'a Path, Replaces, &'a [u8]);

/// Writes all of `files`, or none of them.
///
/// # Errors
/// A folder that does not allow it, another file in an output's place, or no space.
pub fn write_files(files: &[Output<'_>]) -> Result<(), PipelineError> {
    let mut set = FileSet::new();
    for (path, replaces, bytes) in files {
        set.write(path, *replaces, bytes)?;
    }
    set.commit()?;
    Ok(())
}
