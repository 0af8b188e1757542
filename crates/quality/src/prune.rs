//! `prune-perf`: keep the newest `perf.json` files below a folder (docs/reference/cli.md#prune-perf).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::perf::PERF_FILE;

/// Folders deeper than this are not searched: run folders are one or two levels below the root.
const MAX_DEPTH: usize = 32;

/// The root is not a folder that can be read.
#[derive(Debug, thiserror::Error)]
#[error("root folder not found or not readable: {source}")]
pub struct PruneError {
    /// The root.
    pub path: PathBuf,
    /// What the system said.
    source: std::io::Error,
}

impl PruneError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        Some("check ‹root›".to_owned())
    }
}

/// What was, or would be, kept and deleted; newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PruneReport {
    /// Files kept.
    pub kept: Vec<PathBuf>,
    /// Files deleted, or that a dry run would delete.
    pub deleted: Vec<PathBuf>,
    /// Files and folders that could not be deleted or read, and why.
    pub failed: Vec<(PathBuf, String)>,
}

impl PruneReport {
    /// All `perf.json` files found.
    pub fn total(&self) -> usize {
        let undeletable = |(path, _): &&(PathBuf, String)| path.file_name().is_some_and(|n| n == PERF_FILE);
        self.kept.len() + self.deleted.len() + self.failed.iter().filter(undeletable).count()
    }
}

/// Deletes every `perf.json` below `root` except the newest `keep` by modification time, without following
/// links; with `dry_run` nothing is deleted.
///
/// # Errors
/// `root` is missing or not readable.
pub fn prune_perf(root: &Path, keep: usize, dry_run: bool) -> Result<PruneReport, PruneError> {
    let mut report = PruneReport::default();
    let mut found = Vec::new();
    let entries = fs::read_dir(root).map_err(|source| PruneError {
        path: root.to_owned(),
        source,
    })?;
    collect(entries, MAX_DEPTH, &mut found, &mut report);
    found.sort_by(|(a_time, a), (b_time, b)| b_time.cmp(a_time).then_with(|| a.cmp(b)));

    for (i, (_, path)) in found.into_iter().enumerate() {
        if i < keep {
            report.kept.push(path);
        } else if dry_run {
            report.deleted.push(path);
        } else {
            match fs::remove_file(&path) {
                Ok(()) => report.deleted.push(path),
                Err(error) => report.failed.push((path, error.to_string())),
            }
        }
    }
    Ok(report)
}

fn collect(
    entries: fs::ReadDir,
    depth_left: usize,
    found: &mut Vec<(SystemTime, PathBuf)>,
    report: &mut PruneReport,
) {
    for entry in entries.flatten() {
        let path = entry.path();
        // Of the entry itself: a link is neither a file nor a folder here.
        let Ok(metadata) = fs::symlink_metadata(&path) else {
            continue;
        };
        if metadata.is_file() && entry.file_name() == PERF_FILE {
            found.push((metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), path));
        } else if metadata.is_dir() && depth_left > 0 {
            match fs::read_dir(&path) {
                Ok(inner) => collect(inner, depth_left - 1, found, report),
                Err(error) => report.failed.push((path, error.to_string())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::Duration;

    /// Run folders `0`..`count`, the higher the newer.
    fn root(count: u64) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for i in 0..count {
            let folder = root.path().join(format!("batch/run{i}"));
            fs::create_dir_all(&folder).unwrap();
            let file = File::create(folder.join(PERF_FILE)).unwrap();
            let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + i);
            file.set_modified(modified).unwrap();
        }
        root
    }

    fn runs(paths: &[PathBuf]) -> Vec<String> {
        let run = |p: &PathBuf| {
            p.parent()
                .unwrap()
                .file_name()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        };
        paths.iter().map(run).collect()
    }

    #[test]
    fn the_newest_are_kept_and_a_dry_run_touches_nothing() {
        let root = root(5);
        let planned = prune_perf(root.path(), 2, true).unwrap();
        assert_eq!(runs(&planned.kept), ["run4", "run3"]);
        assert_eq!(runs(&planned.deleted), ["run2", "run1", "run0"]);
        let again = prune_perf(root.path(), 2, false).unwrap();
        assert_eq!(again, planned);
        assert_eq!((again.total(), again.failed.len()), (5, 0));
        let after = prune_perf(root.path(), 0, false).unwrap();
        assert_eq!((after.kept.len(), after.deleted.len()), (0, 2));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_never_followed() {
        let (outside, inside) = (root(1), root(0));
        std::os::unix::fs::symlink(outside.path(), inside.path().join("link")).unwrap();
        let target = outside.path().join("batch/run0").join(PERF_FILE);
        std::os::unix::fs::symlink(&target, inside.path().join(PERF_FILE)).unwrap();
        assert_eq!(
            prune_perf(inside.path(), 0, false).unwrap(),
            PruneReport::default()
        );
        assert!(target.exists());
    }

    #[test]
    fn a_missing_root_is_an_error() {
        let error = prune_perf(Path::new("no/such/root"), 1, true).unwrap_err();
        assert!(error.hint().is_some());
    }
}
