//! Another reference: what is measured and what a person has set stays.

use super::*;

#[test]
fn a_moment_set_by_hand_counts_and_survives_another_reference() {
    let trails = Trails::three();
    let predicted = row(&trails.plain(), "b").sections[0].sec.unwrap();
    // Fork is 0.3 s later than the map says.
    let set = 2.0 + 1.01 * 15.0 + 0.3;
    Trails::confirm(&trails.path().join("b"), 15.0, set);
    let before = trails.plain();
    assert!((row(&before, "b").sections[0].sec.unwrap() - predicted - 0.3).abs() < 1e-6);
    trails.repoint("a");
    trails.repoint("c");
    let after = trails.plain();
    for ((run, before), (_, after)) in times(&before).iter().zip(times(&after)) {
        for (before, after) in before.iter().zip(after) {
            assert!(
                (before.unwrap() - after.unwrap()).abs() < 1e-6,
                "{run}: {before:?} {after:?}"
            );
        }
    }
    // New gates, and another folder of the same recording against another reference: still there.
    trails.repoint("a");
    let knots: Vec<(f64, f64)> = (0..=60)
        .map(|k| (2.0 + 1.01 * f64::from(k), 2.0 + f64::from(k)))
        .collect();
    trails.run("b-again", ["A", "B"], &knots, 0.01);
    let again = trails.plain();
    assert!((row(&again, "b-again").sections[0].sec.unwrap() - predicted - 0.3).abs() < 1e-6);
}

#[test]
fn another_reference_and_back_leaves_everything_as_it_was() {
    let trails = Trails::three();
    set_name(trails.path(), None, "Ridge line").unwrap();
    let (file, board) = (TrailFile::read(trails.path()).unwrap(), trails.plain());
    let report = trails.repoint("b");
    assert_eq!(
        (report.reference.as_str(), report.kept),
        ("B.mp4", vec!["b".to_owned()])
    );
    assert_eq!(report.composed.len(), 2);
    let there = TrailFile::read(trails.path()).unwrap();
    let fork = &there.trails[0].gates[1];
    assert!((fork.t_ref.unwrap() - (2.0 + 1.01 * 15.0)).abs() < 1e-6);
    assert_eq!((fork.on.as_deref(), fork.t_on), (Some("sha256:R"), Some(15.0)));
    for (before, after) in board.rows.iter().zip(&trails.plain().rows) {
        assert_eq!((before.rank, &before.tie_with), (after.rank, &after.tie_with));
        assert!((before.total.unwrap().low - after.total.unwrap().low).abs() < 1e-6);
    }
    // A recording against the first reference leads back to it.
    let knots: Vec<(f64, f64)> = (0..=60)
        .map(|k| (f64::from(k), 2.0 + 1.01 * f64::from(k)))
        .collect();
    trails.run("back", ["B", "R"], &knots, 0.01);
    trails.repoint("back");
    let back = TrailFile::read(trails.path()).unwrap();
    assert_eq!(back.trails[0].gates, file.trails[0].gates);
    assert_eq!(back.trails[0].reference.fingerprint, "sha256:R");
}

#[test]
fn a_gate_the_new_reference_never_passed_waits_for_another() {
    let trails = Trails::three();
    let knots: Vec<(f64, f64)> = (0..=28).map(|k| (f64::from(k), f64::from(k))).collect();
    trails.run("short", ["R", "S"], &knots, 0.01);
    let report = trails.repoint("short");
    assert_eq!(report.gates_apart, ["Barn", "End"]);
    let why: Vec<&str> = report.to_sync.iter().map(|run| run.run.as_str()).collect();
    assert_eq!(why, ["a", "b", "c"]);
    assert_eq!(trails.plain().gates.len(), 2);
    trails.repoint("a");
    assert_eq!(trails.plain().gates.len(), 4);
}

#[test]
fn a_recording_ends_where_it_ends_also_for_itself() {
    let trails = Trails::three();
    trails.repoint("a");
    let gate = |name: &str, t_ref_secs: f64| PlacedGate {
        id: String::new(),
        name: name.to_owned(),
        t_ref_secs,
        kind: GateKind::Split,
        set_on: (String::new(), t_ref_secs),
    };
    let far = put_gates(trails.path(), None, vec![gate("Top", 7.0), gate("Far", 500.0)]).unwrap_err();
    assert_eq!(far.failure(), Failure::Usage);
    // Written by somebody else, it is no place of anybody.
    let mut file = TrailFile::read(trails.path()).unwrap();
    file.trails[0].gates[3].t_ref = Some(500.0);
    (file.trails[0].gates[3].on, file.trails[0].gates[3].t_on) = (None, None);
    file.write(trails.path()).unwrap();
    assert_eq!(trails.plain().gates.len(), 3);
    let root = Root::read(trails.path()).unwrap();
    let trail = root.trail(None, &mut Vec::new()).unwrap();
    let cancel = Cancel::default();
    let found = suggest(
        &Places::new(&root, trail),
        4,
        &Context::silent(&cancel, String::new, false),
    );
    assert!(found.unwrap().iter().all(|gate| gate.t_ref < 100.0));
}

#[test]
fn runs_stay_with_their_trail_when_the_one_that_connects_them_goes() {
    let trails = Trails::three();
    trails.repoint("a");
    set_name(trails.path(), None, "Ridge line").unwrap();
    std::fs::remove_dir_all(trails.path().join("a")).unwrap();
    let root = Root::read(trails.path()).unwrap();
    let trail = root.trail(None, &mut Vec::new()).unwrap();
    assert_eq!((trail.entry.name.as_str(), trail.runs.len()), ("Ridge line", 2));
    let apart = board(&Places::new(&root, trail), &BoardRequest::default()).unwrap_err();
    assert!(apart.hint().unwrap().contains("trail reference"), "{apart}");
    trails.repoint("b");
    assert_eq!(trails.plain().gates.len(), 4);
}

#[test]
fn a_newer_map_moves_no_gate_and_takes_no_confirmed_moment_away() {
    let trails = Trails::three();
    let set = 2.0 + 1.01 * 15.0 + 0.3;
    Trails::confirm(&trails.path().join("b"), 15.0, set);
    trails.repoint("a");
    let before = trails.plain();
    // The pair of the reference once more, surer and a tenth of a second off.
    let knots: Vec<(f64, f64)> = (0..=60).map(|k| (2.1 + f64::from(k), f64::from(k))).collect();
    trails.run("a-again", ["R", "A"], &knots, 0.001);
    let after = trails.plain();
    assert_eq!(row(&before, "b").sections, row(&after, "b").sections);
    trails.repoint("b");
    let gates = TrailFile::read(trails.path()).unwrap().trails.remove(0).gates;
    assert!(
        gates.iter().all(|gate| gate.on.as_deref() == Some("sha256:R")),
        "{gates:?}"
    );
}

#[test]
fn a_confirmed_moment_is_of_the_nearest_gate_and_no_run_without_a_map_has_times() {
    let trails = Trails::three();
    trails.repoint("a");
    let knots: Vec<(f64, f64)> = (0..=60).map(|k| (f64::from(k), f64::from(k))).collect();
    let other = trails.run("other", ["B", "D"], &knots, 0.3);
    // Fork on the clock of B, its reference.
    Trails::confirm(&other, 2.0 + 1.01 * 15.0, 17.4);
    let near = |name: &str, t_ref_secs: f64| PlacedGate {
        id: String::new(),
        name: name.to_owned(),
        t_ref_secs,
        kind: GateKind::Split,
        set_on: (String::new(), t_ref_secs),
    };
    put_gates(
        trails.path(),
        None,
        vec![near("Top", 7.0), near("Fork", 17.0), near("Next", 17.15)],
    )
    .unwrap();
    let board = trails.plain();
    let t = row(&board, "other").sections[0].t.unwrap();
    assert_eq!(t[1], 17.4);
    assert_ne!(row(&board, "other").sections[1].t.unwrap()[1], 17.4);

    let bad = trails.path().join("bad");
    std::fs::create_dir_all(&bad).unwrap();
    let map = std::fs::read_to_string(trails.path().join("b").join(TIMEWARP_FILE)).unwrap();
    let map = map
        .replacen("\"ok\": true", "\"ok\": false", 1)
        .replace("sha256:B", "sha256:X");
    std::fs::write(bad.join(TIMEWARP_FILE), map).unwrap();
    Trails::confirm(&bad, 15.0, 17.0);
    let board = trails.plain();
    assert!(row(&board, "bad").total.is_none() && row(&board, "bad").outside == 2);
}

#[test]
fn maps_that_name_no_recording_keep_what_was_confirmed() {
    let trails = Trails::new();
    let folder = trails.steady("old", "B", 1.01, 0.01);
    let path = folder.join(TIMEWARP_FILE);
    let mut map: serde_json::Value = json::read(&path).unwrap();
    for side in ["reference", "new"] {
        (map[side]["path"], map[side]["fingerprint"]) = ("".into(), "".into());
    }
    std::fs::write(&path, map.to_string()).unwrap();
    let table = "name,t_ref\nTop,5.0\nFork,15.0\n";
    std::fs::write(folder.join(NEW_MARKERS_FILE), table).unwrap();
    Trails::confirm(&folder, 15.0, 17.4);
    let board = trails.plain();
    let section = &row(&board, "old").sections[0];
    assert_eq!(section.t.unwrap()[1], 17.4);
    assert!((section.t.unwrap()[0] - (2.0 + 1.01 * 5.0)).abs() < 1e-6);
}
