//! Chapter lists in text: FFmpeg metadata and video descriptions.

use super::found::{Imported, ImportedMarker, warn};
use crate::time::parse_time;

/// FFmpeg's default time base, in ticks a second.
const DEFAULT_TICKS_PER_SEC: f64 = 1e9;

/// A line `m:ss name` or `h:mm:ss name`.
fn youtube_line(line: &str) -> Option<(f64, &str)> {
    let (time, name) = line.trim().split_once(char::is_whitespace)?;
    let is_clock = time.contains(':') && time.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let secs = parse_time(time, None, false).ok().filter(|_| is_clock)?;
    Some((secs, name.trim()))
}

/// Whether the first line is a chapter.
pub(super) fn is_youtube(text: &str) -> bool {
    text.lines()
        .find(|line| !line.trim().is_empty())
        .is_some_and(|line| youtube_line(line).is_some())
}

/// Reads every line that is a chapter; a description has other lines, too.
pub(super) fn read_youtube(text: &str) -> Imported {
    let marker = |(t_ref_secs, name): (f64, &str)| ImportedMarker {
        t_ref_secs,
        name: name.to_owned(),
        ..ImportedMarker::default()
    };
    Imported {
        markers: text.lines().filter_map(youtube_line).map(marker).collect(),
        ..Imported::default()
    }
}

pub(super) fn read_ffmetadata(text: &str) -> Imported {
    let mut found = Imported::default();
    let mut chapter: Option<FfChapter> = None;
    for (line, number) in logical_lines(text) {
        if line.starts_with('[') {
            let done = chapter.take().and_then(FfChapter::into_marker);
            found.markers.extend(done);
            chapter = (line.trim() == "[CHAPTER]").then(FfChapter::default);
        } else if line.starts_with([';', '#']) || line.trim().is_empty() {
        } else if let Some(chapter) = &mut chapter
            && !chapter.set(&line)
        {
            warn(&mut found.warnings, format!("line {number} is not understood"));
        }
    }
    found.markers.extend(chapter.and_then(FfChapter::into_marker));
    found
}

struct FfChapter {
    ticks_per_sec: f64,
    start: Option<f64>,
    title: String,
}

impl Default for FfChapter {
    fn default() -> Self {
        Self {
            ticks_per_sec: DEFAULT_TICKS_PER_SEC,
            start: None,
            title: String::new(),
        }
    }
}

impl FfChapter {
    /// Takes a `key=value` line; false when it makes no sense.
    fn set(&mut self, line: &str) -> bool {
        let Some((key, value)) = split_assignment(line) else {
            return false;
        };
        match key.as_str() {
            "TIMEBASE" => {
                let Some((num, den)) = value.split_once('/') else {
                    return false;
                };
                let (num, den) = (num.trim().parse::<f64>(), den.trim().parse::<f64>());
                let (Ok(num), Ok(den)) = (num, den) else {
                    return false;
                };
                let ticks_per_sec = den / num;
                let is_sensible = ticks_per_sec.is_finite() && ticks_per_sec > 0.0;
                if is_sensible {
                    self.ticks_per_sec = ticks_per_sec;
                }
                is_sensible
            }
            "START" => {
                self.start = value.trim().parse::<i64>().ok().map(|ticks| ticks as f64);
                self.start.is_some()
            }
            "title" => {
                self.title = value;
                true
            }
            _ => true,
        }
    }

    fn into_marker(self) -> Option<ImportedMarker> {
        Some(ImportedMarker {
            t_ref_secs: self.start? / self.ticks_per_sec,
            name: self.title,
            ..ImportedMarker::default()
        })
    }
}

/// Lines with their number; a backslash at the end of a line carries the line end into the value.
fn logical_lines(text: &str) -> Vec<(String, usize)> {
    let mut lines: Vec<(String, usize)> = Vec::new();
    let mut is_continued = false;
    for (index, line) in text.lines().enumerate() {
        match lines.last_mut() {
            Some((last, _)) if is_continued => {
                last.push('\n');
                last.push_str(line);
            }
            Some(_) | None => lines.push((line.to_owned(), index + 1)),
        }
        let backslashes = line.chars().rev().take_while(|c| *c == '\\').count();
        is_continued = backslashes % 2 == 1;
    }
    lines
}

/// Splits at the first unescaped `=` and removes the escapes.
fn split_assignment(line: &str) -> Option<(String, String)> {
    let mut key = None;
    let mut part = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => part.extend(chars.next()),
            '=' if key.is_none() => key = Some(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    key.map(|key| (key, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_line_ends_and_time_bases_are_understood() {
        let text = ";FFMETADATA1\ntitle=film\n[CHAPTER]\nTIMEBASE=1001/30000\nSTART=300\nEND=5\ntitle=a\\=b\\;\\\\\\\nc\n\
            [CHAPTER]\nSTART=2000000000\ntitle=x\n[STREAM]\ntitle=no\n";
        let found = read_ffmetadata(text);
        let markers: Vec<_> = found
            .markers
            .iter()
            .map(|m| (m.t_ref_secs, m.name.as_str()))
            .collect();
        assert_eq!(markers, [(10.01, "a=b;\\\nc"), (2.0, "x")]);
    }

    #[test]
    fn descriptions_are_searched_for_chapters() {
        let found = read_youtube("0:00 Start\nsome text\n1:02:03 Far away\n12:5x no\n");
        let markers: Vec<_> = found
            .markers
            .iter()
            .map(|m| (m.t_ref_secs, m.name.as_str()))
            .collect();
        assert_eq!(markers, [(0.0, "Start"), (3723.0, "Far away")]);
    }
}
