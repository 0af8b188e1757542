//! Ctrl-C and requests to terminate in the middle of the work (docs/reference/exit-codes.md).
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::common::{Place, data, straight_warp};

/// Starts a long sync, sends `signal` once it decodes, and gives exit code and what was said.
fn interrupt(place: &Place, signal: i32, more: &[&str]) -> (Option<i32>, String, String) {
    let mut child = place
        .program()
        .args([
            "sync",
            "--reference",
            &data("race-lap/pass1.mp4"),
            "--new",
            &data("race-lap/pass2.mp4"),
        ])
        .args(["--fps", "30", "--n-features", "5000", "--out", "o"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("index reference ...") {
        assert_ne!(
            stderr.read_line(&mut said).unwrap(),
            0,
            "it must run long enough: {said}"
        );
    }
    let pid = i32::try_from(child.id()).unwrap();
    // SAFETY: `kill` has no memory effects; the process is our own child and has not been waited for.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    stderr.read_to_string(&mut said).unwrap();
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        said,
    )
}

#[test]
fn ctrl_c_leaves_nothing_and_exits_130() {
    let place = Place::new();
    let (code, _, said) = interrupt(&place, libc::SIGINT, &[]);
    assert_eq!(code, Some(130), "{said}");
    assert_eq!(
        said.lines()
            .filter(|line| line.starts_with("error: "))
            .collect::<Vec<_>>(),
        ["error: interrupted"]
    );
    assert!(!place.path("o").exists(), "{:?}", place.list("o"));
    assert!(
        place.list("home/cache/index").is_empty(),
        "no partial index in the cache"
    );
}

#[test]
fn terminate_exits_143_and_keeps_older_results() {
    let place = Place::new();
    let older = straight_warp(true);
    place.write("o/timewarp.json", &older);
    let (code, stdout, said) = interrupt(&place, libc::SIGTERM, &["--json"]);
    assert_eq!(code, Some(143), "{said}");
    let summary: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&summary["exit_code"], &summary["ok"]),
        (&143.into(), &false.into())
    );
    assert_eq!(place.list("o"), ["timewarp.json"]);
    assert_eq!(place.read("o/timewarp.json"), older);
}
