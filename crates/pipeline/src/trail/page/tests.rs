//! Pages of made-up boards.

use std::path::{Path, PathBuf};

use mtbsync_formats::fingerprint;
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::Cancel;

use super::stills::chosen;
use super::write_page;
use crate::context::Context;
use crate::trail::board::{BoardRequest, board};
use crate::trail::edit::{RunChange, put_gates, set_name, set_run};
use crate::trail::places::Places;
use crate::trail::runs::Root;
use crate::trail::tests::{Trails, gates};

/// Writes the page of all runs; gives it and the lines for the person.
fn written(trails: &Trails, path: &Path) -> Result<(String, Vec<String>), PipelineError> {
    asked(trails, &BoardRequest::default(), path)
}

fn asked(
    trails: &Trails,
    request: &BoardRequest,
    path: &Path,
) -> Result<(String, Vec<String>), PipelineError> {
    let root = Root::read(trails.path())?;
    let places = Places::new(&root, root.trail(None, &mut Vec::new())?);
    let cancel = Cancel::default();
    let context = Context::silent(&cancel, String::new, false);
    let shown = board(&places, request)?;
    let warnings = write_page(&places, &shown, true, path, &context)?;
    Ok((std::fs::read_to_string(path).unwrap(), warnings))
}

fn out(trails: &Trails) -> PathBuf {
    trails.path().join("board.html")
}

fn said(rider: &str, date: &str) -> RunChange {
    RunChange {
        rider: Some(rider.to_owned()),
        date: Some(date.to_owned()),
        ..RunChange::default()
    }
}

#[test]
fn a_page_tells_the_board_and_where_somebody_stood() {
    let trails = Trails::three();
    for (run, date) in [("a", "2026-06-14"), ("b", "2026-05-01")] {
        set_run(trails.path(), run, &said("Ana", date)).unwrap();
    }
    let (html, warnings) = written(&trails, &out(&trails)).unwrap();
    assert_eq!(
        warnings,
        ["no stills of the gates: the reference recording is not where it was"]
    );
    for part in [
        "most in Fork - Barn (+4.0 s, stood 4.1 s)",
        "<small class=\"below\">stood 4.1 s</small>",
        ">10.000<i>*</i></td>",
        "<th scope=\"row\" class=\"run\">Ideal</th>",
        "<th scope=\"row\" class=\"run\">Reference</th>",
        "Ana: 45.450 s on 2026-05-01, 45.000 s on 2026-06-14 (-0.450 s)</figcaption>",
        "Least consistent of Ana: Barn - End",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    // The largest loss of a section is red, whatever it is in seconds.
    let row = html.lines().find(|line| line.contains("title=\"c\"")).unwrap();
    assert!(row.contains("\"num loss l10\""), "{row}");
    assert_eq!(
        (
            html.matches("<svg").count(),
            html.matches("class=\"gate\"").count()
        ),
        (2, 4)
    );
    assert_eq!(html.matches("class=\"curve").count(), 1 + 3, "one is the chart");
    assert!(html.contains("class=\"curve lead\" id=\"curve-0\"><title>a</title>"));
    assert!(html.matches("<th ").count() > 10 && !html.contains("<th>"));
    assert!(!html.contains(".mp4") && !html.contains("/nowhere"));
    assert_eq!(written(&trails, &out(&trails)).unwrap().0, html);
}

#[test]
fn against_a_run_what_is_equal_is_between_red_and_green_and_other_riders_are_left_out() {
    let trails = Trails::three();
    set_run(trails.path(), "a", &said("Ana", "2026-06-14")).unwrap();
    set_run(trails.path(), "b", &said("Ana", "2026-06-15")).unwrap();
    let request = BoardRequest {
        against: Some("b".to_owned()),
        rider: Some("Ana".to_owned()),
        ..BoardRequest::default()
    };
    let (html, _) = asked(&trails, &request, &out(&trails)).unwrap();
    assert!(html.contains("Losses and gaps are against b.") && html.contains("Seconds lost to b since"));
    let row = |run: &str| {
        let title = format!("title=\"{run}\"");
        html.lines()
            .find(|line| line.starts_with("<tr") && line.contains(&title))
    };
    assert!(row("a").unwrap().contains("-0.200<i>*</i>") && row("c").is_none());
    assert!(row("b").unwrap().contains("\"num loss l5\""), "{:?}", row("b"));
    assert_eq!(html.matches("class=\"curve").count(), 1 + 2);
}

#[test]
fn no_text_of_a_person_becomes_markup() {
    let trails = Trails::three();
    let evil = "\"'><script>alert(1)</script>";
    set_name(trails.path(), None, evil).unwrap();
    let mut change = said(evil, "2026-06-14");
    change.bike = Some(evil.to_owned());
    change.note = Some(evil.to_owned());
    set_run(trails.path(), "a", &change).unwrap();
    set_run(trails.path(), "b", &said(evil, "2026-06-15")).unwrap();
    trails.steady("d'><script>x&quot;", "D", 1.02, 0.01);
    put_gates(
        trails.path(),
        None,
        gates(&[("<script>", 5.0), ("\" onload='x", 15.0), (evil, 50.0)]),
    )
    .unwrap();
    let (html, _) = written(&trails, &out(&trails)).unwrap();
    assert_eq!(
        (html.matches("<script").count(), html.matches("</script").count()),
        (1, 1)
    );
    assert!(!html.contains("\" onload") && !html.contains("'x") && !html.contains("alert(1)</s"));
    assert!(html.contains("<h1>&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;</h1>"));
    assert!(html.contains("id=\"curve-2\"><title>d&#39;&gt;&lt;script&gt;x&amp;quot;</title>"));
}

#[test]
fn only_an_own_page_is_replaced() {
    let trails = Trails::three();
    let page = out(&trails);
    std::fs::write(&page, "<!doctype html><title>Trail board: mine</title>").unwrap();
    assert!(written(&trails, &page).is_err());
    std::fs::remove_file(&page).unwrap();
    assert!(written(&trails, &page).is_ok() && written(&trails, &page).is_ok());
}

#[test]
fn gates_show_the_reference_where_it_is_the_one_that_was_measured() {
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/sample/reference.mp4");
    let key = fingerprint(&[&recording]).unwrap();
    let trails = Trails::three();
    // Runs of `from` are of `to`, which is at the recording's path.
    let point = |from: &str, to: &str| {
        for run in ["a", "b", "c"] {
            let file = trails.path().join(run).join("timewarp.json");
            let text = std::fs::read_to_string(&file).unwrap();
            let text = text.replace("/nowhere/R.mp4", recording.to_str().unwrap());
            std::fs::write(&file, text.replace(from, to)).unwrap();
        }
        std::fs::remove_file(trails.path().join("trail.json")).unwrap();
        put_gates(trails.path(), None, gates(&[("Top", 2.0), ("Barn", 10.0)])).unwrap();
    };
    point("sha256:R", "sha256:other");
    let (html, warnings) = written(&trails, &out(&trails)).unwrap();
    assert_eq!(
        warnings,
        ["no stills of the gates: another recording is where the reference was"]
    );
    assert!(!html.contains("<img"));
    point("sha256:other", &key);
    let (html, warnings) = written(&trails, &out(&trails)).unwrap();
    assert_eq!(warnings, [""; 0]);
    assert_eq!(html.matches("<img alt=\"The reference at ").count(), 2);
    assert!(html.contains("width=\"320\" height=\"180\" src=\"data:image/jpeg;base64,/9j/"));
    assert!(!html.contains("reference.mp4"));
    assert_eq!(written(&trails, &out(&trails)).unwrap().0, html);
}

#[test]
fn of_many_gates_the_ends_and_some_between_have_a_still() {
    let many: Vec<usize> = (0..40).collect();
    let few = chosen(&many);
    assert_eq!((few.len(), few[0], few[11]), (12, &0, &39));
    assert!(few.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(chosen(&many[..3]), [&0, &1, &2]);
    assert_eq!((chosen(&many[..1]), chosen(&many[..0]).len()), (vec![&0], 0));
}

#[test]
fn a_season_stays_small() {
    let trails = Trails::new();
    for k in 0..40 {
        trails.steady(
            &format!("GX01{k:04}_sync"),
            &format!("N{k}"),
            1.0 + 0.01 * f64::from(k),
            0.02,
        );
    }
    let names: Vec<String> = (0..=20).map(|k| format!("{k:02} Rock garden")).collect();
    let names: Vec<(&str, f64)> = names
        .iter()
        .zip(0..)
        .map(|(name, k)| (name.as_str(), 5.0 + 2.0 * f64::from(k)))
        .collect();
    put_gates(trails.path(), None, gates(&names)).unwrap();
    let (html, _) = written(&trails, &out(&trails)).unwrap();
    assert_eq!(html.matches("data-curve=\"39\"").count(), 2);
    assert!(html.len() < 1_000_000, "{} bytes", html.len());
}
