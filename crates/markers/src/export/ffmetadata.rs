//! `ffmetadata`: chapters for FFmpeg (docs/reference/exporters.md#ffmetadata), counted in frames.

use super::error::ExportError;
use super::job::Job;
use super::{Exporter, Written};

const START_NAME: &str = "Start";

pub(super) struct Ffmetadata;

impl Exporter for Ffmetadata {
    fn write(&self, job: &Job<'_>) -> Result<Written, ExportError> {
        let rate = job.base.rate();
        let named = |(index, marker): (usize, &super::place::Placed)| {
            (marker.frame, job.numbered_name(index, marker))
        };
        let mut chapters: Vec<(i64, String)> = job.placement.markers.iter().enumerate().map(named).collect();
        if chapters.first().is_some_and(|(frame, _)| *frame > 0) {
            chapters.insert(0, (0, START_NAME.to_owned()));
        }
        let ends = chapters
            .iter()
            .skip(1)
            .map(|(frame, _)| *frame)
            .chain([job.total_frames]);
        let mut text = String::from(";FFMETADATA1\n");
        for ((start, name), end) in chapters.iter().zip(ends) {
            text.push_str(&format!(
                "[CHAPTER]\nTIMEBASE={}/{}\nSTART={start}\nEND={end}\ntitle={}\n",
                rate.den(),
                rate.num(),
                escape(name)
            ));
        }
        let hint = "ffmpeg -i VIDEO -i FILE -map_metadata 1 -c copy OUT.mp4";
        Ok(Written::one(text.into_bytes(), job.placement.markers.len()).with_hint(hint))
    }
}

fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for c in name.replace("\r\n", "\n").chars() {
        match c {
            '=' | ';' | '#' | '\\' | '\n' => escaped.extend(['\\', c]),
            c if c.is_control() && c != '\t' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
