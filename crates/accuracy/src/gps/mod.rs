//! What GPS gives, and that it does no harm: recordings with tracks, with GPS and without.
//!
//! Every pair with tracks is measured both ways. Further cases are made of them: pictures that are black for
//! a while, tracks that are wrong, a recording in chapters, and two real rides of which only the tracks are
//! known. What must hold is stated beside what was measured. Confident mistakes without GPS are the matter of
//! the other mode; with it there is no excuse, unless GPS was wrong and rightly left out: then the result has
//! to be no worse than without.

mod cases;
mod files;
mod report;
mod rides;

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result};

use crate::ablation::with_gps;
use crate::pairs::TestPair;
use crate::probe::{ProbeRun, Question};
use crate::score::Score;
pub use report::GpsReport;

/// Largest error of an unknown offset that was found, seconds.
const MAX_OFFSET_ERROR_SECS: f64 = 1.0;

/// Measures all pairs with tracks and the cases made of them.
pub fn measure(bin: &Path, pairs: &[TestPair]) -> Result<GpsReport> {
    let mut report = GpsReport::default();
    for pair in pairs {
        if let Some(flags) = with_gps(pair) {
            both_ways(bin, pair, &flags, &mut report).with_context(|| format!("pair {}", pair.name))?;
        }
    }
    if let Some(lap) = pairs.iter().find(|pair| pair.has_camera_gps) {
        cases::dark(bin, lap, &mut report).context("black pictures")?;
        cases::wrong_tracks(bin, lap, pairs, &mut report).context("wrong tracks")?;
        cases::chapters(bin, lap, &mut report).context("chapters")?;
    }
    rides::by_gps_alone(bin, &mut report).context("real rides")?;
    Ok(report)
}

/// A pair without its tracks and with them; unknown offsets must be found.
fn both_ways(bin: &Path, pair: &TestPair, flags: &[OsString], report: &mut GpsReport) -> Result<()> {
    let question = Question::new(bin, &pair.reference, &pair.new)?;
    let without = question.ask("without", &["--no-gps".into()])?;
    report.add_run(Score::new(
        &format!("{}, no GPS", pair.name),
        &pair.truth,
        &without,
    ));
    let with = question.ask("with", flags)?;
    let kind = if pair.has_camera_gps {
        "camera GPS"
    } else {
        "GPX files"
    };
    report.add_believed(Score::new(&format!("{}, {kind}", pair.name), &pair.truth, &with));
    if !pair.has_camera_gps {
        check_offsets(pair, &with, report)?;
    }
    Ok(())
}

fn check_offsets(pair: &TestPair, run: &ProbeRun, report: &mut GpsReport) -> Result<()> {
    let facts = std::fs::read(pair.reference.with_file_name("pair.json"))?;
    for (k, (name, recording)) in [("reference", &pair.reference), ("new", &pair.new)]
        .into_iter()
        .enumerate()
    {
        let track = files::read(&recording.with_extension("gpx"))?;
        let truth = files::true_offset_secs(&facts, name, &track)?;
        let error = run
            .gps_offsets_secs
            .and_then(|offsets| offsets.get(k).map(|found| (found - truth).abs()));
        report.require(
            format!("{}: clock of the {name} track found within 1 s", pair.name),
            error.map_or_else(|| "not found".to_owned(), |secs| format!("{secs:.2} s off")),
            error.is_some_and(|secs| secs <= MAX_OFFSET_ERROR_SECS),
        );
    }
    Ok(())
}
