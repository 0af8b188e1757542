//! One run folder as one row.

use std::path::Path;

use mtbsync_artefacts::lenient::read_leniently;
use mtbsync_artefacts::time_warp::{TIMEWARP_FILE, TimeWarpFile};
use mtbsync_formats::json;
use serde_json::Value;

use super::residuals;
use crate::perf::PERF_FILE;
use crate::tuning::{STRICT_MAX_P90_SECS, STRICT_MAX_PPM, STRICT_MIN_INLIER_FRAC};

/// How much of a run could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// Everything that counts.
    Ok,
    /// There is no timewarp.json.
    MissingArtefacts,
    /// timewarp.json does not read.
    Error,
}

impl RunStatus {
    /// The word in the reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::MissingArtefacts => "missing_artefacts",
            Self::Error => "error",
        }
    }
}

/// One row of the reports; `None` is an empty cell.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// Name of the folder.
    pub run_id: String,
    /// How much of it could be read.
    pub status: RunStatus,
    /// Whether the gates passed.
    pub ok: Option<bool>,
    /// Whether the strict rule is met as well.
    pub strict_ok: Option<bool>,
    /// Share of inliers.
    pub inlier_frac: Option<f64>,
    /// p90 residual, s.
    pub res_p90: Option<f64>,
    /// Mean absolute residual, s.
    pub res_mae: Option<f64>,
    /// Deviation of the slope from 1, in millionths.
    pub ppm: Option<f64>,
    /// Slope of the line.
    pub a: Option<f64>,
    /// Offset of the line, s.
    pub b: Option<f64>,
    /// `affine` or `monotone`, as written.
    pub model: Option<String>,
    /// Pairs inside the segments.
    pub n_pairs: Option<u64>,
    /// Window of the pair cut, s.
    pub window_sec: Option<f64>,
    /// Values of the perf columns, in their order; text, number, boolean or null.
    pub fields: Vec<Value>,
    /// Mapped share of the new run.
    pub coverage: Option<f64>,
    /// Median residual, s.
    pub res_p50: Option<f64>,
    /// p95 residual, s.
    pub res_p95: Option<f64>,
    /// Failed gates, refusals, and what could not be read.
    pub reasons: Vec<String>,
}

/// Reads the run in `folder`; never fails.
pub fn read_run(folder: &Path, run_id: String, fields: &[String]) -> RunRow {
    let mut row = if folder.join(TIMEWARP_FILE).exists() {
        match read_leniently(&folder.join(TIMEWARP_FILE)) {
            Ok(file) => from_warp(run_id, folder, file),
            Err(error) => RunRow {
                reasons: vec![error.to_string()],
                ..empty(run_id, RunStatus::Error)
            },
        }
    } else {
        empty(run_id, RunStatus::MissingArtefacts)
    };
    let perf_path = folder.join(PERF_FILE);
    let perf = if perf_path.exists() {
        json::read(&perf_path).unwrap_or_else(|error| {
            row.reasons.push(format!("perf.json: {error}"));
            Value::Null
        })
    } else {
        Value::Null
    };
    // A run that failed before there was a map says why in its telemetry only.
    if row.status == RunStatus::MissingArtefacts {
        row.reasons.extend(text_at(&perf, "error"));
    }
    row.fields = fields.iter().map(|name| perf_field(&perf, name)).collect();
    row
}

fn text_at(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

fn empty(run_id: String, status: RunStatus) -> RunRow {
    RunRow {
        run_id,
        status,
        ok: None,
        strict_ok: None,
        inlier_frac: None,
        res_p90: None,
        res_mae: None,
        ppm: None,
        a: None,
        b: None,
        model: None,
        n_pairs: None,
        window_sec: None,
        fields: Vec::new(),
        coverage: None,
        res_p50: None,
        res_p95: None,
        reasons: Vec::new(),
    }
}

fn from_warp(run_id: String, folder: &Path, file: TimeWarpFile) -> RunRow {
    let residuals = file
        .residuals
        .unwrap_or_else(|| residuals::from_pairs(folder, &file));
    let slope_ppm = file.params.map(|params| (params.a - 1.0).abs() * 1e6);
    let mut row = RunRow {
        ok: Some(file.ok),
        inlier_frac: file.inlier_frac,
        res_p90: residuals.p90,
        res_mae: residuals.mae,
        ppm: file.ppm.or(slope_ppm),
        a: file.params.map(|params| params.a),
        b: file.params.map(|params| params.b),
        model: Some(file.model).filter(|model| !model.is_empty()),
        n_pairs: file.n_pairs.map(|count| count as u64),
        window_sec: file.window_sec,
        coverage: file.coverage,
        res_p50: residuals.p50,
        res_p95: residuals.p95,
        reasons: file.reasons,
        ..empty(run_id, RunStatus::Ok)
    };
    row.strict_ok = Some(is_strict_ok(&row));
    row
}

/// The strict rule (docs/reference/files.md#benchmark-reports); a run at a limit passes.
fn is_strict_ok(row: &RunRow) -> bool {
    let is_affine = row.model.as_deref() == Some("affine");
    row.ok == Some(true)
        && row.inlier_frac.is_some_and(|v| v >= STRICT_MIN_INLIER_FRAC)
        && row.res_p90.is_some_and(|v| v <= STRICT_MAX_P90_SECS)
        && (!is_affine || row.ppm.is_some_and(|v| v <= STRICT_MAX_PPM))
}

/// A value of perf.json: at the top, inside an object as `object.key`, or among the timings; with the
/// fallbacks of docs/reference/files.md#benchmark-reports for `fps` and `rss_mb`.
pub fn perf_field(perf: &Value, name: &str) -> Value {
    let path = |keys: &[&str]| {
        let found = keys.iter().try_fold(perf, |value, key| value.get(key));
        found
            .filter(|v| !v.is_null() && !v.is_object() && !v.is_array())
            .cloned()
    };
    let dotted: Vec<&str> = name.split('.').collect();
    path(&[name])
        .or_else(|| path(&dotted))
        .or_else(|| path(&["timings", name]))
        .or_else(|| match name {
            "fps" => {
                let frames = path(&["timings", "frames_processed"])?.as_f64()?;
                let seconds = path(&["timings", "retrieval_sec"])?
                    .as_f64()
                    .filter(|s| *s > 0.0)?;
                Some(Value::from(frames / seconds))
            }
            "rss_mb" => Some(Value::from(path(&["run", "rss_bytes"])?.as_f64()? / 1e6)),
            _ => None,
        })
        .unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn perf_fields_have_the_specified_fallbacks() {
        let perf = json!({"cpu_pct": 310.0, "fps": null, "timings": {"retrieval_sec": 2, "frames_processed": 90},
            "run": {"rss_bytes": 250_000_000}, "pair": {"ref": "a"}});
        assert_eq!(perf_field(&perf, "fps"), json!(45.0));
        assert_eq!(perf_field(&perf, "rss_mb"), json!(250.0));
        assert_eq!(perf_field(&perf, "pair.ref"), json!("a"));
        assert_eq!(perf_field(&perf, "retrieval_sec"), json!(2));
        assert_eq!(perf_field(&perf, "pair"), Value::Null);
        assert_eq!(perf_field(&Value::Null, "fps"), Value::Null);
    }

    #[test]
    fn the_strict_rule_includes_its_limits_and_ppm_counts_for_lines_only() {
        let is_strict = |ok: bool, model: &str, ppm: f64, inlier: f64, p90: Option<f64>| {
            is_strict_ok(&RunRow {
                ok: Some(ok),
                model: Some(model.to_owned()),
                ppm: Some(ppm),
                inlier_frac: Some(inlier),
                res_p90: p90,
                ..empty(String::new(), RunStatus::Ok)
            })
        };
        assert!(is_strict(true, "affine", 500.0, 0.5, Some(1.0)));
        assert!(!is_strict(true, "affine", 500.1, 0.5, Some(1.0)));
        assert!(is_strict(true, "monotone", 20_000.0, 0.5, Some(1.0)));
        assert!(!is_strict(true, "monotone", 0.0, 0.49, Some(1.0)));
        assert!(!is_strict(true, "monotone", 0.0, 0.5, Some(1.01)));
        assert!(!is_strict(true, "monotone", 0.0, 0.5, None));
        assert!(!is_strict(false, "monotone", 0.0, 0.9, Some(0.1)));
    }
}
