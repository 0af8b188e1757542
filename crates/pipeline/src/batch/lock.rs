//! Who writes to the output folder of a batch: one batch (or watch, whose pairs are done the same way) at a
//! time, and its processes.
//!
//! A batch that is killed leaves its processes behind for the moment in which they notice and clean up. The
//! next batch waits for them, so that no two processes ever write to the folder of one pair.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::Duration;

use mtbsync_task::error::{PipelineError, TaskProblem};

use super::error::BatchProblem;

/// Locked by the batch; empty, and left in place.
const BATCH_LOCK: &str = ".batch.lock";
/// Locked, in common, by the processes of a batch; empty, and left in place.
const CREW_LOCK: &str = ".batch_crew.lock";
/// How long processes of a killed batch are waited for. They end within 5 s.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often they are looked for.
const TICK: Duration = Duration::from_millis(50);

/// Makes the calling process the batch that writes to `out_dir`, until the file is closed.
///
/// # Errors
/// Another batch is at it; processes of a killed one do not end; the folder allows no lock file.
pub fn lock(out_dir: &Path) -> Result<File, PipelineError> {
    let batch = open(&out_dir.join(BATCH_LOCK))?;
    if is_held(&batch.try_lock()) {
        return Err(PipelineError::from(BatchProblem::Busy).at(out_dir));
    }
    let crew = open(&out_dir.join(CREW_LOCK))?;
    let mut waited = Duration::ZERO;
    while is_held(&crew.try_lock()) {
        if waited >= PATIENCE {
            return Err(PipelineError::from(BatchProblem::LeftBehind).at(out_dir));
        }
        thread::sleep(TICK);
        waited += TICK;
    }
    Ok(batch)
}

/// Makes the calling process one of those of the batch that writes to `out_dir`, until the file is closed.
///
/// # Errors
/// The folder allows no lock file; another batch is starting, so that of this process must be gone.
pub fn join_crew(out_dir: &Path) -> Result<File, PipelineError> {
    let crew = open(&out_dir.join(CREW_LOCK))?;
    if is_held(&crew.try_lock_shared()) {
        return Err(TaskProblem::Interrupted.into());
    }
    Ok(crew)
}

fn open(path: &Path) -> Result<File, PipelineError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path);
    file.map_err(|error| PipelineError::from(BatchProblem::Lock(error)).at(path))
}

/// Some network file systems cannot lock; there nobody seems to hold one.
fn is_held(attempt: &Result<(), TryLockError>) -> bool {
    matches!(attempt, Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_waits_for_the_processes_of_a_killed_one() {
        let folder = tempfile::tempdir().unwrap();
        let left_behind = join_crew(folder.path()).unwrap();
        thread::scope(|scope| {
            let next = scope.spawn(|| lock(folder.path()).unwrap());
            drop(left_behind);
            let batch = next.join().unwrap();
            let error = lock(folder.path()).unwrap_err();
            assert_eq!(error.what(), "another batch or watch is writing here");
            drop(batch);
        });
        lock(folder.path()).unwrap();
    }

    #[test]
    fn processes_of_one_batch_work_side_by_side() {
        let folder = tempfile::tempdir().unwrap();
        let batch = lock(folder.path()).unwrap();
        let crew = [
            join_crew(folder.path()).unwrap(),
            join_crew(folder.path()).unwrap(),
        ];
        let looked = open(&folder.path().join(CREW_LOCK)).unwrap();
        assert!(is_held(&looked.try_lock()));
        drop(crew);
        assert!(!is_held(&looked.try_lock()));
        drop(batch);
    }
}
