//! Pattern search (Hooke and Jeeves 1961) for the view with the highest mean likeness.

use std::cell::RefCell;

use mtbsync_vision::remap::ViewMap;

use super::Wider;
use super::probe::{Likeness, Probe};
use crate::tuning::{
    FIRST_VIEW_STEPS, GEOMETRY_GROUPS, LEAST_CHANGE, LEAST_VIEW, MAX_VIEW, MIN_BEND_GAIN, MIN_VIEW_GAIN,
    SIGMA_STEP,
};

/// What the search ends with.
pub(super) struct Found {
    pub map: ViewMap,
    pub log_scale_sigma: f64,
    pub pitch_deg: f64,
}

/// Where the search begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start {
    /// With cameras that see alike.
    Alike,
    /// With what the cameras say of their lenses.
    Guessed(ViewMap),
    /// With what an earlier alignment found.
    Found(ViewMap),
}

/// Degrees that a row of the dense grid covers where 90 degrees lie across: 2 atan(9/16) over 18 rows.
const DEG_PER_ROW: f64 = 58.7 / 18.0;

/// What is searched over: logarithm of the scale, roll in degrees, bend.
type Axes = [f64; 3];

/// Ways of the search, in steps. A scale imitates another projection in part, so the last runs along that.
const FLAT_WAYS: &[Axes] = &[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
const BENT_WAYS: &[Axes] = &[
    [0.0, 0.0, 1.0],
    [1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0],
    [1.0, 0.0, -1.0],
];

const ALIKE: Axes = [0.0; 3];

fn view(axes: Axes) -> ViewMap {
    ViewMap {
        log_scale: axes[0],
        roll_deg: axes[1],
        bend: axes[2],
    }
}

fn axes(map: &ViewMap) -> Axes {
    [map.log_scale, map.roll_deg, map.bend]
}

fn mean(likenesses: &[Likeness]) -> f64 {
    likenesses.iter().map(|l| l.cosine).sum::<f64>() / likenesses.len().max(1) as f64
}

/// Which of two recordings sees wider, by a few pairs at six views around none: `None` where both cameras see
/// alike. `new` changes the new run, `reference` the reference.
///
/// A view is tried on the side that it makes larger, where all of the changed picture was seen.
pub(super) fn wider(new: &Probe, reference: &Probe) -> Option<Wider> {
    let quick = |probe: &Probe, axes: Axes| mean(&probe.likenesses(&view(axes)));
    let middle = quick(new, ALIKE);
    let high = quick(new, stepped(ALIKE, 0, FIRST_VIEW_STEPS[0]));
    let low = middle * quick(reference, stepped(ALIKE, 0, FIRST_VIEW_STEPS[0]))
        / quick(reference, ALIKE).max(f64::MIN_POSITIVE);
    let beside = |axis: usize| {
        let [low, high] =
            [-1.0, 1.0].map(|sign| quick(new, stepped(ALIKE, axis, sign * FIRST_VIEW_STEPS[axis])));
        vertex([low, middle, high], FIRST_VIEW_STEPS[axis])
    };
    let off = [
        vertex([low, middle, high], FIRST_VIEW_STEPS[0]),
        beside(1),
        beside(2),
    ];
    let side = if off[0] < 0.0 {
        Wider::Reference
    } else {
        Wider::New
    };
    off.iter()
        .zip(LEAST_VIEW)
        .any(|(off, least)| off.abs() >= least)
        .then_some(side)
}

/// Whether a few pairs are plainly more alike through `map` than as they are.
pub(super) fn is_more_alike(few: &Probe, map: &ViewMap) -> bool {
    mean(&few.likenesses(map)) > (1.0 + MIN_VIEW_GAIN) * mean(&few.likenesses(&ViewMap::IDENTITY))
}

/// The view with the highest likeness; `None` where both cameras see alike.
///
/// The way uphill from a guess counts where it ends plainly higher than the one from cameras that see alike.
pub(super) fn search(probe: &Probe, start: Start) -> Option<Found> {
    let known = RefCell::new(Vec::<(Axes, f64)>::new());
    let score = |axes: Axes| {
        let before = known
            .borrow()
            .iter()
            .find(|(at, _)| *at == axes)
            .map(|found| found.1);
        before.unwrap_or_else(|| {
            let value = mean(&probe.likenesses(&view(axes)));
            known.borrow_mut().push((axes, value));
            value
        })
    };
    let (mut best, ways) = match start {
        Start::Found(before) if before.bend != 0.0 => (axes(&before), BENT_WAYS),
        Start::Found(before) => (axes(&before), FLAT_WAYS),
        Start::Alike => first_climb(&score, ALIKE),
        Start::Guessed(guess) => {
            let alike = first_climb(&score, ALIKE);
            let guessed = first_climb(&score, axes(&guess));
            if score(guessed.0) > score(alike.0) * (1.0 + MIN_VIEW_GAIN) {
                guessed
            } else {
                alike
            }
        }
    };
    if best == ALIKE && !matches!(start, Start::Found(_)) {
        return None;
    }
    best = climb(&score, best, ways, FIRST_VIEW_STEPS.map(|step| 0.25 * step), 1);
    // What the motion of the scene makes good by itself is better left as it was filmed.
    if best
        .iter()
        .zip(LEAST_CHANGE)
        .all(|(found, least)| found.abs() < least)
        || score(best) < score(ALIKE) * (1.0 + MIN_VIEW_GAIN)
    {
        return None;
    }
    let found = probe.likenesses(&view(best));
    let rows = found.iter().map(|l| l.lower_rows).sum::<f64>() / found.len() as f64;
    Some(Found {
        map: view(best),
        log_scale_sigma: scale_sigma(probe, best),
        pitch_deg: rows * DEG_PER_ROW,
    })
}

/// Uphill from `start`, with another projection only where that is worth it.
fn first_climb(score: &dyn Fn(Axes) -> f64, start: Axes) -> (Axes, &'static [Axes]) {
    let flat = if start[2] == 0.0 { start } else { ALIKE };
    let flat = climb(score, flat, FLAT_WAYS, FIRST_VIEW_STEPS, 1);
    let bent = if score(start) > score(flat) { start } else { flat };
    let bent = climb(score, bent, BENT_WAYS, FIRST_VIEW_STEPS, 1);
    if score(bent) > score(flat) * (1.0 + MIN_BEND_GAIN) {
        (bent, BENT_WAYS)
    } else {
        (flat, FLAT_WAYS)
    }
}

fn stepped(mut axes: Axes, axis: usize, step: f64) -> Axes {
    axes[axis] = (axes[axis] + step).clamp(-MAX_VIEW[axis], MAX_VIEW[axis]);
    axes
}

/// Way by way uphill, each in both directions, with steps halved when none helps, `halvings` times.
fn climb(score: &dyn Fn(Axes) -> f64, start: Axes, ways: &[Axes], mut steps: Axes, halvings: usize) -> Axes {
    let mut here = start;
    let mut best = score(here);
    for _ in 0..=halvings {
        loop {
            let before = best;
            for way in ways {
                for sign in [-1.0, 1.0] {
                    let next = |here: Axes| -> Axes {
                        std::array::from_fn(|k| {
                            (here[k] + sign * way[k] * steps[k]).clamp(-MAX_VIEW[k], MAX_VIEW[k])
                        })
                    };
                    let mut trial = next(here);
                    let mut value = score(trial);
                    while value > best && trial != here {
                        (here, best) = (trial, value);
                        trial = next(here);
                        value = score(trial);
                    }
                }
            }
            if best <= before {
                break;
            }
        }
        steps = steps.map(|step| 0.5 * step);
    }
    here
}

/// Where the parabola through three values `step` apart is highest, from the middle one; a whole step where
/// it is not highest between them.
fn vertex([low, middle, high]: [f64; 3], step: f64) -> f64 {
    let bend = 2.0 * middle - low - high;
    if bend <= 0.0 {
        return if high > low { step } else { -step };
    }
    (0.5 * step * (high - low) / bend).clamp(-step, step)
}

/// How much the best scale differs between groups of pairs: the error of their mean.
fn scale_sigma(probe: &Probe, best: Axes) -> f64 {
    let [low, middle, high] =
        [-SIGMA_STEP, 0.0, SIGMA_STEP].map(|step| probe.likenesses(&view(stepped(best, 0, step))));
    let of = |all: &[Likeness], group: usize| {
        let part: Vec<Likeness> = all.iter().skip(group).step_by(GEOMETRY_GROUPS).copied().collect();
        mean(&part)
    };
    let vertices: Vec<f64> = (0..GEOMETRY_GROUPS)
        .map(|group| {
            vertex(
                [of(&low, group), of(&middle, group), of(&high, group)],
                SIGMA_STEP,
            )
        })
        .collect();
    let count = GEOMETRY_GROUPS as f64;
    let middle = vertices.iter().sum::<f64>() / count;
    let spread = vertices.iter().map(|v| (v - middle).powi(2)).sum::<f64>() / (count - 1.0);
    (spread / count).sqrt()
}
