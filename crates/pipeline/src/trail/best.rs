//! The best sections of a trail one after the other: which stretch of which recording each of them is.

use std::path::{Path, PathBuf};

use mtbsync_artefacts::time_warp::RecordingFile;
use mtbsync_task::error::PipelineError;

use super::board::{Board, BoardRequest, Ideal, Row, board};
use super::error::TrailProblem;
use super::places::Places;
use super::runs::{Root, Trail};

/// A section of the ideal run.
#[derive(Clone, Debug, PartialEq)]
pub struct BestSection {
    /// Its gates.
    pub gates: [String; 2],
    /// The fastest run there.
    pub run: String,
    /// Who rode; empty where nobody said.
    pub rider: String,
    /// From and to, seconds of the run.
    pub t_secs: [f64; 2],
    /// By how many seconds the ideal is ahead of the fastest whole run at the end of the section; `None`
    /// where nobody knows when that run was there.
    pub ahead_secs: Option<f64>,
}

/// The ideal run.
#[derive(Clone, Debug)]
pub struct BestSections {
    /// Its sections in order, at least one.
    pub sections: Vec<BestSection>,
    /// The fastest run that passed both the first and the last gate.
    pub fastest: Option<String>,
    /// Recordings of the runs of `sections`, by name of the run in order of first use.
    pub recordings: Vec<(String, RecordingFile)>,
    /// All recordings of the trail, used or not.
    pub inputs: Vec<PathBuf>,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

impl BestSections {
    /// Reads the runs below `root`. Hidden ones take no part.
    ///
    /// # Errors
    /// No such trail, or several and none is named; nothing to compare; a section without a time; recordings
    /// that are gone.
    pub fn read(root: &Path, trail: Option<&str>) -> Result<Self, PipelineError> {
        let root = Root::read(root)?;
        let places = Places::new(&root, root.one_trail(trail)?);
        let board = board(&places, &BoardRequest::default())?;
        let fastest = fastest(&board.rows);
        let sections = board
            .ideal
            .as_ref()
            .and_then(|ideal| sections(&board, ideal, fastest))
            .ok_or_else(|| PipelineError::from(TrailProblem::NoIdeal(untimed(&board))).at(&root.folder))?;
        let mut warnings = root.warnings.clone();
        warnings.extend(places.warnings.iter().cloned());
        Ok(Self {
            recordings: recordings(places.trail(), &sections)?,
            sections,
            fastest: fastest.map(|row| row.run.clone()),
            inputs: inputs(places.trail()),
            warnings,
        })
    }
}

fn fastest(rows: &[Row]) -> Option<&Row> {
    let timed = rows.iter().filter_map(|row| Some((row, row.total?.sec)));
    timed.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(row, _)| row)
}

fn sections(board: &Board, ideal: &Ideal, fastest: Option<&Row>) -> Option<Vec<BestSection>> {
    let mut ideal_secs = 0.0;
    let numbered = ideal.from.iter().zip(&board.sections).enumerate();
    let sections = numbered.map(|(k, (run, section))| {
        let row = board.rows.iter().find(|row| row.run == *run)?;
        let t_secs = row.sections.get(k)?.t?;
        ideal_secs += t_secs[1] - t_secs[0];
        Some(BestSection {
            gates: [section.from.clone(), section.to.clone()],
            run: run.clone(),
            rider: row.rider.clone(),
            t_secs,
            ahead_secs: fastest.and_then(|row| Some(since_start(row, k)? - ideal_secs)),
        })
    });
    sections.collect()
}

/// Seconds from the first gate to the end of section `k`.
fn since_start(row: &Row, k: usize) -> Option<f64> {
    Some(row.sections.get(k)?.t?[1] - row.sections.first()?.t?[0])
}

/// Sections that no run has a sure time for, by number and gates.
fn untimed(board: &Board) -> String {
    let numbered = board.sections.iter().enumerate();
    let without = numbered.filter(|(k, _)| {
        let mut cells = board.rows.iter().filter_map(|row| row.sections.get(*k));
        !cells.any(|cell| cell.best)
    });
    let names = without.map(|(k, section)| format!("{} {} - {}", k + 1, section.from, section.to));
    names.collect::<Vec<_>>().join("; ")
}

/// Recordings of the runs, all of them there.
fn recordings(
    trail: &Trail<'_>,
    sections: &[BestSection],
) -> Result<Vec<(String, RecordingFile)>, PipelineError> {
    let mut recordings: Vec<(String, RecordingFile)> = Vec::new();
    let mut gone = Vec::new();
    for section in sections {
        if recordings.iter().any(|(run, _)| *run == section.run) {
            continue;
        }
        let run = trail.runs.iter().find(|run| run.name == section.run);
        let named = run.and_then(|run| run.file.new.clone());
        let Some(file) = named.filter(|file| !file.path.is_empty()) else {
            return Err(TrailProblem::NoRecording(section.run.clone()).into());
        };
        if !Path::new(&file.path).is_file() {
            gone.push(format!("{} of {}", file.path, section.run));
        }
        recordings.push((section.run.clone(), file));
    }
    if gone.is_empty() {
        Ok(recordings)
    } else {
        Err(TrailProblem::RecordingsGone(gone.join(", ")).into())
    }
}

fn inputs(trail: &Trail<'_>) -> Vec<PathBuf> {
    let files = trail
        .runs
        .iter()
        .flat_map(|run| [&run.file.reference, &run.file.new]);
    files
        .flatten()
        .filter(|file| !file.path.is_empty())
        .map(|file| PathBuf::from(&file.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use mtbsync_artefacts::time_warp::TIMEWARP_FILE;
    use mtbsync_artefacts::trail_file::TRAIL_FILE;
    use mtbsync_task::error::Failure;
    use serde_json::json;

    use super::*;

    /// A run that takes so many seconds from each gate, a second of the reference apart, to the next.
    fn run(root: &Path, name: &str, section_secs: &[f64]) {
        let (mut t_new, mut t_ref) = (vec![2.0], vec![1.0]);
        for (k, secs) in section_secs.iter().enumerate() {
            let begin = t_new[t_new.len() - 1];
            for tenth in 1..=10 {
                let share = f64::from(tenth) / 10.0;
                t_new.push(begin + share * secs);
                t_ref.push(1.0 + k as f64 + share);
            }
        }
        let last = t_new.len() - 1;
        let recording = root.join(format!("{name}.mp4"));
        std::fs::write(&recording, "").unwrap();
        let map = json!({
            "ok": true, "version": 2, "model": "monotone", "params": null,
            "knots": { "t_new": t_new, "t_ref": t_ref, "sigma": vec![0.01; t_new.len()] },
            "segments": [{ "knots": [0, last], "t_new": [2.0, t_new[last]], "t_ref": [1.0, t_ref[last]] }],
            "reference": { "path": "/nowhere/ref.mp4" }, "new": { "path": recording, "duration": 60.0 },
        });
        std::fs::create_dir(root.join(name)).unwrap();
        std::fs::write(root.join(name).join(TIMEWARP_FILE), map.to_string()).unwrap();
    }

    fn season(gates: &[f64]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        run(root.path(), "a", &[0.8, 1.3, 1.0]);
        run(root.path(), "b", &[1.2, 0.7, 1.0]);
        run(root.path(), "short", &[1.1, 1.1]);
        let gates: Vec<_> = gates
            .iter()
            .map(|t_ref| json!({ "name": format!("G{t_ref}"), "t_ref": t_ref, "type": "split" }))
            .collect();
        let file = json!({ "version": 1, "trails": [{
            "id": "line", "name": "Line", "reference": { "fingerprint": "/nowhere/ref.mp4", "file": "ref.mp4" },
            "gates": gates, "runs": { "a": { "rider": "Ana" } },
        }] });
        std::fs::write(root.path().join(TRAIL_FILE), file.to_string()).unwrap();
        root
    }

    #[test]
    fn what_the_ideal_has_won_counts_from_the_start() {
        let root = season(&[1.0, 2.0, 3.0]);
        let best = BestSections::read(root.path(), None).unwrap();
        assert_eq!(best.fastest.as_deref(), Some("b"));
        let [first, second] = &best.sections[..] else {
            panic!("{best:?}")
        };
        assert_eq!(
            (first.run.as_str(), first.rider.as_str(), second.run.as_str()),
            ("a", "Ana", "b")
        );
        assert_eq!(first.gates, ["G1", "G2"]);
        for (section, expected) in [(first, [2.0, 2.8]), (second, [3.2, 3.9])] {
            for (found, expected) in section.t_secs.iter().zip(expected) {
                assert!((found - expected).abs() < 0.02, "{section:?}");
            }
            // Behind `b` by 0.4 s less at the first gate, and no more at the second.
            assert!((section.ahead_secs.unwrap() - 0.4).abs() < 0.04, "{section:?}");
        }
        let recordings: Vec<&str> = best.recordings.iter().map(|(run, _)| run.as_str()).collect();
        assert_eq!((recordings, best.inputs.len()), (vec!["a", "b"], 6));
    }

    #[test]
    fn what_is_missing_is_named() {
        let root = season(&[1.0, 2.0, 3.0, 9.0]);
        let error = BestSections::read(root.path(), None).unwrap_err();
        assert_eq!(error.failure(), Failure::NotAligned);
        assert!(error.what().ends_with("no sure time for 3 G3 - G9"), "{error}");
        let root = season(&[1.0, 2.0, 3.0]);
        for name in ["a.mp4", "b.mp4", "short.mp4"] {
            std::fs::remove_file(root.path().join(name)).unwrap();
        }
        let error = BestSections::read(root.path(), None).unwrap_err();
        assert_eq!(error.failure(), Failure::Failed);
        let what = error.what();
        assert!(
            what.contains("a.mp4 of a") && what.contains("b.mp4 of b") && !what.contains("short"),
            "{what}"
        );
    }
}
