//! `mtbsync import-markers`: markers of an editor or camera as a marker table
//! (docs/reference/cli.md#import-markers).

use std::path::PathBuf;

use clap::Args;
use mtbsync_markers::import::ImportOptions;
use mtbsync_markers::time::Counting;
use mtbsync_pipeline::markers::export::RateChoice;
use mtbsync_pipeline::markers::import::{ImportReport, ImportRequest, InputFormat, import_markers};
use mtbsync_pipeline::missing;
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::{Destination, Input};
use serde_json::{Value, json};

use crate::args::export::rate;
use crate::error::CliProblem;
use crate::folders::CreatedFolders;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `import-markers`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  mtbsync import-markers timeline.edl --fps 29.97\n\n\
    Times become seconds from the start of the timeline, so that the markers can be given to `sync --ref-markers`."
)]
pub struct ImportArgs {
    /// File of an editor, or a recording with HiLight tags or chapters; `-` for stdin
    #[arg(value_name = "IN_FILE")]
    pub input: PathBuf,

    /// Format: auto (told by content), edl, resolve-edl, xml, fcpxml, premiere, otio, csv, hilight, chapters,
    /// ...
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub format: String,

    /// Marker table, `-` for stdout [default: <stem>_markers.csv beside the input]
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// Frame rate where the file does not say it [default: auto, else 30]
    #[arg(long, value_name = "RATE", value_parser = rate, allow_negative_numbers = true)]
    pub fps: Option<RateChoice>,

    /// Timecode in the file is drop-frame
    #[arg(long, conflicts_with = "non_drop")]
    pub drop_frame: bool,

    /// Timecode in the file is non-drop
    #[arg(long)]
    pub non_drop: bool,

    /// Timecode of the timeline's start [default: from the file, else the whole hour before the first event]
    #[arg(long, value_name = "TC")]
    pub timeline_start: Option<String>,
}

impl ImportArgs {
    fn format(&self) -> Result<Option<InputFormat>, PipelineError> {
        if self.format == "auto" {
            return Ok(None);
        }
        let named = InputFormat::from_name(&self.format);
        Ok(Some(
            named.ok_or_else(|| CliProblem::UnknownFormat(self.format.clone()))?,
        ))
    }

    fn options(&self) -> ImportOptions {
        ImportOptions {
            rate: match self.fps {
                Some(RateChoice::Fixed(rate)) => Some(rate),
                Some(RateChoice::Auto) | None => None,
            },
            counting: match (self.drop_frame, self.non_drop) {
                (true, _) => Some(Counting::Drop),
                (false, true) => Some(Counting::NonDrop),
                (false, false) => None,
            },
            timeline_start: self.timeline_start.clone(),
        }
    }
}

/// Imports.
pub fn run(args: &ImportArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    let out = args.out.as_deref().map(Destination::new);
    session.reserve_stdout_for(out.as_ref())?;
    let created = args.out.as_deref().map(CreatedFolders::for_file);
    let request = ImportRequest {
        input: Input::new(&args.input),
        format: args.format()?,
        out,
        options: args.options(),
    };
    let report = import_markers(&request, &session.context())
        .map_err(|error| missing::suggest(error, &args.input, args.out.as_deref()))?;
    if let Some(created) = created {
        created.keep();
    }
    if let Some(bytes) = &report.stdout {
        session.printer.data(bytes);
    }
    session.printer.line(&in_words(&report));
    let mut outcome = Outcome::done(result(&report));
    outcome.outputs = report
        .path
        .map(|path| ("markers".to_owned(), path))
        .into_iter()
        .collect();
    outcome.warnings = report.imported.warnings;
    Ok(outcome)
}

fn in_words(report: &ImportReport) -> String {
    let imported = &report.imported;
    let path = report
        .path
        .as_ref()
        .map_or_else(|| "stdout".to_owned(), |path| path.display().to_string());
    let rate = imported
        .rate
        .map(|rate| format!(", {rate} fps"))
        .unwrap_or_default();
    let start = imported
        .start
        .as_ref()
        .map(|start| format!(", start {start}"))
        .unwrap_or_default();
    let plural = if imported.markers.len() == 1 {
        "marker"
    } else {
        "markers"
    };
    let format = report.format.name();
    format!(
        "{} {plural} from {format}{rate}{start} -> {path}",
        imported.markers.len()
    )
}

fn result(report: &ImportReport) -> Value {
    let imported = &report.imported;
    json!({
        "markers": imported.markers.len(),
        "rate": imported.rate.map(|rate| format!("{}/{}", rate.num(), rate.den())),
        "start": imported.start,
        "format": report.format.name(),
    })
}
