//! What came out, by kind of ride.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::SURE;
use crate::chain::Outcome;
use crate::scenes::{Kind, Scene};

/// Probes along the reference.
const PROBES: usize = 80;
/// A sure answer is wrong when off by more, seconds.
const WRONG_SECS: f64 = 0.3;
/// An answer for a place that the new rider never came this near to, metres, is a claim about nothing.
const NEVER_THERE_METRES: f64 = 2.5;

/// Mistakes shown of each kind of ride.
const SHOWN: usize = 8;

#[derive(Default)]
pub struct Tally {
    rides: usize,
    accepted: usize,
    probes: usize,
    answered: usize,
    hits: usize,
    inside_interval: usize,
    /// Errors of the answers outside stops, milliseconds.
    errors_ms: Vec<u32>,
    /// Answers with a confidence of at least [`SURE`], outside stops, of accepted rides.
    pub sure: usize,
    pub wrong: Vec<String>,
    /// Sum of confidences, right answers and their number in ten classes of confidence.
    reliability: [(f64, usize, usize); 10],
    worst: Duration,
    total: Duration,
}

impl Tally {
    pub fn of(seed: u64, scene: &Scene, outcome: &Outcome) -> Self {
        let mut tally = Self::default();
        tally.add(seed, scene, outcome, Duration::ZERO);
        tally
    }

    pub fn add(&mut self, seed: u64, scene: &Scene, outcome: &Outcome, took: Duration) {
        self.rides += 1;
        self.accepted += usize::from(outcome.ok);
        self.worst = self.worst.max(took);
        self.total += took;
        for k in 0..PROBES {
            let t_ref = scene.reference.duration() * k as f64 / PROBES as f64;
            self.probe(seed, scene, outcome, t_ref);
        }
    }

    fn probe(&mut self, seed: u64, scene: &Scene, outcome: &Outcome, t_ref: f64) {
        let metres = scene.reference.at(t_ref);
        let new_secs = scene.new.duration();
        let place = outcome.warp.locate(t_ref, new_secs);
        let shared = metres.is_some_and(|m| scene.new.error(m, 0.0).is_some());
        self.probes += usize::from(shared);
        let Some(place) = place else { return };
        let sure = outcome.ok && place.confidence >= SURE && !place.in_stop;
        let error = metres.and_then(|m| scene.new.error(m, place.t_new_secs));
        let Some(error) = error else {
            let away = metres.map_or(f64::INFINITY, |m| scene.new.metres_away(m));
            if sure && away > NEVER_THERE_METRES {
                self.sure += 1;
                self.wrong.push(format!(
                    "ride {seed} at {t_ref:.1} s: claimed to be at {:.1} s, {away:.0} m from anywhere, {:.2}; {}",
                    place.t_new_secs,
                    place.confidence,
                    beside(scene, t_ref, place.t_new_secs)
                ));
            }
            return;
        };
        self.answered += 1;
        self.hits += usize::from(error <= 0.25);
        if place.in_stop || !outcome.ok {
            return;
        }
        let within = |t: f64| {
            scene
                .new
                .error(metres.unwrap_or_default(), t)
                .unwrap_or(f64::INFINITY)
        };
        let reach = 0.5 * (place.high_secs - place.low_secs);
        let middle = 0.5 * (place.high_secs + place.low_secs);
        self.inside_interval += usize::from(within(middle) <= reach);
        self.errors_ms.push((1000.0 * error) as u32);
        let class = ((10.0 * place.confidence) as usize).min(9);
        let (sum, right, count) = &mut self.reliability[class];
        *sum += place.confidence;
        *right += usize::from(error <= 0.25);
        *count += 1;
        if sure {
            self.sure += 1;
            if error > WRONG_SECS {
                self.wrong.push(format!(
                    "ride {seed} at {t_ref:.1} s: {:.2} s, {error:.2} s off, {:.2}; {}",
                    place.t_new_secs,
                    place.confidence,
                    beside(scene, t_ref, place.t_new_secs)
                ));
            }
        }
    }

    fn join(&mut self, other: &Self) {
        self.rides += other.rides;
        self.accepted += other.accepted;
        self.probes += other.probes;
        self.answered += other.answered;
        self.hits += other.hits;
        self.inside_interval += other.inside_interval;
        self.errors_ms.extend_from_slice(&other.errors_ms);
        self.sure += other.sure;
        self.wrong.extend_from_slice(&other.wrong);
        for (a, b) in self.reliability.iter_mut().zip(other.reliability) {
            *a = (a.0 + b.0, a.1 + b.1, a.2 + b.2);
        }
        self.worst = self.worst.max(other.worst);
        self.total += other.total;
    }

    pub fn answered_share(&self) -> f64 {
        self.answered as f64 / self.probes.max(1) as f64
    }

    pub fn hit_share(&self) -> f64 {
        self.hits as f64 / self.probes.max(1) as f64
    }

    fn judged(&self) -> usize {
        self.reliability.iter().map(|r| r.2).sum::<usize>().max(1)
    }

    /// Expected calibration error: mean distance of said from right, weighted by the number of answers.
    fn calibration_error(&self) -> f64 {
        let away = self
            .reliability
            .iter()
            .map(|&(sum, right, _)| (sum - right as f64).abs());
        away.sum::<f64>() / self.judged() as f64
    }

    /// Error that this share of the answers outside stops stays below, milliseconds.
    fn error_ms(&self, share: f64) -> u32 {
        let mut sorted = self.errors_ms.clone();
        sorted.sort_unstable();
        let at = (share * sorted.len() as f64) as usize;
        sorted.get(at).copied().unwrap_or(0)
    }

    fn line(&self) -> String {
        format!(
            "{:>5} rides {:>5} accepted {:>7} probes | answered {:.3} within 0.25 s {:.3} | error ms {:>3} / {:>4} | sure {:>7} wrong {:>4} | \
             calibration error {:.3} interval holds {:.3} | worst {:>4} ms mean {:>3} ms",
            self.rides,
            self.accepted,
            self.probes,
            self.answered_share(),
            self.hit_share(),
            self.error_ms(0.5),
            self.error_ms(0.95),
            self.sure,
            self.wrong.len(),
            self.calibration_error(),
            self.inside_interval as f64 / self.judged() as f64,
            self.worst.as_millis(),
            self.total.as_millis() / self.rides.max(1) as u128,
        )
    }
}

/// What a mistake lies beside.
fn beside(scene: &Scene, t_ref: f64, t_new: f64) -> String {
    let ((of_ref, what_ref), (of_new, what_new)) = (
        scene.reference.nearest_event(t_ref),
        scene.new.nearest_event(t_new),
    );
    let (secs, side, what) = if of_ref < of_new {
        (of_ref, "reference", what_ref)
    } else {
        (of_new, "new", what_new)
    };
    if secs < 1.5 {
        format!("beside {what} of {side}")
    } else {
        "beside nothing".to_owned()
    }
}

#[derive(Default)]
pub struct Tallies(BTreeMap<Kind, Tally>);

impl Tallies {
    pub fn of(&mut self, kind: Kind) -> &mut Tally {
        self.0.entry(kind).or_default()
    }

    pub fn all(&self) -> Tally {
        let mut all = Tally::default();
        self.0.values().for_each(|tally| all.join(tally));
        all
    }

    /// All of it as text, with the first few mistakes of each kind.
    pub fn report(&self) -> String {
        let mut lines = Vec::new();
        for (kind, tally) in &self.0 {
            lines.push(format!("{:<9} {}", format!("{kind:?}"), tally.line()));
            lines.extend(tally.wrong.iter().take(SHOWN).map(|line| format!("    {line}")));
        }
        let all = self.all();
        lines.push(format!("{:<9} {}", "all", all.line()));
        for (sum, right, count) in all.reliability {
            let n = count.max(1) as f64;
            let (said, right) = (sum / n, right as f64 / n);
            lines.push(format!("    said {said:.3} right {right:.3} answers {count}"));
        }
        lines.join("\n")
    }
}
