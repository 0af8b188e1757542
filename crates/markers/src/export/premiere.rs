//! `premiere`: a Final Cut Pro 7 XML (xmeml 4) sequence with markers, the only file route for markers into
//! Premiere (editors.md section 4.4).

use std::fmt::Write;

use super::error::ExportError;
use super::job::Job;
use super::options::ClipInfo;
use super::place::Placed;
use super::xml::{escape, premiere_url};
use super::{Exporter, Written};
use crate::retime::pieces;
use crate::time::{Counting, Rate};

/// Frame size of the sequence when no recording is known.
const DEFAULT_SIZE: (u32, u32) = (1920, 1080);

pub(super) struct Premiere;

impl Exporter for Premiere {
    fn write(&self, job: &Job<'_>) -> Result<Written, ExportError> {
        let rate = rate_tag(job.base.rate());
        let clip = job.main_clip();
        let (width, height) = clip.map_or(DEFAULT_SIZE, |clip| (clip.width, clip.height));
        let markers: String = job
            .placement
            .markers
            .iter()
            .map(|marker| marker_tag(job, marker))
            .collect();
        let mut text = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE xmeml>\n<xmeml version=\"4\">\n  <sequence id=\"sequence-1\">\n",
        );
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            text,
            "    <name>{}</name><duration>{}</duration>\n    {rate}\n    {}\n    <media><video>\n      <format><samplecharacteristics>{rate}<width>{width}</width><height>{height}</height><anamorphic>FALSE</anamorphic><pixelaspectratio>square</pixelaspectratio><fielddominance>none</fielddominance></samplecharacteristics></format>\n      <track>{}</track>{}\n    </video></media>\n{}",
            escape(job.label()),
            job.total_frames,
            timecode_tag(job, job.start_frame),
            clip.map(|clip| clip_tag(job, clip, &markers)).unwrap_or_default(),
            job.retimed_clip()
                .map(|clip| retimed_track(job, clip))
                .unwrap_or_default(),
            indent(&markers, 4),
        );
        text.push_str("  </sequence>\n</xmeml>\n");
        Ok(Written::one(text.into_bytes(), job.placement.markers.len()))
    }
}

fn rate_tag(rate: Rate) -> String {
    let ntsc = if rate.is_ntsc() { "TRUE" } else { "FALSE" };
    format!(
        "<rate><timebase>{}</timebase><ntsc>{ntsc}</ntsc></rate>",
        rate.nominal()
    )
}

fn timecode_tag(job: &Job<'_>, frame: i64) -> String {
    let format = match job.base.counting() {
        Counting::NonDrop => "NDF",
        Counting::Drop => "DF",
    };
    format!(
        "<timecode>{}<string>{}</string><frame>{frame}</frame><displayformat>{format}</displayformat></timecode>",
        rate_tag(job.base.rate()),
        job.base.format(frame)
    )
}

/// One marker and a line end.
fn marker_tag(job: &Job<'_>, marker: &Placed) -> String {
    let out = marker.length_frames.map_or(-1, |length| marker.frame + length);
    let colour = marker
        .colour
        .ppro()
        .map(|ppro| format!("<pproColor>{ppro}</pproColor>"));
    format!(
        "<marker><name>{}</name><comment>{}</comment><in>{}</in><out>{out}</out>{}</marker>\n",
        escape(&marker.name(&job.options.review_prefix, "")),
        escape(&marker.note),
        marker.frame,
        colour.unwrap_or_default()
    )
}

/// The recording as the one clip of the track, from its first to its last frame.
fn clip_tag(job: &Job<'_>, clip: &ClipInfo, markers: &str) -> String {
    let rate = rate_tag(job.base.rate());
    let (name, frames) = (escape(clip.file_name()), job.total_frames);
    format!(
        "\n        <clipitem id=\"clipitem-1\"><name>{name}</name><enabled>TRUE</enabled><duration>{frames}</duration>{rate}<start>0</start><end>{frames}</end><in>0</in><out>{frames}</out>\n          {}\n{}        </clipitem>\n      ",
        file_tag(job, clip, "file-1"),
        indent(markers, 10),
    )
}

fn file_tag(job: &Job<'_>, clip: &ClipInfo, id: &str) -> String {
    let rate = rate_tag(job.base.rate());
    let audio = clip.audio.map(|audio| {
        format!(
            "<audio><samplecharacteristics><depth>16</depth><samplerate>{}</samplerate></samplecharacteristics><channelcount>{}</channelcount></audio>",
            audio.sample_rate, audio.channels
        )
    });
    format!(
        "<file id=\"{id}\"><name>{}</name><pathurl>{}</pathurl>{rate}<duration>{}</duration>{}<media><video><samplecharacteristics>{rate}<width>{}</width><height>{}</height><anamorphic>FALSE</anamorphic><pixelaspectratio>square</pixelaspectratio><fielddominance>none</fielddominance></samplecharacteristics></video>{}</media></file>",
        escape(clip.file_name()),
        premiere_url(&clip.path),
        job.base.rate().whole_frames_of(clip.frames, clip.rate),
        timecode_tag(job, job.clip_start_frame(clip)),
        clip.width,
        clip.height,
        audio.unwrap_or_default(),
    )
}

/// The new run beside the reference: one clip per piece of constant speed. `in` and `out` count in the retimed
/// time, as the format wants it: media frames divided by the speed.
fn retimed_track(job: &Job<'_>, clip: &ClipInfo) -> String {
    let rate = job.base.rate();
    let (rate_tag, name) = (rate_tag(rate), escape(clip.file_name()));
    let media_frames = rate.whole_frames_of(clip.frames, clip.rate);
    let mut text = String::from("\n      <track>\n");
    for (index, piece) in job.strands.iter().flat_map(|strand| pieces(strand)).enumerate() {
        let speed = piece.speed(rate);
        let retimed = |frames: f64| (frames / speed).round() as i64;
        let in_frame = retimed(piece.from.t_new_secs * rate.as_f64());
        let file = if index == 0 {
            file_tag(job, clip, "file-2")
        } else {
            "<file id=\"file-2\"/>".to_owned()
        };
        let _ = writeln!(
            text,
            "        <clipitem id=\"clipitem-{}\"><name>{name}</name><enabled>TRUE</enabled><duration>{}</duration>{rate_tag}<start>{}</start><end>{}</end><in>{in_frame}</in><out>{}</out>\n          {file}\n          <filter><effect><name>Time Remap</name><effectid>timeremap</effectid><effectcategory>motion</effectcategory><effecttype>motion</effecttype><mediatype>video</mediatype><parameter><parameterid>variablespeed</parameterid><name>variablespeed</name><valuemin>0</valuemin><valuemax>1</valuemax><value>0</value></parameter><parameter><parameterid>speed</parameterid><name>speed</name><valuemin>-100000</valuemin><valuemax>100000</valuemax><value>{:.6}</value></parameter><parameter><parameterid>reverse</parameterid><name>reverse</name><value>FALSE</value></parameter><parameter><parameterid>frameblending</parameterid><name>frameblending</name><value>FALSE</value></parameter></effect></filter>\n        </clipitem>",
            index + 2,
            retimed(media_frames as f64),
            piece.from.frame,
            piece.to.frame,
            in_frame + piece.frames(),
            speed * 100.0,
        );
    }
    text.push_str("      </track>");
    text
}

fn indent(lines: &str, blanks: usize) -> String {
    lines
        .lines()
        .map(|line| format!("{:blanks$}{line}\n", ""))
        .collect()
}
