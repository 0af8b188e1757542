//! Comparing frames of the new run with frames of the reference by their dense descriptors: similarity `new ×
//! reference`, and z-scores of how far each pair stands out, row by row and column by column.

use std::collections::BTreeMap;
use std::ops::Range;

use mtbsync_align::evidence::{Matrix, SampleMoments, combine, standardise, z_scores};
use mtbsync_index::features::DenseFrames;
use mtbsync_task::error::PipelineError;
use mtbsync_vision::scenery::Scenery;
use mtbsync_vision::similarity::{BLOCK_FRAMES, CentredSequence, Centring, PlaceSequence, ShiftSearch};
use rayon::prelude::*;

use crate::error::MatchingProblem;
use crate::reweight::{CellWeights, SideWeights};
use crate::tuning::{PART_FRAMES, PARTS_AT_ONCE, SAMPLE_FRAMES, TILE_ROWS};

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
        let z = z_scores(global.clone());
        let local = z_scores(compare_all(&dense(local, search), rows)?);
        Ok((global, combine(z, &local).ok_or_else(inconsistent)?))
    }

    /// Some new frames against all of the reference by their pooled descriptors: how far they stand out.
    pub fn glance(&self, rows: &[usize]) -> Result<Matrix, PipelineError> {
        let [global, local] = self.kinds.each_ref().map(|kind| dense(kind, ShiftSearch::Pooled));
        let global = z_scores(compare_all(&global, rows)?);
        let local = z_scores(compare_all(&local, rows)?);
        combine(global, &local).ok_or_else(inconsistent)
    }

    /// The same of some new frames against the reference frames of their bands.
    pub fn glance_within(&self, rows: &[usize], bands: &[Range<usize>]) -> Result<Matrix, PipelineError> {
        let [global, local] = self.kinds.each_ref().map(|kind| dense(kind, ShiftSearch::Pooled));
        let global = BandComparison::new(&global, rows, bands)?.z();
        let local = BandComparison::new(&local, rows, bands)?.z();
        combine(global, &local).ok_or_else(inconsistent)
    }

    /// Every new frame in full against the reference frames of its band, judged against a sample of each
    /// recording: similarity of all that is seen, and how far both kinds of similarity stand out.
    pub fn compare_within(
        &self,
        rows: &[usize],
        bands: &[Range<usize>],
    ) -> Result<(Matrix, Matrix), PipelineError> {
        let [global, local] = &self.kinds;
        let [global, local] = [global, local].map(|kind| dense(kind, ShiftSearch::CoarseToFine));
        let (similarity, global) = BandComparison::new(&global, rows, bands)?.both();
        let local = BandComparison::new(&local, rows, bands)?.z();
        let z = combine(global, &local).ok_or_else(inconsistent)?;
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

/// Similarities within bands, and those of a sample of frames all along the reference and all along the new
/// run.
pub(crate) struct BandComparison {
    pub similarity: Matrix,
    by_row: Vec<SampleMoments>,
    by_column: Vec<SampleMoments>,
}

impl BandComparison {
    /// The new frames `rows` against their bands of the reference.
    ///
    /// Bands only run ahead, so the rows are walked along in tiles: each block of reference frames is
    /// prepared when the first band reaches it and kept until the last has left it.
    pub fn new<C: Comparable>(
        [new, reference]: &[C; 2],
        rows: &[usize],
        bands: &[Range<usize>],
    ) -> Result<Self, PipelineError> {
        let samples = [sample(new.frames()), sample(reference.frames())];
        let (of_new, of_reference) = (new.at(&samples[0]), reference.at(&samples[1]));
        let prepared = |number: usize| -> (usize, (C::Prepared, Vec<SampleMoments>)) {
            let frames = number * BLOCK_FRAMES..((number + 1) * BLOCK_FRAMES).min(reference.frames());
            let block = reference.block(frames.clone());
            let mut moments = vec![SampleMoments::default(); frames.len()];
            let mut beside = Vec::new();
            for i in 0..samples[0].len() {
                beside.clear();
                new.compare(&of_new, i, &block, 0..frames.len(), &mut beside);
                let each = moments.iter_mut().zip(&beside);
                each.for_each(|(moments, &value)| moments.add(value));
            }
            (number, (block, moments))
        };
        let mut values = vec![0.0; bands.iter().map(Range::len).sum()];
        let mut rest = values.as_mut_slice();
        let mut by_row = Vec::with_capacity(rows.len());
        let mut by_column = vec![SampleMoments::default(); reference.frames()];
        let mut theirs: BTreeMap<usize, C::Prepared> = BTreeMap::new();
        for (rows, bands) in rows.chunks(TILE_ROWS).zip(bands.chunks(TILE_ROWS)) {
            let wanted = blocks_of(bands);
            theirs = theirs.split_off(wanted.first().unwrap_or(&0));
            let missing: Vec<usize> = wanted.into_iter().filter(|n| !theirs.contains_key(n)).collect();
            let made: Vec<_> = missing.into_par_iter().map(prepared).collect();
            for (number, (block, moments)) in made {
                by_column[number * BLOCK_FRAMES..][..moments.len()].copy_from_slice(&moments);
                theirs.insert(number, block);
            }
            let ours = new.at(rows);
            let mut parts = Vec::with_capacity(bands.len());
            for band in bands {
                let (part, left) = std::mem::take(&mut rest).split_at_mut(band.len());
                parts.push((part, band.clone()));
                rest = left;
            }
            by_row.par_extend(parts.into_par_iter().enumerate().map_init(
                Vec::new,
                |found: &mut Vec<f32>, (i, (out, band))| {
                    found.clear();
                    for (number, within) in in_blocks(band) {
                        if let Some(block) = theirs.get(&number) {
                            new.compare(&ours, i, block, within, found);
                        }
                    }
                    out.copy_from_slice(found);
                    found.clear();
                    new.compare(&ours, i, &of_reference, 0..samples[1].len(), found);
                    SampleMoments::of(found)
                },
            ));
        }
        let similarity =
            Matrix::banded(reference.frames(), bands.to_vec(), values).ok_or_else(inconsistent)?;
        Ok(Self {
            similarity,
            by_row,
            by_column,
        })
    }

    /// How far each pair of frames stands out.
    pub fn z(self) -> Matrix {
        standardise(self.similarity, &self.by_row, &self.by_column)
    }

    /// The similarities, and how far each stands out.
    fn both(self) -> (Matrix, Matrix) {
        (self.similarity.clone(), self.z())
    }
}

/// Frames spread over a recording.
fn sample(frames: usize) -> Vec<usize> {
    let count = SAMPLE_FRAMES.min(frames);
    (0..count).map(|k| k * frames / count).collect()
}

/// Numbers of the blocks that bands reach into, increasing; the bands only run ahead.
fn blocks_of(bands: &[Range<usize>]) -> Vec<usize> {
    let mut numbers: Vec<usize> = Vec::new();
    for band in bands.iter().filter(|band| !band.is_empty()) {
        let next = numbers.last().map_or(0, |last| last + 1);
        numbers.extend(next.max(band.start / BLOCK_FRAMES)..band.end.div_ceil(BLOCK_FRAMES));
    }
    numbers
}

/// The blocks of a band, and which of their frames lie in it.
fn in_blocks(band: Range<usize>) -> impl Iterator<Item = (usize, Range<usize>)> {
    (band.start / BLOCK_FRAMES..band.end.div_ceil(BLOCK_FRAMES)).map(move |number| {
        let first = number * BLOCK_FRAMES;
        let within = band.start.max(first) - first..band.end.min(first + BLOCK_FRAMES) - first;
        (number, within)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Frames that are numbers, alike the nearer they are; counts how often each was prepared in a block.
    struct Numbers {
        frames: usize,
        prepared: Mutex<Vec<usize>>,
    }

    impl Numbers {
        fn new(frames: usize) -> Self {
            Self {
                frames,
                prepared: Mutex::new(vec![0; frames]),
            }
        }
    }

    fn likeness(i: usize, j: usize) -> f32 {
        1.0 / (1.0 + i.abs_diff(j) as f32)
    }

    impl Comparable for Numbers {
        type Prepared = Vec<usize>;

        fn frames(&self) -> usize {
            self.frames
        }

        fn at(&self, frames: &[usize]) -> Vec<usize> {
            frames.to_vec()
        }

        fn block(&self, frames: Range<usize>) -> Vec<usize> {
            let mut prepared = self.prepared.lock().unwrap();
            frames.clone().for_each(|i| prepared[i] += 1);
            frames.collect()
        }

        fn compare(
            &self,
            ours: &Vec<usize>,
            i: usize,
            theirs: &Vec<usize>,
            js: Range<usize>,
            out: &mut Vec<f32>,
        ) {
            out.extend(theirs[js].iter().map(|&j| likeness(ours[i], j)));
        }
    }

    #[test]
    fn each_frame_of_the_reference_is_prepared_once_however_wide_the_bands() {
        for width in [10, 700, 4000] {
            let sides = [Numbers::new(3000), Numbers::new(4000)];
            let rows: Vec<usize> = (0..3000).step_by(2).collect();
            let bands: Vec<Range<usize>> = rows
                .iter()
                .map(|i| i.saturating_sub(width)..(i + width + if *i > 1500 { 900 } else { 1 }).min(4000))
                .collect();
            let found = BandComparison::new(&sides, &rows, &bands).unwrap();
            for (k, &i) in rows.iter().enumerate() {
                let wanted: Vec<f32> = bands[k].clone().map(|j| likeness(i, j)).collect();
                assert_eq!(found.similarity.row(k), wanted);
            }
            let counts = sides[1].prepared.lock().unwrap();
            assert!(counts.iter().all(|&count| count <= 1), "width {width}");
        }
    }

    #[test]
    fn a_gap_between_bands_is_not_prepared() {
        let sides = [Numbers::new(200), Numbers::new(100_000)];
        let rows: Vec<usize> = (0..200).collect();
        let band = |i: &usize| if *i < 100 { 0..100 } else { 99_000..99_100 };
        BandComparison::new(&sides, &rows, &rows.iter().map(band).collect::<Vec<_>>()).unwrap();
        let count: usize = sides[1].prepared.lock().unwrap().iter().sum();
        assert!(count <= 300, "{count}");
    }

    #[test]
    fn all_frames_are_compared_in_order() {
        let sides = [
            Numbers::new(10),
            Numbers::new(2 * PARTS_AT_ONCE * PART_FRAMES + 5),
        ];
        let all = compare_all(&sides, &[7, 3]).unwrap();
        for (row, i) in [7, 3].into_iter().enumerate() {
            let wanted: Vec<f32> = (0..sides[1].frames).map(|j| likeness(i, j)).collect();
            assert_eq!(all.row(row), wanted);
        }
        assert!(sides[1].prepared.lock().unwrap().iter().all(|&count| count == 1));
    }
}
