//! How alike pairs of frames are when one side is shown through another lens.

use mtbsync_align::path::nearest;
use mtbsync_index::features::{DenseFrames, Features};
use mtbsync_vision::dense::DenseExtractor;
use mtbsync_vision::image::LumaView;
use mtbsync_vision::remap::{Remap, ViewMap};
use mtbsync_vision::scenery::Scenery;
use mtbsync_vision::similarity::{Centring, Displacement, DisplacementMatcher, DisplacementSequence};
use mtbsync_vision::thumbnail::{HEIGHT, Thumbnail, WIDTH};
use rayon::prelude::*;

use crate::tuning::{GEOMETRY_FRAMES, GEOMETRY_REACH_SECS};

/// Frames of one recording, and around the place of each some of the other.
pub(super) struct Probe {
    pictures: Vec<Thumbnail>,
    mask: Vec<u8>,
    others: Vec<DisplacementSequence>,
}

/// How alike one pair is at its best moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Likeness {
    pub cosine: f64,
    /// Rows by which the changed picture lies lower in the other.
    pub lower_rows: f64,
}

impl Probe {
    /// `places`: seconds of `changed`, whose pictures will be changed, and of `other`. `None` when a picture
    /// is missing.
    pub fn new(changed: &Features, other: &Features, places: &[(f64, f64)]) -> Option<Self> {
        let pictures = places
            .par_iter()
            .map(|&(t, _)| changed.luma((false, nearest(&changed.t_secs, t))))
            .collect::<Option<Vec<Thumbnail>>>()?;
        let frames = DenseFrames::all(other);
        let scenery = Scenery::still(other.mask.clone());
        let centring = Centring::global(&frames, &scenery);
        let others = places
            .par_iter()
            .map(|&(_, t)| DisplacementSequence::new(&centring.at(&around(&frames.t_secs, t))))
            .collect();
        Some(Self {
            pictures,
            mask: changed.mask.clone(),
            others,
        })
    }

    /// Of each pair, through `map`.
    pub fn likenesses(&self, map: &ViewMap) -> Vec<Likeness> {
        let remap = Remap::new(map);
        let described: Vec<Vec<u8>> = self
            .pictures
            .par_iter()
            .map_init(DenseExtractor::default, |extractor, picture| {
                let picture = remap.picture(picture);
                LumaView::new(WIDTH, HEIGHT, picture.pixels())
                    .map_or_else(|_| Vec::new(), |v| extractor.describe(&v))
            })
            .collect();
        let descriptors = described.concat();
        let scenery = Scenery::still(remap.mask(&self.mask));
        let centring = Centring::global(&descriptors, &scenery);
        let ours = DisplacementSequence::new(&centring.block(0..self.others.len()));
        self.others
            .par_iter()
            .enumerate()
            .map_init(DisplacementMatcher::default, |matcher, (i, others)| {
                best(matcher, (&ours, i), others)
            })
            .collect()
    }
}

fn best(
    matcher: &mut DisplacementMatcher,
    (ours, i): (&DisplacementSequence, usize),
    others: &DisplacementSequence,
) -> Likeness {
    let worst = (-1.0, Displacement::default());
    let better =
        |best: (f32, Displacement), next: (f32, Displacement)| if next.0 > best.0 { next } else { best };
    let (_, seed) = [1, 2, 3]
        .map(|quarter| matcher.search(ours, i, others, others.len() * quarter / 4))
        .into_iter()
        .fold(worst, better);
    let (cosine, displacement) = (0..others.len())
        .map(|j| matcher.follow(ours, i, others, j, seed))
        .fold(worst, better);
    Likeness {
        cosine: f64::from(cosine),
        lower_rows: f64::from(displacement.dy),
    }
}

/// The frame nearest to a moment, and at most half of [`GEOMETRY_FRAMES`] on either side, evenly spread.
fn around(t_secs: &[f64], moment_secs: f64) -> Vec<usize> {
    let middle = nearest(t_secs, moment_secs);
    let within = |t: f64| (t - moment_secs).abs() <= GEOMETRY_REACH_SECS;
    let from = t_secs[..middle].iter().rev().take_while(|&&t| within(t)).count();
    let to = t_secs[middle..]
        .iter()
        .skip(1)
        .take_while(|&&t| within(t))
        .count();
    let half = GEOMETRY_FRAMES / 2;
    let step = (from.max(to)).div_ceil(half).max(1);
    let before = (1..=from / step).rev().map(|k| middle - k * step);
    before.chain((0..=to / step).map(|k| middle + k * step)).collect()
}
