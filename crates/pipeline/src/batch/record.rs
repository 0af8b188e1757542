//! `batch_item.json`: the note a finished pair leaves in its folder, and what `--resume` believes.
//!
//! A pair is finished for a resumed batch when the note was written by the same program for the same inputs
//! and parameters, and every artefact it lists is still there byte for byte. Anything else runs again;
//! results are reproducible, so that costs time and changes nothing.

use mtbsync_artefacts::run_set::write_files;
use mtbsync_formats::atomic::Replaces;
use std::path::{Path, PathBuf};

use mtbsync_align::WarpModel;
use mtbsync_formats::{json, read_bounded};
use mtbsync_index::describe;
use mtbsync_quality::batch_summary::BatchRow;
use mtbsync_quality::history::HistoryRecord;
use mtbsync_quality::perf::{PERF_FILE, Perf};
use mtbsync_task::error::PipelineError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::BatchProblem;
use crate::settings::AnalysisSettings;
use crate::sync::{SyncReport, SyncRequest};

/// Name of the note.
const RECORD_FILE: &str = "batch_item.json";
/// Layout of the note.
const RECORD_VERSION: u32 = 1;
/// The program that can have made the same artefacts.
const PROGRAM_VERSION: &str = env!("CARGO_PKG_VERSION");
/// Bound of a file that takes part in a comparison; artefacts are far smaller.
const MAX_COMPARED_BYTES: u64 = 1 << 30;

/// Knows a note.
const OWN: Replaces = Replaces::own(|ends| ends.has_keys(&["program", "key", "files"]));

/// Content of the note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    version: u32,
    program: String,
    /// Hash of inputs and parameters.
    key: String,
    /// Name and SHA-256 of each artefact; run telemetry is none.
    files: Vec<(String, String)>,
    /// The row of the summary; its paths are those of then.
    pub row: BatchRow,
    /// What the history gets of an aligned pair.
    pub metrics: Option<Metrics>,
    /// The time under which the history has, or is about to get, this pair.
    pub history_ts: Option<String>,
}

/// The numbers of a record of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    p90: f64,
    ppm: f64,
    inlier_frac: f64,
    fps: Option<f64>,
    cpu_pct: Option<f64>,
    gpu_util: Option<f64>,
    model: WarpModel,
    coverage: f64,
}

impl Metrics {
    /// Of a finished pair with its perf.json; `None` unless it is aligned.
    pub fn of(report: &SyncReport, perf: &Perf) -> Option<Self> {
        Some(Self {
            p90: report.p90.filter(|_| report.ok)?,
            ppm: report.ppm?,
            inlier_frac: report.inlier_frac,
            fps: perf.fps,
            cpu_pct: perf.cpu_pct,
            gpu_util: perf.gpu_util,
            model: report.model,
            coverage: report.coverage,
        })
    }

    /// As the history keeps it.
    pub fn at(&self, ts: &str, run_id: &str) -> HistoryRecord {
        HistoryRecord {
            ts: ts.to_owned(),
            run_id: run_id.to_owned(),
            p90: self.p90,
            ppm: self.ppm,
            inlier_frac: self.inlier_frac,
            fps: self.fps,
            cpu_pct: self.cpu_pct,
            gpu_util: self.gpu_util,
            model: self.model,
            coverage: Some(self.coverage),
        }
    }
}

impl Record {
    /// The note about a pair that has just finished with `report`.
    ///
    /// # Errors
    /// An artefact cannot be read back.
    pub fn new(
        key: String,
        row: BatchRow,
        metrics: Option<Metrics>,
        report: &SyncReport,
    ) -> Result<Self, PipelineError> {
        let mut files = Vec::new();
        for (_, path) in &report.outputs {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if name != PERF_FILE {
                let hash =
                    hash_of(path).ok_or_else(|| PipelineError::from(BatchProblem::Artefact).at(path))?;
                files.push((name, hash));
            }
        }
        Ok(Self {
            version: RECORD_VERSION,
            program: PROGRAM_VERSION.to_owned(),
            key,
            files,
            row,
            metrics,
            history_ts: None,
        })
    }

    /// The note in `folder`, if the pair is finished there for `key`.
    pub fn finished(folder: &Path, key: &str) -> Option<Self> {
        let record: Self = json::read(&folder.join(RECORD_FILE)).ok()?;
        let same = record.version == RECORD_VERSION && record.program == PROGRAM_VERSION && record.key == key;
        let complete = || {
            record
                .files
                .iter()
                .all(|(name, hash)| hash_of(&folder.join(name)).as_ref() == Some(hash))
        };
        (same && complete()).then_some(record)
    }

    /// Writes the note into `folder`.
    ///
    /// # Errors
    /// The folder does not allow it.
    pub fn write(&self, folder: &Path) -> Result<(), PipelineError> {
        let bytes = json::to_vec(self)?;
        write_files(&[(&folder.join(RECORD_FILE), OWN, &bytes)])
    }

    /// Takes the note away, because its pair runs again.
    pub fn forget(folder: &Path) {
        // No note is what is wanted; one that cannot be removed is replaced or caught by its hashes.
        let _ = std::fs::remove_file(folder.join(RECORD_FILE));
    }
}

/// Hash of everything that decides about the artefacts of a pair: contents and paths of the inputs, and all
/// parameters. `None` when an input cannot be opened; the pair then fails and says why.
pub fn key(request: &SyncRequest, force: bool) -> Option<String> {
    let mut hasher = Sha256::new();
    let mut add = |text: &str| {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    let analysis = &request.analysis;
    for recording in [&request.reference, &request.new] {
        let opened = describe::open(recording, analysis.single_file, analysis.no_proxy).ok()?;
        add(&opened.source.path);
        add(&opened.source.fingerprint);
        let proxies: Vec<&PathBuf> = opened
            .recording
            .chapters()
            .iter()
            .filter_map(|chapter| chapter.proxy.as_ref())
            .collect();
        add(&mtbsync_formats::fingerprint(&proxies).ok()?);
    }
    let gps = &request.matching.gps;
    let files = [
        request.ref_markers.as_ref(),
        request.matching.anchors.as_ref(),
        gps.reference.as_ref().map(|track| &track.path),
        gps.new.as_ref().map(|track| &track.path),
    ];
    for file in files {
        match file {
            Some(path) => add(&hash_of(path)?),
            None => add(""),
        }
    }
    // Serialised, every field takes part, those of later versions included.
    let parameters = SyncRequest {
        reference: PathBuf::new(),
        new: PathBuf::new(),
        out: None,
        root: None,
        ref_markers: None,
        regression: None,
        analysis: AnalysisSettings {
            no_gpu: false,
            ..analysis.clone()
        },
        ..request.clone()
    };
    add(&serde_json::to_string(&(parameters, force)).ok()?);
    Some(hex(&hasher.finalize()))
}

fn hash_of(path: &Path) -> Option<String> {
    let bytes = read_bounded(path, MAX_COMPARED_BYTES).ok()?;
    Some(hex(&Sha256::digest(&bytes)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
