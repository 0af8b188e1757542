//! One output under its temporary name.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::{WriteError, WriteErrorKind};
use super::registry;

/// Marks temporary files, so that one left behind by a power cut can be recognised.
const TEMPORARY_SUFFIX: &str = ".mtbsync-tmp";

/// An output being written: reads, writes and seeks go to a temporary file beside the target. Dropping it
/// removes the file; [`FileSet::commit`](super::FileSet::commit) gives it its name.
#[derive(Debug)]
pub struct StagedFile {
    target: PathBuf,
    temporary: NamedTempFile,
}

impl StagedFile {
    /// Starts an output at `target`, whose folder must exist. A target that is a link is followed, so the
    /// link stays.
    ///
    /// # Errors
    /// The target is a folder or a device, or its folder does not allow new files.
    pub fn create(target: &Path) -> Result<Self, WriteError> {
        let fail = |kind| WriteError::new(target, kind);
        let is_link = target
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_symlink());
        let resolved = if is_link { target.canonicalize().ok() } else { None };
        let resolved = resolved.unwrap_or_else(|| target.to_owned());
        match fs::metadata(&resolved) {
            Ok(metadata) if metadata.is_dir() => return Err(fail(WriteErrorKind::IsFolder)),
            Ok(metadata) if !metadata.is_file() => return Err(fail(WriteErrorKind::NotRegular)),
            Ok(_) | Err(_) => {}
        }
        let name = resolved.file_name().ok_or_else(|| fail(WriteErrorKind::NoName))?;
        let mut prefix = OsString::from(".");
        prefix.push(name);
        let mut registry = registry::lock();
        if registry.is_closed() {
            return Err(fail(WriteErrorKind::Interrupted));
        }
        let temporary = create_temporary(folder_of(&resolved), &prefix)
            .map_err(|error| WriteError::from_io(target, error))?;
        registry.add(temporary.path());
        Ok(Self {
            target: resolved,
            temporary,
        })
    }

    /// Where the file will be.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The temporary file's path, for programs (FFmpeg) that write by path. It keeps no telling extension.
    pub fn temporary_path(&self) -> &Path {
        self.temporary.path()
    }

    /// Forces the content to the disk: a full disk shows here at the latest.
    pub(super) fn flush_to_disk(&mut self) -> Result<(), WriteError> {
        self.temporary
            .flush()
            .and_then(|()| self.temporary.as_file().sync_all())
            .map_err(|error| WriteError::from_io(&self.target, error))
    }

    /// Gives the file its name. The registry must be locked by the caller.
    pub(super) fn rename(self, registry: &mut registry::Locked) -> Result<PathBuf, WriteError> {
        let Self { target, temporary } = self;
        let path = temporary.path().to_owned();
        let renamed = temporary.into_temp_path().persist(&target);
        registry.remove(&path);
        match renamed {
            Ok(()) => Ok(target),
            Err(error) => Err(WriteError::from_io(&target, error.error)),
        }
    }
}

impl Read for StagedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.temporary.read(buffer)
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.flush()
    }
}

impl Seek for StagedFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.temporary.seek(position)
    }
}

/// The folder a file lies in; `.` for a bare name.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

fn create_temporary(folder: &Path, prefix: &OsString) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(TEMPORARY_SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Outputs are ordinary files: readable as the user's umask allows, not private like temporary ones.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Creates `folder` where it is missing and proves, by creating and removing a file, that outputs can be
/// written there: to be called before the first expensive step.
///
/// # Errors
/// The folder cannot be created or does not allow new files.
pub fn check_writable(folder: &Path) -> Result<(), WriteError> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let fail = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => WriteError::new(folder, WriteErrorKind::NotAFolder),
        _ => WriteError::from_io(folder, error),
    };
    fs::create_dir_all(folder).map_err(fail)?;
    create_temporary(folder, &OsString::from(".probe"))
        .and_then(NamedTempFile::close)
        .map_err(fail)
}
