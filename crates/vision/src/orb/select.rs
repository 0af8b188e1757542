//! Spreading features over the picture.
//!
//! The strongest corners of a trail picture crowd on one fence post. Geometry needs them everywhere, yet a weak
//! corner is often gone in the next frame. So most features go to the strongest corners wherever they are, and the
//! rest is dealt out by cells of the picture: to every cell its best, then its second best, and so on.

use crate::orb::fast::Corner;

/// Share of the features that go to the strongest corners, wherever they are. *Measured* on neighbouring frames:
/// with 0 the features repeat 5 to 50 % less often, with 1 they leave half of a picture empty.
const FREE_SHARE: f32 = 0.75;
/// Features per cell that an even spread would give.
const FEATURES_PER_CELL: usize = 4;

/// A corner offered for selection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) x: u32,
    pub(crate) y: u32,
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
    fn of(&self, x: u32, y: u32) -> usize {
        let column = (x.saturating_sub(self.border) / self.side).min(self.columns - 1);
        let row = (y.saturating_sub(self.border) / self.side).min(self.rows - 1);
        (row * self.columns + column) as usize
    }
}

/// Picks candidates; keeps its buffers between calls.
#[derive(Debug, Default)]
pub(crate) struct Selector {
    /// Sort keys: (most significant first) what decides, then the place in the list.
    keys: Vec<u64>,
    chosen: Vec<Candidate>,
    /// Per cell: candidates already seen, or whether there is a strong corner.
    cells: Vec<u32>,
}

impl Selector {
    /// Drop corners with a score up to `threshold` from cells that have a better one.
    pub(crate) fn prefer_strong(&mut self, corners: &mut Vec<Corner>, cells: Cells, threshold: u8) {
        self.cells.clear();
        self.cells.resize(cells.count(), 0);
        for corner in corners.iter().filter(|corner| corner.score > threshold) {
            self.cells[cells.of(corner.x, corner.y)] = 1;
        }
        corners.retain(|corner| corner.score > threshold || self.cells[cells.of(corner.x, corner.y)] == 0);
    }

    /// Keep at most `wanted` candidates. Of equally strong ones the first in the list is preferred.
    pub(crate) fn spread(&mut self, candidates: &mut Vec<Candidate>, cells: Cells, wanted: usize) {
        if candidates.len() <= wanted {
            return;
        }
        self.keys.clear();
        self.keys.extend(
            candidates
                .iter()
                .zip(0u64..)
                .map(|(c, i)| (u64::from(weakness(c.strength)) << 32) | i),
        );
        self.keys.sort_unstable();
        let at = |key: u64| (key & u64::from(u32::MAX)) as usize;
        self.chosen.clear();
        self.chosen
            .extend(self.keys.iter().map(|&key| candidates[at(key)]));

        let free = (wanted as f32 * FREE_SHARE) as usize;
        self.cells.clear();
        self.cells.resize(cells.count(), 0);
        self.keys.clear();
        for (candidate, i) in self.chosen.iter().zip(0u64..) {
            let seen = &mut self.cells[cells.of(candidate.x, candidate.y)];
            let round = if i < free as u64 { 0 } else { u64::from(*seen) };
            self.keys.push((round << 32) | i);
            *seen += 1;
        }
        self.keys.sort_unstable();
        candidates.clear();
        candidates.extend(self.keys.iter().take(wanted).map(|&key| self.chosen[at(key)]));
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

    fn crowd_and_loner() -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> = (0..100)
            .map(|i| Candidate {
                x: 20 + i % 10,
                y: 20 + i / 10,
                strength: 100.0 - i as f32,
            })
            .collect();
        candidates.push(Candidate {
            x: 180,
            y: 180,
            strength: -1.0,
        });
        candidates
    }

    #[test]
    fn a_weak_corner_far_away_beats_a_middling_one_in_a_crowd() {
        let mut candidates = crowd_and_loner();
        Selector::default().spread(&mut candidates, Cells::new(200, 200, 10, 40), 40);
        assert_eq!(candidates.len(), 40);
        assert!(candidates.iter().any(|c| c.x == 180));
        assert!(candidates.iter().filter(|c| c.strength > 70.0).count() >= 30);
    }

    #[test]
    fn fewer_than_wanted_are_all_kept() {
        let mut candidates = crowd_and_loner();
        Selector::default().spread(&mut candidates, Cells::new(200, 200, 10, 500), 500);
        assert_eq!(candidates, crowd_and_loner());
    }

    #[test]
    fn faint_corners_stay_only_where_there_is_nothing_better() {
        let corner = |x, score| Corner { x, y: 50, score };
        let mut corners = vec![corner(20, 30), corner(22, 10), corner(180, 9)];
        Selector::default().prefer_strong(&mut corners, Cells::new(200, 200, 10, 40), 20);
        assert_eq!(corners, [corner(20, 30), corner(180, 9)]);
    }

    proptest! {
        #[test]
        fn weakness_orders_like_the_floats(a in -1e9f32..1e9, b in -1e9f32..1e9) {
            prop_assert_eq!(a.total_cmp(&b), weakness(b).cmp(&weakness(a)));
        }
    }
}
