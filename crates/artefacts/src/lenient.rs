//! `timewarp.json` for reports on many runs: what is missing or odd is left out, and the rest is read.

use std::path::Path;

use mtbsync_formats::json::{self, JsonError, MAX_JSON_BYTES};
use mtbsync_formats::{is_moment, read_bounded};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::time_warp::{SegmentFile, TimeWarpFile, VERSION};

/// Largest file that is searched for what reads of it, bytes: that takes up to 65 times the memory (64 MiB:
/// 4.3 GB). A larger one reads as a whole or not at all.
const MAX_ODD_BYTES: usize = 8 << 20;

/// Why a `timewarp.json` says nothing at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnreadableWarp {
    /// Not readable, not JSON, or of a newer program.
    #[error("timewarp.json: {0}")]
    Json(#[from] JsonError),
    /// Something else than an object.
    #[error("timewarp.json: not an object")]
    NotAnObject,
    /// Version 1 is a line, and there is none.
    #[error("timewarp.json: params.a must be finite and greater than 0")]
    Params,
}

/// The file as far as it reads. `model` is empty when it is missing; segments are those that make a curve;
/// residuals without a `p90` count as missing.
///
/// # Errors
/// Not a JSON object, of a newer program, or a version 1 file without a rising line.
pub fn read_leniently(path: &Path) -> Result<TimeWarpFile, UnreadableWarp> {
    let bytes = read_bounded(path, MAX_JSON_BYTES).map_err(JsonError::Read)?;
    if bytes.len() <= MAX_ODD_BYTES {
        return from_value(json::from_slice(&bytes)?);
    }
    let file: TimeWarpFile = json::from_slice(&bytes)?;
    json::check_version(file.version, VERSION)?;
    usable(file)
}

fn from_value(mut value: Value) -> Result<TimeWarpFile, UnreadableWarp> {
    let content = value.as_object_mut().ok_or(UnreadableWarp::NotAnObject)?;
    let version = content
        .get("version")
        .map_or(1, |v| v.as_u64().unwrap_or(u64::MAX));
    json::check_version(version, VERSION)?;
    if let Some(ok) = content.get_mut("ok") {
        *ok = Value::Bool(*ok == Value::Bool(true));
    }
    keep_readable::<String>(content, "reasons");
    keep_readable::<SegmentFile>(content, "segments");
    content.retain(|key, value| match key.as_str() {
        "residuals" if value.get("p90").is_none() => false,
        _ => {
            // Not copied: a list of knots may be most of the file.
            let mut alone = json!({"model": ""});
            alone[key] = value.take();
            let is_readable = TimeWarpFile::deserialize(&alone).is_ok();
            *value = alone[key].take();
            is_readable
        }
    });
    let default_model = if version < VERSION { "affine" } else { "" };
    content.entry("model").or_insert_with(|| default_model.into());
    usable(serde_json::from_value(value).map_err(JsonError::Syntax)?)
}

/// The file without what nobody can use.
fn usable(mut file: TimeWarpFile) -> Result<TimeWarpFile, UnreadableWarp> {
    if file.version < VERSION && file.line().is_none_or(|line| line.a <= 0.0 || !is_moment(line.b)) {
        return Err(UnreadableWarp::Params);
    }
    leave_out_odd_times(&mut file);
    let mut next_knot = 0;
    let mut segments = std::mem::take(&mut file.segments);
    segments.retain(|segment| {
        let is_curve = segment.knots[0] >= next_knot && file.segment(segment).is_some();
        if is_curve {
            next_knot = segment.knots[1] + 1;
        }
        is_curve
    });
    file.segments = segments;
    Ok(file)
}

/// Times that no recording has are as if they were not there.
fn leave_out_odd_times(file: &mut TimeWarpFile) {
    file.stops
        .retain(|stop| is_moment(stop.from) && is_moment(stop.to));
    for side in [&mut file.reference, &mut file.new].into_iter().flatten() {
        side.duration = Some(side.duration)
            .filter(|secs| is_moment(*secs))
            .unwrap_or_default();
    }
    if let Some(residuals) = &mut file.residuals {
        for secs in [
            &mut residuals.mae,
            &mut residuals.p50,
            &mut residuals.p90,
            &mut residuals.p95,
        ] {
            *secs = secs.filter(|secs| is_moment(*secs));
        }
    }
}

/// Of the list under `key`, the items that are a `T`.
fn keep_readable<T: DeserializeOwned>(content: &mut Map<String, Value>, key: &str) {
    if let Some(Value::Array(items)) = content.get_mut(key) {
        items.retain(|item| T::deserialize(item).is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_two_is_read_with_its_curve() {
        let segment =
            |first: usize, last: usize| json!({"knots": [first, last], "t_new": [0, 1], "t_ref": [0, 1]});
        let value = json!({"ok": true, "version": 2, "model": "monotone", "params": {"a": 0.98, "b": 4.0},
            "residuals": {"mae": 0.06, "p50": 0.04, "p90": null, "p95": 0.2}, "n_pairs": 7,
            "knots": {"t_new": [0.0, 1.0, 5.0, 6.0], "t_ref": [4.0, 5.0, 20.0, 22.0], "sigma": [0, 0, 0, 0]},
            "segments": [segment(0, 1), segment(2, 3), segment(3, 99), {"knots": "x"}],
            "coverage": "x", "reasons": ["a", 3]});
        let file = from_value(value).unwrap();
        let warp = file.warp().unwrap();
        assert_eq!(
            (warp.ref_from_new(0.5), warp.ref_from_new(3.0)),
            (Some(4.5), None)
        );
        assert_eq!(
            (file.segments.len(), file.reasons.as_slice()),
            (2, ["a".to_owned()].as_slice())
        );
        assert_eq!((file.residuals.unwrap().p90, file.coverage), (None, None));
        assert_eq!((file.n_pairs, file.ppm), (Some(7), None));
    }

    #[test]
    fn version_one_is_a_line() {
        let file =
            from_value(json!({"params": {"a": 1.0002, "b": -1.0}, "ok": "x", "residuals": {}})).unwrap();
        assert!(!file.ok && file.residuals.is_none() && file.model == "affine");
        assert_eq!(file.line().map(|line| (line.a, line.b)), Some((1.0002, -1.0)));
    }

    #[test]
    fn times_no_recording_has_are_left_out() {
        let far = |at: f64| json!([{"side": "new", "from": 0.0, "to": at}, {"side": "new", "from": 1.0, "to": 2.0}]);
        let value = json!({"version": 2, "model": "monotone", "stops": far(1e15),
            "new": {"duration": 1e300}, "residuals": {"p50": -1e15, "p90": 0.2},
            "knots": {"t_new": [0.0, 1e15, 5.0, 6.0], "t_ref": [4.0, 5.0, 20.0, 22.0], "sigma": [0, 0, 0, 0]},
            "segments": [{"knots": [0, 1], "t_new": [0, 1], "t_ref": [4, 5]}, {"knots": [2, 3], "t_new": [5, 6], "t_ref": [20, 22]},
                {"knots": [2, 3], "t_new": [5, 6], "t_ref": [20, 22]}]});
        let file = from_value(value).unwrap();
        assert_eq!((file.segments.len(), file.stops.len()), (1, 1));
        assert_eq!(file.new.unwrap().duration, 0.0);
        let residuals = file.residuals.unwrap();
        assert_eq!((residuals.p50, residuals.p90), (None, Some(0.2)));
        assert!(from_value(json!({"params": {"a": 1.0, "b": 1e15}})).is_err());
    }

    #[test]
    fn a_large_file_reads_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("timewarp.json");
        let read = |knots: &str| {
            let blanks = " ".repeat(MAX_ODD_BYTES);
            let text = format!(
                r#"{{"version":2,"model":"affine","knots":{{"t_new":[{knots}],"t_ref":[],"sigma":[]}}}}"#
            );
            std::fs::write(&path, text + &blanks).unwrap();
            read_leniently(&path)
        };
        assert_eq!(read("1,2").unwrap().knots.t_new, [1.0, 2.0]);
        assert!(matches!(
            read("{},{}"),
            Err(UnreadableWarp::Json(JsonError::Syntax(_)))
        ));
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
            assert_eq!(from_value(value).unwrap_err().to_string(), reason);
        }
    }
}
