//! From any run to any other of one reference: the maps of both joined, against the truth of both.

use std::sync::Arc;

use mtbsync_align::confidence::within_quarter_second;
use mtbsync_align::{Composition, Place, Step, TimeWarp};

use crate::pairs::TestPair;
use crate::probe::{self, Answer, ProbeRun};
use crate::score::Score;

/// A run and its map to the reference.
pub struct Ride<'a> {
    /// The run, and what is true of it.
    pub pair: &'a TestPair,
    /// What the program found.
    pub map: Arc<TimeWarp>,
}

/// The scores of all ordered pairs of runs that share a reference.
pub fn measure(rides: &[Ride]) -> Vec<Score> {
    let mut scores = Vec::new();
    for (index, first) in rides.iter().enumerate() {
        let others = rides.iter().enumerate().filter(|(other, _)| *other != index);
        for (_, last) in others.filter(|(_, last)| last.pair.reference == first.pair.reference) {
            scores.push(score(first, last));
        }
    }
    scores
}

fn score(first: &Ride, last: &Ride) -> Score {
    let chain = Composition::new(vec![
        Step::forwards(Arc::clone(&first.map)),
        Step::backwards(Arc::clone(&last.map)),
    ]);
    let probes = probe::probes(first.pair.truth.last_new_secs());
    let answers = probes.iter().map(|&t_first| answer(t_first, chain.at(t_first)));
    let run = ProbeRun::of_answers(answers.collect());
    let truth = first.pair.truth.to_run(&last.pair.truth);
    Score::new(
        &format!("{} to {}", first.pair.name, last.pair.name),
        &truth,
        &run,
    )
}

fn answer(t_first: f64, place: Option<Place>) -> Answer {
    let error_secs = |place: Place| place.sigma_secs.max(place.last_secs - place.first_secs);
    Answer {
        t_ref: t_first,
        t_new: place.map(|place| (place.t_secs, place.low_secs, place.high_secs)),
        confidence: place.map_or(0.0, |place| within_quarter_second(error_secs(place))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pairs;
    use mtbsync_align::Segment;

    #[test]
    fn runs_of_one_reference_are_compared_either_way() {
        let place = tempfile::tempdir().unwrap();
        let folders = ["trail/run1", "trail/run2", "other/run"].map(|name| place.path().join(name));
        for (folder, later) in folders.iter().zip([0.0, 0.05, 0.0]) {
            std::fs::create_dir_all(folder).unwrap();
            let rows = (0..200).map(|frame| {
                format!(
                    "{},{},,\n",
                    f64::from(frame) * 0.1,
                    f64::from(frame) * 0.1 + later
                )
            });
            let text = format!("t_new,t_ref,t_ref_first,t_ref_last\n{}", rows.collect::<String>());
            std::fs::write(folder.join("truth.csv"), text).unwrap();
        }
        let pairs: Vec<_> = folders
            .iter()
            .map(|folder| pairs::ride_in(folder, &folder.join("truth.csv")).unwrap())
            .collect();
        let line = Segment::new(vec![0.0, 19.0], vec![0.0, 19.0], vec![0.01; 2]).unwrap();
        let map = Arc::new(TimeWarp::new(vec![line]).unwrap());
        let ride = |pair| Ride {
            pair,
            map: Arc::clone(&map),
        };
        let rides: Vec<_> = pairs.iter().map(ride).collect();
        let scores = measure(&rides);
        let names: Vec<_> = scores.iter().map(|score| score.pair.as_str()).collect();
        assert_eq!(names, ["trail run1 to trail run2", "trail run2 to trail run1"]);
        for score in &scores {
            assert!((score.median_ms.unwrap() - 50.0).abs() < 1.0, "{score:?}");
            assert_eq!(score.interval_holds, Some(0.0));
        }
    }
}
