//! The clock offsets of both tracks by maximum likelihood over a grid of two offsets.
//!
//! ```text
//! score(o_ref, o_new) = sum over sides of [ -(o - o_prior)^2 / 2 sigma^2 - n_speed / 2 * ln(1 - rho(o)^2) ]
//!                       - n_path * ln(mean |r_i|)
//! r_i = match(t_new,i + o_new) - t_ref,i - o_ref
//! ```
//!
//! An offset is track time at video zero. Its prior comes from UTC or creation time; `rho` is the Pearson
//! correlation of the speed the picture shows with the speed of the track (log-likelihood ratio of two
//! Gaussian signals being the same up to scale, against being unrelated). The last term is the profile
//! likelihood of Laplace residuals of unknown scale at the places `(t_new,i, t_ref,i)` of the pictures' path;
//! `match` is where the tracks meet by position alone. It mostly fixes the *difference* of the offsets, which
//! is what matters for the alignment. `n` count independent observations.

use super::{OffsetEstimate, SideTrack, Signal, TrackClock};
use crate::geometry::{LocalPlane, Path};
use crate::place::{ClockSigmas, PlaceEvidence, PlaceMatch};
use crate::stats::upper_median;
use crate::track::Track;
use crate::tuning::{
    CLOCK_COARSE_STEP_SECS, CLOCK_CROP_MARGIN_SECS, CLOCK_FINE_STEP_SECS, CLOCK_FINE_STEPS,
    CLOCK_MAX_FIT_SECS, CLOCK_MAX_FIT_SIGMAS, CLOCK_MAX_GUESSES, CLOCK_MAX_MATCH_GAP_SECS, CLOCK_MAX_OFFSETS,
    CLOCK_MAX_RESIDUAL_SECS, CLOCK_MIN_COVERED, CLOCK_MIN_PATH_SECS, CLOCK_MIN_RESIDUAL_SECS,
    CLOCK_MIN_SIGMA_SECS, CLOCK_PRIOR_SIGMAS, CLOCK_REF_STEPS, CLOCK_SPEED_CORRELATION_SECS,
    CLOCK_SURE_SIGMA_SECS, GPS_CORRELATION_SECS,
};

/// Where the pictures saw both runs together: `(t_new, t_ref)`, about one a second.
pub type SeenPath = [(f64, f64)];

/// What the clock search is told about one side.
pub struct SearchSide<'a> {
    /// Its track.
    pub track: &'a SideTrack,
    /// Picture speed.
    pub signal: Option<&'a Signal>,
    /// Length of the recording, seconds.
    pub duration_secs: f64,
}

/// Offsets of both sides (track time at video zero) and what they leave open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offsets {
    /// Of the reference track, seconds.
    pub ref_secs: f64,
    /// Of the new track, seconds.
    pub new_secs: f64,
    /// 1-sigma errors.
    pub sigmas: ClockSigmas,
}

impl Offsets {
    /// Offset and 1-sigma error of each side, seconds.
    fn known(reference: (f64, f64), new: (f64, f64)) -> Self {
        Self {
            ref_secs: reference.0,
            new_secs: new.0,
            sigmas: ClockSigmas {
                ref_secs: reference.1,
                new_secs: new.1,
            },
        }
    }
}

/// Finds the offsets; `None` when nothing decides.
pub fn offsets(reference: &SearchSide<'_>, new: &SearchSide<'_>, seen: &SeenPath) -> Option<Offsets> {
    if let (Some(a), Some(b)) = (fixed(&reference.track.clock), fixed(&new.track.clock)) {
        return Some(Offsets::known(a, b));
    }
    let mut best: Option<(f64, Offsets)> = None;
    for ref_range in ranges(reference) {
        for new_range in ranges(new) {
            let found = search((reference, &ref_range), (new, &new_range), seen);
            if let Some(found) = found
                && best.is_none_or(|b| found.0 > b.0)
            {
                best = Some(found);
            }
        }
    }
    best.map(|b| b.1).or_else(|| {
        let (a, b) = (sure(&reference.track.clock)?, sure(&new.track.clock)?);
        (seen.len() < CLOCK_MIN_PATH_SECS).then_some(Offsets::known(a, b))
    })
}

/// Offset and error that need no search.
fn fixed(clock: &TrackClock) -> Option<(f64, f64)> {
    match *clock {
        TrackClock::Recording => Some((0.0, 0.0)),
        TrackClock::Given(offset_secs, sigma_secs) => Some((offset_secs, sigma_secs)),
        TrackClock::Guessed(_) => None,
    }
}

fn sure(clock: &TrackClock) -> Option<(f64, f64)> {
    fixed(clock).or_else(|| match clock {
        TrackClock::Guessed(guesses) => guesses
            .first()
            .filter(|g| g.sigma_secs <= CLOCK_SURE_SIGMA_SECS)
            .map(|g| (g.offset_secs, g.sigma_secs)),
        TrackClock::Recording | TrackClock::Given(..) => None,
    })
}

/// Offsets to try on one side.
#[derive(Clone, Copy, Debug)]
struct Range {
    from_secs: f64,
    to_secs: f64,
    prior: Option<OffsetEstimate>,
}

impl Range {
    fn at(offset_secs: f64) -> Self {
        Self {
            from_secs: offset_secs,
            to_secs: offset_secs,
            prior: None,
        }
    }

    fn is_fixed(&self) -> bool {
        self.from_secs == self.to_secs
    }

    /// Offsets to try around `centre`: the one known, or `steps` to each side.
    fn around(&self, centre: f64, steps: i32, step_secs: f64) -> Vec<f64> {
        if self.is_fixed() {
            return vec![self.from_secs];
        }
        (-steps..=steps)
            .map(|k| centre + f64::from(k) * step_secs)
            .collect()
    }

    fn contains(&self, offset_secs: f64) -> bool {
        (self.from_secs..=self.to_secs).contains(&offset_secs)
    }

    fn log_prior(&self, offset_secs: f64) -> f64 {
        self.prior.map_or(0.0, |p| {
            -0.5 * ((offset_secs - p.offset_secs) / p.sigma_secs).powi(2)
        })
    }
}

fn ranges(side: &SearchSide<'_>) -> Vec<Range> {
    if let Some((offset_secs, _)) = fixed(&side.track.clock) {
        return vec![Range::at(offset_secs)];
    }
    let Some((first, last)) = side.track.track.span_secs() else {
        return Vec::new();
    };
    let outside = (1.0 - CLOCK_MIN_COVERED) * side.duration_secs;
    let possible = (first - outside, last - side.duration_secs + outside);
    let guesses = match &side.track.clock {
        TrackClock::Guessed(guesses) => guesses.as_slice(),
        TrackClock::Recording | TrackClock::Given(..) => &[],
    };
    let whole = Range {
        from_secs: possible.0,
        to_secs: possible.1.max(possible.0),
        prior: None,
    };
    let within: Vec<Range> = guesses
        .iter()
        .take(CLOCK_MAX_GUESSES)
        .map(|&guess| Range {
            from_secs: possible
                .0
                .max(guess.offset_secs - CLOCK_PRIOR_SIGMAS * guess.sigma_secs),
            to_secs: possible
                .1
                .min(guess.offset_secs + CLOCK_PRIOR_SIGMAS * guess.sigma_secs),
            prior: Some(guess),
        })
        .filter(|range| range.from_secs <= range.to_secs)
        .collect();
    // A clock that was never set rules nothing out.
    if within.is_empty() { vec![whole] } else { within }
}

/// One side with all that is asked of it again and again.
struct Searched<'a> {
    side: &'a SearchSide<'a>,
    range: &'a Range,
    track: Track,
    speed: Option<Signal>,
}

impl<'a> Searched<'a> {
    fn new(side: &'a SearchSide<'a>, range: &'a Range) -> Option<Self> {
        let from = range.from_secs - CLOCK_CROP_MARGIN_SECS;
        let to = range.to_secs + side.duration_secs + CLOCK_CROP_MARGIN_SECS;
        let whole = &side.track.track;
        let track = Track {
            points: whole
                .points
                .iter()
                .filter(|p| (from..=to).contains(&p.time_secs))
                .copied()
                .collect(),
            source: whole.source,
        };
        let plane = LocalPlane::around(&track)?;
        let speed = Signal::speed(&Path::from_track(&track, &plane));
        Some(Self {
            side,
            range,
            track,
            speed,
        })
    }

    /// Log-likelihood of an offset by itself: prior and similarity of the speeds.
    fn own(&self, offset_secs: f64) -> f64 {
        let similarity = match (self.side.signal, &self.speed) {
            (Some(picture), Some(track)) if !self.range.is_fixed() => similarity(picture, track, offset_secs),
            _ => 0.0,
        };
        self.range.log_prior(offset_secs) + similarity
    }
}

/// Log-likelihood ratio of the speeds, `-n / 2 * ln(1 - rho^2)`.
fn similarity(picture: &Signal, track: &Signal, offset_secs: f64) -> f64 {
    let (mut n, mut x, mut y, mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (k, &a) in picture.values.iter().enumerate() {
        let time = picture.start_secs + k as f64 * picture.step_secs + offset_secs;
        let Some(b) = track.at(time) else { continue };
        if !a.is_finite() {
            continue;
        }
        n += 1.0;
        x += a;
        y += b;
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    let covariance = xy - x * y / n;
    let spread = ((xx - x * x / n) * (yy - y * y / n)).sqrt();
    if n < 4.0 || covariance <= 0.0 || spread <= 0.0 {
        return 0.0;
    }
    let correlation = (covariance / spread).min(0.99);
    let independent = n * picture.step_secs / CLOCK_SPEED_CORRELATION_SECS;
    -0.5 * independent * (1.0 - correlation * correlation).ln()
}

/// The best offsets within the ranges, and their log-likelihood.
fn search(
    (reference, ref_range): (&SearchSide<'_>, &Range),
    (new, new_range): (&SearchSide<'_>, &Range),
    seen: &SeenPath,
) -> Option<(f64, Offsets)> {
    if seen.len() < CLOCK_MIN_PATH_SECS {
        return None;
    }
    let (reference, new) = (
        Searched::new(reference, ref_range)?,
        Searched::new(new, new_range)?,
    );
    let places = PlaceEvidence::new(&reference.track, &new.track, ClockSigmas::default())?;
    let fit = PathFit {
        matches: places.matches(),
        seen,
    };
    let count = ((new_range.to_secs - new_range.from_secs) / CLOCK_COARSE_STEP_SECS) as usize + 1;
    let mut best: Option<Tried> = None;
    for k in 0..count.min(CLOCK_MAX_OFFSETS) {
        let new_secs = new_range.from_secs + k as f64 * CLOCK_COARSE_STEP_SECS;
        let residuals = fit.residuals(new_secs);
        let Some(centre) = upper_median(&mut residuals.clone()) else {
            continue;
        };
        let own = new.own(new_secs);
        for ref_secs in ref_range.around(centre, CLOCK_REF_STEPS, CLOCK_COARSE_STEP_SECS) {
            let tried = fit.score(&residuals, ref_secs, new_secs, own + reference.own(ref_secs));
            if ref_range.contains(ref_secs) && best.is_none_or(|b| tried.score > b.score) {
                best = Some(tried);
            }
        }
    }
    let best = finely(&fit, (&reference, &new), best?);
    let sigma = upper_median(&mut fit.matches.iter().map(|m| m.sigma_t_secs).collect::<Vec<_>>())?;
    if best.mean_residual_secs > CLOCK_MAX_FIT_SECS.max(CLOCK_MAX_FIT_SIGMAS * sigma) {
        return None;
    }
    let independent = (seen.len() as f64 / GPS_CORRELATION_SECS).max(1.0);
    let sigma_secs = (best.mean_residual_secs / independent.sqrt()).max(CLOCK_MIN_SIGMA_SECS);
    Some((
        best.score,
        Offsets::known((best.ref_secs, 0.0), (best.new_secs, sigma_secs)),
    ))
}

fn finely(fit: &PathFit<'_>, (reference, new): (&Searched<'_>, &Searched<'_>), coarse: Tried) -> Tried {
    let around = |range: &Range, centre| range.around(centre, CLOCK_FINE_STEPS, CLOCK_FINE_STEP_SECS);
    let mut best = coarse;
    for new_secs in around(new.range, coarse.new_secs) {
        let residuals = fit.residuals(new_secs);
        let own = new.own(new_secs);
        for ref_secs in around(reference.range, coarse.ref_secs) {
            let tried = fit.score(&residuals, ref_secs, new_secs, own + reference.own(ref_secs));
            if tried.score > best.score {
                best = tried;
            }
        }
    }
    best
}

#[derive(Clone, Copy, Debug)]
struct Tried {
    score: f64,
    mean_residual_secs: f64,
    ref_secs: f64,
    new_secs: f64,
}

/// The alignment by the tracks alone, on their clocks, against the path that was seen.
struct PathFit<'a> {
    matches: &'a [PlaceMatch],
    seen: &'a SeenPath,
}

impl PathFit<'_> {
    /// Reference offset that each seen place asks for, where the tracks have a match.
    fn residuals(&self, new_secs: f64) -> Vec<f64> {
        self.seen
            .iter()
            .filter_map(|&(t_new, t_ref)| Some(interpolate(self.matches, t_new + new_secs)? - t_ref))
            .collect()
    }

    fn score(&self, residuals: &[f64], ref_secs: f64, new_secs: f64, own: f64) -> Tried {
        let matched: f64 = residuals
            .iter()
            .map(|r| (r - ref_secs).abs().min(CLOCK_MAX_RESIDUAL_SECS))
            .sum();
        let unmatched = (self.seen.len() - residuals.len()) as f64 * CLOCK_MAX_RESIDUAL_SECS;
        let mean = (matched + unmatched) / self.seen.len().max(1) as f64;
        // Two-sided exponential errors of unknown scale.
        let independent = self.seen.len() as f64 / GPS_CORRELATION_SECS;
        Tried {
            score: own - independent * mean.max(CLOCK_MIN_RESIDUAL_SECS).ln(),
            mean_residual_secs: mean,
            ref_secs,
            new_secs,
        }
    }
}

/// Reference time of the matches at a new time, both on the tracks' clocks.
pub fn interpolate(matches: &[PlaceMatch], t_new_secs: f64) -> Option<f64> {
    let k = matches.partition_point(|m| m.t_new_secs < t_new_secs);
    let (before, after) = (matches.get(k.checked_sub(1)?)?, matches.get(k)?);
    let gap = after.t_new_secs - before.t_new_secs;
    let share = (t_new_secs - before.t_new_secs) / gap;
    (gap <= CLOCK_MAX_MATCH_GAP_SECS)
        .then_some(before.t_ref_secs + share * (after.t_ref_secs - before.t_ref_secs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::{Fix, TrackPoint, TrackSource};

    /// A winding trail, and a ride along it whose speed goes up and down in its own rhythm; `way` is metres
    /// from time.
    fn track(offset_secs: f64, way: impl Fn(f64) -> f64) -> SideTrack {
        let points = (0..100).map(|k| {
            let time_secs = f64::from(k);
            let s = way(time_secs - offset_secs);
            TrackPoint {
                time_secs,
                utc_unix_secs: None,
                lat_deg: 46.0 + (s + 20.0 * (s / 30.0).sin()) / 111_320.0,
                lon_deg: 7.0 + 40.0 * (s / 45.0).sin() / 77_000.0,
                altitude_m: None,
                speed_mps: None,
                dop: None,
                error_m: 3.0,
                fix: Fix::Unknown,
            }
        });
        SideTrack {
            track: Track {
                points: points.collect(),
                source: TrackSource::Gpx,
            },
            clock: TrackClock::Guessed(Vec::new()),
        }
    }

    fn way_of_reference(t: f64) -> f64 {
        5.0 * t + 12.0 * (t / 9.0).sin()
    }

    fn way_of_new(t: f64) -> f64 {
        5.0 * t - 14.0 * (t / 7.0).cos()
    }

    /// Where the reference was when the new run was at a place.
    fn seen() -> Vec<(f64, f64)> {
        (5..65)
            .map(|k| {
                let (t, mut t_ref) = (f64::from(k), 0.0);
                while way_of_reference(t_ref) < way_of_new(t) {
                    t_ref += 0.01;
                }
                (t, t_ref)
            })
            .collect()
    }

    fn side(track: &SideTrack) -> SearchSide<'_> {
        SearchSide {
            track,
            signal: None,
            duration_secs: 70.0,
        }
    }

    #[test]
    fn the_pictures_path_fixes_both_clocks() {
        let (reference, new) = (track(8.0, way_of_reference), track(13.0, way_of_new));
        let found = offsets(&side(&reference), &side(&new), &seen()).unwrap();
        assert!((found.ref_secs - 8.0).abs() < 0.6, "{found:?}");
        assert!((found.new_secs - 13.0).abs() < 0.6, "{found:?}");
    }

    #[test]
    fn given_offsets_are_kept() {
        let mut reference = track(8.0, way_of_reference);
        reference.clock = TrackClock::Given(8.0, 0.3);
        let new = track(13.0, way_of_new);
        let found = offsets(&side(&reference), &side(&new), &seen()).unwrap();
        assert_eq!(found.ref_secs, 8.0);
        assert!((found.new_secs - 13.0).abs() < 0.4, "{found:?}");
    }

    #[test]
    fn nothing_seen_and_nothing_known_gives_no_offset() {
        let (reference, new) = (track(8.0, way_of_reference), track(13.0, way_of_new));
        assert_eq!(offsets(&side(&reference), &side(&new), &[]), None);
    }

    #[test]
    fn a_track_of_another_trail_has_no_offset() {
        let (reference, mut new) = (track(8.0, way_of_reference), track(13.0, way_of_new));
        for point in &mut new.track.points {
            point.lat_deg += 0.01;
        }
        assert_eq!(offsets(&side(&reference), &side(&new), &seen()), None);
    }
}
