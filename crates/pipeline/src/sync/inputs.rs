//! The inputs of a run, opened and checked before anything expensive.

use std::path::Path;

use mtbsync_artefacts::anchors::{AnchorRow, read_anchors};
use mtbsync_index::camera::CameraTelemetry;
use mtbsync_index::describe::{self, Opened};
use mtbsync_index::features::{Features, IndexParams};
use mtbsync_index::file as index_file;
use mtbsync_index::learned::NamedModel;
use mtbsync_index::tracks::{SideInput, Tracks};
use mtbsync_markers::MarkerTable;
use mtbsync_markers::time::Rate;
use mtbsync_task::clock;
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Input;
use mtbsync_task::progress::Stage;

use super::error::SyncProblem;
use super::{CutOff, SyncRequest};
use crate::context::Context;
use crate::markers::export::NewRun;
use crate::markers::import::read_marker_table;
use crate::recordings::lens::change_warning;
use crate::settings::AnalysisSettings;

/// All inputs, opened and checked before anything expensive.
pub(super) struct Inputs {
    pub reference: Opened,
    pub new: Opened,
    pub index: Option<Features>,
    pub params: IndexParams,
    pub markers: Option<MarkerTable>,
    /// Those that were named.
    pub anchors: Vec<AnchorRow>,
    pub tracks: Tracks,
    /// Of the reference and of the new recording.
    pub cameras: [Camera; 2],
    /// The recording as editor files describe it; with the clip itself when one was named for them.
    pub edited: NewRun,
    pub warnings: Vec<String>,
}

/// What a camera says of itself and of when it recorded.
pub(super) struct Camera {
    /// By the clock on its display.
    pub recorded: Option<String>,
    pub model: Option<String>,
}

impl Camera {
    fn of(recorded: &CameraTelemetry) -> Self {
        Self {
            recorded: recorded.creation_unix_secs.and_then(clock::local_text),
            model: recorded.model.clone(),
        }
    }
}

impl Inputs {
    pub fn open(request: &SyncRequest, context: &Context<'_>) -> Result<Self, PipelineError> {
        context.task.progress.start(Stage::Open, None, None);
        let analysis = &request.analysis;
        let anchors = request
            .matching
            .anchors
            .as_deref()
            .map(read_anchors)
            .transpose()?
            .unwrap_or_default();
        if let Some(model) = &request.matching.model {
            NamedModel::open(Some(model))?;
        }
        // Both at once: opening decodes a few pictures, which takes a quarter of a second in 4K.
        let (reference, new) = context.task.workers()?.join(
            || open(&request.reference, analysis),
            || open(&request.new, analysis),
        );
        let (reference, of_reference) = reference?;
        let markers = request
            .ref_markers
            .as_deref()
            .map(|path| read_marker_file(path, &reference))
            .transpose()?;
        let (new, of_new) = new?;
        let index = match &request.index {
            Some(path) => {
                let features = index_file::read(path)?;
                check_index(path, &features, analysis, &reference)?;
                Some(Features {
                    source: reference.source.clone(),
                    ..features
                })
            }
            None => None,
        };
        let params = index.as_ref().map_or_else(|| analysis.params(), |f| f.params);
        let mut warnings: Vec<String> = reference.warnings.iter().chain(&new.warnings).cloned().collect();
        warnings.extend([&reference, &new].into_iter().filter_map(cut_off_warning));
        if reference.source.fingerprint == new.source.fingerprint {
            warnings.push("reference and new run are the same recording".to_owned());
        }
        for (recorded, path) in [(&of_reference, &request.reference), (&of_new, &request.new)] {
            warnings.extend(recorded.check_real_time(path, context.force)?);
            let changes = change_warning(&recorded.lenses);
            warnings.extend(changes.map(|changes| format!("{}: {changes}", path.display())));
        }
        let tracks = Tracks::read(
            &request.matching.gps,
            &SideInput {
                name: "reference",
                recorded: &of_reference,
                indexed: index.as_ref().map_or(&[], |features| &features.track),
                duration_secs: reference.source.duration_secs,
            },
            &SideInput {
                name: "new run",
                recorded: &of_new,
                indexed: &[],
                duration_secs: new.source.duration_secs,
            },
        )?;
        context.task.progress.finish(Stage::Open);
        let edited = match &request.export.video {
            Some(video) => NewRun::open(video, Some(new.source.duration_secs))?,
            None => NewRun {
                clip: None,
                ..NewRun::of(&new.recording)?
            },
        };
        Ok(Self {
            reference,
            new,
            index,
            params,
            markers,
            anchors,
            tracks,
            cameras: [&of_reference, &of_new].map(Camera::of),
            edited,
            warnings,
        })
    }

    /// Which recordings end before their video does.
    pub fn cut_off(&self) -> CutOff {
        CutOff {
            reference: self.reference.recording.info().is_truncated,
            new: self.new.recording.info().is_truncated,
        }
    }
}

fn cut_off_warning(opened: &Opened) -> Option<String> {
    opened.recording.info().is_truncated.then(|| {
        format!(
            "{} is cut off: the file ends after {:.1} s of its video, and no more could be compared",
            opened.source.path, opened.source.duration_secs
        )
    })
}

/// A recording, and what its camera recorded beside the pictures.
fn open(path: &Path, analysis: &AnalysisSettings) -> Result<(Opened, CameraTelemetry), PipelineError> {
    let opened = describe::open(path, analysis.single_file, analysis.no_proxy)?;
    let recorded = CameraTelemetry::read(&opened.recording)?;
    Ok((opened, recorded))
}

fn read_marker_file(path: &Path, reference: &Opened) -> Result<MarkerTable, PipelineError> {
    read_marker_table(&Input::new(path), Rate::parse(&reference.source.fps).ok())
}

fn check_index(
    path: &Path,
    features: &Features,
    asked: &AnalysisSettings,
    reference: &Opened,
) -> Result<(), PipelineError> {
    let params = &features.params;
    let differs = |setting, built: &dyn ToString, wanted: &dyn ToString| SyncProblem::BuiltWith {
        setting,
        built: built.to_string(),
        wanted: wanted.to_string(),
    };
    let problem = if let Some(fps) = asked.fps.filter(|&fps| fps != params.fps) {
        differs("fps", &params.fps, &fps)
    } else if let Some(n) = asked.n_features.filter(|&n| n != params.n_features) {
        differs("n-features", &params.n_features, &n)
    } else if asked.clahe == Some(false) && params.clahe {
        SyncProblem::WithClahe
    } else if asked.precise && !params.precise {
        SyncProblem::NotPrecise
    } else if features.source.fingerprint != reference.source.fingerprint {
        SyncProblem::AnotherRecording(features.source.path.clone())
    } else {
        return Ok(());
    };
    Err(PipelineError::from(problem).at(path))
}
