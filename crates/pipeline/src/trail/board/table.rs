//! What a board says, as it is in JSON (docs/reference/http.md#trails).

use mtbsync_artefacts::trail_file::{GateKind, ReferenceName};
use serde::Serialize;

/// A duration and its 90 % interval, seconds on the clock of its run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Secs {
    /// Seconds.
    pub sec: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Secs {
    pub(super) fn new(sec: f64, half: f64) -> Self {
        Self {
            sec,
            low: sec - half,
            high: sec + half,
        }
    }

    /// Half the width of the interval.
    pub fn half(&self) -> f64 {
        0.5 * (self.high - self.low)
    }

    /// What this is longer than `other`; their errors are of different maps.
    pub fn minus(&self, other: &Self) -> Self {
        Self::new(self.sec - other.sec, self.half().hypot(other.half()))
    }

    /// The interval does not hold 0: the sign is known.
    pub fn is_clear(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// How well a section is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CellStatus {
    /// Known.
    Ok,
    /// A gate is not sure, or nobody can tell whether the run or the best was faster.
    Unsure,
    /// The run was not at a gate.
    Outside,
    /// A person has set both ends.
    Confirmed,
}

impl CellStatus {
    /// As in files and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unsure => "unsure",
            Self::Outside => "outside",
            Self::Confirmed => "confirmed",
        }
    }
}

/// One run through one section.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// Seconds; `None` when [`CellStatus::Outside`].
    pub sec: Option<f64>,
    /// Lower end of the 90 % interval.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// How well it is known.
    pub status: CellStatus,
    /// The fastest of its section.
    pub best: bool,
    /// What it took longer than the best, or than the run others are compared with.
    pub loss: Option<Secs>,
    /// Seconds the rider stood in it.
    pub stopped_sec: f64,
    /// From and to, seconds of the run.
    pub t: Option<[f64; 2]>,
}

impl Cell {
    pub(super) fn secs(&self) -> Option<Secs> {
        Some(Secs {
            sec: self.sec?,
            low: self.low?,
            high: self.high?,
        })
    }

    /// What stands beside its time, as [`super::words::SIGNS`] explains; `None` where nothing does.
    pub fn sign(&self) -> Option<char> {
        match self.status {
            _ if self.best => Some('*'),
            CellStatus::Unsure => Some('?'),
            CellStatus::Confirmed => Some('!'),
            CellStatus::Ok | CellStatus::Outside => None,
        }
    }

    /// What is told of it in place of its time; `None` for the one that others are compared with.
    pub fn told_loss(&self, is_against: bool) -> Option<Secs> {
        let is_own = |loss: &Secs| loss.low == loss.high && loss.sec == 0.0;
        let loss = self.loss.filter(|_| self.sec.is_some());
        loss.filter(|loss| !is_own(loss) && (is_against || !self.best))
    }
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its folder below the root.
    pub run: String,
    /// Who rode; empty where nobody said.
    pub rider: String,
    /// When, `2026-06-14`; empty where nobody knows.
    pub date: String,
    /// On what.
    pub bike: String,
    /// With which camera; empty where nobody knows.
    pub camera: String,
    /// A text.
    pub note: String,
    /// Not on the board by default.
    pub hidden: bool,
    /// From the first gate to the last.
    pub total: Option<Secs>,
    /// 1 and the number of runs that were certainly faster.
    pub rank: Option<usize>,
    /// Runs of which nobody can tell whether they were faster.
    pub tie_with: Vec<String>,
    /// Behind the best, or the run others are compared with.
    pub gap_sec: Option<f64>,
    /// Behind the rider's own best.
    pub own_best_gap_sec: Option<f64>,
    /// Its sections.
    pub sections: Vec<Cell>,
    /// Number of sections that it was not in.
    pub outside: usize,
}

impl Row {
    /// Its rank, `1=` in a tie; empty without one.
    pub fn rank_text(&self) -> String {
        match self.rank {
            Some(rank) if self.tie_with.is_empty() => rank.to_string(),
            Some(rank) => format!("{rank}="),
            None => String::new(),
        }
    }
}

/// The reference through the sections: it has no row, being measured against itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReferenceRow {
    /// From the first gate to the last, seconds.
    pub total_sec: f64,
    /// Each section, seconds.
    pub sections: Vec<f64>,
}

/// The best sections together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ideal {
    /// Their sum and its interval.
    #[serde(flatten)]
    pub secs: Secs,
    /// The run of each.
    pub from: Vec<String>,
    /// Each, seconds.
    pub sections: Vec<f64>,
}

/// How alike the runs of one rider are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Consistency {
    /// Who; empty for runs of which nobody said.
    pub rider: String,
    /// Standard deviation of the times of each section, seconds; `None` for fewer than two times.
    pub section_sd: Vec<Option<f64>>,
}

impl Consistency {
    /// The section with the largest deviation, and that.
    pub fn most_spread(&self) -> Option<(usize, f64)> {
        let known = self.section_sd.iter().enumerate();
        let known = known.filter_map(|(k, sd)| Some((k, (*sd)?)));
        known.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// A rider over the dates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Progress {
    /// Who; empty for runs of which nobody said.
    pub rider: String,
    /// Runs with a date and a total, oldest first.
    pub runs: Vec<ProgressPoint>,
}

/// One run of a rider.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProgressPoint {
    /// The run.
    pub run: String,
    /// When.
    pub date: String,
    /// Total, seconds.
    pub sec: f64,
}

/// The trail a board is of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrailName {
    /// What addresses and flags call it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The recording its places are told on.
    pub reference: ReferenceName,
}

/// A gate of the board.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BoardGate {
    /// Its name.
    pub name: String,
    /// Its place, seconds of the reference.
    pub t_ref: f64,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: GateKind,
}

/// A section by its gates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SectionName {
    /// First gate.
    pub from: String,
    /// Last gate.
    pub to: String,
}

/// The board.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Board {
    /// Whose.
    pub trail: TrailName,
    /// Gates in order.
    pub gates: Vec<BoardGate>,
    /// Sections between them.
    pub sections: Vec<SectionName>,
    /// Runs.
    pub rows: Vec<Row>,
    /// The reference.
    pub reference: ReferenceRow,
    /// The best sections together; `None` while a section has no time.
    pub ideal: Option<Ideal>,
    /// By rider.
    pub consistency: Vec<Consistency>,
    /// By rider.
    pub progress: Vec<Progress>,
    /// The run others are compared with, where one was named.
    pub against: Option<String>,
}
