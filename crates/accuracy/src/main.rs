//! How accurate is mtbsync, and how honest? Runs the built program on every pair of recordings whose truth is
//! known and prints one table.
//!
//! Nothing here looks inside the program: [`probe`] hands it a marker every quarter of a second of the
//! reference, the way a user would, and [`score`] compares what comes back with the [`truth`]. Pairs that
//! have nothing in common must be refused. [`run_to_run`] joins the maps of runs that share a reference.
//! [`gps`] asks the same of recordings with tracks. There are no settings for single pairs, and none will be
//! added.

mod ablation;
mod cameras;
mod footage;
mod gps;
mod pairs;
mod probe;
mod report;
mod run_to_run;
mod score;
mod truth;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use mtbsync_align::TimeWarp;

use pairs::{TestPair, WrongPair};
use report::Report;
use run_to_run::Ride;
use score::Score;

/// Measures the accuracy of a built mtbsync on pairs with known truth.
#[derive(Parser)]
struct Args {
    /// The program under test
    #[arg(long, value_name = "PATH", default_value = "target/release/mtbsync")]
    bin: PathBuf,

    /// Also write the numbers here
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,

    /// Also draw the reliability diagram here
    #[arg(long, value_name = "PATH.png")]
    diagram: Option<PathBuf>,

    /// Print what each part of the method contributes instead: every pair six times
    #[arg(long)]
    ablation: bool,

    /// Measure GPS instead: where pictures fail, where it is wrong, unknown clocks, chapters, real rides
    #[arg(long, conflicts_with = "ablation")]
    gps: bool,

    /// Measure with a key frame every 10 frames, as cameras write: every recording is encoded again
    #[arg(long, conflicts_with_all = ["ablation", "gps"])]
    key_frames: bool,

    /// Measure two cameras instead: the new side zoomed, rolled, cropped, behind another lens, with a moving
    /// cockpit, in bad light
    #[arg(long, conflicts_with_all = ["ablation", "gps", "key_frames"])]
    cameras: bool,

    /// With --cameras, only rows whose label "PAIR, VARIANT" contains this; given again, this as well
    #[arg(long, value_name = "TEXT", requires = "cameras")]
    only: Vec<String>,

    /// Folders with reference.mp4 (or in the folder around), new.mp4 and truth.csv, or with pass1.mp4,
    /// pass2.mp4 and truth.csv [default: those of the repository and of ../shared/data]
    folders: Vec<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let bin = args
        .bin
        .canonicalize()
        .with_context(|| format!("no program at {}", args.bin.display()))?;
    let mut folders = args.folders;
    if folders.is_empty() {
        folders = pairs::default_folders();
        if !(args.ablation || args.gps || args.cameras) {
            folders.extend(pairs::trail_folders());
        }
    }
    let mut found = pairs::find(&folders)?;
    if args.key_frames {
        for pair in &mut found {
            pair.reference = footage::with_key_frames(&pair.reference)?;
            pair.new = footage::with_key_frames(&pair.new)?;
        }
    }
    if args.ablation {
        report::print_ablation(&ablation::measure(&bin, &found)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.gps {
        let report = gps::measure(&bin, &found)?;
        report.print()?;
        return Ok(exit_code(report.holds()));
    }
    if args.cameras {
        let report = cameras::measure(&bin, &found, &cameras::Selection(args.only))?;
        report.print_summary()?;
        if let Some(path) = &args.json {
            report.write_json(path)?;
        }
        return Ok(exit_code(report.holds()));
    }
    let mut scores = Vec::new();
    let mut rides = Vec::new();
    for pair in &found {
        let (score, map) = measure(&bin, pair, &pair.name, &[])?;
        scores.push(score);
        rides.extend(map.map(|map| Ride {
            pair,
            map: Arc::new(map),
        }));
        if pair.has_camera_gps {
            let name = format!("{}, no GPS", pair.name);
            scores.push(measure(&bin, pair, &name, &["--no-gps".into()])?.0);
        }
    }
    let joined = run_to_run::measure(&rides);
    let mut refusals = Vec::new();
    for wrong in pairs::without_common_stretch(&found)? {
        refusals.push((wrong.name.clone(), is_refused(&bin, &wrong)?));
    }
    let report = Report::new(&scores, &joined, &refusals);
    report.print()?;
    if let Some(path) = &args.json {
        report.write_json(path)?;
    }
    if let Some(path) = &args.diagram {
        report.write_diagram(path)?;
    }
    Ok(exit_code(refusals.iter().all(|(_, refused)| *refused)))
}

fn exit_code(is_good: bool) -> ExitCode {
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn measure(bin: &Path, pair: &TestPair, name: &str, flags: &[OsString]) -> Result<(Score, Option<TimeWarp>)> {
    let run = probe::run(bin, &pair.reference, &pair.new, flags).with_context(|| format!("pair {name}"))?;
    Ok((Score::new(name, &pair.truth, &run), run.map))
}

fn is_refused(bin: &Path, wrong: &WrongPair) -> Result<bool> {
    let run =
        probe::run(bin, &wrong.reference, &wrong.new, &[]).with_context(|| format!("pair {}", wrong.name))?;
    Ok(!run.aligned && run.answers.is_empty())
}
