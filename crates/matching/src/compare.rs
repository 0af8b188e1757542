//! Comparing frames of the new run with frames of the reference by their dense descriptors: similarity `new ×
//! reference`, and z-scores of how far each pair stands out, row by row and column by column.

use std::ops::Range;

use mtbsync_align::evidence::{Matrix, SampleMoments, combine, standardise, z_scores};
use mtbsync_index::features::DenseFrames;
use mtbsync_task::error::PipelineError;
use mtbsync_vision::scenery::Scenery;
use mtbsync_vision::similarity::{
    BLOCK_FRAMES, CentredSequence, Centring, FrameBlocks, PlaceSequence, ShiftSearch,
};
use rayon::prelude::*;

use crate::error::MatchingProblem;
use crate::reweight::{CellWeights, SideWeights};
use crate::tuning::{KEPT_BLOCKS, PART_FRAMES, PARTS_AT_ONCE, SAMPLE_FRAMES};

/// A matrix of `rows × columns` values, new × reference.
pub(crate) fn full_matrix(rows: usize, columns: usize, values: Vec<f32>) -> Result<Matrix, PipelineError> {
    Matrix::new(rows, columns, values).ok_or_else(inconsistent)
}

pub(crate) fn inconsistent() -> PipelineError {
    MatchingProblem::Inconsistent.into()
}

/// A recording whose frames can be compared with those of another.
pub(crate) trait Comparable: Sync {
    /// Frames made ready to be compared.
    type Prepared: Send + Sync;

    /// Number of frames.
    fn frames(&self) -> usize;
    /// These frames, in this order.
    fn at(&self, frames: &[usize]) -> Self::Prepared;
    /// A stretch of frames.
    fn block(&self, frames: Range<usize>) -> Self::Prepared;
    /// Similarity of frame `i` of `ours` with each of the frames `js` of `theirs`, appended to `out`.
    fn compare(
        &self,
        ours: &Self::Prepared,
        i: usize,
        theirs: &Self::Prepared,
        js: Range<usize>,
        out: &mut Vec<f32>,
    );
}

/// Dense descriptors, compared at the shifts of `search`.
struct Dense<'a, 'b> {
    centring: &'b Centring<'a>,
    search: ShiftSearch,
}

impl Dense<'_, '_> {
    fn prepared(&self, sequence: &CentredSequence) -> PlaceSequence {
        match self.search {
            ShiftSearch::Pooled => PlaceSequence::pooled(sequence),
            ShiftSearch::CoarseToFine | ShiftSearch::Exhaustive => PlaceSequence::new(sequence),
        }
    }
}

impl Comparable for Dense<'_, '_> {
    type Prepared = PlaceSequence;

    fn frames(&self) -> usize {
        self.centring.frames()
    }

    fn at(&self, frames: &[usize]) -> PlaceSequence {
        self.prepared(&self.centring.at(frames))
    }

    fn block(&self, frames: Range<usize>) -> PlaceSequence {
        self.prepared(&self.centring.block(frames))
    }

    fn compare(
        &self,
        ours: &PlaceSequence,
        i: usize,
        theirs: &PlaceSequence,
        js: Range<usize>,
        out: &mut Vec<f32>,
    ) {
        ours.similarities(i, theirs, js, self.search, out);
    }
}

fn dense<'a, 'b>(sides: &'b [Centring<'a>; 2], search: ShiftSearch) -> [Dense<'a, 'b>; 2] {
    sides.each_ref().map(|centring| Dense { centring, search })
}

/// Two recordings, centred alike: new, then reference.
pub type Centrings<'a> = [Centring<'a>; 2];

/// Both recordings, globally and locally centred.
pub struct FramePairs<'a> {
    pub kinds: [Centrings<'a>; 2],
}

impl<'a> FramePairs<'a> {
    /// Of the frames of both, with what of them is scenery; new, then reference.
    pub fn new(new: &'a DenseFrames<'a>, reference: &'a DenseFrames<'a>, scenery: [&'a Scenery; 2]) -> Self {
        let [of_new, of_reference] = scenery;
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

    /// The same with the cells of the pictures weighted.
    #[must_use]
    pub fn weighted(self, weights: Option<&'a CellWeights>) -> Self {
        let [global, local] = self.kinds;
        Self {
            kinds: [
                weighted(global, weights.map(|w| &w.global)),
                weighted(local, weights.map(|w| &w.local)),
            ],
        }
    }

    /// Some new frames against all of the reference: similarity of all that is seen, and how far both kinds
    /// of similarity stand out.
    pub fn compare(&self, rows: &[usize], search: ShiftSearch) -> Result<(Matrix, Matrix), PipelineError> {
        let [global, local] = &self.kinds;
        let global = compare_all(&dense(global, search), rows)?;
        let of_global = z_scores(&global);
        let of_local = z_scores(&compare_all(&dense(local, search), rows)?);
        let z = combine(&of_global, &of_local).ok_or_else(inconsistent)?;
        Ok((global, z))
    }

    /// Every new frame against the reference frames of its band, judged against a sample of each recording.
    pub fn compare_within(&self, bands: &[Range<usize>]) -> Result<(Matrix, Matrix), PipelineError> {
        let [global, local] = &self.kinds;
        let (similarity, global) = compare_band(&dense(global, ShiftSearch::CoarseToFine), bands)?;
        let (_, local) = compare_band(&dense(local, ShiftSearch::CoarseToFine), bands)?;
        let z = combine(&global, &local).ok_or_else(inconsistent)?;
        Ok((similarity, z))
    }
}

/// Both recordings with the cells of their pictures weighted.
pub fn weighted<'a>([new, reference]: Centrings<'a>, weights: Option<&'a SideWeights>) -> Centrings<'a> {
    let of = |side: usize| weights.map(|w| w[side].as_slice());
    [new.weighted(of(0)), reference.weighted(of(1))]
}

/// The new frames `rows` against all of the reference, which is prepared a part at a time.
pub(crate) fn compare_all<C: Comparable>(
    [new, reference]: &[C; 2],
    rows: &[usize],
) -> Result<Matrix, PipelineError> {
    let ours = new.at(rows);
    let len = reference.frames();
    let mut values = vec![0.0; rows.len() * len];
    let parts: Vec<Range<usize>> = (0..len.div_ceil(PART_FRAMES))
        .map(|part| part * PART_FRAMES..((part + 1) * PART_FRAMES).min(len))
        .collect();
    // A few parts at once: all of them would be the matrix a second time.
    for some in parts.chunks(PARTS_AT_ONCE) {
        let compared: Vec<Vec<f32>> = some
            .par_iter()
            .map(|frames| {
                let theirs = reference.block(frames.clone());
                let mut values = Vec::with_capacity(rows.len() * frames.len());
                for i in 0..rows.len() {
                    new.compare(&ours, i, &theirs, 0..frames.len(), &mut values);
                }
                values
            })
            .collect();
        for (frames, part) in some.iter().zip(&compared) {
            for (i, row) in part.chunks_exact(frames.len()).enumerate() {
                values[i * len + frames.start..i * len + frames.end].copy_from_slice(row);
            }
        }
    }
    full_matrix(rows.len(), len, values)
}

/// Every new frame against its band of the reference: similarity, and how far it stands out among a sample of
/// frames all along the reference and all along the new run.
pub(crate) fn compare_band<C: Comparable>(
    [new, reference]: &[C; 2],
    bands: &[Range<usize>],
) -> Result<(Matrix, Matrix), PipelineError> {
    let sampled = |of: &C| -> Vec<usize> {
        let count = SAMPLE_FRAMES.min(of.frames());
        (0..count).map(|k| k * of.frames() / count).collect()
    };
    let samples = [sampled(new), sampled(reference)];
    let (of_new, of_reference) = (new.at(&samples[0]), reference.at(&samples[1]));
    let theirs = FrameBlocks::new(reference.frames(), KEPT_BLOCKS, |frames| reference.block(frames));
    let rows: Vec<(Vec<f32>, Vec<SampleMoments>)> = (0..new.frames().div_ceil(BLOCK_FRAMES))
        .into_par_iter()
        .map(|number| {
            let from = number * BLOCK_FRAMES;
            let frames = from..(from + BLOCK_FRAMES).min(new.frames());
            let block = new.block(frames.clone());
            let (mut values, mut spreads, mut beside) = (Vec::new(), Vec::new(), Vec::new());
            for (i, band) in bands[frames].iter().enumerate() {
                let mut j = band.start;
                while j < band.end {
                    let (part, within) = theirs.get(j);
                    let count = (BLOCK_FRAMES - within).min(band.end - j);
                    new.compare(&block, i, &part, within..within + count, &mut values);
                    j += count;
                }
                beside.clear();
                new.compare(&block, i, &of_reference, 0..samples[1].len(), &mut beside);
                spreads.push(SampleMoments::of(&beside));
            }
            (values, spreads)
        })
        .collect();
    let by_column: Vec<SampleMoments> = (0..theirs.count())
        .into_par_iter()
        .flat_map_iter(|number| {
            let frames = theirs.range(number);
            let block = reference.block(frames.clone());
            let mut spreads = vec![SampleMoments::default(); frames.len()];
            let mut beside = Vec::new();
            for i in 0..samples[0].len() {
                beside.clear();
                new.compare(&of_new, i, &block, 0..frames.len(), &mut beside);
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
