//! One export with everything resolved that formats have in common.

use super::error::ExportError;
use super::input::ExportTable;
use super::options::ClipInfo;
use super::options::ExportOptions;
use super::place::{Placed, Placement, place};
use super::preset::Preset;
use crate::retime::Knot;
use crate::time::{Counting, Timebase, split_groups};

/// Length after the last marker when nothing tells the length of the recording.
const UNKNOWN_TAIL_SECS: f64 = 10.0;

/// Longer recordings do not exist; sums of such times cannot overflow.
const MAX_DURATION_SECS: f64 = 1e9;

/// What an exporter gets.
pub(super) struct Job<'a> {
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

impl<'a> Job<'a> {
    pub fn new(
        preset: Preset,
        table: &'a ExportTable,
        options: &'a ExportOptions,
    ) -> Result<Self, ExportError> {
        let mut warnings = table.warnings.clone();
        let base = timebase(preset, options, &mut warnings)?;
        let rate = base.rate();
        let start = options
            .timeline_start
            .as_deref()
            .unwrap_or(preset.default_start());
        let start_frame = base.parse(start)?;
        let duration_secs = duration_secs(table, options);
        let total_frames = match main_clip(options) {
            Some(clip) => rate.whole_frames_of(clip.frames, clip.rate),
            None => rate.frame_at(duration_secs),
        };
        let total_frames = total_frames.max(1);
        let strands = match &options.retime {
            None => Vec::new(),
            Some(_) if !preset.has_retiming() => {
                return Err(ExportError::NoRetiming {
                    preset: preset.name(),
                });
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

    /// Name of a marker with its review prefix; `Marker N` when it has none.
    pub fn numbered_name(&self, index: usize, marker: &Placed) -> String {
        marker.name(&self.options.review_prefix, &format!("Marker {}", index + 1))
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

    /// Timecode of a recording's own first frame, as a frame number at the timeline's rate; 0 without one.
    pub fn clip_start_frame(&self, clip: &ClipInfo) -> i64 {
        let frame = clip.start_timecode.as_deref().and_then(|timecode| {
            let groups = split_groups(timecode)?;
            let is_drop = groups.has_semicolon && Timebase::has_drop_frame(self.base.rate());
            let counting = if is_drop {
                Counting::Drop
            } else {
                Counting::NonDrop
            };
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
    preset: Preset,
    options: &ExportOptions,
    warnings: &mut Vec<String>,
) -> Result<Timebase, ExportError> {
    let mut rate = options.rate;
    if !preset.has_timecode() {
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
    let secs = given.unwrap_or_else(|| ends.fold(0.0, f64::max) + UNKNOWN_TAIL_SECS);
    secs.clamp(0.0, MAX_DURATION_SECS)
}
