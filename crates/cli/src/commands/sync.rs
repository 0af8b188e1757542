//! `mtbsync sync`: the whole way from two recordings to markers in the new run (docs/reference/cli.md#sync).

use std::path::PathBuf;

use clap::Args;
use mtbsync_align::WarpModel;
use mtbsync_pipeline::error::PipelineError;
use mtbsync_pipeline::export::{ChosenPreset, RateChoice};
use mtbsync_pipeline::sync::{RunName, SyncReport, SyncRequest, SyncTimings, sync};
use mtbsync_quality::regression::RegressionStatus;
use serde_json::{Value, json};

use super::transfer::{in_words, to_json};
use super::warp::{gate_verdict, percent, print_map};
use crate::args::analysis::AnalysisArgs;
use crate::args::export::{ExportArgs, rate};
use crate::args::matching::MatchArgs;
use crate::args::regression::RegressionArgs;
use crate::args::values;
use crate::args::warp::WarpArgs;
use crate::exit::Exit;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `sync`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  mtbsync sync --reference ref.mp4 --new new.mp4 --ref-markers markers.csv --export resolve-edl\n\n\
    The artefact folder gets timewarp.json (the map), pairs.csv, new_markers.csv, the editor files and a picture. When the \
    runs have nothing in common, the exit code is 3 and nothing but timewarp.json says why."
)]
pub struct SyncArgs {
    /// Recording of the reference run; of a GoPro set, any chapter
    #[arg(long, value_name = "PATH")]
    pub reference: PathBuf,

    /// Recording of the new run
    #[arg(long, value_name = "PATH")]
    pub new: PathBuf,

    /// Index of the reference [default: from the cache, else built]
    #[arg(long, value_name = "PATH.npz")]
    pub index: Option<PathBuf>,

    /// Artefact folder, or the pairs file (.csv) in it [default: <new stem>_sync]
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// Folder of quality_history.json and regression.json [default: the artefact folder]
    #[arg(long, value_name = "PATH")]
    pub root: Option<PathBuf>,

    /// Markers of the reference run, carried over to the new one
    #[arg(long, visible_alias = "reference-markers", value_name = "PATH")]
    pub ref_markers: Option<PathBuf>,

    /// Markers below this confidence are for review, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.6, value_parser = values::share, allow_negative_numbers = true)]
    pub review_threshold: f64,

    /// Also write this editor preset beside the markers; repeatable
    #[arg(long, value_name = "PRESET", requires = "ref_markers")]
    pub export: Vec<String>,

    /// Frame rate of editor files: 23.976, 25, 29.97, ..., N/D or auto [default: auto, that of the new run]
    #[arg(long, value_name = "RATE", value_parser = rate, allow_negative_numbers = true)]
    pub export_fps: Option<RateChoice>,

    /// Trade accuracy for speed: at least 4 threads, fewer robust iterations, coarser refinement
    #[arg(long)]
    pub fast: bool,

    /// Stop after the pairs: no map, no markers
    #[arg(long, conflicts_with_all = ["ref_markers", "export"])]
    pub no_warp: bool,

    /// Write no alignment_overlay.png
    #[arg(long)]
    pub no_plot: bool,

    /// How recordings are read
    #[command(flatten)]
    pub analysis: AnalysisArgs,

    /// How frames are matched
    #[command(flatten)]
    pub matching: MatchArgs,

    /// The map and its gates
    #[command(flatten)]
    pub warp: WarpArgs,

    /// Comparison with earlier runs
    #[command(flatten)]
    pub regression: RegressionArgs,

    /// Editor files
    #[command(flatten)]
    pub editor: ExportArgs,
}

/// `--fast`: fewest worker threads.
const FAST_THREADS: usize = 4;
/// `--fast`: robust iterations.
const FAST_ITERATIONS: u32 = 250;
/// `--fast`: inlier threshold of the affine model, seconds.
const FAST_AFFINE_INLIER_SECS: f64 = 0.10;
/// `--fast`: only the frame itself is searched in refinement.
const FAST_REFINE_WINDOW: u32 = 0;

/// Aligns.
pub fn run(mut args: SyncArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    if args.fast {
        let set = apply_fast(&mut args.warp, &mut args.matching, session);
        session.printer.line(&format!("fast: {set}"));
    }
    let fail_on_regression = args.regression.comparison.fail_on_regression;
    let request = request(args, session)?;
    session.printer.line(&settings_in_words(&request, session));
    let context = session.context();
    let mut report = sync(&request, &context)?;
    if let Some(Err(error)) = context
        .cache
        .map(|cache| cache.register_run("sync", &report, &context.now_utc))
    {
        report.warnings.push(format!("run not registered: {error}"));
    }
    print(&report, &request, session);
    Ok(outcome(report, fail_on_regression, session))
}

/// Fills in what `--fast` decides and the person did not; says what it set.
pub fn apply_fast(warp: &mut WarpArgs, matching: &mut MatchArgs, session: &mut Session) -> String {
    let mut set = vec![format!("threads {}", session.at_least_threads(FAST_THREADS))];
    if warp.warp_ransac_iters.is_none() {
        warp.warp_ransac_iters = Some(FAST_ITERATIONS);
        set.push(format!("warp-ransac-iters {FAST_ITERATIONS}"));
    }
    if warp.settings().model == WarpModel::Affine && warp.warp_inlier_thresh.is_none() {
        warp.warp_inlier_thresh = Some(FAST_AFFINE_INLIER_SECS);
        set.push(format!("warp-inlier-thresh {FAST_AFFINE_INLIER_SECS}"));
    }
    if !matching.no_refine && matching.refine_window.is_none() {
        matching.refine_window = Some(FAST_REFINE_WINDOW);
        set.push(format!("refine-window {FAST_REFINE_WINDOW}"));
    }
    set.join(", ")
}

fn request(args: SyncArgs, session: &Session) -> Result<SyncRequest, PipelineError> {
    let matcher = args.analysis.matcher()?;
    let exports: Result<Vec<ChosenPreset>, _> = args
        .export
        .iter()
        .map(|name| ChosenPreset::find(name, &session.config))
        .collect();
    let regression = args.regression.settings();
    Ok(SyncRequest {
        reference: args.reference,
        new: args.new,
        index: args.index,
        out: args.out,
        root: args.root,
        ref_markers: args.ref_markers,
        review_threshold: args.review_threshold,
        exports: exports?,
        export: args.editor.settings(args.export_fps),
        analysis: args.analysis.settings(),
        matching: args.matching.settings(matcher)?,
        warp: args.warp.settings(),
        stop_after_pairs: args.no_warp,
        plot: !args.no_plot,
        regression,
        run: RunName::Sync,
    })
}

fn settings_in_words(request: &SyncRequest, session: &Session) -> String {
    let analysis = request.analysis.params();
    let rate = if request.index.is_some() && request.analysis.fps.is_none() {
        "fps of the index".to_owned()
    } else {
        format!("{} fps", analysis.fps)
    };
    let refinement = if request.matching.refine {
        "refined"
    } else {
        "not refined"
    };
    let model = request.warp.model.name();
    let threads = session.context().threads;
    format!(
        "Settings: {rate}, {refinement}, {model} warp, seed {}, {threads} threads",
        request.warp.rng_seed
    )
}

fn print(report: &SyncReport, request: &SyncRequest, session: &Session) {
    let line = |text: String| session.printer.line(&text);
    line(format!(
        "Pairs: {} of {} candidates, {} verified by local features",
        report.pairs_kept, report.pairs_raw, report.pairs_verified,
    ));
    if let Some(offsets) = report.gps {
        line(format!(
            "GPS: used; track time at video zero {:.2} s (reference), {:.2} s (new run)",
            offsets.ref_secs, offsets.new_secs,
        ));
    }
    if !request.stop_after_pairs {
        print_map(
            session,
            report.model.name(),
            report.segments,
            &[
                ("coverage", Some(percent(report.coverage))),
                ("inliers", Some(percent(report.inlier_frac))),
                ("p50", report.p50.map(|secs| format!("{secs:.3} s"))),
                ("p90", report.p90.map(|secs| format!("{secs:.3} s"))),
                ("ppm", report.ppm.map(|ppm| format!("{ppm:.0}"))),
            ],
        );
        line(gate_verdict(report.ok, &report.reasons));
    }
    if let Some(counts) = report.markers {
        line(format!("Markers: {}", in_words(counts)));
    }
    line(timing_line(&report.timings));
    if let Some(status) = report.regression {
        line(format!("Regression: {}", status.shown()));
    }
    line(format!("Results: {}", report.out_dir.display()));
}

fn timing_line(timings: &SyncTimings) -> String {
    format!(
        "Timing: retrieval_sec={:.2} warp_sec={:.2} markers_sec={:.2} total_sec={:.2}",
        timings.retrieval_sec, timings.warp_sec, timings.markers_sec, timings.total_sec,
    )
}

/// Exit 3 wins over 20; a warning of the comparison with earlier runs never changes the exit code.
fn outcome(report: SyncReport, fail_on_regression: bool, session: &Session) -> Outcome {
    let mut outcome = Outcome::done(result(&report));
    if !report.ok {
        session
            .printer
            .verdict(&format!("not aligned: {}", report.reasons.join("; ")));
        outcome.exit = Exit::NotAligned;
    } else if fail_on_regression && report.regression == Some(RegressionStatus::Fail) {
        outcome.exit = Exit::Regression;
    }
    outcome.outputs = report.outputs;
    outcome.warnings = report.warnings;
    outcome
}

fn result(report: &SyncReport) -> Value {
    let timings = &report.timings;
    json!({
        "ok": report.ok,
        "reasons": report.reasons,
        "ppm": report.ppm,
        "inlier_frac": report.inlier_frac,
        "coverage": report.coverage,
        "residuals": report.residuals.map(|r| json!({"mae": r.mae, "p50": r.p50, "p90": r.p90, "p95": r.p95})),
        "n_pairs": report.n_pairs,
        "gps": report.gps.map(|gps| json!({"ref_offset_sec": gps.ref_secs, "new_offset_sec": gps.new_secs})),
        "markers": report.markers.map(to_json),
        "timings": {
            "decode_sec": timings.decode_sec,
            "features_sec": timings.features_sec,
            "retrieval_sec": timings.retrieval_sec,
            "refine_sec": timings.refine_sec,
            "warp_sec": timings.warp_sec,
            "markers_sec": timings.markers_sec,
            "total_sec": timings.total_sec,
        },
        "regression": report.regression.map(|status| status.shown().to_ascii_lowercase()),
    })
}
