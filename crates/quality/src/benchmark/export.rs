//! `benchmark_quality.csv` and `.json`: the same columns in the same order.

use mtbsync_formats::csv::{CsvWriter, seconds6, share4};
use mtbsync_formats::json::{self, JsonError};
use serde_json::{Map, Value};

use super::Benchmark;
use super::run::RunRow;

const BEFORE_FIELDS: [&str; 13] = [
    "run_id",
    "status",
    "ok",
    "strict_ok",
    "inlier_frac",
    "res_p90",
    "res_mae",
    "ppm",
    "a",
    "b",
    "model",
    "n_pairs",
    "window_sec",
];
const AFTER_FIELDS: [&str; 4] = ["coverage", "res_p50", "res_p95", "reasons"];

/// Field names that make columns of their own: not empty, not twice, not a fixed column.
pub fn distinct_fields(fields: &[String]) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for field in fields.iter().map(|f| f.trim()) {
        let taken = BEFORE_FIELDS.contains(&field) || AFTER_FIELDS.contains(&field);
        if !field.is_empty() && !taken && !distinct.iter().any(|d| d == field) {
            distinct.push(field.to_owned());
        }
    }
    distinct
}

pub fn to_csv(benchmark: &Benchmark) -> Vec<u8> {
    let fields = benchmark.fields.iter().map(String::as_str);
    let headers: Vec<&str> = BEFORE_FIELDS
        .into_iter()
        .chain(fields)
        .chain(AFTER_FIELDS)
        .collect();
    let mut csv = CsvWriter::new(&headers);
    for row in &benchmark.runs {
        csv.row(&cells(row));
    }
    csv.into_bytes()
}

fn cells(row: &RunRow) -> Vec<String> {
    let flag = |v: Option<bool>| v.map(|v| v.to_string()).unwrap_or_default();
    let seconds = |v: Option<f64>| v.map(seconds6).unwrap_or_default();
    let share = |v: Option<f64>| v.map(share4).unwrap_or_default();
    let mut cells = vec![
        row.run_id.clone(),
        row.status.name().to_owned(),
        flag(row.ok),
        flag(row.strict_ok),
        share(row.inlier_frac),
        seconds(row.res_p90),
        seconds(row.res_mae),
        share(row.ppm),
        // Four decimals of a slope would hide 100 ppm.
        row.a.map(|a| format!("{a:.9}")).unwrap_or_default(),
        seconds(row.b),
        row.model.clone().unwrap_or_default(),
        row.n_pairs.map(|n| n.to_string()).unwrap_or_default(),
        seconds(row.window_sec),
    ];
    cells.extend(row.fields.iter().map(field_text));
    cells.extend([
        share(row.coverage),
        seconds(row.res_p50),
        seconds(row.res_p95),
        row.reasons.join("; "),
    ]);
    cells
}

/// A perf value as text; null is empty.
pub fn field_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub fn to_json(benchmark: &Benchmark) -> Result<Vec<u8>, JsonError> {
    let rows: Vec<Value> = benchmark
        .runs
        .iter()
        .map(|row| Value::Object(object(row, &benchmark.fields)))
        .collect();
    json::to_vec(&rows)
}

fn object(row: &RunRow, fields: &[String]) -> Map<String, Value> {
    let before: [Value; 13] = [
        row.run_id.as_str().into(),
        row.status.name().into(),
        row.ok.into(),
        row.strict_ok.into(),
        row.inlier_frac.into(),
        row.res_p90.into(),
        row.res_mae.into(),
        row.ppm.into(),
        row.a.into(),
        row.b.into(),
        row.model.clone().into(),
        row.n_pairs.into(),
        row.window_sec.into(),
    ];
    let after: [Value; 4] = [
        row.coverage.into(),
        row.res_p50.into(),
        row.res_p95.into(),
        row.reasons.join("; ").into(),
    ];
    let fixed = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    fixed(&BEFORE_FIELDS)
        .into_iter()
        .zip(before)
        .chain(fields.iter().cloned().zip(row.fields.iter().cloned()))
        .chain(fixed(&AFTER_FIELDS).into_iter().zip(after))
        .collect()
}
