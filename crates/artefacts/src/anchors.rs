//! `anchors.csv`: pairs given by a person, `t_new,t_ref` and optionally `note`
//! (docs/reference/files.md#anchorscsv).

use std::path::Path;

use mtbsync_align::fit::{Anchor, ContradictoryAnchors, sort_anchors};
use mtbsync_formats::csv::{CsvWriter, MAX_CSV_BYTES, Table, seconds6, spreadsheet_safe};
use mtbsync_formats::read_bounded;
use mtbsync_task::error::PipelineError;
pub use mtbsync_task::files::ANCHORS_FILE;
use serde::{Deserialize, Serialize};

use crate::error::ArtefactProblem;

/// Anchors nearer to each other than this are about the same moment, seconds of either clock: a step of the
/// sequence model, below which no person pins two places.
const SAME_MOMENT_SECS: f64 = 0.25;

/// An anchor with what the person wrote about it; seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnchorRow {
    /// Moment of the new run.
    pub t_new: f64,
    /// The same place in the reference.
    pub t_ref: f64,
    /// Free text.
    #[serde(default)]
    pub note: String,
}

impl AnchorRow {
    /// What the fit needs of it.
    pub fn anchor(&self) -> Anchor {
        Anchor {
            t_new_secs: self.t_new,
            t_ref_secs: self.t_ref,
        }
    }

    /// Whether no forward ride meets both, or both speak of the same moment.
    fn excludes(&self, other: &Self) -> bool {
        let (new, reference) = (self.t_new - other.t_new, self.t_ref - other.t_ref);
        new.abs() < SAME_MOMENT_SECS
            || reference.abs() < SAME_MOMENT_SECS
            || new.signum() != reference.signum()
    }
}

/// Reads a table of anchors, as written.
///
/// # Errors
/// Not readable, not a table with the columns `t_new,t_ref`, or a cell that is no time.
pub fn read_rows(path: &Path) -> Result<Vec<AnchorRow>, PipelineError> {
    let bytes = read_bounded(path, MAX_CSV_BYTES)?;
    rows_of(&bytes)
        .map(|(rows, _)| rows)
        .map_err(|error| error.at(path))
}

/// Reads a table of anchors and checks it; sorted by new time.
///
/// # Errors
/// As [`read_rows`], and two anchors that no forward ride can both meet.
pub fn read_anchors(path: &Path) -> Result<Vec<AnchorRow>, PipelineError> {
    let bytes = read_bounded(path, MAX_CSV_BYTES)?;
    checked(&bytes).map_err(|error| error.at(path))
}

fn checked(bytes: &[u8]) -> Result<Vec<AnchorRow>, PipelineError> {
    let (rows, lines) = rows_of(bytes)?;
    sorted_rows(&rows).map_err(|source| {
        let line = |k: usize| lines.get(k).copied().unwrap_or(0);
        let lines = [line(source.first), line(source.second)];
        ArtefactProblem::Contradictory { lines, source }.into()
    })
}

/// The rows of a table and the line of each.
fn rows_of(bytes: &[u8]) -> Result<(Vec<AnchorRow>, Vec<usize>), PipelineError> {
    let table = Table::parse(bytes, &["t_new", "t_ref", "note"])?;
    let hint = "anchors need the columns t_new,t_ref";
    let needed = |column| {
        let found = table.column(&[column]);
        found.ok_or(ArtefactProblem::ColumnMissing { column, hint })
    };
    let (new_column, ref_column) = (needed("t_new")?, needed("t_ref")?);
    let note = table.column(&["note"]);
    let mut rows = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        rows.push(AnchorRow {
            t_new: table.required_moment(row, new_column)?,
            t_ref: table.required_moment(row, ref_column)?,
            note: note.map(|column| row.text(column).to_owned()).unwrap_or_default(),
        });
    }
    Ok((rows, table.rows.iter().map(|row| row.line).collect()))
}

/// The bytes of anchors.csv.
pub fn rows_csv(rows: &[AnchorRow]) -> Vec<u8> {
    let mut csv = CsvWriter::new(&["t_new", "t_ref", "note"]);
    for row in rows {
        let note = spreadsheet_safe(&row.note).into_owned();
        csv.row(&[seconds6(row.t_new), seconds6(row.t_ref), note]);
    }
    csv.into_bytes()
}

/// The rows in order of the new run.
///
/// # Errors
/// Two of them that no forward ride can both meet; indices into `rows`.
pub fn sorted_rows(rows: &[AnchorRow]) -> Result<Vec<AnchorRow>, ContradictoryAnchors> {
    sort_anchors(&rows.iter().map(AnchorRow::anchor).collect::<Vec<_>>())?;
    let mut sorted = rows.to_vec();
    sorted.sort_by(|a, b| a.t_new.total_cmp(&b.t_new));
    Ok(sorted)
}

/// `given` and those of `earlier` that can be met beside them, in order, and how many others could not.
pub fn joined(given: &[AnchorRow], earlier: &[AnchorRow]) -> (Vec<AnchorRow>, usize) {
    let stays = |old: &&AnchorRow| !given.iter().any(|new| new.excludes(old));
    let mut all: Vec<AnchorRow> = earlier.iter().filter(stays).cloned().collect();
    let is_given = |old: &&AnchorRow| given.iter().any(|new| new.anchor() == old.anchor());
    let replaced = earlier.len() - all.len() - earlier.iter().filter(is_given).count();
    all.extend(given.iter().map(|new| {
        let known = earlier.iter().find(|old| old.anchor() == new.anchor());
        match known {
            Some(old) if new.note.is_empty() => old.clone(),
            _ => new.clone(),
        }
    }));
    all.sort_by(|a, b| a.t_new.total_cmp(&b.t_new));
    (all, replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<AnchorRow>, PipelineError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("anchors.csv");
        std::fs::write(&path, text).unwrap();
        read_anchors(&path)
    }

    fn row(t_new: f64, t_ref: f64, note: &str) -> AnchorRow {
        AnchorRow {
            t_new,
            t_ref,
            note: note.to_owned(),
        }
    }

    #[test]
    fn anchors_come_sorted() {
        let anchors = read("t_new;t_ref;note\n9,5;8\n1;1,25;start\n").unwrap();
        assert_eq!(anchors, [row(1.0, 1.25, "start"), row(9.5, 8.0, "")]);
        let again = read(&String::from_utf8(rows_csv(&anchors)).unwrap()).unwrap();
        assert_eq!(again, anchors);
    }

    #[test]
    fn a_given_anchor_takes_the_place_of_what_it_excludes() {
        let earlier = [
            row(1.0, 1.0, "kept"),
            row(5.0, 5.0, "same moment"),
            row(9.0, 9.0, "behind"),
        ];
        let (all, replaced) = joined(&[row(5.1, 6.0, ""), row(8.0, 9.5, "")], &earlier);
        assert_eq!(replaced, 2);
        assert_eq!(all, [row(1.0, 1.0, "kept"), row(5.1, 6.0, ""), row(8.0, 9.5, "")]);
        assert_eq!(joined(&[], &earlier), (earlier.to_vec(), 0));
        let without_notes = earlier.clone().map(|old| row(old.t_new, old.t_ref, ""));
        assert_eq!(joined(&without_notes, &earlier), (earlier.to_vec(), 0));
    }

    #[test]
    fn contradictions_name_both_lines() {
        let error = read("t_new,t_ref\n1,1\n# a note\n2,5\n3,4\n").unwrap_err();
        assert!(error.what().contains("lines 4 and 5"), "{error}");
        assert!(error.hint().is_some());
    }

    #[test]
    fn columns_and_numbers_are_needed() {
        assert!(
            read("t_new,when\n1,1\n")
                .unwrap_err()
                .what()
                .contains("t_ref missing")
        );
        assert!(
            read("t_new,t_ref\n1,soon\n")
                .unwrap_err()
                .what()
                .contains("line 2")
        );
    }
}
