//! Which cells of the picture tell places apart, learnt from a first path: `w = √clamp(g / G, 0, 1)`, with
//! the gain `g` of a cell: what it adds to the likeness of two frames of one place, less what it adds to that
//! of frames of two places; `G` is the mean gain of the best quarter of the cells.
//!
//! In a cockpit most of what is left after the foreground is masked still belongs to the rider: arms, gloves,
//! light that plays on a door. It is alike wherever he is, or alike for seconds on end. On the path found
//! with all cells it gives itself away. The weights are learnt once: more rounds follow their own mistakes.

use std::ops::Range;

use mtbsync_align::path::nearest;
use mtbsync_align::sequence::Posterior;
use mtbsync_vision::dense::{COLS, ROWS};
use mtbsync_vision::similarity::{PlaceSequence, ShiftSearch};
use rayon::prelude::*;

use crate::compare::Centrings;
use crate::tuning::{
    GAIN_RADIUS, MIN_SURE_PLACES, NEAR_PLACES, NEAR_PLACES_SECS, OTHER_PLACE_SECS, OTHER_PLACES,
    OTHER_PLACES_TRIED, SURE_ON, SURE_PLACES, TELLING_CELLS,
};

/// Weights of the cells of both recordings, new and reference, 0..1, `[row][column]`.
pub type SideWeights = [Vec<f32>; 2];

/// Weights for both kinds of centring.
#[derive(Clone, Debug)]
pub struct CellWeights {
    /// Of what is left without the mean of the recording.
    pub global: SideWeights,
    /// Of what is left without the mean around each frame.
    pub local: SideWeights,
}

impl CellWeights {
    /// What a path tells: `path` of the new frames `rows`, in order, among reference frames at `t_ref_secs`.
    /// `None` where it is sure of too few places.
    pub fn learn(
        [global, local]: &[Centrings<'_>; 2],
        path: &[Posterior],
        rows: &[usize],
        t_ref_secs: &[f64],
    ) -> Option<Self> {
        let on_trail: Vec<(&Posterior, usize)> = path
            .iter()
            .zip(rows.iter().copied())
            .filter(|(posterior, _)| posterior.is_on_trail())
            .collect();
        let sure: Vec<SurePlace> = on_trail
            .iter()
            .filter(|(posterior, _)| posterior.on > SURE_ON)
            .map(|&(posterior, new)| SurePlace {
                new,
                reference: nearest(t_ref_secs, posterior.t_ref_secs),
            })
            .collect();
        if sure.len() < MIN_SURE_PLACES || 2 * sure.len() < on_trail.len() {
            return None;
        }
        let places: Vec<SurePlace> = spread(0..sure.len(), SURE_PLACES).map(|k| sure[k]).collect();
        Some(Self {
            global: weights(global, &places, t_ref_secs),
            local: weights(local, &places, t_ref_secs),
        })
    }
}

/// A new frame and where the path has it.
#[derive(Clone, Copy)]
struct SurePlace {
    new: usize,
    reference: usize,
}

/// Some of these numbers, evenly spread.
fn spread(of: Range<usize>, most: usize) -> impl Iterator<Item = usize> {
    let count = most.min(of.len());
    (0..count).map(move |k| of.start + k * of.len() / count)
}

/// Weights of one kind of centring.
fn weights([new, reference]: &Centrings<'_>, places: &[SurePlace], t_ref_secs: &[f64]) -> SideWeights {
    let [of_new, of_reference] = [|p: &SurePlace| p.new, |p: &SurePlace| p.reference];
    let numbers = |of: fn(&SurePlace) -> usize| places.iter().map(of).collect::<Vec<usize>>();
    let tried: Vec<usize> = spread(0..t_ref_secs.len(), OTHER_PLACES_TRIED).collect();
    let frames = ComparedFrames {
        new: PlaceSequence::new(&new.at(&numbers(of_new))),
        on_path: PlaceSequence::new(&reference.at(&numbers(of_reference))),
        far: PlaceSequence::new(&reference.at(&tried)),
    };
    let gains: Vec<Gain> = (0..places.len())
        .into_par_iter()
        .map(|k| {
            let here_secs = t_ref_secs[places[k].reference];
            let far = |other: &usize| (t_ref_secs[tried[*other]] - here_secs).abs() > OTHER_PLACE_SECS;
            let far = frames.most_alike(k, (0..tried.len()).filter(far).collect());
            let near = PlaceSequence::new(&reference.at(&near_places(t_ref_secs, here_secs)));
            frames.gain(k, &far, &near)
        })
        .collect();
    // The sums run in the order of the places, whatever the number of threads.
    std::array::from_fn(|side| {
        let mut sums = vec![0.0; ROWS * COLS];
        for gain in &gains {
            sums.iter_mut()
                .zip(&gain[side])
                .for_each(|(sum, gain)| *sum += gain);
        }
        weights_of(&sums)
    })
}

/// Reference frames a little before and after a place, too far off to show it alike.
fn near_places(t_ref_secs: &[f64], here_secs: f64) -> Vec<usize> {
    let (least, most) = NEAR_PLACES_SECS;
    let between = |from: f64, until: f64| {
        t_ref_secs.partition_point(|&t| t < here_secs + from)
            ..t_ref_secs.partition_point(|&t| t <= here_secs + until)
    };
    [between(-most, -least), between(least, most)]
        .into_iter()
        .flat_map(|side| spread(side, NEAR_PLACES / 2))
        .collect()
}

/// Gain of each cell, of the new and of the reference grid.
type Gain = [Vec<f32>; 2];

/// Frames that are compared: new ones, those of the reference at the same places, and others all along it.
struct ComparedFrames {
    new: PlaceSequence,
    on_path: PlaceSequence,
    far: PlaceSequence,
}

impl ComparedFrames {
    /// Those of the frames `far` that new frame `k` takes most easily for its own place.
    fn most_alike(&self, k: usize, mut far: Vec<usize>) -> Vec<usize> {
        let mut alike = Vec::new();
        let all = 0..self.far.frames();
        self.new
            .similarities(k, &self.far, all, ShiftSearch::CoarseToFine, &mut alike);
        far.sort_by(|&a, &b| alike[b].total_cmp(&alike[a]).then(a.cmp(&b)));
        far.truncate(OTHER_PLACES);
        far
    }

    /// What the cells of new frame `k` say for its place rather than for the others.
    fn gain(&self, k: usize, far: &[usize], near: &PlaceSequence) -> Gain {
        let mut gain = [vec![0.0; ROWS * COLS], vec![0.0; ROWS * COLS]];
        let mut add = |reference: &PlaceSequence, frame: usize, factor: f32| {
            let shares = self.new.shares(k, reference, frame);
            for (gain, shares) in gain.iter_mut().zip([&shares.of_new, &shares.of_reference()]) {
                gain.iter_mut()
                    .zip(shares)
                    .for_each(|(gain, share)| *gain += factor * share);
            }
        };
        add(&self.on_path, k, 1.0);
        for &other in far {
            add(&self.far, other, -0.5 / far.len() as f32);
        }
        for other in 0..near.frames() {
            add(near, other, -0.5 / near.frames() as f32);
        }
        gain
    }
}

/// Weights from gains.
fn weights_of(gains: &[f32]) -> Vec<f32> {
    let smooth = neighbourhood_means(gains);
    let mut best = smooth.clone();
    best.sort_by(|a, b| b.total_cmp(a));
    best.truncate(TELLING_CELLS);
    let full = best.iter().sum::<f32>() / TELLING_CELLS as f32;
    if full <= 0.0 {
        return vec![1.0; gains.len()];
    }
    smooth
        .iter()
        .map(|gain| (gain / full).clamp(0.0, 1.0).sqrt())
        .collect()
}

/// Mean of the cells around each, as far as they lie in the grid.
fn neighbourhood_means(cells: &[f32]) -> Vec<f32> {
    let near = |at: usize, len: usize| at.saturating_sub(GAIN_RADIUS)..(at + GAIN_RADIUS + 1).min(len);
    (0..ROWS * COLS)
        .map(|cell| {
            let (rows, cols) = (near(cell / COLS, ROWS), near(cell % COLS, COLS));
            let count = rows.len() * cols.len();
            let around = rows.flat_map(|row| cols.clone().map(move |col| row * COLS + col));
            around.map(|at| cells[at]).sum::<f32>() / count as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use mtbsync_vision::dense::{BINS, DESCRIPTOR_LEN};
    use mtbsync_vision::scenery::Scenery;
    use mtbsync_vision::similarity::Centring;

    use super::*;

    const FRAMES: usize = 90;
    /// Frames for which the rider sits alike, and how many ways there are.
    const HELD: usize = 9;
    const POSES: usize = 3;

    fn byte(key: [usize; 3]) -> u8 {
        let mixed = key.iter().fold(0x9e37_79b9u32, |hash, &part| {
            ((hash ^ part as u32).wrapping_mul(0x85eb_ca6b).rotate_left(13)) ^ (hash >> 7)
        });
        (mixed.wrapping_mul(0xc2b2_ae35) >> 24) as u8
    }

    /// Scenery above, another at every place; below the rider in one of a few poses.
    fn ride() -> Vec<u8> {
        (0..FRAMES)
            .flat_map(|frame| (0..DESCRIPTOR_LEN).map(move |at| (frame, at / BINS, at % BINS)))
            .map(|(frame, cell, bin)| {
                let is_scenery = cell / COLS < ROWS / 2;
                let what = if is_scenery {
                    1000 + frame
                } else {
                    frame / HELD % POSES
                };
                byte([what, cell, bin])
            })
            .collect()
    }

    fn learnt(on: f64) -> Option<CellWeights> {
        let frames = ride();
        let scenery = Scenery::still(vec![1; ROWS * COLS]);
        let t_secs: Vec<f64> = (0..FRAMES).map(|i| i as f64 / 3.0).collect();
        let path: Vec<Posterior> = t_secs
            .iter()
            .map(|&t_ref_secs| Posterior {
                t_ref_secs,
                on,
                off: 0.0,
            })
            .collect();
        let kinds = [
            [
                Centring::global(&frames, &scenery),
                Centring::global(&frames, &scenery),
            ],
            [
                Centring::local(&frames, &t_secs, &scenery),
                Centring::local(&frames, &t_secs, &scenery),
            ],
        ];
        let rows: Vec<usize> = (0..FRAMES).collect();
        CellWeights::learn(&kinds, &path, &rows, &t_secs)
    }

    #[test]
    fn scenery_weighs_more_than_what_is_alike_elsewhere() {
        let CellWeights { global, local } = learnt(1.0).unwrap();
        for weights in global.iter().chain(&local) {
            // The two rows at the border share in each other.
            let (scenery, rider) = (&weights[..COLS * 8], &weights[COLS * 10..]);
            let mean = |cells: &[f32]| cells.iter().sum::<f32>() / cells.len() as f32;
            assert!(
                mean(scenery) > 0.8 && mean(rider) < 0.6,
                "{} {}",
                mean(scenery),
                mean(rider)
            );
        }
    }

    #[test]
    fn an_unsure_path_teaches_nothing() {
        assert!(learnt(0.5).is_none());
    }

    #[test]
    fn without_a_gain_all_cells_weigh_alike() {
        assert!(weights_of(&[0.0; ROWS * COLS]).iter().all(|&w| w == 1.0));
    }
}
