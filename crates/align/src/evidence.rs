//! Log-likelihood ratios of places from similarities, against "some other place".
//!
//! With the similarity `s_ij` of new frame `i` and reference frame `j`:
//! `z_ij = ((s_ij - m_i) / d_i + (s_ij - m_j) / d_j) / 2`, the mean of the standard scores along row and
//! column, and `llr_ij = clamp(2 (z_ij - 1.5), -4, 6)`.
//!
//! A raw cosine means nothing by itself: fog makes everything alike, a bright clearing makes everything
//! different. So each similarity is judged against all others of its new frame and all others of its
//! reference frame, as the mean of two z-scores, and the excess over what unrelated places reach becomes the
//! log-likelihood ratio.

use std::ops::Range;

use crate::tuning::{LLR_PER_Z, MAX_LLR, MIN_LLR, MIN_SIMILARITY_SIGMA, NEUTRAL_Z};

/// Similarity or evidence between new frames (rows) and reference frames (columns): all of them, or in each
/// row only those of a band that moves ahead.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    columns: usize,
    /// Columns of each row; neither their starts nor their ends ever go back.
    bands: Vec<Range<usize>>,
    /// Where each row begins in `values`, and the end.
    offsets: Vec<usize>,
    values: Vec<f32>,
}

impl Matrix {
    /// `values` row by row. `None` when their number is not `rows * columns`.
    pub fn new(rows: usize, columns: usize, values: Vec<f32>) -> Option<Self> {
        Self::banded(columns, vec![0..columns; rows], values)
    }

    /// Row `i` has the columns `bands[i]`, all others are out of the question. `None` when a band lies
    /// outside `columns` or goes back, or the number of `values` is not that of all bands together.
    pub fn banded(columns: usize, bands: Vec<Range<usize>>, values: Vec<f32>) -> Option<Self> {
        let inside = |b: &Range<usize>| b.start <= b.end && b.end <= columns;
        let ahead = |w: &[Range<usize>]| w[0].start <= w[1].start && w[0].end <= w[1].end;
        let offsets: Vec<usize> = std::iter::once(0)
            .chain(bands.iter().scan(0, |sum, band| {
                *sum += band.len();
                Some(*sum)
            }))
            .collect();
        let fits = bands.iter().all(inside)
            && bands.windows(2).all(ahead)
            && offsets.last().is_some_and(|&end| end == values.len());
        fits.then_some(Self {
            columns,
            bands,
            offsets,
            values,
        })
    }

    /// Number of new frames.
    pub fn rows(&self) -> usize {
        self.bands.len()
    }

    /// Number of reference frames.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The columns that each row has.
    pub fn bands(&self) -> &[Range<usize>] {
        &self.bands
    }

    /// The columns that row `i` has.
    pub fn band(&self, i: usize) -> Range<usize> {
        self.bands[i].clone()
    }

    /// Values of new frame `i` in its band.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[self.cells(i)]
    }

    /// Where row `i` lies among all cells.
    pub fn cells(&self, i: usize) -> Range<usize> {
        self.offsets[i]..self.offsets[i + 1]
    }

    /// Number of all cells.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The same size with each value replaced by `change(row, column, value)`.
    pub fn map_cells(&self, change: impl Fn(usize, usize, f32) -> f32) -> Self {
        let mut values = Vec::with_capacity(self.values.len());
        for (i, band) in self.bands.iter().enumerate() {
            let row = self.row(i);
            values.extend(band.clone().zip(row).map(|(j, &v)| change(i, j, v)));
        }
        self.with(values)
    }

    /// The same evidence with reference time running backwards. `None` for a matrix with bands, which only
    /// run ahead.
    pub fn reversed_reference(&self) -> Option<Self> {
        if self.bands.iter().any(|band| band.len() < self.columns) {
            return None;
        }
        let mut values = self.values.clone();
        if self.columns > 0 {
            values.chunks_exact_mut(self.columns).for_each(<[f32]>::reverse);
        }
        Some(self.with(values))
    }

    fn with(&self, values: Vec<f32>) -> Self {
        Self {
            columns: self.columns,
            bands: self.bands.clone(),
            offsets: self.offsets.clone(),
            values,
        }
    }

    /// Value by value with another of the same shape.
    fn join(mut self, other: &Self, change: impl Fn(f32, f32) -> f32) -> Option<Self> {
        if (self.columns, &self.bands) != (other.columns, &other.bands) {
            return None;
        }
        let pairs = self.values.iter_mut().zip(&other.values);
        pairs.for_each(|(x, &y)| *x = change(*x, y));
        Some(self)
    }
}

/// Turn z-scores into log-likelihood ratios, natural logarithm.
pub fn log_likelihood_ratios(z: &Matrix) -> Matrix {
    z.map_cells(|_, _, z| (LLR_PER_Z * (z - NEUTRAL_Z)).clamp(MIN_LLR, MAX_LLR))
}

/// Log-likelihood ratios of two independent sources together. `None` when the shapes differ.
pub fn add(a: Matrix, b: &Matrix) -> Option<Matrix> {
    a.join(b, |x, y| x + y)
}

/// Mean of two scores of the same frames: what both kinds of evidence agree on stands out more than what
/// either claims. `None` when the shapes differ.
pub fn combine(a: Matrix, b: &Matrix) -> Option<Matrix> {
    a.join(b, |x, y| 0.5 * (x + y))
}

/// Mean of the z-scores along the row and along the column, of a matrix without bands.
pub fn z_scores(similarity: Matrix) -> Matrix {
    let (rows, columns) = (similarity.rows(), similarity.columns());
    let mut by_column = vec![SampleMoments::default(); columns];
    let mut by_row = Vec::with_capacity(rows);
    for i in 0..rows {
        let row = similarity.row(i);
        by_row.push(SampleMoments::of(row));
        by_column
            .iter_mut()
            .zip(row)
            .for_each(|(spread, &s)| spread.add(s));
    }
    standardise(similarity, &by_row, &by_column)
}

/// Mean of the z-scores along the row and along the column, where the moments are known from elsewhere:
/// `by_row[i]` over places all along the reference, `by_column[j]` over moments all along the new run.
pub fn standardise(mut similarity: Matrix, by_row: &[SampleMoments], by_column: &[SampleMoments]) -> Matrix {
    let by_column: Vec<(f32, f32)> = by_column.iter().map(SampleMoments::mean_and_scale).collect();
    for (i, spread) in by_row.iter().enumerate().take(similarity.rows()) {
        let (mean, scale) = spread.mean_and_scale();
        let of_columns = by_column.get(similarity.band(i)).unwrap_or_default();
        let cells = similarity.cells(i);
        let row = similarity.values[cells].iter_mut().zip(of_columns);
        row.for_each(|(s, &(m, k))| *s = 0.5 * ((*s - mean) * scale + (*s - m) * k));
    }
    similarity
}

/// Sums of similarities and their squares, for mean and standard deviation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SampleMoments {
    count: usize,
    sum: f64,
    squares: f64,
}

impl SampleMoments {
    /// Of some similarities.
    pub fn of(values: &[f32]) -> Self {
        let mut spread = Self::default();
        values.iter().for_each(|&value| spread.add(value));
        spread
    }

    /// Take in one more.
    pub fn add(&mut self, value: f32) {
        self.count += 1;
        self.sum += f64::from(value);
        self.squares += f64::from(value) * f64::from(value);
    }

    /// Mean and reciprocal standard deviation; 0 where all are equal.
    fn mean_and_scale(&self) -> (f32, f32) {
        let n = self.count.max(1) as f64;
        let mean = self.sum / n;
        let sigma = (self.squares / n - mean * mean).max(0.0).sqrt();
        let scale = if sigma < MIN_SIMILARITY_SIGMA {
            0.0
        } else {
            1.0 / sigma
        };
        (mean as f32, scale as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distinct_match_is_evidence_for_and_the_rest_against() {
        let n = 30;
        let values = (0..n * n)
            .map(|k| {
                if k / n == k % n {
                    0.5
                } else {
                    0.1 + 0.01 * ((k * 7) % 5) as f32
                }
            })
            .collect();
        let llr = log_likelihood_ratios(&z_scores(Matrix::new(n, n, values).unwrap()));
        for i in 0..n {
            for (j, &v) in llr.row(i).iter().enumerate() {
                assert!(if i == j { v > 3.0 } else { v < -1.0 }, "{i} {j} {v}");
            }
        }
    }

    #[test]
    fn pictures_without_content_speak_against_every_place() {
        let llr = log_likelihood_ratios(&z_scores(Matrix::new(3, 4, vec![0.0; 12]).unwrap()));
        assert!((0..3).all(|i| llr.row(i).iter().all(|&v| v == -3.0)));
    }

    #[test]
    fn sizes_must_agree() {
        assert!(Matrix::new(2, 3, vec![0.0; 5]).is_none());
        let m = Matrix::new(1, 3, vec![1.0, 2.0, 3.0]).unwrap();
        assert_eq!(m.reversed_reference().unwrap().row(0), &[3.0, 2.0, 1.0]);
    }

    #[test]
    fn bands_hold_their_own_columns_and_never_go_back() {
        let m = Matrix::banded(5, vec![0..2, 1..4], vec![1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!((m.row(1), m.band(1), m.len()), (&[3.0, 4.0, 5.0][..], 1..4, 5));
        let doubled = m.map_cells(|_, j, v| v + 10.0 * j as f32);
        assert_eq!(doubled.row(1), &[13.0, 24.0, 35.0]);
        assert!(m.reversed_reference().is_none());
        assert!(Matrix::banded(5, vec![1..3, 0..4], vec![0.0; 6]).is_none());
        assert!(Matrix::banded(5, vec![0..2, 0..6], vec![0.0; 8]).is_none());
        assert!(add(m, &Matrix::new(1, 5, vec![0.0; 5]).unwrap()).is_none());
    }

    #[test]
    fn spreads_from_a_sample_standardise_like_those_of_all() {
        let values: Vec<f32> = (0..40 * 60).map(|k| ((k * 7919) % 101) as f32 / 101.0).collect();
        let all = Matrix::new(40, 60, values).unwrap();
        let by_row: Vec<SampleMoments> = (0..40).map(|i| SampleMoments::of(all.row(i))).collect();
        let by_column: Vec<SampleMoments> = (0..60)
            .map(|j| SampleMoments::of(&(0..40).map(|i| all.row(i)[j]).collect::<Vec<f32>>()))
            .collect();
        assert_eq!(standardise(all.clone(), &by_row, &by_column), z_scores(all));
    }
}
