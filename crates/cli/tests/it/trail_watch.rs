//! `trail watch` on the real program (docs/reference/cli.md#trail). What it does while files come and go is
//! tested beside the code, where no time passes.

use std::fs;

use serde_json::Value;

use crate::common::{Place, Said, cut};

/// A reference with markers beside it, a recording on a card, and a copy that broke off.
fn card(place: &Place) {
    fs::create_dir_all(place.path("card/DCIM/100GOPRO")).unwrap();
    fs::create_dir_all(place.path("runs")).unwrap();
    fs::copy(
        cut("sample/reference.mp4", 2..16, "1", "15"),
        place.path("best.mp4"),
    )
    .unwrap();
    place.write("best_markers.csv", "name,t_ref\nRoot,4.0\nFork,9.0\n");
    let new = cut("sample/new.mp4", 2..16, "1", "15");
    fs::copy(&new, place.path("card/DCIM/100GOPRO/GX010105.MP4")).unwrap();
    let bytes = fs::read(new).unwrap();
    place.write("card/cut.mp4", &bytes[..bytes.len() / 2]);
}

fn watch(place: &Place, args: &str) -> Said {
    let mut command = place.program();
    command.env("MTB_WATCH_SETTLE_SEC", "1");
    let all = format!("trail watch card --root runs --progress none {args}");
    Said::of(&command.args(all.split_whitespace()).output().unwrap())
}

#[test]
fn what_is_there_is_done_once() {
    let place = Place::sharing_cache();
    card(&place);
    let said = watch(&place, "--once --reference best.mp4 --preset resolve-edl");
    assert_eq!(said.code, 3, "one is broken: {}{}", said.stdout, said.stderr);
    let line = said
        .stdout
        .lines()
        .find(|line| line.starts_with("GX010105.MP4 synced: "));
    let line = line.unwrap_or_else(|| panic!("{}", said.stdout));
    assert!(line.ends_with(" the reference, out runs/GX010105_sync"), "{line}");
    assert!(
        said.stderr.contains("warning: cut.mp4 looks broken: "),
        "{}",
        said.stderr
    );
    let run = place.list("runs/GX010105_sync");
    for name in ["timewarp.json", "new_markers.csv", "new_markers.edl"] {
        assert!(run.contains(&name.to_owned()), "{run:?}");
    }
    fs::rename(
        place.path("card/DCIM/100GOPRO/GX010105.MP4"),
        place.path("card/monday.mp4"),
    )
    .unwrap();
    // The markers and the reference are those of the run.
    fs::remove_file(place.path("best_markers.csv")).unwrap();
    let other = cut("sample/new.mp4", 3..17, "1.2", "15");
    fs::copy(other, place.path("card/tuesday.mp4")).unwrap();
    let said = watch(&place, "--once --json");
    let events: Vec<Value> = said
        .ok()
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told = |event: &str| events.iter().filter(|object| object["event"] == event).count();
    assert_eq!(
        (told("known"), told("failed_before"), told("synced")),
        (1, 1, 1),
        "{events:?}"
    );
    let last = events.last().unwrap();
    assert_eq!(
        (&last["command"], &last["result"]["known"]),
        (&"trail".into(), &2.into())
    );
    let markers = place.read("runs/tuesday_sync/new_markers.csv");
    assert!(markers.contains("Root") && markers.contains("Fork"), "{markers}");
}

#[test]
fn what_it_cannot_start_with_is_said() {
    let place = Place::new();
    card(&place);
    let error = |args: &str, code| watch(&place, args).error(code).to_owned();
    assert!(error("--once", 1).contains("no run below the root that names its reference: runs; hint: name"));
    assert!(error("--once --reference gone.mp4", 1).contains("reference is not there: gone.mp4"));
    assert!(error("--once --reference best.mp4 --preset davinci", 2).contains("resolve-edl"));
    place.write("runs/watch.json", "my own");
    assert!(error("--once --reference best.mp4", 1).contains("not a note of what failed: runs/watch.json"));
    fs::remove_dir_all(place.path("runs")).unwrap();
    assert!(error("--once --reference best.mp4", 1).contains("no such folder: runs"));
}

#[cfg(unix)]
#[test]
fn the_first_ctrl_c_lets_the_running_pair_end_and_the_next_signal_does_not() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    let place = Place::sharing_cache();
    card(&place);
    let start = |more: &str| {
        let mut command: Command = place.program();
        let args = format!("trail watch card --root runs --reference best.mp4 --progress none{more}");
        let mut child = command
            .env("MTB_WATCH_SETTLE_SEC", "1")
            .args(args.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // As a terminal does it: the signal goes to the program and to those it has started.
            .process_group(0)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        assert!(lines.any(|line| line == "GX010105.MP4: syncing"));
        (child, lines)
    };
    let signal = |child: &std::process::Child, signal: libc::c_int| {
        // SAFETY: a call of the system with numbers; the group is that of a child that was not waited for.
        assert_eq!(unsafe { libc::kill(-(child.id() as libc::pid_t), signal) }, 0);
    };
    let (mut child, _lines) = start(" --no-cache");
    signal(&child, libc::SIGINT);
    signal(&child, libc::SIGTERM);
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!place.path("runs/GX010105_sync").exists());
    let (mut child, lines) = start("");
    signal(&child, libc::SIGINT);
    let lines: Vec<String> = lines.collect();
    let is_synced = |line: &String| line.starts_with("GX010105.MP4 synced: ");
    assert!(lines.iter().any(is_synced), "{lines:?}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(place.path("runs/GX010105_sync/timewarp.json").exists());
}
