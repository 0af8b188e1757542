//! Spreading features over the picture: from the corners of a level to the wanted number.
//!
//! The strongest corners of a trail picture crowd on one fence post. Geometry needs them everywhere, yet a
//! weak corner is often gone in the next frame. So most features go to the strongest corners wherever they
//! are, and the rest is dealt out by cells of the picture: to every cell its best, then its second best, and
//! so on.

use crate::orb::fast::Corner;
use crate::tuning::{ORB_FEATURES_PER_CELL as FEATURES_PER_CELL, ORB_FREE_SHARE as FREE_SHARE};

/// A corner offered for selection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CornerCandidate {
    pub(crate) x: u32,
    pub(crate) y: u32,
    /// Index of its cell, see [`Cells`].
    pub(crate) cell: u32,
    /// Larger is better; finite.
    pub(crate) strength: f32,
}

/// The part of a level where corners lie, cut into cells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cells {
    border: u32,
    side: u32,
    columns: u32,
    rows: u32,
}

impl Cells {
    /// Cells for `wanted` features on a level of `width` × `height` pixels, `border` pixels off every edge.
    pub(crate) fn new(width: usize, height: usize, border: usize, wanted: usize) -> Self {
        let inside = |side: usize| side.saturating_sub(2 * border).max(1);
        let area = (inside(width) * inside(height) * FEATURES_PER_CELL) as f32;
        let side = (area / wanted.max(1) as f32).sqrt().ceil() as u32;
        let count = |length: usize| (inside(length) as u32).div_ceil(side);
        Self {
            border: border as u32,
            side,
            columns: count(width),
            rows: count(height),
        }
    }

    fn count(&self) -> usize {
        (self.columns * self.rows) as usize
    }

    /// Index of the cell of a pixel; pixels outside count to the nearest cell.
    fn of(&self, x: u32, y: u32) -> u32 {
        let column = (x.saturating_sub(self.border) / self.side).min(self.columns - 1);
        let row = (y.saturating_sub(self.border) / self.side).min(self.rows - 1);
        row * self.columns + column
    }
}

/// Picks candidates; keeps its buffers between calls.
#[derive(Debug, Default)]
pub(crate) struct Selector {
    /// Cell of each corner.
    corner_cells: Vec<u32>,
    /// Per cell: whether there is a strong corner, or how many candidates came before.
    cells: Vec<u32>,
    /// Per candidate: how many stronger ones its cell has.
    rounds: Vec<u32>,
    /// Sort keys: weakness, then place in the list.
    keys: Vec<u64>,
    chosen: Vec<CornerCandidate>,
}

impl Selector {
    /// All corners as candidates, the highest scores first, without corners up to `threshold` in cells that
    /// have a better one.
    pub(crate) fn offer(
        &mut self,
        corners: &[Corner],
        cells: Cells,
        threshold: u8,
        out: &mut Vec<CornerCandidate>,
    ) {
        self.cells.clear();
        self.cells.resize(cells.count(), 0);
        self.corner_cells.clear();
        // Counting sort: scores are bytes.
        let mut starts = [0usize; 257];
        for corner in corners {
            let cell = cells.of(corner.x, corner.y);
            self.corner_cells.push(cell);
            self.cells[cell as usize] |= u32::from(corner.score > threshold);
        }
        let is_offered =
            |corner: &Corner, cell: u32| corner.score > threshold || self.cells[cell as usize] == 0;
        let weakness = |corner: &Corner| usize::from(u8::MAX - corner.score);
        for (corner, &cell) in corners.iter().zip(&self.corner_cells) {
            starts[weakness(corner) + 1] += usize::from(is_offered(corner, cell));
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        out.clear();
        out.resize(
            starts[256],
            CornerCandidate {
                x: 0,
                y: 0,
                cell: 0,
                strength: 0.0,
            },
        );
        for (corner, &cell) in corners.iter().zip(&self.corner_cells) {
            if is_offered(corner, cell) {
                let place = &mut starts[weakness(corner)];
                out[*place] = CornerCandidate {
                    x: corner.x,
                    y: corner.y,
                    cell,
                    strength: f32::from(corner.score),
                };
                *place += 1;
            }
        }
    }

    /// Put the strongest candidates first; of equally strong ones the first in the list stays first.
    pub(crate) fn sort(&mut self, candidates: &mut Vec<CornerCandidate>) {
        self.keys.clear();
        self.keys.extend(
            candidates
                .iter()
                .zip(0u64..)
                .map(|(c, i)| (u64::from(weakness(c.strength)) << 32) | i),
        );
        self.keys.sort_unstable();
        self.chosen.clear();
        self.chosen.extend(
            self.keys
                .iter()
                .map(|&key| candidates[(key & u64::from(u32::MAX)) as usize]),
        );
        std::mem::swap(candidates, &mut self.chosen);
    }

    /// Keep at most `wanted` of the sorted candidates.
    pub(crate) fn spread(&mut self, candidates: &mut Vec<CornerCandidate>, cells: Cells, wanted: usize) {
        if candidates.len() <= wanted {
            return;
        }
        self.cells.clear();
        self.cells.resize(cells.count(), 0);
        self.rounds.clear();
        for candidate in candidates.iter() {
            let seen = &mut self.cells[candidate.cell as usize];
            self.rounds.push(*seen);
            *seen += 1;
        }
        let free = (wanted as f32 * FREE_SHARE) as usize;
        self.chosen.clear();
        self.chosen.extend_from_slice(&candidates[..free]);
        let mut round = 0;
        while self.chosen.len() < wanted {
            let rest = candidates.iter().zip(&self.rounds).skip(free);
            let of_this_round = rest
                .filter(|(_, of)| **of == round)
                .map(|(candidate, _)| *candidate);
            self.chosen.extend(of_this_round.take(wanted - self.chosen.len()));
            round += 1;
        }
        std::mem::swap(candidates, &mut self.chosen);
    }
}

/// A number that is smaller the stronger a candidate is, ordered like the floats.
fn weakness(strength: f32) -> u32 {
    let bits = strength.to_bits();
    if bits >> 31 == 0 { !(bits | 1 << 31) } else { bits }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BORDER: usize = 10;

    fn crowd_and_loner(cells: Cells) -> Vec<CornerCandidate> {
        let candidate = |x, y, strength| CornerCandidate {
            x,
            y,
            cell: cells.of(x, y),
            strength,
        };
        let mut candidates: Vec<CornerCandidate> = (0..100)
            .map(|i| candidate(20 + i % 10, 20 + i / 10, 100.0 - i as f32))
            .collect();
        candidates.push(candidate(180, 180, -1.0));
        candidates
    }

    #[test]
    fn a_weak_corner_far_away_beats_a_middling_one_in_a_crowd() {
        let cells = Cells::new(200, 200, BORDER, 40);
        let mut candidates = crowd_and_loner(cells);
        let mut selector = Selector::default();
        selector.sort(&mut candidates);
        selector.spread(&mut candidates, cells, 40);
        assert_eq!(candidates.len(), 40);
        assert!(candidates.iter().any(|c| c.x == 180));
        assert!(candidates.iter().filter(|c| c.strength > 70.0).count() >= 30);
    }

    #[test]
    fn fewer_than_wanted_are_all_kept() {
        let cells = Cells::new(200, 200, BORDER, 500);
        let mut candidates = crowd_and_loner(cells);
        Selector::default().spread(&mut candidates, cells, 500);
        assert_eq!(candidates, crowd_and_loner(cells));
    }

    #[test]
    fn faint_corners_stay_only_where_there_is_nothing_better() {
        let corner = |x, score| Corner { x, y: 50, score };
        let corners = [
            corner(180, 9),
            corner(20, 30),
            corner(22, 10),
            corner(24, 31),
            corner(28, 31),
        ];
        let mut offered = Vec::new();
        Selector::default().offer(&corners, Cells::new(200, 200, BORDER, 40), 20, &mut offered);
        let places: Vec<u32> = offered.iter().map(|c| c.x).collect();
        assert_eq!(places, [24, 28, 20, 180]);
    }

    proptest! {
        #[test]
        fn weakness_orders_like_the_floats(a in -1e9f32..1e9, b in -1e9f32..1e9) {
            prop_assert_eq!(a.total_cmp(&b), weakness(b).cmp(&weakness(a)));
        }
    }
}
