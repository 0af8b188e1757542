//! Marker tables to editor files (cli.md section 3.5, editors.md).

use std::path::{Path, PathBuf};

use mtbsync_formats::csv::MAX_CSV_BYTES;
use mtbsync_markers::export::{
    ClipInfo, ExportError, ExportOptions, ExportSummary, ExportTable, Preset, TableOptions, export as write,
    numbered_name,
};
use mtbsync_markers::presets::CustomPreset;
use mtbsync_markers::time::{Counting, Rate};
use mtbsync_media::{OpenOptions, Recording};
use serde::Deserialize;

use crate::config::Config;
use crate::error::PipelineError;
use crate::source::{Destination, Source, check_output, folder_of, is_same_file, write_files};

/// Rate when nothing tells it.
const FALLBACK_RATE: Rate = Rate::whole(30);

/// Frame rate of editor files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateChoice {
    /// The rate of the new recording.
    Auto,
    /// This one.
    Fixed(Rate),
}

/// What was asked for; `None`: the preset decides.
#[derive(Clone, Debug, PartialEq, Default)]
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
#[derive(Clone, Debug, PartialEq)]
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
        let names: Vec<&str> = built_in
            .chain(config.presets.keys().map(String::as_str))
            .collect();
        Err(PipelineError::usage(format!("unknown preset `{name}`"))
            .hint(format!("presets are {}", names.join(", "))))
    }
}

/// What is known of the recording the markers are in.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct NewRun {
    /// Its frame rate.
    pub rate: Option<Rate>,
    /// Its length, seconds.
    pub duration_secs: Option<f64>,
    /// The clip, where the file itself was given.
    pub clip: Option<ClipInfo>,
}

impl NewRun {
    /// Facts of an opened recording, as the clip editors are told about.
    pub fn of(recording: &Recording) -> Self {
        let info = recording.info();
        let rate = Rate::new(info.frame_rate.num, info.frame_rate.den);
        let first = recording
            .chapters()
            .first()
            .map(|chapter| chapter.path.clone())
            .unwrap_or_default();
        let path = std::path::absolute(&first).unwrap_or(first);
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        let clip = rate.map(|rate| ClipInfo {
            path: path.to_string_lossy().into_owned(),
            frames: i64::try_from(info.frame_count).unwrap_or(i64::MAX),
            rate,
            width: side(info.width),
            height: side(info.height),
            start_timecode: info.start_timecode.clone(),
            audio: None,
        });
        Self {
            rate,
            duration_secs: Some(info.duration_secs),
            clip,
        }
    }

    fn open(video: &Path) -> Result<Self, PipelineError> {
        let recording = Recording::open(
            video,
            &OpenOptions {
                single_file: true,
                no_proxy: true,
            },
        )
        .map_err(|error| {
            PipelineError::new(error.to_string())
                .at(video)
                .maybe_hint(error.hint())
        })?;
        Ok(Self::of(&recording))
    }

    /// What a timewarp.json in `folder` says about the new recording.
    fn beside(folder: &Path) -> Self {
        #[derive(Deserialize)]
        struct Warp {
            new: Option<New>,
        }
        #[derive(Deserialize)]
        struct New {
            fps: Option<String>,
            duration: Option<f64>,
        }
        let warp: Option<Warp> = mtbsync_formats::json::read(&folder.join("timewarp.json")).ok();
        let Some(new) = warp.and_then(|warp| warp.new) else {
            return Self::default();
        };
        Self {
            rate: new.fps.and_then(|fps| Rate::parse(&fps).ok()),
            duration_secs: new.duration.filter(|secs| secs.is_finite() && *secs > 0.0),
            clip: None,
        }
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
        Some(RateChoice::Auto) | None => match new_run.rate {
            Some(rate) => (rate, true, None),
            None => (
                FALLBACK_RATE,
                true,
                Some("frame rate unknown, 30 assumed: give it with --fps or --video"),
            ),
        },
    };
    let table_options = TableOptions {
        time_column: selection.time_column.as_deref(),
        min_confidence: selection.min_confidence,
        rate: Some(rate),
    };
    let table = ExportTable::parse(csv, table_options)
        .map_err(|error| PipelineError::new(error.to_string()).maybe_hint(error.hint()))?;
    let mut options = ExportOptions::new(rate, stem);
    options.rate_is_auto = rate_is_auto;
    options.counting = if settings.drop_frame == Some(true) {
        Counting::Drop
    } else {
        Counting::NonDrop
    };
    options.timeline_start = settings.timeline_start;
    options.reel = settings.reel;
    options.label = settings.label;
    options.clip = new_run.clip.clone();
    options.duration_secs = new_run.duration_secs;
    options.keep_colours = settings.keep_colours;
    if let Some(prefix) = settings.review_prefix {
        options.review_prefix = prefix;
    }
    let mut made = write(preset.format, &table, &options).map_err(|error| cannot_export(&error))?;
    if let Some(warning) = warning.filter(|_| preset.format.has_frames()) {
        made.summary.warnings.insert(0, warning.to_owned());
    }
    Ok(EditorFile {
        files: made.files,
        summary: made.summary,
    })
}

fn cannot_export(error: &ExportError) -> PipelineError {
    let what = error.to_string();
    let failure = if error.is_usage() {
        PipelineError::usage(what)
    } else {
        PipelineError::new(what)
    };
    failure.maybe_hint(error.hint())
}

/// One call of `export-markers`.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The marker table.
    pub markers: Source,
    /// The preset.
    pub preset: ChosenPreset,
    /// Where to; `None`: beside the input, named as the preset says.
    pub out: Option<Destination>,
    /// Which markers.
    pub selection: Selection,
    /// What the file looks like.
    pub settings: ExportSettings,
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
/// Unreadable or wrong input, settings that do not fit, an output that cannot be written.
pub fn export_markers(request: &ExportRequest) -> Result<ExportReport, PipelineError> {
    let input = request.markers.path();
    let csv = request.markers.read(MAX_CSV_BYTES)?;
    let out = output(request)?;
    let new_run = match (&request.settings.video, &request.markers) {
        (Some(video), _) => NewRun::open(video)?,
        (None, Source::File(path)) => NewRun::beside(folder_of(path)),
        (None, Source::Stdin) => NewRun::default(),
    };
    let stem = match &request.markers {
        Source::File(path) => path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        Source::Stdin => "markers".to_owned(),
    };
    let made = editor_file(
        &csv,
        &request.preset,
        &request.settings,
        &new_run,
        &request.selection,
        &stem,
    )
    .map_err(|error| {
        if error.file.is_none() && !is_usage(&error) {
            error.at(input)
        } else {
            error
        }
    })?;
    let Destination::File(out) = out else {
        return match <[Vec<u8>; 1]>::try_from(made.files) {
            Ok([bytes]) => Ok(ExportReport {
                summary: made.summary,
                files: Vec::new(),
                stdout: Some(bytes),
            }),
            Err(_) => Err(PipelineError::usage("more than 999 markers need several files")
                .hint("name a file with --out")),
        };
    };
    let paths = made.paths(&out);
    if let Some(path) = paths.iter().find(|path| is_same_file(path, input)) {
        return Err(PipelineError::usage("output is the input")
            .at(path)
            .hint("choose another name with --out"));
    }
    check_output(&out)?;
    let files: Vec<(&Path, &[u8])> = paths
        .iter()
        .zip(&made.files)
        .map(|(path, bytes)| (path.as_path(), bytes.as_slice()))
        .collect();
    write_files(&files)?;
    Ok(ExportReport {
        summary: made.summary,
        files: paths,
        stdout: None,
    })
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
        Source::File(path) => {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            Ok(Destination::File(
                path.with_file_name(default_name(&request.preset, &stem)),
            ))
        }
        Source::Stdin => Err(
            PipelineError::usage("markers come from stdin, so the output needs a name").hint("give --out"),
        ),
    }
}

fn is_usage(error: &PipelineError) -> bool {
    error.failure == crate::error::Failure::Usage
}
