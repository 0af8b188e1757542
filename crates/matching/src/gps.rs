//! GPS in the alignment: how much the tracks may say, evidence for the sequence model, and pairs.
//!
//! Pictures and GPS fail in different ways: pictures in fog, in the dark and where all trees look alike, GPS
//! under those trees. So neither is trusted alone where the other is there. A first look at the pictures says
//! where the runs are together; the tracks are put on the recordings' clocks and compared with that. Tracks
//! that contradict a sure picture weigh nothing. Tracks that agree become evidence of the sequence model, and
//! afterwards pairs: alone where no picture can be compared, averaged by precision where one can.

use std::ops::Range;

use mtbsync_align::evidence::Matrix;
use mtbsync_align::pair::Pair;
use mtbsync_align::sequence::Posterior;
use mtbsync_index::tracks::Tracks;
use mtbsync_telemetry::clock::{Offsets, SearchSide, Signal, interpolate, offsets};
use mtbsync_telemetry::place::{PlaceEvidence, PlaceMatch};

use crate::tuning::{
    AGREEMENT_SIGMAS, MAX_ACROSS_SIGMAS, MIN_AGREEMENT, MIN_COMPARED, POSTERIOR_SIGMA_SECS,
    RECEIVER_SIGMA_SECS, SEEN_STEP_SECS, SURE_OFF, SURE_ON, UNSEEN_CERTAINTY,
};

/// GPS of both sides, compared with the pictures and believed.
pub struct GpsEvidence {
    places: PlaceEvidence,
    /// Probability that a pair by GPS belongs to the path.
    certainty: f64,
    /// Offsets that were used.
    pub offsets: Offsets,
}

/// What is known of the recordings besides their tracks.
pub struct SeenByPictures<'a> {
    /// What the pictures alone believe, per new frame.
    pub posteriors: &'a [Posterior],
    /// Times of those frames, seconds.
    pub t_new_secs: &'a [f64],
    /// Picture speed of the reference and the new run.
    pub speeds: [Option<&'a Signal>; 2],
    /// Lengths of the reference and the new run, seconds.
    pub durations_secs: [f64; 2],
}

impl GpsEvidence {
    /// Compares the tracks with what the pictures show.
    ///
    /// # Errors
    /// Why GPS weighs nothing, as a line for the person. `Ok(None)`: one side has no track.
    pub fn weigh(tracks: &Tracks, seen: &SeenByPictures<'_>) -> Result<Option<Self>, String> {
        let (Some(reference), Some(new)) = (&tracks.reference, &tracks.new) else {
            return Ok(None);
        };
        let path = seen_path(seen);
        let side = |track, k: usize| SearchSide {
            track,
            signal: seen.speeds[k],
            duration_secs: seen.durations_secs[k],
        };
        let offsets = offsets(&side(reference, 0), &side(new, 1), &path)
            .ok_or("the clock of a GPS track could not be found, so GPS weighs nothing; give ‹ref-gpx-offset› or ‹new-gpx-offset›")?;
        let shifted = |track: &mtbsync_telemetry::Track, secs: f64| track.clone().shifted(secs);
        let places = PlaceEvidence::new(
            &shifted(&reference.track, offsets.ref_secs),
            &shifted(&new.track, offsets.new_secs),
            offsets.sigmas,
        );
        let places = places
            .filter(|p| !p.trusted_secs().is_empty())
            .ok_or("the GPS tracks do not follow each other, so GPS weighs nothing")?;
        let errors: Vec<(f64, f64)> = path
            .iter()
            .filter_map(|&place| disagreement(&places, place))
            .collect();
        let certainty = if errors.len() < MIN_COMPARED {
            if ![reference, new].iter().all(|side| side.clock.is_vouched_for()) {
                return Err("too little is seen to check the GPS tracks, so they weigh nothing; give ‹ref-gpx-offset› and ‹new-gpx-offset› to vouch for them".to_owned());
            }
            UNSEEN_CERTAINTY
        } else {
            let agreeing = errors
                .iter()
                .filter(|(error, sigma)| error.abs() <= AGREEMENT_SIGMAS * sigma.hypot(POSTERIOR_SIGMA_SECS))
                .count();
            let agreement = agreeing as f64 / errors.len() as f64;
            if agreement < MIN_AGREEMENT {
                return Err(format!(
                    "GPS contradicts the pictures (they agree at {:.0} % of the places), so it weighs nothing",
                    100.0 * agreement
                ));
            }
            agreement
        };
        Ok(Some(Self {
            places,
            certainty,
            offsets,
        }))
    }

    /// Evidence for every new frame and the reference frames of its band.
    pub fn log_likelihood_ratios(
        &self,
        t_new_secs: &[f64],
        t_ref_secs: &[f64],
        bands: &[Range<usize>],
    ) -> Option<Matrix> {
        let values = t_new_secs
            .iter()
            .zip(bands)
            .enumerate()
            .flat_map(|(i, (&t, band))| {
                let step = i
                    .checked_sub(1)
                    .and_then(|k| t_new_secs.get(k))
                    .map_or(0.0, |before| t - before);
                let places = t_ref_secs.get(band.clone()).unwrap_or_default();
                self.places.log_likelihood_ratio(t, places, step)
            })
            .collect();
        Matrix::banded(t_ref_secs.len(), bands.to_vec(), values)
    }

    /// One pair by GPS per new time at which it knows the place.
    pub fn pairs(&self, t_new_secs: &[f64]) -> Vec<Pair> {
        let pair_at = |&t_new_secs: &f64| {
            let (place, expected) = place_at(&self.places, t_new_secs)?;
            let sigma_secs = sigma_secs(&place);
            let near = (place.t_ref_secs - expected).abs() <= AGREEMENT_SIGMAS * sigma_secs;
            let same_trail = place.cross_distance_m <= MAX_ACROSS_SIGMAS * place.sigma_m;
            (near && same_trail).then_some(Pair {
                t_new_secs,
                t_ref_secs: place.t_ref_secs,
                sigma_secs,
                certainty: self.certainty,
            })
        };
        t_new_secs.iter().filter_map(pair_at).collect()
    }
}

fn sigma_secs(place: &PlaceMatch) -> f64 {
    let stop_secs = place.t_ref_range_secs.1 - place.t_ref_range_secs.0;
    place
        .sigma_t_secs
        .hypot(RECEIVER_SIGMA_SECS)
        .hypot(0.5 * stop_secs)
}

/// The sure places of the pictures' path, about one a second.
fn seen_path(seen: &SeenByPictures<'_>) -> Vec<(f64, f64)> {
    let mut path: Vec<(f64, f64)> = Vec::new();
    for (posterior, &t) in seen.posteriors.iter().zip(seen.t_new_secs) {
        let sure = posterior.on > SURE_ON && posterior.off < SURE_OFF;
        if sure && path.last().is_none_or(|last| t - last.0 >= SEEN_STEP_SECS) {
            path.push((t, posterior.t_ref_secs));
        }
    }
    path
}

/// GPS minus pictures at a place, and the error GPS claims; `None` where GPS knows nothing.
fn disagreement(places: &PlaceEvidence, (t_new, t_ref): (f64, f64)) -> Option<(f64, f64)> {
    let (place, _) = place_at(places, t_new)?;
    Some((place.t_ref_secs - t_ref, place.sigma_t_secs))
}

/// The candidate on the way that the tracks have in common, and where that way is.
fn place_at(places: &PlaceEvidence, t_new_secs: f64) -> Option<(PlaceMatch, f64)> {
    let expected = interpolate(places.matches(), t_new_secs)?;
    let away = |m: &PlaceMatch| (m.t_ref_secs - expected).abs();
    let candidates = places.candidates(t_new_secs).into_iter();
    Some((candidates.min_by(|a, b| away(a).total_cmp(&away(b)))?, expected))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use mtbsync_index::camera::CameraTelemetry;
    use mtbsync_index::tracks::{GpsSettings, SideInput};
    use mtbsync_media::{OpenOptions, Recording};

    use super::*;

    fn lap(name: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../../data/race-lap")
            .join(name)
    }

    /// The cameras' own tracks of two laps of one race track.
    fn laps() -> Tracks {
        let [a, b] = ["pass1.mp4", "pass2.mp4"].map(|name| {
            CameraTelemetry::read(&Recording::open(&lap(name), &OpenOptions::default()).unwrap()).unwrap()
        });
        let side = |recorded| SideInput {
            name: "run",
            recorded,
            indexed: &[],
            duration_secs: 40.0,
        };
        Tracks::read(&GpsSettings::default(), &side(&a), &side(&b)).unwrap()
    }

    /// Times in the new lap, and posteriors that are right up to `error_secs`.
    fn truth(error_secs: f64) -> (Vec<f64>, Vec<Posterior>) {
        let text = std::fs::read_to_string(lap("truth.csv")).unwrap();
        let rows = text.lines().skip(1).map(|line| {
            let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            let posterior = Posterior {
                t_ref_secs: cells[1] + error_secs,
                on: 0.95,
                off: 0.02,
            };
            (cells[0], posterior)
        });
        rows.unzip()
    }

    fn weigh(tracks: &Tracks, error_secs: f64) -> Result<Option<GpsEvidence>, String> {
        let (t_new_secs, posteriors) = truth(error_secs);
        GpsEvidence::weigh(
            tracks,
            &SeenByPictures {
                posteriors: &posteriors,
                t_new_secs: &t_new_secs,
                speeds: [None, None],
                durations_secs: [37.0, 44.0],
            },
        )
    }

    #[test]
    fn gps_of_two_laps_names_the_places() {
        let evidence = weigh(&laps(), 0.0).unwrap().unwrap();
        let (t_new_secs, posteriors) = truth(0.0);
        let pairs = evidence.pairs(&t_new_secs);
        assert!(pairs.len() > 60, "{}", pairs.len());
        for pair in &pairs {
            let k = t_new_secs.iter().position(|t| *t == pair.t_new_secs).unwrap();
            assert!(
                (pair.t_ref_secs - posteriors[k].t_ref_secs).abs() < 3.0 * pair.sigma_secs,
                "{pair:?}"
            );
        }
        let grid: Vec<f64> = (0..37).map(f64::from).collect();
        let ratios = evidence
            .log_likelihood_ratios(&t_new_secs, &grid, &vec![0..grid.len(); t_new_secs.len()])
            .unwrap();
        let middle = ratios.row(30);
        let best = (0..grid.len())
            .max_by(|&a, &b| middle[a].total_cmp(&middle[b]))
            .unwrap();
        assert!((grid[best] - posteriors[30].t_ref_secs).abs() < 1.0);
    }

    #[test]
    fn a_track_beside_the_trail_is_not_believed() {
        let mut tracks = laps();
        for point in &mut tracks.new.as_mut().unwrap().track.points {
            point.lat_deg += 100.0 / 111_320.0;
        }
        assert!(weigh(&tracks, 0.0).is_err());
    }

    #[test]
    fn sure_pictures_win_over_gps_that_contradicts_them() {
        assert!(weigh(&laps(), 4.0).err().unwrap().contains("contradicts"));
    }

    #[test]
    fn one_track_alone_says_nothing() {
        let tracks = Tracks {
            reference: None,
            ..laps()
        };
        assert!(weigh(&tracks, 0.0).unwrap().is_none());
    }
}
