//! `splits`: sections, ideal sum, continuous delta and picture from maps written by hand.

use crate::common::Place;
use serde_json::Value;

/// A run that rides at `pace` new seconds per reference second, mapped on `t_ref` 10 to 110.
fn map(pace: f64, ok: bool) -> String {
    map_on("/r.mp4", pace, ok)
}

/// The same on the reference at `path`.
fn map_on(path: &str, pace: f64, ok: bool) -> String {
    format!(
        r#"{{"ok":{ok},"version":2,"model":"monotone","params":null,"ppm":null,"inlier_frac":1.0,"residuals":null,
        "window_sec":1.0,"n_pairs":100,
        "knots":{{"t_new":[5.0,{}],"t_ref":[10.0,110.0],"sigma":[0.02,0.02]}},
        "segments":[{{"knots":[0,1],"t_new":[5.0,{}],"t_ref":[10.0,110.0]}}],
        "stops":[],"coverage":1.0,"gates":[],"reasons":[],
        "reference":{{"path":"{path}","duration":130.0,"fingerprint":"sha256:{path}","fps":"30/1","width":640,"height":360,"timecode":null}},
        "new":{{"path":"/n.mp4","duration":300.0,"fingerprint":"sha256:1","fps":"30/1","width":640,"height":360,"timecode":null}}}}"#,
        5.0 + 100.0 * pace,
        5.0 + 100.0 * pace,
    )
}

fn place() -> Place {
    let place = Place::new();
    place.write("runs/monday/timewarp.json", map(1.1, true));
    place.write("runs/friday/timewarp.json", map(0.9, true));
    place.write("runs/lost/timewarp.json", map(1.0, false));
    place.write(
        "gates.csv",
        "name,t_ref\nfinish,100\nstart,20\njump,60\nbeyond,120\n",
    );
    place
}

fn rows(csv: &str) -> Vec<Vec<&str>> {
    csv.lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect()
}

#[test]
fn sections_deltas_and_ideal() {
    let place = place();
    let said = place.run("splits --ref-markers gates.csv --root runs --json");
    assert_eq!(said.code, 0, "{}", said.stderr);
    let csv = place.read("splits.csv");
    let rows = rows(&csv);
    assert_eq!(rows.len(), 8, "three sections and a total for two runs");
    let friday = &rows[0];
    assert_eq!(friday[..4], ["friday", "1", "start", "jump"]);
    assert_eq!(
        (friday[8], friday[9], friday[10], friday[14]),
        ("40.000000", "36.000000", "-4.000000", "ok")
    );
    assert_eq!(rows[1][13], "-8.000000", "cumulative delta at the finish");
    assert_eq!((rows[2][9], rows[2][14]), ("", "outside"));
    let low: f64 = friday[11].parse().unwrap();
    assert!(low < -4.0 && low > -4.2, "{low}");
    let summary = said.json();
    assert_eq!(summary["result"]["runs"], serde_json::json!(["friday", "monday"]));
    assert_eq!(summary["result"]["ideal"], Value::Null, "one section has no time");
    assert_eq!(
        summary["warnings"].as_array().unwrap().len(),
        1,
        "the run without a map"
    );
}

#[test]
fn named_gates_table_delta_and_picture() {
    let place = place();
    let said = place.run(
        "splits --ref-markers gates.csv --timewarp-json runs/monday/timewarp.json --timewarp-json runs/friday/timewarp.json \
         --sections start,finish --out a/s.csv --delta-out a/d.csv --step 0.5 --plot a/delta.svg",
    );
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("start - finish"), "{}", said.stdout);
    assert!(said.stdout.contains("88.000 (+8.000)"), "{}", said.stdout);
    assert!(said.stdout.contains("72.000 (-8.000)*"), "{}", said.stdout);
    assert!(said.stdout.contains("Ideal: 72.000 s"), "{}", said.stdout);
    let csv = place.read("a/d.csv");
    let rows = rows(&csv);
    assert_eq!(
        rows.len(),
        2 * 221,
        "from the first gate to the end of the reference"
    );
    assert_eq!(
        rows[0][..6],
        [
            "monday",
            "20.000000",
            "16.000000",
            "0.000000",
            "0.000000",
            "0.000000"
        ]
    );
    assert_eq!(rows[80][3], "4.000000");
    assert_eq!(rows[220][2..], ["", "", "", "", "r.mp4"]);
    assert!(place.read("a/delta.svg").starts_with("<svg"));
}

#[test]
fn what_cannot_be_compared_is_said() {
    let place = place();
    place.write("one.csv", "name,t_ref\nstart,20\n");
    for (args, code, what) in [
        ("--ref-markers one.csv --root runs", 1, "two gates"),
        (
            "--ref-markers gates.csv --root runs --sections start,nowhere",
            1,
            "no marker is named nowhere",
        ),
        (
            "--ref-markers gates.csv --timewarp-json runs/lost/timewarp.json",
            3,
            "no usable run",
        ),
        ("--ref-markers gates.csv", 2, "timewarp-json"),
        ("--ref-markers gates.csv --root runs --step 0", 2, "step"),
    ] {
        let said = place.run(&format!("splits {args}"));
        assert_eq!(said.code, code, "{args}: {}", said.stderr);
        assert!(said.stderr.contains(what), "{args}: {}", said.stderr);
    }
    assert!(!place.path("splits.csv").exists());
}

/// A table of carried-over markers at these reference times.
fn carried(names: &[&str], t_ref: &[f64]) -> String {
    let rows = names.iter().zip(t_ref);
    let rows: String = rows
        .map(|(name, t)| format!("{name},{t},{t},{t},0.9,false,ok\n"))
        .collect();
    format!("name,t_ref,t_new_est,t_new,confidence,needs_review,status\n{rows}")
}

#[test]
fn runs_of_two_references_get_a_table_each() {
    let place = Place::new();
    for (run, reference, pace) in [
        ("a1", "/a.mp4", 1.1),
        ("a2", "/a.mp4", 0.9),
        ("b1", "/b.mp4", 1.2),
    ] {
        place.write(
            &format!("runs/{run}/timewarp.json"),
            map_on(reference, pace, true),
        );
        let gates = if reference == "/a.mp4" {
            carried(&["start", "finish"], &[20.0, 100.0])
        } else {
            carried(&["top", "middle", "end"], &[12.0, 50.0, 90.0])
        };
        place.write(&format!("runs/{run}/new_markers.csv"), gates);
    }
    let said = place.run("splits runs --plot d.svg --delta-out d.csv --step 1");
    let tables: Vec<&str> = said.ok().stdout.split("Against ").skip(1).collect();
    assert_eq!(tables.len(), 2, "{}", said.stdout);
    assert!(
        tables[0].starts_with("a.mp4:") && tables[0].contains("start - finish") && !tables[0].contains("b1"),
        "{}",
        tables[0]
    );
    assert!(
        tables[1].starts_with("b.mp4:") && tables[1].contains("middle - end") && !tables[1].contains("a1"),
        "{}",
        tables[1]
    );
    assert!(tables[0].contains("72.000 (-8.000)*"), "{}", tables[0]);
    let csv = place.read("splits.csv");
    let of = |reference: &str| {
        rows(&csv)
            .iter()
            .filter(|row| row.last() == Some(&reference))
            .count()
    };
    assert_eq!((of("a.mp4"), of("b.mp4")), (4, 3));
    assert!(place.path("d.svg").exists() && place.path("d_2.svg").exists());
    let summary = place.run("splits runs --json").ok().json();
    assert_eq!(summary["result"]["ideal"], Value::Null);
    assert_eq!(
        summary["result"]["references"][0]["runs"],
        serde_json::json!(["a1", "a2"])
    );

    // Named markers are those of one of the references; the runs tell of which.
    place.write("a.csv", "name,t_ref\nfrom,20\nto,100\n");
    let said = place.run("splits --ref-markers a.csv --root runs");
    assert!(
        said.ok().stdout.contains("from - to") && said.stdout.contains("middle - end"),
        "{}",
        said.stdout
    );
    place.write("c.csv", "name,t_ref\nfrom,21\nto,99\n");
    let said = place.run("splits --ref-markers c.csv --root runs");
    assert!(said.error(1).contains("several references"), "{}", said.stderr);
    assert_eq!(place.run("splits --ref-markers c.csv runs/a1 runs/a2").code, 0);
}

#[test]
fn references_of_one_name_are_told_apart_and_one_run_wins_nothing() {
    let place = Place::new();
    for (run, reference) in [("a", "/monday/ref.mp4"), ("b", "/friday/ref.mp4")] {
        place.write(&format!("runs/{run}/timewarp.json"), map_on(reference, 1.1, true));
        place.write(
            &format!("runs/{run}/new_markers.csv"),
            carried(&["start", "finish"], &[20.0, 100.0]),
        );
    }
    let said = place.run("splits runs");
    assert!(
        said.ok().stdout.starts_with("Against /monday/ref.mp4:\n"),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout.contains("\nAgainst /friday/ref.mp4:\n"),
        "{}",
        said.stdout
    );
    assert!(
        !said.stdout.contains('*') && !said.stdout.contains("Ideal"),
        "{}",
        said.stdout
    );
    assert!(
        place.run("splits nowhere").error(1).contains("folder not found"),
        "no such run"
    );
}

#[test]
fn many_runs_are_sorted_and_shown_in_blocks() {
    let place = Place::new();
    place.write("gates.csv", "name,t_ref\nstart,20\nfinish,100\n");
    for n in 0..11 {
        let pace = 1.2 - 0.01 * f64::from(n);
        place.write(&format!("runs/r{n:02}/timewarp.json"), map(pace, true));
    }
    let said = place.run("splits --ref-markers gates.csv runs");
    assert!(
        said.ok()
            .stdout
            .starts_with("Runs 1 to 8 of 11, by total time:\n"),
        "{}",
        said.stdout
    );
    let head = said.stdout.lines().nth(1).unwrap();
    let runs: Vec<&str> = head.split_whitespace().skip(2).collect();
    assert_eq!(runs, ["r10", "r09", "r08", "r07", "r06", "r05", "r04", "r03"]);
    assert!(
        said.stdout.contains("3 slower runs: --all shows them"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("* best of its section"), "{}", said.stdout);
    let all = place.run("splits --ref-markers gates.csv runs --all");
    assert!(all.ok().stdout.contains("Runs 9 to 11 of 11"), "{}", all.stdout);
    assert!(
        all.stdout.contains("r00") && !all.stdout.contains("slower runs"),
        "{}",
        all.stdout
    );
}

#[test]
fn a_run_without_markers_needs_some() {
    let place = place();
    let said = place.run("splits runs/monday");
    assert!(
        said.error(1).contains("no markers") && said.stderr.contains("--ref-markers"),
        "{}",
        said.stderr
    );
    place.write("empty/file.txt", "");
    assert!(
        place.run("splits empty").error(1).contains("is no run"),
        "no map in it"
    );
    place.write(
        "runs/monday/new_markers.csv",
        carried(&["jump", "far"], &[60.0, 120.0]),
    );
    let said = place.run("splits runs/monday");
    assert!(
        said.ok().stdout.contains("outside: the run was not at a gate"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_damaged_table_of_one_run_is_left_out() {
    let place = place();
    place.write("runs/friday/new_markers.csv", "neither names\nnor times\n");
    place.write(
        "runs/monday/new_markers.csv",
        carried(&["start", "finish"], &[20.0, 100.0]),
    );
    let said = place.run("splits runs");
    assert!(
        said.ok()
            .stderr
            .contains("runs/friday/new_markers.csv is left out: "),
        "{}",
        said.stderr
    );
    assert!(
        said.stdout.contains("88.000 (+8.000)") && said.stdout.contains("72.000 (-8.000)*"),
        "both runs by the gates of the other: {}",
        said.stdout
    );
    let said = place.run("splits runs/friday");
    assert!(
        said.error(1).contains("runs/friday/new_markers.csv"),
        "no other table is there: {}",
        said.stderr
    );
}
