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
