//! Comparing frames of the new run with frames of the reference by their dense descriptors: similarity `new ×
//! reference`, and z-scores of how far each pair stands out, row by row and column by column.

use std::ops::Range;

use mtbsync_align::evidence::{Matrix, SampleMoments, combine, standardise, z_scores};
use mtbsync_index::features::DenseFrames;
use mtbsync_task::error::PipelineError;
use mtbsync_vision::similarity::{BLOCK_FRAMES, Centring, FrameBlocks, PlaceSequence, ShiftSearch};
use rayon::prelude::*;

use crate::error::MatchingProblem;
use crate::tuning::{KEPT_BLOCKS, PART_FRAMES, SAMPLE_FRAMES};

/// A matrix of `rows × columns` values, new × reference.
pub(crate) fn full_matrix(rows: usize, columns: usize, values: Vec<f32>) -> Result<Matrix, PipelineError> {
    Matrix::new(rows, columns, values).ok_or_else(inconsistent)
}

fn inconsistent() -> PipelineError {
    MatchingProblem::Inconsistent.into()
}

/// Both recordings, globally and locally centred: new, then reference.
pub struct FramePairs<'a> {
    kinds: [[Centring<'a>; 2]; 2],
}

impl<'a> FramePairs<'a> {
    /// Of the frames of both, with their masks; new, then reference.
    pub fn new(new: &'a DenseFrames<'a>, reference: &'a DenseFrames<'a>, masks: [&'a [u8]; 2]) -> Self {
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

    /// Some new frames against all of the reference: similarity of all that is seen, and how far both kinds
    /// of similarity stand out.
    pub fn compare(&self, rows: &[usize], search: ShiftSearch) -> Result<(Matrix, Matrix), PipelineError> {
        let [global, local] = &self.kinds;
        let global = compare_all(global, rows, search)?;
        let of_global = z_scores(&global);
        let of_local = z_scores(&compare_all(local, rows, search)?);
        let z = combine(&of_global, &of_local).ok_or_else(inconsistent)?;
        Ok((global, z))
    }

    /// Every new frame against the reference frames of its band, judged against a sample of each recording.
    pub fn compare_within(&self, bands: &[Range<usize>]) -> Result<(Matrix, Matrix), PipelineError> {
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

/// Every new frame against its band of the reference: similarity, and how far it stands out among a sample of
/// frames all along the reference and all along the new run.
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
