//! Custom presets from configuration files (docs/reference/exporters.md#custom-presets): a built-in format
//! with other defaults.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::export::Preset;
use crate::time::{Counting, Rate, RateError};

/// A named set of values; what is `None` keeps the default of the format.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomPreset {
    /// The format written.
    pub format: Preset,
    /// Frame rate of the timeline; `None` = automatic.
    pub rate: Option<Rate>,
    /// Reel name.
    pub reel: Option<String>,
    /// Title.
    pub label: Option<String>,
    /// Timecode of the timeline's first frame.
    pub timeline_start: Option<String>,
    /// Counting of timecode.
    pub counting: Option<Counting>,
    /// Put before names of markers that need review.
    pub review_prefix: Option<String>,
    /// Review markers keep their colour.
    pub keep_colours: Option<bool>,
}

/// A configuration text whose presets cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} ({file}, line {line})")]
pub struct PresetError {
    /// The file, as given to [`read_presets`].
    pub file: String,
    /// Line from 1.
    pub line: usize,
    /// What is wrong.
    #[source]
    pub problem: PresetProblem,
}

/// What is wrong with a configuration text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresetProblem {
    /// Broken TOML, or an unknown key or value.
    #[error("{}", .0.message())]
    Toml(#[from] toml::de::Error),
    /// A preset of this name is built in.
    #[error("`{0}` is a built-in preset")]
    BuiltIn(String),
    /// Nothing that can be written.
    #[error("`{0}` is not a preset")]
    UnknownFormat(String),
    /// Not a frame rate.
    #[error(transparent)]
    Rate(#[from] RateError),
}

impl PresetError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        Some("correct the `[presets]` section of the configuration file".to_owned())
    }
}

#[derive(Deserialize)]
struct PresetFile {
    /// Kept as written, so that an error can be put on the line of its preset.
    #[serde(default)]
    presets: BTreeMap<String, toml::Spanned<Raw>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    format: String,
    fps: Option<RateText>,
    reel: Option<String>,
    label: Option<String>,
    timeline_start: Option<String>,
    drop_frame: Option<bool>,
    review_prefix: Option<String>,
    keep_colours: Option<bool>,
}

/// `fps = 25`, `fps = 29.97` or `fps = "30000/1001"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum RateText {
    Whole(u32),
    Decimal(f64),
    Text(String),
}

impl RateText {
    fn parse(&self) -> Result<Option<Rate>, RateError> {
        let text = match self {
            Self::Whole(fps) => fps.to_string(),
            Self::Decimal(fps) => fps.to_string(),
            Self::Text(text) => text.clone(),
        };
        if text == "auto" {
            Ok(None)
        } else {
            Rate::parse(&text).map(Some)
        }
    }
}

/// Reads the presets of `files` (name and text), in rising precedence: a later file replaces a whole preset
/// of the same name. Other sections of the files are not looked at.
///
/// # Errors
/// Broken TOML, an unknown key or value, or a built-in name, with file and line.
pub fn read_presets(files: &[(String, String)]) -> Result<BTreeMap<String, CustomPreset>, PresetError> {
    let mut presets = BTreeMap::new();
    for (file, text) in files {
        let fail = |offset: usize, problem: PresetProblem| PresetError {
            file: file.clone(),
            line: line_of(text, offset),
            problem,
        };
        let config: PresetFile = toml::from_str(text).map_err(|error: toml::de::Error| {
            let offset = error.span().map_or(0, |span| span.start);
            fail(offset, error.into())
        })?;
        for (name, raw) in config.presets {
            let offset = raw.span().start;
            if Preset::from_name(&name).is_some() {
                return Err(fail(offset, PresetProblem::BuiltIn(name)));
            }
            let preset = resolve(raw.into_inner()).map_err(|problem| fail(offset, problem))?;
            presets.insert(name, preset);
        }
    }
    Ok(presets)
}

fn resolve(raw: Raw) -> Result<CustomPreset, PresetProblem> {
    Ok(CustomPreset {
        format: Preset::from_name(&raw.format).ok_or(PresetProblem::UnknownFormat(raw.format))?,
        rate: raw.fps.map(|fps| fps.parse()).transpose()?.flatten(),
        reel: raw.reel,
        label: raw.label,
        timeline_start: raw.timeline_start,
        counting: raw.drop_frame.map(Counting::drop_if),
        review_prefix: raw.review_prefix,
        keep_colours: raw.keep_colours,
    })
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<BTreeMap<String, CustomPreset>, PresetError> {
        let named = |(index, text): (usize, &&str)| (format!("{index}.toml"), (*text).to_owned());
        read_presets(&texts.iter().enumerate().map(named).collect::<Vec<_>>())
    }

    #[test]
    fn later_files_replace_whole_presets() {
        let first =
            "[cache]\nmax_gb = 3\n[presets.team]\nformat = \"resolve-edl\"\nfps = 29.97\nreel = \"001\"\n";
        let second = "[presets.team]\nformat = \"cmx3600\"\ndrop_frame = true\nreview_prefix = \"\"\n";
        let presets = read(&[first]).unwrap();
        assert_eq!(presets["team"].rate, Rate::parse("29.97").ok());
        let presets = read(&[first, second]).unwrap();
        let team = &presets["team"];
        assert_eq!(
            (team.format, team.rate, team.reel.as_deref()),
            (Preset::Edl, None, None)
        );
        assert_eq!(
            (team.counting, team.review_prefix.as_deref()),
            (Some(Counting::Drop), Some(""))
        );
    }

    #[test]
    fn mistakes_are_found_by_file_and_line() {
        let message = |text: &str| read(&["", text]).unwrap_err().to_string();
        assert_eq!(
            message("\n[presets.csv]\nformat = \"json\"\n"),
            "`csv` is a built-in preset (1.toml, line 2)"
        );
        assert!(message("[presets.x]\nformat = \"json\"\ncolor = 1\n").ends_with("(1.toml, line 3)"));
        assert!(message("[presets.x]\nformat = \"nope\"\n").starts_with("`nope` is not a preset"));
        assert!(message("[presets.x]\nformat = \"json\"\nfps = 12.5\n").contains("`12.5`"));
        assert!(message("[presets.x\n").ends_with("(1.toml, line 1)"));
    }
}
