//! The time warp `t_ref = warp(t_new)`: when the reference was where the new recording is.
//!
//! A [`TimeWarp`] is a list of segments. Inside a segment it is a strictly increasing curve with an error per
//! knot; between and outside segments the new rider was where the reference never went, and the warp has no
//! value there. It is never extrapolated.

use mtbsync_formats::is_moment;

use crate::confidence::interval_half_width_secs;
use crate::curve::MonotoneCurve;
use crate::tuning::{MIN_STOP_SECS, MOST_STEPS_PER_KNOT, STANDING_SLOPE, STOP_STEP_SECS};

/// Slope above which the reference rider counts as standing.
const REF_STANDING_SLOPE: f64 = 1.0 / STANDING_SLOPE;

/// One stretch both recordings share.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    curve: MonotoneCurve,
    sigma: Vec<f64>,
    half_width: Vec<f64>,
    pace: f64,
}

impl Segment {
    /// A segment through knots `(t_new, t_ref)` with one-sigma errors of `t_ref`, seconds. `None` unless the
    /// knots are at least two, strictly increasing in both, the errors are as many and not negative, and all
    /// of them are times a recording can have ([`is_moment`]).
    pub fn new(t_new: Vec<f64>, t_ref: Vec<f64>, sigma: Vec<f64>) -> Option<Self> {
        let are_times = |times: &[f64]| times.iter().copied().all(is_moment);
        let valid = sigma.len() == t_new.len()
            && [&t_new, &t_ref, &sigma].into_iter().all(|times| are_times(times))
            && sigma.iter().all(|s| *s >= 0.0);
        let pace = typical_pace(&t_new, &t_ref);
        let curve = MonotoneCurve::new(t_new, t_ref)?;
        let half_width = sigma.iter().map(|s| interval_half_width_secs(*s)).collect();
        valid.then_some(Self {
            curve,
            sigma,
            half_width,
            pace,
        })
    }

    /// With half widths of the 90 % interval of the reference time at each knot, seconds, where they are
    /// known better than by the one-sigma errors, which hold all doubt about the path. `None` unless they are
    /// as many as the knots, not negative, and times a recording can have.
    pub fn with_half_widths(self, half_width: Vec<f64>) -> Option<Self> {
        let valid = half_width.len() == self.sigma.len()
            && half_width.iter().all(|half| is_moment(*half) && *half >= 0.0);
        valid.then_some(Self { half_width, ..self })
    }

    /// The curve from new to reference time.
    pub fn curve(&self) -> &MonotoneCurve {
        &self.curve
    }

    /// One-sigma error of the reference time at each knot, seconds.
    pub fn sigma(&self) -> &[f64] {
        &self.sigma
    }

    /// Half width of the 90 % interval of the reference time at each knot, seconds.
    pub fn half_widths(&self) -> &[f64] {
        &self.half_width
    }

    /// Reference seconds per new second as they usually are in this segment, stops and leaps aside.
    pub(crate) fn pace(&self) -> f64 {
        self.pace
    }

    /// First and last new time.
    pub fn new_range(&self) -> (f64, f64) {
        ends(self.curve.x())
    }

    /// First and last reference time.
    pub fn ref_range(&self) -> (f64, f64) {
        ends(self.curve.y())
    }

    /// Moments of the new run `step_secs` apart from the first on, ends of the stretches the curve is looked
    /// at in: fewer where that would be more than [`MOST_STEPS_PER_KNOT`] for each knot.
    pub(crate) fn moments(&self, step_secs: f64) -> impl Iterator<Item = f64> {
        let (first, last) = self.new_range();
        let most = self.curve.x().len().saturating_mul(MOST_STEPS_PER_KNOT);
        let step_secs = step_secs.max((last - first) / most as f64);
        let steps = (((last - first) / step_secs).floor() as usize).min(most);
        (0..=steps).map(move |k| (first + k as f64 * step_secs).min(last))
    }

    /// One-sigma error of the reference time at `t_new`, linear between knots, that of the end outside.
    pub fn sigma_at_new(&self, t_new: f64) -> f64 {
        self.at_new(&self.sigma, t_new)
    }

    /// Half width of the 90 % interval of the reference time at `t_new`, likewise.
    pub fn half_width_at_new(&self, t_new: f64) -> f64 {
        self.at_new(&self.half_width, t_new)
    }

    fn at_new(&self, of_knots: &[f64], t_new: f64) -> f64 {
        let x = self.curve.x();
        let k = x.partition_point(|&k| k <= t_new).clamp(1, x.len() - 1) - 1;
        let share = ((t_new - x[k]) / (x[k + 1] - x[k])).clamp(0.0, 1.0);
        of_knots[k] * (1.0 - share) + of_knots[k + 1] * share
    }
}

/// Median slope between knots, weighted by new time.
pub(crate) fn typical_pace(t_new: &[f64], t_ref: &[f64]) -> f64 {
    let steps = t_new.windows(2).zip(t_ref.windows(2));
    let mut slopes: Vec<(f64, f64)> = steps
        .map(|(x, y)| (x[1] - x[0], y[1] - y[0]))
        .filter(|(dx, _)| *dx > 0.0)
        .map(|(dx, dy)| (dy / dx, dx))
        .filter(|(slope, _)| (STANDING_SLOPE..REF_STANDING_SLOPE).contains(slope))
        .collect();
    slopes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = 0.5 * slopes.iter().map(|(_, dx)| dx).sum::<f64>();
    let mut sum = 0.0;
    let middle = slopes.iter().find(|(_, dx)| {
        sum += dx;
        sum >= half
    });
    middle.map_or(1.0, |(slope, _)| *slope)
}

fn ends(v: &[f64]) -> (f64, f64) {
    (
        v.first().copied().unwrap_or(f64::NAN),
        v.last().copied().unwrap_or(f64::NAN),
    )
}

/// Which rider stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSide {
    /// The new rider; times are new times.
    New,
    /// The reference rider; times are reference times.
    Ref,
}

/// Somebody stands still.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// Who.
    pub side: StopSide,
    /// From, seconds on that side's clock.
    pub from_secs: f64,
    /// To, seconds on that side's clock.
    pub to_secs: f64,
}

/// Map between two recordings.
///
/// ```
/// use mtbsync_align::{Segment, TimeWarp};
///
/// // The new rider comes by 2 s later and at the same speed; one sigma is 20 ms.
/// let segment = Segment::new(vec![0.0, 10.0, 30.0], vec![2.0, 12.0, 32.0], vec![0.02; 3]);
/// let warp = TimeWarp::new(vec![segment.unwrap()]).unwrap();
/// assert_eq!(warp.ref_from_new(15.0), Some(17.0));
/// assert_eq!(warp.new_from_ref(17.0), Some(15.0));
/// assert_eq!(warp.ref_from_new(31.0), None);
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TimeWarp {
    segments: Vec<Segment>,
    stops: Vec<Stop>,
    /// The stops of the new rider and those of the reference rider, in order of time.
    new_stops: Vec<Stop>,
    ref_stops: Vec<Stop>,
}

impl TimeWarp {
    /// A warp of segments in order of both times. `None` when they overlap.
    pub fn new(segments: Vec<Segment>) -> Option<Self> {
        let ordered = segments
            .windows(2)
            .all(|w| w[0].new_range().1 < w[1].new_range().0 && w[0].ref_range().1 < w[1].ref_range().0);
        if !ordered {
            return None;
        }
        let stops: Vec<Stop> = segments.iter().flat_map(find_stops).collect();
        let of = |side| stops.iter().filter(|stop| stop.side == side).copied().collect();
        Some(Self {
            new_stops: of(StopSide::New),
            ref_stops: of(StopSide::Ref),
            segments,
            stops,
        })
    }

    /// Stretches with a value, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Stops found in the curve, in order of segments.
    pub fn stops(&self) -> &[Stop] {
        &self.stops
    }

    /// Reference time at which the reference was where the new recording is at `t_new_secs`.
    pub fn ref_from_new(&self, t_new_secs: f64) -> Option<f64> {
        self.segment_at_new(t_new_secs)?.curve.y_at(t_new_secs)
    }

    /// The exact inverse of [`Self::ref_from_new`].
    pub fn new_from_ref(&self, t_ref_secs: f64) -> Option<f64> {
        self.segment_at_ref(t_ref_secs)?.curve.x_at(t_ref_secs)
    }

    /// One-sigma error of [`Self::ref_from_new`], seconds.
    pub fn ref_sigma_at(&self, t_new_secs: f64) -> Option<f64> {
        Some(self.segment_at_new(t_new_secs)?.sigma_at_new(t_new_secs))
    }

    /// Half width of the 90 % interval of [`Self::ref_from_new`], seconds.
    pub fn ref_half_width_at(&self, t_new_secs: f64) -> Option<f64> {
        Some(self.segment_at_new(t_new_secs)?.half_width_at_new(t_new_secs))
    }

    /// The segment that holds a moment of the new run.
    pub fn segment_at_new(&self, t_new_secs: f64) -> Option<&Segment> {
        let index = self.segments.partition_point(|s| s.new_range().1 < t_new_secs);
        let segment = self.segments.get(index)?;
        (segment.new_range().0 <= t_new_secs).then_some(segment)
    }

    /// The segment that holds a moment of the reference.
    pub fn segment_at_ref(&self, t_ref_secs: f64) -> Option<&Segment> {
        let index = self.segments.partition_point(|s| s.ref_range().1 < t_ref_secs);
        let segment = self.segments.get(index)?;
        (segment.ref_range().0 <= t_ref_secs).then_some(segment)
    }

    /// The stops of one rider, in order of time.
    pub(crate) fn stops_of(&self, side: StopSide) -> &[Stop] {
        match side {
            StopSide::New => &self.new_stops,
            StopSide::Ref => &self.ref_stops,
        }
    }

    /// The stop of one rider that holds a moment on that rider's clock.
    pub(crate) fn stop_at(&self, side: StopSide, t_secs: f64) -> Option<&Stop> {
        let stops = self.stops_of(side);
        let stop = stops.get(stops.partition_point(|stop| stop.to_secs < t_secs))?;
        (stop.from_secs <= t_secs).then_some(stop)
    }

    /// Mapped seconds of the new recording.
    pub fn mapped_secs(&self) -> f64 {
        self.segments
            .iter()
            .map(|s| s.new_range().1 - s.new_range().0)
            .fold(0.0, |sum, secs| sum + secs)
    }
}

/// Flats (new rider stands) and steep parts (reference rider stands) of a segment.
fn find_stops(segment: &Segment) -> Vec<Stop> {
    let mut stops: Vec<Stop> = Vec::new();
    let mut open: Option<(StopSide, f64, f64)> = None;
    let mut close = |open: &mut Option<(StopSide, f64, f64)>| {
        if let Some((side, from, to)) = open.take()
            && to - from >= MIN_STOP_SECS
        {
            stops.push(Stop {
                side,
                from_secs: from,
                to_secs: to,
            });
        }
    };
    let moments = segment.moments(STOP_STEP_SECS);
    for (a, b) in moments.zip(segment.moments(STOP_STEP_SECS).skip(1)) {
        let (Some(ya), Some(yb)) = (segment.curve.y_at(a), segment.curve.y_at(b)) else {
            continue;
        };
        let slope = (yb - ya) / (b - a);
        let side = if slope < STANDING_SLOPE {
            Some((StopSide::New, a, b))
        } else if slope > REF_STANDING_SLOPE {
            Some((StopSide::Ref, ya, yb))
        } else {
            None
        };
        match (side, &mut open) {
            (Some((side, _, to)), Some((running, _, end))) if side == *running => *end = to,
            (found, _) => {
                close(&mut open);
                open = found;
            }
        }
    }
    close(&mut open);
    stops
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warp(knots: &[(f64, f64)]) -> TimeWarp {
        let (x, y): (Vec<f64>, Vec<f64>) = knots.iter().copied().unzip();
        let sigma = vec![0.02; x.len()];
        TimeWarp::new(vec![Segment::new(x, y, sigma).unwrap()]).unwrap()
    }

    #[test]
    fn a_stop_of_the_new_rider_is_found() {
        let w = warp(&[(0.0, 0.0), (10.0, 10.0), (16.0, 10.01), (20.0, 14.0)]);
        let [stop] = w.stops() else {
            panic!("{:?}", w.stops())
        };
        assert_eq!(stop.side, StopSide::New);
        assert!(
            (stop.from_secs - 10.0).abs() < 0.6 && (stop.to_secs - 16.0).abs() < 0.6,
            "{stop:?}"
        );
    }

    #[test]
    fn a_stop_of_the_reference_rider_is_found_on_its_clock() {
        let w = warp(&[(0.0, 0.0), (10.0, 10.0), (10.3, 20.0), (20.0, 30.0)]);
        let stop = w.stops().iter().find(|s| s.side == StopSide::Ref).unwrap();
        assert!(
            (stop.from_secs - 10.0).abs() < 2.0 && (stop.to_secs - 20.0).abs() < 2.0,
            "{stop:?}"
        );
    }

    #[test]
    fn times_no_recording_has_make_no_segment() {
        for extreme in [1e15, 1e308, f64::NAN, f64::INFINITY, -1e15] {
            let times = if extreme < 0.0 {
                [extreme, 1.0, 2.0]
            } else {
                [0.0, 1.0, extreme]
            };
            let of =
                |t_new: [f64; 3], t_ref: [f64; 3]| Segment::new(t_new.into(), t_ref.into(), vec![0.1; 3]);
            assert!(of(times, [0.0, 1.0, 2.0]).is_none() && of([0.0, 1.0, 2.0], times).is_none());
            assert!(Segment::new(vec![0.0, 1.0], vec![0.0, 1.0], vec![extreme; 2]).is_none());
        }
        let smallest = vec![0.0, 5e-324, 1e-300];
        let tiny = Segment::new(smallest.clone(), smallest, vec![0.0; 3]).unwrap();
        assert!(TimeWarp::new(vec![tiny]).unwrap().stops().is_empty());
    }

    #[test]
    fn work_goes_over_knots() {
        let far = Segment::new(vec![-6e5, 6e5], vec![0.0, 10.0], vec![0.1; 2]).unwrap();
        let moments: Vec<f64> = far.moments(STOP_STEP_SECS).collect();
        assert_eq!(moments.len(), 2 * MOST_STEPS_PER_KNOT + 1);
        assert_eq!((moments[0], moments[moments.len() - 1]), (-6e5, 6e5));
        let near = Segment::new(vec![0.0, 10.0], vec![0.0, 10.0], vec![0.1; 2]).unwrap();
        assert_eq!(near.moments(0.1).count(), 101);
        // All of it is one stop of the new rider, whatever the step.
        assert_eq!(TimeWarp::new(vec![far]).unwrap().stops().len(), 1);
    }

    #[test]
    fn a_segment_is_found_among_many() {
        let part = |k: u32| {
            let at = f64::from(k) * 10.0;
            Segment::new(vec![at, at + 4.0], vec![at + 1.0, at + 5.0], vec![0.1; 2]).unwrap()
        };
        let warp = TimeWarp::new((0..100).map(part).collect()).unwrap();
        for k in 0..100 {
            let at = f64::from(k) * 10.0;
            assert_eq!(warp.ref_from_new(at + 4.0), Some(at + 5.0));
            assert_eq!(warp.new_from_ref(at + 1.0), Some(at));
            assert_eq!(
                (warp.ref_from_new(at + 4.5), warp.new_from_ref(at + 0.5)),
                (None, None)
            );
        }
        assert_eq!(warp.ref_from_new(f64::NAN), None);
    }

    #[test]
    fn no_value_between_segments() {
        let a = Segment::new(vec![0.0, 5.0], vec![1.0, 6.0], vec![0.1; 2]).unwrap();
        let b = Segment::new(vec![8.0, 9.0], vec![20.0, 21.0], vec![0.1; 2]).unwrap();
        let w = TimeWarp::new(vec![a.clone(), b.clone()]).unwrap();
        assert_eq!(w.ref_from_new(6.0), None);
        assert_eq!(w.new_from_ref(10.0), None);
        assert_eq!(w.ref_from_new(8.5), Some(20.5));
        assert!((w.mapped_secs() - 6.0).abs() < 1e-12);
        assert!(TimeWarp::new(vec![b, a]).is_none(), "segments out of order");
    }
}
