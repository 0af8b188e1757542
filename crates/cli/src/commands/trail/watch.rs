//! `mtbsync trail watch`: new recordings are synced as they appear.

use std::env;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use mtbsync_pipeline::batch::BatchRequest;
use mtbsync_pipeline::batch::PairProgram;
use mtbsync_pipeline::batch::pairing::PairingSettings;
use mtbsync_pipeline::map::delta::Delta;
use mtbsync_pipeline::markers::export::ChosenPreset;
use mtbsync_pipeline::sync::{RunName, SyncRequest};
use mtbsync_pipeline::trail::watch::{Machine, SETTLE, WatchEvent, WatchReport, WatchRequest, watch};
use mtbsync_task::error::PipelineError;
use serde_json::{Value, json};

use crate::args::pair::PairArgs;
use crate::commands::batch::one_pair;
use crate::commands::sync::rider;
use crate::exit::Exit;
use crate::flags;
use crate::printer::Mode;
use crate::session::Session;
use crate::signals;
use crate::summary::Outcome;

/// Variable with the seconds for which a recording stands still before it counts as written.
const SETTLE_VARIABLE: &str = "MTB_WATCH_SETTLE_SEC";

/// Flags of `trail watch`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  mtbsync trail watch /media/me/GOPRO --root runs --reference best.mp4\n  \
    mtbsync trail watch Videos/inbox --root runs --preset resolve-edl --once\n\n\
    Each recording is done once, by its content: whatever it is called, wherever it lies, however often this is started. \
    Ctrl-C ends after the running pair, a second one at once. Exit codes with --once: 0 everything is done, 3 some are \
    broken, failed or not aligned."
)]
pub struct WatchArgs {
    /// Folder that recordings come into, subfolders too: a mounted card, an inbox
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,

    /// Folder of the runs
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub root: PathBuf,

    /// Recording to sync against [default: the reference of the newest run below the root]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub reference: Option<PathBuf>,

    /// Also write this editor preset beside the markers of each run
    #[arg(long, value_name = "PRESET")]
    pub preset: Option<String>,

    /// End when everything that is there is done
    #[arg(long)]
    pub once: bool,

    /// Be the process of one pair; the job is on stdin
    #[arg(long, hide = true)]
    pub one_pair: bool,
}

/// Watches.
pub fn run(args: WatchArgs, session: &Session) -> Result<Outcome, PipelineError> {
    let pairs = pairs(&args, session)?;
    if args.one_pair {
        return one_pair::run(&pairs, session);
    }
    let settle = one_pair::seconds(SETTLE_VARIABLE, env::var_os(SETTLE_VARIABLE))?;
    let request = WatchRequest {
        folder: args.folder,
        root: args.root,
        reference: args.reference,
        once: args.once,
        settle: settle.unwrap_or(SETTLE),
    };
    let ending = signals::first_ends_gently();
    let mut machine = Machine::new(pairs.program, &request.root, session.context().task, &ending);
    let mut say = |event: &WatchEvent| say(event, &request, session);
    let report = watch(&request, &mut machine, &mut say)?;
    session.printer.line(&format!(
        "{} synced, {} not aligned, {} failed, {} from before",
        report.synced, report.not_aligned, report.failed, report.known
    ));
    Ok(outcome(&report, request.once, ending.is_requested()))
}

/// What each pair is asked for, and how its process is started: as those of a batch.
fn pairs(args: &WatchArgs, session: &Session) -> Result<BatchRequest, PipelineError> {
    let preset = args.preset.iter();
    let exports: Result<Vec<ChosenPreset>, _> = preset
        .map(|name| ChosenPreset::find(name, &session.config))
        .collect();
    Ok(BatchRequest {
        pairing: PairingSettings {
            input_dir: args.folder.clone(),
            out_dir: args.root.clone(),
            ref_suffix: String::new(),
            new_suffix: String::new(),
            reference: args.reference.clone(),
            recursive: true,
            single_file: false,
            ref_markers: None,
        },
        each: SyncRequest {
            exports: exports?,
            regression: None,
            run: RunName::Batch(String::new()),
            ..PairArgs::unsaid()?.request(session)?
        },
        program: PairProgram {
            outlives_ctrl_c: true,
            ..one_pair::program()?
        },
        jobs: 1,
        resume: false,
        regression: None,
    })
}

fn say(event: &WatchEvent, request: &WatchRequest, session: &Session) {
    let printer = &session.printer;
    if printer.mode() == Mode::Json {
        printer.data(format!("{}\n", to_json(event)).as_bytes());
        return;
    }
    let text = flags::named(&in_words(event, request));
    match event {
        WatchEvent::Known { .. } => printer.detail(&text),
        WatchEvent::Broken { .. } | WatchEvent::Failed { .. } | WatchEvent::Gone { .. } => {
            printer.warning(&text);
        }
        WatchEvent::NoReference(_) | WatchEvent::NoFolder(_) => printer.warning(&text),
        _ => printer.line(&text),
    }
    if let WatchEvent::Synced { name, warnings, .. } = event {
        for warning in warnings {
            printer.warning(&format!("{name}: {}", flags::named(warning)));
        }
    }
}

fn in_words(event: &WatchEvent, request: &WatchRequest) -> String {
    match event {
        WatchEvent::Watching { reference } => {
            let end = if request.once {
                ""
            } else {
                "; Ctrl-C ends it after the running pair"
            };
            format!(
                "Watching {} against {}{end}",
                request.folder.display(),
                reference.display()
            )
        }
        WatchEvent::Waiting(name) => format!("{name}: waiting until it is written"),
        WatchEvent::Known { name, run: Some(run) } => format!("{name}: done before, {}", run.display()),
        WatchEvent::Known { name, run: None } => format!("{name}: the reference"),
        WatchEvent::FailedBefore { name, why } => {
            format!("{name}: failed before ({why}); tried again when it changes")
        }
        WatchEvent::Broken { name, why } => {
            format!("{name} looks broken: {why}; looked at again when it changes")
        }
        WatchEvent::Syncing { name, .. } => format!("{name}: syncing"),
        WatchEvent::Synced {
            name,
            out,
            is_aligned: true,
            delta,
            ..
        } => match delta {
            Some(delta) => {
                let how = rider::compared(delta, " than the reference");
                format!("{name} synced: {how}, out {}", out.display())
            }
            None => format!("{name} synced, out {}", out.display()),
        },
        WatchEvent::Synced {
            name, out, reasons, ..
        } => {
            format!(
                "{name} not aligned: {}, out {}",
                reasons.join("; "),
                out.display()
            )
        }
        WatchEvent::Failed { name, why } => format!("{name} failed: {why}; tried again when it changes"),
        WatchEvent::Gone { name, why } => {
            format!("{name} was taken away while it was synced ({why}); it is taken up when it is back")
        }
        WatchEvent::NoReference(path) => {
            format!(
                "the reference is not there, recordings wait for it: {}",
                path.display()
            )
        }
        WatchEvent::NoFolder(error) => format!("{error}; waiting for it"),
    }
}

fn to_json(event: &WatchEvent) -> Value {
    match event {
        WatchEvent::Watching { reference } => json!({"event": "watching", "reference": shown(reference)}),
        WatchEvent::Waiting(name) => json!({"event": "waiting", "recording": name}),
        WatchEvent::Known { name, run } => {
            json!({"event": "known", "recording": name, "out": run.as_deref().map(shown)})
        }
        WatchEvent::FailedBefore { name, why } => {
            json!({"event": "failed_before", "recording": name, "why": why})
        }
        WatchEvent::Broken { name, why } => json!({"event": "broken", "recording": name, "why": why}),
        WatchEvent::Syncing { name, out } => {
            json!({"event": "syncing", "recording": name, "out": shown(out)})
        }
        WatchEvent::Synced {
            name,
            out,
            is_aligned,
            reasons,
            delta,
            warnings,
        } => json!({
            "event": "synced",
            "recording": name,
            "out": shown(out),
            "ok": is_aligned,
            "reasons": reasons,
            "delta": delta.as_ref().map(delta_to_json),
            "warnings": warnings.iter().map(|warning| flags::named(warning)).collect::<Vec<_>>(),
        }),
        WatchEvent::Failed { name, why } => json!({"event": "failed", "recording": name, "why": why}),
        WatchEvent::Gone { name, why } => json!({"event": "gone", "recording": name, "why": why}),
        WatchEvent::NoReference(path) => json!({"event": "no_reference", "reference": shown(path)}),
        WatchEvent::NoFolder(error) => json!({"event": "no_folder", "why": error.what()}),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn delta_to_json(delta: &Delta) -> Value {
    let (low, high) = delta.interval();
    json!({"sec": delta.secs, "low": low, "high": high})
}

fn outcome(report: &WatchReport, once: bool, was_ended: bool) -> Outcome {
    let mut outcome = Outcome::done(json!({
        "synced": report.synced,
        "not_aligned": report.not_aligned,
        "failed": report.failed,
        "known": report.known,
    }));
    if once && was_ended {
        outcome.exit = Exit::Interrupted;
    } else if once && report.not_aligned + report.failed > 0 {
        outcome.exit = Exit::NotAligned;
    }
    outcome
}
