//! The offset at which two signals are most alike, when there is exactly one.

use super::{OffsetEstimate, OffsetSource, Signal};

/// Shortest overlap that can say anything, seconds.
const MIN_OVERLAP_SECS: f64 = 20.0;
/// Share of the recording that must overlap the track.
const MIN_OVERLAP_SHARE: f64 = 0.6;
/// Weakest correlation believed.
const MIN_CORRELATION: f64 = 0.4;
/// How much better than the second-best place the best must be, in sigmas of Fisher's z.
const MIN_LEAD_SIGMAS: f64 = 2.0;
/// Offsets this near the best one are the same peak, seconds.
const PEAK_SECS: f64 = 6.0;
/// Values this far apart in time are independent, seconds.
const INDEPENDENT_SECS: f64 = 2.0;
/// A prior is searched this many of its sigmas to both sides.
const PRIOR_SIGMAS: f64 = 3.0;
/// Step of the coarse search, seconds.
const COARSE_STEP_SECS: f64 = 1.0;
/// How far around the coarse peak the fine search goes, seconds.
const FINE_REACH_SECS: f64 = 2.0;
/// Smallest error claimed: receivers smooth over about this long, seconds.
const MIN_SIGMA_SECS: f64 = 0.2;
/// Most multiplications of a search; a whole day against an hour.
const MAX_WORK: usize = 400_000_000;

/// Likeness at one offset.
#[derive(Debug, Clone, Copy)]
struct Likeness {
    offset_secs: f64,
    correlation: f64,
    overlap_secs: f64,
}

impl Likeness {
    /// Fisher's z in units of its own sigma.
    fn z_sigmas(&self) -> f64 {
        let independent = (self.overlap_secs / INDEPENDENT_SECS - 3.0).max(0.0);
        self.correlation.clamp(-0.999, 0.999).atanh() * independent.sqrt()
    }
}

/// Finds the offset of a track against a recording from a signal both have: speed (in any unit: only the
/// shape counts) or rate of turning. `prior` limits the search.
///
/// `None` when the overlap is too short, nothing is alike, or several offsets are about equally alike.
pub fn offset_from_signals(
    video: &Signal,
    track: &Signal,
    prior: Option<OffsetEstimate>,
) -> Option<OffsetEstimate> {
    let factor = (COARSE_STEP_SECS / video.step_secs).round().max(1.0) as usize;
    let coarse = video.coarser(factor);
    let (from_secs, to_secs) = search_range(video, track, prior);
    let steps = ((to_secs - from_secs) / COARSE_STEP_SECS).max(0.0) as usize + 1;
    if steps.saturating_mul(coarse.values.len()) > MAX_WORK {
        return None;
    }
    let coarse_track = track.coarser((COARSE_STEP_SECS / track.step_secs).round().max(1.0) as usize);
    let scores: Vec<Likeness> = (0..steps)
        .filter_map(|i| likeness(&coarse, &coarse_track, from_secs + i as f64 * COARSE_STEP_SECS))
        .collect();
    let best = scores
        .iter()
        .copied()
        .max_by(|a, b| a.z_sigmas().total_cmp(&b.z_sigmas()))?;
    let second_sigmas = scores
        .iter()
        .filter(|other| (other.offset_secs - best.offset_secs).abs() > PEAK_SECS)
        .map(Likeness::z_sigmas)
        .fold(0.0, f64::max);
    if best.correlation < MIN_CORRELATION || best.z_sigmas() - second_sigmas < MIN_LEAD_SIGMAS {
        return None;
    }
    Some(refine(video, track, best))
}

/// Offsets to try: all that overlap enough, cut to the prior.
fn search_range(video: &Signal, track: &Signal, prior: Option<OffsetEstimate>) -> (f64, f64) {
    let from_secs = track.start_secs - video.end_secs();
    let to_secs = track.end_secs() - video.start_secs;
    match prior {
        Some(OffsetEstimate {
            offset_secs,
            sigma_secs,
            ..
        }) => (
            from_secs.max(offset_secs - PRIOR_SIGMAS * sigma_secs),
            to_secs.min(offset_secs + PRIOR_SIGMAS * sigma_secs),
        ),
        None => (from_secs, to_secs),
    }
}

/// Pearson correlation of the known values at one offset.
fn likeness(video: &Signal, track: &Signal, offset_secs: f64) -> Option<Likeness> {
    let (mut n, mut a1, mut b1, mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (i, &a) in video
        .values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_finite())
    {
        let time_secs = video.start_secs + i as f64 * video.step_secs;
        let Some(b) = track.at(time_secs + offset_secs) else {
            continue;
        };
        n += 1.0;
        a1 += a;
        b1 += b;
        aa += a * a;
        bb += b * b;
        ab += a * b;
    }
    let overlap_secs = n * video.step_secs;
    let video_secs = video.end_secs() - video.start_secs;
    if overlap_secs
        < MIN_OVERLAP_SECS.max(MIN_OVERLAP_SHARE * video_secs.min(track.end_secs() - track.start_secs))
    {
        return None;
    }
    let variance = (aa - a1 * a1 / n) * (bb - b1 * b1 / n);
    let correlation = if variance > 0.0 {
        (ab - a1 * b1 / n) / variance.sqrt()
    } else {
        0.0
    };
    Some(Likeness {
        offset_secs,
        correlation,
        overlap_secs,
    })
}

/// Fine search around the peak with a parabola through its top; the sigma follows from how sharp it is.
fn refine(video: &Signal, track: &Signal, coarse: Likeness) -> OffsetEstimate {
    let step_secs = video.step_secs;
    let reach = (FINE_REACH_SECS / step_secs).ceil() as i32;
    let at = |i: i32| likeness(video, track, coarse.offset_secs + f64::from(i) * step_secs);
    let top = (-reach..=reach)
        .filter_map(|i| Some((i, at(i)?)))
        .max_by(|a, b| a.1.correlation.total_cmp(&b.1.correlation));
    let Some((i, top)) = top else {
        return OffsetEstimate {
            offset_secs: coarse.offset_secs,
            sigma_secs: COARSE_STEP_SECS,
            source: OffsetSource::Signals,
        };
    };
    let (left, right) = (at(i - 1), at(i + 1));
    let (shift, curvature) = match (left, right) {
        (Some(left), Some(right)) => {
            let bend = left.correlation - 2.0 * top.correlation + right.correlation;
            let shift = if bend < 0.0 {
                0.5 * (left.correlation - right.correlation) / bend
            } else {
                0.0
            };
            (shift.clamp(-0.5, 0.5), -bend / (step_secs * step_secs))
        }
        _ => (0.0, 0.0),
    };
    // A correlation r over n independent values wobbles by (1 - r^2) / sqrt(n): the offsets whose loss of
    // correlation is within that are as good as the best.
    let wobble = (1.0 - top.correlation * top.correlation) / (top.overlap_secs / INDEPENDENT_SECS).sqrt();
    let sigma_secs = if curvature > 0.0 {
        (2.0 * wobble / curvature).sqrt().min(PEAK_SECS)
    } else {
        PEAK_SECS
    };
    OffsetEstimate {
        offset_secs: top.offset_secs + shift * step_secs,
        sigma_secs: sigma_secs.max(MIN_SIGMA_SECS),
        source: OffsetSource::Signals,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Speed of a ride that never repeats itself.
    fn speed(time_secs: f64) -> f64 {
        5.0 + (time_secs * 0.31).sin()
            + (time_secs * 0.137).sin()
            + 0.8 * (time_secs * time_secs * 0.0011).sin()
    }

    fn signal(count: usize, step_secs: f64, value: impl Fn(f64) -> f64) -> Signal {
        let values = (0..count).map(|i| value(i as f64 * step_secs)).collect();
        Signal {
            start_secs: 0.0,
            step_secs,
            values,
        }
    }

    #[test]
    fn the_offset_is_found_in_any_unit() {
        let track = signal(4000, 0.25, speed);
        let video = signal(480, 0.25, |t| 0.2 * speed(t + 371.4) + 3.0);
        let estimate = offset_from_signals(&video, &track, None).unwrap();
        assert!((estimate.offset_secs - 371.4).abs() < 0.05, "{estimate:?}");
        assert!(estimate.sigma_secs < 1.0);
        let wrong = OffsetEstimate {
            offset_secs: 100.0,
            sigma_secs: 10.0,
            source: OffsetSource::CreationTime,
        };
        assert_eq!(
            offset_from_signals(&video, &track, Some(wrong)),
            None,
            "not within the prior"
        );
    }

    #[test]
    fn what_repeats_or_is_constant_gives_no_offset() {
        let periodic = |t: f64| (t * 0.5).sin();
        let track = signal(4000, 0.25, periodic);
        assert_eq!(
            offset_from_signals(&signal(400, 0.25, periodic), &track, None),
            None
        );
        let constant = signal(400, 0.25, |_| 4.0);
        assert_eq!(offset_from_signals(&constant, &track, None), None);
        assert_eq!(
            offset_from_signals(&signal(20, 0.25, speed), &track, None),
            None,
            "too short"
        );
        let unknown = signal(400, 0.25, |_| f64::NAN);
        assert_eq!(offset_from_signals(&unknown, &track, None), None);
    }
}
