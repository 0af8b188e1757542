//! Temporary files of processes that were killed.
//!
//! Whoever writes a temporary file holds its lock, which the system gives back when the process ends, however
//! it ends: a file whose lock can be had is nobody's.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::staged::TEMPORARY_SUFFIX;

/// The temporary files in `folder` that no living process writes, in order of their names. Sub-folders are
/// not looked at.
pub fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let mut dead: Vec<PathBuf> = temporary_files(folder)
        .filter(|path| lock_of_the_dead(path).is_some())
        .collect();
    dead.sort_unstable();
    dead
}

/// Removes the temporary files in `folder` that no living process writes; says how many.
pub fn sweep(folder: &Path) -> usize {
    let mut swept = 0;
    for path in temporary_files(folder) {
        // Removed while the lock is held: a writer that has just made the file notices and makes another.
        if let Some(_lock) = lock_of_the_dead(&path)
            && fs::remove_file(&path).is_ok()
        {
            swept += 1;
        }
    }
    swept
}

fn temporary_files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_temporary = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        name.starts_with(b".") && name.ends_with(TEMPORARY_SUFFIX.as_bytes())
    };
    entries
        .filter(is_temporary)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.path())
}

fn lock_of_the_dead(path: &Path) -> Option<File> {
    let file = OpenOptions::new().read(true).write(true).open(path).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// Takes the lock of a temporary file that was just made. False when a sweep was quicker and the file is
/// gone.
///
/// # Errors
/// The system's, but not that it gives no locks on that disk, which disks of other machines say in many ways:
/// nothing is swept there either.
pub(super) fn hold(file: &File) -> io::Result<bool> {
    loop {
        match file.lock() {
            Ok(()) => return still_there(file),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Ok(true),
        }
    }
}

#[cfg(unix)]
fn still_there(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.nlink() > 0)
}

#[cfg(not(unix))]
fn still_there(_file: &File) -> io::Result<bool> {
    Ok(true)
}
