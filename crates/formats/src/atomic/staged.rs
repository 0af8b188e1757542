//! One output under its temporary name.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::error::{WriteError, WriteErrorKind};
use super::registry;
use super::replaces::Replaces;
use super::sweep::{hold, sweep};

/// Marks temporary files, so that one left behind by a kill or a power cut can be recognised.
pub(super) const TEMPORARY_SUFFIX: &str = ".mtbsync-tmp";

/// An output being written: reads, writes and seeks go to a temporary file beside the target. Dropping it
/// removes the file; [`FileSet::commit`](super::FileSet::commit) gives it its name.
#[derive(Debug)]
pub struct StagedFile {
    target: PathBuf,
    temporary: NamedTempFile,
    /// SHA-256 of the content, where all of it is known.
    digest: Option<[u8; 32]>,
}

impl StagedFile {
    /// Starts an output at `target`, whose folder must exist. A target that is a link is followed, so the
    /// link stays.
    ///
    /// # Errors
    /// The target is a folder or a device or a file that `replaces` does not know, or its folder does not
    /// allow new files.
    pub fn create(target: &Path, replaces: Replaces) -> Result<Self, WriteError> {
        let fail = |kind| WriteError::new(target, kind);
        let is_link = target
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_symlink());
        let resolved = if is_link { target.canonicalize().ok() } else { None };
        let resolved = resolved.unwrap_or_else(|| target.to_owned());
        match fs::metadata(&resolved) {
            Ok(metadata) if metadata.is_dir() => return Err(fail(WriteErrorKind::IsFolder)),
            Ok(metadata) if !metadata.is_file() => return Err(fail(WriteErrorKind::NotRegular)),
            Ok(_) => replaces.check(&resolved)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(WriteError::from_io(target, error)),
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
            digest: None,
        })
    }

    pub(super) fn set_digest(&mut self, content: &[u8]) {
        self.digest = Some(Sha256::digest(content).into());
    }

    pub(super) fn digest(&self) -> Option<&[u8; 32]> {
        self.digest.as_ref()
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

    /// Gives the file its name. The registry must be locked by the caller. Gives what was there before, so
    /// that it can be put back.
    pub(super) fn rename(self, registry: &mut registry::Locked) -> Result<Kept, WriteError> {
        let Self {
            target, temporary, ..
        } = self;
        let path = temporary.path().to_owned();
        let kept = Kept::of(&target, registry);
        let temporary = temporary.into_temp_path();
        let renamed = fs::rename(&temporary, &target).and_then(|()| temporary.keep().map_err(Into::into));
        registry.remove(&path);
        match renamed {
            Ok(_) => Ok(kept),
            Err(error) => {
                kept.forget(registry);
                Err(WriteError::from_io(&target, error))
            }
        }
    }
}

/// What a name stood for before a set took it: a second name of the older file, or that there was none. Where
/// the disk knows no second names, the older file cannot be put back.
#[derive(Debug)]
#[must_use]
pub(super) struct Kept {
    target: PathBuf,
    older: Older,
}

#[derive(Debug)]
enum Older {
    None,
    Under {
        path: PathBuf,
        /// Held so that nobody sweeps it.
        _lock: Option<fs::File>,
    },
    Unknown,
}

impl Kept {
    pub fn of(target: &Path, registry: &mut registry::Locked) -> Self {
        let older = match target.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Older::None,
            Err(_) => Older::Unknown,
            Ok(_) => match second_name(target) {
                Ok(path) => {
                    registry.add(&path);
                    let lock = fs::File::open(&path).ok().filter(|file| file.try_lock().is_ok());
                    Older::Under { path, _lock: lock }
                }
                Err(_) => Older::Unknown,
            },
        };
        Self {
            target: target.to_owned(),
            older,
        }
    }

    /// The older file has its name again. Nobody is left to tell if the system refuses.
    pub fn put_back(self, registry: &mut registry::Locked) {
        match &self.older {
            Older::None => {
                let _ = fs::remove_file(&self.target);
            }
            Older::Under { path, .. } => {
                let _ = fs::rename(path, &self.target);
                registry.remove(path);
            }
            Older::Unknown => {}
        }
    }

    /// The older file goes.
    pub fn forget(self, registry: &mut registry::Locked) {
        if let Older::Under { path, .. } = &self.older {
            let _ = fs::remove_file(path);
            registry.remove(path);
        }
    }
}

fn second_name(target: &Path) -> io::Result<PathBuf> {
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push(".older");
    let link = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(TEMPORARY_SUFFIX)
        .make_in(folder_of(target), |path| fs::hard_link(target, path))?;
    link.into_temp_path().keep().map_err(|error| error.error)
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
    loop {
        let made = builder.tempfile_in(folder)?;
        if hold(made.as_file())? {
            return Ok(made);
        }
    }
}

/// Creates `folder` where it is missing and proves, by creating and removing a file, that outputs can be
/// written there: to be called before the first expensive step. What killed processes left there goes.
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
    sweep(folder);
    create_temporary(folder, &OsString::from(".probe"))
        .and_then(NamedTempFile::close)
        .map_err(fail)
}
