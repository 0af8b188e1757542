//! The artefacts of a run: where they go, and how they are put together.

use std::path::{Path, PathBuf};

use mtbsync_align::gates::Verdict;
use mtbsync_align::pair::Pair;
use mtbsync_align::{TimeWarp, confidence};
use mtbsync_artefacts::anchors::ANCHORS_FILE;
use mtbsync_artefacts::edits::{EditCounts, Edits};
use mtbsync_artefacts::pairs::{self, PAIRS_FILE, PAIRS_RAW_FILE, pairs_csv, pairs_raw_csv};
use mtbsync_artefacts::time_warp::{
    NEW_MARKERS_FILE, OVERLAY_FILE, RecordingFile, TIMEWARP_FILE, TimeWarpFile, WARP_FILE,
};
use mtbsync_formats::atomic::{FileSet, Replaces, WriteError};
use mtbsync_index::describe;
use mtbsync_index::features::SourceRecording;
use mtbsync_markers::export::Preset;
use mtbsync_markers::{StatusCounts, TransferredMarker, new_markers_csv};
use mtbsync_matching::align::Alignment;
use mtbsync_quality::perf::{Perf, PerfPair, Timings};
use mtbsync_task::error::{Failure, PipelineError};
use mtbsync_task::files::Outputs;
use mtbsync_task::progress::Stage;

use super::inputs::{Camera, Inputs};
use super::kept::KeptEdits;
use super::places::{Target, markers_stem, own};
use super::ride::Ride;
use super::{RunName, SyncRequest, SyncTimings, geometry_file, matcher_file};
use crate::context::Context;
use crate::map::viewer::{self, Picture};
use crate::markers::export::{NewRun, Selection, default_name, editor_file, may_replace};
use crate::markers::transfer::{carry_over, only_set};
use crate::resources::Resources;

/// What the recordings were found to be to each other.
pub(super) struct Found<'a> {
    pub alignment: &'a Alignment,
    pub warp: &'a TimeWarp,
    pub verdict: &'a Verdict,
}

/// What was written, in numbers.
#[derive(Default)]
pub(super) struct Written {
    /// Markers of each status.
    pub markers: Option<StatusCounts>,
    /// What the map means to the rider.
    pub ride: Ride,
    /// What a person had set before and still counts.
    pub kept: EditCounts,
}

/// The outputs being put together.
pub(super) struct SyncRun<'a> {
    pub request: &'a SyncRequest,
    pub context: &'a Context<'a>,
    pub target: &'a Target,
    pub set: FileSet,
    /// Where its outputs may go.
    pub may: Outputs,
    pub outputs: Vec<(String, PathBuf)>,
    pub warnings: Vec<String>,
    /// The map may be used: good, or forced.
    pub usable: bool,
}

impl SyncRun<'_> {
    pub fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), PipelineError> {
        self.put_at(name, &self.target.folder.join(name), own(name), bytes)
    }

    /// Anchors were read before, and are kept under another name where they are not these.
    pub fn put_anchors(&mut self, bytes: &[u8]) -> Result<(), PipelineError> {
        let path = self.target.folder.join(ANCHORS_FILE);
        self.set.write(&path, Replaces::ANYTHING, bytes)?;
        self.outputs.push(("anchors".to_owned(), path));
        Ok(())
    }

    fn put_at(&mut self, name: &str, path: &Path, own: Replaces, bytes: &[u8]) -> Result<(), PipelineError> {
        self.set.write(path, self.may.allow(path, own)?, bytes)?;
        let key = name.split('.').next().unwrap_or(name);
        self.outputs.push((key.to_owned(), path.to_owned()));
        Ok(())
    }

    /// Artefacts of an earlier run that this one does not make must not stay beside its own.
    pub fn drop_stale(&mut self, names: &[&str]) {
        for name in names {
            self.set.remove_stale(&self.target.folder.join(name), own(name));
        }
    }

    /// Editor files of every preset, whether this run was asked for them or not: those of an earlier map are
    /// wrong now. Of those that may be a person's they are told.
    pub fn drop_stale_editor_files(&mut self) -> Result<(), PipelineError> {
        let stem = markers_stem();
        let asked: Vec<String> = self
            .request
            .exports
            .iter()
            .map(|p| default_name(p, &stem))
            .collect();
        for preset in Preset::ALL {
            let name = format!("{stem}{}", preset.default_suffix());
            let path = self.target.folder.join(&name);
            let may = may_replace(&path, preset, None)?;
            let is_ours = may
                .allows(&path)
                .map_err(|error| WriteError::from_io(&path, error))?;
            if !is_ours && !asked.contains(&name) {
                self.warnings.push(format!(
                    "{name} stays as it is: it is not from an earlier run, and may not fit the new map"
                ));
            }
            self.set.remove_stale(&path, may);
        }
        Ok(())
    }

    /// Everything of the run but its telemetry.
    pub fn write_all(
        &mut self,
        inputs: &mut Inputs,
        kept: &KeptEdits,
        found: &Found<'_>,
    ) -> Result<Written, PipelineError> {
        self.write_pairs(found.alignment, found.warp)?;
        kept.add_markers(inputs, &self.target.folder)?;
        let (of_run, unmet) = kept.counted(inputs.markers.as_ref().map_or(&[], |table| &table.markers));
        if self.request.stop_after_pairs {
            self.drop_stale(&[TIMEWARP_FILE, WARP_FILE, OVERLAY_FILE]);
            self.drop_stale_editor_files()?;
            self.write_set_markers(inputs, &kept.edits)?;
            return Ok(Written::default());
        }
        self.warnings.extend(unmet.filter(|_| inputs.markers.is_some()));
        let markers = self.write_map(inputs, kept, found)?;
        let known = markers.as_deref().unwrap_or_default();
        Ok(Written {
            ride: Ride::of(found.warp, known, inputs.new.source.duration_secs),
            markers: markers.as_deref().map(StatusCounts::of),
            kept: of_run,
        })
    }

    /// The map, the markers carried over by it, and its picture; gives the markers.
    fn write_map(
        &mut self,
        inputs: &Inputs,
        kept: &KeptEdits,
        found: &Found<'_>,
    ) -> Result<Option<Vec<TransferredMarker>>, PipelineError> {
        let request = self.request;
        kept.write(self)?;
        self.warnings.extend(kept.warnings.iter().cloned());
        self.warnings
            .extend(kept.doubts(&found.alignment.pairs, inputs, &request.warp));
        let file = TimeWarpFile {
            reference: Some(recording_file(&inputs.reference.source, &inputs.cameras[0])),
            new: Some(recording_file(&inputs.new.source, &inputs.cameras[1])),
            geometry: found.alignment.geometry.as_ref().map(geometry_file),
            matcher: Some(matcher_file(&request.matching, found.alignment)),
            ..TimeWarpFile::new(found.warp, found.verdict, &request.warp)
        };
        self.write_warp(&file)?;
        let moved = self.write_markers(inputs, &file, &kept.edits)?;
        if request.plot {
            let picture = Picture {
                markers: viewer::marker_points(moved.as_deref().unwrap_or_default()),
                pairs: found.alignment.pairs.iter().map(dot).collect(),
                ..Picture::default()
            };
            self.put(OVERLAY_FILE, &viewer::draw(&file, picture)?)?;
        } else {
            self.drop_stale(&[OVERLAY_FILE]);
        }
        Ok(moved)
    }

    fn write_pairs(&mut self, alignment: &Alignment, warp: &TimeWarp) -> Result<(), PipelineError> {
        let window = self.request.warp.window_secs;
        let keep = |p: &Pair| {
            self.request.stop_after_pairs
                || warp
                    .ref_from_new(p.t_new_secs)
                    .is_none_or(|r| (r - p.t_ref_secs).abs() <= window)
        };
        let (pairs, origins): (Vec<_>, Vec<_>) = alignment
            .pairs
            .iter()
            .zip(&alignment.origins)
            .filter(|(p, _)| keep(p))
            .map(|(p, o)| (*p, *o))
            .unzip();
        self.put(PAIRS_RAW_FILE, &pairs_raw_csv(&alignment.candidates))?;
        let path = self.target.pairs.clone();
        // Pairs of an earlier run under the usual name are not those of this map.
        if path != self.target.folder.join(PAIRS_FILE) {
            self.drop_stale(&[PAIRS_FILE]);
        }
        self.put_at(PAIRS_FILE, &path, pairs::OWN, &pairs_csv(&pairs, &origins))
    }

    fn write_warp(&mut self, file: &TimeWarpFile) -> Result<(), PipelineError> {
        self.put(TIMEWARP_FILE, &file.to_json()?)?;
        if self.usable {
            self.put(WARP_FILE, &file.to_npz()?)
        } else {
            self.drop_stale(&[WARP_FILE]);
            Ok(())
        }
    }

    fn write_markers(
        &mut self,
        inputs: &Inputs,
        file: &TimeWarpFile,
        edits: &Edits,
    ) -> Result<Option<Vec<TransferredMarker>>, PipelineError> {
        let stem = markers_stem();
        let names: Vec<String> = self
            .request
            .exports
            .iter()
            .map(|p| default_name(p, &stem))
            .collect();
        self.drop_stale_editor_files()?;
        let Some(table) = inputs.markers.as_ref().filter(|_| self.usable) else {
            self.write_set_markers(inputs, edits)?;
            return Ok(None);
        };
        self.context.task.progress.start(Stage::Markers, None, None);
        let moved = carry_over(table, file, self.request.review_threshold, !file.ok, edits);
        self.warnings.extend(table.warnings.iter().cloned());
        if table.markers.is_empty() {
            self.warnings.push("no markers in the marker file".to_owned());
        }
        let csv = new_markers_csv(table, &moved);
        self.put(NEW_MARKERS_FILE, &csv)?;
        self.context.task.progress.finish(Stage::Markers);
        self.write_editor_files(&csv, &names, &stem, &inputs.edited)?;
        Ok(Some(moved))
    }

    /// Without a map the table of an earlier one must not stay. What a person has set is known without one:
    /// where there is some of it, the table has that, and of the other markers that they are nowhere.
    fn write_set_markers(&mut self, inputs: &Inputs, edits: &Edits) -> Result<(), PipelineError> {
        let counts = edits.counts();
        match &inputs.markers {
            Some(table) if counts.confirmed + counts.moved > 0 => {
                self.put(NEW_MARKERS_FILE, &new_markers_csv(table, &only_set(table, edits)))
            }
            _ => {
                self.drop_stale(&[NEW_MARKERS_FILE]);
                Ok(())
            }
        }
    }

    fn write_editor_files(
        &mut self,
        csv: &[u8],
        names: &[String],
        stem: &str,
        new_run: &NewRun,
    ) -> Result<(), PipelineError> {
        if names.is_empty() {
            return Ok(());
        }
        self.context.task.progress.start(Stage::Export, None, None);
        for (preset, name) in self.request.exports.iter().zip(names) {
            let made = editor_file(
                csv,
                preset,
                &self.request.export,
                new_run,
                &Selection::default(),
                stem,
            );
            let made = match made {
                Ok(made) => made,
                // An editor that cannot hold these markers (YouTube below three) must not cost the others.
                Err(error) if error.failure() == Failure::Failed => {
                    self.warnings.push(format!("no {} file: {error}", preset.name));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let path = self.target.folder.join(name);
            for (part, bytes) in made.paths(&path).iter().zip(&made.files) {
                let own = may_replace(part, preset.format, Some(bytes))?;
                self.put_at(&preset.name, part, own, bytes)?;
            }
            self.warnings.extend(made.summary.warnings);
        }
        self.context.task.progress.finish(Stage::Export);
        Ok(())
    }

    pub fn perf(
        &self,
        timings: &SyncTimings,
        frames: usize,
        resources: &Resources,
        verdict: &Verdict,
    ) -> Perf {
        let timings = Timings {
            decode_sec: Some(timings.decode_sec),
            features_sec: Some(timings.features_sec),
            gps_sec: Some(timings.gps_sec),
            retrieval_sec: Some(timings.retrieval_sec),
            refine_sec: Some(timings.refine_sec),
            warp_sec: Some(timings.warp_sec),
            markers_sec: Some(timings.markers_sec),
            total_sec: Some(timings.total_sec),
            frames_processed: frames as u64,
        };
        let used = resources.so_far();
        Perf {
            ok: true,
            cmd: match self.request.run {
                RunName::Sync => "sync",
                RunName::Batch(_) => "batch_item",
            }
            .to_owned(),
            out: describe::absolute(&self.target.folder),
            pair: PerfPair {
                reference: describe::absolute(&self.request.reference),
                new: describe::absolute(&self.request.new),
            },
            fps: timings.fps(),
            timings,
            cpu_pct: used.cpu_pct,
            rss_mb: used.rss_mb,
            gpu_util: used.gpu_util,
            gpu_mem_mb: used.gpu_mem_mb,
            gps_used: false,
            timewarp_ok: (!self.request.stop_after_pairs).then_some(verdict.ok),
            error: None,
            ts: self.context.now_utc(),
        }
    }
}

fn dot(p: &Pair) -> mtbsync_plot::overlay::PairPoint {
    let confidence = confidence::within_quarter_second(p.sigma_secs) * p.certainty;
    mtbsync_plot::overlay::PairPoint {
        t_new: p.t_new_secs,
        t_ref: p.t_ref_secs,
        confidence,
    }
}

/// A recording as timewarp.json names it.
fn recording_file(source: &SourceRecording, camera: &Camera) -> RecordingFile {
    RecordingFile {
        recorded: camera.recorded.clone(),
        camera: camera.model.clone(),
        path: source.path.clone(),
        duration: source.duration_secs,
        fingerprint: source.fingerprint.clone(),
        fps: source.fps.clone(),
        width: source.width,
        height: source.height,
        timecode: source.timecode.clone(),
    }
}
