//! What reaches the terminal, and what happens when it, the disk or the system gives out.
#![cfg(unix)]

use std::fs::File;
use std::os::unix::process::CommandExt;

use crate::common::{Place, Said, cut, straight_warp};

/// More bytes for a thread than any machine has: no thread can be made.
const NO_THREADS: (&str, &str) = ("RUST_MIN_STACK", "100000000000000");

fn place() -> Place {
    let place = Place::new();
    place.write("run/timewarp.json", straight_warp(true));
    place.write(
        "run/new_markers.csv",
        "marker_id,name,t_ref,t_new\n1,A,5,4\n2,B,20,19\n",
    );
    place.write("m.csv", "name,t_ref\nA,5\nB,20\n");
    place
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_do_not_get_through_are_errors() {
    let place = place();
    for command in [
        "transfer --ref-markers m.csv --warp run/timewarp.json --out -",
        "transfer --ref-markers m.csv --warp run/timewarp.json --out n.csv",
        "transfer --ref-markers m.csv --warp run/timewarp.json --out n.csv --json",
        "import-markers m.csv --out -",
        "export csv --markers m.csv --out -",
        "splits run --out s.csv",
        "viewer --headless --ref-markers m.csv --timewarp-json run/timewarp.json --out-png p.png",
        "benchmark-quality --root . --out report",
        "cache status",
        "doctor",
        "doctor --json",
        "completions bash",
        "version",
        "--version",
        "--help",
        "sync --help",
        "prune-perf --root .",
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = place
            .program()
            .args(command.split_whitespace())
            .stdout(full)
            .output()
            .unwrap();
        let said = Said::of(&output);
        let line = said.error(1);
        assert!(
            line.contains("stdout cannot be written (No space left on device"),
            "{command}: {line}"
        );
    }
}

#[test]
fn a_limit_on_file_sizes_is_one_line_and_leaves_nothing() {
    let place = place();
    let mut command = place.program();
    command.args([
        "transfer",
        "--ref-markers",
        "m.csv",
        "--warp",
        "run/timewarp.json",
        "--plot-overlay",
    ]);
    command.args(["--out", "out/n.csv"]);
    // SAFETY: setrlimit is a system call on plain numbers, allowed between fork and exec.
    unsafe {
        command.pre_exec(|| {
            let limit = libc::rlimit {
                rlim_cur: 4096,
                rlim_max: 4096,
            };
            libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit);
            Ok(())
        });
    }
    let said = Said::of(&command.output().unwrap());
    assert!(
        said.error(1)
            .contains("file too large for this disk or this process"),
        "{}",
        said.stderr
    );
    assert!(place.list("out").is_empty(), "{:?}", place.list("out"));
}

#[test]
fn without_threads_there_is_one_line() {
    let place = place();
    let clip = cut("sample/reference.mp4", 0..4, "1", "10");
    for args in [
        &["dashboard", "--root", "run", "--port", "1"][..],
        &["index", "--reference", &clip, "--out", "i.npz"],
        &[
            "render",
            "--reference",
            &clip,
            "--new",
            &clip,
            "--timewarp-json",
            "run/timewarp.json",
            "--out",
            "r.mp4",
        ],
    ] {
        let said = without_threads(&place, args);
        let line = said.error(1);
        assert!(line.contains("threads ("), "{line}");
        let lines: Vec<&str> = said
            .stderr
            .lines()
            .filter(|line| line.contains("backtrace"))
            .collect();
        assert!(lines.is_empty(), "{}", said.stderr);
    }
    // What needs none goes on.
    let args = [
        "transfer",
        "--ref-markers",
        "m.csv",
        "--warp",
        "run/timewarp.json",
        "--out",
        "n.csv",
    ];
    without_threads(&place, &args).ok();
}

fn without_threads(place: &Place, args: &[&str]) -> Said {
    let mut program = place.program();
    program.args(args).env(NO_THREADS.0, NO_THREADS.1);
    Said::of(&program.output().unwrap())
}

#[test]
fn names_never_act_on_the_terminal() {
    let place = place();
    let name = "\u{1b}]0;owned\u{7}\u{9b}31m\rA\u{202e}";
    place.write(
        "evil\u{1b}[2J.csv",
        format!("name,t_ref,colour\n\"{name}\",5,\"{name}\"\nB,20,\n"),
    );
    place.write(&format!("runs/{name}/timewarp.json"), straight_warp(true));
    place.write(
        &format!("runs/{name}/new_markers.csv"),
        format!("marker_id,name,t_ref,t_new\n1,\"{name}\",5,4\n2,B,20,19\n"),
    );
    let evil = "evil\u{1b}[2J.csv";
    for args in [
        &[
            "transfer",
            "--ref-markers",
            evil,
            "--warp",
            "run/timewarp.json",
            "--out",
            "n.csv",
        ][..],
        &["import-markers", evil, "--out", "i\u{1b}[2J.csv"],
        &["export", "edl", "--markers", evil, "--out", "e.edl"],
        &["splits", "runs", "--out", "s.csv"],
        &["doctor", evil],
        &[
            "transfer",
            "--ref-markers",
            "no\u{1b}[2J.csv",
            "--warp",
            "run/timewarp.json",
            "--out",
            "x.csv",
        ],
        &[
            "-v",
            "export",
            "fcpxml",
            "--markers",
            evil,
            "--out",
            "e\u{9b}31m.fcpxml",
        ],
        &["export", "\u{1b}[2J"],
    ] {
        let said = place.run_args(args);
        for text in [&said.stdout, &said.stderr] {
            let acts = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!text.contains(acts), "{args:?}: {text:?}");
        }
    }
    // Files keep what was given.
    assert!(place.read("n.csv").contains(name));
}
