//! What each part of the method contributes: the same pairs with parts left out, or put in.
//!
//! Parts are switched by the program's own flags, so what is measured is what a user can have. All runs of a
//! pair share its indexes.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use mtbsync_formats::csv::{CsvWriter, seconds6};

use crate::pairs::TestPair;
use crate::probe::Question;
use crate::score::Score;
use crate::truth::{TruePlace, Truth};

/// Shares of the reference at which a person sets an anchor.
const ANCHORS_AT: [f64; 3] = [0.25, 0.5, 0.75];
/// How far from such a share a moment with a counterpart is looked for, seconds.
const SEARCH_SECS: usize = 10;

/// One row of the table.
pub struct AblationRow {
    /// What takes part.
    pub name: &'static str,
    /// Scores of all pairs; none where the part has nothing to work with.
    pub scores: Vec<Option<Score>>,
}

/// Measures every combination on every pair.
pub fn measure(bin: &Path, pairs: &[TestPair]) -> Result<Vec<AblationRow>> {
    let mut parts: Vec<AblationRow> = [
        "dense, no refinement",
        "+ refinement by similarity",
        "+ structure and pose",
        "+ ORB",
        "+ 3 anchors",
        "+ GPS",
    ]
    .map(|name| AblationRow {
        name,
        scores: Vec::new(),
    })
    .into();
    for pair in pairs {
        let question = Question::new(bin, &pair.reference, &pair.new)?;
        let flags = |names: &[&str]| Some(names.iter().map(OsString::from).collect::<Vec<OsString>>());
        let sets = [
            flags(&["--no-gps", "--matcher", "dense", "--no-refine"]),
            flags(&["--no-gps", "--matcher", "dense", "--refine-window", "0"]),
            flags(&["--no-gps", "--matcher", "dense"]),
            flags(&["--no-gps"]),
            with_anchors(&pair.truth, &question)?,
            with_gps(pair),
        ];
        for (k, (part, set)) in parts.iter_mut().zip(sets).enumerate() {
            let score = set
                .map(|flags| question.ask(&k.to_string(), &flags))
                .transpose()
                .with_context(|| format!("pair {}, {}", pair.name, part.name))?
                .map(|run| Score::new(&pair.name, &pair.truth, &run));
            part.scores.push(score);
        }
    }
    Ok(parts)
}

/// Three anchors that a person with a frame-stepper would set.
fn with_anchors(truth: &Truth, question: &Question<'_>) -> Result<Option<Vec<OsString>>> {
    let mut file = CsvWriter::new(&["t_new", "t_ref"]);
    let last = question.last_probe_secs();
    let mut count = 0;
    for share in ANCHORS_AT {
        let near = (0..SEARCH_SECS).map(|k| share * last + k as f64);
        let found = near
            .filter_map(|t_ref| match truth.place(t_ref) {
                TruePlace::At(first, until) if first == until => Some((first, t_ref)),
                TruePlace::At(..) | TruePlace::Nowhere | TruePlace::Unknown => None,
            })
            .next();
        if let Some((t_new, t_ref)) = found {
            file.row(&[seconds6(t_new), seconds6(t_ref)]);
            count += 1;
        }
    }
    if count == 0 {
        return Ok(None);
    }
    let path = question.folder().join("anchors.csv");
    fs::write(&path, file.into_bytes())?;
    Ok(Some(vec!["--no-gps".into(), "--anchors".into(), path.into()]))
}

/// The tracks beside the recordings, or those of the cameras; none for pairs without.
pub fn with_gps(pair: &TestPair) -> Option<Vec<OsString>> {
    let track = |recording: &Path| Some(recording.with_extension("gpx")).filter(|path| path.is_file());
    match (track(&pair.reference), track(&pair.new)) {
        (Some(reference), Some(new)) => Some(vec![
            "--ref-gpx".into(),
            reference.into(),
            "--new-gpx".into(),
            new.into(),
        ]),
        (None, None) if pair.has_camera_gps => Some(Vec::new()),
        _ => None,
    }
}
