//! Pairs given by a person: a CSV with `t_new,t_ref` and optionally `note`.

use std::path::Path;

use mtbsync_align::fit::{Anchor, sort_anchors};
use mtbsync_formats::csv::{MAX_CSV_BYTES, Table};
use mtbsync_formats::read_bounded;
use mtbsync_task::error::PipelineError;

use crate::error::ArtefactProblem;

/// Read and check anchors; sorted by new time.
pub fn read_anchors(path: &Path) -> Result<Vec<Anchor>, PipelineError> {
    let bytes = read_bounded(path, MAX_CSV_BYTES)?;
    parse(&bytes).map_err(|error| error.at(path))
}

fn parse(bytes: &[u8]) -> Result<Vec<Anchor>, PipelineError> {
    let table = Table::parse(bytes, &["t_new", "t_ref", "note"])?;
    let hint = "anchors need the columns t_new,t_ref";
    let needed = |column| {
        let found = table.column(&[column]);
        found.ok_or(ArtefactProblem::ColumnMissing { column, hint })
    };
    let (new_column, ref_column) = (needed("t_new")?, needed("t_ref")?);
    let mut anchors = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        anchors.push(Anchor {
            t_new_secs: table.required_number(row, new_column)?,
            t_ref_secs: table.required_number(row, ref_column)?,
        });
    }
    sort_anchors(&anchors).map_err(|source| {
        let line = |k: usize| table.rows.get(k).map_or(0, |r| r.line);
        let lines = [line(source.first), line(source.second)];
        ArtefactProblem::Contradictory { lines, source }.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Anchor>, PipelineError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("anchors.csv");
        std::fs::write(&path, text).unwrap();
        read_anchors(&path)
    }

    #[test]
    fn anchors_come_sorted() {
        let anchors = read("t_new;t_ref;note\n9,5;8\n1;1,25;start\n").unwrap();
        assert_eq!(
            anchors[0],
            Anchor {
                t_new_secs: 1.0,
                t_ref_secs: 1.25
            }
        );
        assert_eq!(anchors.len(), 2);
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
