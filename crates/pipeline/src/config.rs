//! `config.toml`: presets of a team and limits of the cache (editors.md section 2, cli.md section 6).
//!
//! Files are merged: a later one replaces a whole preset of the same name. Unknown keys are errors, so that a typing
//! mistake is not a silent default.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mtbsync_formats::read_bounded;
use mtbsync_markers::export::Preset;
use mtbsync_markers::time::Rate;
use serde::Deserialize;

use crate::error::PipelineError;
use crate::export::{ExportSettings, RateChoice};
use crate::source::cannot_read;

/// Name of the file in each folder.
const FILE_NAME: &str = "config.toml";
/// Bound for a configuration file.
const MAX_CONFIG_BYTES: u64 = 1 << 20;
/// Largest cache unless configured, GB (cli.md section 6).
pub const DEFAULT_CACHE_MAX_GB: f64 = 20.0;

/// A preset with another name and other defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomPreset {
    /// The built-in preset it is made of.
    pub format: Preset,
    /// Its defaults; flags win over them.
    pub settings: ExportSettings,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileContent {
    #[serde(default)]
    presets: BTreeMap<String, toml::Spanned<PresetContent>>,
    #[serde(default)]
    cache: CacheContent,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CacheContent {
    max_gb: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetContent {
    format: String,
    fps: Option<RateContent>,
    reel: Option<String>,
    label: Option<String>,
    timeline_start: Option<String>,
    drop_frame: Option<bool>,
    review_prefix: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RateContent {
    Text(String),
    Whole(u32),
    Decimal(f64),
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
        let bytes = read_bounded(&file, MAX_CONFIG_BYTES).map_err(|error| as_usage(cannot_read(&error)))?;
        let wrong = |what: String| PipelineError::usage(what).at(&file);
        let text = str::from_utf8(&bytes).map_err(|_| wrong("not UTF-8".to_owned()))?;
        let content: FileContent = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            wrong(format!(
                "{} (line {line})",
                error.message().trim().replace('\n', " ")
            ))
        })?;
        for (name, preset) in content.presets {
            let line = line_of(text, preset.span().start);
            let preset = custom_preset(&name, preset.into_inner())
                .map_err(|what| wrong(format!("{what} (line {line})")))?;
            self.presets.insert(name, preset);
        }
        if let Some(max_gb) = content.cache.max_gb {
            if !(max_gb.is_finite() && max_gb >= 0.0) {
                return Err(wrong("cache.max_gb must be 0 or more".to_owned()));
            }
            self.cache_max_gb = max_gb;
        }
        self.files.push(file);
        Ok(())
    }
}

fn custom_preset(name: &str, content: PresetContent) -> Result<CustomPreset, String> {
    if Preset::from_name(name).is_some() {
        return Err(format!("preset `{name}` is built in and cannot be redefined"));
    }
    let format = Preset::from_name(&content.format)
        .ok_or_else(|| format!("preset `{name}` has the unknown format `{}`", content.format))?;
    let rate = match content.fps.map(|fps| fps.text()) {
        None => None,
        Some(text) if text == "auto" => Some(RateChoice::Auto),
        Some(text) => Some(RateChoice::Fixed(
            Rate::parse(&text).map_err(|error| format!("preset `{name}`: {error}"))?,
        )),
    };
    let settings = ExportSettings {
        rate,
        drop_frame: content.drop_frame,
        timeline_start: content.timeline_start,
        reel: content.reel,
        label: content.label,
        review_prefix: content.review_prefix,
        ..ExportSettings::default()
    };
    Ok(CustomPreset { format, settings })
}

impl RateContent {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Whole(fps) => fps.to_string(),
            Self::Decimal(fps) => fps.to_string(),
        }
    }
}

/// Line, from 1, of a byte offset.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}

fn as_usage(error: PipelineError) -> PipelineError {
    PipelineError {
        failure: crate::error::Failure::Usage,
        ..error
    }
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
    fn a_preset_is_a_format_with_defaults() {
        let config = load(
            "[presets.team]\nformat = \"resolve-edl\"\nfps = \"29.97\"\nreel = \"001\"\ndrop_frame = true\n\
             [presets.round]\nformat = \"json\"\nfps = 25\n[cache]\nmax_gb = 5\n",
        )
        .unwrap();
        let team = &config.presets["team"];
        assert_eq!(team.format, Preset::ResolveEdl);
        assert_eq!(
            team.settings.rate,
            Some(RateChoice::Fixed(Rate::parse("29.97").unwrap()))
        );
        assert_eq!(team.settings.drop_frame, Some(true));
        assert_eq!(
            config.presets["round"].settings.rate,
            Some(RateChoice::Fixed(Rate::whole(25)))
        );
        assert_eq!(config.cache_max_gb, 5.0);
    }

    #[test]
    fn mistakes_name_the_line() {
        for (text, what) in [
            ("[presets.a]\nformat = \"csv\"\nreal = \"x\"\n", "(line 3)"),
            ("x = \n", "(line 1)"),
            (
                "\n[presets.csv]\nformat = \"json\"\n",
                "cannot be redefined (line 2)",
            ),
            (
                "[presets.a]\nformat = \"nope\"\n",
                "unknown format `nope` (line 1)",
            ),
            (
                "[presets.a]\nformat = \"csv\"\nfps = \"12.34\"\n",
                "frame rate (line 1)",
            ),
        ] {
            let error = load(text).unwrap_err();
            assert!(error.what.contains(what), "{text}: {error}");
            assert_eq!(error.failure, crate::error::Failure::Usage);
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
        assert_eq!(config.presets["a"].settings.label, None);
        assert_eq!(config.files, [standard, extra]);
        assert!(Config::load(Some(Path::new("no.toml")), &[]).is_err());
    }
}
