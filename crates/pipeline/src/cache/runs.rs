//! The table `run`: one row per finished alignment, for lists and questions in SQL. The files in the artefact
//! folder stay the truth, and nothing is ever read from here into an alignment.

use std::path::Path;

use mtbsync_artefacts::time_warp::{RecordingFile, TIMEWARP_FILE, read_warp};
use mtbsync_formats::json;
use mtbsync_index::describe::absolute;
use mtbsync_quality::perf::{PERF_FILE, Perf};
use mtbsync_task::error::PipelineError;
use rusqlite::params;

use super::{Cache, db};
use crate::sync::SyncReport;

impl Cache {
    /// Registers a finished run of `command`, from its report and artefact folder.
    ///
    /// # Errors
    /// The cache is of a newer program, or cannot be written to.
    pub fn register_run(
        &self,
        command: &str,
        report: &SyncReport,
        now_utc: &str,
    ) -> Result<(), PipelineError> {
        let folder = &report.out_dir;
        let warp = read_warp(&folder.join(TIMEWARP_FILE)).ok();
        let (reference, new) = warp.map_or((None, None), |warp| (warp.reference, warp.new));
        let perf: Perf = json::read(&folder.join(PERF_FILE)).unwrap_or_default();
        let name = |recording: &Option<RecordingFile>, path: &str| {
            let path = recording.as_ref().map_or(path, |r| r.path.as_str());
            let name = Path::new(path).file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        let fingerprint =
            |recording: &Option<RecordingFile>| recording.as_ref().map(|r| r.fingerprint.clone());
        let text = |value: serde_json::Result<String>| value.unwrap_or_default();
        let db = db::open(&self.folder)?;
        db.execute(
            "INSERT INTO run (ts, command, folder, ref_fingerprint, ref_name, new_fingerprint, new_name, ok, reasons,
                              p90, ppm, inlier_frac, coverage, timings, peak_rss_mb)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            params![
                now_utc,
                command,
                absolute(folder),
                fingerprint(&reference),
                name(&reference, &perf.pair.reference),
                fingerprint(&new),
                name(&new, &perf.pair.new),
                report.ok,
                text(serde_json::to_string(&report.reasons)),
                report.p90,
                report.ppm,
                report.inlier_frac,
                report.coverage,
                text(serde_json::to_string(&perf.timings)),
                perf.rss_mb,
            ],
        )
        .map_err(|error| db::failed(&self.folder, &error))?;
        Ok(())
    }
}
