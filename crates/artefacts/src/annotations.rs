//! `annotations.json`: what a person wrote about markers of a run, and where they really are
//! (docs/reference/files.md#annotationsjson).
//!
//! A moment a person has set is worth more than any estimate: it survives each new fit of the map.

use std::collections::BTreeMap;
use std::path::Path;

use mtbsync_formats::csv::{CsvWriter, seconds6, spreadsheet_safe};
use mtbsync_formats::{LONGEST_SECS, is_moment, json, read_bounded};
use mtbsync_task::error::PipelineError;
pub use mtbsync_task::files::ANNOTATIONS_FILE;
use mtbsync_task::files::exists;
use serde::{Deserialize, Serialize};

use crate::error::ArtefactProblem;
use crate::moments::Moment;
use crate::time_warp::TimeWarpFile;

/// Label of a marker that a person found right as it is.
pub const CONFIRMED: &str = "confirmed";
/// Most bytes read: 5000 notes of full length.
pub(crate) const MAX_BYTES: u64 = 32 << 20;
/// Reference times closer than this belong to the same marker, seconds; files keep six decimals.
const SAME_TIME_SECS: f64 = 1e-3;

/// One note. Times are seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Annotation {
    /// The marker it is about; `None` for a free note.
    pub marker_id: Option<String>,
    /// Place of the marker in the reference.
    pub t_ref: Option<f64>,
    /// The moment in the new run, as the person sees it.
    pub t_new: Option<f64>,
    /// `t_new` minus the moment the map predicts.
    pub delta_sec: Option<f64>,
    /// A word.
    pub label: String,
    /// A text.
    pub note: String,
    /// UTC, RFC 3339.
    pub created_at: String,
    /// UTC, RFC 3339.
    pub updated_at: String,
}

/// Reads the notes in a run folder; none without the file.
///
/// # Errors
/// Not readable, or not an array of notes.
pub fn read(folder: &Path) -> Result<Vec<Annotation>, PipelineError> {
    let path = folder.join(ANNOTATIONS_FILE);
    if !exists(&path)? {
        return Ok(Vec::new());
    }
    let bytes = read_bounded(&path, MAX_BYTES)?;
    parse(&bytes).map_err(|error| error.at(&path))
}

/// Reads the content of annotations.json.
///
/// # Errors
/// Not an array of notes, or times no recording has.
pub fn parse(bytes: &[u8]) -> Result<Vec<Annotation>, PipelineError> {
    let notes: Vec<Annotation> = json::from_slice(bytes).map_err(ArtefactProblem::NotAnnotations)?;
    for (k, note) in notes.iter().enumerate() {
        let times = [
            ("t_ref", note.t_ref),
            ("t_new", note.t_new),
            ("delta_sec", note.delta_sec),
        ];
        for (name, secs) in times {
            if let Some(secs) = secs.filter(|secs| !is_moment(*secs)) {
                let field = format!("[{k}].{name}");
                return Err(ArtefactProblem::TooFar { field, secs }.into());
            }
        }
    }
    Ok(notes)
}

/// The bytes of annotations.json.
///
/// # Errors
/// None in practice: every note has a JSON form.
pub fn to_json(annotations: &[Annotation]) -> Result<Vec<u8>, PipelineError> {
    json::to_vec(annotations).map_err(|error| ArtefactProblem::NoJson(error).into())
}

/// The notes as a table for spreadsheets.
pub fn to_csv(annotations: &[Annotation]) -> Vec<u8> {
    let mut csv = CsvWriter::new(&[
        "marker_id",
        "t_ref",
        "t_new",
        "delta_sec",
        "label",
        "note",
        "created_at",
    ]);
    let secs = |secs: Option<f64>| secs.map(seconds6).unwrap_or_default();
    for one in annotations {
        let text = |text: &str| spreadsheet_safe(text).into_owned();
        csv.row(&[
            text(one.marker_id.as_deref().unwrap_or_default()),
            secs(one.t_ref),
            secs(one.t_new),
            secs(one.delta_sec),
            text(&one.label),
            text(&one.note),
            text(&one.created_at),
        ]);
    }
    csv.into_bytes()
}

impl Annotation {
    /// Whether it is about the marker of that id at that place. The place decides where the note has one: ids
    /// may repeat, and change with the rows of a table that has none. What is at one place of the trail is at
    /// one moment of a run.
    pub fn is_about(&self, id: &str, t_ref_secs: f64) -> bool {
        match (&self.marker_id, self.t_ref) {
            (None, _) => false,
            (Some(_), Some(t_ref)) => (t_ref - t_ref_secs).abs() < SAME_TIME_SECS,
            (Some(known), None) => known == id,
        }
    }

    /// Whether a person found the marker right as it is.
    pub fn is_confirmed(&self) -> bool {
        self.label == CONFIRMED
    }

    /// Whether it is the note `other` in another state: of the same marker, or a free one made at the same
    /// time.
    fn is_same_note(&self, other: &Self) -> bool {
        let near = self
            .t_ref
            .zip(other.t_ref)
            .is_none_or(|(a, b)| (a - b).abs() < SAME_TIME_SECS);
        self.marker_id == other.marker_id
            && if self.marker_id.is_some() {
                near
            } else {
                self.created_at == other.created_at && !self.created_at.is_empty()
            }
    }

    fn says_the_same(&self, other: &Self) -> bool {
        (self.t_ref, self.t_new, &self.label, &self.note)
            == (other.t_ref, other.t_new, &other.label, &other.note)
    }
}

/// Completes notes a page has sent: times of creation and change, the difference to the map's prediction, and
/// for a confirmed marker the moment it has now. `before` are the notes so far, `moments` the markers of the
/// run.
pub fn complete(
    notes: &mut [Annotation],
    before: &[Annotation],
    moments: &[Moment],
    map: Option<&TimeWarpFile>,
    now_utc: &str,
) {
    let warp = map.and_then(TimeWarpFile::warp);
    let new_secs = map.map_or(f64::INFINITY, TimeWarpFile::new_duration_secs);
    for note in notes {
        let is_its = |moment: &&Moment| {
            moment
                .t_ref_secs
                .is_some_and(|t_ref| note.is_about(&moment.id, t_ref))
        };
        let marker = moments.iter().find(is_its);
        if note.t_new.is_none() && note.is_confirmed() {
            note.t_new = marker.and_then(|moment| moment.t_new_secs);
        }
        let t_ref = note.t_ref.or_else(|| marker.and_then(|moment| moment.t_ref_secs));
        note.t_ref = t_ref;
        let place = |t_ref| Some(warp.as_ref()?.locate(t_ref, new_secs)?.t_new_secs);
        // Of a marker a person has set, the table tells what they set; the map tells what was predicted.
        let predicted = match (&warp, t_ref) {
            (Some(_), Some(t_ref)) => place(t_ref),
            _ => marker.and_then(|moment| moment.t_new_secs),
        };
        note.delta_sec = note
            .t_new
            .zip(predicted)
            .map(|(actual, predicted)| actual - predicted);
        let known = before.iter().find(|old| old.is_same_note(note));
        let created = known
            .map(|old| old.created_at.as_str())
            .filter(|text| !text.is_empty());
        note.created_at = created.unwrap_or(now_utc).to_owned();
        note.updated_at = match known {
            Some(old) if old.says_the_same(note) => old.updated_at.clone(),
            _ => now_utc.to_owned(),
        };
    }
}

/// The moments a person has set, found by marker without a look at every note.
pub struct SetMoments<'a> {
    notes: &'a [Annotation],
    /// Notes with a place, by it.
    placed: Vec<(f64, usize)>,
    /// Notes without one, by the id of their marker.
    named: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> SetMoments<'a> {
    /// Those of `notes`.
    pub fn of(notes: &'a [Annotation]) -> Self {
        let (mut placed, mut named) = (Vec::new(), BTreeMap::<_, Vec<usize>>::new());
        for (index, note) in notes.iter().enumerate() {
            match (note.marker_id.as_deref(), note.t_ref) {
                (None, _) => {}
                (Some(_), Some(t_ref)) => placed.push((t_ref, index)),
                (Some(id), None) => named.entry(id).or_default().push(index),
            }
        }
        placed.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { notes, placed, named }
    }

    /// The moment of the marker of that id and place, seconds of the new run.
    pub fn of_marker(&self, id: &str, t_ref_secs: f64) -> Option<f64> {
        if self.notes.is_empty() {
            return None;
        }
        let from = self
            .placed
            .partition_point(|(t_ref, _)| *t_ref < t_ref_secs - SAME_TIME_SECS);
        let near = self.placed[from..]
            .iter()
            .take_while(|(t_ref, _)| *t_ref <= t_ref_secs + SAME_TIME_SECS);
        let named = self.named.get(id).into_iter().flatten().copied();
        let mut indices: Vec<usize> = near.map(|(_, index)| *index).chain(named).collect();
        indices.sort_unstable();
        let about = || {
            let notes = indices.iter().map(|&index| &self.notes[index]);
            notes.filter(|note| note.is_about(id, t_ref_secs))
        };
        let moment = |note: &Annotation| note.t_new.filter(|secs| (0.0..=LONGEST_SECS).contains(secs));
        let of_that_id = about().filter(|note| note.marker_id.as_deref() == Some(id));
        of_that_id.chain(about()).find_map(moment)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use mtbsync_formats::atomic::FileSet;

    use super::*;
    use crate::anchors::ANCHORS_FILE;
    use crate::{edits, moments};

    pub(crate) const TABLE: &str = "marker_id,name,t_ref,t_new_est,t_new,t_new_low,t_new_high,confidence,needs_review,status,t_new_end\n\
        a,A,1.000000,2.000000,2.000000,1.900000,2.100000,0.9000,false,ok,2.500000\n\
        b,B,2.000000,,,,,0.0000,true,outside,\n\
        b,other B,9.000000,9.500000,9.500000,9.400000,9.600000,0.4000,true,review,\n";

    pub(crate) fn about(id: &str, t_new: Option<f64>, label: &str) -> Annotation {
        Annotation {
            marker_id: Some(id.to_owned()),
            t_new,
            label: label.to_owned(),
            ..Annotation::default()
        }
    }

    #[test]
    fn the_place_decides_and_the_id_where_there_is_none() {
        let placed = Annotation {
            t_ref: Some(9.0),
            ..about("1", Some(4.0), "")
        };
        let notes = [placed, about("7", Some(5.0), "")];
        let of = |id, t_ref| SetMoments::of(&notes).of_marker(id, t_ref);
        assert_eq!(
            (of("2", 9.0), of("1", 8.0), of("7", 8.0)),
            (Some(4.0), None, Some(5.0))
        );
        let named = Annotation {
            t_ref: Some(9.0),
            ..about("2", Some(6.0), "")
        };
        let both = [notes[0].clone(), named];
        assert_eq!(SetMoments::of(&both).of_marker("2", 9.0), Some(6.0));
        let odd = [about("1", Some(1e15), ""), about("2", Some(-1.0), "")];
        assert_eq!(
            ["1", "2"].map(|id| SetMoments::of(&odd).of_marker(id, 0.0)),
            [None, None]
        );
    }

    #[test]
    fn the_map_tells_the_difference_and_confirmed_markers_get_their_moment() {
        let map: TimeWarpFile =
            serde_json::from_str(r#"{"model":"affine","params":{"a":1.0,"b":-1.0},"new":{"duration":60}}"#)
                .unwrap();
        let moments = moments::parse(TABLE.as_bytes()).unwrap();
        let mut notes = [
            about("a", Some(2.25), ""),
            about("a", None, CONFIRMED),
            about("z", Some(1.0), ""),
        ];
        complete(&mut notes, &[], &moments, Some(&map), "now");
        assert!((notes[0].delta_sec.unwrap() - 0.25).abs() < 1e-9, "{notes:?}");
        assert_eq!((notes[1].t_new, notes[2].delta_sec), (Some(2.0), None));
    }

    #[test]
    fn creation_stays_and_changes_are_dated() {
        let mut before = [about("a", Some(1.0), "x")];
        complete(&mut before, &[], &[], None, "first");
        let mut same = [about("a", Some(1.0), "x")];
        complete(&mut same, &before, &[], None, "later");
        assert_eq!(
            (same[0].created_at.as_str(), same[0].updated_at.as_str()),
            ("first", "first")
        );
        let mut other = [about("a", Some(1.5), "x")];
        complete(&mut other, &before, &[], None, "later");
        assert_eq!(
            (other[0].created_at.as_str(), other[0].updated_at.as_str()),
            ("first", "later")
        );
    }

    #[cfg(unix)]
    #[test]
    fn notes_the_disk_cannot_tell_of_are_not_absent() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), []);
        let path = folder.path().join(ANNOTATIONS_FILE);
        // A link to itself: there is something, and neither its kind nor its content can be had.
        std::os::unix::fs::symlink(&path, &path).unwrap();
        assert!(read(folder.path()).is_err());
        let trail = folder.path().join(crate::trail_file::TRAIL_FILE);
        std::os::unix::fs::symlink(&trail, &trail).unwrap();
        assert!(crate::trail_file::TrailFile::read(folder.path()).is_err());
        let (mut set, anchors) = (FileSet::new(), folder.path().join(ANCHORS_FILE));
        std::os::unix::fs::symlink(&anchors, &anchors).unwrap();
        assert!(edits::put_aside(folder.path(), &[ANCHORS_FILE], &mut set).is_err());
    }

    #[test]
    fn tables_defuse_formulas_and_files_come_back() {
        let notes = [about("=1+1", Some(1.5), "a,b")];
        let csv = String::from_utf8(to_csv(&notes)).unwrap();
        assert!(csv.ends_with("\n'=1+1,,1.500000,,\"a,b\",,\n"), "{csv}");
        assert_eq!(parse(&to_json(&notes).unwrap()).unwrap(), notes);
        assert!(parse(b"{}").is_err());
        let far = parse(br#"[{"t_new":1},{"t_ref":2,"t_new":1e15}]"#)
            .unwrap_err()
            .what();
        assert!(far.contains("([1].t_new)") && far.contains("1e15 s"), "{far}");
    }
}
