//! Boards, curves and references of made-up runs: every map is known.

mod references;

use std::path::{Path, PathBuf};

use mtbsync_align::{Segment, TimeWarp};
use mtbsync_artefacts::annotations::{Annotation, CONFIRMED, to_json};
use mtbsync_artefacts::time_warp::{NEW_MARKERS_FILE, RecordingFile, TIMEWARP_FILE, TimeWarpFile};
use mtbsync_artefacts::trail_file::{GateKind, TrailFile, trail_path};
use mtbsync_formats::json;
use mtbsync_task::error::Failure;
use mtbsync_task::progress::Cancel;
use tempfile::TempDir;

use super::board::{Board, BoardRequest, CellStatus, Order, board};
use super::curves::curves;
use super::edit::{RunChange, change, clear_gates, put_gates, set_name, set_run};
use super::pair;
use super::places::{PlacedGate, Places};
use super::reference::{Repointed, repoint};
use super::runs::Root;
use super::suggest::suggest;
use crate::context::Context;

/// Gates of the trail: name and place on the reference `R`, seconds.
const GATES: [(&str, f64); 4] = [("Start", 5.0), ("Fork", 15.0), ("Barn", 30.0), ("End", 50.0)];

pub(super) struct Trails {
    root: TempDir,
}

/// Gates by name and place on the reference, seconds.
pub(super) fn gates(named: &[(&str, f64)]) -> Vec<PlacedGate> {
    let gate = |&(name, t_ref_secs): &(&str, f64)| PlacedGate {
        id: String::new(),
        name: name.to_owned(),
        t_ref_secs,
        kind: GateKind::Split,
        set_on: (String::new(), t_ref_secs),
    };
    named.iter().map(gate).collect()
}

impl Trails {
    pub(super) fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.root.path()
    }

    /// A run whose map goes through `knots` (t_new, t_ref).
    fn run(&self, name: &str, [reference, new]: [&str; 2], knots: &[(f64, f64)], sigma: f64) -> PathBuf {
        let folder = self.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let (x, y): (Vec<f64>, Vec<f64>) = knots.iter().copied().unzip();
        let segment = Segment::new(x, y, vec![sigma; knots.len()]).unwrap();
        let side = |key: &str, recorded: &str| RecordingFile {
            path: format!("/nowhere/{key}.mp4"),
            fingerprint: format!("sha256:{key}"),
            duration: 100.0,
            recorded: Some(recorded.to_owned()),
            ..RecordingFile::default()
        };
        let sides = (
            side(reference, "2026-05-01T10:00:00"),
            side(new, "2026-06-14T10:31:07"),
        );
        let warp = TimeWarp::new(vec![segment]).unwrap();
        let file = TimeWarpFile::composed(&warp, sides.0, sides.1);
        std::fs::write(folder.join(TIMEWARP_FILE), json::to_vec(&file).unwrap()).unwrap();
        folder
    }

    /// A run that takes `pace` new seconds for a second of the reference.
    pub(super) fn steady(&self, name: &str, new: &str, pace: f64, sigma: f64) -> PathBuf {
        let knots: Vec<(f64, f64)> = (0..=60)
            .map(|k| (2.0 + pace * f64::from(k), f64::from(k)))
            .collect();
        self.run(name, ["R", new], &knots, sigma)
    }

    /// A is fast, B slower by 1 %, C stands for 4 s between Fork and Barn.
    pub(super) fn three() -> Self {
        let trails = Self::new();
        trails.steady("a", "A", 1.0, 0.01);
        trails.steady("b", "B", 1.01, 0.01);
        let moving = (0..=60)
            .map(f64::from)
            .map(|t_ref| (2.0 + t_ref + if t_ref > 20.0 { 4.0 } else { 0.0 }, t_ref));
        let mut moving: Vec<(f64, f64)> = moving.collect();
        moving.insert(21, (26.0, 20.01));
        trails.run("c", ["R", "C"], &moving, 0.01);
        put_gates(trails.path(), None, gates(&GATES)).unwrap();
        trails
    }

    fn board(&self, request: &BoardRequest) -> Board {
        let root = Root::read(self.path()).unwrap();
        let trail = root.trail(None, &mut Vec::new()).unwrap();
        board(&Places::new(&root, trail), request).unwrap()
    }

    fn plain(&self) -> Board {
        self.board(&BoardRequest::default())
    }

    fn repoint(&self, run: &str) -> Repointed {
        change(self.path(), Root::read, |root, file| repoint(root, file, run)).unwrap()
    }

    fn confirm(folder: &Path, t_ref: f64, t_new: f64) {
        let note = Annotation {
            marker_id: Some("7".to_owned()),
            t_ref: Some(t_ref),
            t_new: Some(t_new),
            label: CONFIRMED.to_owned(),
            ..Annotation::default()
        };
        std::fs::write(folder.join("annotations.json"), to_json(&[note]).unwrap()).unwrap();
    }
}

fn row<'b>(board: &'b Board, run: &str) -> &'b super::board::Row {
    board.rows.iter().find(|row| row.run == run).unwrap()
}

/// Times of all sections of all runs, by name.
fn times(board: &Board) -> Vec<(String, Vec<Option<f64>>)> {
    let mut rows: Vec<_> = board
        .rows
        .iter()
        .map(|row| {
            (
                row.run.clone(),
                row.sections.iter().map(|cell| cell.sec).collect(),
            )
        })
        .collect();
    rows.sort_by(|a: &(String, _), b| a.0.cmp(&b.0));
    rows
}

#[test]
fn a_board_ranks_what_is_certain_and_names_the_stop() {
    let trails = Trails::three();
    let board = trails.plain();
    let order: Vec<&str> = board.rows.iter().map(|row| row.run.as_str()).collect();
    assert_eq!(order, ["a", "b", "c"]);
    let ranks: Vec<_> = board
        .rows
        .iter()
        .map(|row| (row.rank, row.tie_with.len()))
        .collect();
    assert_eq!(ranks, [(Some(1), 0), (Some(2), 0), (Some(3), 0)]);
    let (a, b, c) = (row(&board, "a"), row(&board, "b"), row(&board, "c"));
    assert!((a.total.unwrap().sec - 45.0).abs() < 1e-6 && (b.gap_sec.unwrap() - 0.45).abs() < 1e-6);
    let stood: Vec<f64> = c.sections.iter().map(|cell| cell.stopped_sec).collect();
    assert!(
        stood[0] == 0.0 && (stood[1] - 4.0).abs() < 0.3 && stood[2] == 0.0,
        "{stood:?}"
    );
    assert!((c.sections[1].loss.unwrap().sec - 4.0).abs() < 0.05);
    // Neighbours of one run share gates, whose errors do not count.
    let ideal = board.ideal.clone().unwrap();
    assert!((ideal.secs.sec - 45.0).abs() < 0.02 && ideal.from.len() == 3);
    assert!(ideal.secs.high - ideal.secs.low < 0.15, "{ideal:?}");
    assert_eq!(board.reference.sections, [10.0, 15.0, 20.0]);
}

#[test]
fn what_nobody_can_tell_is_a_tie() {
    let trails = Trails::three();
    trails.steady("b", "B", 1.01, 0.4);
    let board = trails.plain();
    assert_eq!((row(&board, "a").rank, row(&board, "b").rank), (Some(1), Some(1)));
    assert_eq!(row(&board, "a").tie_with, ["b"]);
    assert_eq!(row(&board, "b").sections[0].status, CellStatus::Unsure);
    assert!(row(&board, "a").sections[0].best);
}

#[test]
fn against_a_run_losses_and_gaps_are_to_it() {
    let trails = Trails::three();
    let board = trails.board(&BoardRequest {
        against: Some("b".to_owned()),
        order: Order::Date,
        ..BoardRequest::default()
    });
    assert!((row(&board, "a").gap_sec.unwrap() + 0.45).abs() < 1e-6);
    assert_eq!(row(&board, "b").sections[0].loss.unwrap().sec, 0.0);
    let root = Root::read(trails.path()).unwrap();
    let trail = root.trail(None, &mut Vec::new()).unwrap();
    let places = Places::new(&root, trail);
    let along = curves(&places, 46, Some("b")).unwrap();
    let delta = &along.runs["a"].delta;
    assert!((delta[45].unwrap() + 0.45).abs() < 1e-6 && delta[0] == Some(0.0));
    assert_eq!(along.runs["b"].high, vec![Some(0.0); 46]);
    let unknown = BoardRequest {
        against: Some("z".to_owned()),
        ..BoardRequest::default()
    };
    let error = super::board::board(&places, &unknown).unwrap_err();
    assert_eq!(
        (error.what().as_str(), error.failure()),
        ("no run z below it", Failure::Failed)
    );
}

#[test]
fn maps_connect_over_several_references_and_others_are_other_trails() {
    let trails = Trails::three();
    let knots: Vec<(f64, f64)> = (0..=60)
        .map(|k| (3.0 + 1.1 * f64::from(k), 2.0 + f64::from(k)))
        .collect();
    trails.run("season/d", ["A", "D"], &knots, 0.01);
    let board = trails.plain();
    assert!((row(&board, "season/d").total.unwrap().sec - 1.1 * 45.0).abs() < 1e-6);
    trails.run("elsewhere", ["Q", "E"], &[(0.0, 0.0), (10.0, 11.0)], 0.01);
    let root = Root::read(trails.path()).unwrap();
    let ids: Vec<String> = root.trails().into_iter().map(|trail| trail.entry.id).collect();
    assert_eq!(ids, ["r", "q"]);
    let mut warnings = Vec::new();
    assert_eq!(root.trail(None, &mut warnings).unwrap().runs.len(), 4);
    assert_eq!(warnings, ["r is shown; other trails here: q"]);
    assert_eq!(root.one_trail(None).unwrap_err().failure(), Failure::Usage);
    let trail = root.trail(Some("r"), &mut warnings).unwrap();
    let places = Places::new(&root, trail);
    let apart = pair::map(&places, root.run("a").unwrap(), root.run("elsewhere").unwrap()).unwrap_err();
    assert_eq!(apart.failure(), Failure::NotAligned);
}

#[test]
fn any_two_runs_have_a_map() {
    let trails = Trails::three();
    let root = Root::read(trails.path()).unwrap();
    let places = Places::new(&root, root.trail(None, &mut Vec::new()).unwrap());
    let (a, b) = (root.run("a").unwrap(), root.run("b/").unwrap());
    let map = pair::map(&places, a, b).unwrap();
    let warp = map.warp().unwrap();
    for t_ref in [1.0, 17.3, 42.0] {
        assert!((warp.ref_from_new(2.0 + t_ref).unwrap() - (2.0 + 1.01 * t_ref)).abs() < 2e-3);
    }
    assert_eq!(map.reference.unwrap().fingerprint, "sha256:B");
}

#[test]
fn what_is_said_of_runs_shows_on_the_board_and_the_rest_comes_from_the_recording() {
    let trails = Trails::three();
    let said = |rider: &str, hidden| RunChange {
        rider: Some(rider.to_owned()),
        hidden: Some(hidden),
        ..RunChange::default()
    };
    set_run(trails.path(), "a", &said("Ana", false)).unwrap();
    set_run(trails.path(), "b", &said(" Ana ", false)).unwrap();
    set_run(trails.path(), "c", &said("Ben", true)).unwrap();
    let board = trails.plain();
    assert_eq!(board.rows.len(), 2);
    assert_eq!(
        (row(&board, "b").rider.as_str(), row(&board, "b").date.as_str()),
        ("Ana", "2026-06-14")
    );
    assert!((row(&board, "b").own_best_gap_sec.unwrap() - 0.45).abs() < 1e-6);
    let spread = &board.consistency[0];
    assert!((spread.section_sd[0].unwrap() - 0.1 / 2f64.sqrt()).abs() < 1e-6);
    assert_eq!(board.progress[0].runs.len(), 2);
    let all = trails.board(&BoardRequest {
        hidden: true,
        rider: Some("ben".to_owned()),
        ..BoardRequest::default()
    });
    assert_eq!((all.rows.len(), all.rows[0].rank), (1, None));
    let bad = RunChange {
        date: Some("14.6.2026".to_owned()),
        ..RunChange::default()
    };
    assert_eq!(
        set_run(trails.path(), "a", &bad).unwrap_err().failure(),
        Failure::Usage
    );
    assert!(set_run(trails.path(), "z", &said("A", false)).is_err());
}

#[test]
fn markers_of_the_newest_run_serve_without_gates() {
    let trails = Trails::three();
    assert_eq!(clear_gates(trails.path(), None).unwrap(), 4);
    let root = Root::read(trails.path()).unwrap();
    let none = board(
        &Places::new(&root, root.trail(None, &mut Vec::new()).unwrap()),
        &BoardRequest::default(),
    );
    assert_eq!(none.unwrap_err().failure(), Failure::NotAligned);
    let table = "marker_id,name,t_ref,t_new_est,t_new,t_new_low,t_new_high,confidence,needs_review,status\n\
        1,Top,10.0,12.0,12.0,11.9,12.1,0.99,false,ok\n2,Bottom,40.0,42.0,42.0,41.9,42.1,0.99,false,ok\n";
    std::fs::write(trails.path().join("b").join(NEW_MARKERS_FILE), table).unwrap();
    let board = trails.plain();
    let gates: Vec<_> = board
        .gates
        .iter()
        .map(|gate| (gate.name.as_str(), gate.kind))
        .collect();
    assert_eq!(gates, [("Top", GateKind::Start), ("Bottom", GateKind::Finish)]);
    assert!((row(&board, "a").total.unwrap().sec - 30.0).abs() < 1e-6);
}

#[test]
fn a_damaged_run_is_a_line_and_not_the_end() {
    let trails = Trails::three();
    let bad = trails.path().join("bad");
    std::fs::create_dir_all(&bad).unwrap();
    std::fs::write(bad.join(TIMEWARP_FILE), "{").unwrap();
    let root = Root::read(trails.path()).unwrap();
    assert_eq!(root.runs.len(), 3);
    assert!(
        root.warnings[0].starts_with("bad is left out: "),
        "{:?}",
        root.warnings
    );
    std::fs::write(trail_path(trails.path()), "{").unwrap();
    assert!(
        Root::read(trails.path())
            .unwrap_err()
            .what()
            .contains("trail.json")
    );
    assert_eq!(std::fs::read(trail_path(trails.path())).unwrap(), b"{");
}

#[test]
fn gates_are_suggested_where_most_runs_were_also_without_the_reference() {
    let trails = Trails::three();
    let root = Root::read(trails.path()).unwrap();
    let places = Places::new(&root, root.trail(None, &mut Vec::new()).unwrap());
    let cancel = Cancel::default();
    let context = Context::silent(&cancel, String::new, false);
    let found = suggest(&places, 4, &context).unwrap();
    let kinds: Vec<_> = found
        .iter()
        .map(|gate| (gate.kind, gate.runs, gate.likeness))
        .collect();
    assert_eq!(kinds[0], (GateKind::Start, 3, None));
    assert_eq!(kinds[3].0, GateKind::Finish);
    assert!(
        found.windows(2).all(|pair| pair[1].t_ref - pair[0].t_ref > 4.0),
        "{found:?}"
    );
    // Where one of three stands, its place is less well known.
    assert!(
        found
            .iter()
            .all(|gate| (gate.t_ref - 20.0).abs() > 0.3 && gate.half_width_sec < 0.05)
    );
    assert_eq!(
        suggest(&places, 100, &context).unwrap_err().failure(),
        Failure::Usage
    );
}

#[test]
fn nobody_on_a_board_is_said() {
    let trails = Trails::three();
    let root = Root::read(trails.path()).unwrap();
    let places = Places::new(&root, root.trail(None, &mut Vec::new()).unwrap());
    let nobody = BoardRequest {
        rider: Some("nobody".to_owned()),
        ..BoardRequest::default()
    };
    assert!(board(&places, &nobody).unwrap_err().what().contains("nobody"));
    let itself = pair::map(&places, root.run("b").unwrap(), root.run("b").unwrap()).unwrap();
    assert_eq!(itself.warp().unwrap().ref_from_new(20.0), Some(20.0));
}
