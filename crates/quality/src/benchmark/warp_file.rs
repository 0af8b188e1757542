//! What a report needs of `timewarp.json`, read leniently: a key that is missing or odd is an empty cell.

use std::path::Path;

use mtbsync_align::curve::MonotoneCurve;
use mtbsync_formats::json::{self, JsonError};
use serde_json::Value;

/// Newest version of the file that is understood.
const NEWEST_VERSION: u64 = 2;

/// Why a `timewarp.json` makes no row.
#[derive(Debug, thiserror::Error)]
pub enum WarpFileError {
    #[error("timewarp.json: {0}")]
    Json(#[from] JsonError),
    #[error("timewarp.json: not an object")]
    NotAnObject,
    #[error("timewarp.json: params.a must be finite and greater than 0")]
    Params,
}

/// The parts of the file that are reported.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WarpFile {
    pub ok: bool,
    pub model: Option<String>,
    pub a: Option<f64>,
    pub b: Option<f64>,
    pub ppm: Option<f64>,
    pub inlier_frac: Option<f64>,
    pub n_pairs: Option<u64>,
    pub window_secs: Option<f64>,
    pub coverage: Option<f64>,
    /// `None` when the file says nothing about residuals.
    pub residuals: Option<Residuals>,
    pub reasons: Vec<String>,
    /// The map, segment by segment.
    pub curves: Vec<MonotoneCurve>,
    /// Whether the map is the line of `a` and `b` everywhere.
    pub is_line: bool,
}

/// Distances of pairs from the map, s.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Residuals {
    pub mae: Option<f64>,
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p95: Option<f64>,
}

pub fn read(path: &Path) -> Result<WarpFile, WarpFileError> {
    from_value(&json::read(path)?)
}

fn from_value(value: &Value) -> Result<WarpFile, WarpFileError> {
    if !value.is_object() {
        return Err(WarpFileError::NotAnObject);
    }
    // Version 1 has no version key and is a line (docs/reference/files.md#timewarpjson).
    let version = value.get("version").map_or(1, |v| v.as_u64().unwrap_or(u64::MAX));
    json::check_version(version, NEWEST_VERSION)?;
    let params = value.get("params");
    let (a, b) = (
        params.and_then(|p| number(p, "a")),
        params.and_then(|p| number(p, "b")),
    );
    if version == 1 && a.is_none_or(|a| a <= 0.0) {
        return Err(WarpFileError::Params);
    }
    let model = value.get("model").and_then(Value::as_str).map(str::to_owned);
    Ok(WarpFile {
        ok: value.get("ok").is_none_or(|ok| ok == &Value::Bool(true)),
        model: model.or_else(|| (version == 1).then(|| "affine".to_owned())),
        a,
        b,
        ppm: number(value, "ppm").or_else(|| a.map(|a| (a - 1.0).abs() * 1e6)),
        inlier_frac: number(value, "inlier_frac"),
        n_pairs: value.get("n_pairs").and_then(Value::as_u64),
        window_secs: number(value, "window_sec"),
        coverage: number(value, "coverage"),
        residuals: value
            .get("residuals")
            .filter(|r| r.get("p90").is_some())
            .map(|r| Residuals {
                mae: number(r, "mae"),
                p50: number(r, "p50"),
                p90: number(r, "p90"),
                p95: number(r, "p95"),
            }),
        reasons: texts(value.get("reasons")),
        curves: curves(value),
        is_line: version == 1,
    })
}

impl WarpFile {
    /// Reference time of a new time, by the map of the file.
    pub fn ref_from_new(&self, t_new: f64) -> Option<f64> {
        if self.is_line {
            return Some(self.a? * t_new + self.b?);
        }
        self.curves.iter().find_map(|curve| curve.y_at(t_new))
    }
}

fn number(value: &Value, key: &str) -> Option<f64> {
    value.get(key)?.as_f64().filter(|v| v.is_finite())
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    list.iter()
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect()
}

/// Curves of all segments that are well formed.
fn curves(value: &Value) -> Vec<MonotoneCurve> {
    let knots = |key: &str| -> Vec<f64> {
        let list = value
            .get("knots")
            .and_then(|k| k.get(key))
            .and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .map(|v| v.as_f64().unwrap_or(f64::NAN))
            .collect()
    };
    let (t_new, t_ref) = (knots("t_new"), knots("t_ref"));
    let curve = |segment: &Value| {
        let ends = segment.get("knots")?.as_array()?;
        let index = |i: usize| usize::try_from(ends.get(i)?.as_u64()?).ok();
        let range = index(0)?..index(1)?.checked_add(1)?;
        MonotoneCurve::new(t_new.get(range.clone())?.to_vec(), t_ref.get(range)?.to_vec())
    };
    let segments = value.get("segments").and_then(Value::as_array);
    segments.into_iter().flatten().filter_map(curve).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn version_two_is_read_with_its_curve() {
        let value = json!({"ok": true, "version": 2, "model": "monotone", "params": {"a": 0.98, "b": 4.0},
            "residuals": {"mae": 0.06, "p50": 0.04, "p90": null, "p95": 0.2}, "n_pairs": 7,
            "knots": {"t_new": [0.0, 1.0, 5.0, 6.0], "t_ref": [4.0, 5.0, 20.0, 22.0], "sigma": [0, 0, 0, 0]},
            "segments": [{"knots": [0, 1]}, {"knots": [2, 3]}, {"knots": [3, 99]}, {"knots": "x"}],
            "reasons": ["a", 3]});
        let file = from_value(&value).unwrap();
        assert_eq!(
            (file.ref_from_new(0.5), file.ref_from_new(3.0)),
            (Some(4.5), None)
        );
        assert_eq!(
            (file.curves.len(), file.reasons.as_slice()),
            (2, ["a".to_owned()].as_slice())
        );
        assert_eq!(file.residuals.unwrap().p90, None);
        assert!((file.ppm.unwrap() - 20_000.0).abs() < 1e-6);
    }

    #[test]
    fn version_one_is_a_line() {
        let file = from_value(&json!({"model": "affine", "params": {"a": 1.0002, "b": -1.0}})).unwrap();
        assert!(file.ok && file.residuals.is_none());
        assert!((file.ref_from_new(10.0).unwrap() - 9.002).abs() < 1e-9);
    }

    #[test]
    fn damaged_files_are_errors_with_a_reason() {
        for (value, reason) in [
            (json!([1]), "timewarp.json: not an object"),
            (
                json!({}),
                "timewarp.json: params.a must be finite and greater than 0",
            ),
            (
                json!({"params": {"a": -1, "b": 0}}),
                "timewarp.json: params.a must be finite and greater than 0",
            ),
            (
                json!({"version": 3}),
                "timewarp.json: version 3 is newer than this program knows (2)",
            ),
        ] {
            assert_eq!(from_value(&value).unwrap_err().to_string(), reason);
        }
    }
}
