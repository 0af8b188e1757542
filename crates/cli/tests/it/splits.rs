//! `splits`: sections, ideal sum, continuous delta and picture from maps written by hand.

use crate::common::Place;
use serde_json::Value;

/// A run that rides at `pace` new seconds per reference second, mapped on `t_ref` 10 to 110.
fn map(pace: f64, ok: bool) -> String {
    format!(
        r#"{{"ok":{ok},"version":2,"model":"monotone","params":null,"ppm":null,"inlier_frac":1.0,"residuals":null,
        "window_sec":1.0,"n_pairs":100,
        "knots":{{"t_new":[5.0,{}],"t_ref":[10.0,110.0],"sigma":[0.02,0.02]}},
        "segments":[{{"knots":[0,1],"t_new":[5.0,{}],"t_ref":[10.0,110.0]}}],
        "stops":[],"coverage":1.0,"gates":[],"reasons":[],
        "reference":{{"path":"/r.mp4","duration":130.0,"fingerprint":"sha256:0","fps":"30/1","width":640,"height":360,"timecode":null}},
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
    assert_eq!(rows[220][2..], ["", "", "", ""]);
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
