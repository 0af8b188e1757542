//! Markers on frames: rounding, clamping into the clip, and what happens when two meet on one frame
//! (docs/reference/exporters.md#time).

use super::input::ExportMarker;
use super::options::ExportOptions;
use crate::colour::{Colour, MarkerColour};
use crate::time::Rate;
use crate::tuning::MAX_SHIFT_FRAMES;

/// Joins names and notes of merged markers.
pub(super) const JOINT: &str = " / ";

/// A marker with everything an editor shows of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlacedMarker {
    /// Frame of the timeline, from 0.
    pub frame: i64,
    /// Length, for markers that have one; at least 1.
    pub length_frames: Option<i64>,
    /// Name without the review prefix.
    pub plain_name: String,
    /// Comment and, for review markers, confidence and interval.
    pub note: String,
    /// Final colour.
    pub colour: MarkerColour,
    /// Whether a person should look at it.
    pub needs_review: bool,
    /// Row of the (first) marker in the table.
    pub row: usize,
}

/// Markers in order of their frames, all different, all inside the clip.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Placement {
    pub markers: Vec<PlacedMarker>,
    pub shifted: usize,
    pub merged: usize,
    pub clamped: usize,
    /// Colours nobody knows, in order of appearance.
    pub unknown_colours: Vec<String>,
}

/// Puts `markers` on the frames `0..total_frames`.
pub(crate) fn place(
    markers: &[ExportMarker],
    rate: Rate,
    total_frames: i64,
    options: &ExportOptions,
) -> Placement {
    let mut order: Vec<(usize, &ExportMarker)> = markers.iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| a.t_secs.total_cmp(&b.t_secs));
    let last_frame = total_frames.max(1) - 1;
    let mut placement = Placement::default();
    for (row, marker) in order {
        let wanted = rate.frame_at(marker.t_secs);
        let frame = wanted.clamp(0, last_frame);
        placement.clamped += usize::from(frame != wanted);
        let colour = placement.colour_of(&marker.colour);
        let placed = PlacedMarker {
            frame,
            length_frames: marker
                .end_secs
                .map(|end| rate.frame_at(end).saturating_sub(frame)),
            plain_name: marker.name.clone(),
            note: note_of(marker),
            colour,
            needs_review: marker.needs_review,
            row,
        };
        placement.add(placed, last_frame);
    }
    for marker in &mut placement.markers {
        let room = last_frame + 1 - marker.frame;
        marker.length_frames = marker.length_frames.map(|length| length.clamp(1, room));
        if marker.needs_review && !options.keep_colours {
            marker.colour = Colour::Red.into();
        }
    }
    placement
}

impl Placement {
    /// Adds a marker that is not earlier than those before it, on its frame or the next free one.
    fn add(&mut self, mut placed: PlacedMarker, last_frame: i64) {
        // Frames only grow and shifted markers fill them without gaps, so the last one tells what is free.
        let free = self
            .markers
            .last()
            .map_or(placed.frame, |last| placed.frame.max(last.frame + 1));
        let shift = free - placed.frame;
        if shift > 0 && (shift > MAX_SHIFT_FRAMES || free > last_frame) {
            let first = self
                .markers
                .binary_search_by_key(&placed.frame, |marker| marker.frame);
            if let Some(first) = first.ok().and_then(|index| self.markers.get_mut(index)) {
                first.absorb(&placed);
                self.merged += 1;
            }
            return;
        }
        self.shifted += usize::from(shift > 0);
        placed.frame = free;
        placed.length_frames = placed.length_frames.map(|length| length - shift);
        self.markers.push(placed);
    }

    fn colour_of(&mut self, text: &str) -> MarkerColour {
        MarkerColour::parse(text).unwrap_or_else(|unknown| {
            if !self.unknown_colours.contains(&unknown.text) {
                self.unknown_colours.push(unknown.text);
            }
            MarkerColour::default()
        })
    }
}

impl PlacedMarker {
    fn absorb(&mut self, other: &Self) {
        append(&mut self.plain_name, &other.plain_name);
        append(&mut self.note, &other.note);
        self.needs_review |= other.needs_review;
    }

    /// The name as editors show it; `empty` stands in for no name.
    pub fn name(&self, review_prefix: &str, empty: &str) -> String {
        let name = if self.plain_name.trim().is_empty() {
            empty
        } else {
            &self.plain_name
        };
        if self.needs_review {
            format!("{review_prefix}{name}")
        } else {
            name.to_owned()
        }
    }
}

fn append(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push_str(JOINT);
    }
    text.push_str(more);
}

/// The comment, and for review markers what the program knows about the time.
fn note_of(marker: &ExportMarker) -> String {
    let Some(confidence) = marker.confidence.filter(|_| marker.needs_review) else {
        return marker.comment.clone();
    };
    let doubt = match marker.interval_secs {
        Some((low, high)) => format!("[conf {confidence:.2}, {low:.2}-{high:.2} s]"),
        None => format!("[conf {confidence:.2}]"),
    };
    if marker.comment.trim().is_empty() {
        doubt
    } else {
        format!("{} {doubt}", marker.comment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(times: &[f64], total_frames: i64) -> Placement {
        let marker = |(index, &t_secs): (usize, &f64)| ExportMarker {
            t_secs,
            name: index.to_string(),
            ..Default::default()
        };
        let markers: Vec<_> = times.iter().enumerate().map(marker).collect();
        let rate = Rate::whole(25);
        place(&markers, rate, total_frames, &ExportOptions::new(rate, "x"))
    }

    fn frames(placement: &Placement) -> Vec<(i64, &str)> {
        placement
            .markers
            .iter()
            .map(|marker| (marker.frame, marker.plain_name.as_str()))
            .collect()
    }

    #[test]
    fn the_later_of_two_on_a_frame_moves_on() {
        let placement = at(&[1.0, 2.0, 1.0, 1.04], 100);
        assert_eq!(frames(&placement), [(25, "0"), (26, "2"), (27, "3"), (50, "1")]);
        assert_eq!(
            (placement.shifted, placement.merged, placement.clamped),
            (2, 0, 0)
        );
    }

    #[test]
    fn too_many_on_a_frame_are_joined_with_the_first() {
        let placement = at(&[1.0; 8], 100);
        assert_eq!(frames(&placement)[0], (25, "0 / 6 / 7"));
        assert_eq!(
            (placement.markers.len(), placement.shifted, placement.merged),
            (6, 5, 2)
        );
    }

    #[test]
    fn nothing_leaves_the_clip() {
        let placement = at(&[-5.0, 9.0, 3.96], 100);
        assert_eq!(frames(&placement), [(0, "0"), (99, "2 / 1")]);
        assert_eq!((placement.clamped, placement.merged), (2, 1));
    }

    #[test]
    fn lengths_follow_shifts_and_end_with_the_clip() {
        let with_end = |end_secs| ExportMarker {
            t_secs: 1.0,
            end_secs,
            ..Default::default()
        };
        let markers = [
            with_end(Some(2.0)),
            with_end(Some(2.0)),
            with_end(Some(0.5)),
            with_end(Some(9.0)),
        ];
        let rate = Rate::whole(25);
        let placement = place(&markers, rate, 100, &ExportOptions::new(rate, "x"));
        let lengths: Vec<_> = placement
            .markers
            .iter()
            .map(|marker| marker.length_frames)
            .collect();
        assert_eq!(lengths, [Some(25), Some(24), Some(1), Some(72)]);
    }

    #[test]
    fn review_markers_are_red_and_say_why() {
        let marker = ExportMarker {
            colour: "green".to_owned(),
            comment: "left".to_owned(),
            needs_review: true,
            confidence: Some(0.42),
            interval_secs: Some((59.314, 60.9)),
            ..Default::default()
        };
        let mut options = ExportOptions::new(Rate::whole(25), "x");
        let placed = |options: &ExportOptions| {
            place(std::slice::from_ref(&marker), options.rate, 100, options)
                .markers
                .remove(0)
        };
        assert_eq!(placed(&options).note, "left [conf 0.42, 59.31-60.90 s]");
        assert_eq!(placed(&options).colour.canonical(), Some(Colour::Red));
        assert_eq!(placed(&options).name("REVIEW ", "Marker 1"), "REVIEW Marker 1");
        options.keep_colours = true;
        assert_eq!(placed(&options).colour.canonical(), Some(Colour::Green));
    }

    proptest! {
        #[test]
        fn frames_grow_strictly_and_markers_are_never_lost(
            times in proptest::collection::vec(-1.0f64..5.0, 0..60), total in 1i64..120) {
            let placement = at(&times, total);
            let frames: Vec<i64> = placement.markers.iter().map(|marker| marker.frame).collect();
            prop_assert!(frames.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(frames.iter().all(|frame| (0..total).contains(frame)));
            prop_assert_eq!(placement.markers.len() + placement.merged, times.len());
        }
    }
}
