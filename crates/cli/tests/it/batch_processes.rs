//! `batch` when the process of a pair is killed, hangs, or has to stop: nothing of it reaches the other
//! pairs.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};
use std::thread;

use crate::common::{Place, cut};

/// `names.len()` pairs of the same two recordings.
fn pairs(place: &Place, names: &[&str]) {
    fs::create_dir_all(place.path("in")).unwrap();
    for name in names {
        for (side, source) in [("ref", "sample/reference.mp4"), ("new", "sample/new.mp4")] {
            fs::copy(
                cut(source, 2..16, "1", "15"),
                place.path(&format!("in/{name}_{side}.mp4")),
            )
            .unwrap();
        }
    }
}

/// A running batch and what it says.
struct Batch {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Batch {
    fn start(place: &Place, more: &[&str]) -> Self {
        let mut child = place
            .program()
            .args([
                "batch",
                "in",
                "--progress",
                "plain",
                "--no-cache",
                "--threads",
                "1",
            ])
            .args(more)
            // Long enough for the slowest machine to say something, short enough for a test.
            .env("MTB_BATCH_SILENCE_SEC", "10")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr }
    }

    /// Waits until the process of pair `name` runs, and gives its id.
    fn process_of(&mut self, name: &str) -> i32 {
        let mut said = String::new();
        while !said.contains(&format!("{name} ...")) {
            assert_ne!(self.stderr.read_line(&mut said).unwrap(), 0, "{said}");
        }
        loop {
            if let Some(pid) = pair_process(self.child.id()) {
                return pid;
            }
            assert!(
                self.child.try_wait().unwrap().is_none(),
                "{name} never had a process"
            );
            thread::yield_now();
        }
    }

    fn finish(mut self) -> (Option<i32>, String, String) {
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        let output = self.child.wait_with_output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            said,
        )
    }
}

/// The child of `batch` that does a pair. Before it has become that program it must not be stopped: its
/// parent waits.
fn pair_process(batch: u32) -> Option<i32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let mut of_batch = pids.filter(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let does_a_pair = arguments
            .split(|byte| *byte == 0)
            .any(|argument| argument == b"--one-pair");
        does_a_pair && after_name.split_whitespace().nth(1) == Some(&batch.to_string())
    });
    of_batch.next()
}

fn signal(pid: i32, signal: i32) {
    // SAFETY: `kill` has no memory effects; the process is one that the test has started.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
}

fn is_running(pid: i32) -> bool {
    // SAFETY: signal 0 only asks whether the process is there.
    unsafe { libc::kill(pid, 0) == 0 }
}

#[test]
fn a_killed_pair_and_a_hung_one_are_rows_and_the_others_go_on() {
    let place = Place::new();
    pairs(&place, &["dead", "hung", "well"]);
    let mut batch = Batch::start(&place, &["--fps", "2", "--n-features", "100"]);
    let pid = batch.process_of("dead");
    signal(pid, libc::SIGKILL);
    let hung = batch.process_of("hung");
    signal(hung, libc::SIGSTOP);
    let (code, stdout, stderr) = batch.finish();
    assert_eq!(code, Some(3), "{stdout}{stderr}");
    assert!(
        stdout.contains("3 pairs: 1 aligned, 0 not aligned, 2 failed"),
        "{stdout}"
    );
    assert!(!is_running(hung), "a hung process is ended");
    let summary = place.read("batch_out/batch_summary.csv");
    let rows: Vec<&str> = summary.lines().skip(1).collect();
    for (row, (name, says)) in rows.iter().zip([
        ("dead", "killed (signal 9), perhaps for lack of memory"),
        ("hung", "hung: nothing heard for 10 s, stopped"),
    ]) {
        assert!(
            row.contains(&format!("/{name},false,")) && row.contains(says),
            "{row}"
        );
        let perf = place.json(&format!("batch_out/{name}/perf.json"));
        assert_eq!((&perf["ok"], &perf["cmd"]), (&false.into(), &"batch_item".into()));
        assert!(perf["error"].as_str().unwrap().contains(says));
        assert_eq!(
            place.list(&format!("batch_out/{name}")),
            ["perf.json"],
            "nothing half done"
        );
    }
    assert!(rows[2].contains("/well,true,,"), "{}", rows[2]);
    assert!(place.path("batch_out/well/warp.npz").exists());

    let again = place.run("batch in --resume --no-cache --progress none --fps 2 --n-features 100");
    assert!(
        again.ok().stdout.contains("3 pairs: 3 aligned"),
        "{}",
        again.stdout
    );
    assert_eq!(
        again.stdout.matches("(finished before)").count(),
        1,
        "{}",
        again.stdout
    );
}

#[test]
fn a_batch_that_is_told_to_stop_takes_its_pairs_with_it() {
    for (signal_sent, code) in [(libc::SIGINT, 130), (libc::SIGTERM, 143)] {
        let place = Place::new();
        pairs(&place, &["long"]);
        let mut batch = Batch::start(&place, &["--fps", "30", "--n-features", "20000", "--precise"]);
        let pid = batch.process_of("long");
        signal(i32::try_from(batch.child.id()).unwrap(), signal_sent);
        let (ended_with, stdout, stderr) = batch.finish();
        assert_eq!(ended_with, Some(code), "{stdout}{stderr}");
        let errors: Vec<&str> = stderr
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        assert_eq!(errors, ["error: interrupted"]);
        assert!(!is_running(pid), "no process is left behind");
        assert!(
            place.list("batch_out/long").is_empty(),
            "{:?}",
            place.list("batch_out/long")
        );
    }
}

#[test]
fn pairs_of_a_killed_batch_end_by_themselves() {
    let place = Place::new();
    pairs(&place, &["long"]);
    let mut batch = Batch::start(&place, &["--fps", "30", "--n-features", "20000", "--precise"]);
    batch.process_of("long");
    batch.child.kill().unwrap();
    batch.child.wait().unwrap();
    // The next batch waits for it; so does this lock.
    let crew = fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(place.path("batch_out/.batch_crew.lock"))
        .unwrap();
    crew.lock().unwrap();
    assert!(
        place.list("batch_out/long").is_empty(),
        "{:?}",
        place.list("batch_out/long")
    );
    drop(crew);
}

#[test]
fn a_wrong_silence_is_wrong_usage() {
    let place = Place::new();
    pairs(&place, &["a"]);
    let output = place
        .program()
        .args(["batch", "in"])
        .env("MTB_BATCH_SILENCE_SEC", "soon")
        .output()
        .unwrap();
    let said = crate::common::Said::of(&output);
    assert!(said.error(2).contains("MTB_BATCH_SILENCE_SEC"), "{}", said.stderr);
    let said = place.run("batch in --one-pair");
    assert!(said.error(2).contains("not a job of a batch"), "{}", said.stderr);
}
