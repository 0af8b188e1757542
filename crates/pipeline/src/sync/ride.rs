//! What a map means to the rider: slower or faster than the reference, where most, and which markers want a
//! look.

use mtbsync_align::TimeWarp;
use mtbsync_markers::{InverseMap, Status, TransferredMarker};

use crate::map::delta::Delta;
use crate::map::splits::SAME_GATE_SECS;
use crate::markers::map::MarkerMap;

/// A marker whose 90 % interval is wider than this to either side divides no sections, seconds: beside a stop
/// of 6 s (`rendered/dev_speed`, marker 06: 3.4 s) the stop could be in either.
const MAX_GATE_HALF_WIDTH_SECS: f64 = 1.0;

/// A place that both runs passed.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Name of the marker there; `None` where the common stretch begins or ends.
    pub name: Option<String>,
    /// When the reference was there.
    pub t_ref_secs: f64,
    /// When the new run was there.
    pub t_new_secs: f64,
    /// Half width of the 90 % interval of `t_new_secs`.
    pub half_width_secs: f64,
}

/// The way between two markers that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Where it begins.
    pub from: Passage,
    /// Where it ends.
    pub to: Passage,
    /// How much longer the new run took.
    pub delta: Delta,
}

impl Stretch {
    fn between(from: &Passage, to: &Passage) -> Self {
        Self {
            delta: Delta::of(
                to.t_ref_secs - from.t_ref_secs,
                to.t_new_secs - from.t_new_secs,
                [from.half_width_secs, to.half_width_secs],
            ),
            from: from.clone(),
            to: to.clone(),
        }
    }
}

/// A marker that a person should look at.
#[derive(Clone, Debug, PartialEq)]
pub struct ToCheck {
    /// Its name.
    pub name: String,
    /// Half width of its 90 % interval, seconds.
    pub half_width_secs: f64,
    /// The new rider stands there, so that it has no single moment.
    pub in_stop: bool,
}

/// What became of the ride and of its markers.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Ride {
    /// From the first place that both runs passed to the last: markers, where two or more are known well.
    pub whole: Option<Stretch>,
    /// Where most was lost, and surely so.
    pub loss: Option<Stretch>,
    /// Where most was gained, and surely so.
    pub gain: Option<Stretch>,
    /// Markers to be looked at, in order of the trail.
    pub to_check: Vec<ToCheck>,
    /// Names of markers at places the new run never was.
    pub outside: Vec<String>,
    /// What both runs show, as stretches of the new recording: first and last second.
    pub common: Vec<(f64, f64)>,
}

impl Ride {
    /// Of a map, and the markers carried over by it.
    pub fn of(warp: &TimeWarp, markers: &[TransferredMarker], new_duration_secs: f64) -> Self {
        let mut sorted: Vec<&TransferredMarker> = markers.iter().collect();
        sorted.sort_by(|a, b| a.marker.t_ref_secs.total_cmp(&b.marker.t_ref_secs));
        let mut gates: Vec<Passage> = sorted.iter().filter_map(|marker| passage(marker)).collect();
        gates.retain(|gate| gate.half_width_secs <= MAX_GATE_HALF_WIDTH_SECS);
        gates.dedup_by(|a, b| a.t_ref_secs - b.t_ref_secs < SAME_GATE_SECS);
        let sections: Vec<Stretch> = gates
            .iter()
            .zip(gates.iter().skip(1))
            .map(|(from, to)| Stretch::between(from, to))
            .collect();
        let ends = match gates.as_slice() {
            [first, .., last] => Some((first.clone(), last.clone())),
            _ => common_ends(warp, new_duration_secs),
        };
        let clear = || sections.iter().filter(|section| section.delta.is_clear());
        let most = |a: &&Stretch, b: &&Stretch| a.delta.secs.total_cmp(&b.delta.secs);
        Self {
            whole: ends.map(|(from, to)| Stretch::between(&from, &to)),
            loss: clear().filter(|s| s.delta.secs > 0.0).max_by(most).cloned(),
            gain: clear().filter(|s| s.delta.secs < 0.0).min_by(most).cloned(),
            to_check: sorted.iter().filter_map(|marker| to_check(marker)).collect(),
            outside: sorted
                .iter()
                .filter(|marker| marker.status == Status::Outside)
                .map(|marker| marker.marker.name.clone())
                .collect(),
            common: warp.segments().iter().map(|s| s.new_range()).collect(),
        }
    }
}

fn passage(marker: &TransferredMarker) -> Option<Passage> {
    let located = marker.located?;
    Some(Passage {
        name: Some(marker.marker.name.clone()),
        t_ref_secs: marker.marker.t_ref_secs,
        t_new_secs: located.t_new_secs,
        half_width_secs: located.half_width_secs(),
    })
}

fn to_check(marker: &TransferredMarker) -> Option<ToCheck> {
    let located = marker.located.filter(|_| marker.status == Status::Review)?;
    Some(ToCheck {
        name: marker.marker.name.clone(),
        half_width_secs: located.half_width_secs(),
        in_stop: located.in_stop,
    })
}

/// The first and the last moment that both runs show.
fn common_ends(warp: &TimeWarp, new_duration_secs: f64) -> Option<(Passage, Passage)> {
    let map = MarkerMap {
        warp,
        new_duration_secs,
    };
    let at = |t_ref_secs: f64| {
        let located = map.locate(t_ref_secs)?;
        Some(Passage {
            name: None,
            t_ref_secs,
            t_new_secs: located.t_new_secs,
            half_width_secs: located.half_width_secs(),
        })
    };
    let (first, last) = (warp.segments().first()?, warp.segments().last()?);
    at(first.ref_range().0).zip(at(last.ref_range().1))
}

#[cfg(test)]
mod tests {
    use mtbsync_align::Segment;
    use mtbsync_markers::{Marker, TimeEstimate};

    use super::*;

    fn marker(name: &str, t_ref_secs: f64, t_new: Option<(f64, f64)>, status: Status) -> TransferredMarker {
        let table =
            mtbsync_markers::read_markers(format!("name,t_ref\n{name},{t_ref_secs}\n").as_bytes(), None);
        let marker: Marker = table.unwrap().markers.remove(0);
        TransferredMarker {
            marker,
            located: t_new.map(|(t_new_secs, half)| TimeEstimate {
                t_new_secs,
                low_secs: t_new_secs - half,
                high_secs: t_new_secs + half,
                confidence: 0.9,
                in_stop: false,
            }),
            t_new_end_secs: None,
            status,
        }
    }

    fn warp() -> TimeWarp {
        let segment = |x: [f64; 2], y: [f64; 2]| Segment::new(x.to_vec(), y.to_vec(), vec![0.02; 2]).unwrap();
        TimeWarp::new(vec![
            segment([2.0, 20.0], [10.0, 27.0]),
            segment([30.0, 60.0], [40.0, 69.0]),
        ])
        .unwrap()
    }

    #[test]
    fn sections_run_between_markers_that_were_passed() {
        let markers = [
            marker("D", 60.0, Some((52.0, 0.1)), Status::Ok),
            marker("A", 0.0, None, Status::Outside),
            marker("B", 20.0, Some((10.0, 0.1)), Status::Ok),
            marker("C", 30.0, Some((22.5, 0.4)), Status::Review),
            marker("C2", 31.0, Some((25.5, 3.0)), Status::Review),
        ];
        let ride = Ride::of(&warp(), &markers, 70.0);
        let whole = ride.whole.unwrap();
        assert_eq!(
            (
                whole.from.name.as_deref(),
                whole.to.name.as_deref(),
                whole.delta.secs
            ),
            (Some("B"), Some("D"), 2.0)
        );
        let loss = ride.loss.unwrap();
        assert_eq!((loss.from.name.as_deref(), loss.delta.secs), (Some("B"), 2.5));
        assert!(loss.delta.half_width_secs > 0.4, "both ends are unsure");
        assert_eq!(
            ride.gain.map(|gain| gain.delta.secs),
            Some(-0.5),
            "C to D, surely"
        );
        assert_eq!(ride.outside, ["A"]);
        let names: Vec<&str> = ride.to_check.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["C", "C2"], "the latter is no gate");
    }

    #[test]
    fn what_lies_within_its_error_is_no_loss() {
        let markers = [
            marker("A", 10.0, Some((5.0, 0.3)), Status::Ok),
            marker("B", 20.0, Some((15.2, 0.3)), Status::Ok),
        ];
        let ride = Ride::of(&warp(), &markers, 70.0);
        assert!(!ride.whole.unwrap().delta.is_clear());
        assert_eq!((ride.loss, ride.gain), (None, None));
    }

    #[test]
    fn without_two_gates_the_common_stretch_counts() {
        let one = [marker("A", 15.0, Some((7.0, 0.1)), Status::Ok)];
        for markers in [&one[..], &[]] {
            let ride = Ride::of(&warp(), markers, 70.0);
            let whole = ride.whole.unwrap();
            assert_eq!(
                (whole.from.name, whole.from.t_ref_secs, whole.to.t_ref_secs),
                (None, 10.0, 69.0)
            );
            assert!((whole.delta.secs + 1.0).abs() < 1e-9, "{:?}", whole.delta);
            assert_eq!(ride.common, [(2.0, 20.0), (30.0, 60.0)]);
        }
        assert_eq!(Ride::of(&TimeWarp::default(), &[], 70.0), Ride::default());
    }
}
