//! Asks the program, the way a user would: a marker file in, new_markers.csv out.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};
use mtbsync_align::TimeWarp;
use mtbsync_artefacts::time_warp::{TIMEWARP_FILE, read_warp};
use mtbsync_formats::csv::{CsvWriter, MAX_CSV_BYTES, Table, seconds6};
use mtbsync_formats::read_bounded;
use serde_json::Value;
use tempfile::TempDir;

/// Time between two probes, seconds of the reference.
pub const STEP_SECS: f64 = 0.25;
/// Exit code of a pair that is not aligned.
const NOT_ALIGNED: i32 = 3;

/// What the program says about one probe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// The moment of the reference that was asked for, seconds.
    pub t_ref: f64,
    /// The moment of the new recording and its 90 % interval; `None`: status outside.
    pub t_new: Option<(f64, f64, f64)>,
    /// Stated probability of being within 0.25 s.
    pub confidence: f64,
}

/// One row of pairs.csv.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairClaim {
    /// Moment of the new recording, seconds.
    pub t_new: f64,
    /// Moment of the reference at the same place, seconds.
    pub t_ref: f64,
    /// Stated confidence.
    pub confidence: f64,
}

/// One run of the program.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeRun {
    /// The program trusts its map.
    pub aligned: bool,
    /// One answer per probe; none without a map.
    pub answers: Vec<Answer>,
    /// The single measurements the map rests on; none without a map.
    pub pairs: Vec<PairClaim>,
    /// The map itself, from the new recording to the reference.
    pub map: Option<TimeWarp>,
    /// Probes asked for.
    pub probes: Vec<f64>,
    /// Processor seconds with an empty cache.
    pub cpu_cold_secs: Option<f64>,
    /// Processor seconds with both indexes in the cache.
    pub cpu_cached_secs: Option<f64>,
    /// Peak memory of the cold run, MB.
    pub peak_mb: Option<f64>,
    /// Track time at video zero of the reference and the new run, seconds; `None` when GPS took no part.
    pub gps_offsets_secs: Option<[f64; 2]>,
}

impl ProbeRun {
    /// A trusted map's answers and nothing else.
    pub fn of_answers(answers: Vec<Answer>) -> Self {
        Self {
            aligned: true,
            probes: answers.iter().map(|answer| answer.t_ref).collect(),
            answers,
            pairs: Vec::new(),
            map: None,
            cpu_cold_secs: None,
            cpu_cached_secs: None,
            peak_mb: None,
            gps_offsets_secs: None,
        }
    }

    /// The same run as if only the probes that `is_asked` had been asked for.
    pub fn only(&self, is_asked: impl Fn(f64) -> bool) -> Self {
        let mut run = self.clone();
        run.probes.retain(|&t_ref| is_asked(t_ref));
        run.answers.retain(|answer| is_asked(answer.t_ref));
        run
    }
}

/// How one call of `sync` ended.
struct SyncEnd {
    aligned: bool,
    summary: Value,
}

/// Aligns `new` with `reference`, once with an empty cache and once with a full one, with further flags.
pub fn run(bin: &Path, reference: &Path, new: &Path, flags: &[OsString]) -> Result<ProbeRun> {
    let question = Question::new(bin, reference, new)?;
    let first = question.ask("cold", flags)?;
    question.sync("cached", flags)?;
    let (cpu_cold_secs, peak_mb) = cost(&question.folder.path().join("cold"));
    let cpu_cached_secs = cost(&question.folder.path().join("cached")).0;
    Ok(ProbeRun {
        cpu_cold_secs,
        cpu_cached_secs,
        peak_mb,
        ..first
    })
}

/// A pair and the moments that are asked for.
pub struct Question<'a> {
    bin: &'a Path,
    reference: &'a Path,
    new: &'a Path,
    folder: TempDir,
    cache: PathBuf,
    probes: Vec<f64>,
}

impl<'a> Question<'a> {
    /// Prepares to ask `bin` for a moment every [`STEP_SECS`]. Indexes are kept until this is dropped.
    pub fn new(bin: &'a Path, reference: &'a Path, new: &'a Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let cache = folder.path().join("cache");
        Self::asked_in(folder, cache, (bin, reference, new))
    }

    /// The same with a `cache` that outlives it, for several questions about one recording.
    pub fn with_cache(bin: &'a Path, reference: &'a Path, new: &'a Path, cache: &Path) -> Result<Self> {
        Self::asked_in(tempfile::tempdir()?, cache.to_owned(), (bin, reference, new))
    }

    fn asked_in(
        folder: TempDir,
        cache: PathBuf,
        (bin, reference, new): (&'a Path, &'a Path, &'a Path),
    ) -> Result<Self> {
        let probes = probes(duration_secs(bin, reference, folder.path())?);
        let mut markers = CsvWriter::new(&["name", "t_ref"]);
        for (index, t_ref) in probes.iter().enumerate() {
            markers.row(&[index.to_string(), seconds6(*t_ref)]);
        }
        fs::write(folder.path().join("probes.csv"), markers.into_bytes())?;
        Ok(Self {
            bin,
            reference,
            new,
            folder,
            cache,
            probes,
        })
    }

    /// Processor seconds of the run whose result lies in the folder `out`.
    pub fn cost(&self, out: &str) -> Option<f64> {
        cost(&self.folder().join(out)).0
    }

    /// Folder for files of the asker.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The last moment asked for, seconds of the reference.
    pub fn last_probe_secs(&self) -> f64 {
        self.probes.last().copied().unwrap_or(0.0)
    }

    /// Aligns with further flags; the result lies in the folder `out`.
    fn sync(&self, out: &str, flags: &[OsString]) -> Result<SyncEnd> {
        let mut command = sync_command(self.bin, self.reference, self.new, &self.cache);
        command.arg("--ref-markers").arg(self.folder().join("probes.csv"));
        command.arg("--out").arg(self.folder().join(out)).args(flags);
        end_of(&mut command)
    }

    /// What the program answers with further flags; without costs.
    pub fn ask(&self, out: &str, flags: &[OsString]) -> Result<ProbeRun> {
        let SyncEnd { aligned, summary } = self.sync(out, flags)?;
        let (answers, pairs, map) = if aligned {
            let file = |name| self.folder().join(out).join(name);
            (
                read_answers(&file("new_markers.csv"))?,
                read_pairs(&file("pairs.csv"))?,
                read_warp(&file(TIMEWARP_FILE))?.warp(),
            )
        } else {
            (Vec::new(), Vec::new(), None)
        };
        if aligned && answers.len() != self.probes.len() {
            bail!("{} probes but {} answers", self.probes.len(), answers.len());
        }
        Ok(ProbeRun {
            aligned,
            answers,
            pairs,
            map,
            probes: self.probes.clone(),
            cpu_cold_secs: None,
            cpu_cached_secs: None,
            peak_mb: None,
            gps_offsets_secs: gps_offsets_secs(&summary),
        })
    }
}

/// Whether the program aligns `new` with `reference`, without asking for any place.
pub fn is_aligned(bin: &Path, reference: &Path, new: &Path, cache: &Path) -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let mut command = sync_command(bin, reference, new, cache);
    command.arg("--out").arg(folder.path().join("out"));
    Ok(end_of(&mut command)?.aligned)
}

fn sync_command(bin: &Path, reference: &Path, new: &Path, cache: &Path) -> Command {
    let mut command = Command::new(bin);
    command
        .arg("sync")
        .arg("--reference")
        .arg(reference)
        .arg("--new")
        .arg(new);
    command.args(["--no-plot", "--regression-off", "--quiet", "--json"]);
    command.arg("--cache-dir").arg(cache);
    command
}

fn end_of(command: &mut Command) -> Result<SyncEnd> {
    let output = command.output()?;
    let aligned = match output.status.code() {
        Some(0) => true,
        Some(NOT_ALIGNED) => false,
        _ => bail!(failure(&output)),
    };
    let summary = serde_json::from_slice(&output.stdout).with_context(|| failure(&output))?;
    Ok(SyncEnd { aligned, summary })
}

fn gps_offsets_secs(summary: &Value) -> Option<[f64; 2]> {
    let gps = &summary["result"]["gps"];
    Some([gps["ref_offset_sec"].as_f64()?, gps["new_offset_sec"].as_f64()?])
}

/// A moment every [`STEP_SECS`] from 0 on.
pub fn probes(duration_secs: f64) -> Vec<f64> {
    let count = (duration_secs / STEP_SECS).floor() as usize;
    (0..=count).map(|index| index as f64 * STEP_SECS).collect()
}

fn duration_secs(bin: &Path, recording: &Path, folder: &Path) -> Result<f64> {
    let mut command = Command::new(bin);
    command
        .args([
            "index",
            "--json",
            "--no-cache",
            "--fps",
            "0.5",
            "--n-features",
            "50",
            "--reference",
        ])
        .arg(recording);
    let output = command.arg("--out").arg(folder.join("duration.npz")).output()?;
    let summary: Value = serde_json::from_slice(&output.stdout).with_context(|| failure(&output))?;
    summary["result"]["duration"]
        .as_f64()
        .with_context(|| failure(&output))
}

fn read_answers(path: &Path) -> Result<Vec<Answer>> {
    let table = Table::parse(&read_bounded(path, MAX_CSV_BYTES)?, &["t_ref", "t_new"])?;
    let column = |name: &str| table.column(&[name]).with_context(|| format!("no column {name}"));
    let (t_ref, t_new, low, high, confidence) = (
        column("t_ref")?,
        column("t_new")?,
        column("t_new_low")?,
        column("t_new_high")?,
        column("confidence")?,
    );
    let answer = |row| -> Result<Answer> {
        let number = |column| table.number(row, column);
        let t_new = match (number(t_new)?, number(low)?, number(high)?) {
            (Some(t_new), Some(low), Some(high)) => Some((t_new, low, high)),
            _ => None,
        };
        let t_ref = table.required_moment(row, t_ref)?;
        Ok(Answer {
            t_ref,
            t_new,
            confidence: number(confidence)?.unwrap_or(0.0),
        })
    };
    table.rows.iter().map(answer).collect()
}

fn read_pairs(path: &Path) -> Result<Vec<PairClaim>> {
    let table = Table::parse(
        &read_bounded(path, MAX_CSV_BYTES)?,
        &["t_new", "t_ref", "confidence"],
    )?;
    let columns = ["t_new", "t_ref", "confidence"].map(|name| table.column(&[name]));
    let pair = |row| -> Result<PairClaim> {
        let [t_new, t_ref, confidence] = columns.map(|column| -> Result<f64> {
            Ok(table.required_moment(row, column.context("a column is missing")?)?)
        });
        Ok(PairClaim {
            t_new: t_new?,
            t_ref: t_ref?,
            confidence: confidence?,
        })
    };
    table.rows.iter().map(pair).collect()
}

/// Processor seconds and peak memory from the run's own perf.json.
fn cost(out: &Path) -> (Option<f64>, Option<f64>) {
    let Ok(text) = fs::read(out.join("perf.json")) else {
        return (None, None);
    };
    let Ok(perf) = serde_json::from_slice::<Value>(&text) else {
        return (None, None);
    };
    let cpu_share = perf["cpu_pct"].as_f64().map(|percent| percent / 100.0);
    let cpu_secs = cpu_share
        .zip(perf["timings"]["total_sec"].as_f64())
        .map(|(share, secs)| share * secs);
    (cpu_secs, perf["rss_mb"].as_f64())
}

fn failure(output: &Output) -> String {
    format!(
        "the program failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_probes_of_a_run_are_a_run() {
        let answer = |t_ref| Answer {
            t_ref,
            t_new: None,
            confidence: 0.0,
        };
        let run = ProbeRun::of_answers([1.0, 2.0, 3.0].map(answer).to_vec());
        let middle = run.only(|t_ref| t_ref == 2.0);
        assert_eq!((middle.probes, middle.answers), (vec![2.0], vec![answer(2.0)]));
        let refused = ProbeRun {
            answers: Vec::new(),
            ..run
        };
        assert_eq!(refused.only(|t_ref| t_ref > 1.5).probes, [2.0, 3.0]);
    }

    #[test]
    fn pairs_are_read_with_their_confidence() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "t_new,t_ref,confidence,inliers,reproj_error,model,sigma\n9.5,0.4,0.91,,,G,0.1\n";
        fs::write(file.path(), text).unwrap();
        let expected = PairClaim {
            t_new: 9.5,
            t_ref: 0.4,
            confidence: 0.91,
        };
        assert_eq!(read_pairs(file.path()).unwrap(), [expected]);
    }

    #[test]
    fn offsets_are_those_of_the_summary() {
        let summary: Value =
            serde_json::from_str(r#"{"result":{"gps":{"ref_offset_sec":8.5,"new_offset_sec":-1}}}"#).unwrap();
        assert_eq!(gps_offsets_secs(&summary), Some([8.5, -1.0]));
        assert_eq!(gps_offsets_secs(&Value::Null), None);
    }
}
