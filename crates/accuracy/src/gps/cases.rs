//! Cases made of a pair with camera GPS.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::files;
use super::report::GpsReport;
use crate::footage;
use crate::pairs::TestPair;
use crate::probe::{Answer, Question};
use crate::score::Score;
use crate::truth::TruePlace;

/// Where the new run's pictures are black, seconds.
const DARK_SECS: (f64, f64) = (10.0, 20.0);
/// How far a track is moved: beside the trail, beyond any receiver's error.
const BESIDE_M: f64 = 100.0;
/// Where the new run is cut into chapters, seconds.
const CUT_SECS: f64 = 20.0;
/// Chapters change a map by no more, seconds.
const MAX_CHAPTER_CHANGE_SECS: f64 = 0.001;

/// Pictures black for ten seconds: only what is asked about these seconds counts.
pub fn dark(bin: &Path, lap: &TestPair, report: &mut GpsReport) -> Result<()> {
    let new = footage::blacked_out(&lap.new, DARK_SECS)?;
    let question = Question::new(bin, &lap.reference, &new)?;
    let in_the_dark = |t_ref: f64| match lap.truth.place(t_ref) {
        TruePlace::At(first, last) => DARK_SECS.0 <= first && last <= DARK_SECS.1,
        TruePlace::Nowhere | TruePlace::Unknown => false,
    };
    let name = |gps: &str| format!("{}, black {}-{} s, {gps}", lap.name, DARK_SECS.0, DARK_SECS.1);
    let without = question.ask("without", &["--no-gps".into()])?.only(in_the_dark);
    report.add_run(Score::new(&name("no GPS"), &lap.truth, &without));
    let with = question.ask("with", &[])?.only(in_the_dark);
    let score = Score::new(&name("camera GPS"), &lap.truth, &with);
    report.require(
        "black pictures: every place is answered by GPS".to_owned(),
        format!("{:.3}", score.answered),
        score.answered == 1.0,
    );
    report.add_believed(score);
    Ok(())
}

/// Tracks beside the trail and of another ride, on clocks to be found and on clocks a person vouches for.
pub fn wrong_tracks(bin: &Path, lap: &TestPair, pairs: &[TestPair], report: &mut GpsReport) -> Result<()> {
    let question = Question::new(bin, &lap.reference, &lap.new)?;
    let run_without = question.ask("without", &["--no-gps".into()])?;
    let without = Score::new("", &lap.truth, &run_without);
    for (k, (name, flags)) in wrong_flags(&question, lap, pairs)?.into_iter().enumerate() {
        let run = question
            .ask(&format!("wrong-{k}"), &flags)
            .with_context(|| name.clone())?;
        let score = Score::new(&format!("{}, {name}", lap.name), &lap.truth, &run);
        report.require(
            format!("{name}: no worse than without GPS"),
            if run.answers == run_without.answers {
                "the same answers".to_owned()
            } else {
                "other answers".to_owned()
            },
            is_no_worse(&score, &without),
        );
        report.add_run(score);
    }
    Ok(())
}

/// The flags of each wrong track, and what is wrong with it.
fn wrong_flags(
    question: &Question<'_>,
    lap: &TestPair,
    pairs: &[TestPair],
) -> Result<Vec<(String, Vec<OsString>)>> {
    let track = files::of_camera(&lap.new)?;
    let beside = question.folder().join("beside.gpx");
    fs::write(&beside, files::gpx_moved_north(&track, BESIDE_M))?;
    let first_secs = track.span_secs().context("an empty track")?.0;
    let new_track = |path: &Path| vec![OsString::from("--new-gpx"), path.into()];
    let offset = |side: &str, secs: f64| OsString::from(format!("--{side}-gpx-offset={secs}"));
    let mut by_hand = new_track(&beside);
    by_hand.push(offset("new", -first_secs));
    let mut wrong = vec![
        ("track 100 m beside".to_owned(), new_track(&beside)),
        ("track 100 m beside, offset by hand".to_owned(), by_hand),
    ];
    let other = pairs
        .iter()
        .map(|pair| [&pair.reference, &pair.new].map(|path| path.with_extension("gpx")))
        .find(|tracks| tracks.iter().all(|path| path.is_file()));
    if let Some([other_reference, other_new]) = other {
        wrong.push(("track of another ride".to_owned(), new_track(&other_new)));
        let mut both = new_track(&other_new);
        both.extend(["--ref-gpx".into(), other_reference.into()]);
        wrong.push(("both tracks of another trail".to_owned(), both.clone()));
        both.extend([offset("ref", 0.0), offset("new", 0.0)]);
        wrong.push(("both tracks of another trail, offsets by hand".to_owned(), both));
    }
    Ok(wrong)
}

/// As many answers, no more mistakes, no larger errors.
fn is_no_worse(score: &Score, without: &Score) -> bool {
    let not_above = |value: Option<f64>, limit: Option<f64>| match (value, limit) {
        (Some(value), Some(limit)) => value <= limit,
        (value, _) => value.is_none(),
    };
    score.aligned == without.aligned
        && score.answered >= without.answered
        && score.confident_wrong <= without.confident_wrong
        && score.outside_claimed <= without.outside_claimed
        && not_above(score.median_ms, without.median_ms)
        && not_above(score.p90_ms, without.p90_ms)
        && not_above(score.max_ms, without.max_ms)
}

/// The new run in two chapters: the answers of the uncut recording.
pub fn chapters(bin: &Path, lap: &TestPair, report: &mut GpsReport) -> Result<()> {
    let uncut = Question::new(bin, &lap.reference, &lap.new)?.ask("uncut", &[])?;
    let folder = tempfile::tempdir()?;
    let first = footage::chapters(&lap.new, CUT_SECS, folder.path())?;
    let cut = Question::new(bin, &lap.reference, &first)?.ask("cut", &[])?;
    let change = largest_change_secs(&uncut.answers, &cut.answers);
    report.require(
        format!("{} in two chapters: the map of the uncut recording", lap.name),
        change.map_or_else(
            || "other moments are answered".to_owned(),
            |secs| format!("largest difference {:.3} ms", 1000.0 * secs),
        ),
        change.is_some_and(|secs| secs <= MAX_CHAPTER_CHANGE_SECS),
    );
    Ok(())
}

/// Largest difference of two lists of answers; `None` when they do not answer the same moments, or none.
fn largest_change_secs(a: &[Answer], b: &[Answer]) -> Option<f64> {
    let same_probes = a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.t_ref == b.t_ref);
    let same_answered = a
        .iter()
        .zip(b)
        .all(|(a, b)| a.t_new.is_some() == b.t_new.is_some());
    let change = a
        .iter()
        .zip(b)
        .filter_map(|(a, b)| Some((a.t_new?.0 - b.t_new?.0).abs()))
        .max_by(f64::total_cmp);
    change.filter(|_| same_probes && same_answered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(t_ref: f64, t_new: Option<f64>) -> Answer {
        Answer {
            t_ref,
            t_new: t_new.map(|t| (t, t, t)),
            confidence: 0.9,
        }
    }

    #[test]
    fn answers_are_compared_moment_by_moment() {
        let a = [answer(0.0, None), answer(1.0, Some(1.5)), answer(2.0, Some(2.5))];
        let b = [answer(0.0, None), answer(1.0, Some(1.4)), answer(2.0, Some(2.5))];
        assert!((largest_change_secs(&a, &b).unwrap() - 0.1).abs() < 1e-9);
        let fewer = [answer(0.0, None), answer(1.0, None), answer(2.0, Some(2.5))];
        assert_eq!(largest_change_secs(&a, &fewer), None);
        assert_eq!(largest_change_secs(&a, &a[..2]), None);
        assert_eq!(largest_change_secs(&a[..1], &a[..1]), None);
    }

    fn score(answered: f64, max_ms: Option<f64>) -> Score {
        Score {
            pair: String::new(),
            aligned: true,
            probes: 10,
            answered,
            median_ms: max_ms,
            p90_ms: max_ms,
            p95_ms: max_ms,
            max_ms,
            within_frame: None,
            outside_probes: 0,
            outside_claimed: 0,
            confident_wrong: 0,
            worst_sure_pair_ms: None,
            interval_holds: None,
            cpu_cold_sec: None,
            cpu_cached_sec: None,
            peak_mb: None,
            errors_secs: Vec::new(),
            claims: Vec::new(),
        }
    }

    #[test]
    fn worse_is_fewer_or_larger_or_refused() {
        let without = score(0.8, Some(50.0));
        assert!(is_no_worse(&without, &without));
        assert!(is_no_worse(&score(0.9, Some(40.0)), &without));
        assert!(!is_no_worse(&score(0.7, Some(40.0)), &without));
        assert!(!is_no_worse(&score(0.8, Some(51.0)), &without));
        let refused = Score {
            aligned: false,
            ..score(0.8, None)
        };
        assert!(!is_no_worse(&refused, &without));
        let mistaken = Score {
            confident_wrong: 1,
            ..without.clone()
        };
        assert!(!is_no_worse(&mistaken, &without));
        assert!(!is_no_worse(&without, &score(0.8, None)));
    }
}
