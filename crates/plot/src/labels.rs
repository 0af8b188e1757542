//! Placing names beside points so that they can be read.
//!
//! Each label tries places left and right of its point, first at the same
//! height, then further up and down, and takes the first that meets no other
//! label, no leader line of another label and nothing that must stay visible.
//! A label without a free place is left out; its point is still drawn. Simple,
//! fast enough for hundreds of points, and the same on every run.

use std::ops::RangeInclusive;

use crate::svg::Rect;

/// A label to place.
#[derive(Clone, Debug)]
pub struct Wish {
    pub point: (f64, f64),
    pub width: f64,
}

/// Where a label came to lie, and the end of its leader line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    pub rect: Rect,
    pub leader_end: (f64, f64),
}

/// Height of the box kept free for one line of label text.
pub const LABEL_HEIGHT: f64 = 15.0;

/// Horizontal distance from a point to its label.
const GAP: f64 = 13.0;
/// Each further try moves the label away by this much.
const STEP: f64 = 8.0;
/// Tries up and down on each side, in two rounds: first every label gets its
/// chance close to its point, then those left over look further away. In one
/// round, the first labels in a crowded corner would spoil the places of many.
const ROUNDS: [RangeInclusive<usize>; 2] = [0..=3, 4..=12];

#[derive(Clone, Copy)]
enum LabelSide {
    Left,
    Right,
}

/// Places the labels in the order given, inside `area`. `keep_free` are boxes
/// that no label may cover, such as pieces of the curve and the points.
pub fn place(wishes: &[Wish], area: Rect, keep_free: &[Rect]) -> Vec<Option<Placed>> {
    let mut places: Vec<Option<Placed>> = vec![None; wishes.len()];
    let mut taken: Vec<(Placed, (f64, f64))> = Vec::new();
    for steps in ROUNDS {
        for (index, (wish, place)) in wishes.iter().zip(&mut places).enumerate() {
            if place.is_some() {
                continue;
            }
            let sides = if index % 2 == 0 {
                [LabelSide::Left, LabelSide::Right]
            } else {
                [LabelSide::Right, LabelSide::Left]
            };
            *place = candidates(wish, sides, steps.clone()).find(|candidate| {
                area.contains(&candidate.rect)
                    && !keep_free.iter().any(|k| k.overlaps(&candidate.rect))
                    && taken.iter().all(|(other, point)| {
                        !other.rect.overlaps(&candidate.rect)
                            && !segment_meets(*point, other.leader_end, &candidate.rect)
                            && !segment_meets(wish.point, candidate.leader_end, &other.rect)
                    })
            });
            taken.extend(place.map(|placed| (placed, wish.point)));
        }
    }
    places
}

fn candidates(
    wish: &Wish,
    sides: [LabelSide; 2],
    steps: RangeInclusive<usize>,
) -> impl Iterator<Item = Placed> {
    let (x, y) = wish.point;
    let width = wish.width;
    steps.flat_map(move |step| {
        let shift = step as f64 * STEP;
        let away = GAP + shift * 0.35;
        sides.into_iter().flat_map(move |side| {
            // Up on the left and down on the right lead away from a rising curve.
            let shifts = match side {
                LabelSide::Left => [-shift, shift],
                LabelSide::Right => [shift, -shift],
            };
            shifts.into_iter().map(move |dy| {
                let middle = y + dy;
                let (left, leader_x) = match side {
                    LabelSide::Left => (x - away - width, x - away + 2.0),
                    LabelSide::Right => (x + away, x + away - 2.0),
                };
                Placed {
                    rect: Rect::new(left, middle - LABEL_HEIGHT / 2.0, width, LABEL_HEIGHT),
                    leader_end: (leader_x, middle),
                }
            })
        })
    })
}

/// Whether a line from `a` to `b` passes through `rect`.
fn segment_meets(a: (f64, f64), b: (f64, f64), rect: &Rect) -> bool {
    let (enter, leave) = inside(a, b, rect);
    enter <= leave
}

/// The part of a line from `a` to `b` inside `rect`, as shares of it (Liang and Barsky, 1984); the first is
/// the larger one when it passes by.
fn inside(a: (f64, f64), b: (f64, f64), rect: &Rect) -> (f64, f64) {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let edges = [
        (-dx, a.0 - rect.x),
        (dx, rect.right() - a.0),
        (-dy, a.1 - rect.y),
        (dy, rect.bottom() - a.1),
    ];
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for (towards, distance) in edges {
        if towards == 0.0 {
            if distance < 0.0 {
                return (1.0, 0.0);
            }
        } else if towards < 0.0 {
            enter = enter.max(distance / towards);
        } else {
            leave = leave.min(distance / towards);
        }
    }
    (enter, leave)
}

/// Small boxes along a line where it is in `area`, for `keep_free`.
pub fn along(points: &[(f64, f64)], area: Rect, spacing: f64, half_size: f64) -> Vec<Rect> {
    let reach = Rect::new(
        area.x - half_size,
        area.y - half_size,
        area.width + 2.0 * half_size,
        area.height + 2.0 * half_size,
    );
    let mut boxes = Vec::new();
    for (&(x0, y0), &(x1, y1)) in points.iter().zip(points.iter().skip(1)) {
        let steps = ((x1 - x0).hypot(y1 - y0) / spacing).ceil().clamp(1.0, 4000.0) as usize;
        let (enter, leave) = inside((x0, y0), (x1, y1), &reach);
        if enter > leave {
            continue;
        }
        let from = (enter * steps as f64).floor() as usize;
        for i in from..=((leave * steps as f64).ceil() as usize).min(steps) {
            let part = i as f64 / steps as f64;
            boxes.push(around((x0 + (x1 - x0) * part, y0 + (y1 - y0) * part), half_size));
        }
    }
    boxes
}

/// A square box around a point.
pub fn around((x, y): (f64, f64), half_size: f64) -> Rect {
    Rect::new(x - half_size, y - half_size, 2.0 * half_size, 2.0 * half_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_far_outside_keeps_nothing_free() {
        let line: Vec<(f64, f64)> = (0..1500)
            .map(|k| (f64::from(k) * 1e6, f64::from(k) * 1e6))
            .collect();
        let boxes = along(&line, AREA, 6.0, 3.0);
        assert!((1..=200).contains(&boxes.len()), "{}", boxes.len());
    }
    use proptest::prelude::*;

    const AREA: Rect = Rect::new(0.0, 0.0, 700.0, 700.0);

    #[test]
    fn of_sixty_points_on_a_diagonal_only_those_in_the_corners_stay_without_label() {
        let wishes: Vec<Wish> = (0..60)
            .map(|i| Wish {
                point: (6.0 + f64::from(i) * 11.6, 694.0 - f64::from(i) * 11.6),
                width: 90.0,
            })
            .collect();
        let line: Vec<_> = wishes.iter().map(|w| w.point).collect();
        let placed = place(&wishes, AREA, &along(&line, AREA, 6.0, 3.0));
        let missing: Vec<usize> = (0..60)
            .filter(|&i| placed.get(i).is_none_or(Option::is_none))
            .collect();
        assert!(missing.iter().all(|i| !(9..54).contains(i)), "{missing:?}");
    }

    proptest! {
        #[test]
        fn labels_never_cover_each_other_or_leave_the_area(
            points in prop::collection::vec((0.0..700.0f64, 0.0..700.0f64, 5.0..160.0f64), 0..60)
        ) {
            let wishes: Vec<Wish> = points.iter().map(|&(x, y, width)| Wish { point: (x, y), width }).collect();
            let placed: Vec<Rect> = place(&wishes, AREA, &[]).into_iter().flatten().map(|p| p.rect).collect();
            for (i, a) in placed.iter().enumerate() {
                prop_assert!(AREA.contains(a));
                prop_assert!(placed.iter().skip(i + 1).all(|b| !a.overlaps(b)));
            }
        }
    }
}
