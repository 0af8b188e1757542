//! The table of runs.

use mtbsync_formats::escape_markup;
use serde_json::Value;

use super::super::Benchmark;
use super::super::export::field_text;
use super::super::run::{RunRow, RunStatus};
use super::{grouped, plural};
use crate::tuning::{STRICT_MAX_P90_SECS, STRICT_MIN_INLIER_FRAC};

/// Fixed columns before the perf fields: title, what it means, whether it holds numbers.
const BEFORE: [(&str, &str, bool); 11] = [
    ("Run", "name of the run folder", false),
    ("Status", "whether the gates passed", false),
    ("Strict", "whether the strict rule is met", false),
    ("P90 s", "90th percentile of the residuals", true),
    ("P50 s", "median of the residuals", true),
    ("P95 s", "95th percentile of the residuals", true),
    ("MAE s", "mean absolute residual", true),
    ("Inliers %", "share of pairs within the inlier distance", true),
    ("Coverage %", "mapped share of the new run", true),
    ("PPM", "deviation of the mean slope from 1, in millionths", true),
    ("Pairs", "matched pairs inside the map", true),
];

/// One cell: what is shown (markup), what it is sorted by, and its class.
struct Cell {
    shown: String,
    sort: String,
    class: &'static str,
}

pub fn push_table(html: &mut String, benchmark: &Benchmark) {
    html.push_str(&format!(
        "<section class=\"panel\" aria-label=\"Runs\">\n<div class=\"tablehead\"><h2>{}</h2></div>\n",
        plural(benchmark.runs.len(), "run", "runs")
    ));
    if benchmark.runs.is_empty() {
        html.push_str(
            "<div class=\"scroll\"><p class=\"empty\">No run folder was found.</p></div>\n</section>\n",
        );
        return;
    }
    html.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of runs\">\n<table id=\"runs\">\n<thead><tr>");
    for (title, meaning, numeric) in BEFORE {
        push_header(html, title, meaning, numeric);
    }
    push_header(html, "Model", "kind of map", false);
    let shown_fields: Vec<usize> = (0..benchmark.fields.len())
        .filter(|i| has_values(benchmark, *i))
        .collect();
    for i in &shown_fields {
        let name = benchmark.fields.get(*i).map(String::as_str).unwrap_or_default();
        let (title, meaning) = field_title(name);
        push_header(html, title, meaning, is_numeric(benchmark, *i));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in &benchmark.runs {
        push_row(html, row, &shown_fields);
    }
    html.push_str("</tbody>\n</table>\n</div>\n<p id=\"said\" aria-live=\"polite\" style=\"position:absolute;clip-path:inset(50%)\"></p>\n</section>\n");
}

/// Title and meaning of a perf column; those that a person added are called as in perf.json.
fn field_title(name: &str) -> (&str, &str) {
    match name {
        "fps" => ("Frames/s", "new frames analysed per second of retrieval"),
        "cpu_pct" => (
            "CPU %",
            "processor time over wall time; above 100 with several threads",
        ),
        "rss_mb" => ("Memory MB", "peak resident memory"),
        "gpu_util" => ("GPU %", "mean use of the busiest graphics card"),
        "gpu_mem_mb" => ("GPU MB", "peak memory in use on it"),
        other => (other, "from perf.json"),
    }
}

/// Whether perf column `i` holds anything; a machine without a GPU has no use for its columns.
fn has_values(benchmark: &Benchmark, i: usize) -> bool {
    let values = benchmark.runs.iter().filter_map(|row| row.fields.get(i));
    values.into_iter().any(|value| !value.is_null())
}

/// Whether perf column `i` holds nothing but numbers and empty cells.
fn is_numeric(benchmark: &Benchmark, i: usize) -> bool {
    benchmark
        .runs
        .iter()
        .filter_map(|row| row.fields.get(i))
        .all(|value| value.is_number() || value.is_null())
}

fn push_header(html: &mut String, title: &str, meaning: &str, numeric: bool) {
    let class = if numeric { " class=\"num\"" } else { "" };
    html.push_str(&format!(
        "<th scope=\"col\" title=\"{}\"{class}>{}</th>",
        escape_markup(meaning),
        escape_markup(title)
    ));
}

fn push_row(html: &mut String, row: &RunRow, shown_fields: &[usize]) {
    let name = escape_markup(&row.run_id);
    html.push_str(&format!(
        "<tr><th scope=\"row\" data-sort=\"{name}\"><span class=\"name\" title=\"{name}\">{name}</span>"
    ));
    if !row.reasons.is_empty() {
        html.push_str(&format!(
            "<span class=\"why\">{}</span>",
            escape_markup(&row.reasons.join("; "))
        ));
    }
    html.push_str("</th>");
    for cell in cells(row, shown_fields) {
        html.push_str(&format!(
            "<td class=\"{}\" data-sort=\"{}\">{}</td>",
            cell.class,
            escape_markup(&cell.sort),
            cell.shown
        ));
    }
    html.push_str("</tr>\n");
}

fn cells(row: &RunRow, shown_fields: &[usize]) -> Vec<Cell> {
    let late = row.res_p90.is_some_and(|v| v > STRICT_MAX_P90_SECS);
    let few = row.inlier_frac.is_some_and(|v| v < STRICT_MIN_INLIER_FRAC);
    let percent = |v: Option<f64>| v.map(|v| v * 100.0);
    let mut cells = vec![
        status(row),
        strict(row.strict_ok),
        marked(number(row.res_p90, 3), late),
        number(row.res_p50, 3),
        number(row.res_p95, 3),
        number(row.res_mae, 3),
        marked(number(percent(row.inlier_frac), 1), few),
        number(percent(row.coverage), 1),
        number(row.ppm, 0),
        number(row.n_pairs.map(|n| n as f64), 0),
        text(row.model.as_deref().unwrap_or_default()),
    ];
    cells.extend(shown_fields.iter().filter_map(|i| row.fields.get(*i)).map(field));
    cells
}

fn status(row: &RunRow) -> Cell {
    let (word, pill, order) = match (row.status, row.ok) {
        (RunStatus::Ok, Some(true)) => ("OK", "good", "1"),
        (RunStatus::Ok, _) => ("Not OK", "bad", "2"),
        (RunStatus::MissingArtefacts, _) => ("No map", "off", "3"),
        (RunStatus::Error, _) => ("Error", "bad", "4"),
    };
    Cell {
        shown: format!("<span class=\"pill {pill}\">{word}</span>"),
        sort: order.to_owned(),
        class: "",
    }
}

fn strict(strict_ok: Option<bool>) -> Cell {
    match strict_ok {
        Some(true) => Cell {
            shown: "<span class=\"pill good\">Yes</span>".to_owned(),
            sort: "1".to_owned(),
            class: "",
        },
        Some(false) => Cell {
            shown: "<span class=\"pill warn\">No</span>".to_owned(),
            sort: "2".to_owned(),
            class: "",
        },
        None => none(""),
    }
}

fn none(class: &'static str) -> Cell {
    Cell {
        shown: "<span class=\"none\">\u{2013}</span>".to_owned(),
        sort: String::new(),
        class,
    }
}

fn number(value: Option<f64>, decimals: usize) -> Cell {
    value.map_or_else(
        || none("num"),
        |v| Cell {
            shown: grouped(v, decimals),
            sort: v.to_string(),
            class: "num",
        },
    )
}

fn marked(cell: Cell, marked: bool) -> Cell {
    Cell {
        class: if marked { "num over" } else { cell.class },
        ..cell
    }
}

fn text(value: &str) -> Cell {
    if value.is_empty() {
        return none("");
    }
    Cell {
        shown: escape_markup(value),
        sort: value.to_owned(),
        class: "",
    }
}

fn field(value: &Value) -> Cell {
    match value.as_f64().filter(|v| v.is_finite()) {
        Some(v) => number(Some(v), 1),
        None if value.is_null() => none("num"),
        None => text(&field_text(value)),
    }
}
