//! `mtbsync index`: describe a reference once, for many new runs (docs/reference/cli.md#index).

use std::path::PathBuf;

use clap::Args;
use mtbsync_pipeline::recordings::index::{IndexReport, IndexRequest, index};
use mtbsync_task::error::PipelineError;
use serde_json::{Value, json};

use crate::args::analysis::AnalysisArgs;
use crate::error::CliProblem;
use crate::folders::CreatedFolders;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `index`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  mtbsync index --reference ref.mp4 --out cache/ref_index.npz")]
pub struct IndexArgs {
    /// Recording of the reference run; of a GoPro set, any chapter
    #[arg(long, value_name = "PATH")]
    pub reference: PathBuf,

    /// Index file; a missing `.npz` is added [default: in the cache]
    #[arg(long, value_name = "PATH.npz")]
    pub out: Option<PathBuf>,

    /// How the recording is read
    #[command(flatten)]
    pub analysis: AnalysisArgs,
}

/// Indexes.
pub fn run(args: IndexArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    args.analysis.matcher()?;
    if args.out.is_none() && session.cache_dir().is_none() {
        return Err(CliProblem::NoPlaceForIndex.into());
    }
    let created = args.out.as_deref().map(CreatedFolders::for_file);
    let request = IndexRequest {
        reference: args.reference,
        out: args.out,
        analysis: args.analysis.settings(),
    };
    let report = index(&request, &session.context())?;
    if let Some(created) = created {
        created.keep();
    }
    print(&report, session);
    let mut outcome = Outcome::done(result(&report));
    outcome.outputs = vec![("index".to_owned(), report.path)];
    outcome.warnings = report.warnings;
    Ok(outcome)
}

fn empty_share(report: &IndexReport) -> f64 {
    report.frames_without_keypoints as f64 / report.frames.max(1) as f64
}

fn print(report: &IndexReport, session: &Session) {
    let line = |text: String| session.printer.line(&text);
    line(format!(
        "Frames: {} ({:.2} a second)",
        report.frames, report.fps_actual
    ));
    line(format!(
        "Keypoints: mean {:.0}, median {:.0}; none in {} frames ({:.1} %)",
        report.mean_keypoints,
        report.median_keypoints,
        report.frames_without_keypoints,
        empty_share(report) * 100.0,
    ));
    line(format!(
        "Times: {:.3} s to {:.3} s of {:.3} s",
        report.first_secs, report.last_secs, report.duration_secs
    ));
    if report.chapters.len() > 1 {
        line(format!("Chapters: {}", report.chapters.join(", ")));
    }
    if let Some(proxy) = &report.proxy {
        line(format!("Read from the proxy {proxy}"));
    }
    line(format!(
        "Index: {} ({:.1} MB)",
        report.path.display(),
        report.bytes as f64 / 1e6
    ));
}

fn result(report: &IndexReport) -> Value {
    json!({
        "frames": report.frames,
        "mean_keypoints": report.mean_keypoints,
        "median_keypoints": report.median_keypoints,
        "frames_without_keypoints": report.frames_without_keypoints,
        "frames_without_keypoints_pct": empty_share(report) * 100.0,
        "first_sec": report.first_secs,
        "last_sec": report.last_secs,
        "bytes": report.bytes,
        "path": report.path.to_string_lossy(),
        "fps_actual": report.fps_actual,
        "duration": report.duration_secs,
        "chapters": report.chapters,
        "proxy": report.proxy,
    })
}
