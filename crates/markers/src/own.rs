//! Knows the files this crate makes by their content, so that outputs replace nothing else.

use mtbsync_formats::atomic::{Ends, Replaces};

use crate::export::Preset;

/// A table of carried-over markers, new_markers.csv.
pub const TABLE: Replaces = Replaces::own(|ends| ends.has_header("marker_id,name,t_ref,t_new_est,t_new,"));
/// Its twin as JSON.
pub const JSON: Replaces = Replaces::own(is_json);
/// A table of imported markers.
pub const IMPORTED: Replaces =
    Replaces::own(|ends| ends.has_header("marker_id,name,t_ref,t_ref_end,colour,comment,source"));

/// An editor file of that preset as this program writes it: a timeline of the editor itself is none.
pub fn editor_file(preset: Preset) -> Replaces {
    Replaces::own(match preset {
        Preset::ResolveEdl => |ends| is_edl_of_markers(ends, |line| line.starts_with(" |C:")),
        Preset::Edl => |ends| is_edl_of_markers(ends, |line| line.starts_with("* LOC:")),
        Preset::Fcpxml => |ends| ends.head_holds("<fcpxml") && ends.head_holds("<event name=\"mtbsync\">"),
        Preset::Premiere => |ends| ends.head_holds("<xmeml version=\"4\">\n  <sequence id=\"sequence-1\">\n"),
        Preset::PremiereCsv => |ends| ends.has_header("\u{feff}Marker Name\tDescription\tIn\tOut\t"),
        Preset::Avid => |ends| lines(ends).all(|line| line.starts_with("mtbsync\t")),
        Preset::Otio => |ends| ends.has_keys(&["OTIO_SCHEMA"]) && ends.head_holds("\"mtbsync\""),
        Preset::Youtube => {
            |ends| lines(ends).all(|line| line.starts_with(|first: char| first.is_ascii_digit()))
        }
        Preset::Ffmetadata => {
            |ends| ends.has_header(";FFMETADATA1\n[CHAPTER]\n") || ends.head == b";FFMETADATA1\n"
        }
        Preset::Csv => |ends| lines(ends).next().is_some_and(|header| header.contains(",t_new")),
        Preset::Json => is_json,
    })
}

/// Markers with an id or a moment in the new run: those that a person writes for the reference have neither.
fn is_json(ends: &Ends) -> bool {
    let is_of_ours = ["\"t_new\"", "\"marker_id\"", "\"markers\": []"];
    ends.has_keys(&["markers"]) && is_of_ours.iter().any(|text| ends.head_holds(text))
}

/// A list of events each of which is a marker: in a timeline most are clips.
fn is_edl_of_markers(ends: &Ends, is_marker: impl Fn(&str) -> bool) -> bool {
    let text = String::from_utf8_lossy(&ends.head);
    let is_event = |line: &&str| line.starts_with(|first: char| first.is_ascii_digit());
    let events = text.lines().filter(is_event).count();
    let markers = text.lines().filter(|line| is_marker(line)).count();
    // The last event of a long list may be cut between its lines.
    text.starts_with("TITLE:") && events.abs_diff(markers) <= usize::from(ends.head.len() >= 60_000)
}

/// Lines that are not empty; the last may be cut.
fn lines(ends: &Ends) -> impl Iterator<Item = String> {
    let text = String::from_utf8_lossy(&ends.head).into_owned();
    let lines: Vec<String> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(str::to_owned)
        .collect();
    lines.into_iter()
}
