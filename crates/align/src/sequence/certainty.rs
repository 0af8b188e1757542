//! Certainty that the posterior of single frames claims too much of: beside leaps, where nothing passes by or
//! the trail is not seen, and at edges.

use super::PosteriorInterval;
use crate::evidence::Matrix;
use crate::path::is_leap;
use crate::tuning::{
    CERTAINTY_AT_EDGE, CERTAINTY_AT_FALSE_STAND, DISPLACED_FRAMES, DISPLACED_SECS, EVIDENCE_TEMPER,
    LEAP_END_SECS, OFF_FRAMES, OUTSIDE_LLR, POSTERIOR_LEAP_SECS, STOOD_SHARE,
};

/// A leap ahead is believed where the reference rider stood: all that is leapt over looks like the place
/// itself. Else the reference was on another trail, or went over the same ground several times, and nobody
/// can say what belongs to it: the frames beside it are doubted.
pub(super) fn leaps(found: &mut [PosteriorInterval], llr: &Matrix, t_new: &[f64], t_ref: &[f64]) {
    let on: Vec<usize> = (0..found.len())
        .filter(|&i| found[i].posterior.is_on_trail())
        .collect();
    for w in on.windows(2) {
        let (from, to) = (found[w[0]].posterior.t_ref_secs, found[w[1]].posterior.t_ref_secs);
        if !is_leap((t_new[w[0]], from), (t_new[w[1]], to), POSTERIOR_LEAP_SECS) {
            continue;
        }
        let first = t_ref.partition_point(|&t| t < from + LEAP_END_SECS);
        let last = t_ref.partition_point(|&t| t < to - LEAP_END_SECS);
        let alike = (first..last)
            .filter(|&j| w.iter().any(|&i| value(llr, i, j).is_some_and(|e| e > 0.0)))
            .count();
        if (alike as f64) < STOOD_SHARE * last.saturating_sub(first) as f64 {
            for &i in w {
                found[i].posterior.on *= CERTAINTY_AT_FALSE_STAND;
            }
        }
    }
}

/// Where exactly a rider left the trail or came back to it is known to a frame or two.
pub(super) fn edges(found: &mut [PosteriorInterval]) {
    let off: Vec<bool> = found.iter().map(|r| !r.posterior.is_on_trail()).collect();
    let mut from = 0;
    for run in off.chunk_by(|a, b| a == b) {
        let to = from + run.len();
        if run[0] && run.len() >= OFF_FRAMES {
            for (k, left) in CERTAINTY_AT_EDGE.iter().enumerate() {
                if let Some(before) = from.checked_sub(k + 1) {
                    found[before].posterior.on *= left;
                }
                if let Some(after) = found.get_mut(to + k) {
                    after.posterior.on *= left;
                }
            }
        }
        from = to;
    }
}

/// Where both riders stand, or nothing passes by, the path might as well run a little earlier or later, and
/// the chance likeness of single frames decides. So the neighbourhood of each frame is asked: what would it
/// say to the path displaced either way? And do its pictures show the trail at all? A detour as long as the
/// piece of trail it leaves out looks like riding on with bad pictures.
pub(super) fn displacements(found: &mut [PosteriorInterval], llr: &Matrix, t_ref: &[f64]) {
    let on = |i: &usize| found[*i].posterior.is_on_trail();
    let explained = |i: usize, by: f64| {
        let wanted = found[i].posterior.t_ref_secs + by;
        let j = t_ref.partition_point(|&t| t < wanted);
        let near = [j.checked_sub(1), Some(j)].into_iter().flatten();
        near.filter_map(|j| value(llr, i, j)).fold(OUTSIDE_LLR, f32::max)
    };
    let certain: Vec<f64> = (0..found.len())
        .map(|i| {
            let range = i.saturating_sub(DISPLACED_FRAMES)..(i + DISPLACED_FRAMES + 1).min(found.len());
            let sum = |by: f64| {
                range
                    .clone()
                    .filter(on)
                    .map(|i| f64::from(explained(i, by)))
                    .sum::<f64>()
            };
            let here = sum(0.0);
            let rather = |instead: f64| (EVIDENCE_TEMPER * (instead - here)).min(0.0).exp();
            let elsewhere = 0.0;
            1.0 / (1.0 + rather(sum(-DISPLACED_SECS)) + rather(sum(DISPLACED_SECS)) + rather(elsewhere))
        })
        .collect();
    for (interval, certain) in found.iter_mut().zip(certain) {
        interval.posterior.on *= certain;
    }
}

fn value(llr: &Matrix, i: usize, j: usize) -> Option<f32> {
    let at = j.checked_sub(llr.band(i).start)?;
    llr.row(i).get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::super::posteriors;
    use super::*;

    /// A ride along the diagonal that leaps from 10 s to 19 s; what is leapt over looks like `alike` at the
    /// leap.
    fn around_a_leap(alike: f32) -> (f64, f64) {
        let (n, m) = (60, 90);
        let mut values = vec![-2.0; n * m];
        for i in 0..n {
            values[i * m + if i < 30 { i } else { i + 27 }] = 4.0;
        }
        for i in [29, 30] {
            values[i * m + 30..i * m + 57].fill(alike);
        }
        let t: Vec<f64> = (0..m).map(|k| k as f64 / 3.0).collect();
        let found = posteriors(&Matrix::new(n, m, values).unwrap(), &t[..n], &t);
        let least = |range: std::ops::Range<usize>| found[range].iter().map(|b| b.on).fold(1.0, f64::min);
        (least(28..32), least(5..25).min(least(35..55)))
    }

    #[test]
    fn the_edges_of_a_stretch_off_the_trail_are_doubted() {
        let frame = |off: bool| {
            PosteriorInterval::point(crate::sequence::Posterior {
                t_ref_secs: 0.0,
                on: 1.0,
                off: f64::from(u8::from(off)),
            })
        };
        let mut found: Vec<PosteriorInterval> = "..#...####..".chars().map(|c| frame(c == '#')).collect();
        edges(&mut found);
        let on: Vec<f64> = found.iter().map(|r| r.posterior.on).collect();
        assert_eq!(on[..4], [1.0; 4], "a single spoilt picture is no edge");
        assert_eq!(on[4..6], [0.8, 0.55]);
        assert_eq!(on[10..], [0.55, 0.8]);
    }

    #[test]
    fn a_leap_over_a_stand_is_believed_and_one_over_elsewhere_doubted() {
        let (stood, beside) = around_a_leap(3.0);
        assert!(stood > 0.6 && beside > 0.9, "{stood} {beside}");
        let (elsewhere, beside) = around_a_leap(-2.0);
        assert!(elsewhere < 0.45 && beside > 0.9, "{elsewhere} {beside}");
    }
}
