//! Where the runs of a trail are at a place of it: through one map, or through several in a row.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use mtbsync_align::compose::{Composition, Step};
use mtbsync_align::confidence::{CONFIDENCE_RADIUS_SECS, within_quarter_second};
use mtbsync_align::{Segment, StopSide, TimeWarp};
use mtbsync_artefacts::time_warp::{NEW_MARKERS_FILE, TIMEWARP_FILE};
use mtbsync_artefacts::trail_file::{Gate, GateKind};
use mtbsync_formats::LONGEST_SECS;
use mtbsync_markers::DEFAULT_REVIEW_THRESHOLD;
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Input;

use super::board::BoardGate;
use super::error::TrailProblem;
use super::roads::Roads;
use super::runs::{Root, Trail, TrailRun};
use crate::map::splits::SAME_GATE_SECS;
use crate::markers::import::read_marker_table;

/// Reference times nearer than this are the same marker's, seconds: as in notes.
const SAME_MARKER_SECS: f64 = 1e-3;

/// A gate on the clock of the trail's reference.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedGate {
    /// Id of the marker it is, where it is one.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its place, seconds of the reference.
    pub t_ref_secs: f64,
    /// What it is.
    pub kind: GateKind,
    /// The recording on which it was set, and its place there, seconds: known without error.
    pub set_on: (String, f64),
}

impl PlacedGate {
    pub(super) fn named(&self) -> BoardGate {
        BoardGate {
            name: self.name.clone(),
            t_ref: self.t_ref_secs,
            kind: self.kind,
        }
    }
}

/// A run at a gate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Passage {
    /// When, seconds of the run.
    pub t_secs: f64,
    /// Half width of the 90 % interval, seconds.
    pub half_width_secs: f64,
    /// Sure enough not to be looked at.
    pub is_sure: bool,
    /// A person has set it.
    pub is_confirmed: bool,
}

/// A trail with its gates and the ways between its recordings.
pub struct Places<'a> {
    trail: Trail<'a>,
    roads: Roads,
    gates: Vec<PlacedGate>,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

impl<'a> Places<'a> {
    /// The places of a trail below `root`.
    pub fn new(root: &Root, trail: Trail<'a>) -> Self {
        let roads = Roads::of(&root.runs);
        let mut places = Self {
            trail,
            roads,
            gates: Vec::new(),
            warnings: Vec::new(),
        };
        places.gates = places.placed_gates();
        places
    }

    /// The trail.
    pub fn trail(&self) -> &Trail<'a> {
        &self.trail
    }

    /// Its runs.
    pub fn runs(&self) -> impl Iterator<Item = &'a TrailRun> {
        self.trail.runs.iter().copied()
    }

    /// Gates in order of the reference.
    pub fn gates(&self) -> &[PlacedGate] {
        &self.gates
    }

    /// What no output of the trail may replace: its recordings and the maps of its runs.
    pub fn inputs(&self) -> Vec<PathBuf> {
        let of_run = |run: &'a TrailRun| {
            let sides = [run.file.reference.as_ref(), run.file.new.as_ref()];
            let recordings = sides.into_iter().flatten().map(|file| PathBuf::from(&file.path));
            recordings.chain([run.folder.join(TIMEWARP_FILE)])
        };
        self.runs().flat_map(of_run).collect()
    }

    /// Where the reference recording is, as the runs name it; `None` where it is not there any more.
    pub fn reference_path(&self) -> Option<PathBuf> {
        let sides = |run: &'a TrailRun| [run.file.reference.as_ref(), run.file.new.as_ref()];
        let named = self.runs().flat_map(sides).flatten();
        let of_reference = named.filter(|file| file.key() == self.reference_key());
        let paths = of_reference.map(|file| PathBuf::from(&file.path));
        paths.filter(|path| path.is_file()).min()
    }

    /// The same, for what cannot do without.
    ///
    /// # Errors
    /// It is not where any run says.
    pub fn reference_recording(&self) -> Result<PathBuf, PipelineError> {
        let gone = || TrailProblem::ReferenceGone(self.trail.entry.reference.file.clone());
        self.reference_path().ok_or_else(|| gone().into())
    }

    /// What tells the reference from other recordings.
    pub fn reference_key(&self) -> &str {
        &self.trail.entry.reference.fingerprint
    }

    /// The way between two recordings.
    pub fn between(&self, from: &str, to: &str) -> Option<Composition> {
        self.roads.between(from, to)
    }

    /// From the reference to a run: its own map where that is of this reference. `None` for a run that was
    /// not aligned, or that nothing connects.
    pub fn to_run(&self, run: &TrailRun) -> Option<Composition> {
        self.from_key(self.reference_key(), run)
    }

    /// From a recording to a run.
    pub fn from_key(&self, key: &str, run: &TrailRun) -> Option<Composition> {
        if run.is_recording(key) {
            return Some(itself(run.file.new_duration_secs()));
        }
        let warp = run.warp.as_ref()?;
        let own = Composition::new(vec![Step::backwards(Arc::clone(warp))]);
        if run.reference_key() == key {
            return Some(own);
        }
        Some(self.between(key, run.reference_key())?.then(&own))
    }

    /// When a run is at each gate; `None` where it is not, or nobody knows.
    pub fn passages(&self, run: &TrailRun) -> Vec<Option<Passage>> {
        // A run that was not aligned has no times, whatever was set in it.
        if run.warp.is_none() && !run.is_recording(self.reference_key()) {
            return vec![None; self.gates.len()];
        }
        let mut ways: BTreeMap<&str, Option<Composition>> = BTreeMap::new();
        let mut passages = Vec::with_capacity(self.gates.len());
        for gate in &self.gates {
            let on = gate.set_on.0.as_str();
            let way = ways.entry(on).or_insert_with(|| self.from_key(on, run));
            passages.push(self.passage(run, way.as_ref(), gate));
        }
        passages
    }

    fn passage(&self, run: &TrailRun, way: Option<&Composition>, gate: &PlacedGate) -> Option<Passage> {
        if let Some(t_secs) = self.confirmed(run, gate) {
            return Some(Passage {
                t_secs,
                half_width_secs: 0.0,
                is_sure: true,
                is_confirmed: true,
            });
        }
        self.predicted(way?, gate.set_on.1)
    }

    /// Where a way leads from a moment of its first recording.
    pub fn predicted(&self, way: &Composition, t_secs: f64) -> Option<Passage> {
        let place = way.at(t_secs)?;
        let is_stop = place.last_secs > place.first_secs;
        Some(Passage {
            t_secs: place.t_secs,
            half_width_secs: place.half_width_secs,
            is_sure: !is_stop && within_quarter_second(place.sigma_secs) >= DEFAULT_REVIEW_THRESHOLD,
            is_confirmed: false,
        })
    }

    /// The moment a person has set for a gate: in the run's own folder, else in another one of the same
    /// recording, whatever reference that was compared with.
    fn confirmed(&self, run: &TrailRun, gate: &PlacedGate) -> Option<f64> {
        // Where a gate was set on this very recording, its moment is known.
        if run.is_recording(&gate.set_on.0) {
            return None;
        }
        let is_same = |other: &&TrailRun| other.name != run.name && run.is_recording(other.new_key());
        let others = self.runs().filter(is_same);
        std::iter::once(run)
            .chain(others)
            .find_map(|run| self.set_in(run, gate))
    }

    fn set_in(&self, run: &TrailRun, gate: &PlacedGate) -> Option<f64> {
        if run.edits.notes.is_empty() {
            return None;
        }
        let (on, t_on_secs) = &gate.set_on;
        if run.reference_key() == on {
            return run.edits.moments().of_marker(&gate.id, *t_on_secs);
        }
        let place = self.between(on, run.reference_key())?.at(*t_on_secs)?;
        let reach = place.half_width_secs.min(CONFIDENCE_RADIUS_SECS) + SAME_MARKER_SECS;
        let others: Vec<f64> = self
            .gates
            .iter()
            .filter(|other| *other != gate)
            .filter_map(|other| {
                let (on, t_on_secs) = &other.set_on;
                self.between(on, run.reference_key())?.value_at(*t_on_secs)
            })
            .collect();
        let near = run.edits.notes.iter().filter_map(|note| {
            note.marker_id.as_ref()?;
            let t_new = note.t_new.filter(|secs| (0.0..=LONGEST_SECS).contains(secs))?;
            let t_ref = note.t_ref?;
            let off = (t_ref - place.t_secs).abs();
            // It is of the nearest gate, and of no other.
            let is_of_another = others.iter().any(|other| (t_ref - other).abs() < off);
            (off < reach && !is_of_another).then_some((off, t_new))
        });
        near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, t_new)| t_new)
    }

    /// The gates of trail.json, else the markers of the newest run that has any.
    fn placed_gates(&mut self) -> Vec<PlacedGate> {
        let stored = self.trail.entry.gates.clone();
        let mut gates: Vec<PlacedGate> = if stored.is_empty() {
            self.marker_gates()
        } else {
            let placed = stored.iter().map(|gate| (gate, self.placed(gate)));
            let (found, lost): (Vec<_>, Vec<_>) = placed.partition(|(_, placed)| placed.is_some());
            let names: Vec<&str> = lost.iter().map(|(gate, _)| gate.name.as_str()).collect();
            if !names.is_empty() {
                let names = names.join(", ");
                self.warnings
                    .push(format!("gates where the reference never was: {names}"));
            }
            found.into_iter().filter_map(|(_, placed)| placed).collect()
        };
        gates.sort_by(|a, b| a.t_ref_secs.total_cmp(&b.t_ref_secs));
        gates.dedup_by(|b, a| b.t_ref_secs - a.t_ref_secs < SAME_GATE_SECS);
        gates
    }

    /// A gate where the reference was at it.
    fn placed(&self, gate: &Gate) -> Option<PlacedGate> {
        let set_on = self.set_on(gate)?;
        let t_ref_secs = self
            .on_reference(&set_on)
            .or(gate.t_ref)
            .filter(|secs| self.is_filmed(*secs))?;
        Some(PlacedGate {
            id: String::new(),
            name: gate.name.clone(),
            t_ref_secs,
            kind: gate.kind,
            set_on,
        })
    }

    /// The recording a gate was set on and its place there: the reference where it names none, or where
    /// somebody has given it another place since.
    pub fn set_on(&self, gate: &Gate) -> Option<(String, f64)> {
        let there = gate.on.clone().zip(gate.t_on);
        let Some(t_ref) = gate.t_ref else {
            return there;
        };
        // Maps may be others by now; what somebody has written is not.
        let there = there.filter(|_| gate.t_then == Some(t_ref));
        Some(there.unwrap_or_else(|| (self.reference_key().to_owned(), t_ref)))
    }

    /// Whether a moment lies within the reference recording, as long as the runs say it is.
    pub fn is_filmed(&self, t_ref_secs: f64) -> bool {
        let sides = |run: &'a TrailRun| [run.file.reference.as_ref(), run.file.new.as_ref()];
        let of_reference = self.runs().flat_map(sides).flatten();
        let lengths = of_reference
            .filter(|file| file.key() == self.reference_key())
            .map(|file| file.duration);
        let end_secs = lengths.filter(|secs| *secs > 0.0).max_by(f64::total_cmp);
        (0.0..=end_secs.unwrap_or(LONGEST_SECS)).contains(&t_ref_secs)
    }

    fn on_reference(&self, (on, t_on_secs): &(String, f64)) -> Option<f64> {
        self.between(on, self.reference_key())?.value_at(*t_on_secs)
    }

    fn marker_gates(&mut self) -> Vec<PlacedGate> {
        let mut newest: Vec<&TrailRun> = self.runs().collect();
        newest.sort_by(|a, b| b.modified.cmp(&a.modified).then_with(|| a.name.cmp(&b.name)));
        for run in newest {
            let path = run.folder.join(NEW_MARKERS_FILE);
            if !path.is_file() {
                continue;
            }
            match gates_of_table(&Input::File(path)) {
                Ok(gates) => {
                    let placed = gates.into_iter().filter_map(|gate| {
                        let set_on = (run.reference_key().to_owned(), gate.t_ref_secs);
                        Some(PlacedGate {
                            t_ref_secs: self.on_reference(&set_on)?,
                            set_on,
                            ..gate
                        })
                    });
                    let gates: Vec<PlacedGate> = placed.collect();
                    if gates.len() > 1 {
                        return gates;
                    }
                }
                Err(error) => self
                    .warnings
                    .push(format!("markers of {}: {}", run.name, error.what())),
            }
        }
        Vec::new()
    }
}

/// The markers of a table as gates: the first starts, the last stops the clock.
pub(super) fn gates_of_table(markers: &Input) -> Result<Vec<PlacedGate>, PipelineError> {
    let table = read_marker_table(markers, None)?;
    let mut gates: Vec<PlacedGate> = table
        .markers
        .into_iter()
        .map(|marker| PlacedGate {
            id: marker.id,
            name: marker.name,
            t_ref_secs: marker.t_ref_secs,
            kind: GateKind::Split,
            set_on: (String::new(), marker.t_ref_secs),
        })
        .collect();
    gates.sort_by(|a, b| a.t_ref_secs.total_cmp(&b.t_ref_secs));
    if let Some(first) = gates.first_mut() {
        first.kind = GateKind::Start;
    }
    if let Some(last) = gates.last_mut() {
        last.kind = GateKind::Finish;
    }
    Ok(gates)
}

/// A recording as a way to itself, from its beginning to its end.
pub(super) fn itself(duration_secs: f64) -> Composition {
    let ends = vec![0.0, duration_secs];
    let segment = Segment::new(ends.clone(), ends, vec![0.0; 2]);
    let warp = segment.and_then(|segment| TimeWarp::new(vec![segment]));
    // Nobody knows how long it is.
    warp.map_or_else(Composition::identity, |warp| {
        Composition::new(vec![Step::forwards(Arc::new(warp))])
    })
}

/// Seconds the rider of a run stands between two moments of it.
pub(super) fn stopped_secs(run: &TrailRun, [from, to]: [f64; 2]) -> f64 {
    let stops = run.warp.iter().flat_map(|warp| warp.stops());
    let own = stops.filter(|stop| stop.side == StopSide::New);
    own.map(|stop| (stop.to_secs.min(to) - stop.from_secs.max(from)).max(0.0))
        .sum()
}
