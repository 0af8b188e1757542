//! Search bands: the reference frames in question for each new frame, from the credible intervals of a sparse
//! look.
//!
//! Comparing all frames of two long recordings costs the product of their lengths. A sparse look at the new
//! run, against all of the reference, already gives a path with its own uncertainty; what that leaves
//! possible is a band of the reference for each new frame, and only the band is worth a full comparison.
//!
//! Where a look leaves much of the reference open, as among many like laps, bands would be as wide as the
//! recording is long. So closer looks come first: as many new frames as the same work pays for, each against
//! its band only. Among laps in the same order, what is possible shrinks with every look. What stays wider is
//! cut to the likeliest stretch, and the share of what was possible in it is known: nobody can tell which lap
//! it is.

use std::ops::Range;

use crate::sequence::PosteriorInterval;
use crate::tuning::{BAND_MARGIN_SECS, MAX_BAND_SECS, MAX_RATIO, MEAN_BAND_SECS, NEAR_SECS};

/// Some new frames, and where they were found.
#[derive(Clone, Debug)]
pub struct Look {
    /// Numbers of the new frames, evenly spread from the first.
    pub rows: Vec<usize>,
    /// Where each of them was found.
    pub found: Vec<PosteriorInterval>,
}

/// What the closest look that was needed leaves in question.
#[derive(Clone, Debug)]
pub struct NarrowedBands {
    /// That look.
    pub look: Look,
    /// The reference frames in question for each new frame, as [`band`] gives them.
    pub bands: Vec<Range<usize>>,
    /// Share of what is possible for each new frame that its band holds, 0..1.
    pub held: Vec<f64>,
}

/// Bands for every time of `t_new` after a first `look`, of a mean width that does not grow with the
/// recordings. `closer` looks for some new frames, named by their numbers, each in a band of the reference;
/// no call of it compares more pairs of frames than bands of [`MEAN_BAND_SECS`] have. Times are in seconds
/// and increasing.
///
/// # Errors
/// Those of `closer`.
pub fn narrow<E>(
    mut look: Look,
    t_new: &[f64],
    t_ref: &[f64],
    mut closer: impl FnMut(&[usize], &[Range<usize>]) -> Result<Vec<PosteriorInterval>, E>,
) -> Result<NarrowedBands, E> {
    // Without a path nothing is worth a closer look.
    let of = |found: &[PosteriorInterval], t_rows: &[f64]| {
        band(found, t_rows, t_new, t_ref).unwrap_or_else(|| vec![0..1; t_new.len()])
    };
    let mut step = t_new.len().div_ceil(look.rows.len().max(1));
    loop {
        let t_rows: Vec<f64> = look.rows.iter().map(|&i| t_new[i]).collect();
        let bands = of(&look.found, &t_rows);
        let affordable = (mean_width_secs(&bands, t_ref) / MEAN_BAND_SECS).ceil() as usize;
        if affordable <= 1 {
            let held = vec![1.0; t_new.len()];
            return Ok(NarrowedBands { look, bands, held });
        }
        if 2 * affordable > step {
            let cut = narrowed(&look.found);
            let bands = of(&cut, &t_rows);
            let held = shares_held(&cut, &t_rows, t_new);
            return Ok(NarrowedBands { look, bands, held });
        }
        step = affordable;
        let rows: Vec<usize> = (0..t_new.len()).step_by(step).collect();
        let in_question: Vec<Range<usize>> = rows.iter().map(|&i| bands[i].clone()).collect();
        let found = closer(&rows, &in_question)?;
        look = Look { rows, found };
    }
}

/// The reference frames (indices into `t_ref`) in question for each time of `t_new`, from a sparse look at
/// the times `t_sparse`. Neither starts nor ends go back. `None` when the look found the trail nowhere. All
/// times are in seconds and increasing.
pub fn band(
    sparse: &[PosteriorInterval],
    t_sparse: &[f64],
    t_new: &[f64],
    t_ref: &[f64],
) -> Option<Vec<Range<usize>>> {
    let looks = t_sparse.iter().copied().zip(sparse);
    let known: Vec<(f64, &PosteriorInterval)> = looks
        .filter(|(_, interval)| interval.posterior.is_on_trail())
        .collect();
    if known.is_empty() || t_ref.is_empty() {
        return None;
    }
    let mut bands: Vec<Range<usize>> = t_new
        .iter()
        .map(|&t| {
            let (low, high) = possible(&known, t);
            let start = t_ref.partition_point(|&r| r < low - BAND_MARGIN_SECS);
            let end = t_ref.partition_point(|&r| r <= high + BAND_MARGIN_SECS);
            start..end
        })
        .collect();
    // Only ever wider: later rows may need what lies further back.
    let mut least = t_ref.len() - 1;
    for band in bands.iter_mut().rev() {
        least = least.min(band.start);
        band.start = least;
    }
    let mut most = 1;
    for band in &mut bands {
        most = most.max(band.end).max(band.start + 1);
        band.end = most;
    }
    Some(bands)
}

/// Mean width of `bands`, seconds.
fn mean_width_secs(bands: &[Range<usize>], t_ref: &[f64]) -> f64 {
    let width = |band: &Range<usize>| match t_ref.get(band.clone()) {
        Some([first, .., last]) => last - first,
        Some(_) | None => 0.0,
    };
    bands.iter().map(width).sum::<f64>() / bands.len().max(1) as f64
}

/// `looks` with intervals of at most [`NEAR_SECS`] each side of their places, for bands that cannot hold all
/// that is possible; `near` says which share of the mass is left in each. Of looks whose places contradict
/// their order in time the likeliest stay on the trail, and of the others none is left.
fn narrowed(looks: &[PosteriorInterval]) -> Vec<PosteriorInterval> {
    let kept = likeliest_ahead(looks);
    looks
        .iter()
        .zip(kept)
        .map(|(look, kept)| {
            let mut look = *look;
            if !look.posterior.is_on_trail() {
                look.near = 1.0;
            } else if kept {
                let place = look.posterior.t_ref_secs;
                look.low_secs = look.low_secs.max(place - NEAR_SECS);
                look.high_secs = look.high_secs.min(place + NEAR_SECS);
            } else {
                look.near = 0.0;
                look.posterior.off = 1.0;
            }
            look
        })
        .collect()
}

/// Share of what is possible at each time of `t_new` that the bands of the `narrowed` looks at `t_sparse`
/// hold: the least of the looks beside it.
fn shares_held(narrowed: &[PosteriorInterval], t_sparse: &[f64], t_new: &[f64]) -> Vec<f64> {
    let near = |k: Option<usize>| k.and_then(|k| narrowed.get(k)).map_or(1.0, |look| look.near);
    let held = |&t: &f64| {
        let after = t_sparse.partition_point(|&look| look < t);
        near(after.checked_sub(1)).min(near(Some(after)))
    };
    t_new.iter().map(held).collect()
}

/// Which looks belong to the heaviest chain of those on the trail whose places never go back: a longest
/// increasing subsequence, weighted, by a tree of maxima (Fenwick 1994).
fn likeliest_ahead(looks: &[PosteriorInterval]) -> Vec<bool> {
    let on = || (0..looks.len()).filter(|&i| looks[i].posterior.is_on_trail());
    let place = |i: usize| looks[i].posterior.t_ref_secs;
    let mut places: Vec<f64> = on().map(place).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    // Weight and last look of the heaviest chain that ends at one of the places that a node stands for.
    let mut heaviest: Vec<(f64, Option<usize>)> = vec![(0.0, None); places.len() + 1];
    let mut before: Vec<Option<usize>> = vec![None; looks.len()];
    let mut best = (0.0, None);
    for i in on() {
        let rank = places.partition_point(|&p| p < place(i)) + 1;
        let (mut node, mut chain) = (rank, (0.0, None));
        while node > 0 {
            if heaviest[node].0 > chain.0 {
                chain = heaviest[node];
            }
            node &= node - 1;
        }
        before[i] = chain.1;
        let chain = (chain.0 + looks[i].near * looks[i].posterior.on, Some(i));
        if chain.0 > best.0 {
            best = chain;
        }
        node = rank;
        while node < heaviest.len() {
            if chain.0 > heaviest[node].0 {
                heaviest[node] = chain;
            }
            node += node & node.wrapping_neg();
        }
    }
    let mut kept = vec![false; looks.len()];
    let mut at = best.1;
    while let Some(i) = at {
        kept[i] = true;
        at = before[i];
    }
    kept
}

/// Reference times possible at `t`: between those of the moments known before and after. Where one of them is
/// missing or far, as far as a fast rider gets.
fn possible(known: &[(f64, &PosteriorInterval)], t: f64) -> (f64, f64) {
    let k = known.partition_point(|known| known.0 < t);
    let before = k.checked_sub(1).and_then(|k| known.get(k));
    let ridden = |secs: f64| (MAX_RATIO * secs).min(MAX_BAND_SECS);
    // As far as a fast rider gets from the moment before, or to the one after.
    let latest = |(at, known): &(f64, &PosteriorInterval)| known.high_secs + ridden(t - at);
    let earliest = |(at, known): &(f64, &PosteriorInterval)| known.low_secs - ridden(at - t);
    match (before, known.get(k)) {
        (Some(before), Some(after)) => {
            let (low, high) = (before.1.low_secs, after.1.high_secs);
            if high - low <= MAX_BAND_SECS {
                (low, high)
            } else if t - before.0 <= after.0 - t {
                (low, latest(before).min(high))
            } else {
                (earliest(after).max(low), high)
            }
        }
        (Some(before), None) => (before.1.low_secs, latest(before)),
        (None, Some(after)) => (earliest(after), after.1.high_secs),
        (None, None) => (0.0, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Matrix;
    use crate::sequence::{Posterior, posterior_intervals};

    fn interval(t_ref_secs: f64, off: f64) -> PosteriorInterval {
        PosteriorInterval {
            posterior: Posterior {
                t_ref_secs,
                on: 1.0 - off,
                off,
            },
            low_secs: t_ref_secs - 0.5,
            high_secs: t_ref_secs + 0.5,
            near: 1.0,
        }
    }

    fn times(count: usize, step: f64) -> Vec<f64> {
        (0..count).map(|k| k as f64 * step).collect()
    }

    #[test]
    fn a_steady_path_gets_a_narrow_band_that_holds_it() {
        let (sparse, t_new, t_ref) = (times(100, 6.0), times(1800, 1.0 / 3.0), times(2400, 1.0 / 3.0));
        let looks: Vec<PosteriorInterval> = sparse.iter().map(|t| interval(1.2 * t + 30.0, 0.0)).collect();
        let bands = band(&looks, &sparse, &t_new, &t_ref).unwrap();
        for (t, band) in t_new.iter().zip(&bands) {
            let truth = 1.2 * t + 30.0;
            assert!(
                t_ref[band.start] < truth && truth < t_ref[band.end - 1],
                "{t} {band:?}"
            );
            assert!(band.len() < 90, "{t} {band:?}");
        }
    }

    #[test]
    fn bands_open_where_nothing_is_known_and_never_go_back() {
        let (sparse, t_new, t_ref) = (times(60, 5.0), times(900, 1.0 / 3.0), times(6000, 1.0 / 3.0));
        // Known up to 100 s and from 200 s on, half an hour further.
        let looks: Vec<PosteriorInterval> = sparse
            .iter()
            .map(|&t| match t {
                _ if t <= 100.0 => interval(t, 0.0),
                _ if t < 200.0 => interval(0.0, 0.9),
                _ => interval(t + 1500.0, 0.0),
            })
            .collect();
        let bands = band(&looks, &sparse, &t_new, &t_ref).unwrap();
        assert!(
            bands
                .windows(2)
                .all(|w| w[0].start <= w[1].start && w[0].end <= w[1].end)
        );
        assert!(bands.iter().all(|b| b.start < b.end && b.end <= t_ref.len()));
        // Soon after the last known place its surroundings are in question, shortly before the next those of
        // that.
        assert!(bands[310].contains(&320) && bands[590].contains(&(3 * 1690)));
    }

    /// Evidence of like laps of 24 s, 3 frames a second, for the new frames `rows` within `bands` of so many
    /// reference frames.
    fn like_laps(rows: &[usize], bands: &[Range<usize>], frames: usize) -> Matrix {
        const LAP: usize = 72;
        let llr = |i: usize, j: usize| if i % LAP == j % LAP { 5.0 } else { -2.0 };
        let values = rows.iter().zip(bands);
        let values = values
            .flat_map(|(&i, band)| band.clone().map(move |j| llr(i, j)))
            .collect();
        Matrix::banded(frames, bands.to_vec(), values).unwrap()
    }

    /// Cells that a ride of like laps takes in closer looks and in the bands at the end, and what those hold.
    fn narrowed_laps(new_frames: usize, ref_frames: usize) -> (usize, usize, NarrowedBands) {
        let (t_new, t_ref) = (times(new_frames, 1.0 / 3.0), times(ref_frames, 1.0 / 3.0));
        let mut cells = 0;
        let mut closer = |rows: &[usize], bands: &[Range<usize>]| -> Vec<PosteriorInterval> {
            let llr = like_laps(rows, bands, ref_frames);
            cells += llr.len();
            let t_rows: Vec<f64> = rows.iter().map(|&i| t_new[i]).collect();
            posterior_intervals(&llr, &t_rows, &t_ref)
        };
        let rows: Vec<usize> = (0..new_frames).step_by(new_frames.div_ceil(100)).collect();
        let found = closer(&rows, &vec![0..ref_frames; rows.len()]);
        let first = rows.len() * ref_frames;
        let look = Look { rows, found };
        let narrowed = narrow(look, &t_new, &t_ref, |rows, bands| {
            Ok::<_, std::convert::Infallible>(closer(rows, bands))
        });
        let narrowed = narrowed.unwrap_or_else(|never| match never {});
        let in_bands = narrowed.bands.iter().map(Range::len).sum();
        (cells - first, in_bands, narrowed)
    }

    #[test]
    fn work_among_like_laps_grows_with_the_length_alone() {
        for frames in [1_800, 7_200] {
            let (looked, in_bands, _) = narrowed_laps(frames, frames);
            let per_frame = |cells: usize| cells as f64 / frames as f64;
            let widest = 3.0 * MEAN_BAND_SECS;
            assert!(
                per_frame(in_bands) < 1.5 * widest,
                "{frames}: {}",
                per_frame(in_bands)
            );
            assert!(
                per_frame(looked) < 8.0 * widest,
                "{frames}: {}",
                per_frame(looked)
            );
        }
    }

    #[test]
    fn one_of_many_like_laps_is_not_claimed() {
        let (_, _, narrowed) = narrowed_laps(1_800, 7_200);
        let mean = narrowed.held.iter().sum::<f64>() / narrowed.held.len() as f64;
        assert!(mean < 0.5, "{mean}");
        assert!(narrowed.bands.iter().all(|band| band.len() < 900));
    }

    #[test]
    fn of_looks_that_contradict_each_other_the_likelier_are_kept() {
        let looks: Vec<PosteriorInterval> = (0..20)
            .map(|k| interval(if k % 5 == 2 { 500.0 } else { f64::from(k) }, 0.0))
            .collect();
        let kept = likeliest_ahead(&looks);
        assert!((0..20).all(|k| kept[k] == (k % 5 != 2)), "{kept:?}");
        let t: Vec<f64> = times(20, 1.0);
        assert_eq!(shares_held(&narrowed(&looks), &t, &[7.5, 9.5]), [0.0, 1.0]);
    }

    #[test]
    fn a_look_that_found_nothing_gives_no_band() {
        let t = times(50, 0.33);
        assert!(band(&[interval(3.0, 0.8)], &[1.0], &t, &t).is_none());
        assert!(band(&[], &[], &t, &t).is_none());
    }
}
