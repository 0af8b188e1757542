//! Final Cut Pro 7 XML, versions 4 and 5, as Premiere, Resolve and others write it.
//!
//! Frames are counted at the rate of the element that holds them; a clip's markers count from the start of its
//! media, of which the clip shows the part from `in` to `out` at `start` of the sequence.

use super::xml::{Element, parse};
use super::{Found, ImportError, ImportOptions, ImportedMarker};
use crate::colour::Colour;
use crate::time::{Counting, Rate, Timebase};

/// Sequences in sequences, as deep as is believable.
const MAX_NESTING: usize = 16;

pub(super) fn read(text: &str, options: &ImportOptions) -> Result<Found, ImportError> {
    let (root, damage) = parse(text)?;
    let mut reader = Reader {
        found: Found::default(),
        hidden: 0,
    };
    reader.found.warnings.extend(damage);
    let sequences = root.outermost("sequence");
    if sequences.is_empty() {
        reader.read_clips(&root, options);
    }
    for sequence in sequences {
        if reader.found.markers.is_empty() {
            reader.read_main_sequence(sequence, options)?;
        } else {
            let name = sequence.child_text("name").unwrap_or_default();
            reader
                .found
                .warnings
                .push(format!("only one sequence is read, not `{name}`"));
        }
    }
    if reader.hidden > 0 {
        reader.found.warnings.push(format!(
            "{} markers outside of what clips show are skipped",
            reader.hidden
        ));
    }
    Ok(reader.found)
}

/// Where a sequence or clip lies in the main sequence, in seconds.
#[derive(Clone, Copy)]
struct View {
    /// Main time of the element's own zero.
    zero_secs: f64,
    /// Main time that is shown of it.
    shown: (f64, f64),
}

struct Reader {
    found: Found,
    hidden: usize,
}

impl Reader {
    fn read_main_sequence(&mut self, sequence: &Element, options: &ImportOptions) -> Result<(), ImportError> {
        let rate = rate_of(sequence).or(options.rate).unwrap_or(Rate::whole(30));
        self.found.rate = Some(rate);
        if let Some(timecode) = sequence.child("timecode") {
            let is_drop =
                timecode.child_text("displayformat") == Some("DF") && Timebase::has_drop_frame(rate);
            let by_file = if is_drop {
                Counting::Drop
            } else {
                Counting::NonDrop
            };
            let base = Timebase::new(rate.for_timecode(), options.counting.unwrap_or(by_file))?;
            self.found.start = frames(timecode, "frame").map(|frame| base.format(frame));
        }
        self.read_sequence(
            sequence,
            View {
                zero_secs: 0.0,
                shown: (0.0, f64::INFINITY),
            },
            rate,
            0,
        );
        Ok(())
    }

    fn read_sequence(&mut self, sequence: &Element, view: View, outer_rate: Rate, depth: usize) {
        let rate = rate_of(sequence).unwrap_or(outer_rate);
        self.read_markers(sequence, view, rate);
        let media = sequence.child("media");
        let kinds = media.into_iter().flat_map(|media| &media.children);
        for track in kinds.flat_map(|kind| kind.children_named("track")) {
            for clip in track
                .children_named("clipitem")
                .chain(track.children_named("generatoritem"))
            {
                self.read_clip(clip, view, rate, depth);
            }
        }
    }

    fn read_clip(&mut self, clip: &Element, parent: View, sequence_rate: Rate, depth: usize) {
        let rate = rate_of(clip).unwrap_or(sequence_rate);
        let (Some(in_frame), Some(out_frame)) = (frames(clip, "in"), frames(clip, "out")) else {
            return;
        };
        let (start, end) = (frames(clip, "start"), frames(clip, "end"));
        // An end under a transition is -1; the other end and the length tell where the clip lies.
        let length = out_frame.saturating_sub(in_frame);
        let start = match (start, end) {
            (Some(start), _) if start >= 0 => start,
            (_, Some(end)) if end >= 0 => end.saturating_sub(length),
            _ => return,
        };
        let start_secs = parent.zero_secs + sequence_rate.secs_at(start);
        let (in_secs, out_secs) = (rate.secs_at(in_frame), rate.secs_at(out_frame));
        let view = View {
            zero_secs: start_secs - in_secs,
            shown: (
                start_secs.max(parent.shown.0),
                (start_secs + out_secs - in_secs).min(parent.shown.1),
            ),
        };
        self.read_markers(clip, view, rate);
        if let Some(nested) = clip.child("sequence").filter(|_| depth < MAX_NESTING) {
            self.read_sequence(nested, view, rate, depth + 1);
        }
    }

    /// A file with clips only: the first one with markers, counted from its start.
    fn read_clips(&mut self, root: &Element, options: &ImportOptions) {
        for clip in root.outermost("clip") {
            if self.found.markers.is_empty() {
                let rate = rate_of(clip).or(options.rate).unwrap_or(Rate::whole(30));
                self.found.rate = Some(rate);
                self.read_markers(
                    clip,
                    View {
                        zero_secs: 0.0,
                        shown: (0.0, f64::INFINITY),
                    },
                    rate,
                );
            }
        }
    }

    fn read_markers(&mut self, owner: &Element, view: View, rate: Rate) {
        for marker in owner.children_named("marker") {
            let Some(frame) = frames(marker, "in") else {
                self.found
                    .warnings
                    .push("a marker without a position is skipped".to_owned());
                continue;
            };
            let t_ref_secs = view.zero_secs + rate.secs_at(frame);
            let slack_secs = rate.secs_at(1) / 2.0;
            if t_ref_secs < view.shown.0 - slack_secs || t_ref_secs > view.shown.1 - slack_secs {
                self.hidden += 1;
                continue;
            }
            let out = frames(marker, "out").filter(|out| *out > frame);
            let ppro = marker
                .child_text("pproColor")
                .and_then(|text| text.parse::<u32>().ok());
            self.found.markers.push(ImportedMarker {
                t_ref_secs,
                t_ref_end_secs: out.map(|out| view.zero_secs + rate.secs_at(out)),
                name: marker
                    .child("name")
                    .map(|name| name.text.clone())
                    .unwrap_or_default(),
                colour: ppro.map_or("", |ppro| Colour::from_ppro(ppro).name()).to_owned(),
                comment: marker
                    .child("comment")
                    .map(|comment| comment.text.clone())
                    .unwrap_or_default(),
                source: String::new(),
            });
        }
    }
}

fn frames(element: &Element, name: &str) -> Option<i64> {
    element.child_text(name)?.parse().ok()
}

fn rate_of(element: &Element) -> Option<Rate> {
    let rate = element.child("rate")?;
    let timebase: u32 = rate.child_text("timebase")?.parse().ok()?;
    let is_ntsc = rate
        .child_text("ntsc")
        .is_some_and(|ntsc| ntsc.eq_ignore_ascii_case("true"));
    if is_ntsc {
        Rate::new(timebase.checked_mul(1000)?, 1001)
    } else {
        Rate::new(timebase, 1)
    }
}
