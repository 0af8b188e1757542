//! `ffmetadata`: chapters for FFmpeg (docs/reference/exporters.md#ffmetadata), counted in frames.

use super::error::ExportError;
use super::job::{ExportJob, START_NAME, Written};

pub(super) fn write(job: &ExportJob<'_>) -> Result<Written, ExportError> {
    let rate = job.base.rate();
    let named = job.named_markers().map(|(name, marker)| (marker.frame, name));
    let mut chapters: Vec<(i64, String)> = named.collect();
    if chapters.first().is_some_and(|(frame, _)| *frame > 0) {
        chapters.insert(0, (0, START_NAME.to_owned()));
    }
    let starts = chapters.iter().skip(1).map(|(frame, _)| *frame);
    let ends = starts.chain([job.total_frames]);
    let mut text = String::from(";FFMETADATA1\n");
    for ((start, name), end) in chapters.iter().zip(ends) {
        text.push_str(&format!(
            "[CHAPTER]\nTIMEBASE={}/{}\nSTART={start}\nEND={end}\ntitle={}\n",
            rate.den(),
            rate.num(),
            escape(name)
        ));
    }
    Ok(Written {
        hint: Some("ffmpeg -i VIDEO -i FILE -map_metadata 1 -c copy OUT.mp4".to_owned()),
        ..job.written(text)
    })
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
