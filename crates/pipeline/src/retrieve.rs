//! Finding the place of every new frame: similarity of pictures, sequence model, GPS where there is some.
//!
//! Short pairs are compared frame by frame at every shift. For long ones that would cost the product of both lengths, so a
//! sparse look comes first: a few hundred frames of the new run, evenly spread, against every frame of the reference
//! by their pooled descriptors. What the sequence model makes of them is a band around the path, and only in that
//! band are all frames compared in full. The cost then grows with the length of the recordings.

use std::ops::Range;
use std::time::{Duration, Instant};

use mtbsync_align::ambiguity;
use mtbsync_align::band::band;
use mtbsync_align::evidence::{Matrix, Spread, add, combine, log_likelihood_ratios, standardise, z_scores};
use mtbsync_align::sequence::{Belief, Reach, beliefs, reaches};
use mtbsync_vision::similarity::{CentredSequence, PlaceSequence};
use rayon::prelude::*;

use crate::error::PipelineError;
use crate::features::Features;
use crate::gps::evidence::{GpsEvidence, Seen};
use crate::gps::signal::picture_speed;
use crate::gps::tracks::{SideTrack, Tracks};
use crate::progress::{Context, Stage};
use crate::settings::{MatchSettings, Matcher};
use crate::verify::local_similarity;

/// Pairs of frames up to which all are compared, at every shift: nearly two minutes against two minutes at 3 frames a
/// second, about a second of work.
const MAX_FULL_CELLS: usize = 100_000;
/// New frames of the sparse look. Each finds its place by itself four times in five; a sequence of hundreds leaves no
/// doubt about the path, only about short stops and detours between them, which the full comparison sees.
const SPARSE_FRAMES: usize = 400;
/// Frames spread over a recording that stand for all of it when a mean and a standard deviation are taken.
const SAMPLE_FRAMES: usize = 64;
/// Share of frames on the trail, played backwards, that makes a reversed ride.
const REVERSED_SHARE: f64 = 0.5;
/// A frame takes part when the sequence model thinks it rather on the trail than off.
pub const MAX_OFF: f64 = 0.5;

/// Where each new frame is, and what spoke for it.
pub struct Retrieval {
    /// Similarity of the frames that were compared in full.
    pub similarity: Matrix,
    /// How far each stands out.
    pub z: Matrix,
    /// The place of each analysed new frame.
    pub path: Vec<Belief>,
    /// The reference fits better played backwards.
    pub reversed: bool,
    /// GPS, where it may speak.
    pub gps: Option<GpsEvidence>,
    /// Wall time of the comparison of tracks.
    pub gps_took: Duration,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

/// Find the places.
///
/// # Errors
/// When an index contradicts itself, and when interrupted.
pub fn retrieve(
    reference: &Features,
    new: &Features,
    tracks: &Tracks,
    settings: &MatchSettings,
    context: &Context<'_>,
) -> Result<Retrieval, PipelineError> {
    context.progress.start(Stage::Retrieval, None, None);
    let every: Vec<usize> = (0..new.t_secs.len()).collect();
    if settings.matcher == Matcher::Orb {
        let values = local_similarity(new, reference, settings.lowe);
        let similarity = full_matrix(new.t_secs.len(), reference.t_secs.len(), values)?;
        let z = z_scores(&similarity);
        compared(context)?;
        return Ok(judge(&z, &every, reference, new, tracks).found(similarity, z));
    }
    let views = Views::new(reference, new);
    if new.t_secs.len() * reference.t_secs.len() <= MAX_FULL_CELLS {
        let (similarity, z) = views.compare(&every, PlaceSequence::thorough_likeness)?;
        compared(context)?;
        return Ok(judge(&z, &every, reference, new, tracks).found(similarity, z));
    }
    let sparse: Vec<usize> = every
        .into_iter()
        .step_by(new.t_secs.len().div_ceil(SPARSE_FRAMES))
        .collect();
    let (_, z) = views.compare(&sparse, PlaceSequence::pooled_likeness)?;
    compared(context)?;
    let judged = judge(&z, &sparse, reference, new, tracks);
    let t_sparse: Vec<f64> = sparse.iter().map(|&i| new.t_secs[i]).collect();
    // Without a path nothing is worth a closer look.
    let nowhere = || vec![0..1; new.t_secs.len()];
    let bands = band(&judged.reaches, &t_sparse, &new.t_secs, &reference.t_secs).unwrap_or_else(nowhere);
    let (similarity, z) = views.compare_within(&bands)?;
    let llr = judged.with_gps(log_likelihood_ratios(&z), &new.t_secs, &reference.t_secs);
    let path = beliefs(&llr, &new.t_secs, &reference.t_secs);
    Ok(Judged {
        reaches: path.into_iter().map(Reach::sharp).collect(),
        ..judged
    }
    .found(similarity, z))
}

/// The pictures are compared; now it is the sequence model's turn.
fn compared(context: &Context<'_>) -> Result<(), PipelineError> {
    context.progress.finish(Stage::Retrieval);
    context.cancel.check()?;
    context.progress.start(Stage::Sequence, None, None);
    Ok(())
}

fn full_matrix(rows: usize, columns: usize, values: Vec<f32>) -> Result<Matrix, PipelineError> {
    Matrix::new(rows, columns, values).ok_or_else(inconsistent)
}

fn inconsistent() -> PipelineError {
    PipelineError::new("index is inconsistent").hint("rebuild it with mtbsync index")
}

/// Both recordings as all that is seen and as what passes by: new, then reference.
struct Views {
    kinds: [[PlaceSequence; 2]; 2],
    new_len: usize,
    reference_len: usize,
}

impl Views {
    fn new(reference: &Features, new: &Features) -> Self {
        let whole = |f: &Features| PlaceSequence::new(&CentredSequence::new(&f.dense, &f.mask));
        let passing =
            |f: &Features| PlaceSequence::new(&CentredSequence::passing(&f.dense, &f.t_secs, &f.mask));
        Self {
            kinds: [[whole(new), whole(reference)], [passing(new), passing(reference)]],
            new_len: new.t_secs.len(),
            reference_len: reference.t_secs.len(),
        }
    }

    /// Some new frames against all of the reference: similarity of all that is seen, and how far both kinds of
    /// similarity stand out.
    fn compare(
        &self,
        rows: &[usize],
        likeness: fn(&PlaceSequence, usize, &PlaceSequence, usize) -> f32,
    ) -> Result<(Matrix, Matrix), PipelineError> {
        let [whole, passing] = self.kinds.each_ref().map(|[new, reference]| {
            let values = rows
                .par_iter()
                .flat_map_iter(|&i| (0..self.reference_len).map(move |j| likeness(new, i, reference, j)))
                .collect();
            full_matrix(rows.len(), self.reference_len, values)
        });
        let (whole, passing) = (whole?, passing?);
        let z = combine(&z_scores(&whole), &z_scores(&passing)).ok_or_else(inconsistent)?;
        Ok((whole, z))
    }

    /// Every new frame against the reference frames of its band, judged against a sample of each recording.
    fn compare_within(&self, bands: &[Range<usize>]) -> Result<(Matrix, Matrix), PipelineError> {
        let sample = |len: usize| -> Vec<usize> {
            let count = SAMPLE_FRAMES.min(len);
            (0..count).map(|k| k * len / count).collect()
        };
        let (of_new, of_reference) = (sample(self.new_len), sample(self.reference_len));
        let [whole, passing] = self.kinds.each_ref().map(|[new, reference]| {
            let values = bands
                .par_iter()
                .enumerate()
                .flat_map_iter(|(i, band)| band.clone().map(move |j| new.likeness(i, reference, j)))
                .collect();
            let spread = |count: usize, others: &[usize], likeness: &(dyn Fn(usize, usize) -> f32 + Sync)| {
                (0..count)
                    .into_par_iter()
                    .map(|k| {
                        let mut spread = Spread::default();
                        others.iter().for_each(|&other| spread.add(likeness(k, other)));
                        spread
                    })
                    .collect::<Vec<Spread>>()
            };
            let by_row = spread(self.new_len, &of_reference, &|i, j| new.likeness(i, reference, j));
            let by_column = spread(self.reference_len, &of_new, &|j, i| new.likeness(i, reference, j));
            let similarity =
                Matrix::banded(self.reference_len, bands.to_vec(), values).ok_or_else(inconsistent)?;
            let z = standardise(&similarity, &by_row, &by_column);
            Ok::<_, PipelineError>((similarity, z))
        });
        let ((similarity, whole), (_, passing)) = (whole?, passing?);
        let z = combine(&whole, &passing).ok_or_else(inconsistent)?;
        Ok((similarity, z))
    }
}

/// What the sequence model and GPS make of the pictures.
struct Judged {
    reaches: Vec<Reach>,
    certainty: f64,
    reversed: bool,
    gps: Option<GpsEvidence>,
    gps_took: Duration,
    warnings: Vec<String>,
}

impl Judged {
    /// Evidence of pictures and GPS together.
    fn with_gps(&self, llr: Matrix, t_new_secs: &[f64], t_ref_secs: &[f64]) -> Matrix {
        self.gps
            .as_ref()
            .and_then(|gps| gps.log_likelihood_ratios(t_new_secs, t_ref_secs, llr.bands()))
            .and_then(|ratios| add(&llr, &ratios))
            .unwrap_or(llr)
    }

    fn found(self, similarity: Matrix, z: Matrix) -> Retrieval {
        let certain = |reach: Reach| Belief {
            here: reach.belief.here * self.certainty,
            ..reach.belief
        };
        Retrieval {
            similarity,
            z,
            path: self.reaches.into_iter().map(certain).collect(),
            reversed: self.reversed,
            gps: self.gps,
            gps_took: self.gps_took,
            warnings: self.warnings,
        }
    }
}

/// Run the sequence model over the new frames `rows`, weigh GPS, and ask whether another path fits as well.
fn judge(z: &Matrix, rows: &[usize], reference: &Features, new: &Features, tracks: &Tracks) -> Judged {
    let t_new_secs: Vec<f64> = rows.iter().map(|&i| new.t_secs[i]).collect();
    let t_ref_secs = &reference.t_secs;
    let llr = log_likelihood_ratios(z);
    let pictures = reaches(&llr, &t_new_secs, t_ref_secs);
    let gps_begun = Instant::now();
    let mut warnings = tracks.warnings.clone();
    let seen: Vec<Belief> = pictures.iter().map(|r| r.belief).collect();
    let gps = weigh_gps(reference, new, tracks, &t_new_secs, &seen).unwrap_or_else(|why| {
        warnings.push(why);
        None
    });
    let mut judged = Judged {
        reaches: pictures,
        certainty: 1.0,
        reversed: false,
        gps,
        gps_took: gps_begun.elapsed(),
        warnings,
    };
    let llr = if judged.gps.is_some() {
        let both = judged.with_gps(llr, &t_new_secs, t_ref_secs);
        judged.reaches = reaches(&both, &t_new_secs, t_ref_secs);
        both
    } else {
        llr
    };
    let path: Vec<Belief> = judged.reaches.iter().map(|r| r.belief).collect();
    judged.certainty = ambiguity::certainty(&llr, &path, &t_new_secs, t_ref_secs);
    if judged.certainty < 1.0 {
        judged
            .warnings
            .push("the reference fits in another way almost as well: does it hold several laps?".to_owned());
    }
    let share = share_on_trail(&path);
    judged.reversed = share < REVERSED_SHARE
        && llr.reversed_reference().is_some_and(|llr| {
            let last = t_ref_secs.last().copied().unwrap_or(0.0);
            let backwards: Vec<f64> = t_ref_secs.iter().rev().map(|t| last - t).collect();
            share_on_trail(&beliefs(&llr, &t_new_secs, &backwards)) > share.max(REVERSED_SHARE)
        });
    judged
}

fn share_on_trail(path: &[Belief]) -> f64 {
    path.iter().filter(|b| b.off < MAX_OFF).count() as f64 / path.len().max(1) as f64
}

/// GPS of both sides, if it may speak; else why not.
fn weigh_gps(
    reference: &Features,
    new: &Features,
    tracks: &Tracks,
    t_new_secs: &[f64],
    pictures: &[Belief],
) -> Result<Option<GpsEvidence>, String> {
    let speed = |features: &Features, side: &Option<SideTrack>| match side {
        Some(side) if side.clock.is_guessed() => picture_speed(features),
        Some(_) | None => None,
    };
    let speeds = [speed(reference, &tracks.reference), speed(new, &tracks.new)];
    let [of_reference, of_new] = &speeds;
    let seen = Seen {
        beliefs: pictures,
        t_new_secs,
        speeds: [of_reference.as_ref(), of_new.as_ref()],
        durations_secs: [reference.source.duration_secs, new.source.duration_secs],
    };
    GpsEvidence::weigh(tracks, &seen)
}
