//! An opened recording: facts, timeline and the way to its frames. Opening checks everything that can be
//! checked cheaply (is there a video track, can its codec be decoded, does one frame come out), so that long
//! work never starts on a file that cannot be read. Chapters are joined and proxies found here.

use std::path::{Path, PathBuf};

use crate::error::OpenError;
use crate::frames::{FrameOptions, FrameStream};
use crate::gopro::{self, ChapterWarning, MediaId};
use crate::info::VideoInfo;
use crate::opened_file::OpenedFile;
use crate::part::Part;
use crate::plan::{self, SamplePlan, SampleRequest};
use crate::scale::{ColourFrames, ColourOptions};
use crate::stand_in;
use crate::timeline::{Pts, Timeline};

/// How to open a recording. The default joins GoPro chapters and decodes from proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenOptions {
    /// Use only the named file, although it is one chapter of several.
    pub single_file: bool,
    /// Decode the originals, although there are proxies beside them.
    pub no_proxy: bool,
}

/// One file of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Chapter {
    /// The original (or the proxy, when it was named as input).
    pub path: PathBuf,
    /// The proxy that is decoded in its place.
    pub proxy: Option<PathBuf>,
    /// Time of its first frame in ticks of the recording's time base: the exact length of the chapters
    /// before.
    pub start: Pts,
    /// The same in seconds.
    pub start_secs: f64,
    /// Index in the recording's timeline of its first frame.
    pub first_index: usize,
    /// Number of its frames.
    pub frame_count: usize,
    /// Time that the file itself gives its first shown frame, in seconds. Telemetry of the file is on that
    /// clock.
    pub container_start_secs: f64,
}

/// A recording whose frames are known and can be decoded.
#[derive(Debug, Clone)]
pub struct Recording {
    info: VideoInfo,
    timeline: Timeline,
    chapters: Vec<Chapter>,
    parts: Vec<Part>,
    warnings: Vec<ChapterWarning>,
}

impl Recording {
    /// Opens and indexes the recording at `path`: with `options.single_file` just this file, else all GoPro
    /// chapters of which it is one. Only the named file must be good; what is wrong with the others is a
    /// warning, unless it is the system that cannot read them.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Recording, OpenError> {
        let named = OpenedFile::open(path)?;
        let mut warnings = Vec::new();
        let (first, rest) = if options.single_file {
            (named, Vec::new())
        } else {
            join_chapters(named, &mut warnings)?
        };
        Recording::from_files(first, rest, options, warnings)
    }

    fn from_files(
        first: OpenedFile,
        rest: Vec<OpenedFile>,
        options: &OpenOptions,
        mut warnings: Vec<ChapterWarning>,
    ) -> Result<Recording, OpenError> {
        let mut timeline = first.timeline.clone();
        for file in &rest {
            timeline.append(&file.timeline);
        }
        let info = VideoInfo {
            frame_count: timeline.len(),
            duration_secs: timeline.duration_secs(),
            is_constant_rate: timeline.is_constant_rate(),
            is_truncated: std::iter::once(&first)
                .chain(&rest)
                .any(|file| file.info.is_truncated),
            ..first.info.clone()
        };
        let (mut chapters, mut parts) = (Vec::new(), Vec::new());
        let (mut first_index, mut start) = (0, Pts(0));
        for file in std::iter::once(first).chain(rest) {
            let proxy = if options.no_proxy {
                None
            } else {
                stand_in::open_proxy(&file, &mut warnings)?
            };
            chapters.push(Chapter {
                path: file.path.clone(),
                proxy: proxy.as_ref().map(|(proxy, _)| proxy.path.clone()),
                start,
                start_secs: timeline.secs(start),
                first_index,
                frame_count: file.timeline.len(),
                container_start_secs: file.info.container_start_secs,
            });
            let (frame_count, length) = (file.timeline.len(), file.timeline.end());
            parts.push(match proxy {
                Some((proxy, shows)) => Part::new(proxy, first_index, Some(shows)),
                None => Part::new(file, first_index, None),
            });
            first_index += frame_count;
            start = Pts(start.0.saturating_add(length.0));
        }
        Ok(Recording {
            info,
            timeline,
            chapters,
            parts,
            warnings,
        })
    }

    /// Facts about the recording as a whole.
    pub fn info(&self) -> &VideoInfo {
        &self.info
    }

    /// When each frame is shown. Proxies change nothing here: times and key frames are the originals'.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The files it consists of, in order; the one it was opened with is among them.
    pub fn chapters(&self) -> &[Chapter] {
        &self.chapters
    }

    /// What is odd about its chapters and proxies.
    pub fn warnings(&self) -> &[ChapterWarning] {
        &self.warnings
    }

    /// Chooses the frames for `request`. Key frames alone are planned when those of the files to be decoded
    /// are dense enough ([`KEY_GAP_SLACK`](crate::KEY_GAP_SLACK)) and `request.dense` is not set; the
    /// analysed frames are then the key frames nearest to the grid, and there are no fine frames. Otherwise
    /// they are the frames nearest to the grid, and fine frames are added nearest to the denser grid.
    pub fn plan(&self, request: &SampleRequest) -> SamplePlan {
        plan::plan(&self.timeline, &self.parts, request)
    }

    /// Chooses the frames nearest to the grid k / `per_sec` inside any of `windows_secs` (first and last
    /// time, both included), for a closer look at a few moments. Only the groups of pictures they are in get
    /// decoded. All have the role [`Fine`](crate::FrameRole::Fine).
    pub fn plan_windows(&self, windows_secs: &[(f64, f64)], per_sec: f64) -> SamplePlan {
        plan::plan_windows(&self.timeline, &self.parts, windows_secs, per_sec)
    }

    /// Decodes the frames of `plan`, which must come from this recording, in presentation order.
    pub fn frames(&self, plan: &SamplePlan, options: &FrameOptions) -> FrameStream {
        FrameStream::new(&self.parts, plan, *options)
    }

    /// Decodes the frames of the timeline at `indices`, which must increase, as colour pictures. Only the
    /// groups of pictures they are in get decoded.
    pub fn colour_frames(&self, indices: &[usize], options: &ColourOptions) -> ColourFrames {
        let plan = plan::plan_indices(&self.timeline, &self.parts, indices);
        ColourFrames::new(&self.parts, &plan, *options)
    }
}

/// Opens the chapters before and after `named` for as long as each continues the one before; gives the first
/// and the others.
fn join_chapters(
    named: OpenedFile,
    warnings: &mut Vec<ChapterWarning>,
) -> Result<(OpenedFile, Vec<OpenedFile>), OpenError> {
    let set = gopro::resolve_chapters(&named.path)?;
    warnings.extend(set.warnings);
    let id = named.media_id;
    // Nearest first, so that the first chapter is the last of them.
    let mut before: Vec<OpenedFile> = Vec::new();
    for path in set.paths.iter().take(set.named).rev() {
        let opened = OpenedFile::open_beside(path)?.and_then(|file| {
            let next = before.last().unwrap_or(&named);
            check_continues(&file, next, &id).map(|()| file)
        });
        match opened {
            Ok(file) => before.push(file),
            Err(reason) => {
                // Earlier gaps no longer matter: the series begins here.
                warnings.retain(|warning| !matches!(warning, ChapterWarning::GapBefore { .. }));
                let file = stand_in::file_name(path);
                warnings.push(ChapterWarning::NotJoinedBefore { file, reason });
                break;
            }
        }
    }
    let mut after: Vec<OpenedFile> = Vec::new();
    for path in set.paths.iter().skip(set.named + 1) {
        let opened = OpenedFile::open_beside(path)?.and_then(|file| {
            let last = after.last().unwrap_or(&named);
            check_continues(last, &file, &id).map(|()| file)
        });
        match opened {
            Ok(file) => after.push(file),
            Err(reason) => {
                // Later gaps no longer matter: the series ends here.
                warnings.retain(|warning| !matches!(warning, ChapterWarning::Gap { .. }));
                let file = stand_in::file_name(path);
                warnings.push(ChapterWarning::NotJoined { file, reason });
                break;
            }
        }
    }
    let Some(first) = before.pop() else {
        return Ok((named, after));
    };
    let last = after.last().unwrap_or(&named);
    warnings.insert(
        0,
        ChapterWarning::Whole {
            named: stand_in::file_name(&named.path),
            first: stand_in::file_name(&first.path),
            last: stand_in::file_name(&last.path),
        },
    );
    let rest = before.into_iter().rev().chain([named]).chain(after);
    Ok((first, rest.collect()))
}

/// Refuses, with the reason, a chapter `next` that does not continue `last` of the recording `id`.
fn check_continues(last: &OpenedFile, next: &OpenedFile, id: &MediaId) -> Result<(), String> {
    let (ours, theirs) = (&last.info, &next.info);
    let differences = [
        ("the chapter before is cut short", ours.is_truncated),
        (
            "it belongs to another recording",
            [last, next].iter().any(|file| file.media_id.contradicts(id)),
        ),
        ("it has another codec", ours.codec != theirs.codec),
        (
            "it has another picture size",
            (ours.width, ours.height) != (theirs.width, theirs.height),
        ),
        ("it has another frame rate", ours.frame_rate != theirs.frame_rate),
        (
            "it has another time scale",
            last.timeline.time_base() != next.timeline.time_base(),
        ),
    ];
    match differences.into_iter().find(|(_, differs)| *differs) {
        Some((reason, _)) => Err(reason.to_owned()),
        None => Ok(()),
    }
}
