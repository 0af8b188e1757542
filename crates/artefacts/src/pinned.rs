//! Tables of markers (new_markers.csv) with the moments a person has set in place of the estimates.

use std::borrow::Cow;
use std::collections::BTreeMap;

use mtbsync_formats::csv::{CsvWriter, Delimiter, Row, Table, seconds6, share4};
use mtbsync_task::error::PipelineError;

use crate::annotations::{Annotation, SetMoments};

/// Columns of a table of carried-over markers, one of which its header holds.
const COLUMNS: [&str; 3] = ["marker_id", "t_ref", "t_new"];
/// Columns that the map fills in.
const PREDICTED: [&str; 8] = [
    "t_new_est",
    "t_new",
    "t_new_low",
    "t_new_high",
    "confidence",
    "needs_review",
    "status",
    "t_new_end",
];
/// Columns with numbers, among those of the map and before them.
const NUMBERS: [&str; 8] = [
    "t_ref",
    "t_ref_end",
    "t_new_est",
    "t_new",
    "t_new_low",
    "t_new_high",
    "confidence",
    "t_new_end",
];

/// Id and place of a row.
fn marker_of<'a>(table: &Table, row: &'a Row) -> Option<(&'a str, f64)> {
    let t_ref_secs = table.number(row, table.column(&["t_ref"])?).ok().flatten()?;
    let id = table.column(&["marker_id"]).map_or("", |id| row.text(id).trim());
    Some((id, t_ref_secs))
}

/// For each row of a table of markers, the moment a person has set.
fn moments_set(table: &Table, notes: &[Annotation]) -> Vec<Option<f64>> {
    let moments = SetMoments::of(notes);
    let set = |row| {
        let (id, t_ref_secs) = marker_of(table, row)?;
        moments.of_marker(id, t_ref_secs)
    };
    table.rows.iter().map(set).collect()
}

/// The table of markers in `csv` with the moments a person has set in place of the estimates: confidence 1,
/// status ok.
///
/// # Errors
/// Not a table of markers.
pub fn pinned(csv: &[u8], notes: &[Annotation]) -> Result<Vec<u8>, PipelineError> {
    if notes.is_empty() {
        return Ok(csv.to_vec());
    }
    let mut table = Table::parse(csv, &COLUMNS)?;
    let set = moments_set(&table, notes);
    if set.iter().all(Option::is_none) || table.column(&["t_new"]).is_none() {
        return Ok(csv.to_vec());
    }
    pin(&mut table, &set);
    Ok(bytes_of(&table))
}

/// The table of markers in `csv` after its notes changed from `before` to `after`. A marker nobody sets any
/// more is where `predicted`, the table without notes, has it, and for review where there is none. `None` for
/// a table in the dialect of another program, which stays as its person has left it: whoever reads it through
/// [`pinned`] is right all the same.
///
/// # Errors
/// Not tables of markers.
pub fn noted(
    csv: &[u8],
    predicted: Option<&[u8]>,
    before: &[Annotation],
    after: &[Annotation],
) -> Result<Option<Vec<u8>>, PipelineError> {
    let mut table = Table::parse(csv, &COLUMNS)?;
    if bytes_of(&table) != csv {
        return Ok(None);
    }
    let predicted = predicted.map(|csv| Table::parse(csv, &COLUMNS)).transpose()?;
    // Of rows of one id and place the first is meant.
    let mut fresh_rows: BTreeMap<(&str, u64), &Row> = BTreeMap::new();
    for (fresh, row) in predicted
        .iter()
        .flat_map(|fresh| fresh.rows.iter().map(move |row| (fresh, row)))
    {
        if let Some((id, t_ref_secs)) = marker_of(fresh, row) {
            fresh_rows.entry((id, t_ref_secs.to_bits())).or_insert(row);
        }
    }
    let (was, is) = (moments_set(&table, before), moments_set(&table, after));
    for index in 0..table.rows.len() {
        if was[index].is_some() || is[index].is_some() {
            let fresh = predicted.as_ref().and_then(|fresh| {
                let (id, t_ref_secs) = marker_of(&table, &table.rows[index])?;
                Some((fresh, *fresh_rows.get(&(id, t_ref_secs.to_bits()))?))
            });
            predict(&mut table, index, fresh);
        }
    }
    pin(&mut table, &is);
    Ok(Some(bytes_of(&table)))
}

/// Puts what the map says of a marker into its row.
fn predict(table: &mut Table, index: usize, fresh: Option<(&Table, &Row)>) {
    let unknown = |name| match name {
        "confidence" => Some(share4(0.0)),
        "needs_review" => Some(true.to_string()),
        "status" => Some("review".to_owned()),
        _ => None,
    };
    for name in PREDICTED {
        let text = match fresh {
            Some((table, row)) => table.column(&[name]).map(|column| row.text(column).to_owned()),
            None => unknown(name),
        };
        let column = table.column(&[name]);
        if let (Some(column), Some(text), Some(row)) = (column, text, table.rows.get_mut(index)) {
            row.set(column, &text);
        }
    }
}

/// Sets the rows that have a moment.
fn pin(table: &mut Table, set: &[Option<f64>]) {
    let end = table.column(&["t_new_end"]);
    let moments = ["t_new_est", "t_new", "t_new_low", "t_new_high"].map(|name| table.column(&[name]));
    let verdict = [
        ("confidence", share4(1.0)),
        ("needs_review", false.to_string()),
        ("status", "ok".to_owned()),
    ]
    .map(|(name, text)| (table.column(&[name]), text));
    for (row, secs) in table.rows.iter_mut().zip(set) {
        let Some(secs) = *secs else { continue };
        let mut put = |column: Option<usize>, text: &str| {
            if let Some(column) = column {
                row.set(column, text);
            }
        };
        for column in moments {
            put(column, &seconds6(secs));
        }
        for (column, text) in &verdict {
            put(*column, text);
        }
        let ends_before = end.is_some_and(|column| row.text(column).parse().is_ok_and(|end: f64| end < secs));
        if let Some(column) = end.filter(|_| ends_before) {
            row.set(column, "");
        }
    }
}

/// In our own dialect, with our numbers.
fn bytes_of(table: &Table) -> Vec<u8> {
    let numbers = NUMBERS.map(|name| (name, table.column(&[name])));
    let mut writer = CsvWriter::new(&table.headers);
    for row in &table.rows {
        let mut cells: Vec<Cow<'_, str>> = row.cells().map(Cow::Borrowed).collect();
        if table.delimiter != Delimiter::Comma {
            for (name, column) in numbers {
                let Some(column) = column else { continue };
                let number = table.number(row, column).ok().flatten();
                if let (Some(cell), Some(number)) = (cells.get_mut(column), number) {
                    *cell = Cow::Owned(if name == "confidence" {
                        share4(number)
                    } else {
                        seconds6(number)
                    });
                }
            }
        }
        writer.row(&cells);
    }
    writer.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotations::tests::{TABLE, about};

    #[test]
    fn moments_of_a_person_win() {
        let of_b = Annotation {
            t_ref: Some(2.0),
            ..about("b", Some(4.0), "")
        };
        let csv = pinned(TABLE.as_bytes(), &[about("a", Some(3.0), ""), of_b]).unwrap();
        let text = String::from_utf8(csv).unwrap();
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(
            rows[1],
            "a,A,1.000000,3.000000,3.000000,3.000000,3.000000,1.0000,false,ok,"
        );
        assert_eq!(
            rows[2],
            "b,B,2.000000,4.000000,4.000000,4.000000,4.000000,1.0000,false,ok,"
        );
        assert!(rows[3].ends_with("0.4000,true,review,"), "{}", rows[3]);
        let untouched = pinned(TABLE.as_bytes(), &[about("a", None, "look here")]).unwrap();
        assert_eq!(untouched, TABLE.as_bytes());
    }

    #[test]
    fn a_marker_nobody_sets_any_more_is_predicted_again() {
        let set = [about("a", Some(3.0), "")];
        let moved = pinned(TABLE.as_bytes(), &set).unwrap();
        let of = |csv: &[u8], predicted: Option<&[u8]>, after: &[Annotation]| {
            String::from_utf8(noted(csv, predicted, &set, after).unwrap().unwrap()).unwrap()
        };
        assert_eq!(of(&moved, Some(TABLE.as_bytes()), &[]), TABLE);
        // An end that the first move had to drop is back with the next.
        let nearer = [about("a", Some(2.25), "")];
        assert!(of(&moved, Some(TABLE.as_bytes()), &nearer).contains("2.250000,1.0000,false,ok,2.500000"));
        // What somebody else did to the table stays, whatever its columns.
        let moved = String::from_utf8(moved).unwrap();
        let edited = moved.replace("b,B", "b,renamed").replace("name", "title");
        assert_eq!(of(edited.as_bytes(), Some(TABLE.as_bytes()), &set), edited);
        let back = of(edited.as_bytes(), Some(TABLE.as_bytes()), &[]);
        assert!(
            back.contains("a,A,1.000000,2.000000,2.000000,1.900000,2.100000,0.9000,false,ok,2.5"),
            "{back}"
        );
        // Without a map nobody knows where it is.
        assert!(of(moved.as_bytes(), None, &[]).contains("0.0000,true,review,"));
    }

    #[test]
    fn tables_of_other_programs_are_read_and_left_alone() {
        let theirs =
            "marker_id;name;t_ref;t_new;confidence;status\n# mine\na;A;1,0;2,0;0,9;ok\nb;B;3,5;4,0;0,9;ok\n";
        let set = [about("a", Some(3.0), "")];
        assert_eq!(noted(theirs.as_bytes(), None, &[], &set).unwrap(), None);
        let read = String::from_utf8(pinned(theirs.as_bytes(), &set).unwrap()).unwrap();
        assert_eq!(
            read,
            "marker_id,name,t_ref,t_new,confidence,status\na,A,1.000000,3.000000,1.0000,ok\n\
             b,B,3.500000,4.000000,0.9000,ok\n"
        );
    }
}
