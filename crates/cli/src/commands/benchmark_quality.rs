//! `mtbsync benchmark-quality`: a report on all runs of a folder (docs/reference/cli.md#benchmark-quality).

use std::path::PathBuf;

use clap::{Args, ValueHint};
use mtbsync_quality::benchmark::{BenchmarkSettings, ReportFormats, scan};
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::Stage;
use serde_json::json;

use crate::args::values::{self, with_default};
use crate::error::CliProblem;
use crate::session::Session;
use crate::summary::Outcome;

/// Reading fewer run folders than this is over before a bar would be seen.
const BAR_FROM_RUNS: usize = 200;

/// Flags of `benchmark-quality`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  mtbsync benchmark-quality --root batch_out --out report --strict\n\n\
    The strict rule: gates passed, at least half of the pairs are inliers, p90 at most 1 s, and for affine maps at most \
    500 ppm. Exit codes: 0 done, 1 the folder is missing or not writable, 2 no run folder."
)]
pub struct BenchmarkArgs {
    /// Folder whose direct children are the run folders
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub root: PathBuf,

    /// Only run folders with such a name: *, ?, [a-z], [!a-z]
    #[arg(long, value_name = "GLOB", default_value_t = BenchmarkSettings::default().pattern)]
    pub pattern: String,

    /// Folder of the reports
    #[arg(long, value_name = "DIR", default_value = "benchmark_out")]
    pub out: PathBuf,

    /// At most this many runs, newest first
    #[arg(long, value_name = "N", default_value_t = BenchmarkSettings::default().limit, value_parser = values::count(1..), allow_negative_numbers = true)]
    pub limit: usize,

    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_values_t = BenchmarkSettings::default().fields,
        hide_default_value = true,
        help = with_default("Columns taken from perf.json; `a.b` is a key inside an object", BenchmarkSettings::default().fields.join(","))
    )]
    pub fields: Vec<String>,

    /// Also count the runs that pass the strict rule
    #[arg(long)]
    pub strict: bool,

    /// Write benchmark_quality.csv; the default
    #[arg(long, overrides_with = "no_csv")]
    pub csv: bool,

    /// Do not write benchmark_quality.csv
    #[arg(long)]
    pub no_csv: bool,

    /// Write benchmark_quality.json; the default
    #[arg(long, overrides_with = "no_json")]
    pub json: bool,

    /// Do not write benchmark_quality.json
    #[arg(long)]
    pub no_json: bool,

    /// Write report.html and benchmark_quality.html; the default
    #[arg(long, overrides_with = "no_html")]
    pub html: bool,

    /// Do not write the page
    #[arg(long)]
    pub no_html: bool,
}

/// Reports.
pub fn run(args: BenchmarkArgs, session: &Session) -> Result<Outcome, PipelineError> {
    let formats = ReportFormats {
        csv: !args.no_csv,
        json: !args.no_json,
        html: !args.no_html,
    };
    let settings = BenchmarkSettings {
        pattern: args.pattern,
        limit: args.limit,
        fields: args.fields,
    };
    let context = session.context();
    let mut shown = false;
    let mut progress = |done: usize, total: usize| {
        if total < BAR_FROM_RUNS {
            return;
        }
        if !shown {
            context.task.progress.start(Stage::Runs, Some(total as u64), None);
            shown = true;
        }
        context.task.progress.advance(Stage::Runs, done as u64);
        if done == total {
            context.task.progress.finish(Stage::Runs);
        }
    };
    let benchmark = scan(&args.root, &args.out, &settings, &mut progress).map_err(CliProblem::Benchmark)?;
    if benchmark.runs.is_empty() {
        return Err(PipelineError::from(CliProblem::NoRunFolder).at(&args.root));
    }
    let written = benchmark
        .write(&args.out, formats, context.overwrite, &context.now_utc())
        .map_err(CliProblem::Benchmark)?;
    let summary = benchmark.summary();
    session.printer.lines(&summary.text(args.strict));
    for path in &written {
        session.printer.line(&format!("-> {}", path.display()));
    }
    let mut outcome = Outcome::done(json!({
        "total": summary.total,
        "ok": summary.ok,
        "strict_ok": summary.strict_ok,
        "mean_p90": summary.mean_p90,
        "mean_ppm": summary.mean_ppm,
    }));
    outcome.outputs = written
        .into_iter()
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            (name.replace('.', "_"), path)
        })
        .collect();
    Ok(outcome)
}
