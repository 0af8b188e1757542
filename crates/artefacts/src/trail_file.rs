//! `trail.json` at the root of a folder of runs: names, gates, and who rode when
//! (docs/reference/files.md#trailjson). What another program has written into it stays.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mtbsync_formats::atomic::{FileSet, Replaces, StagedFile};
use mtbsync_formats::{is_moment, json, read_bounded};
use mtbsync_task::error::PipelineError;
pub use mtbsync_task::files::TRAIL_FILE;
use mtbsync_task::files::exists;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::ArtefactProblem;

/// Newest version that is read.
const VERSION: u64 = 1;
/// Most bytes read: thousands of runs with notes.
pub const MAX_TRAIL_BYTES: u64 = 16 << 20;
/// Most trails, gates of a trail, and runs of a trail.
const MOST: [usize; 3] = [1_000, 1_000, 20_000];
/// Longest name, rider, date, bike, characters.
pub const MAX_WORD: usize = 200;
/// Longest note, characters.
pub const MAX_NOTE: usize = 4_000;

/// All trails of a root.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrailFile {
    /// 1.
    pub version: u64,
    /// The trails.
    #[serde(default)]
    pub trails: Vec<TrailEntry>,
    /// What is not known here.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Default for TrailFile {
    fn default() -> Self {
        Self {
            version: VERSION,
            trails: Vec::new(),
            rest: Map::new(),
        }
    }
}

/// One trail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrailEntry {
    /// What addresses and flags call it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The recording its places are told on.
    pub reference: ReferenceName,
    /// Gates; none where the markers of its runs serve.
    pub gates: Vec<Gate>,
    /// What is said of runs, by their folder below the root.
    pub runs: BTreeMap<String, RunNote>,
    /// What is not known here.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A recording by its content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReferenceName {
    /// Content fingerprint.
    pub fingerprint: String,
    /// File name.
    pub file: String,
    /// What is not known here.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A place at which times are taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gate {
    /// Its name.
    pub name: String,
    /// Its place, seconds of the trail's reference; `None` where that never was.
    pub t_ref: Option<f64>,
    /// `start`, `split` or `finish`.
    #[serde(rename = "type")]
    pub kind: GateKind,
    /// Fingerprint of the recording on which it was set, where that is not the reference any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// Its place there, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub t_on: Option<f64>,
    /// What `t_ref` was made of that: another one was given by somebody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub t_then: Option<f64>,
    /// What is not known here.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// What a gate is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GateKind {
    /// The clock starts.
    Start,
    /// Between.
    #[default]
    Split,
    /// The clock stops.
    Finish,
}

/// What a person says of a run. Empty: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunNote {
    /// Who rode.
    pub rider: String,
    /// When, `2026-06-14`.
    pub date: String,
    /// On what.
    pub bike: String,
    /// A text.
    pub note: String,
    /// Not on the board.
    pub hidden: bool,
    /// What is not known here.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Where it is.
pub fn trail_path(root: &Path) -> PathBuf {
    root.join(TRAIL_FILE)
}

impl TrailFile {
    /// Reads that of `root`; an empty one where there is none.
    ///
    /// # Errors
    /// Unreadable, no trail.json, or of a newer program.
    pub fn read(root: &Path) -> Result<Self, PipelineError> {
        let path = trail_path(root);
        if !exists(&path)? {
            return Ok(Self::default());
        }
        let bytes = read_bounded(&path, MAX_TRAIL_BYTES)?;
        Self::parse(&bytes).map_err(|error| error.at(&path))
    }

    /// Reads its content.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(bytes: &[u8]) -> Result<Self, PipelineError> {
        let file: Self = json::from_slice(bytes).map_err(ArtefactProblem::NotATrail)?;
        json::check_version(file.version, VERSION)?;
        file.check()?;
        Ok(file)
    }

    /// Refuses more than is kept, and times no recording has.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn check(&self) -> Result<(), PipelineError> {
        let many = |what: &'static str| PipelineError::from(ArtefactProblem::TooMany(what));
        let [trails, gates, runs] = MOST;
        if self.trails.len() > trails {
            return Err(many("trails"));
        }
        for (k, trail) in self.trails.iter().enumerate() {
            let is_taken = self.trails.iter().take(k).any(|other| other.id == trail.id);
            if is_taken || trail.id.is_empty() {
                return Err(ArtefactProblem::NoId(k).into());
            }
            let too_long = |what: &str| {
                let field = format!("trails[{k}].{what}");
                PipelineError::from(ArtefactProblem::TooLong(field))
            };
            if trail.gates.len() > gates {
                return Err(many("gates"));
            }
            if trail.runs.len() > runs {
                return Err(many("runs"));
            }
            let is_long = |text: &str, most: usize| text.chars().nth(most).is_some();
            if is_long(&trail.name, MAX_WORD) || is_long(&trail.id, MAX_WORD) {
                return Err(too_long("name"));
            }
            for (g, gate) in trail.gates.iter().enumerate() {
                for (name, secs) in [
                    ("t_ref", gate.t_ref),
                    ("t_on", gate.t_on),
                    ("t_then", gate.t_then),
                ] {
                    if let Some(secs) = secs.filter(|secs| !is_moment(*secs)) {
                        let field = format!("trails[{k}].gates[{g}].{name}");
                        return Err(ArtefactProblem::TooFar { field, secs }.into());
                    }
                }
                if is_long(&gate.name, MAX_WORD) {
                    return Err(too_long(&format!("gates[{g}].name")));
                }
            }
            for (run, note) in &trail.runs {
                let words = [&note.rider, &note.date, &note.bike];
                if words.into_iter().any(|word| is_long(word, MAX_WORD)) || is_long(&note.note, MAX_NOTE) {
                    return Err(too_long(&format!("runs.{run}")));
                }
            }
        }
        Ok(())
    }

    /// Its bytes.
    ///
    /// # Errors
    /// None in practice: all of it has a JSON form.
    pub fn to_json(&self) -> Result<Vec<u8>, PipelineError> {
        json::to_vec(self).map_err(|error| ArtefactProblem::NoJson(error).into())
    }

    /// Writes it whole or not at all. The caller has read the one that is there, under the lock of the root.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, root: &Path) -> Result<(), PipelineError> {
        self.check()?;
        let bytes = self.to_json()?;
        if bytes.len() as u64 > MAX_TRAIL_BYTES {
            return Err(ArtefactProblem::TooMany("words").into());
        }
        let mut set = FileSet::new();
        set.push(StagedFile::of_bytes(
            &trail_path(root),
            Replaces::ANYTHING,
            &bytes,
        )?);
        set.commit()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"version":1,"by":"mine","trails":[{"id":"ridge-line","name":"Ridge line","colour":7,
        "reference":{"fingerprint":"sha256:ab","file":"GX010101.MP4","disk":"a"},
        "gates":[{"name":"Start","t_ref":4.2,"type":"start","width":2},{"name":"Fork","t_ref":31.5,"type":"split"},
                 {"name":"Barn","t_ref":118.0,"type":"finish"}],
        "runs":{"GX010102_sync":{"rider":"A","date":"2026-06-14","bike":"","note":"","hidden":false,"helmet":"red"}}}]}"#;

    #[test]
    fn what_others_wrote_into_it_stays() {
        let file = TrailFile::parse(TEXT.as_bytes()).unwrap();
        let trail = &file.trails[0];
        assert_eq!(
            (trail.gates[2].kind, trail.gates[1].t_ref),
            (GateKind::Finish, Some(31.5))
        );
        assert_eq!(trail.runs["GX010102_sync"].rider, "A");
        let written: Value = serde_json::from_slice(&file.to_json().unwrap()).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(TEXT).unwrap());
    }

    #[test]
    fn a_root_without_one_has_no_trails_and_a_written_one_reads_back() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(TrailFile::read(root.path()).unwrap(), TrailFile::default());
        let file = TrailFile::parse(TEXT.as_bytes()).unwrap();
        file.write(root.path()).unwrap();
        assert_eq!(TrailFile::read(root.path()).unwrap(), file);
    }

    #[test]
    fn what_is_none_is_refused_in_words() {
        let refused = |text: &str| TrailFile::parse(text.as_bytes()).unwrap_err().to_string();
        for (text, says) in [
            ("[1", "not a trail.json"),
            (r#"{"trails":[]}"#, "not a trail.json"),
            (r#"{"version":2,"trails":[]}"#, "newer"),
            (r#"{"version":1,"trails":[{"id":"a"},{"id":"a"}]}"#, "trails[1]"),
            (
                r#"{"version":1,"trails":[{"id":"a","gates":[{"name":"A","t_ref":1e15}]}]}"#,
                "trails[0].gates[0].t_ref",
            ),
            (
                r#"{"version":1,"trails":[{"id":"a","gates":[{"t_ref":1,"type":"end"}]}]}"#,
                "not a trail.json",
            ),
        ] {
            assert!(refused(text).contains(says), "{text}: {}", refused(text));
        }
        let long = format!(
            r#"{{"version":1,"trails":[{{"id":"a","runs":{{"a":{{"note":"{}"}}}}}}]}}"#,
            "n".repeat(4001)
        );
        assert!(refused(&long).contains("trails[0].runs.a"));
    }
}
