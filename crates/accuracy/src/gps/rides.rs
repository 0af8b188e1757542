//! Two real rides of one route of which only the tracks are known: black pictures, GPS alone.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use mtbsync_telemetry::Track;

use super::files;
use super::report::GpsReport;
use crate::footage;
use crate::pairs::shared_data;
use crate::probe::{Answer, Question};
use crate::score::quantile;

/// Their files; the licence keeps them out of the repository.
const RIDES: [&str; 2] = ["gpx/ride-2020-05-19.gpx", "gpx/ride-2020-07-22.gpx"];
/// Largest median distance at matched times, metres: two phones' errors and two lines on one road.
const MAX_MEDIAN_M: f64 = 6.0;

/// Aligns the rides where their tracks are there.
pub fn by_gps_alone(bin: &Path, report: &mut GpsReport) -> Result<()> {
    let paths = RIDES.map(|name| shared_data().join(name));
    if !paths.iter().all(|path| path.is_file()) {
        return Ok(());
    }
    let [reference, new] = [files::read(&paths[0])?.track, files::read(&paths[1])?.track];
    let [black_reference, black_new] = [black_for(&reference)?, black_for(&new)?];
    let question = Question::new(bin, &black_reference, &black_new)?;
    let run = question.ask("rides", &flags(&paths))?;
    let matched = matched_secs(&run.answers);
    let distances = files::distances_m(&reference, &new, &matched);
    let metres = |q| quantile(&distances, q).unwrap_or(f64::INFINITY);
    report.require(
        "real rides, black pictures: median distance at matched times 6 m or less".to_owned(),
        format!(
            "{:.1} m, 90 % within {:.1} m, {} of {} moments matched",
            metres(0.5),
            metres(0.9),
            matched.len(),
            run.probes.len()
        ),
        metres(0.5) <= MAX_MEDIAN_M,
    );
    let behind = steps_back(&matched);
    report.require(
        "real rides, black pictures: matched times increase".to_owned(),
        format!("{behind} steps back"),
        behind == 0,
    );
    Ok(())
}

fn black_for(track: &Track) -> Result<PathBuf> {
    let (_, last_secs) = track.span_secs().context("an empty track")?;
    footage::black(last_secs.floor() as u32)
}

fn flags([reference, new]: &[PathBuf; 2]) -> Vec<OsString> {
    vec![
        "--ref-gpx".into(),
        reference.into(),
        "--new-gpx".into(),
        new.into(),
        "--ref-gpx-offset=0".into(),
        "--new-gpx-offset=0".into(),
    ]
}

/// `(t_ref, t_new)` of all answers.
fn matched_secs(answers: &[Answer]) -> Vec<(f64, f64)> {
    let matched = |answer: &Answer| Some((answer.t_ref, answer.t_new?.0));
    answers.iter().filter_map(matched).collect()
}

/// Moments that are matched with no later a time than the moment before.
fn steps_back(matched: &[(f64, f64)]) -> usize {
    let pairs = matched.iter().zip(matched.iter().skip(1));
    pairs.filter(|(before, after)| after.1 <= before.1).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standing_still_is_a_step_back() {
        assert_eq!(
            steps_back(&[(0.0, 5.0), (1.0, 5.5), (2.0, 5.5), (3.0, 5.4), (4.0, 6.0)]),
            2
        );
        assert_eq!(steps_back(&[]), 0);
    }
}
