//! The board: all runs of a trail through its sections, and who was faster as far as anybody can tell.

mod table;
pub mod words;

use std::collections::BTreeMap;

use mtbsync_task::error::PipelineError;

pub use self::table::{
    Board, BoardGate, Cell, CellStatus, Consistency, Ideal, Progress, ProgressPoint, ReferenceRow, Row, Secs,
    SectionName, TrailName,
};
use super::error::TrailProblem;
use super::places::{Passage, PlacedGate, Places, stopped_secs};
use super::runs::TrailRun;

/// How rows are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By time, fastest first.
    #[default]
    Total,
    /// By date, oldest first.
    Date,
    /// By rider, then by time.
    Rider,
}

/// What of a board is asked for.
#[derive(Clone, Debug, Default)]
pub struct BoardRequest {
    /// The run that others are compared with instead of the best.
    pub against: Option<String>,
    /// Rows of this rider only; ranks stay those among all.
    pub rider: Option<String>,
    /// Order of the rows.
    pub order: Order,
    /// Hidden runs too.
    pub hidden: bool,
}

/// A row in the making.
struct Timed<'a> {
    run: &'a TrailRun,
    row: Row,
    passages: Vec<Option<Passage>>,
}

/// Makes the board.
///
/// # Errors
/// Nothing to compare: no aligned run, or fewer than two gates; or no run of the name to compare with.
pub fn board(places: &Places<'_>, request: &BoardRequest) -> Result<Board, PipelineError> {
    let gates = places.gates();
    if places.runs().all(|run| run.warp.is_none()) {
        return Err(TrailProblem::NothingAligned.into());
    }
    if places.runs().all(|run| places.to_run(run).is_none()) {
        let reference = places.trail().entry.reference.file.clone();
        return Err(TrailProblem::ReferenceApart(reference).into());
    }
    if gates.len() < 2 {
        return Err(TrailProblem::FewGates(gates.len()).into());
    }
    let mut timed: Vec<Timed<'_>> = places
        .runs()
        .map(|run| timed(places, run))
        .filter(|timed| {
            request.hidden || !timed.row.hidden || request.against.as_ref() == Some(&timed.row.run)
        })
        .collect();
    let ideal = mark_best(&mut timed, gates);
    let mut rows: Vec<Row> = timed.into_iter().map(|timed| timed.row).collect();
    rank(&mut rows);
    compare(&mut rows, request.against.as_deref())?;
    let consistency = consistency(&rows, gates.len() - 1);
    let progress = progress(&rows);
    if let Some(rider) = &request.rider {
        rows.retain(|row| row.rider.eq_ignore_ascii_case(rider));
        if rows.is_empty() {
            return Err(TrailProblem::NoSuchRider(rider.clone()).into());
        }
    }
    sort(&mut rows, request.order);
    let entry = &places.trail().entry;
    let ends = gates.iter().zip(gates.iter().skip(1));
    Ok(Board {
        trail: TrailName {
            id: entry.id.clone(),
            name: entry.name.clone(),
            reference: entry.reference.clone(),
        },
        gates: gates.iter().map(PlacedGate::named).collect(),
        sections: ends
            .clone()
            .map(|(from, to)| SectionName {
                from: from.name.clone(),
                to: to.name.clone(),
            })
            .collect(),
        reference: ReferenceRow {
            total_sec: ends
                .clone()
                .map(|(from, to)| to.t_ref_secs - from.t_ref_secs)
                .sum(),
            sections: ends.map(|(from, to)| to.t_ref_secs - from.t_ref_secs).collect(),
        },
        rows,
        ideal,
        consistency,
        progress,
        against: request.against.clone(),
    })
}

fn timed<'a>(places: &Places<'_>, run: &'a TrailRun) -> Timed<'a> {
    let passages = places.passages(run);
    let sections: Vec<Cell> = passages
        .iter()
        .zip(passages.iter().skip(1))
        .map(|(from, to)| cell(run, from.as_ref(), to.as_ref()))
        .collect();
    let note = places.trail().note(run);
    let ends = passages.first().zip(passages.last());
    let total = ends.and_then(|(from, to)| between(from.as_ref()?, to.as_ref()?));
    let camera = run.file.new.as_ref().and_then(|new| new.camera.clone());
    Timed {
        run,
        row: Row {
            run: run.name.clone(),
            rider: note.rider,
            date: note.date,
            bike: note.bike,
            camera: camera.unwrap_or_default(),
            note: note.note,
            hidden: note.hidden,
            total,
            rank: None,
            tie_with: Vec::new(),
            gap_sec: None,
            own_best_gap_sec: None,
            outside: sections
                .iter()
                .filter(|cell| cell.status == CellStatus::Outside)
                .count(),
            sections,
        },
        passages,
    }
}

/// What a run took from one gate to another; `None` out of order.
fn between(from: &Passage, to: &Passage) -> Option<Secs> {
    let secs = to.t_secs - from.t_secs;
    (secs > 0.0).then(|| Secs::new(secs, from.half_width_secs.hypot(to.half_width_secs)))
}

fn cell(run: &TrailRun, from: Option<&Passage>, to: Option<&Passage>) -> Cell {
    let secs = from.zip(to).and_then(|(from, to)| between(from, to));
    let status = match from.zip(to) {
        None => CellStatus::Outside,
        Some((from, to)) if from.is_confirmed && to.is_confirmed => CellStatus::Confirmed,
        Some((from, to)) if from.is_sure && to.is_sure && secs.is_some() => CellStatus::Ok,
        Some(_) => CellStatus::Unsure,
    };
    let t = from.zip(to).map(|(from, to)| [from.t_secs, to.t_secs]);
    Cell {
        sec: secs.map(|secs| secs.sec),
        low: secs.map(|secs| secs.low),
        high: secs.map(|secs| secs.high),
        status,
        best: false,
        loss: None,
        stopped_sec: t.map_or(0.0, |t| stopped_secs(run, t)),
        t,
    }
}

/// Marks the best of each section, and gives their sum.
fn mark_best(timed: &mut [Timed<'_>], gates: &[PlacedGate]) -> Option<Ideal> {
    let best: Vec<Option<usize>> = (0..gates.len().saturating_sub(1))
        .map(|k| {
            let known = timed.iter().enumerate().filter_map(|(i, timed)| {
                let cell = timed.row.sections.get(k)?;
                let is_known = matches!(cell.status, CellStatus::Ok | CellStatus::Confirmed);
                Some((i, cell.sec.filter(|_| is_known && !timed.row.hidden)?))
            });
            known.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i)
        })
        .collect();
    for (k, best) in best.iter().enumerate() {
        let Some(cell) = best.and_then(|i| timed.get_mut(i)?.row.sections.get_mut(k)) else {
            continue;
        };
        cell.best = true;
        let Some(best) = cell.secs() else { continue };
        for cell in timed.iter_mut().filter_map(|timed| timed.row.sections.get_mut(k)) {
            cell.loss = cell.secs().map(|secs| {
                if cell.best {
                    Secs::new(0.0, 0.0)
                } else {
                    secs.minus(&best)
                }
            });
            let is_tie = !cell.best && cell.loss.is_some_and(|loss| !loss.is_clear());
            if is_tie && cell.status == CellStatus::Ok {
                cell.status = CellStatus::Unsure;
            }
        }
    }
    ideal(timed, &best)
}

/// The sum of the best sections. Where neighbours are of one run, the error of the gate between them does not
/// count.
fn ideal(timed: &[Timed<'_>], best: &[Option<usize>]) -> Option<Ideal> {
    let best: Vec<usize> = best.iter().copied().collect::<Option<_>>()?;
    let (mut sec, mut square, mut from) = (0.0, 0.0, 0);
    while let Some(&run) = best.get(from) {
        let same = best.iter().skip(from).take_while(|other| **other == run).count();
        let passages = &timed.get(run)?.passages;
        let (a, b) = (
            passages.get(from)?.as_ref()?,
            passages.get(from + same)?.as_ref()?,
        );
        let secs = between(a, b)?;
        sec += secs.sec;
        square += secs.half().powi(2);
        from += same;
    }
    let each = best
        .iter()
        .enumerate()
        .map(|(k, &i)| timed.get(i)?.row.sections.get(k)?.sec);
    Some(Ideal {
        secs: Secs::new(sec, square.sqrt()),
        sections: each.collect::<Option<_>>()?,
        from: best
            .iter()
            .filter_map(|&i| Some(timed.get(i)?.run.name.clone()))
            .collect(),
    })
}

/// Ranks and ties: a run is before another only where that is certain.
fn rank(rows: &mut [Row]) {
    let totals: Vec<(String, Secs)> = rows
        .iter()
        .filter(|row| !row.hidden)
        .filter_map(|row| Some((row.run.clone(), row.total?)))
        .collect();
    for row in rows.iter_mut().filter(|row| !row.hidden) {
        let Some(own) = row.total else { continue };
        let gaps = totals
            .iter()
            .filter(|(run, _)| *run != row.run)
            .map(|(run, total)| (run, own.minus(total)));
        let (mut faster, mut ties) = (0, Vec::new());
        for (run, gap) in gaps {
            if !gap.is_clear() {
                ties.push(run.clone());
            } else if gap.sec > 0.0 {
                faster += 1;
            }
        }
        row.rank = Some(1 + faster);
        row.tie_with = ties;
    }
}

/// Gaps: behind the best or `against`, and behind the rider's own best.
fn compare(rows: &mut [Row], against: Option<&str>) -> Result<(), PipelineError> {
    let shown = |row: &&Row| !row.hidden;
    let fastest = |rider: Option<&str>| {
        let its = rows
            .iter()
            .filter(shown)
            .filter(|row| rider.is_none_or(|rider| row.rider == rider));
        its.filter_map(|row| Some(row.total?.sec)).min_by(f64::total_cmp)
    };
    let other = match against {
        Some(name) => Some(rows.iter().find(|row| row.run == name).cloned().ok_or_else(|| {
            let names: Vec<&str> = rows.iter().map(|row| row.run.as_str()).collect();
            TrailProblem::NoSuchRun {
                name: name.to_owned(),
                known: names.join(", "),
            }
        })?),
        None => None,
    };
    if let Some(other) = other
        .as_ref()
        .filter(|other| other.outside == other.sections.len())
    {
        return Err(TrailProblem::PassesNothing(other.run.clone()).into());
    }
    let first = other
        .as_ref()
        .map_or_else(|| fastest(None), |other| Some(other.total?.sec));
    let own: Vec<Option<f64>> = rows.iter().map(|row| fastest(Some(&row.rider))).collect();
    for (row, own) in rows.iter_mut().zip(own) {
        let behind = |first: Option<f64>| Some(row.total?.sec - first?);
        (row.gap_sec, row.own_best_gap_sec) = (behind(first), behind(own));
        let Some(other) = &other else { continue };
        for (cell, theirs) in row.sections.iter_mut().zip(&other.sections) {
            let is_self = row.run == other.run;
            cell.loss = cell.secs().zip(theirs.secs()).map(|(own, theirs)| {
                if is_self {
                    Secs::new(0.0, 0.0)
                } else {
                    own.minus(&theirs)
                }
            });
        }
    }
    Ok(())
}

/// The riders of rows that are shown, by name, with their rows.
fn riders(rows: &[Row]) -> Vec<(String, Vec<&Row>)> {
    let mut riders: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.hidden) {
        riders.entry(&row.rider).or_default().push(row);
    }
    riders
        .into_iter()
        .map(|(rider, rows)| (rider.to_owned(), rows))
        .collect()
}

fn consistency(rows: &[Row], sections: usize) -> Vec<Consistency> {
    let spread = |rows: &[&Row], k: usize| {
        let times: Vec<f64> = rows.iter().filter_map(|row| row.sections.get(k)?.sec).collect();
        let n = times.len() as f64;
        let mean = times.iter().sum::<f64>() / n;
        let square: f64 = times.iter().map(|time| (time - mean).powi(2)).sum();
        (times.len() > 1).then(|| (square / (n - 1.0)).sqrt())
    };
    riders(rows)
        .into_iter()
        .map(|(rider, rows)| Consistency {
            rider,
            section_sd: (0..sections).map(|k| spread(&rows, k)).collect(),
        })
        .collect()
}

fn progress(rows: &[Row]) -> Vec<Progress> {
    riders(rows)
        .into_iter()
        .map(|(rider, rows)| {
            let dated = rows.iter().filter(|row| !row.date.is_empty());
            let mut runs: Vec<ProgressPoint> = dated
                .filter_map(|row| {
                    Some(ProgressPoint {
                        run: row.run.clone(),
                        date: row.date.clone(),
                        sec: row.total?.sec,
                    })
                })
                .collect();
            runs.sort_by(|a, b| (&a.date, &a.run).cmp(&(&b.date, &b.run)));
            Progress { rider, runs }
        })
        .collect()
}

fn sort(rows: &mut [Row], order: Order) {
    let total = |row: &Row| row.total.map_or(f64::INFINITY, |total| total.sec);
    rows.sort_by(|a, b| {
        let by_total = total(a).total_cmp(&total(b)).then_with(|| a.run.cmp(&b.run));
        match order {
            Order::Total => by_total,
            Order::Date => a.date.cmp(&b.date).then(by_total),
            Order::Rider => a.rider.cmp(&b.rider).then(by_total),
        }
    });
}
