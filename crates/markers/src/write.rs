//! Transferred markers out: new_markers.csv and its JSON twin (docs/reference/files.md#new_markerscsv).

use mtbsync_formats::csv::{CsvWriter, seconds6, share4};
use mtbsync_formats::json::{self, JsonError};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::marker::MarkerTable;
use crate::read::{END_COLUMN, OUTPUT_COLUMNS};
use crate::transfer::{Status, TransferredMarker};

/// The bytes of new_markers.csv. `table` names the extra columns of the markers that were transferred.
pub fn new_markers_csv(table: &MarkerTable, transferred: &[TransferredMarker]) -> Vec<u8> {
    let mut writer = CsvWriter::new(&columns(table));
    for marker in transferred {
        writer.row(&cells(table, marker));
    }
    writer.into_bytes()
}

fn columns(table: &MarkerTable) -> Vec<String> {
    let mut columns: Vec<String> = OUTPUT_COLUMNS.map(str::to_owned).into();
    columns.extend(table.extra_columns.iter().cloned());
    if table.has_ends {
        columns.push(END_COLUMN.to_owned());
    }
    columns
}

fn cells(table: &MarkerTable, moved: &TransferredMarker) -> Vec<String> {
    let marker = &moved.marker;
    let secs = |secs: Option<f64>| secs.map(seconds6).unwrap_or_default();
    let t_new = secs(moved.located.map(|located| located.t_new_secs));
    let mut cells = vec![
        marker.id.clone(),
        marker.name.clone(),
        seconds6(marker.t_ref_secs),
        t_new.clone(),
        t_new,
        secs(moved.located.map(|located| located.low_secs)),
        secs(moved.located.map(|located| located.high_secs)),
        share4(moved.confidence()),
        (moved.status != Status::Ok).to_string(),
        moved.status.as_str().to_owned(),
        marker.colour.clone(),
        marker.comment.clone(),
    ];
    cells.extend(marker.extra.iter().cloned());
    if table.has_ends {
        cells.push(secs(moved.t_new_end_secs));
    }
    cells
}

/// A list in JSON whose items are made as they are written: a million of them at once take gigabytes.
pub(crate) struct Lazily<F>(pub F);

impl<I: Iterator<Item = Value>, F: Fn() -> I> Serialize for Lazily<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// The bytes of the `--vis-json` file: `params` is the line of the warp (`a`, `b`), null without one.
///
/// # Errors
/// None in practice: every value has a JSON form.
pub fn vis_json(
    params: Option<(f64, f64)>,
    label: &str,
    table: &MarkerTable,
    transferred: &[TransferredMarker],
) -> Result<Vec<u8>, JsonError> {
    #[derive(Serialize)]
    struct Vis<'a, M> {
        params: Option<Value>,
        label: &'a str,
        markers: M,
    }
    let columns = columns(table);
    let object = |marker| typed_object(&columns, cells(table, marker));
    json::to_vec(&Vis {
        params: params.map(|(a, b)| json!({"a": a, "b": b})),
        label,
        markers: Lazily(|| transferred.iter().map(object)),
    })
}

/// A row as a JSON object: times and shares are numbers or null, `needs_review` is a boolean, all else text.
pub fn typed_object(columns: &[String], cells: impl IntoIterator<Item: AsRef<str>>) -> Value {
    let mut object = Map::new();
    for (column, cell) in columns.iter().zip(cells) {
        // Of two columns with one name the first is the one readers see.
        if !object.contains_key(column) {
            object.insert(column.clone(), typed_value(column, cell.as_ref()));
        }
    }
    Value::Object(object)
}

fn typed_value(column: &str, cell: &str) -> Value {
    match column.to_ascii_lowercase().as_str() {
        "t_ref" | "t_new_est" | "t_new" | "t_new_low" | "t_new_high" | "t_ref_end" | "t_new_end"
        | "confidence" => cell
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map_or(Value::Null, Value::from),
        "needs_review" => Value::Bool(matches!(
            cell.trim().to_ascii_lowercase().as_str(),
            "true" | "1" | "yes"
        )),
        _ => Value::from(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read_markers;
    use crate::transfer::{InverseMap, TimeEstimate, TransferOptions, transfer};
    use crate::tuning::DEFAULT_REVIEW_THRESHOLD;

    struct SampleMap;

    impl InverseMap for SampleMap {
        fn locate(&self, t_ref_secs: f64) -> Option<TimeEstimate> {
            (t_ref_secs < 100.0).then_some(TimeEstimate {
                t_new_secs: t_ref_secs - 0.9,
                low_secs: t_ref_secs - 0.959,
                high_secs: t_ref_secs - 0.838,
                confidence: 0.9712,
                in_stop: false,
            })
        }
    }

    const OPTIONS: TransferOptions = TransferOptions {
        review_threshold: DEFAULT_REVIEW_THRESHOLD,
        forced: false,
        new_duration_secs: None,
    };

    /// A table with every status and a column of its own, byte for byte.
    #[test]
    fn csv_is_as_specified() {
        let input = "marker_id,name,t_ref,colour,comment,lap\n\
            M01,Start gate,2.5,red,\"hello, world\",3\nM02,Car park,15:00,,,3\n";
        let table = read_markers(input.as_bytes(), None).unwrap();
        let moved = transfer(&table.markers, &SampleMap, OPTIONS);
        let expected = "marker_id,name,t_ref,t_new_est,t_new,t_new_low,t_new_high,confidence,needs_review,status,colour,comment,lap\n\
            M01,Start gate,2.500000,1.600000,1.600000,1.541000,1.662000,0.9712,false,ok,red,\"hello, world\",3\n\
            M02,Car park,900.000000,,,,,0.0000,true,outside,,,3\n";
        assert_eq!(
            String::from_utf8(new_markers_csv(&table, &moved)).unwrap(),
            expected
        );
    }

    #[test]
    fn alias_columns_stay_and_ends_come_last() {
        let table = read_markers(b"color,time,t_ref_end,confidence\nred,2,3,9\n", None).unwrap();
        let moved = transfer(&table.markers, &SampleMap, OPTIONS);
        let text = String::from_utf8(new_markers_csv(&table, &moved)).unwrap();
        assert!(text.starts_with("marker_id,"), "{text}");
        assert!(
            text.contains(",comment,color,time,t_ref_end,t_new_end\n"),
            "{text}"
        );
        assert!(
            text.ends_with(",0.9712,false,ok,red,,red,2,3,2.100000\n"),
            "{text}"
        );
    }

    #[test]
    fn json_has_typed_values() {
        let table = read_markers(b"name,t_ref,lap\nA,2,3\nB,200,\n", None).unwrap();
        let moved = transfer(&table.markers, &SampleMap, OPTIONS);
        let bytes = vis_json(Some((0.5, 1.0)), "default", &table, &moved).unwrap();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["params"], json!({"a": 0.5, "b": 1.0}));
        let [first, second] = value["markers"].as_array().unwrap().as_slice() else {
            panic!()
        };
        assert_eq!((&first["t_new"], &first["lap"]), (&json!(1.1), &json!("3")));
        assert_eq!(
            (&first["needs_review"], &second["needs_review"]),
            (&json!(false), &json!(true))
        );
        assert_eq!(
            (&second["t_new"], &second["confidence"]),
            (&Value::Null, &json!(0.0))
        );
    }
}
