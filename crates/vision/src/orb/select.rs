//! Spreading features over the picture.
//!
//! The strongest corners of a trail picture crowd on one fence post. Geometry needs them everywhere, so the level
//! is cut into cells and corners are taken in rounds: from every cell its best, then its second best, and so on.
//! Within a round the stronger ones come first, so that a last, partial round keeps the better corners.

/// A corner offered for selection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) x: u32,
    pub(crate) y: u32,
    /// Larger is better; finite.
    pub(crate) strength: f32,
}

/// Region of a level in which candidates lie, in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Picks candidates; keeps its buffers between calls.
#[derive(Debug, Default)]
pub(crate) struct Selector {
    /// (round within the cell, rank key, index), sorted to give the order of choice.
    order: Vec<(u32, u32)>,
    /// Candidates already seen per cell.
    taken: Vec<u32>,
}

impl Selector {
    /// Keep at most `wanted` of `candidates`, spread over cells of about `cell` pixels. `per_round` corners of a
    /// cell count as one round. The result is ordered by choice; ties go to the candidate listed first.
    pub(crate) fn spread(
        &mut self,
        candidates: &mut Vec<Candidate>,
        region: Region,
        cell: u32,
        per_round: u32,
        wanted: usize,
    ) {
        let columns = (region.width / cell).max(1);
        let rows = (region.height / cell).max(1);
        // Stable sort: equal strengths stay in reading order.
        candidates.sort_by(|a, b| b.strength.total_cmp(&a.strength));
        if candidates.len() <= wanted {
            return;
        }
        self.taken.clear();
        self.taken.resize((columns * rows) as usize, 0);
        self.order.clear();
        for (i, candidate) in candidates.iter().enumerate() {
            let column =
                ((candidate.x.saturating_sub(region.left)) * columns / region.width).min(columns - 1);
            let row = ((candidate.y.saturating_sub(region.top)) * rows / region.height).min(rows - 1);
            let seen = &mut self.taken[(row * columns + column) as usize];
            self.order.push((*seen / per_round, i as u32));
            *seen += 1;
        }
        self.order.sort_unstable();
        let chosen: Vec<Candidate> = self
            .order
            .iter()
            .take(wanted)
            .map(|&(_, i)| candidates[i as usize])
            .collect();
        candidates.clear();
        candidates.extend(chosen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGION: Region = Region {
        left: 0,
        top: 0,
        width: 100,
        height: 100,
    };

    #[test]
    fn a_weak_corner_far_away_beats_the_third_strong_one_in_a_crowd() {
        let mut candidates: Vec<Candidate> = (0..10)
            .map(|i| Candidate {
                x: i,
                y: 3,
                strength: 100.0 - i as f32,
            })
            .collect();
        candidates.push(Candidate {
            x: 90,
            y: 90,
            strength: 1.0,
        });
        Selector::default().spread(&mut candidates, REGION, 25, 1, 3);
        let places: Vec<u32> = candidates.iter().map(|c| c.x).collect();
        assert_eq!(places, [0, 90, 1]);
    }

    #[test]
    fn fewer_than_wanted_are_all_kept() {
        let mut candidates = vec![
            Candidate {
                x: 5,
                y: 5,
                strength: 1.0,
            },
            Candidate {
                x: 6,
                y: 5,
                strength: 2.0,
            },
        ];
        Selector::default().spread(&mut candidates, REGION, 25, 1, 10);
        assert_eq!(candidates.len(), 2);
    }
}
