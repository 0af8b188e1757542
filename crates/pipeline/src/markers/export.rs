//! Marker tables to editor files (docs/reference/cli.md#export-markers).

mod new_run;

use mtbsync_artefacts::run_set::{RunLock, changed, is_listed, write_files_under};
use mtbsync_formats::atomic::{Replaces, WriteError};
use mtbsync_formats::csv::MAX_CSV_BYTES;
use mtbsync_formats::read_bounded;
use mtbsync_markers::own::{self, editor_file as editor_file_of_ours};
use std::path::{Path, PathBuf};

use mtbsync_markers::ReadMarkersError;
use mtbsync_markers::export::{
    ExportOptions, ExportSummary, ExportTable, Preset, TableOptions, export as write, numbered_name,
};
use mtbsync_markers::presets::CustomPreset;
use mtbsync_markers::time::{Counting, Rate};
use mtbsync_task::error::{Failure, PipelineError, optional};
use mtbsync_task::files::{Destination, Input, folder_of};
use serde::Serialize;

pub use self::new_run::NewRun;
use self::new_run::told_secs;
use crate::config::Config;
use crate::context::Context;
use crate::markers::error::MarkerProblem;
use crate::markers::import::read_new_markers;
use crate::markers::mux;
use crate::markers::retime::{self, RetimeSource};

/// Rate when nothing tells it.
const FALLBACK_RATE: Rate = Rate::whole(30);

/// Column with times of the reference.
const REFERENCE_TIME_COLUMN: &str = "t_ref";

/// Frame rate of editor files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum RateChoice {
    /// The rate of the new recording.
    Auto,
    /// This one.
    Fixed(Rate),
}

/// What was asked for; `None`: the preset decides.
#[derive(Clone, Debug, PartialEq, Default, Serialize)]
pub struct ExportSettings {
    /// Frame rate of the timeline.
    pub rate: Option<RateChoice>,
    /// Drop-frame counting.
    pub drop_frame: Option<bool>,
    /// Timecode of the timeline's first frame.
    pub timeline_start: Option<String>,
    /// Reel name.
    pub reel: Option<String>,
    /// Title, project or sequence name.
    pub label: Option<String>,
    /// The new recording.
    pub video: Option<PathBuf>,
    /// Put before the names of markers that need review.
    pub review_prefix: Option<String>,
    /// Markers that need review keep their colour.
    pub keep_colours: bool,
}

impl ExportSettings {
    fn of(preset: &CustomPreset) -> Self {
        Self {
            rate: preset.rate.map(RateChoice::Fixed),
            drop_frame: preset.counting.map(|counting| counting == Counting::Drop),
            timeline_start: preset.timeline_start.clone(),
            reel: preset.reel.clone(),
            label: preset.label.clone(),
            video: None,
            review_prefix: preset.review_prefix.clone(),
            keep_colours: preset.keep_colours.unwrap_or(false),
        }
    }

    /// These settings, with gaps filled from `defaults`.
    fn or(&self, defaults: &Self) -> Self {
        Self {
            rate: self.rate.or(defaults.rate),
            drop_frame: self.drop_frame.or(defaults.drop_frame),
            timeline_start: self
                .timeline_start
                .clone()
                .or_else(|| defaults.timeline_start.clone()),
            reel: self.reel.clone().or_else(|| defaults.reel.clone()),
            label: self.label.clone().or_else(|| defaults.label.clone()),
            video: self.video.clone().or_else(|| defaults.video.clone()),
            review_prefix: self
                .review_prefix
                .clone()
                .or_else(|| defaults.review_prefix.clone()),
            keep_colours: self.keep_colours || defaults.keep_colours,
        }
    }
}

/// A preset by its name, built-in or from a configuration file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChosenPreset {
    /// The name it was asked for by.
    pub name: String,
    /// The format.
    pub format: Preset,
    /// Its own defaults.
    pub defaults: ExportSettings,
}

impl ChosenPreset {
    /// Looks up a name.
    ///
    /// # Errors
    /// Wrong usage: nobody knows it; the hint lists all names.
    pub fn find(name: &str, config: &Config) -> Result<Self, PipelineError> {
        if let Some(format) = Preset::from_name(name) {
            return Ok(Self {
                name: name.to_owned(),
                format,
                defaults: ExportSettings::default(),
            });
        }
        if let Some(custom) = config.presets.get(name) {
            return Ok(Self {
                name: name.to_owned(),
                format: custom.format,
                defaults: ExportSettings::of(custom),
            });
        }
        let built_in = Preset::ALL.iter().map(|preset| preset.name());
        Err(MarkerProblem::UnknownPreset {
            name: name.to_owned(),
            known: built_in
                .map(str::to_owned)
                .chain(config.presets.keys().cloned())
                .collect(),
        }
        .into())
    }
}

/// One editor file, not yet on the disk; beyond 999 events some presets need several.
#[derive(Clone, Debug, PartialEq)]
pub struct EditorFile {
    /// File contents, in order.
    pub files: Vec<Vec<u8>>,
    /// What happened.
    pub summary: ExportSummary,
}

impl EditorFile {
    /// The paths of the files, of which the first is `path`.
    pub fn paths(&self, path: &Path) -> Vec<PathBuf> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let further = (2..=self.files.len()).map(|number| path.with_file_name(numbered_name(&name, number)));
        std::iter::once(path.to_owned()).chain(further).collect()
    }
}

/// Which markers of a table are exported, and by which column.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Selection {
    /// Column with the times; `None`: that of the new run, else that of the reference.
    pub time_column: Option<String>,
    /// Markers below are left out.
    pub min_confidence: f64,
}

/// Makes an editor file of the marker table `csv`, whose file name has the stem `stem`.
///
/// # Errors
/// Not a marker table, or settings that do not fit the format.
pub fn editor_file(
    csv: &[u8],
    preset: &ChosenPreset,
    settings: &ExportSettings,
    new_run: &NewRun,
    selection: &Selection,
    stem: &str,
) -> Result<EditorFile, PipelineError> {
    let settings = settings.or(&preset.defaults);
    let (rate, rate_is_auto, warning) = match settings.rate {
        Some(RateChoice::Fixed(rate)) => (rate, false, None),
        Some(RateChoice::Auto) | None => match new_run.timeline_rate() {
            Some(rate) => (rate, true, None),
            None => (
                FALLBACK_RATE,
                true,
                Some("frame rate unknown, 30 assumed: give it with ‹fps› or ‹video›"),
            ),
        },
    };
    let table = parse_table(csv, selection, rate, new_run.retime.is_some()).map_err(MarkerProblem::Table)?;
    let mut options = ExportOptions::new(rate, stem);
    options.rate_is_auto = rate_is_auto;
    options.counting = Counting::drop_if(settings.drop_frame == Some(true));
    options.timeline_start = settings.timeline_start;
    options.reel = settings.reel;
    options.label = settings.label;
    options.clip = new_run.clip.clone();
    options.duration_secs = new_run.duration_secs;
    options.retime = new_run.retime.clone();
    options.keep_colours = settings.keep_colours;
    if let Some(prefix) = settings.review_prefix {
        options.review_prefix = prefix;
    }
    let mut made = write(preset.format, &table, &options).map_err(MarkerProblem::Export)?;
    if let Some(warning) = warning.filter(|_| preset.format.has_frames()) {
        made.summary.warnings.insert(0, warning.to_owned());
    }
    Ok(EditorFile {
        files: made.files,
        summary: made.summary,
    })
}

/// Reads the markers. On a timeline of the reference their times are those of the reference.
fn parse_table(
    csv: &[u8],
    selection: &Selection,
    rate: Rate,
    is_retimed: bool,
) -> Result<ExportTable, ReadMarkersError> {
    let by = |time_column: Option<&str>| {
        let options = TableOptions {
            time_column,
            min_confidence: selection.min_confidence,
            rate: Some(rate),
        };
        ExportTable::parse(csv, options)
    };
    match &selection.time_column {
        Some(column) => by(Some(column)),
        None if is_retimed => match by(Some(REFERENCE_TIME_COLUMN)) {
            Err(ReadMarkersError::NoTimeColumn { .. }) => by(None),
            result => result,
        },
        None => by(None),
    }
}

/// One call of `export-markers`.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The marker table.
    pub markers: Input,
    /// The preset.
    pub preset: ChosenPreset,
    /// Where to; `None`: beside the input, named as the preset says.
    pub out: Option<Destination>,
    /// Which markers.
    pub selection: Selection,
    /// What the file looks like.
    pub settings: ExportSettings,
    /// Show the new run retimed beside the reference.
    pub retime: Option<RetimeSource>,
    /// The recording that gets the chapters: the output is a copy of it.
    pub mux: Option<PathBuf>,
}

/// What an export came to.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportReport {
    /// What happened.
    pub summary: ExportSummary,
    /// Files written.
    pub files: Vec<PathBuf>,
    /// The result, when it was asked for on stdout.
    pub stdout: Option<Vec<u8>>,
}

/// Exports a marker table.
///
/// # Errors
/// Unreadable or wrong input, settings that do not fit, a map whose gates failed, an output that cannot be
/// written.
pub fn export_markers(request: &ExportRequest, context: &Context<'_>) -> Result<ExportReport, PipelineError> {
    check_combination(request)?;
    let input = request.markers.path();
    let out = output(request)?;
    let lock = lock_of_run(request, &out);
    let csv = read_new_markers(&request.markers)?;
    let folder = match &request.markers {
        Input::File(path) => Some(folder_of(path)),
        Input::Stdin => None,
    };
    let video = request.settings.video.as_ref().or(request.mux.as_ref());
    let new_run = match (&request.retime, video, folder) {
        (Some(source), video, _) => retime::timeline(source, video.map(PathBuf::as_path), folder, context)?,
        (None, Some(video), folder) => NewRun::open(video, told_secs(folder)?)?,
        (None, None, Some(folder)) => NewRun::beside(folder)?,
        (None, None, None) => NewRun::default(),
    };
    if let Some(mux) = request.mux.as_ref().filter(|mux| Some(*mux) != video) {
        NewRun::open(mux, told_secs(folder)?)?;
    }
    let stem = match &request.markers {
        Input::File(path) => path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        Input::Stdin => "markers".to_owned(),
    };
    let mut made = editor_file(
        &csv,
        &request.preset,
        &request.settings,
        &new_run,
        &request.selection,
        &stem,
    )
    .map_err(|error| {
        if error.file().is_none() && error.failure() != Failure::Usage {
            error.at(input)
        } else {
            error
        }
    })?;
    made.summary.warnings.extend(new_run.warnings);
    if let Input::File(path) = &request.markers {
        made.summary.warnings.extend(changed(path));
    }
    let Destination::File(out) = out else {
        return match <[Vec<u8>; 1]>::try_from(made.files) {
            Ok([bytes]) => Ok(ExportReport {
                summary: made.summary,
                files: Vec::new(),
                stdout: Some(bytes),
            }),
            Err(_) => Err(MarkerProblem::SeveralFiles.into()),
        };
    };
    let paths = made.paths(&out);
    let inputs = [Some(input), video.map(PathBuf::as_path), request.mux.as_deref()];
    let outputs = context.outputs(inputs.into_iter().flatten());
    if let Some(video) = &request.mux {
        let text = made.files.first().map(Vec::as_slice).unwrap_or_default();
        let may = outputs.check(&out, mux::OWN_MOVIE)?;
        mux::write_chapters(video, text, (&out, may), context)?;
        // What remained to be done by hand is done.
        made.summary.hints.clear();
    } else {
        let files = paths.iter().zip(&made.files).map(|(path, bytes)| {
            let own = may_replace(path, request.preset.format, Some(bytes))?;
            Ok((path.as_path(), outputs.check(path, own)?, bytes.as_slice()))
        });
        let files = files.collect::<Result<Vec<_>, PipelineError>>()?;
        let lock = lock.or_else(|| RunLock::of_run_with(&out));
        write_files_under(lock.as_ref(), &files)?;
    }
    Ok(ExportReport {
        summary: made.summary,
        files: paths,
        stdout: None,
    })
}

/// The lock of the run that a file goes into: from before its table is read, nobody changes it. Nobody is
/// kept waiting for a table from stdin or the copy of a video.
fn lock_of_run(request: &ExportRequest, out: &Destination) -> Option<RunLock> {
    match (&request.markers, out) {
        (Input::File(_), Destination::File(out)) if request.mux.is_none() => RunLock::of_run_with(out),
        _ => None,
    }
}

/// What an editor file of that preset may replace at `path`: one of ours by its content, one that its run
/// lists as it is, and one that says the same as the new one, `bytes`.
///
/// # Errors
/// The file in its place cannot be read.
pub fn may_replace(path: &Path, preset: Preset, bytes: Option<&[u8]>) -> Result<Replaces, PipelineError> {
    let own = editor_file_of_ours(preset);
    let allows = |own: Replaces| own.allows(path).map_err(|error| WriteError::from_io(path, error));
    if allows(own)? {
        return Ok(own);
    }
    let is_same = match bytes {
        Some(bytes) => optional(read_bounded(path, MAX_CSV_BYTES))?.as_deref() == Some(bytes),
        None => false,
    };
    let is_ours = is_same || (allows(own::unmarked(preset))? && is_listed(path)?);
    Ok(if is_ours { Replaces::ANYTHING } else { own })
}

/// Refuses what cannot be done at once.
fn check_combination(request: &ExportRequest) -> Result<(), PipelineError> {
    if request.mux.is_some() {
        if request.preset.format != Preset::Ffmetadata {
            return Err(MarkerProblem::NoMuxPreset.into());
        }
        if !matches!(request.out, Some(Destination::File(_))) {
            return Err(MarkerProblem::MuxUnnamed.into());
        }
    }
    let column = request.selection.time_column.as_deref().unwrap_or_default();
    if request.retime.is_some() && column.to_ascii_lowercase().starts_with("t_new") {
        return Err(MarkerProblem::NewTimeColumn(column.to_owned()).into());
    }
    Ok(())
}

/// The file name an input with this stem gets from a preset.
pub fn default_name(preset: &ChosenPreset, stem: &str) -> String {
    format!("{stem}{}", preset.format.default_suffix())
}

fn output(request: &ExportRequest) -> Result<Destination, PipelineError> {
    if let Some(out) = &request.out {
        return Ok(out.clone());
    }
    match &request.markers {
        Input::File(path) => {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            Ok(Destination::File(
                path.with_file_name(default_name(&request.preset, &stem)),
            ))
        }
        Input::Stdin => Err(MarkerProblem::OutputUnnamed.into()),
    }
}
