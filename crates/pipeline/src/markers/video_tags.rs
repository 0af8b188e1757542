//! Marks inside recordings: a GoPro's HiLight tags and the chapters of an MP4
//! (docs/reference/telemetry-files.md#hilight-tags).
//!
//! A recording may be cut into several files. Each keeps the marks of its own stretch, counted from its own
//! start, so the exact start of the file within the recording is added.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use mtbsync_formats::open_file;
use mtbsync_markers::import::ImportedMarker;
use mtbsync_markers::time::Rate;
use mtbsync_media::{OpenOptions, Recording};
use mtbsync_task::error::PipelineError;
use mtbsync_telemetry::hilight::{ChapterSpan, Hilight, HilightKind, hilights_from_udta};
use mtbsync_telemetry::mp4::{ChapterMark, Mp4File};

use crate::markers::error::MarkerProblem;

/// Types of the box an MP4 or QuickTime file may begin with.
const FIRST_BOXES: [&[u8; 4]; 7] = [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"];
/// Colour of tags the rider set (docs/reference/importers.md).
const MANUAL_COLOUR: &str = "yellow";
/// Colour of tags the camera found by itself.
const FOUND_COLOUR: &str = "cyan";

/// A kind of marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagKind {
    /// GoPro's HiLight tags.
    Hilights,
    /// Chapters.
    Chapters,
}

impl TagKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Hilights, Self::Chapters];

    /// The name, as in `--format` and the `source` column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hilights => "hilight",
            Self::Chapters => "chapters",
        }
    }
}

/// The marks of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoTags {
    /// What they are.
    pub kind: TagKind,
    /// The marks, in order of time.
    pub markers: Vec<ImportedMarker>,
    /// Frame rate of the recording.
    pub rate: Option<Rate>,
    /// Its start timecode.
    pub start: Option<String>,
    /// What is odd about the recording.
    pub warnings: Vec<String>,
}

/// Whether the file at `path` is an MP4 or QuickTime file, by its first box.
pub fn is_mp4(path: &Path) -> bool {
    let mut head = [0; 8];
    let mut read = || open_file(path).map_err(io::Error::from)?.read_exact(&mut head);
    read().is_ok() && FIRST_BOXES.iter().any(|kind| head.ends_with(*kind))
}

/// Reads the marks of the recording that begins with the file at `path`; with `kind` = `None` its HiLight
/// tags, or its chapters when it has none.
///
/// # Errors
/// The named file is no complete MP4, or the system cannot read one. A recording without marks is no error.
pub fn read(path: &Path, kind: Option<TagKind>) -> Result<VideoTags, PipelineError> {
    let mut recording = Files::open(path)?;
    let mut hilights: Vec<Hilight> = Vec::new();
    let mut chapters: Vec<ChapterMark> = Vec::new();
    for file in &recording.files {
        let found = read_file(file, recording.duration_secs)?;
        hilights.extend(found.hilights);
        chapters.extend(found.chapters);
        recording.warnings.extend(found.warnings);
    }
    hilights.sort_by(|a, b| a.time_secs.total_cmp(&b.time_secs));
    hilights.dedup_by(|b, a| a.time_secs == b.time_secs);
    let kind = kind.unwrap_or(if hilights.is_empty() {
        TagKind::Chapters
    } else {
        TagKind::Hilights
    });
    if kind == TagKind::Hilights && !chapters.is_empty() {
        recording.warnings.push(format!(
            "the recording also has chapters ({}): read them with ‹format› chapters",
            chapters.len()
        ));
    }
    Ok(VideoTags {
        kind,
        markers: match kind {
            TagKind::Hilights => hilights.iter().enumerate().map(hilight_marker).collect(),
            TagKind::Chapters => chapters.into_iter().map(chapter_marker).collect(),
        },
        rate: recording.rate,
        start: recording.start,
        warnings: recording.warnings,
    })
}

/// The files of a recording and where each lies on its clock.
struct Files {
    files: Vec<PlacedFile>,
    duration_secs: Option<f64>,
    rate: Option<Rate>,
    start: Option<String>,
    warnings: Vec<String>,
}

struct PlacedFile {
    path: PathBuf,
    start_secs: f64,
    /// `None`: the file itself tells.
    length_secs: Option<f64>,
    /// What the file's own clock shows at its first frame.
    container_start_secs: f64,
}

impl Files {
    /// Tags need no decodable pictures: what cannot be opened as a recording is read as one file.
    fn open(path: &Path) -> Result<Self, PipelineError> {
        let options = OpenOptions {
            single_file: false,
            no_proxy: true,
        };
        let recording = match Recording::open(path, &options) {
            Ok(recording) => recording,
            Err(error) if error.is_of_system() => {
                return Err(PipelineError::from(MarkerProblem::Open(error)).at(path));
            }
            Err(error) => return Ok(Self::alone(path, &error.to_string())),
        };
        let info = recording.info();
        let starts = recording.chapters().iter().map(|chapter| chapter.start_secs);
        let ends = starts.skip(1).chain([info.duration_secs]);
        let files = recording
            .chapters()
            .iter()
            .zip(ends)
            .map(|(chapter, end_secs)| PlacedFile {
                path: chapter.path.clone(),
                start_secs: chapter.start_secs,
                length_secs: Some(end_secs - chapter.start_secs),
                container_start_secs: chapter.container_start_secs,
            });
        Ok(Self {
            files: files.collect(),
            duration_secs: Some(info.duration_secs),
            rate: Rate::new(info.frame_rate.num, info.frame_rate.den),
            start: info.start_timecode.clone(),
            warnings: recording.warnings().iter().map(ToString::to_string).collect(),
        })
    }

    fn alone(path: &Path, reason: &str) -> Self {
        Self {
            files: vec![PlacedFile {
                path: path.to_owned(),
                start_secs: 0.0,
                length_secs: None,
                container_start_secs: 0.0,
            }],
            duration_secs: None,
            rate: None,
            start: None,
            warnings: vec![format!("only the tags of this file are read: {reason}")],
        }
    }
}

struct FileTags {
    hilights: Vec<Hilight>,
    chapters: Vec<ChapterMark>,
    warnings: Vec<String>,
}

/// Reads one file; times come back on the clock of the recording, which lasts `recording_secs`.
fn read_file(placed: &PlacedFile, recording_secs: Option<f64>) -> Result<FileTags, PipelineError> {
    let damaged = |error| PipelineError::from(MarkerProblem::Tags(error)).at(&placed.path);
    let mut file = open_file(&placed.path)?;
    let mut mp4 = Mp4File::read(&mut file).map_err(damaged)?;
    let mut chapters = mp4.chapters(&mut file).map_err(damaged)?;
    for chapter in &mut chapters {
        let file_secs = (chapter.start_secs - placed.container_start_secs).max(0.0);
        chapter.start_secs = placed.start_secs + file_secs;
    }
    let longest_secs = mp4
        .tracks
        .iter()
        .map(|track| track.duration_secs)
        .fold(0.0, f64::max);
    let length_secs = placed.length_secs.unwrap_or(longest_secs);
    let span = ChapterSpan {
        start_secs: placed.start_secs,
        chapter_secs: length_secs,
        recording_secs: recording_secs.unwrap_or(length_secs),
    };
    let (hilights, mut warnings) = hilights_from_udta(mp4.udta.get(b"GPMF"), mp4.udta.get(b"HMMT"), span);
    warnings.extend(mp4.warnings);
    Ok(FileTags {
        hilights,
        chapters,
        warnings: warnings.as_slice().iter().map(ToString::to_string).collect(),
    })
}

fn hilight_marker((index, tag): (usize, &Hilight)) -> ImportedMarker {
    let kind = match tag.kind {
        HilightKind::Manual => "manual".to_owned(),
        HilightKind::Motion => "motion".to_owned(),
        HilightKind::Sound => "sound".to_owned(),
        HilightKind::Fused => "fused".to_owned(),
        HilightKind::Other(code) => code.to_string(),
    };
    let confidence = tag
        .confidence_percent
        .map(|percent| format!(", {percent:.0} %"))
        .unwrap_or_default();
    let colour = if tag.kind == HilightKind::Manual {
        MANUAL_COLOUR
    } else {
        FOUND_COLOUR
    };
    ImportedMarker {
        t_ref_secs: tag.time_secs,
        t_ref_end_secs: Some(tag.range_secs.1).filter(|end_secs| *end_secs > tag.time_secs),
        name: format!("HiLight {}", index + 1),
        colour: colour.to_owned(),
        comment: format!("{kind}{confidence}"),
        source: TagKind::Hilights.name().to_owned(),
    }
}

fn chapter_marker(chapter: ChapterMark) -> ImportedMarker {
    ImportedMarker {
        t_ref_secs: chapter.start_secs,
        name: chapter.title,
        source: TagKind::Chapters.name().to_owned(),
        ..ImportedMarker::default()
    }
}
