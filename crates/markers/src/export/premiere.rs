//! `premiere`: a Final Cut Pro 7 XML (xmeml 4) sequence with markers, the only file route for markers into
//! Premiere (docs/reference/exporters.md#premiere).

use super::error::ExportError;
use super::job::{ExportJob, Written};
use super::place::PlacedMarker;
use super::xml::{escape, premiere_url};
use crate::clip::{AudioInfo, ClipInfo};
use crate::retime::{RetimePiece, pieces};
use crate::time::Rate;

const PROLOGUE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE xmeml>\n\
     <xmeml version=\"4\">\n  <sequence id=\"sequence-1\">\n";
const EPILOGUE: &str = "  </sequence>\n</xmeml>\n";

pub(super) fn write(job: &ExportJob<'_>) -> Result<Written, ExportError> {
    let rate = rate_tag(job.base.rate());
    let markers = job.placement.markers.iter();
    let markers: String = markers.map(|marker| marker_tag(job, marker)).collect();
    let main_items = job.main_clip().map(|clip| main_item(job, clip, &markers));
    let retimed_track = job.retimed_clip().map(|clip| retimed_track(job, clip));
    let text = [
        PROLOGUE,
        &format!(
            "    {}{}\n",
            tag("name", escape(job.label())),
            tag("duration", job.total_frames)
        ),
        &format!("    {rate}\n    {}\n", timecode_tag(job, job.start_frame)),
        "    <media><video>\n",
        &format!(
            "      {}\n",
            tag("format", picture_tag(&rate, job.picture_size()))
        ),
        &format!("      {}", tag("track", main_items.unwrap_or_default())),
        &retimed_track.unwrap_or_default(),
        "\n    </video></media>\n",
        &indent(&markers, 4),
        EPILOGUE,
    ];
    Ok(job.written(text.concat()))
}

/// An element with content that is already escaped.
fn tag(name: &str, content: impl std::fmt::Display) -> String {
    format!("<{name}>{content}</{name}>")
}

fn rate_tag(rate: Rate) -> String {
    let ntsc = if rate.is_ntsc() { "TRUE" } else { "FALSE" };
    tag("rate", tag("timebase", rate.nominal()) + &tag("ntsc", ntsc))
}

fn timecode_tag(job: &ExportJob<'_>, frame: i64) -> String {
    let parts = [
        rate_tag(job.base.rate()),
        tag("string", job.base.format(frame)),
        tag("frame", frame),
        tag("displayformat", job.base.counting().initials()),
    ];
    tag("timecode", parts.concat())
}

/// Premiere needs to be told that pixels are square.
fn picture_tag(rate: &str, (width, height): (u32, u32)) -> String {
    let parts = [
        rate.to_owned(),
        tag("width", width),
        tag("height", height),
        tag("anamorphic", "FALSE"),
        tag("pixelaspectratio", "square"),
        tag("fielddominance", "none"),
    ];
    tag("samplecharacteristics", parts.concat())
}

/// One marker and a line end.
fn marker_tag(job: &ExportJob<'_>, marker: &PlacedMarker) -> String {
    let colour = marker.colour.ppro();
    let end = marker.length_frames.map_or(-1, |length| marker.frame + length);
    let parts = [
        tag("name", escape(&job.name(marker))),
        tag("comment", escape(&marker.note)),
        tag("in", marker.frame),
        tag("out", end),
        colour.map(|ppro| tag("pproColor", ppro)).unwrap_or_default(),
    ];
    tag("marker", parts.concat()) + "\n"
}

/// The recording as the one clip of its track, from its first to its last frame.
fn main_item(job: &ExportJob<'_>, clip: &ClipInfo, markers: &str) -> String {
    let frames = job.total_frames;
    let item = ClipItem {
        number: 1,
        media_frames: frames,
        timeline: (0, frames),
        media: (0, frames),
        inside: format!("{}\n{}", file_tag(job, clip, "file-1"), indent(markers, 10)),
    };
    format!("\n{}      ", item.to_xml(job, clip))
}

/// A clip item on a track.
struct ClipItem {
    number: usize,
    media_frames: i64,
    /// First frame and the one after the last, on the timeline and in the recording.
    timeline: (i64, i64),
    media: (i64, i64),
    inside: String,
}

impl ClipItem {
    fn to_xml(&self, job: &ExportJob<'_>, clip: &ClipInfo) -> String {
        let parts = [
            tag("name", escape(clip.file_name())),
            tag("enabled", "TRUE"),
            tag("duration", self.media_frames),
            rate_tag(job.base.rate()),
            tag("start", self.timeline.0),
            tag("end", self.timeline.1),
            tag("in", self.media.0),
            tag("out", self.media.1),
        ];
        format!(
            "        <clipitem id=\"clipitem-{}\">{}\n          {}        </clipitem>\n",
            self.number,
            parts.concat(),
            self.inside
        )
    }
}

fn file_tag(job: &ExportJob<'_>, clip: &ClipInfo, id: &str) -> String {
    let rate = rate_tag(job.base.rate());
    let video = tag("video", picture_tag(&rate, (clip.width, clip.height)));
    let parts = [
        tag("name", escape(clip.file_name())),
        tag("pathurl", premiere_url(&clip.path)),
        rate,
        tag("duration", job.clip_frames(clip)),
        timecode_tag(job, job.clip_start_frame(clip)),
        tag("media", video + &clip.audio.map(audio_tag).unwrap_or_default()),
    ];
    format!("<file id=\"{id}\">{}</file>", parts.concat())
}

fn audio_tag(audio: AudioInfo) -> String {
    let samples = tag(
        "samplecharacteristics",
        tag("depth", 16) + &tag("samplerate", audio.sample_rate),
    );
    tag("audio", samples + &tag("channelcount", audio.channels))
}

/// The new run beside the reference: one clip per piece of constant speed.
fn retimed_track(job: &ExportJob<'_>, clip: &ClipInfo) -> String {
    let pieces = job.strands.iter().flat_map(|strand| pieces(strand));
    let items: String = pieces
        .enumerate()
        .map(|(index, piece)| retimed_item(job, clip, index, &piece))
        .collect();
    format!("\n      <track>\n{items}      </track>")
}

/// `in` and `out` count in the retimed time, as the format wants it: media frames divided by the speed.
fn retimed_item(job: &ExportJob<'_>, clip: &ClipInfo, index: usize, piece: &RetimePiece) -> String {
    let rate = job.base.rate();
    let speed = piece.speed(rate);
    let retimed = |frames: f64| (frames / speed).round() as i64;
    let in_frame = retimed(piece.from.t_new_secs * rate.as_f64());
    // The file is described once and then referred to.
    let file = if index == 0 {
        file_tag(job, clip, "file-2")
    } else {
        "<file id=\"file-2\"/>".to_owned()
    };
    let item = ClipItem {
        number: index + 2,
        media_frames: retimed(job.clip_frames(clip) as f64),
        timeline: (piece.from.frame, piece.to.frame),
        // A near stop divides by almost nothing.
        media: (in_frame, in_frame.saturating_add(piece.frames())),
        inside: format!("{file}\n          {}\n", speed_tag(speed)),
    };
    item.to_xml(job, clip)
}

/// The constant speed effect of Final Cut Pro 7.
fn speed_tag(speed: f64) -> String {
    let parameter = |id: &str, value: String| {
        tag(
            "parameter",
            tag("parameterid", id) + &tag("name", id) + &tag("value", value),
        )
    };
    let parts = [
        tag("name", "Time Remap"),
        tag("effectid", "timeremap"),
        tag("effectcategory", "motion"),
        tag("effecttype", "motion"),
        tag("mediatype", "video"),
        parameter("variablespeed", "0".to_owned()),
        parameter("speed", format!("{:.6}", speed * 100.0)),
        parameter("reverse", "FALSE".to_owned()),
        parameter("frameblending", "FALSE".to_owned()),
    ];
    tag("filter", tag("effect", parts.concat()))
}

fn indent(lines: &str, blanks: usize) -> String {
    lines
        .lines()
        .map(|line| format!("{:blanks$}{line}\n", ""))
        .collect()
}
