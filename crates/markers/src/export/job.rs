//! What a format is, and one export with everything resolved that formats have in common.

use mtbsync_formats::LONGEST_SECS;

use super::error::ExportError;
use super::input::ExportTable;
use super::options::ExportOptions;
use super::place::{PlacedMarker, Placement, place};
use crate::clip::ClipInfo;
use crate::retime::Knot;
use crate::time::{Counting, Timebase, split_groups};
use crate::tuning;

/// Name of the chapter before the first marker.
pub(super) const START_NAME: &str = "Start";
/// Frame size of a sequence when no recording is known.
const DEFAULT_SIZE: (u32, u32) = (1920, 1080);

/// What tells a marker's position in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Positions {
    /// Seconds: any rate, no frames.
    Seconds,
    /// Frames of any rate.
    Frames,
    /// Frames of a timeline that is counted in timecode, of at most 60 a second.
    Timecode,
}

/// A row of the table of presets.
pub(super) struct ExportFormat {
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Other names it is known by.
    pub aliases: &'static [&'static str],
    /// What follows the input's stem in the default output name.
    pub suffix: &'static str,
    pub positions: Positions,
    /// Default timecode of the timeline's first frame.
    pub start: &'static str,
    /// Whether it can show the new run retimed onto the reference.
    pub has_retiming: bool,
    /// Writes the markers of a job; all they share with other formats is resolved in it.
    pub write: fn(&ExportJob<'_>) -> Result<Written, ExportError>,
}

/// What an exporter returns: bytes, and what it has to say.
pub(super) struct Written {
    /// The output and, beyond 999 events, its further files.
    pub files: Vec<Vec<u8>>,
    /// Markers in the files, counted as the format counts them.
    pub exported: usize,
    /// Markers joined by the format's own rules, on top of those of the placement.
    pub merged: usize,
    /// What to do with the file.
    pub hint: Option<String>,
    pub warnings: Vec<String>,
}

/// What an exporter gets.
pub(super) struct ExportJob<'a> {
    pub table: &'a ExportTable,
    pub options: &'a ExportOptions,
    /// Rate and counting of the timeline.
    pub base: Timebase,
    /// Frame number of the timeline's start timecode.
    pub start_frame: i64,
    /// Length of the timeline in whole frames.
    pub total_frames: i64,
    /// Length of the recording.
    pub duration_secs: f64,
    pub placement: Placement,
    /// Where the new run is shown beside the reference, and how fast; empty without retiming.
    pub strands: Vec<Vec<Knot>>,
    pub warnings: Vec<String>,
}

impl<'a> ExportJob<'a> {
    pub fn new(
        format: &ExportFormat,
        table: &'a ExportTable,
        options: &'a ExportOptions,
    ) -> Result<Self, ExportError> {
        let mut warnings = table.warnings.clone();
        let base = timebase(format, options, &mut warnings)?;
        let rate = base.rate();
        let start = options.timeline_start.as_deref().unwrap_or(format.start);
        let start_frame = base.parse(start)?;
        let duration_secs = duration_secs(table, options);
        let total_frames = match main_clip(options) {
            Some(clip) => rate.whole_frames_of(clip.frames, clip.rate).max(1),
            None => rate.frame_at(duration_secs).max(1),
        };
        let strands = match &options.retime {
            None => Vec::new(),
            Some(_) if !format.has_retiming => {
                return Err(ExportError::NoRetiming { preset: format.name });
            }
            Some(_) if options.clip.is_none() => return Err(ExportError::NoClip),
            Some(retime) => retime.strands(rate, total_frames)?,
        };
        let placement = place(&table.markers, rate, total_frames, options);
        let unknown = placement.unknown_colours.iter();
        warnings.extend(unknown.map(|text| format!("unknown colour `{text}`")));
        Ok(Self {
            table,
            options,
            base,
            start_frame,
            total_frames,
            duration_secs,
            placement,
            strands,
            warnings,
        })
    }

    /// Title, project, sequence name.
    pub fn label(&self) -> &str {
        self.options.label.as_deref().unwrap_or(&self.options.stem)
    }

    /// Timecode of a frame of the timeline.
    pub fn timecode(&self, frame: i64) -> String {
        self.base.format(self.start_frame + frame)
    }

    /// The placed markers with their names as editors show them; `Marker N` where there is none.
    pub fn named_markers(&self) -> impl Iterator<Item = (String, &PlacedMarker)> {
        let prefix = &self.options.review_prefix;
        let markers = self.placement.markers.iter().enumerate();
        markers.map(move |(index, marker)| (marker.name(prefix, &format!("Marker {}", index + 1)), marker))
    }

    /// Name of a marker with its review prefix; may be empty.
    pub fn name(&self, marker: &PlacedMarker) -> String {
        marker.name(&self.options.review_prefix, "")
    }

    /// One file with every placed marker.
    pub fn written(&self, bytes: impl Into<Vec<u8>>) -> Written {
        Written {
            files: vec![bytes.into()],
            exported: self.placement.markers.len(),
            merged: 0,
            hint: None,
            warnings: Vec::new(),
        }
    }

    /// Rate, counting and start in words, as a person must set them in an editor.
    pub fn timeline_in_words(&self) -> String {
        let counting = match self.base.counting() {
            Counting::NonDrop => "non-drop",
            Counting::Drop => "drop-frame",
        };
        format!(
            "{} fps, {counting}, start {}",
            self.base.rate(),
            self.base.format(self.start_frame)
        )
    }

    /// The recording that runs at normal speed: the reference of a retimed timeline, else the new run.
    pub fn main_clip(&self) -> Option<&'a ClipInfo> {
        main_clip(self.options)
    }

    /// The new run of a retimed timeline.
    pub fn retimed_clip(&self) -> Option<&'a ClipInfo> {
        self.options
            .clip
            .as_ref()
            .filter(|_| self.options.retime.is_some())
    }

    /// Frame size of the sequence.
    pub fn picture_size(&self) -> (u32, u32) {
        self.main_clip()
            .map_or(DEFAULT_SIZE, |clip| (clip.width, clip.height))
    }

    /// Length of a recording in whole frames of the timeline.
    pub fn clip_frames(&self, clip: &ClipInfo) -> i64 {
        self.base.rate().whole_frames_of(clip.frames, clip.rate)
    }

    /// Timecode of a recording's own first frame, as a frame number at the timeline's rate; 0 without one.
    pub fn clip_start_frame(&self, clip: &ClipInfo) -> i64 {
        let frame = clip.start_timecode.as_deref().and_then(|timecode| {
            let counting = split_groups(timecode)?.counting().possible_at(self.base.rate());
            Timebase::new(self.base.rate(), counting)
                .ok()?
                .parse(timecode)
                .ok()
        });
        frame.unwrap_or(0)
    }
}

fn main_clip(options: &ExportOptions) -> Option<&ClipInfo> {
    options
        .retime
        .as_ref()
        .map(|retime| &retime.reference)
        .or(options.clip.as_ref())
}

/// The timebase of the output. Formats without timecode take any rate and ignore the counting.
fn timebase(
    format: &ExportFormat,
    options: &ExportOptions,
    warnings: &mut Vec<String>,
) -> Result<Timebase, ExportError> {
    let mut rate = options.rate;
    if format.positions != Positions::Timecode {
        return Ok(Timebase::non_drop(rate));
    }
    if options.rate_is_auto && rate.for_timecode() != rate {
        rate = rate.for_timecode();
        warnings.push(format!(
            "there is no timecode at {} fps: using {rate} fps",
            options.rate
        ));
    }
    Ok(Timebase::new(rate, options.counting)?)
}

fn duration_secs(table: &ExportTable, options: &ExportOptions) -> f64 {
    if let Some(clip) = main_clip(options) {
        return clip.rate.secs_at(clip.frames);
    }
    let ends = table
        .markers
        .iter()
        .map(|marker| marker.end_secs.unwrap_or(marker.t_secs).max(marker.t_secs));
    let given = options.duration_secs.filter(|secs| secs.is_finite());
    let secs = given.unwrap_or_else(|| ends.fold(0.0, f64::max) + tuning::UNKNOWN_TAIL_SECS);
    secs.clamp(0.0, LONGEST_SECS)
}
