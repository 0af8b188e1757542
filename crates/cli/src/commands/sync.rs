//! `mtbsync sync`: the whole way from two recordings to markers in the new run (docs/reference/cli.md#sync).

pub(super) mod rider;

use std::path::PathBuf;

use clap::{Args, ValueHint};
use mtbsync_pipeline::sync::ride::{Passage, Ride, Stretch, ToCheck};
use mtbsync_pipeline::sync::{SyncReport, SyncRequest, SyncTimings, sync};
use mtbsync_quality::regression::RegressionStatus;
use mtbsync_task::error::PipelineError;
use serde_json::{Value, json};

use super::transfer::{in_words, to_json};
use super::warp::{gate_verdict, map_in_words, percent};
use crate::args::pair::PairArgs;
use crate::exit::Exit;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `sync`.
#[derive(Args, Debug)]
#[command(
    mut_arg("export", |arg| arg.requires("ref_markers")),
    override_usage = "mtbsync sync [OPTIONS] <REFERENCE> <NEW>",
    after_help = "Examples:\n  mtbsync sync old.mp4 new.mp4\n  \
    mtbsync sync old.mp4 new.mp4 --ref-markers markers.csv --export resolve-edl\n\n\
    The artefact folder gets timewarp.json (the map), pairs.csv, new_markers.csv, the editor files and a picture. When the \
    runs have nothing in common, the exit code is 3 and nothing but timewarp.json says why."
)]
pub struct SyncArgs {
    /// Recording of the reference run; of a GoPro set, any chapter
    #[arg(value_name = "REFERENCE", value_hint = ValueHint::FilePath, requires = "second", conflicts_with_all = ["reference", "new"])]
    pub first: Option<PathBuf>,

    /// Recording of the new run
    #[arg(value_name = "NEW", value_hint = ValueHint::FilePath)]
    pub second: Option<PathBuf>,

    /// The same as REFERENCE
    #[arg(long, value_name = "PATH", required_unless_present = "first", value_hint = ValueHint::FilePath, display_order = 200)]
    pub reference: Option<PathBuf>,

    /// The same as NEW
    #[arg(long, value_name = "PATH", required_unless_present = "first", value_hint = ValueHint::FilePath, display_order = 201)]
    pub new: Option<PathBuf>,

    /// Index of the reference [default: from the cache, else built]
    #[arg(long, value_name = "PATH.npz", value_hint = ValueHint::FilePath, display_order = 100)]
    pub index: Option<PathBuf>,

    /// Artefact folder, or the pairs file (.csv) in it [default: <new stem>_sync]
    #[arg(long, value_name = "PATH", display_order = 2)]
    pub out: Option<PathBuf>,

    /// Folder of quality_history.json and regression.json [default: the artefact folder]
    #[arg(long, value_name = "PATH", display_order = 101)]
    pub root: Option<PathBuf>,

    /// Markers of the reference run, carried over to the new one
    #[arg(long, visible_alias = "reference-markers", value_name = "PATH", value_hint = ValueHint::FilePath, display_order = 1)]
    pub ref_markers: Option<PathBuf>,

    #[command(flatten)]
    pub pair: PairArgs,

    /// Stop after the pairs: no map, no markers
    #[arg(long, help_heading = None, conflicts_with_all = ["ref_markers", "export"])]
    pub no_warp: bool,

    /// Write no alignment_overlay.png
    #[arg(long, help_heading = None)]
    pub no_plot: bool,
}

/// Aligns.
pub fn run(mut args: SyncArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    args.pair.apply_fast(session);
    let fail_on_regression = args.pair.regression.comparison.fail_on_regression;
    let request = request(args, session)?;
    session.printer.detail(&settings_in_words(&request, session));
    let context = session.context();
    let mut report = sync(&request, &context)?;
    if let Some(Err(error)) = context
        .cache
        .as_ref()
        .map(|cache| cache.register_run("sync", &report, &context.now_utc()))
    {
        report.warnings.push(format!("run not registered: {error}"));
    }
    details(&report, &request, session);
    if !report.ok {
        let reasons = report.reasons.join("; ");
        session.printer.verdict(&format!("not aligned: {reasons}"));
    }
    print(&report, &request, session);
    Ok(outcome(report, fail_on_regression))
}

fn request(args: SyncArgs, session: &Session) -> Result<SyncRequest, PipelineError> {
    // The flags' definition sees to it that one of each is there.
    Ok(SyncRequest {
        reference: args.first.or(args.reference).unwrap_or_default(),
        new: args.second.or(args.new).unwrap_or_default(),
        index: args.index,
        out: args.out,
        root: args.root,
        ref_markers: args.ref_markers,
        stop_after_pairs: args.no_warp,
        plot: !args.no_plot,
        ..args.pair.request(session)?
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
    let threads = session.context().task.threads;
    format!(
        "Settings: {rate}, {refinement}, {model} warp, seed {}, {threads} threads",
        request.warp.rng_seed
    )
}

/// For `-v`: what the alignment rests on.
fn details(report: &SyncReport, request: &SyncRequest, session: &Session) {
    let line = |text: String| session.printer.detail(&text);
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
    if let Some(geometry) = &report.geometry {
        let words = geometry.words().into_iter();
        let words: Vec<String> = words
            .map(|(what, value)| format!("{what} {value}").to_lowercase())
            .collect();
        line(format!("Cameras: {}", words.join(", ")));
        if let (Some(reference), Some(new)) = (&geometry.reference, &geometry.new) {
            let (reference, new) = (reference.words(), new.words());
            session
                .printer
                .detail(&format!("Lenses: reference {reference}; new {new}"));
        }
    }
    let learned = if report.matcher.learned {
        "learned features took part"
    } else {
        "without learned features"
    };
    session
        .printer
        .detail(&format!("Matcher: {}, {learned}", report.matcher.asked));
    if !request.stop_after_pairs {
        line(map_in_words(
            report.model.name(),
            report.segments,
            &[
                ("coverage", Some(percent(report.coverage))),
                ("inliers", Some(percent(report.inlier_frac))),
                ("p50", report.p50.map(|secs| format!("{secs:.3} s"))),
                ("p90", report.p90.map(|secs| format!("{secs:.3} s"))),
                ("ppm", report.ppm.map(|ppm| format!("{ppm:.0}"))),
            ],
        ));
        line(gate_verdict(report.ok, &report.reasons));
    }
    if let Some(counts) = report.markers {
        line(format!("Markers: {}", in_words(counts)));
    }
    line(timing_line(&report.timings));
    if let Some(status) = report.regression {
        line(format!("Regression: {}", status.shown()));
    }
}

fn print(report: &SyncReport, request: &SyncRequest, session: &Session) {
    let line = |text: &str| session.printer.line(text);
    if request.stop_after_pairs {
        line(&format!(
            "{} pairs of frames show the same place.",
            report.pairs_kept
        ));
    }
    for text in rider::lines(report) {
        line(&text);
    }
    if let Some(kept) = report.kept.words() {
        line(&format!(
            "{kept} kept from before (--discard-edits to start anew)."
        ));
    }
    if let Some(status) = report
        .regression
        .filter(|status| *status >= RegressionStatus::Warn)
    {
        let status = status.shown();
        line(&format!(
            "Regression: {status}; mtbsync quality-check says against what."
        ));
    }
    line(&format!("Results: {}", report.out_dir.display()));
    line(&rider::next(report, request));
}

fn timing_line(timings: &SyncTimings) -> String {
    format!(
        "Timing: retrieval_sec={:.2} warp_sec={:.2} markers_sec={:.2} total_sec={:.2}",
        timings.retrieval_sec, timings.warp_sec, timings.markers_sec, timings.total_sec,
    )
}

/// Exit 3 wins over 20; a warning of the comparison with earlier runs never changes the exit code.
fn outcome(report: SyncReport, fail_on_regression: bool) -> Outcome {
    let mut outcome = Outcome::done(result(&report));
    if !report.ok {
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
        "geometry": report.geometry,
        "matcher": report.matcher,
        "gps": report.gps.map(|gps| json!({"ref_offset_sec": gps.ref_secs, "new_offset_sec": gps.new_secs})),
        "markers": report.markers.map(to_json),
        "kept": report.kept,
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
        "model": report.model.name(),
        "segments": report.segments,
        "pairs": {"kept": report.pairs_kept, "candidates": report.pairs_raw, "verified": report.pairs_verified},
        "cut_off": {"reference": report.cut_off.reference, "new": report.cut_off.new},
        "ride": ride_to_json(&report.ride),
    })
}

fn ride_to_json(ride: &Ride) -> Value {
    let passage = |p: &Passage| json!({"name": p.name, "t_ref": p.t_ref_secs, "t_new": p.t_new_secs});
    let stretch = |s: &Stretch| {
        let (low, high) = s.delta.interval();
        json!({
            "from": passage(&s.from),
            "to": passage(&s.to),
            "delta": s.delta.secs,
            "delta_low": low,
            "delta_high": high,
        })
    };
    let to_check =
        |m: &ToCheck| json!({"name": m.name, "half_width": m.half_width_secs, "in_stop": m.in_stop});
    json!({
        "whole": ride.whole.as_ref().map(stretch),
        "biggest_loss": ride.loss.as_ref().map(stretch),
        "biggest_gain": ride.gain.as_ref().map(stretch),
        "to_check": ride.to_check.iter().map(to_check).collect::<Vec<_>>(),
        "outside": ride.outside,
        "common": ride.common,
    })
}
