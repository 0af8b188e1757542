//! `fcpxml`: Final Cut Pro XML 1.10 (docs/reference/exporters.md#fcpxml). Every time is a whole number of
//! frames, written as an unreduced fraction.

use std::fmt::Write;

use super::error::ExportError;
use super::job::{ExportJob, Written};
use super::place::PlacedMarker;
use super::xml::{escape, file_url};
use crate::clip::{AudioInfo, ClipInfo};
use crate::retime::Knot;
use crate::time::Rate;

/// Retiming points to moments between frames, in parts of a frame.
const FRAME_PARTS: i64 = 100;
/// Sample rates FCPXML has a name for.
const AUDIO_RATES: [(u32, &str); 7] = [
    (32_000, "32k"),
    (44_100, "44.1k"),
    (48_000, "48k"),
    (88_200, "88.2k"),
    (96_000, "96k"),
    (176_400, "176.4k"),
    (192_000, "192k"),
];

pub(super) fn write(job: &ExportJob<'_>) -> Result<Written, ExportError> {
    let rate = job.base.rate();
    let clip = job.main_clip();
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE fcpxml>\n\
         <fcpxml version=\"1.10\">\n  <resources>\n",
    );
    write_format(&mut text, "r1", rate, job.picture_size());
    if let Some(clip) = clip {
        write_asset(&mut text, job, clip, "r2", "r1");
    }
    if let Some(clip) = job.retimed_clip() {
        write_format(&mut text, "r3", clip.rate, (clip.width, clip.height));
        write_asset(&mut text, job, clip, "r4", "r3");
    }
    let audio = clip.and_then(|clip| clip.audio);
    let _ = writeln!(
        text,
        "  </resources>\n  <library><event name=\"mtbsync\"><project name=\"{}\">\n    \
         <sequence format=\"r1\" duration=\"{}\" tcStart=\"{}\" \
         tcFormat=\"{}\"{}>\n      <spine>",
        escape(job.label()),
        time(job.total_frames, rate),
        time(job.start_frame, rate),
        job.base.counting().initials(),
        audio.map(sequence_audio).unwrap_or_default(),
    );
    write_story(&mut text, job, clip);
    text.push_str("      </spine>\n    </sequence>\n  </project></event></library>\n</fcpxml>\n");
    Ok(job.written(text))
}

/// A time of `frame` frames.
fn time(frame: i64, rate: Rate) -> String {
    if frame == 0 {
        return "0s".to_owned();
    }
    format!("{}/{}s", i128::from(frame) * i128::from(rate.den()), rate.num())
}

fn sequence_audio(audio: AudioInfo) -> String {
    let mut text = String::new();
    match audio.channels {
        2 => text.push_str(" audioLayout=\"stereo\""),
        6 => text.push_str(" audioLayout=\"surround\""),
        _ => {}
    }
    if let Some((_, name)) = AUDIO_RATES.iter().find(|(hertz, _)| *hertz == audio.sample_rate) {
        let _ = write!(text, " audioRate=\"{name}\"");
    }
    text
}

fn write_format(text: &mut String, id: &str, rate: Rate, (width, height): (u32, u32)) {
    let (den, num) = (rate.den(), rate.num());
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        text,
        "    <format id=\"{id}\" frameDuration=\"{den}/{num}s\" width=\"{width}\" height=\"{height}\"/>"
    );
}

fn write_asset(text: &mut String, job: &ExportJob<'_>, clip: &ClipInfo, id: &str, format: &str) {
    let rate = job.base.rate();
    let audio = clip.audio.map(|audio| {
        let (channels, hertz) = (audio.channels, audio.sample_rate);
        format!(" hasAudio=\"1\" audioSources=\"1\" audioChannels=\"{channels}\" audioRate=\"{hertz}\"")
    });
    let _ = writeln!(
        text,
        "    <asset id=\"{id}\" name=\"{}\" start=\"{}\" duration=\"{}\" hasVideo=\"1\" \
         format=\"{format}\"{}>\n      <media-rep kind=\"original-media\" src=\"{}\"/>\n    </asset>",
        escape(clip.stem()),
        time(job.clip_start_frame(clip), rate),
        time(job.clip_frames(clip), rate),
        audio.unwrap_or_default(),
        file_url(&clip.path),
    );
}

/// The one story element, which holds the markers in its own time.
fn write_story(text: &mut String, job: &ExportJob<'_>, clip: Option<&ClipInfo>) {
    let rate = job.base.rate();
    // Offsets count in the time of the sequence, which begins at its start timecode.
    let offset = time(job.start_frame, rate);
    let duration = time(job.total_frames, rate);
    let (start_frame, end_tag) = match clip {
        Some(clip) => {
            let start_frame = job.clip_start_frame(clip);
            let _ = writeln!(
                text,
                "        <asset-clip ref=\"r2\" offset=\"{offset}\" name=\"{}\" start=\"{}\" \
                 duration=\"{duration}\" format=\"r1\" tcFormat=\"{}\">",
                escape(clip.stem()),
                time(start_frame, rate),
                job.base.counting().initials(),
            );
            (start_frame, "</asset-clip>")
        }
        None => {
            let name = escape(job.label());
            let _ = writeln!(
                text,
                "        <gap name=\"{name}\" offset=\"{offset}\" start=\"0s\" duration=\"{duration}\">"
            );
            (0, "</gap>")
        }
    };
    if let Some(clip) = job.retimed_clip() {
        for strand in &job.strands {
            write_retimed(text, job, clip, strand, start_frame);
        }
    }
    for marker in &job.placement.markers {
        write_marker(text, job, marker, start_frame);
    }
    let _ = writeln!(text, "        {end_tag}");
}

/// A stretch of the new run, attached to the reference above it. Its own clock starts at 0 and runs in
/// timeline time; the map tells which moment of the recording is shown.
fn write_retimed(text: &mut String, job: &ExportJob<'_>, clip: &ClipInfo, strand: &[Knot], start_frame: i64) {
    let rate = job.base.rate();
    let (Some(first), Some(last)) = (strand.first(), strand.last()) else {
        return;
    };
    let _ = writeln!(
        text,
        "          <asset-clip ref=\"r4\" lane=\"1\" offset=\"{}\" name=\"{}\" start=\"0s\" \
         duration=\"{}\" format=\"r3\" tcFormat=\"{}\">\n            <timeMap>",
        time(start_frame + first.frame, rate),
        escape(clip.stem()),
        time(last.frame - first.frame, rate),
        job.base.counting().initials(),
    );
    let media_start_secs = rate.secs_at(job.clip_start_frame(clip));
    for knot in strand {
        let _ = writeln!(
            text,
            "              <timept time=\"{}\" value=\"{}\" interp=\"linear\"/>",
            time(knot.frame - first.frame, rate),
            fine_time(media_start_secs + knot.t_new_secs, rate),
        );
    }
    text.push_str("            </timeMap>\n          </asset-clip>\n");
}

/// A moment of a recording to a hundredth of a frame: between frames on purpose.
fn fine_time(secs: f64, rate: Rate) -> String {
    let parts = (secs * rate.as_f64() * FRAME_PARTS as f64).round() as i64;
    format!(
        "{}/{}s",
        i128::from(parts) * i128::from(rate.den()),
        i64::from(rate.num()) * FRAME_PARTS
    )
}

fn write_marker(text: &mut String, job: &ExportJob<'_>, marker: &PlacedMarker, start_frame: i64) {
    let rate = job.base.rate();
    let name = escape(&job.name(marker));
    let to_do = if marker.needs_review {
        " completed=\"0\""
    } else {
        ""
    };
    let note = escape(&marker.note);
    let note = if note.is_empty() {
        note
    } else {
        format!(" note=\"{note}\"")
    };
    let _ = writeln!(
        text,
        "          <marker start=\"{}\" duration=\"{}\" value=\"{name}\"{to_do}{note}/>",
        time(start_frame + marker.frame, rate),
        time(marker.length_frames.unwrap_or(1), rate),
    );
}
