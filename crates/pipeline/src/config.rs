//! `config.toml`: presets of a team and limits of the cache (docs/reference/files.md#configtoml).
//!
//! Files are merged: a later one replaces a whole preset of the same name. Unknown keys are errors, so that a
//! typing mistake is not a silent default.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mtbsync_formats::{ReadError, read_bounded};
use mtbsync_markers::presets::{CustomPreset, PresetError, read_presets};
use mtbsync_task::error::{Failure, PipelineError, Problem};
use serde::Deserialize;

/// Name of the file in each folder.
const FILE_NAME: &str = "config.toml";
/// Bound for a configuration file.
const MAX_CONFIG_BYTES: u64 = 1 << 20;
/// Largest cache unless configured, GB (docs/reference/files.md#the-cache).
pub const DEFAULT_CACHE_MAX_GB: f64 = 20.0;

/// What can be wrong in a configuration file.
#[derive(Debug, thiserror::Error)]
pub enum ConfigProblem {
    /// A file that cannot be read.
    #[error(transparent)]
    Read(ReadError),
    /// No text.
    #[error("not UTF-8")]
    NotUtf8(#[source] std::str::Utf8Error),
    /// No TOML, or an unknown key, in the parser's words.
    #[error("{what} (line {line})")]
    Toml {
        /// What is wrong.
        what: String,
        /// Where, from 1.
        line: usize,
    },
    /// A preset.
    #[error("{} (line {})", .0.problem, .0.line)]
    Presets(#[source] PresetError),
    /// A limit that is none.
    #[error("cache.max_gb must be 0 or more")]
    MaxGb,
}

impl Problem for ConfigProblem {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.hint(),
            Self::Presets(error) => error.hint(),
            _ => None,
        }
    }

    fn failure(&self) -> Failure {
        Failure::Usage
    }
}

/// Configuration files, merged.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Presets by name.
    pub presets: BTreeMap<String, CustomPreset>,
    /// Largest size of the index cache, GB.
    pub cache_max_gb: f64,
    /// Files that were read, the one that wins last.
    pub files: Vec<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            presets: BTreeMap::new(),
            cache_max_gb: DEFAULT_CACHE_MAX_GB,
            files: Vec::new(),
        }
    }
}

/// The sections of a file. Presets are read by the markers crate; here they only must not be unknown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sections {
    #[serde(default, rename = "presets")]
    _presets: toml::Table,
    #[serde(default)]
    cache: CacheSection,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CacheSection {
    max_gb: Option<f64>,
}

impl Config {
    /// Reads `config.toml` of each of `folders`, of which the first wins, and `extra`, which wins over all.
    ///
    /// # Errors
    /// Wrong usage: a file that is no valid configuration, or an `extra` that is missing.
    pub fn load(extra: Option<&Path>, folders: &[PathBuf]) -> Result<Self, PipelineError> {
        let standard = folders
            .iter()
            .rev()
            .map(|folder| folder.join(FILE_NAME))
            .filter(|file| file.is_file());
        let mut config = Self::default();
        for file in standard.chain(extra.map(Path::to_owned)) {
            config.merge(file)?;
        }
        Ok(config)
    }

    fn merge(&mut self, file: PathBuf) -> Result<(), PipelineError> {
        let wrong = |problem: ConfigProblem| PipelineError::from(problem).at(&file);
        let bytes =
            read_bounded(&file, MAX_CONFIG_BYTES).map_err(|error| wrong(ConfigProblem::Read(error)))?;
        let text = str::from_utf8(&bytes).map_err(|error| wrong(ConfigProblem::NotUtf8(error)))?;
        let sections: Sections = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            let what = error.message().trim().replace('\n', " ");
            wrong(ConfigProblem::Toml { what, line })
        })?;
        let name = file.to_string_lossy().into_owned();
        let presets =
            read_presets(&[(name, text.to_owned())]).map_err(|error| wrong(ConfigProblem::Presets(error)))?;
        self.presets.extend(presets);
        if let Some(max_gb) = sections.cache.max_gb {
            if !(max_gb.is_finite() && max_gb >= 0.0) {
                return Err(wrong(ConfigProblem::MaxGb));
            }
            self.cache_max_gb = max_gb;
        }
        self.files.push(file);
        Ok(())
    }
}

/// Line, from 1, of a byte offset.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, PipelineError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE_NAME), text).unwrap();
        Config::load(None, &[folder.path().to_owned()])
    }

    #[test]
    fn presets_and_limits_are_read() {
        let config =
            load("[presets.team]\nformat = \"resolve-edl\"\nreel = \"001\"\n[cache]\nmax_gb = 5\n").unwrap();
        assert_eq!(config.presets["team"].reel.as_deref(), Some("001"));
        assert_eq!((config.cache_max_gb, Config::default().cache_max_gb), (5.0, 20.0));
    }

    #[test]
    fn mistakes_name_the_line() {
        for (text, what) in [
            ("[presets.a]\nformat = \"csv\"\nreal = \"x\"\n", "(line 3)"),
            ("x = \n", "(line 1)"),
            ("\n[presets.csv]\nformat = \"json\"\n", "built-in preset (line 2)"),
            ("[cache]\nmax_gp = 3\n", "max_gp"),
            ("[cash]\n", "cash"),
            ("[cache]\nmax_gb = -1\n", "0 or more"),
        ] {
            let error = load(text).unwrap_err();
            assert!(error.what().contains(what), "{text}: {error}");
            assert_eq!(error.failure(), Failure::Usage);
        }
    }

    #[test]
    fn the_extra_file_replaces_whole_presets() {
        let folder = tempfile::tempdir().unwrap();
        let standard = folder.path().join(FILE_NAME);
        let extra = folder.path().join("extra.toml");
        std::fs::write(&standard, "[presets.a]\nformat = \"csv\"\nlabel = \"L\"\n").unwrap();
        std::fs::write(&extra, "[presets.a]\nformat = \"json\"\n").unwrap();
        let config = Config::load(Some(&extra), &[folder.path().to_owned()]).unwrap();
        assert_eq!(config.presets["a"].label, None);
        assert_eq!(config.files, [standard, extra]);
        assert!(Config::load(Some(Path::new("no.toml")), &[]).is_err());
    }
}
