//! Anchors that the pictures contradict: where a person has probably pinned the wrong frame.

use mtbsync_align::confidence::interval_half_width_secs;
use mtbsync_align::fit::{Anchor, fit_warp};
use mtbsync_align::pair::Pair;
use mtbsync_align::{TimeWarp, WarpSettings};
use serde::Serialize;

/// An anchor farther from the measured curve than this many half widths of its 90 % interval contradicts it.
/// By hand: a measured place is that far off once in a hundred thousand if its error is what it says.
const DOUBTED_HALF_WIDTHS: f64 = 5.0;
/// Nearer to the curve than this nothing is a contradiction, seconds: nobody sees where a place is to less
/// than some frames.
const DOUBTED_SECS: f64 = 0.2;

/// So many new anchors are asked about, each of which costs a fit; a page pins one at a time.
const MOST_ASKED: usize = 20;

/// A new anchor that the curve measured without it contradicts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Doubt {
    /// The moment of the new run, seconds.
    pub t_new: f64,
    /// Its place in the reference as given, seconds.
    pub t_ref: f64,
    /// Its place by the curve, seconds.
    pub measured: f64,
    /// Half width of that place's 90 % interval, seconds.
    pub band: f64,
}

impl Doubt {
    /// For a person, of a command that asks nothing back.
    pub fn warning(&self) -> String {
        format!(
            "the anchor at {:.2} s of the new run says {:.2} s of the reference; by the pictures it is {:.2} s (±{:.2} s)",
            self.t_new, self.t_ref, self.measured, self.band
        )
    }
}

/// Which of the first few anchors of `new` are contradicted by the curve fitted from `pairs` and all other
/// `anchors`. `durations_secs` are those of the new run and the reference.
pub fn doubts(
    pairs: &[Pair],
    anchors: &[Anchor],
    new: &[Anchor],
    settings: &WarpSettings,
    durations_secs: (f64, f64),
) -> Vec<Doubt> {
    let doubt = |anchor: &Anchor| {
        let others: Vec<Anchor> = anchors.iter().filter(|other| *other != anchor).copied().collect();
        contradiction(&fit_warp(pairs, &others, settings, durations_secs), anchor)
    };
    new.iter().take(MOST_ASKED).filter_map(doubt).collect()
}

/// What speaks against an anchor, if the curve fitted without it does.
fn contradiction(measured: &TimeWarp, anchor: &Anchor) -> Option<Doubt> {
    let place = measured.ref_from_new(anchor.t_new_secs)?;
    let band = interval_half_width_secs(measured.ref_sigma_at(anchor.t_new_secs)?);
    let off = (anchor.t_ref_secs - place).abs();
    (off > DOUBTED_SECS.max(DOUBTED_HALF_WIDTHS * band)).then_some(Doubt {
        t_new: anchor.t_new_secs,
        t_ref: anchor.t_ref_secs,
        measured: place,
        band,
    })
}
