//! A map in evenly spaced points, for pages that draw it (docs/reference/http.md#reading).

use mtbsync_align::TimeWarp;
use serde::Serialize;

use crate::time_warp::{Params, StopFile, TimeWarpFile};

/// A map at `n` moments of the new run. All arrays but the last two have `n` entries; `None` where there is
/// no map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WarpSample {
    /// Gates passed.
    pub ok: bool,
    /// `monotone` or `affine`.
    pub model: String,
    /// Moments of the new run, seconds.
    pub t_new: Vec<f64>,
    /// The same places in the reference, seconds.
    pub t_ref: Vec<Option<f64>>,
    /// Lower end of the 90 % band in reference time.
    pub low: Vec<Option<f64>>,
    /// Its upper end.
    pub high: Vec<Option<f64>>,
    /// New minus reference time since the start of the segment, seconds; above 0 the new run is slower.
    pub delta: Vec<Option<f64>>,
    /// Mapped stretches of the new run.
    pub segments: Vec<[f64; 2]>,
    /// Where somebody stands.
    pub stops: Vec<StopFile>,
    /// The line of the map.
    pub params: Option<Params>,
}

/// The map of `file` at `n` moments from `from_secs` to `to_secs` of the new run; by default over all of it.
pub fn sample(file: &TimeWarpFile, range: (Option<f64>, Option<f64>), n: usize) -> WarpSample {
    let warp = file.warp().unwrap_or_default();
    let from_secs = range.0.unwrap_or(0.0);
    let to_secs = range.1.unwrap_or_else(|| file.new_duration_secs()).max(from_secs);
    let step = (to_secs - from_secs) / n.saturating_sub(1).max(1) as f64;
    let mut sample = WarpSample {
        ok: file.ok,
        model: file.model.clone(),
        t_new: (0..n).map(|k| from_secs + step * k as f64).collect(),
        t_ref: Vec::with_capacity(n),
        low: Vec::with_capacity(n),
        high: Vec::with_capacity(n),
        delta: Vec::with_capacity(n),
        segments: warp
            .segments()
            .iter()
            .map(|segment| segment.new_range().into())
            .collect(),
        stops: file.stops.clone(),
        params: file.params,
    };
    for t_new in &sample.t_new {
        let point = point(&warp, *t_new);
        sample.t_ref.push(point.map(|p| p.t_ref));
        sample.low.push(point.map(|p| p.t_ref - p.half_width));
        sample.high.push(point.map(|p| p.t_ref + p.half_width));
        sample.delta.push(point.map(|p| p.delta));
    }
    sample
}

#[derive(Clone, Copy)]
struct Point {
    t_ref: f64,
    half_width: f64,
    delta: f64,
}

fn point(warp: &TimeWarp, t_new: f64) -> Option<Point> {
    let segment = warp.segment_at_new(t_new)?;
    let t_ref = segment.curve().y_at(t_new)?;
    let (new_start, ref_start) = (segment.new_range().0, segment.ref_range().0);
    Some(Point {
        t_ref,
        half_width: segment.half_width_at_new(t_new),
        delta: (t_new - new_start) - (t_ref - ref_start),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> TimeWarpFile {
        serde_json::from_str(
            r#"{"ok":false,"version":2,"model":"monotone","params":null,"new":{"duration":40.0},
            "knots":{"t_new":[10,20,30,35],"t_ref":[5,10,30,35],"sigma":[0.1,0.1,0.2,0.2]},
            "segments":[{"knots":[0,1],"t_new":[10,20],"t_ref":[5,10]},{"knots":[2,3],"t_new":[30,35],"t_ref":[30,35]}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn points_are_even_and_gaps_stay_empty() {
        let sample = sample(&file(), (None, None), 9);
        assert_eq!(sample.t_new, [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0]);
        let known =
            |k: usize| sample.t_ref[k].is_some() && sample.low[k].is_some() && sample.delta[k].is_some();
        assert_eq!((0..9).filter(|k| known(*k)).collect::<Vec<_>>(), [2, 3, 4, 6, 7]);
        assert_eq!(sample.segments, [[10.0, 20.0], [30.0, 35.0]]);
        // Ten seconds of the new run for five of the reference; the second segment starts anew.
        assert_eq!((sample.delta[4], sample.delta[6]), (Some(5.0), Some(0.0)));
        assert!(sample.low[3] < sample.t_ref[3] && sample.t_ref[3] < sample.high[3]);
        assert!(!sample.ok);
    }

    #[test]
    fn a_range_is_met_at_both_ends() {
        let part = sample(&file(), (Some(12.0), Some(18.0)), 2);
        assert_eq!(
            (part.t_new.as_slice(), part.t_ref.len()),
            ([12.0, 18.0].as_slice(), 2)
        );
        let backwards = sample(&file(), (Some(12.0), Some(3.0)), 2);
        assert_eq!(backwards.t_new, [12.0, 12.0]);
    }
}
