//! `d₁ < λ · d₂`: matching of 256-bit descriptors by Hamming distance with Lowe's ratio test (IJCV 2004), `N`
//! queries against a set of `M`.
//!
//! For each query the nearest `d₁` and the second nearest `d₂` of the set; a match counts when the nearest is
//! clearly nearer and, if asked, when it is mutual.
//!
//! ```
//! use mtbsync_vision::matching::ratio_matches;
//!
//! let (a, b, c) = ([0u8; 32], [255u8; 32], [170u8; 32]);
//! let matches = ratio_matches(&[a, b], &[c, b, a], 0.8, true);
//! let found: Vec<_> = matches.iter().map(|m| (m.query, m.train, m.distance)).collect();
//! assert_eq!(found, [(0, 2, 0), (1, 1, 0)]);
//! ```

use std::ops::Range;

use crate::dispatch::multiversion;
use crate::orb::DESCRIPTOR_BYTES;

/// 256 bits as four machine words.
type Words = [u64; DESCRIPTOR_BYTES / 8];
/// A distance larger than any real one: no such neighbour.
const NO_DISTANCE: u16 = u16::MAX;

/// The two nearest neighbours of a descriptor. Of equally near ones the first in the set is the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TwoNearest {
    /// Index of the nearest in the searched set; 0 when the set is empty.
    nearest: u32,
    /// Its Hamming distance, 0 to 256; [`NO_DISTANCE`] when the set is empty.
    distance: u16,
    /// Distance of the second nearest; [`NO_DISTANCE`] when there is none.
    second_distance: u16,
}

/// A pair of matching descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Index in the query set.
    pub query: u32,
    /// Index in the searched set.
    pub train: u32,
    /// Hamming distance, 0 to 256.
    pub distance: u16,
}

/// Bits in which two descriptors differ, 0 to 256.
pub(crate) fn hamming(a: &[u8; DESCRIPTOR_BYTES], b: &[u8; DESCRIPTOR_BYTES]) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}

fn words(descriptor: &[u8; DESCRIPTOR_BYTES]) -> Words {
    let mut words = [0; DESCRIPTOR_BYTES / 8];
    for (word, bytes) in words.iter_mut().zip(descriptor.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

#[inline(always)]
fn search_plain(query: &[Words], train: &[Words], out: &mut Vec<TwoNearest>) {
    for q in query {
        let (mut nearest, mut distance, mut second) = (0, u32::from(NO_DISTANCE), u32::from(NO_DISTANCE));
        for (i, t) in train.iter().enumerate() {
            let d = (q[0] ^ t[0]).count_ones()
                + (q[1] ^ t[1]).count_ones()
                + (q[2] ^ t[2]).count_ones()
                + (q[3] ^ t[3]).count_ones();
            if d < second {
                if d < distance {
                    second = distance;
                    distance = d;
                    nearest = i as u32;
                } else {
                    second = d;
                }
            }
        }
        out.push(TwoNearest {
            nearest,
            distance: distance as u16,
            second_distance: second as u16,
        });
    }
}

multiversion! {
    fn search(query: &[Words], train: &[Words], out: &mut Vec<TwoNearest>) = search_plain;
}

/// Matches whose distance is below `lowe` times the distance of the second nearest, in the order of `query`.
///
/// With `cross_check`, the query must also be the nearest of all queries to the descriptor it matched. A set
/// of one descriptor has no second nearest and gives no match: nothing shows that the nearest is not just the
/// only one.
pub fn ratio_matches(
    query: &[[u8; DESCRIPTOR_BYTES]],
    train: &[[u8; DESCRIPTOR_BYTES]],
    lowe: f32,
    cross_check: bool,
) -> Vec<Match> {
    let query: Vec<Words> = query.iter().map(words).collect();
    let train: Vec<Words> = train.iter().map(words).collect();
    let mut forward = Vec::with_capacity(query.len());
    search(&query, &train, &mut forward);
    let mut matches: Vec<Match> = forward
        .iter()
        .enumerate()
        .filter(|(_, near)| near.second_distance != NO_DISTANCE)
        .filter(|(_, near)| f32::from(near.distance) < lowe * f32::from(near.second_distance))
        .map(|(i, near)| Match {
            query: i as u32,
            train: near.nearest,
            distance: near.distance,
        })
        .collect();
    if cross_check {
        let matched: Vec<Words> = matches.iter().map(|m| train[m.train as usize]).collect();
        let mut backward = Vec::with_capacity(matched.len());
        search(&matched, &query, &mut backward);
        let mut back = backward.iter();
        matches.retain(|m| back.next().is_some_and(|near| near.nearest == m.query));
    }
    matches
}

/// Where matches are looked for when the displacement between two pictures is roughly known.
pub struct Guide<'a> {
    /// Places of the queries in their picture, pixels.
    pub query_places: &'a [[f32; 2]],
    /// Places of the searched set in its picture, pixels.
    pub train_places: &'a [[f32; 2]],
    /// Where a place of the query picture is expected in the other.
    pub expect: &'a dyn Fn([f32; 2]) -> [f32; 2],
    /// How far from there a match may lie, pixels.
    pub radius_px: f32,
}

/// As [`ratio_matches`], but each query competes only among descriptors near its expected place. Far fewer of
/// them look alike by chance, so far more true matches pass the ratio test. Every match is mutual.
pub fn guided_matches(
    query: &[[u8; DESCRIPTOR_BYTES]],
    train: &[[u8; DESCRIPTOR_BYTES]],
    lowe: f32,
    guide: &Guide<'_>,
) -> Vec<Match> {
    let queries: Vec<(Words, [f32; 2])> = query
        .iter()
        .zip(guide.query_places)
        .map(|(descriptor, place)| (words(descriptor), (guide.expect)(*place)))
        .collect();
    // In strips as high as the radius and from left to right, so that only those around a place are looked
    // at. Both a little wider than need be: the exact test decides.
    let reach = guide.radius_px * 1.01;
    let mut candidates: Vec<TrainPoint> = (0..)
        .zip(guide.train_places)
        .zip(train)
        .map(|((number, &place), descriptor)| TrainPoint {
            strip: strip(place[1], reach),
            place,
            number,
            words: words(descriptor),
        })
        .collect();
    candidates.sort_by(|a, b| a.strip.cmp(&b.strip).then(a.place[0].total_cmp(&b.place[0])));
    nearest_in_reach(&queries, &candidates, lowe, guide.radius_px, reach)
}

/// A descriptor of the searched set.
struct TrainPoint {
    strip: i32,
    place: [f32; 2],
    number: u32,
    words: Words,
}

#[inline(always)]
fn strip(y: f32, reach: f32) -> i32 {
    (y / reach).floor() as i32
}

#[inline(always)]
fn nearest_in_reach_plain(
    queries: &[(Words, [f32; 2])],
    candidates: &[TrainPoint],
    lowe: f32,
    radius_px: f32,
    reach: f32,
) -> Vec<Match> {
    let radius2 = radius_px * radius_px;
    let mut strips: Vec<Range<usize>> = Vec::new();
    for (k, candidate) in candidates.iter().enumerate() {
        match strips.last_mut() {
            Some(last) if candidates[last.start].strip == candidate.strip => last.end = k + 1,
            _ => strips.push(k..k + 1),
        }
    }
    let mut best_of_train: Vec<(u32, u32)> = vec![(u32::MAX, 0); candidates.len()];
    let mut found = Vec::new();
    for (i, &(ref q, [x, y])) in queries.iter().enumerate() {
        let (mut nearest, mut distance, mut second) = (0, u32::MAX, u32::MAX);
        let (upper, lower) = (strip(y - reach, reach), strip(y + reach, reach));
        let from = strips.partition_point(|s| candidates[s.start].strip < upper);
        for strip in strips[from..].iter().map(|s| &candidates[s.clone()]) {
            if strip[0].strip > lower {
                break;
            }
            let first = strip.partition_point(|c| c.place[0] < x - reach);
            for c in &strip[first..] {
                if c.place[0] > x + reach {
                    break;
                }
                let (dx, dy) = (c.place[0] - x, c.place[1] - y);
                if dx * dx + dy * dy > radius2 {
                    continue;
                }
                let mut d = 0;
                for (ours, theirs) in q.iter().zip(&c.words) {
                    d += (ours ^ theirs).count_ones();
                }
                let best = &mut best_of_train[c.number as usize];
                if d < best.0 {
                    *best = (d, i as u32);
                }
                // Of equally near ones the first in the set.
                if (d, c.number) < (distance, nearest) {
                    (nearest, second, distance) = (c.number, distance, d);
                } else if d < second {
                    second = d;
                }
            }
        }
        if second != u32::MAX && (distance as f32) < lowe * second as f32 {
            found.push(Match {
                query: i as u32,
                train: nearest,
                distance: distance as u16,
            });
        }
    }
    found.retain(|m| best_of_train[m.train as usize].1 == m.query);
    found
}

multiversion! {
    fn nearest_in_reach(
        queries: &[(Words, [f32; 2])],
        candidates: &[TrainPoint],
        lowe: f32,
        radius_px: f32,
        reach: f32,
    ) -> Vec<Match> = nearest_in_reach_plain;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn descriptors(most: usize) -> impl Strategy<Value = Vec<[u8; 32]>> {
        prop::collection::vec(
            prop::array::uniform32(prop_oneof![Just(0u8), Just(255), any::<u8>()]),
            0..most,
        )
    }

    proptest! {
        #[test]
        fn every_processor_path_meets_the_definition(query in descriptors(20), train in descriptors(40)) {
            let [query_words, train_words] =
                [&query, &train].map(|set| set.iter().map(words).collect::<Vec<Words>>());
            let (mut found, mut plain) = (Vec::new(), Vec::new());
            search(&query_words, &train_words, &mut found);
            search_plain(&query_words, &train_words, &mut plain);
            prop_assert_eq!(&found, &plain);
            prop_assert_eq!(found.len(), query.len());
            for (q, near) in query.iter().zip(&found) {
                let mut all: Vec<(u16, u32)> = train.iter().zip(0..).map(|(t, i)| (hamming(q, t) as u16, i)).collect();
                all.sort_unstable();
                prop_assert_eq!(near.distance, all.first().map_or(NO_DISTANCE, |a| a.0));
                prop_assert_eq!(near.nearest, all.first().map_or(0, |a| a.1));
                prop_assert_eq!(near.second_distance, all.get(1).map_or(NO_DISTANCE, |a| a.0));
            }
        }

        #[test]
        fn cross_checked_matches_are_one_to_one(query in descriptors(30), train in descriptors(30)) {
            let matches = ratio_matches(&query, &train, 0.9, true);
            let mut used: Vec<u32> = matches.iter().map(|m| m.train).collect();
            used.sort_unstable();
            used.dedup();
            prop_assert_eq!(used.len(), matches.len());
            let all = ratio_matches(&query, &train, 0.9, false);
            prop_assert!(matches.iter().all(|m| all.contains(m)));
        }
    }

    #[test]
    fn a_doubled_descriptor_fails_the_ratio_test() {
        let (a, b) = ([0; 32], [255; 32]);
        assert!(ratio_matches(&[a], &[a, a, b], 0.75, false).is_empty());
        assert_eq!(
            ratio_matches(&[a], &[b, a], 0.75, true),
            [Match {
                query: 0,
                train: 1,
                distance: 0
            }]
        );
    }

    #[test]
    fn one_descriptor_alone_never_matches() {
        assert!(ratio_matches(&[[0; 32]], &[[0; 32]], 0.75, false).is_empty());
    }

    /// The definition: every query with every descriptor within the radius.
    fn plain_guided(
        query: &[[u8; 32]],
        train: &[[u8; 32]],
        lowe: f32,
        places: [&[[f32; 2]]; 2],
        radius: f32,
    ) -> Vec<Match> {
        let near = |i: usize, j: usize| {
            let (dx, dy) = (
                places[1][j][0] - places[0][i][0],
                places[1][j][1] - places[0][i][1],
            );
            dx * dx + dy * dy <= radius * radius
        };
        let best_query = |j: usize| {
            (0..query.len())
                .filter(|&i| near(i, j))
                .min_by_key(|&i| (hamming(&query[i], &train[j]), i))
        };
        (0..query.len())
            .filter_map(|i| {
                let mut close: Vec<(u16, usize)> = (0..train.len())
                    .filter(|&j| near(i, j))
                    .map(|j| (hamming(&query[i], &train[j]) as u16, j))
                    .collect();
                close.sort_unstable();
                let (&(distance, j), &(second, _)) = (close.first()?, close.get(1)?);
                let clear = f32::from(distance) < lowe * f32::from(second);
                (clear && best_query(j) == Some(i)).then_some(Match {
                    query: i as u32,
                    train: j as u32,
                    distance,
                })
            })
            .collect()
    }

    proptest! {
        #[test]
        fn guided_matches_meet_their_definition(
            looks in prop::collection::vec((descriptors(2), 0.0f32..60.0, 0.0f32..60.0), 0..40),
            split in 0usize..40,
        ) {
            let looks: Vec<([u8; 32], [f32; 2])> =
                looks.into_iter().map(|(d, x, y)| (d.first().copied().unwrap_or([3; 32]), [x, y.round()])).collect();
            let (query, train) = looks.split_at(split.min(looks.len()));
            let apart = |set: &[([u8; 32], [f32; 2])]| -> (Vec<[u8; 32]>, Vec<[f32; 2]>) { set.iter().copied().unzip() };
            let ((query, query_places), (train, train_places)) = (apart(query), apart(train));
            let guide = Guide {
                query_places: &query_places,
                train_places: &train_places,
                expect: &|p| p,
                radius_px: 25.0,
            };
            let plain = plain_guided(&query, &train, 0.9, [&query_places, &train_places], 25.0);
            prop_assert_eq!(guided_matches(&query, &train, 0.9, &guide), plain);
        }
    }

    #[test]
    fn a_guide_keeps_matches_that_look_alike_elsewhere() {
        // Two places with the same look, far apart: without a guide the ratio test drops both.
        let looks = [
            [7u8; DESCRIPTOR_BYTES],
            [7u8; DESCRIPTOR_BYTES],
            [200u8; DESCRIPTOR_BYTES],
            [201u8; DESCRIPTOR_BYTES],
        ];
        let places = [[10.0, 10.0], [400.0, 300.0], [30.0, 12.0], [410.0, 310.0]];
        assert!(
            ratio_matches(&looks, &looks, 0.75, true)
                .iter()
                .all(|m| m.query > 1)
        );
        let guide = Guide {
            query_places: &places,
            train_places: &places,
            expect: &|p| p,
            radius_px: 60.0,
        };
        let matches = guided_matches(&looks, &looks, 0.75, &guide);
        assert_eq!(
            matches.iter().map(|m| (m.query, m.train)).collect::<Vec<_>>(),
            [(0, 0), (1, 1), (2, 2), (3, 3)]
        );
        let far = Guide {
            expect: &|p| [p[0] + 2000.0, p[1]],
            ..guide
        };
        assert!(guided_matches(&looks, &looks, 0.75, &far).is_empty());
    }
}
