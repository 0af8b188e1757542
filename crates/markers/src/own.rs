//! Knows the files this crate makes by their content, so that outputs replace nothing else.

use mtbsync_formats::atomic::{Ends, Replaces};

use crate::export::Preset;

const TABLE_HEADER: &str = "marker_id,name,t_ref,t_new_est,t_new,";
const IMPORTED_HEADER: &str = "marker_id,name,t_ref,t_ref_end,colour,comment,source";

/// A table of carried-over markers, new_markers.csv.
pub const TABLE: Replaces = Replaces::own(|ends| ends.has_header(TABLE_HEADER));
/// Its twin as JSON.
pub const JSON: Replaces = Replaces::own(is_json);
/// A table of imported markers.
pub const IMPORTED: Replaces = Replaces::own(|ends| ends.has_header(IMPORTED_HEADER));

/// An editor file of that preset as this program writes it: a timeline of the editor itself is none. For what
/// nobody can tell from what a person wrote see [`unmarked`].
pub fn editor_file(preset: Preset) -> Replaces {
    Replaces::own(match preset {
        Preset::ResolveEdl => {
            |ends| is_edl_of_markers(ends, |line| line.contains(" |C:") && line.contains(" |M:"))
        }
        Preset::Edl => |ends| is_edl_of_markers(ends, |line| line.starts_with("* LOC:")),
        Preset::Fcpxml => |ends| ends.head_holds("<fcpxml") && ends.head_holds("<event name=\"mtbsync\">"),
        Preset::Premiere => |ends| ends.head_holds("<xmeml version=\"4\">\n  <sequence id=\"sequence-1\">\n"),
        Preset::PremiereCsv => |ends| ends.has_header("\u{feff}Marker Name\tDescription\tIn\tOut\t"),
        Preset::Avid => |ends| lines(ends).all(|line| line.starts_with("mtbsync\t")),
        Preset::Otio => |ends| ends.has_keys(&["OTIO_SCHEMA"]) && ends.head_holds("\"mtbsync\""),
        Preset::Youtube => return Replaces::NOTHING,
        Preset::Ffmetadata => {
            |ends| ends.has_header(";FFMETADATA1\n[CHAPTER]\n") || ends.head == b";FFMETADATA1\n"
        }
        Preset::Csv => |ends| ends.has_header(TABLE_HEADER) || ends.has_header(IMPORTED_HEADER),
        Preset::Json => is_json,
    })
}

/// Files of that preset that look the same whoever wrote them: chapters for YouTube, and markers with columns
/// of a person. Only the list of a run says whose they are.
pub fn unmarked(preset: Preset) -> Replaces {
    match preset {
        Preset::Youtube => Replaces::own(|ends| {
            lines(ends).all(|line| line.starts_with(|first: char| first.is_ascii_digit()))
        }),
        // Pairs begin with that column.
        Preset::Csv => {
            Replaces::own(|ends| lines(ends).next().is_some_and(|header| header.contains(",t_new")))
        }
        Preset::Json => Replaces::own(|ends| ends.has_keys(&["label", "markers"])),
        _ => Replaces::NOTHING,
    }
}

/// Markers with an id or a moment in the new run: those that a person writes for the reference have neither.
fn is_json(ends: &Ends) -> bool {
    let is_of_ours = ["\"t_new\"", "\"marker_id\"", "\"markers\": []"];
    ends.has_keys(&["markers"]) && is_of_ours.iter().any(|text| ends.head_holds(text))
}

/// A list of events each of which is a marker: in a timeline most are clips.
fn is_edl_of_markers(ends: &Ends, is_marker: impl Fn(&str) -> bool) -> bool {
    let text = String::from_utf8_lossy(&ends.head);
    // A comment stands before what tells a marker, and may begin as an event does.
    let is_event = |line: &&str| match line.as_bytes() {
        [a, b, c, b' ', b' ', ..] => [a, b, c].into_iter().all(u8::is_ascii_digit) && !is_marker(line),
        _ => false,
    };
    let events = text.lines().filter(is_event).count();
    let markers = text.lines().filter(|line| is_marker(line)).count();
    // The last event of a long list may be cut between its lines.
    text.starts_with("TITLE:") && events.abs_diff(markers) <= usize::from(is_cut(ends))
}

/// Lines that are not empty; where only the beginning was read, without the last, which may be cut.
fn lines(ends: &Ends) -> impl Iterator<Item = String> {
    let text = String::from_utf8_lossy(&ends.head).into_owned();
    let whole = if is_cut(ends) {
        text.rfind('\n').map_or(0, |end| end + 1)
    } else {
        text.len()
    };
    let lines: Vec<String> = text[..whole]
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(str::to_owned)
        .collect();
    lines.into_iter()
}

/// Whether the file may be longer than what was read of it, 64 KiB.
fn is_cut(ends: &Ends) -> bool {
    ends.head.len() >= 60_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_cut_is_not_looked_at() {
        let line = "mtbsync\t01:00:10:00\tV1\tgreen\tRoots\r\n";
        for length in 65_496..65_536 {
            let head = line.bytes().cycle().take(length).collect();
            let ends = Ends {
                head,
                ..Ends::default()
            };
            assert!(lines(&ends).all(|found| found == line.trim_end()), "{length}");
        }
        let head = b"mtbsync\t1\r\nby hand".to_vec();
        let short = Ends {
            head,
            ..Ends::default()
        };
        assert_eq!(lines(&short).last().as_deref(), Some("by hand"));
    }
}
