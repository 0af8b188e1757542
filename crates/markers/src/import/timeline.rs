//! What nested timelines have in common: where an element lies, and the walk that brings the markers in it to
//! the time of the outermost timeline.
//!
//! An element has a clock of its own. With `t` in seconds from the start of the timeline and `u` on that
//! clock, `t = timeline_start + (u - own_start) · scale / speed`. A reader knows what its format puts where:
//! it says what is in an element, in the order of the file ([`Content`]), each nested element with its
//! [`TimelineView`]. Times are kept in seconds: the fractions in files have too many denominators to add
//! exactly, and a frame is found again with the slack of the rounding rule.

use super::error::ImportError;
use super::found::{Imported, ImportedMarker, warn};

/// Elements and markers visited in one file: compound clips used many times, or in a loop, multiply.
const MAX_VISITS: usize = 1_000_000;

/// From an element's own time to that of the timeline, and what of it is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimelineView {
    /// Timeline time where the own clock shows `own_start`.
    pub timeline_start: f64,
    pub own_start: f64,
    /// Timeline seconds per own second are `scale / speed`: files give the one or the other, and a reciprocal
    /// would be rounded.
    pub scale: f64,
    pub speed: f64,
    /// `scale` of the sequence the element is in: its own conforming does not reach the clips that are
    /// attached to it.
    pub sequence_scale: f64,
    /// Shown range in timeline time.
    pub shown: (f64, f64),
    /// Sequences in sequences.
    pub depth: usize,
}

impl TimelineView {
    /// The outermost timeline, all of it shown.
    pub const WHOLE: Self = Self {
        timeline_start: 0.0,
        own_start: 0.0,
        scale: 1.0,
        speed: 1.0,
        sequence_scale: 1.0,
        shown: (f64::NEG_INFINITY, f64::INFINITY),
        depth: 0,
    };

    /// Timeline time at which the own clock shows `own_secs`.
    pub fn timeline(&self, own_secs: f64) -> f64 {
        self.timeline_start + (own_secs - self.own_start) * self.scale / self.speed
    }

    /// What is shown of an element that covers `range` of the timeline.
    pub fn cut_to(&self, (from, to): (f64, f64)) -> (f64, f64) {
        (from.max(self.shown.0), to.min(self.shown.1))
    }
}

/// What is directly in an element.
pub(super) enum Content<N> {
    /// A marker in timeline time.
    Marker(ImportedMarker),
    /// A marker outside of what its element shows.
    Hidden,
    /// A marker without a position, and what to say about it.
    Unplaced(&'static str),
    /// An element and where it lies.
    Nested(N, TimelineView),
    /// Anything else.
    Other,
}

/// Collects the markers of one file.
#[derive(Default)]
pub(super) struct Walker {
    pub found: Imported,
    hidden: usize,
    visits: usize,
    /// There is more in the file than is visited.
    is_cut: bool,
}

impl Walker {
    /// Reads the first of `timelines` (their names and themselves) that has markers, and says which others
    /// there are.
    pub fn read_first<'a, T>(
        &mut self,
        kind: &str,
        timelines: impl IntoIterator<Item = (&'a str, T)>,
        mut read: impl FnMut(&mut Self, T) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        for (name, timeline) in timelines {
            if self.found.markers.is_empty() {
                read(self, timeline)?;
            } else {
                let warning = format!("only one {kind} is read, not `{name}`");
                warn(&mut self.found.warnings, warning);
            }
        }
        Ok(())
    }

    /// Takes the markers of `node`, which lies at `view`, and of all that `contents` finds in it.
    pub fn walk<N>(
        &mut self,
        node: N,
        view: TimelineView,
        contents: &mut dyn FnMut(N, TimelineView) -> Vec<Content<N>>,
    ) {
        for content in contents(node, view) {
            self.visits += 1;
            if self.visits > MAX_VISITS {
                self.is_cut = true;
                return;
            }
            match content {
                Content::Marker(marker) => self.found.markers.push(marker),
                Content::Hidden => self.hidden += 1,
                Content::Unplaced(warning) => warn(&mut self.found.warnings, warning.to_owned()),
                Content::Nested(node, view) => self.walk(node, view, contents),
                Content::Other => {}
            }
        }
    }

    /// What was found, with a warning about markers that are not shown.
    pub fn finish(mut self) -> Imported {
        if self.is_cut {
            self.found
                .warnings
                .push(format!("only the first {MAX_VISITS} markers and clips are read"));
        }
        if self.hidden > 0 {
            self.found.warnings.push(format!(
                "{} markers outside of what clips show are skipped",
                self.hidden
            ));
        }
        self.found
    }
}
