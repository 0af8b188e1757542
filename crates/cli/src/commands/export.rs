//! `mtbsync export-markers` and its shorter spelling `mtbsync export` (docs/reference/cli.md#export-markers).

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use mtbsync_pipeline::map::run_folder::RunFolder;
use mtbsync_pipeline::markers::export::{
    ChosenPreset, ExportReport, ExportRequest, RateChoice, Selection, export_markers,
};
use mtbsync_pipeline::markers::retime::RetimeSource;
use mtbsync_pipeline::missing;
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::{Destination, Input};
use serde_json::{Value, json};

use crate::args::export::{ExportArgs, rate};
use crate::args::values;
use crate::error::CliProblem;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `export-markers`.
#[derive(Args, Debug)]
#[command(
    after_help = "Of a finished sync:\n  mtbsync export-markers new_sync --preset resolve-edl\n\nBoth spellings do the same:\n  mtbsync export-markers new_markers.csv --preset resolve-edl\n  \
    mtbsync export resolve-edl --markers new_markers.csv\n\nBoth runs on one timeline, the new one retimed to the reference:\n  \
    mtbsync export fcpxml --markers new_markers.csv --retime\n\nChapters inside a recording:\n  \
    mtbsync export ffmetadata --markers new_markers.csv --mux new.mp4 --out new_with_chapters.mp4"
)]
pub struct ExportMarkersArgs {
    /// Marker table, `-` for stdin, or the folder of a finished sync; with --markers, the preset
    #[arg(value_name = "IN.csv | RUN_DIR | PRESET")]
    pub first: Option<PathBuf>,

    /// Marker table, `-` for stdin, or the folder of a finished sync
    #[arg(long, value_name = "IN.csv", value_hint = ValueHint::FilePath)]
    pub markers: Option<PathBuf>,

    /// Format: csv, json, resolve-edl, ... or a preset of the configuration [default: csv]
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,

    /// The same; --preset wins
    #[arg(long, value_name = "NAME")]
    pub format: Option<String>,

    /// Output, `-` for stdout [default: beside the input, named after the preset]
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// Column with the times in seconds [default: t_new, else t_new_est, else t_ref]
    #[arg(long, value_name = "NAME")]
    pub time_column: Option<String>,

    /// Leave out markers with a lower confidence
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = values::share, allow_negative_numbers = true)]
    pub min_confidence: f64,

    /// Frame rate of the timeline: 23.976, 25, 29.97, ..., N/D or auto [default: auto]
    #[arg(long, value_name = "RATE", value_parser = rate, allow_negative_numbers = true)]
    pub fps: Option<RateChoice>,

    /// Timeline of the reference with the new run beside it, retimed: fcpxml, premiere and otio
    #[arg(long)]
    pub retime: bool,

    /// Map for --retime: timewarp.json or warp.npz [default: timewarp.json beside the markers]
    #[arg(long, value_name = "PATH", requires = "retime", value_hint = ValueHint::FilePath)]
    pub timewarp_json: Option<PathBuf>,

    /// The same; both given must describe the same map
    #[arg(long, value_name = "PATH", requires = "retime", value_hint = ValueHint::FilePath)]
    pub warp: Option<PathBuf>,

    /// Reference recording for --retime [default: as the map names it]
    #[arg(long, value_name = "PATH", requires = "retime", value_hint = ValueHint::FilePath)]
    pub reference_video: Option<PathBuf>,

    /// With ffmetadata: write a copy of this MP4 with the chapters in it to --out
    #[arg(long, value_name = "VIDEO", conflicts_with = "retime")]
    pub mux: Option<PathBuf>,

    /// Timeline, names and colours
    #[command(flatten)]
    pub export: ExportArgs,
}

impl ExportMarkersArgs {
    /// Input and preset name: which word is which depends on the spelling.
    fn input_and_preset(&self, is_preset: impl Fn(&str) -> bool) -> Result<(PathBuf, String), PipelineError> {
        let flag = self.preset.as_ref().or(self.format.as_ref());
        let named = |first: &Path| first.to_str().is_some_and(&is_preset);
        match (&self.first, &self.markers) {
            (None, None) => Err(CliProblem::NoMarkerTable("mtbsync export-markers IN.csv".to_owned()).into()),
            (Some(first), None) if named(first) && !first.exists() => {
                let call = format!("mtbsync export {} --markers IN.csv", first.display());
                Err(CliProblem::NoMarkerTable(call).into())
            }
            (Some(input), None) | (None, Some(input)) => {
                Ok((input.clone(), flag.cloned().unwrap_or_else(|| "csv".to_owned())))
            }
            (Some(first), Some(input)) => match flag {
                Some(flag) if Path::new(flag) != first => Err(CliProblem::TwoPresets {
                    first: first.clone(),
                    preset: flag.clone(),
                }
                .into()),
                _ => Ok((input.clone(), first.to_string_lossy().into_owned())),
            },
        }
    }
}

/// A folder stands for the markers of its run.
fn marker_table(input: PathBuf) -> Result<PathBuf, PipelineError> {
    if !input.is_dir() {
        return Ok(input);
    }
    let run = RunFolder::open(&input)?;
    let markers = run.markers();
    markers.ok_or_else(|| PipelineError::from(CliProblem::RunWithoutMarkers).at(&input))
}

/// Exports.
pub fn run(args: &ExportMarkersArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    let config = &session.config;
    let (input, preset) = args.input_and_preset(|name| ChosenPreset::find(name, config).is_ok())?;
    let input = marker_table(input)?;
    let out = args.out.as_deref().map(Destination::new);
    session.reserve_stdout_for(out.as_ref())?;
    let request = ExportRequest {
        markers: Input::new(&input),
        preset: ChosenPreset::find(&preset, config)?,
        out,
        selection: Selection {
            time_column: args.time_column.clone(),
            min_confidence: args.min_confidence,
        },
        settings: args.export.settings(args.fps),
        retime: args.retime.then(|| RetimeSource {
            warps: args.timewarp_json.iter().chain(&args.warp).cloned().collect(),
            reference: args.reference_video.clone(),
        }),
        mux: args.mux.clone(),
    };
    let report = export_markers(&request, &session.context())
        .map_err(|error| missing::suggest(error, &input, args.out.as_deref()))?;
    if let Some(bytes) = &report.stdout {
        session.printer.data(bytes);
    }
    print(&report, session);
    let mut outcome = Outcome::done(result(&report));
    outcome.outputs = report
        .files
        .into_iter()
        .enumerate()
        .map(|(index, path)| (output_name(index), path))
        .collect();
    outcome.warnings = report.summary.warnings;
    Ok(outcome)
}

fn print(report: &ExportReport, session: &Session) {
    let summary = &report.summary;
    let path = report
        .files
        .first()
        .map_or_else(|| "stdout".to_owned(), |path| path.display().to_string());
    let plural = if summary.exported == 1 {
        "marker"
    } else {
        "markers"
    };
    session
        .printer
        .line(&format!("{} {plural} -> {path}", summary.exported));
    let changes: Vec<String> = [
        (summary.skipped, "left out"),
        (summary.merged, "merged"),
        (summary.shifted, "moved to the next frame"),
        (summary.clamped, "moved into the clip"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    if !changes.is_empty() {
        session.printer.line(&changes.join(", "));
    }
    for hint in &summary.hints {
        session.printer.line(hint);
    }
}

fn result(report: &ExportReport) -> Value {
    let summary = &report.summary;
    json!({
        "exported": summary.exported,
        "skipped": summary.skipped,
        "shifted": summary.shifted,
        "merged": summary.merged,
        "clamped": summary.clamped,
        "rate": summary.rate.map(|rate| format!("{}/{}", rate.num(), rate.den())),
        "start": summary.start,
        "files": report.files.len(),
    })
}

fn output_name(index: usize) -> String {
    if index == 0 {
        "markers".to_owned()
    } else {
        format!("markers_{}", index + 1)
    }
}
