//! Removes from a track what the receiver invented: positions without a fix, frozen or impossible ones.
//!
//! The rules hold for 18 samples a second and for one, and keep everything that could be true: a wrong point
//! costs more than a missing one, because evidence from GPS is optional.

use crate::geometry::metres_between;
use crate::track::{Fix, Track, TrackPoint};
use crate::tuning::{
    CLEAN_FROZEN_SPEED_MPS, CLEAN_MAX_DOP, CLEAN_MAX_SPEED_MPS, CLEAN_REPORTED_SPEED_MARGIN,
};

/// What cleaning removed, by reason; each point counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CleanReport {
    /// Points before.
    pub before: usize,
    /// Points kept.
    pub kept: usize,
    /// No fix.
    pub no_fix: usize,
    /// Dilution of precision 5 or more.
    pub poor_dop: usize,
    /// Position (0,0), out of range, or not a number.
    pub impossible: usize,
    /// Time out of order.
    pub time_back: usize,
    /// Unchanged position while moving.
    pub frozen: usize,
    /// Reached only by an impossible jump.
    pub jumps: usize,
}

/// The usable points of a track in strictly increasing time, and what was removed.
pub fn clean(track: &Track) -> (Track, CleanReport) {
    let mut report = CleanReport {
        before: track.points.len(),
        ..CleanReport::default()
    };
    let mut solved: Vec<TrackPoint> = Vec::with_capacity(track.points.len());
    for point in &track.points {
        if !is_possible(point) {
            report.impossible += 1;
        } else if point.fix == Fix::None {
            report.no_fix += 1;
        } else if point.dop.is_some_and(|dop| dop >= CLEAN_MAX_DOP) {
            report.poor_dop += 1;
        } else {
            solved.push(*point);
        }
    }
    let mut kept = in_increasing_time(&solved);
    report.time_back = solved.len() - kept.len();
    let before_frozen = kept.len();
    kept.dedup_by(|point, previous| is_frozen(previous, point));
    report.frozen = before_frozen - kept.len();
    let before_jumps = kept.len();
    let points = without_jumps(kept);
    report.jumps = before_jumps - points.len();
    report.kept = points.len();
    (
        Track {
            points,
            source: track.source,
        },
        report,
    )
}

fn is_possible(point: &TrackPoint) -> bool {
    point.time_secs.is_finite()
        && (-90.0..=90.0).contains(&point.lat_deg)
        && (-180.0..=180.0).contains(&point.lon_deg)
        && (point.lat_deg, point.lon_deg) != (0.0, 0.0)
}

/// The most points whose times strictly increase: one time far ahead costs that point, not all after it.
/// Of equal times the first is kept. (Longest increasing subsequence by patience sorting.)
fn in_increasing_time(points: &[TrackPoint]) -> Vec<TrackPoint> {
    let time = |index: usize| points.get(index).map_or(f64::INFINITY, |point| point.time_secs);
    // ends[n] is the point with the earliest time that ends an increasing run of n + 1 points.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(points.len());
    for (index, point) in points.iter().enumerate() {
        let length = ends.partition_point(|&end| time(end) < point.time_secs);
        previous.push(length.checked_sub(1).and_then(|before| ends.get(before).copied()));
        match ends.get_mut(length) {
            Some(end) if time(*end) > point.time_secs => *end = index,
            Some(_) => {}
            None => ends.push(index),
        }
    }
    let mut kept = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(index) = at {
        kept.extend(points.get(index).copied());
        at = previous.get(index).copied().flatten();
    }
    kept.reverse();
    kept
}

fn is_frozen(previous: &TrackPoint, point: &TrackPoint) -> bool {
    (point.lat_deg, point.lon_deg) == (previous.lat_deg, previous.lon_deg)
        && point
            .speed_mps
            .is_some_and(|speed| speed > CLEAN_FROZEN_SPEED_MPS)
}

/// Splits the points where they jump and keeps, of stretches that cannot both be true, the one with more
/// points. A bad first lock and a single outlier are the same case.
fn without_jumps(points: Vec<TrackPoint>) -> Vec<TrackPoint> {
    let mut stretches: Vec<Vec<TrackPoint>> = Vec::new();
    let mut current: Vec<TrackPoint> = Vec::new();
    for point in points {
        if current.last().is_some_and(|last| is_jump(last, &point)) {
            settle(&mut stretches, std::mem::take(&mut current));
        }
        current.push(point);
    }
    settle(&mut stretches, current);
    stretches.concat()
}

/// Adds a stretch to those kept, removing shorter ones it contradicts, or drops it.
fn settle(kept: &mut Vec<Vec<TrackPoint>>, stretch: Vec<TrackPoint>) {
    let Some(first) = stretch.first() else { return };
    let mut contradicted = 0;
    let mut contradicted_points = 0;
    for earlier in kept.iter().rev() {
        if earlier.last().is_none_or(|last| !is_jump(last, first)) {
            break;
        }
        contradicted += 1;
        contradicted_points += earlier.len();
        if contradicted_points >= stretch.len() {
            return;
        }
    }
    kept.truncate(kept.len() - contradicted);
    kept.push(stretch);
}

fn is_jump(from: &TrackPoint, to: &TrackPoint) -> bool {
    let reported_mps = from.speed_mps.unwrap_or(0.0).max(to.speed_mps.unwrap_or(0.0));
    let limit_mps = CLEAN_MAX_SPEED_MPS.max(CLEAN_REPORTED_SPEED_MARGIN * reported_mps);
    // At 18 Hz noise alone looks faster than 40 m/s, so both ends may be off by one sigma.
    let slack_m = from.error_m + to.error_m;
    let distance_m = metres_between((from.lat_deg, from.lon_deg), (to.lat_deg, to.lon_deg));
    distance_m > limit_mps * (to.time_secs - from.time_secs) + slack_m
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::TrackSource;

    fn point(time_secs: f64, north_m: f64) -> TrackPoint {
        TrackPoint {
            time_secs,
            utc_unix_secs: None,
            lat_deg: 47.0 + north_m / 111_195.0,
            lon_deg: 8.0,
            altitude_m: None,
            speed_mps: Some(5.0),
            dop: Some(1.0),
            error_m: 2.5,
            fix: Fix::ThreeD,
        }
    }

    fn cleaned(points: Vec<TrackPoint>) -> (Vec<f64>, CleanReport) {
        let (track, report) = clean(&Track {
            points,
            source: TrackSource::Gps5,
        });
        (track.points.iter().map(|p| p.time_secs).collect(), report)
    }

    #[test]
    fn each_reason_removes_its_points() {
        let mut points: Vec<TrackPoint> = (0..12).map(|i| point(f64::from(i), f64::from(i) * 5.0)).collect();
        points[1].fix = Fix::None;
        points[2].dop = Some(9.0);
        points[3].lat_deg = 0.0;
        points[3].lon_deg = 0.0;
        points[4].time_secs = 0.0;
        points[6].lat_deg = points[5].lat_deg;
        points[8].lat_deg += 0.01;
        points[9].lat_deg = f64::NAN;
        let (times, report) = cleaned(points);
        assert_eq!(times, [0.0, 5.0, 7.0, 10.0, 11.0]);
        let expected = CleanReport {
            before: 12,
            kept: 5,
            no_fix: 1,
            poor_dop: 1,
            impossible: 2,
            time_back: 1,
            frozen: 1,
            jumps: 1,
        };
        assert_eq!(report, expected);
    }

    #[test]
    fn a_wrong_first_lock_yields_to_the_longer_rest() {
        let mut points: Vec<TrackPoint> = (0..5).map(|i| point(f64::from(i), 9000.0)).collect();
        for (i, p) in points.iter_mut().enumerate() {
            p.lon_deg += i as f64 * 1e-5;
        }
        points.extend((5..30).map(|i| point(f64::from(i), f64::from(i) * 5.0)));
        let (times, report) = cleaned(points);
        assert_eq!(times.first(), Some(&5.0));
        assert_eq!(report.jumps, 5);
    }

    #[test]
    fn one_time_far_ahead_costs_one_point() {
        let mut points: Vec<TrackPoint> = (0..20).map(|i| point(f64::from(i), f64::from(i) * 5.0)).collect();
        points[3].time_secs = 5000.0;
        points[10].time_secs = 9.0;
        let (times, report) = cleaned(points);
        assert_eq!((times.len(), report.time_back), (18, 2));
        assert_eq!(times.last(), Some(&19.0));
    }

    #[test]
    fn noise_at_18_hz_and_standing_still_are_kept() {
        let noisy = (0..180).map(|i| {
            point(
                f64::from(i) / 18.0,
                f64::from(i) * 0.3 + if i % 2 == 0 { 3.0 } else { 0.0 },
            )
        });
        assert_eq!(cleaned(noisy.collect()).1.kept, 180);
        let standing = (0..20).map(|i| TrackPoint {
            speed_mps: Some(0.1),
            ..point(f64::from(i), 0.0)
        });
        assert_eq!(cleaned(standing.collect()).1.kept, 20);
    }
}
