//! The moments at which a table of markers (new_markers.csv) says its markers are.

use std::path::Path;

use mtbsync_formats::csv::{MAX_CSV_BYTES, Table};
use mtbsync_formats::read_bounded;
use mtbsync_task::error::PipelineError;

use crate::run_set;

/// Times nearer than this are the same, seconds; files keep six decimals.
const SAME_SECS: f64 = 1e-6;
/// Columns of the table, one of which its header holds.
const COLUMNS: [&str; 4] = ["marker_id", "t_ref", "t_new", "status"];

/// One marker of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Its id.
    pub id: String,
    /// Its place in the reference, seconds.
    pub t_ref_secs: Option<f64>,
    /// Its moment in the new run, seconds; `None` without a counterpart.
    pub t_new_secs: Option<f64>,
    /// `ok`, `review` or `outside`.
    pub status: String,
}

impl Moment {
    /// Same moment and status.
    fn is_same(&self, other: &Self) -> bool {
        let is_near = match (self.t_new_secs, other.t_new_secs) {
            (Some(a), Some(b)) => (a - b).abs() < SAME_SECS,
            (a, b) => a.is_none() && b.is_none(),
        };
        is_near && self.status == other.status
    }
}

/// Reads the markers of the table at `path`.
///
/// # Errors
/// Not readable, or not a table of markers.
pub fn read(path: &Path) -> Result<Vec<Moment>, PipelineError> {
    let bytes = read_bounded(path, MAX_CSV_BYTES)?;
    run_set::check(path, &bytes)?;
    parse(&bytes).map_err(|error| error.at(path))
}

/// Reads the markers of a table.
///
/// # Errors
/// Not a table of markers.
pub fn parse(bytes: &[u8]) -> Result<Vec<Moment>, PipelineError> {
    let table = Table::parse(bytes, &COLUMNS)?;
    let [id, t_ref, t_new, status] = COLUMNS.map(|name| table.column(&[name]));
    let moment = |row| {
        // A cell that is no time is no moment: the table is ours, and a person may have edited it.
        let moment = |column: Option<usize>| table.moment(row, column?).ok().flatten();
        let text = |column: Option<usize>| column.map_or("", |column| row.text(column)).trim().to_owned();
        Moment {
            id: text(id),
            t_ref_secs: moment(t_ref),
            t_new_secs: moment(t_new),
            status: text(status),
        }
    };
    Ok(table.rows.iter().map(moment).collect())
}

/// Ids of the markers of `after` that are elsewhere than in `before`, in order, without doubles.
pub fn changed(before: &[Moment], after: &[Moment]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for (old, new) in before.iter().zip(after) {
        if !old.is_same(new) && !ids.contains(&new.id) {
            ids.push(new.id.clone());
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_markers_that_moved_are_named() {
        let before = parse(b"marker_id,t_ref,t_new,status\na,1,2,ok\nb,2,,outside\nc,3,4,ok\n").unwrap();
        let after =
            parse(b"marker_id,t_ref,t_new,status\na,1,2.0000004,ok\nb,2,3,ok\nc,3,4,review\n").unwrap();
        assert_eq!(changed(&before, &after), ["b", "c"]);
        assert_eq!(changed(&before, &before), Vec::<String>::new());
    }
}
