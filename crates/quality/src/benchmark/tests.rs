use std::fs;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::*;

/// A root whose run folders are listed newest first.
struct Root(tempfile::TempDir);

impl Root {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, name: &str, age: u64, files: &[(&str, String)]) {
        let folder = self.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        for (file, content) in files {
            fs::write(folder.join(file), content).unwrap();
        }
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 - age);
        fs::File::open(&folder).unwrap().set_modified(modified).unwrap();
    }

    fn scan(&self, settings: &BenchmarkSettings) -> Benchmark {
        scan(self.path(), &self.path().join("out"), settings, &mut |_, _| ()).unwrap()
    }
}

fn warp(p90: f64, ok: bool) -> String {
    json!({"ok": ok, "version": 2, "model": "monotone", "params": {"a": 0.98412, "b": 4.1203}, "ppm": 15880.0,
        "inlier_frac": 0.81, "residuals": {"mae": 0.061, "p50": 0.044, "p90": p90, "p95": 0.19}, "window_sec": 1.0,
        "n_pairs": 702, "coverage": 0.93, "reasons": if ok { json!([]) } else { json!(["coverage 0.3 < 0.5"]) }})
    .to_string()
}

fn perf() -> String {
    json!({"ok": true, "fps": 61.2, "cpu_pct": 310.0, "rss_mb": 410.5}).to_string()
}

fn sample() -> Root {
    let root = Root::new();
    root.run(
        "good",
        1,
        &[("timewarp.json", warp(0.132, true)), ("perf.json", perf())],
    );
    root.run("loose", 2, &[("timewarp.json", warp(1.5, true))]);
    root.run("refused", 3, &[("timewarp.json", warp(0.2, false))]);
    root.run(
        "half",
        4,
        &[("pairs_raw.csv", "t_new,t_ref,score,n_inliers\n".to_owned())],
    );
    root.run(
        "broken",
        5,
        &[
            ("timewarp.json", "{\"ok\":".to_owned()),
            ("perf.json", "[".to_owned()),
        ],
    );
    root.run("not_a_run", 0, &[("notes.txt", String::new())]);
    root.run("out", 0, &[("perf.json", perf())]);
    root
}

#[test]
fn run_folders_are_read_newest_first_without_the_output_folder() {
    let benchmark = sample().scan(&BenchmarkSettings::default());
    let rows: Vec<_> = benchmark
        .runs
        .iter()
        .map(|r| (r.run_id.as_str(), r.status.name(), r.ok, r.strict_ok))
        .collect();
    assert_eq!(
        rows,
        [
            ("good", "ok", Some(true), Some(true)),
            ("loose", "ok", Some(true), Some(false)),
            ("refused", "ok", Some(false), Some(false)),
            ("half", "missing_artefacts", None, None),
            ("broken", "error", None, None),
        ]
    );
}

#[test]
fn pattern_and_limit_choose_and_the_root_may_be_a_run() {
    let root = sample();
    let only = |pattern: &str, limit: usize| {
        let settings = BenchmarkSettings {
            pattern: pattern.to_owned(),
            limit,
            ..BenchmarkSettings::default()
        };
        root.scan(&settings)
            .runs
            .into_iter()
            .map(|r| r.run_id)
            .collect::<Vec<_>>()
    };
    assert_eq!(only("[a-h]*", 2000), ["good", "half", "broken"]);
    assert_eq!(only("*", 2), ["good", "loose"]);
    assert!(only("none*", 2000).is_empty());

    let single = scan(
        &root.path().join("good"),
        Path::new("elsewhere"),
        &BenchmarkSettings::default(),
        &mut |_, _| (),
    );
    assert_eq!(
        single.unwrap().runs.first().map(|r| r.run_id.as_str()),
        Some("good")
    );
    assert!(
        scan(
            &root.path().join("no"),
            Path::new("x"),
            &BenchmarkSettings::default(),
            &mut |_, _| ()
        )
        .is_err()
    );
}

#[test]
fn the_summary_counts_and_averages_what_is_there() {
    let root = sample();
    let summary = root.scan(&BenchmarkSettings::default()).summary();
    assert_eq!((summary.total, summary.ok, summary.strict_ok), (5, 2, 1));
    assert_eq!(
        summary.text(true),
        "Total runs: 5\nOK: 2 (40.0%)\nStrict OK: 1 (20.0%)\nMean P90: 0.611 s\nMean PPM: 15880.0\n"
    );
    let empty = Root::new().scan(&BenchmarkSettings::default());
    assert!(empty.runs.is_empty());
    assert_eq!(
        empty.summary().text(false),
        "Total runs: 0\nOK: 0 (0.0%)\nMean P90: -\nMean PPM: -\n"
    );
}

#[test]
fn csv_and_json_hold_the_same_columns_in_the_specified_order() {
    let root = sample();
    let settings = BenchmarkSettings {
        fields: ["fps", "rss_mb", "fps", "ok", " "].map(str::to_owned).to_vec(),
        ..BenchmarkSettings::default()
    };
    let benchmark = root.scan(&settings);
    let out = root.path().join("out");
    let written = benchmark
        .write(&out, ReportFormats::default(), false, "2026-06-01T09:00:00Z")
        .unwrap();
    assert_eq!(written.len(), 2);
    let csv = fs::read_to_string(out.join("benchmark_quality.csv")).unwrap();
    let mut lines = csv.lines();
    let header = lines.next().unwrap();
    assert_eq!(
        header,
        "run_id,status,ok,strict_ok,inlier_frac,res_p90,res_mae,ppm,a,b,model,n_pairs,window_sec,fps,rss_mb,\
         coverage,res_p50,res_p95,reasons"
    );
    assert_eq!(
        lines.next().unwrap(),
        "good,ok,true,true,0.8100,0.132000,0.061000,15880.0000,0.984120000,4.120300,monotone,702,1.000000,61.2,410.5,\
         0.9300,0.044000,0.190000,"
    );
    assert_eq!(lines.nth(2).unwrap(), "half,missing_artefacts,,,,,,,,,,,,,,,,,");
    assert!(lines.next().unwrap().starts_with("broken,error,,,"));

    let json: Vec<Value> = mtbsync_formats::json::read(&out.join("benchmark_quality.json")).unwrap();
    assert_eq!(json.len(), 5);
    for row in &json {
        assert!(row.as_object().unwrap().keys().eq(header.split(',')));
    }
    assert_eq!(json.first().unwrap().get("rss_mb"), Some(&json!(410.5)));
    assert!(json.get(3).unwrap().get("strict_ok").unwrap().is_null());
    assert_eq!(
        json.get(2).unwrap().get("reasons"),
        Some(&json!("coverage 0.3 < 0.5"))
    );
}

#[test]
fn residuals_that_are_not_stated_come_from_the_pairs() {
    let root = Root::new();
    let pairs = "t_new,t_ref,confidence\n".to_owned()
        + &(0..20).map(|i| format!("{i},{i}.5,0.9\n")).collect::<String>();
    let line =
        json!({"model": "affine", "params": {"a": 1.0, "b": 0.25}, "inlier_frac": 0.7, "ppm": 0}).to_string();
    root.run("v1", 1, &[("timewarp.json", line), ("pairs.csv", pairs.clone())]);
    let unstated = json!({"ok": false, "version": 2, "model": "monotone", "params": null}).to_string();
    root.run(
        "no_map",
        2,
        &[("timewarp.json", unstated), ("pairs_raw.csv", pairs)],
    );
    let benchmark = root.scan(&BenchmarkSettings::default());
    let p90: Vec<_> = benchmark.runs.iter().map(|r| r.res_p90.unwrap()).collect();
    assert_eq!(p90, [0.25, 0.0]);
    assert_eq!(benchmark.runs.first().unwrap().strict_ok, Some(true));
}

#[test]
fn both_html_files_are_the_same_page_without_outside_resources() {
    let root = sample();
    let out = root.path().join("out");
    let formats = ReportFormats {
        csv: false,
        json: false,
        html: true,
    };
    let benchmark = root.scan(&BenchmarkSettings::default());
    assert_eq!(
        benchmark
            .write(&out, formats, false, "2026-06-01T09:00:00Z")
            .unwrap()
            .len(),
        2
    );
    let page = fs::read_to_string(out.join("benchmark_quality.html")).unwrap();
    assert_eq!(page, fs::read_to_string(out.join("report.html")).unwrap());
    for outside in ["http:", "https:", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for card in ["Total Runs", "OK %", "Strict OK %", "Mean P90", "Mean PPM"] {
        assert!(page.contains(&format!("<div class=\"label\">{card}</div>")));
    }
    assert_eq!(
        (
            page.matches("class=\"card\"").count(),
            page.matches("<svg").count()
        ),
        (5, 2)
    );
    assert_eq!(page.matches("<tr>").count(), 1 + 5);
}

#[test]
fn a_run_that_failed_before_its_map_says_why() {
    let root = Root::new();
    let perf = r#"{"ok":false,"error":"not a video (unreadable): a.mp4","rss_mb":38.0}"#;
    root.run("a", 0, &[("perf.json", perf.to_owned())]);
    let benchmark = root.scan(&BenchmarkSettings::default());
    let row = benchmark.runs.first().unwrap();
    assert_eq!(row.status, RunStatus::MissingArtefacts);
    assert_eq!(row.reasons, ["not a video (unreadable): a.mp4"]);
    let page = benchmark.html("2026-06-01T09:00:00Z");
    assert!(page.contains("not a video (unreadable): a.mp4") && page.contains("2026-06-01 09:00 UTC"));
    assert!(page.contains(">Memory MB<"), "columns have names for people");
}

#[test]
fn every_value_in_the_page_is_escaped() {
    let attack = "<img src=x onerror=alert(1)>\"'&</script>\u{202e}";
    let row = RunRow {
        run_id: attack.to_owned(),
        model: Some(attack.to_owned()),
        fields: vec![json!(attack)],
        reasons: vec![attack.to_owned()],
        ..run::read_run(Path::new("nowhere"), String::new(), &[])
    };
    let benchmark = Benchmark {
        root_name: attack.to_owned(),
        fields: vec![attack.to_owned()],
        runs: vec![row],
    };
    let page = benchmark.html(attack);
    assert!(!page.contains("<img") && !page.contains('\u{202e}'));
    assert_eq!(page.matches("</script>").count(), 1);
    assert!(
        page.matches("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;")
            .count()
            >= 7
    );
}

#[test]
fn no_runs_make_a_readable_page() {
    let page = Root::new().scan(&BenchmarkSettings::default()).html("now");
    assert!(page.contains("No run folder was found") && page.contains("no data"));
}
