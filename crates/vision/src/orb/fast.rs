//! `score(p) = max over arcs A of 9 of 16 pixels: min_{q ∈ A} ±(I(q) - I(p))`: FAST-9/16 corners (Rosten and
//! Drummond, ECCV 2006) with their scores.
//!
//! A pixel is a corner when nine neighbours in a row, on the circle of sixteen around it, are all brighter or
//! all darker than it by more than a threshold. The score of a pixel is the largest difference for which that
//! holds. It is computed for whole rows at once: the sliding minimum over nine neighbours is a fixed network
//! of minima and maxima, which the compiler turns into one instruction per step for 32 or 64 pixels.

use crate::dispatch::multiversion;
use crate::orb::pyramid::Plane;

/// Circle of radius 3, clockwise from the top: (dx, dy).
const CIRCLE: [(isize, isize); 16] = [
    (0, -3),
    (1, -3),
    (2, -2),
    (3, -1),
    (3, 0),
    (3, 1),
    (2, 2),
    (1, 3),
    (0, 3),
    (-1, 3),
    (-2, 2),
    (-3, 1),
    (-3, 0),
    (-3, -1),
    (-2, -2),
    (-1, -3),
];
/// Pixels handled together; a block without any promising pixel is skipped.
const BLOCK: usize = 64;

/// A corner of one pyramid level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Corner {
    pub(crate) x: u32,
    pub(crate) y: u32,
    /// Largest threshold (exclusive) at which the pixel is still a corner, in grey values.
    pub(crate) score: u8,
}

/// Finds corners; keeps its score map between calls.
#[derive(Debug, Default)]
pub(crate) struct Detector {
    scores: Vec<u8>,
    /// One row of scores without those that are no local maximum.
    maxima: Vec<u8>,
}

impl Detector {
    /// Corners with a score above `threshold` that are local maxima of 3 × 3 pixels, at least `border` (≥ 4)
    /// pixels from every edge, row by row from left to right.
    pub(crate) fn detect(&mut self, plane: &Plane, threshold: u8, border: usize, out: &mut Vec<Corner>) {
        out.clear();
        let (width, height) = (plane.width, plane.height);
        if width <= 2 * border || height <= 2 * border {
            return;
        }
        // One pixel more on each side, for the comparison with neighbours.
        let (first, count) = (border - 1, width - 2 * border + 2);
        self.scores.resize(width * height, 0);
        self.maxima.resize(count - 2, 0);
        for y in border - 1..height - border + 1 {
            let at = y * width + first;
            score_row(
                &plane.data,
                width,
                at,
                threshold,
                &mut self.scores[at..at + count],
            );
        }
        for y in border..height - border {
            let at = |row: usize| row * width + first;
            let above = &self.scores[at(y - 1)..at(y - 1) + count];
            let here = &self.scores[at(y)..at(y) + count];
            let below = &self.scores[at(y + 1)..at(y + 1) + count];
            keep_maxima(above, here, below, &mut self.maxima);
            for_each_set(&self.maxima, |i, score| {
                out.push(Corner {
                    x: (border + i) as u32,
                    y: y as u32,
                    score,
                });
            });
        }
    }

    /// Score of a pixel of the last picture, valid within the border (and one pixel around it).
    pub(crate) fn score(&self, width: usize, x: usize, y: usize) -> u8 {
        self.scores[y * width + x]
    }
}

#[inline(always)]
fn keep_maxima_plain(above: &[u8], here: &[u8], below: &[u8], out: &mut [u8]) {
    let n = out.len();
    let (a0, a1, a2) = (&above[..n], &above[1..n + 1], &above[2..n + 2]);
    let (h0, h1, h2) = (&here[..n], &here[1..n + 1], &here[2..n + 2]);
    let (b0, b1, b2) = (&below[..n], &below[1..n + 1], &below[2..n + 2]);
    for i in 0..n {
        let before = a0[i].max(a1[i]).max(a2[i]).max(h0[i]);
        let after = h2[i].max(b0[i]).max(b1[i]).max(b2[i]);
        let is_maximum = (h1[i] > before) & (h1[i] >= after);
        out[i] = if is_maximum { h1[i] } else { 0 };
    }
}

multiversion! {
    /// Copy the scores that beat all eight neighbours, 0 elsewhere; on a tie the first in reading order wins.
    /// The rows have one element more than `out` on each side.
    fn keep_maxima(above: &[u8], here: &[u8], below: &[u8], out: &mut [u8]) = keep_maxima_plain;
}

/// Report the elements that are not 0, eight at a look.
fn for_each_set(row: &[u8], mut found: impl FnMut(usize, u8)) {
    let (words, rest) = row.as_chunks::<8>();
    for (w, word) in words.iter().enumerate() {
        let mut left = u64::from_le_bytes(*word);
        while left != 0 {
            let i = left.trailing_zeros() as usize / 8;
            found(w * 8 + i, word[i]);
            left &= !(0xff << (8 * i));
        }
    }
    for (i, &score) in rest.iter().enumerate().filter(|(_, score)| **score != 0) {
        found(words.len() * 8 + i, score);
    }
}

/// The largest, over all arcs of nine, of the smallest element of the arc.
#[inline(always)]
fn best_arc(d: &[u8; 16]) -> u8 {
    // An arc of nine starting at an even place is eight from the next odd place plus one at either end.
    let mut best = 0;
    let mut pairs = [0; 8];
    for k in 0..8 {
        pairs[k] = d[2 * k + 1].min(d[(2 * k + 2) % 16]);
    }
    let mut fours = [0; 8];
    for k in 0..8 {
        fours[k] = pairs[k].min(pairs[(k + 1) % 8]);
    }
    for k in 0..8 {
        let eight = fours[k].min(fours[(k + 2) % 8]);
        let end = d[2 * k].max(d[(2 * k + 9) % 16]);
        best = best.max(eight.min(end));
    }
    best
}

#[inline(always)]
fn score_pixel(ring: &[u8; 16], centre: u8) -> u8 {
    let mut brighter = [0; 16];
    let mut darker = [0; 16];
    for i in 0..16 {
        brighter[i] = ring[i].saturating_sub(centre);
        darker[i] = centre.saturating_sub(ring[i]);
    }
    best_arc(&brighter).max(best_arc(&darker))
}

/// Upper bound of the score from the four compass points: an arc of nine holds two neighbouring ones.
#[inline(always)]
fn bound_pixel(north: u8, east: u8, south: u8, west: u8, centre: u8) -> u8 {
    let bound = |n: u8, e: u8, s: u8, w: u8| n.max(s).min(e.max(w));
    let brighter = bound(
        north.saturating_sub(centre),
        east.saturating_sub(centre),
        south.saturating_sub(centre),
        west.saturating_sub(centre),
    );
    let darker = bound(
        centre.saturating_sub(north),
        centre.saturating_sub(east),
        centre.saturating_sub(south),
        centre.saturating_sub(west),
    );
    brighter.max(darker)
}

/// The circle and the centre for `N` pixels in a row from index `at`.
#[inline(always)]
fn blocks<const N: usize>(data: &[u8], width: usize, at: usize) -> Option<([&[u8; N]; 16], &[u8; N])> {
    let block = |start: usize| data.get(start..)?.first_chunk::<N>();
    let centre = block(at)?;
    let mut ring = [centre; 16];
    for (pixels, (dx, dy)) in ring.iter_mut().zip(CIRCLE) {
        *pixels = block(at.wrapping_add_signed(dy * width as isize + dx))?;
    }
    Some((ring, centre))
}

/// Scores of `N` pixels in a row. The length is a constant so that the loops become single instructions.
#[inline(always)]
fn score_block<const N: usize>(data: &[u8], width: usize, at: usize, threshold: u8, out: &mut [u8; N]) {
    let Some((r, c)) = blocks::<N>(data, width, at) else {
        return;
    };
    let mut bound = 0;
    for i in 0..N {
        bound = bound.max(bound_pixel(r[0][i], r[4][i], r[8][i], r[12][i], c[i]));
    }
    if bound <= threshold {
        *out = [0; N];
        return;
    }
    for i in 0..N {
        let ring = [
            r[0][i], r[1][i], r[2][i], r[3][i], r[4][i], r[5][i], r[6][i], r[7][i], r[8][i], r[9][i],
            r[10][i], r[11][i], r[12][i], r[13][i], r[14][i], r[15][i],
        ];
        let score = score_pixel(&ring, c[i]);
        out[i] = if score > threshold { score } else { 0 };
    }
}

#[inline(always)]
fn score_row_plain(data: &[u8], width: usize, at: usize, threshold: u8, out: &mut [u8]) {
    let count = out.len();
    let mut start = 0;
    while let Some(block) = out
        .get_mut(start..)
        .and_then(|rest| rest.first_chunk_mut::<BLOCK>())
    {
        score_block(data, width, at + start, threshold, block);
        start += BLOCK;
    }
    if start == count {
        return;
    }
    // The rest of the row: once more the last full block, or pixel by pixel when the row is shorter than one.
    if let Some(block) = out.last_chunk_mut::<BLOCK>() {
        score_block(data, width, at + count - BLOCK, threshold, block);
    } else {
        for (i, pixel) in out.as_chunks_mut::<1>().0.iter_mut().enumerate() {
            score_block(data, width, at + i, threshold, pixel);
        }
    }
}

multiversion! {
    /// Scores of `out.len()` pixels from index `at` of a picture of this width; scores not above `threshold`
    /// become 0. The circle around each pixel must lie inside the picture.
    fn score_row(data: &[u8], width: usize, at: usize, threshold: u8, out: &mut [u8]) = score_row_plain;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, word for word: the largest `t` such that some nine in a row all differ by at least
    /// `t`.
    fn score_by_definition(ring: &[u8; 16], centre: u8) -> u8 {
        let is_corner = |t: i32| {
            (0..16).any(|start| {
                let arc = || (0..9).map(|k| i32::from(ring[(start + k) % 16]) - i32::from(centre));
                arc().all(|d| d >= t) || arc().all(|d| d <= -t)
            })
        };
        (1..=255).rev().find(|&t| is_corner(t)).unwrap_or(0) as u8
    }

    proptest! {
        #[test]
        fn score_meets_the_definition(ring in prop::array::uniform16(any::<u8>()), centre: u8) {
            prop_assert_eq!(score_pixel(&ring, centre), score_by_definition(&ring, centre));
        }

        #[test]
        fn the_quick_bound_never_loses_a_corner(ring in prop::array::uniform16(any::<u8>()), centre: u8) {
            let bound = bound_pixel(ring[0], ring[4], ring[8], ring[12], centre);
            prop_assert!(bound >= score_pixel(&ring, centre));
        }

        #[test]
        fn every_processor_path_gives_the_same_scores(
            data in prop::collection::vec(any::<u8>(), 7 * 150), threshold in 0u8..60, count in 1usize..144,
        ) {
            let (mut fast, mut plain) = (vec![1; count], vec![2; count]);
            score_row(&data, 150, 3 * 150 + 3, threshold, &mut fast);
            score_row_plain(&data, 150, 3 * 150 + 3, threshold, &mut plain);
            prop_assert_eq!(fast, plain);
        }
    }

    #[test]
    fn a_bright_square_has_four_corners() {
        let (width, height) = (60, 50);
        let mut plane = Plane::default();
        plane.reshape(width, height);
        for y in 18..32 {
            plane.data[y * width + 20..y * width + 40].fill(200);
        }
        let mut corners = Vec::new();
        Detector::default().detect(&plane, 20, 4, &mut corners);
        let near = |x: u32, y: u32| {
            corners
                .iter()
                .filter(|c| c.x.abs_diff(x) <= 2 && c.y.abs_diff(y) <= 2)
                .count()
        };
        for (x, y) in [(20, 18), (39, 18), (20, 31), (39, 31)] {
            assert_eq!(near(x, y), 1, "corners: {corners:?}");
        }
        assert_eq!(corners.len(), 4);
    }
}
