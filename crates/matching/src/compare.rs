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
use mtbsync_align::evidence::{
    Matrix, SampleMoments, add, combine, log_likelihood_ratios, standardise, z_scores,
};
use mtbsync_align::sequence::{Posterior, PosteriorInterval, posterior_intervals, posteriors};
use mtbsync_index::features::{DenseFrames, Features};
use mtbsync_index::tracks::Tracks;
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::Stage;
use mtbsync_task::progress::Task;
use mtbsync_telemetry::clock::SideTrack;
use mtbsync_vision::similarity::{BLOCK_FRAMES, Centring, FrameBlocks, PlaceSequence, ShiftSearch};
use rayon::prelude::*;

use crate::error::MatchingProblem;
use crate::gps::{GpsEvidence, Seen};
use crate::picture_speed::picture_speed;
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
/// Reference frames prepared at once for the comparison with all: what a processor's cache holds.
const PART_FRAMES: usize = 48;
/// Blocks of prepared reference frames kept for the comparison within bands: the widest band for two threads.
const KEPT_BLOCKS: usize = 48;
/// Share of frames on the trail, played backwards, that makes a reversed ride.
const REVERSED_SHARE: f64 = 0.5;

/// Where each new frame is, and what spoke for it.
pub struct Retrieval {
    /// Similarity of the frames that were compared in full.
    pub similarity: Matrix,
    /// How far each stands out.
    pub z: Matrix,
    /// The place of each analysed new frame.
    pub path: Vec<Posterior>,
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
    task: &Task<'_>,
) -> Result<Retrieval, PipelineError> {
    task.progress.start(Stage::Retrieval, None, None);
    let every: Vec<usize> = (0..new.t_secs.len()).collect();
    if settings.matcher == Matcher::Orb {
        let values = local_similarity(new, reference, settings.lowe);
        let similarity = full_matrix(new.t_secs.len(), reference.t_secs.len(), values)?;
        let z = z_scores(&similarity);
        compared(task)?;
        return Ok(judge(&z, &every, reference, new, tracks).found(similarity, z));
    }
    let frames = [new, reference].map(DenseFrames::analysed);
    let views = Views::new(&frames[0], &frames[1], [&new.mask, &reference.mask]);
    if new.t_secs.len() * reference.t_secs.len() <= MAX_FULL_CELLS {
        let (similarity, z) = views.compare(&every, ShiftSearch::Exhaustive)?;
        compared(task)?;
        return Ok(judge(&z, &every, reference, new, tracks).found(similarity, z));
    }
    let sparse: Vec<usize> = every
        .into_iter()
        .step_by(new.t_secs.len().div_ceil(SPARSE_FRAMES))
        .collect();
    let (_, z) = views.compare(&sparse, ShiftSearch::Pooled)?;
    compared(task)?;
    let judged = judge(&z, &sparse, reference, new, tracks);
    let t_sparse: Vec<f64> = sparse.iter().map(|&i| new.t_secs[i]).collect();
    // Without a path nothing is worth a closer look.
    let nowhere = || vec![0..1; new.t_secs.len()];
    let bands = band(&judged.intervals, &t_sparse, &new.t_secs, &reference.t_secs).unwrap_or_else(nowhere);
    let (similarity, z) = views.compare_within(&bands)?;
    let llr = judged.with_gps(log_likelihood_ratios(&z), &new.t_secs, &reference.t_secs);
    let path = posteriors(&llr, &new.t_secs, &reference.t_secs);
    Ok(Judged {
        intervals: path.into_iter().map(PosteriorInterval::point).collect(),
        ..judged
    }
    .found(similarity, z))
}

/// The pictures are compared; now it is the sequence model's turn.
fn compared(task: &Task<'_>) -> Result<(), PipelineError> {
    task.progress.finish(Stage::Retrieval);
    task.cancel.check()?;
    task.progress.start(Stage::Sequence, None, None);
    Ok(())
}

fn full_matrix(rows: usize, columns: usize, values: Vec<f32>) -> Result<Matrix, PipelineError> {
    Matrix::new(rows, columns, values).ok_or_else(inconsistent)
}

fn inconsistent() -> PipelineError {
    MatchingProblem::Inconsistent.into()
}

/// Both recordings as all that is seen and as what passes by: new, then reference.
struct Views<'a> {
    kinds: [[Centring<'a>; 2]; 2],
}

impl<'a> Views<'a> {
    fn new(new: &'a DenseFrames<'a>, reference: &'a DenseFrames<'a>, masks: [&'a [u8]; 2]) -> Self {
        let [of_new, of_reference] = masks;
        Self {
            kinds: [
                [
                    Centring::global(new, of_new),
                    Centring::global(reference, of_reference),
                ],
                [
                    Centring::local(new, &new.t_secs, of_new),
                    Centring::local(reference, &reference.t_secs, of_reference),
                ],
            ],
        }
    }

    /// Some new frames against all of the reference: similarity of all that is seen, and how far both kinds of
    /// similarity stand out.
    fn compare(&self, rows: &[usize], search: ShiftSearch) -> Result<(Matrix, Matrix), PipelineError> {
        let [global, local] = &self.kinds;
        let global = compare_all(global, rows, search)?;
        let of_global = z_scores(&global);
        let of_local = z_scores(&compare_all(local, rows, search)?);
        let z = combine(&of_global, &of_local).ok_or_else(inconsistent)?;
        Ok((global, z))
    }

    /// Every new frame against the reference frames of its band, judged against a sample of each recording.
    fn compare_within(&self, bands: &[Range<usize>]) -> Result<(Matrix, Matrix), PipelineError> {
        let [global, local] = &self.kinds;
        let (similarity, global) = compare_band(global, bands)?;
        let (_, local) = compare_band(local, bands)?;
        let z = combine(&global, &local).ok_or_else(inconsistent)?;
        Ok((similarity, z))
    }
}

/// The new frames `rows` against all of the reference, which is prepared a part at a time.
fn compare_all(
    [new, reference]: &[Centring<'_>; 2],
    rows: &[usize],
    search: ShiftSearch,
) -> Result<Matrix, PipelineError> {
    let prepare = match search {
        ShiftSearch::Pooled => PlaceSequence::pooled,
        ShiftSearch::CoarseToFine | ShiftSearch::Exhaustive => PlaceSequence::new,
    };
    let ours = prepare(&new.at(rows));
    let len = reference.frames();
    let parts: Vec<Vec<f32>> = (0..len.div_ceil(PART_FRAMES))
        .into_par_iter()
        .map(|part| {
            let from = part * PART_FRAMES;
            let theirs = prepare(&reference.block(from..(from + PART_FRAMES).min(len)));
            let mut values = Vec::with_capacity(rows.len() * theirs.frames());
            for i in 0..rows.len() {
                ours.similarities(i, &theirs, 0..theirs.frames(), search, &mut values);
            }
            values
        })
        .collect();
    let mut values = Vec::with_capacity(rows.len() * len);
    for i in 0..rows.len() {
        for part in &parts {
            let width = part.len() / rows.len();
            values.extend_from_slice(&part[i * width..(i + 1) * width]);
        }
    }
    full_matrix(rows.len(), len, values)
}

/// Every new frame against its band of the reference: similarity, and how far it stands out among a sample of frames all
/// along the reference and all along the new run.
fn compare_band(
    [new, reference]: &[Centring<'_>; 2],
    bands: &[Range<usize>],
) -> Result<(Matrix, Matrix), PipelineError> {
    let sample = |of: &Centring<'_>| {
        let count = SAMPLE_FRAMES.min(of.frames());
        let frames: Vec<usize> = (0..count).map(|k| k * of.frames() / count).collect();
        PlaceSequence::new(&of.at(&frames))
    };
    let (of_new, of_reference) = (sample(new), sample(reference));
    let prepared = |of: &Centring<'_>, frames: Range<usize>| PlaceSequence::new(&of.block(frames));
    let theirs = FrameBlocks::new(reference.frames(), KEPT_BLOCKS, |frames| {
        prepared(reference, frames)
    });
    let rows: Vec<(Vec<f32>, Vec<SampleMoments>)> = (0..new.frames().div_ceil(BLOCK_FRAMES))
        .into_par_iter()
        .map(|number| {
            let from = number * BLOCK_FRAMES;
            let frames = from..(from + BLOCK_FRAMES).min(new.frames());
            let block = prepared(new, frames.clone());
            let (mut values, mut spreads, mut beside) = (Vec::new(), Vec::new(), Vec::new());
            for (i, band) in bands[frames].iter().enumerate() {
                let mut j = band.start;
                while j < band.end {
                    let (part, within) = theirs.get(j);
                    let count = (part.frames() - within).min(band.end - j);
                    block.similarities(
                        i,
                        &part,
                        within..within + count,
                        ShiftSearch::CoarseToFine,
                        &mut values,
                    );
                    j += count;
                }
                beside.clear();
                block.similarities(
                    i,
                    &of_reference,
                    0..of_reference.frames(),
                    ShiftSearch::CoarseToFine,
                    &mut beside,
                );
                spreads.push(SampleMoments::of(&beside));
            }
            (values, spreads)
        })
        .collect();
    let by_column: Vec<SampleMoments> = (0..theirs.count())
        .into_par_iter()
        .flat_map_iter(|number| {
            let block = prepared(reference, theirs.range(number));
            let mut spreads = vec![SampleMoments::default(); block.frames()];
            let mut beside = Vec::new();
            for i in 0..of_new.frames() {
                beside.clear();
                of_new.similarities(
                    i,
                    &block,
                    0..block.frames(),
                    ShiftSearch::CoarseToFine,
                    &mut beside,
                );
                spreads
                    .iter_mut()
                    .zip(&beside)
                    .for_each(|(spread, &value)| spread.add(value));
            }
            spreads
        })
        .collect();
    let (values, by_row): (Vec<Vec<f32>>, Vec<Vec<SampleMoments>>) = rows.into_iter().unzip();
    let similarity =
        Matrix::banded(reference.frames(), bands.to_vec(), values.concat()).ok_or_else(inconsistent)?;
    let z = standardise(&similarity, &by_row.concat(), &by_column);
    Ok((similarity, z))
}

/// What the sequence model and GPS make of the pictures.
struct Judged {
    intervals: Vec<PosteriorInterval>,
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
        let certain = |interval: PosteriorInterval| Posterior {
            on: interval.posterior.on * self.certainty,
            ..interval.posterior
        };
        Retrieval {
            similarity,
            z,
            path: self.intervals.into_iter().map(certain).collect(),
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
    let pictures = posterior_intervals(&llr, &t_new_secs, t_ref_secs);
    let gps_begun = Instant::now();
    let mut warnings = tracks.warnings.clone();
    let seen: Vec<Posterior> = pictures.iter().map(|r| r.posterior).collect();
    let gps = weigh_gps(reference, new, tracks, &t_new_secs, &seen).unwrap_or_else(|why| {
        warnings.push(why);
        None
    });
    let mut judged = Judged {
        intervals: pictures,
        certainty: 1.0,
        reversed: false,
        gps,
        gps_took: gps_begun.elapsed(),
        warnings,
    };
    let llr = if judged.gps.is_some() {
        let both = judged.with_gps(llr, &t_new_secs, t_ref_secs);
        judged.intervals = posterior_intervals(&both, &t_new_secs, t_ref_secs);
        both
    } else {
        llr
    };
    let path: Vec<Posterior> = judged.intervals.iter().map(|r| r.posterior).collect();
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
            share_on_trail(&posteriors(&llr, &t_new_secs, &backwards)) > share.max(REVERSED_SHARE)
        });
    judged
}

fn share_on_trail(path: &[Posterior]) -> f64 {
    path.iter().filter(|b| b.is_on_trail()).count() as f64 / path.len().max(1) as f64
}

/// GPS of both sides, if it may speak; else why not.
fn weigh_gps(
    reference: &Features,
    new: &Features,
    tracks: &Tracks,
    t_new_secs: &[f64],
    pictures: &[Posterior],
) -> Result<Option<GpsEvidence>, String> {
    let speed = |features: &Features, side: &Option<SideTrack>| match side {
        Some(side) if side.clock.is_guessed() => picture_speed(features),
        Some(_) | None => None,
    };
    let speeds = [speed(reference, &tracks.reference), speed(new, &tracks.new)];
    let [of_reference, of_new] = &speeds;
    let seen = Seen {
        posteriors: pictures,
        t_new_secs,
        speeds: [of_reference.as_ref(), of_new.as_ref()],
        durations_secs: [reference.source.duration_secs, new.source.duration_secs],
    };
    GpsEvidence::weigh(tracks, &seen)
}
