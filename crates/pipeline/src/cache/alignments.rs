//! Alignments kept between runs: what the stages found for two recordings, before warp and markers.
//!
//! The same two recordings are aligned again and again: with anchors, other markers, another window. None of
//! that changes the pairs, so they are found once. The key of an entry holds everything that they depend on:
//! both indexes, the settings of matching, the tracks and the program itself. An entry that does not read is
//! a miss.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use mtbsync_align::pair::{Candidate, Pair, PairOrigin};
use mtbsync_formats::atomic::{FileSet, Replaces, StagedFile, WriteError};
use mtbsync_formats::seal::{sealed, unsealed};
use mtbsync_formats::{json, read_bounded};
use mtbsync_index::learned::NamedModel;
use mtbsync_index::tracks::Tracks;
use mtbsync_matching::align::Alignment;
use mtbsync_matching::geometry::Geometry;
use mtbsync_matching::settings::MatchSettings;
use mtbsync_task::error::{PipelineError, optional};
use mtbsync_task::files::exists;
use mtbsync_telemetry::clock::Offsets;
use mtbsync_telemetry::place::ClockSigmas;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Cache, db, size_of};

/// What the keys of alignments begin with; those of indexes are hex digits.
pub(super) const KEY_PREFIX: &str = "alignment-";
/// Folder of the alignments.
pub(super) const FOLDER: &str = "alignment";
/// Changes when the layout of an entry does.
const REVISION: u32 = 4;

/// An alignment and what else a run says about the recordings.
pub struct Kept {
    /// What the stages found.
    pub alignment: Alignment,
    /// Analysed frames of the new run.
    pub analysed: usize,
    /// Frames that could not be read: of the reference, of the new run.
    pub skipped: [usize; 2],
}

/// The key of the alignment of two recordings whose indexes have the given keys; `None` when this program
/// cannot tell itself from another.
pub fn key(indexes: [&str; 2], settings: &MatchSettings, tracks: &Tracks) -> Option<String> {
    let [reference, new] = indexes;
    // Anchors belong to the warp.
    let settings = MatchSettings {
        anchors: None,
        ..settings.clone()
    };
    let program = program()?;
    let model = match &settings.model {
        Some(path) => NamedModel::open(Some(path)).ok()?.fingerprint().to_owned(),
        None => String::new(),
    };
    let content = (REVISION, program, reference, new, settings, model, tracks);
    let content = serde_json::to_vec(&content).ok()?;
    let digest = Sha256::digest(&content);
    let hex: String = digest.iter().take(16).map(|b| format!("{b:02x}")).collect();
    Some(format!("{KEY_PREFIX}{hex}"))
}

/// Version, size and time of the running program: another build may compute otherwise.
fn program() -> Option<String> {
    let file = std::env::current_exe().ok()?.metadata().ok()?;
    let changed = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!(
        "{} {} {}",
        env!("CARGO_PKG_VERSION"),
        file.len(),
        changed.as_nanos()
    ))
}

/// An entry on disk. Durations are those of the run that reads it: none.
#[derive(Serialize, Deserialize)]
struct KeptEntry {
    pairs: Vec<[f64; 4]>,
    origins: Vec<(char, Option<(usize, f64)>)>,
    candidates: Vec<(f64, f64, f64, usize)>,
    reversed: bool,
    gps: Option<[f64; 4]>,
    geometry: Option<Geometry>,
    learned: bool,
    warnings: Vec<String>,
    analysed: usize,
    skipped: [usize; 2],
}

impl KeptEntry {
    fn of(kept: &Kept) -> Self {
        let alignment = &kept.alignment;
        Self {
            pairs: alignment
                .pairs
                .iter()
                .map(|p| [p.t_new_secs, p.t_ref_secs, p.sigma_secs, p.certainty])
                .collect(),
            origins: alignment.origins.iter().map(|o| (o.model, o.verified)).collect(),
            candidates: alignment
                .candidates
                .iter()
                .map(|c| (c.t_new_secs, c.t_ref_secs, c.score, c.n_inliers))
                .collect(),
            reversed: alignment.reversed,
            gps: alignment
                .gps_offsets
                .map(|o| [o.ref_secs, o.new_secs, o.sigmas.ref_secs, o.sigmas.new_secs]),
            geometry: alignment.geometry,
            learned: alignment.learned,
            warnings: alignment.warnings.clone(),
            analysed: kept.analysed,
            skipped: kept.skipped,
        }
    }

    fn into_kept(self) -> Option<Kept> {
        if self.pairs.len() != self.origins.len() {
            return None;
        }
        let pair = |[t_new_secs, t_ref_secs, sigma_secs, certainty]: [f64; 4]| Pair {
            t_new_secs,
            t_ref_secs,
            sigma_secs,
            certainty,
        };
        let candidate = |(t_new_secs, t_ref_secs, score, n_inliers)| Candidate {
            t_new_secs,
            t_ref_secs,
            score,
            n_inliers,
        };
        let offsets = |[ref_secs, new_secs, sigma_ref, sigma_new]: [f64; 4]| Offsets {
            ref_secs,
            new_secs,
            sigmas: ClockSigmas {
                ref_secs: sigma_ref,
                new_secs: sigma_new,
            },
        };
        let origin = |(model, verified)| PairOrigin { model, verified };
        Some(Kept {
            alignment: Alignment {
                candidates: self.candidates.into_iter().map(candidate).collect(),
                pairs: self.pairs.into_iter().map(pair).collect(),
                origins: self.origins.into_iter().map(origin).collect(),
                reversed: self.reversed,
                retrieval: Duration::ZERO,
                refine: Duration::ZERO,
                gps_offsets: self.gps.map(offsets),
                gps: Duration::ZERO,
                geometry: self.geometry,
                learned: self.learned,
                warnings: self.warnings,
            },
            analysed: self.analysed,
            skipped: self.skipped,
        })
    }
}

fn read(path: &Path) -> Result<Option<KeptEntry>, PipelineError> {
    let bytes = optional(read_bounded(path, json::MAX_JSON_BYTES))?;
    Ok(bytes.and_then(|bytes| json::from_slice(unsealed(&bytes)?).ok()))
}

impl Cache {
    /// The alignment of that key, if it is there; it counts as used.
    ///
    /// # Errors
    /// The cache is of a newer program.
    pub fn find_alignment(&self, key: &str, now_utc: &str) -> Result<Option<Kept>, PipelineError> {
        let path = self.path(key);
        if !exists(&path)? {
            return Ok(None);
        }
        let Some(db) = self.open_or_go_without()? else {
            return Ok(None);
        };
        let kept = read(&path)?.and_then(KeptEntry::into_kept);
        // The register is a help for eviction.
        let _ = match kept {
            Some(_) => db
                .execute(
                    "UPDATE index_entry SET last_used = ?2 WHERE key = ?1",
                    params![key, now_utc],
                )
                .map(|_| ()),
            None => self.remove(&db, key),
        };
        Ok(kept)
    }

    /// Keeps an alignment of the reference with that fingerprint for the next run.
    ///
    /// # Errors
    /// The cache is of a newer program, or cannot be written to.
    pub fn keep_alignment(
        &self,
        key: &str,
        fingerprint: &str,
        kept: &Kept,
        now_utc: &str,
    ) -> Result<(), PipelineError> {
        let db = db::open(&self.folder)?;
        let path = self.path(key);
        db::make_private_folder(&self.folder.join(FOLDER))?;
        let text = sealed(json::to_vec(&KeptEntry::of(kept))?);
        let mut staged = StagedFile::create(&path, Replaces::ANYTHING)?;
        db::make_private(staged.temporary_path());
        std::io::Write::write_all(&mut staged, &text).map_err(|error| WriteError::from_io(&path, error))?;
        let mut set = FileSet::new();
        set.push(staged);
        set.commit()?;
        db.execute(
            "INSERT OR REPLACE INTO index_entry
             (key, fingerprint, params, program, source, created, last_used, bytes)
             VALUES (?1, ?2, '{}', ?3, '', ?4, ?4, ?5)",
            params![
                key,
                fingerprint,
                env!("CARGO_PKG_VERSION"),
                now_utc,
                size_of(&path)
            ],
        )
        .and_then(|_| self.evict(&db, key))
        .map_err(|e| db::failed(&self.folder, &e))?;
        Ok(())
    }
}
