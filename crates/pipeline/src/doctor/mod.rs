//! What this machine can do, and what a recording or a track file is (docs/reference/cli.md#doctor).

mod telemetry;

use std::path::{Path, PathBuf};

use mtbsync_index::camera::CameraTelemetry;
use mtbsync_index::error::IndexProblem;
use mtbsync_media::gopro::ChapterWarning;
use mtbsync_media::{OpenOptions, Recording, StreamKind, capabilities};
use mtbsync_task::error::PipelineError;

use crate::config::Config;
use crate::resources::gpu;

/// Below this, an index or an export may not fit, GB.
const LOW_DISK_GB: f64 = 1.0;
/// Below this, two runs at high `--n-features` may not fit, GB.
const LOW_MEMORY_GB: f64 = 1.0;
/// Codecs every helmet camera of the last years writes.
const NEEDED_CODECS: [&str; 2] = ["h264", "hevc"];
/// Key frames farther apart than this make analysis decode every frame, seconds.
const SPARSE_KEY_FRAMES_SECS: f64 = 1.0;

/// How good a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, with a limit worth knowing.
    Warn,
    /// Does not work.
    Fail,
}

impl Level {
    /// The word at the start of its line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// How good it is.
    pub level: Level,
    /// What was looked at.
    pub name: String,
    /// What was found.
    pub text: String,
}

impl Check {
    fn new(level: Level, name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            level,
            name: name.into(),
            text: text.into(),
        }
    }
}

/// Looks at the machine.
pub fn check_machine(version: &str, cache_dir: Option<&Path>, config: &Config) -> Vec<Check> {
    let mut checks = vec![Check::new(Level::Ok, "version", format!("mtbsync {version}"))];
    checks.extend(check_codecs());
    checks.push(check_disk("disk at the working directory", Path::new(".")));
    match cache_dir {
        Some(folder) => checks.push(check_disk("disk at the cache", folder)),
        None => checks.push(Check::new(
            Level::Warn,
            "cache",
            "off: every run analyses its reference anew",
        )),
    }
    checks.push(check_memory());
    checks.push(check_gpu());
    checks.push(check_config(config));
    checks
}

fn check_codecs() -> Vec<Check> {
    let found = capabilities();
    let mut checks = vec![Check::new(
        Level::Ok,
        "decoder",
        format!("libavcodec {}", found.libavcodec_version),
    )];
    for codec in &found.codecs {
        let (level, text) = match &codec.decoder {
            Some(decoder) => (Level::Ok, decoder.clone()),
            None if NEEDED_CODECS.contains(&codec.codec) => {
                (Level::Fail, "missing: install a complete FFmpeg".to_owned())
            }
            None => (
                Level::Warn,
                "missing: recordings in this codec cannot be read".to_owned(),
            ),
        };
        checks.push(Check::new(level, format!("decode {}", codec.codec), text));
    }
    checks
}

fn check_disk(name: &str, folder: &Path) -> Check {
    let existing = folder
        .ancestors()
        .find(|folder| folder.is_dir())
        .unwrap_or(Path::new("."));
    match fs4::available_space(existing) {
        Ok(bytes) => {
            let free_gb = bytes as f64 / 1e9;
            let level = if free_gb < LOW_DISK_GB {
                Level::Warn
            } else {
                Level::Ok
            };
            Check::new(
                level,
                name,
                format!("{free_gb:.1} GB free ({})", folder.display()),
            )
        }
        Err(error) => Check::new(Level::Warn, name, format!("{} ({error})", folder.display())),
    }
}

fn check_memory() -> Check {
    let what = sysinfo::RefreshKind::nothing().with_memory(sysinfo::MemoryRefreshKind::everything());
    let Ok(system) = sysinfo::System::new_with_specifics(what) else {
        return Check::new(Level::Warn, "memory", "unknown");
    };
    let free_gb = system.available_memory() as f64 / 1e9;
    let level = if free_gb < LOW_MEMORY_GB {
        Level::Warn
    } else {
        Level::Ok
    };
    Check::new(level, "memory", format!("{free_gb:.1} GB available"))
}

/// A card is never needed; it only appears in the run telemetry.
fn check_gpu() -> Check {
    let text = gpu::describe().unwrap_or_else(|why| format!("none, run telemetry goes without ({why})"));
    Check::new(Level::Ok, "NVML", text)
}

fn check_config(config: &Config) -> Check {
    let files: Vec<String> = config
        .files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let text = if files.is_empty() {
        "no file, built-in defaults".to_owned()
    } else {
        files.join(", ")
    };
    Check::new(Level::Ok, "config", text)
}

/// Looks at a recording, a track file, or bare GoPro telemetry.
///
/// # Errors
/// It cannot be read; the error says why.
pub fn check_file(path: &Path) -> Result<Vec<Check>, PipelineError> {
    match Recording::open(path, &OpenOptions::default()) {
        Ok(recording) => check_recording(&recording),
        Err(error) => telemetry::check_without_pictures(path)
            .unwrap_or_else(|| Err(PipelineError::from(IndexProblem::Open(error)).at(path))),
    }
}

fn check_recording(recording: &Recording) -> Result<Vec<Check>, PipelineError> {
    let info = recording.info();
    let mut checks = Vec::new();
    let mut ok = |name: &str, text: String| checks.push(Check::new(Level::Ok, name, text));
    ok("container", info.container.clone());
    let rotation = if info.rotation_deg == 0 {
        String::new()
    } else {
        format!(", turned {} degrees", info.rotation_deg)
    };
    let range = if info.full_range { "full" } else { "limited" };
    ok(
        "video",
        format!(
            "{} {}x{}, {} bit, {range} range, {:.3} fps{}, {} frames, {:.2} s{rotation}",
            info.codec,
            info.width,
            info.height,
            info.bit_depth,
            info.frame_rate.as_f64(),
            if info.is_constant_rate { "" } else { " (variable)" },
            info.frame_count,
            info.duration_secs,
        ),
    );
    for stream in info
        .streams
        .iter()
        .filter(|stream| stream.kind != StreamKind::Video)
    {
        let handler = stream
            .handler
            .as_deref()
            .map(|handler| format!(" ({})", handler.trim()))
            .unwrap_or_default();
        ok(
            &format!("stream {}", stream.index),
            format!("{}{handler}", stream.codec),
        );
    }
    if let Some(timecode) = &info.start_timecode {
        ok("timecode", timecode.clone());
    }
    let chapters: Vec<PathBuf> = recording
        .chapters()
        .iter()
        .map(|chapter| chapter.path.clone())
        .collect();
    if chapters.len() > 1 {
        ok("chapters", names(&chapters));
    }
    let proxies: Vec<PathBuf> = recording
        .chapters()
        .iter()
        .filter_map(|chapter| chapter.proxy.clone())
        .collect();
    if !proxies.is_empty() {
        ok("proxy", names(&proxies));
    }
    checks.push(check_key_frames(recording));
    if info.is_truncated {
        checks.push(Check::new(
            Level::Warn,
            "completeness",
            "the file is cut short; its readable part is used",
        ));
    }
    checks.extend(recording.warnings().iter().map(|warning| {
        let level = match warning {
            ChapterWarning::Whole { .. } => Level::Ok,
            _ => Level::Warn,
        };
        Check::new(level, "chapters", warning.to_string())
    }));
    checks.extend(telemetry::check_telemetry(&CameraTelemetry::read(recording)?));
    Ok(checks)
}

fn check_key_frames(recording: &Recording) -> Check {
    let spacing = recording.timeline().key_frame_spacing();
    let level = if spacing.max_secs > SPARSE_KEY_FRAMES_SECS {
        Level::Warn
    } else {
        Level::Ok
    };
    let slow = if level == Level::Warn {
        ": every frame must be decoded, which takes longer"
    } else {
        ""
    };
    Check::new(
        level,
        "key frames",
        format!(
            "{:.2} s apart, at most {:.2} s{slow}",
            spacing.median_secs, spacing.max_secs
        ),
    )
}

fn names(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths
        .iter()
        .filter_map(|path| path.file_name())
        .map(|name| name.to_string_lossy())
        .collect();
    names.join(", ")
}
