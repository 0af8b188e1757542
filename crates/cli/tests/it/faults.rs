//! Reads that fail, and inputs that are no files. One call of the C library is made to fail after the other
//! (`tests/faults/shim.c`); none of them may pass for a shorter recording.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::common::{Place, Said, clip, data};
use crate::edits::edited;
use crate::markers::place_with_markers;

/// The shim, compiled once.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libfault.so");
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status()
            .expect("the tests need a C compiler");
        assert!(status.success());
        library
    })
}

/// Calls of kind `op` on paths that begin with `under`.
struct Calls<'a> {
    op: &'a str,
    under: &'a Path,
}

impl Calls<'_> {
    /// Runs the program; the call of number `fail_at` fails as on a broken disk. Gives what it said, and how
    /// many calls there were.
    fn run(&self, place: &Place, args: &[&str], fail_at: Option<u64>) -> (Said, u64) {
        let count = place.path("home/calls");
        fs::create_dir_all(place.path("home")).unwrap();
        fs::write(&count, "").unwrap();
        let mut program = place.program();
        program
            .args(args)
            .env("LD_PRELOAD", shim())
            .env("MTB_FAULT_OP", self.op)
            .env("MTB_FAULT_UNDER", self.under)
            .env("MTB_FAULT_COUNT", &count);
        if let Some(number) = fail_at {
            program.env("MTB_FAULT_AT", number.to_string());
        }
        let said = Said::of(&program.output().unwrap());
        (said, fs::metadata(&count).unwrap().len())
    }

    /// Lets each call fail once while a recording of chapters is indexed: each time an error in the system's
    /// words, which are given back.
    #[track_caller]
    fn fail_each_beside(&self, place: &Place) -> Vec<String> {
        let args = ["index", "--reference", "card/GX010001.MP4", "--out", "i.npz"];
        let (said, count) = self.run(place, &args, None);
        assert!(
            said.ok().stderr.lines().all(|line| !line.starts_with("warning")) && count > 2,
            "{count}: {}",
            said.stderr
        );
        fs::remove_file(place.path("i.npz")).unwrap();
        fs::remove_dir_all(place.path("home/cache")).unwrap();
        let failed = (1..=count).map(|number| {
            let (said, _) = self.run(place, &args, Some(number));
            let line = said.error(1).to_owned();
            assert!(
                line.contains("cannot be read (Input/output error"),
                "{number}: {line}"
            );
            line
        });
        failed.collect()
    }

    /// Lets each call of `index` on `file` fail once: each time an error in the system's words, and neither
    /// an index nor anything in the cache.
    #[track_caller]
    fn fail_each(&self, place: &Place, file: &str) {
        let args = ["index", "--reference", file, "--out", "i.npz"];
        let (healthy, calls) = self.run(place, &[&args[..], &["--no-cache"]].concat(), None);
        healthy.ok();
        assert!(calls > 10, "{calls} calls");
        fs::remove_file(place.path("i.npz")).unwrap();
        for number in 1..=calls {
            let (said, _) = self.run(place, &args, Some(number));
            let line = said.error(1);
            assert!(
                line.contains("cannot be read (Input/output error"),
                "{number}: {line}"
            );
            assert!(!place.path("i.npz").exists(), "{number}");
        }
        // What a cut read left in the cache would be found now.
        let (again, _) = self.run(place, &args, None);
        assert_eq!(again.ok().stdout, healthy.stdout);
    }
}

const PICTURE: &str = "testsrc2=size=160x90:rate=10:duration=3";
const H264: [&str; 8] = ["-c:v", "libx264", "-preset", "veryfast", "-g", "5", "-bf", "2"];

fn recording(name: &str, format: &str) -> String {
    let source = ["-f", "lavfi", "-i", PICTURE];
    clip(name, &[&source[..], &H264, &["-f", format]].concat())
}

#[test]
fn a_failed_read_was_taken_for_damage() {
    let place = Place::new();
    for (name, format) in [("faults.mp4", "mp4"), ("faults.mkv", "matroska")] {
        let own = place.write(name, fs::read(recording(name, format)).unwrap());
        let calls = Calls {
            op: "read",
            under: &own,
        };
        calls.fail_each(&place, name);
    }
}

#[test]
fn chapters_and_proxies_that_cannot_be_read_are_not_left_out() {
    let place = Place::new();
    let bytes = fs::read(recording("faults.mp4", "mp4")).unwrap();
    for name in ["GX010001.MP4", "GX020001.MP4", "GL020001.LRV"] {
        place.write(&format!("card/{name}"), &bytes);
    }
    for op in ["read", "open"] {
        for name in ["GX020001.MP4", "GL020001.LRV"] {
            let own = place.path("card").join(name);
            for line in (Calls { op, under: &own }).fail_each_beside(&place) {
                assert!(line.contains(name), "{line}");
            }
        }
    }
}

#[test]
fn a_folder_that_cannot_be_listed_was_one_without_other_chapters() {
    let place = Place::new();
    let bytes = fs::read(recording("faults.mp4", "mp4")).unwrap();
    for name in ["GX010001.MP4", "GX020001.MP4"] {
        place.write(&format!("card/{name}"), &bytes);
    }
    let folder = place.path("card").canonicalize().unwrap();
    let calls = Calls {
        op: "readdir",
        under: &folder,
    };
    calls.fail_each_beside(&place);
}

#[test]
fn a_cached_index_that_cannot_be_read_was_thrown_away_as_damaged() {
    let place = Place::new();
    place.write("faults.mp4", fs::read(recording("faults.mp4", "mp4")).unwrap());
    let args = ["index", "--reference", "faults.mp4"];
    place.run_args(&args).ok();
    let folder = place.path("home/cache/index");
    let kept = place.list("home/cache/index");
    assert_eq!(kept.len(), 1, "{kept:?}");
    for op in ["read", "open", "stat"] {
        let calls = Calls { op, under: &folder };
        let (said, count) = calls.run(&place, &args, None);
        said.ok();
        for number in (1..=count).step_by(count.div_ceil(8) as usize) {
            let (said, _) = calls.run(&place, &args, Some(number));
            assert!(!said.stderr.contains("damaged"), "{op} {number}: {}", said.stderr);
            if said.code != 0 && op != "stat" {
                let line = said.error(1);
                assert!(line.contains("Input/output error"), "{op} {number}: {line}");
            }
            assert_eq!(place.list("home/cache/index"), kept, "{op} {number}");
        }
    }
    let calls = Calls {
        op: "read",
        under: &folder,
    };
    let (said, count) = calls.run(&place, &["cache", "check"], None);
    said.ok();
    let (said, _) = calls.run(&place, &["cache", "check"], Some(count / 2));
    assert!(said.error(1).contains("Input/output error"), "{}", said.stderr);
}

#[test]
fn what_a_person_has_set_was_nothing_where_the_disk_could_not_tell() {
    let place = edited();
    let notes = place.path("run/annotations.json");
    let args = ["export-markers", "run", "--preset", "csv", "--out", "e.csv"];
    place.run_args(&args).ok();
    let right = place.read("e.csv");
    for op in ["stat", "open", "read"] {
        let calls = Calls { op, under: &notes };
        let (_, count) = calls.run(&place, &args, None);
        assert!(count > 0, "{op}");
        for number in 1..=count {
            let (said, _) = calls.run(&place, &args, Some(number));
            if said.code != 0 {
                assert!(
                    said.error(1).contains("cannot be read"),
                    "{op} {number}: {}",
                    said.stderr
                );
            }
            assert_eq!(place.read("e.csv"), right, "{op} {number}");
        }
    }
}

#[test]
fn a_pipe_that_nobody_writes_into_hung_for_ever() {
    let place = place_with_markers();
    let made = Command::new("mkfifo").arg(place.path("pipe.mp4")).status();
    assert!(made.unwrap().success());
    let sample = data("sample/new.mp4");
    for args in [
        "index --reference pipe.mp4 --out i.npz".to_owned(),
        format!("sync --reference pipe.mp4 --new {sample} --out out"),
        format!("sync --reference {sample} --new {sample} --index pipe.mp4 --out out"),
        format!("sync --reference {sample} --new {sample} --ref-gpx pipe.mp4 --out out"),
        "transfer --ref-markers pipe.mp4 --warp timewarp.json".to_owned(),
        "transfer --ref-markers m.csv --warp pipe.mp4".to_owned(),
        "import-markers pipe.mp4 --out markers.csv".to_owned(),
        "doctor pipe.mp4".to_owned(),
    ] {
        let said = place.run(&args);
        assert_ne!(said.code, 0, "{args}");
        let all = said.stderr + &said.stdout;
        assert!(all.contains("is a pipe, not a file"), "{args}: {all}");
    }
}

#[test]
fn a_table_comes_through_a_pipe_of_the_shell() {
    let place = place_with_markers();
    let program = place.program();
    let script = r#""$0" transfer --ref-markers <(cat m.csv) --warp timewarp.json --out n.csv"#;
    let mut shell = Command::new("bash");
    shell.args(["-c", script]).arg(program.get_program());
    shell.current_dir(place.path("")).env("HOME", place.path("home"));
    Said::of(&shell.output().unwrap()).ok();
    let by_pipe = place.read("n.csv");
    place
        .run("transfer --ref-markers m.csv --warp timewarp.json --out n.csv")
        .ok();
    assert_eq!(place.read("n.csv"), by_pipe);
}
