//! `premiere`: a Final Cut Pro 7 XML (xmeml 4) sequence with markers, the only file route for markers into
//! Premiere (editors.md section 4.4).

use std::fmt::Write;

use super::error::ExportError;
use super::job::Job;
use super::options::ClipInfo;
use super::place::Placed;
use super::xml::{escape, premiere_url};
use super::{Exporter, Written};
use crate::time::{Counting, Rate};

/// Frame size of the sequence when no recording is known.
const DEFAULT_SIZE: (u32, u32) = (1920, 1080);

pub(super) struct Premiere;

impl Exporter for Premiere {
    fn write(&self, job: &Job<'_>) -> Result<Written, ExportError> {
        let rate = rate_tag(job.base.rate());
        let clip = job.options.clip.as_ref();
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
            "    <name>{}</name><duration>{}</duration>\n    {rate}\n    {}\n    <media><video>\n      <format><samplecharacteristics>{rate}<width>{width}</width><height>{height}</height><anamorphic>FALSE</anamorphic><pixelaspectratio>square</pixelaspectratio><fielddominance>none</fielddominance></samplecharacteristics></format>\n      <track>{}</track>\n    </video></media>\n{}",
            escape(job.label()),
            job.total_frames,
            timecode_tag(job, job.start_frame),
            clip.map(|clip| clip_tag(job, clip, &markers)).unwrap_or_default(),
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
    let audio = clip.audio.map(|audio| {
        format!(
            "<audio><samplecharacteristics><depth>16</depth><samplerate>{}</samplerate></samplecharacteristics><channelcount>{}</channelcount></audio>",
            audio.sample_rate, audio.channels
        )
    });
    format!(
        "\n        <clipitem id=\"clipitem-1\"><name>{name}</name><enabled>TRUE</enabled><duration>{frames}</duration>{rate}<start>0</start><end>{frames}</end><in>0</in><out>{frames}</out>\n          <file id=\"file-1\"><name>{name}</name><pathurl>{}</pathurl>{rate}<duration>{frames}</duration>{}<media><video><samplecharacteristics>{rate}<width>{}</width><height>{}</height><anamorphic>FALSE</anamorphic><pixelaspectratio>square</pixelaspectratio><fielddominance>none</fielddominance></samplecharacteristics></video>{}</media></file>\n{}        </clipitem>\n      ",
        premiere_url(&clip.path),
        timecode_tag(job, job.clip_start_frame()),
        clip.width,
        clip.height,
        audio.unwrap_or_default(),
        indent(markers, 10),
    )
}

fn indent(lines: &str, blanks: usize) -> String {
    lines
        .lines()
        .map(|line| format!("{:blanks$}{line}\n", ""))
        .collect()
}
