//! `youtube`: chapters for a video description (docs/reference/exporters.md#youtube). YouTube ignores lists
//! that do not start at 0:00 or hold less than three chapters of at least ten seconds.

use super::clean::flat;
use super::error::ExportError;
use super::job::{ExportJob, START_NAME, Written};
use super::place::JOINT;

/// Shortest chapter, in seconds.
const MIN_CHAPTER_SECS: i64 = 10;
const MIN_CHAPTERS: usize = 3;
const MAX_NAME_CHARS: usize = 100;

struct VideoChapter {
    secs: i64,
    name: String,
}

impl VideoChapter {
    fn join(&mut self, name: &str) {
        self.name.push_str(JOINT);
        self.name.push_str(name);
    }
}

pub(super) fn write(job: &ExportJob<'_>) -> Result<Written, ExportError> {
    let (chapters, merged) = chapters(job);
    if chapters.len() < MIN_CHAPTERS {
        return Err(ExportError::TooFewChapters);
    }
    let line = |chapter: &VideoChapter| {
        let name: String = chapter.name.chars().take(MAX_NAME_CHARS).collect();
        format!("{} {}\n", clock(chapter.secs), name.trim_end())
    };
    Ok(Written {
        exported: job.table.markers.len() - merged,
        merged,
        ..job.written(chapters.iter().map(line).collect::<String>())
    })
}

/// The chapters, and how many markers were joined with an earlier one.
fn chapters(job: &ExportJob<'_>) -> (Vec<VideoChapter>, usize) {
    let end_secs = job.duration_secs;
    let mut markers: Vec<_> = job.table.markers.iter().collect();
    markers.sort_by(|a, b| a.t_secs.total_cmp(&b.t_secs));
    let mut chapters: Vec<VideoChapter> = Vec::new();
    let mut merged = 0;
    for (index, marker) in markers.iter().enumerate() {
        let secs = marker.t_secs.clamp(0.0, end_secs).floor() as i64;
        let name = flat(&marker.name.replace(['<', '>'], ""));
        let name = if name.is_empty() {
            format!("Marker {}", index + 1)
        } else {
            name
        };
        match chapters.last_mut() {
            None if secs < MIN_CHAPTER_SECS => chapters.push(VideoChapter { secs: 0, name }),
            None => {
                chapters.push(VideoChapter {
                    secs: 0,
                    name: START_NAME.to_owned(),
                });
                chapters.push(VideoChapter { secs, name });
            }
            Some(last) if secs < last.secs + MIN_CHAPTER_SECS => {
                last.join(&name);
                merged += 1;
            }
            Some(_) => chapters.push(VideoChapter { secs, name }),
        }
    }
    let is_last_short = chapters
        .last()
        .is_some_and(|last| end_secs < (last.secs + MIN_CHAPTER_SECS) as f64);
    if is_last_short
        && chapters.len() > 1
        && let Some(short) = chapters.pop()
        && let Some(last) = chapters.last_mut()
    {
        last.join(&short.name);
        merged += 1;
    }
    (chapters, merged)
}

fn clock(secs: i64) -> String {
    let (hours, minutes, seconds) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}
