//! Similarities as log-likelihood ratios against "some other place".
//!
//! A raw cosine means nothing by itself: fog makes everything alike, a bright clearing makes everything different. So
//! each similarity is judged against all others of its new frame and all others of its reference frame, as the mean
//! of two z-scores, and the excess over what unrelated places reach becomes the log-likelihood ratio.

/// Similarity or evidence between every new frame (rows) and every reference frame (columns).
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
}

impl Matrix {
    /// `values` row by row. `None` when their number is not `rows * columns`.
    pub fn new(rows: usize, columns: usize, values: Vec<f32>) -> Option<Self> {
        (values.len() == rows * columns).then_some(Self {
            rows,
            columns,
            values,
        })
    }

    /// Number of new frames.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of reference frames.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All values of new frame `i`.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }

    /// The same size with each value replaced by `change(row, column, value)`.
    pub fn map_cells(&self, change: impl Fn(usize, usize, f32) -> f32) -> Self {
        let columns = self.columns.max(1);
        let values = self
            .values
            .iter()
            .enumerate()
            .map(|(k, &v)| change(k / columns, k % columns, v))
            .collect();
        Self { values, ..*self }
    }

    /// The same evidence with reference time running backwards.
    pub fn reversed_reference(&self) -> Self {
        let mut values = self.values.clone();
        if self.columns > 0 {
            values.chunks_exact_mut(self.columns).for_each(<[f32]>::reverse);
        }
        Self { values, ..*self }
    }
}

/// Z-score at which a match says nothing either way. Unrelated places have mean 0 and the best of a hundred of them
/// about 2.5, but such maxima are scattered while a true path is continuous; measured on true and wrong pairs.
const NEUTRAL_Z: f32 = 1.5;
/// Log-likelihood ratio per z.
const PER_Z: f32 = 2.0;
/// A single frame can be badly wrong (glare, a passing rider): its say is bounded.
const MIN_LLR: f32 = -4.0;
const MAX_LLR: f32 = 6.0;

/// Turn z-scores into log-likelihood ratios, natural logarithm.
pub fn log_likelihood_ratios(z: &Matrix) -> Matrix {
    let values = z
        .values
        .iter()
        .map(|&z| (PER_Z * (z - NEUTRAL_Z)).clamp(MIN_LLR, MAX_LLR))
        .collect();
    Matrix { values, ..*z }
}

/// Log-likelihood ratios of two independent sources together. `None` when the sizes differ.
pub fn add(a: &Matrix, b: &Matrix) -> Option<Matrix> {
    if (a.rows, a.columns) != (b.rows, b.columns) {
        return None;
    }
    let values = a.values.iter().zip(&b.values).map(|(x, y)| x + y).collect();
    Some(Matrix { values, ..*a })
}

/// Mean of two scores of the same frames: what both kinds of evidence agree on stands out more than what either claims.
/// `None` when the sizes differ.
pub fn combine(a: &Matrix, b: &Matrix) -> Option<Matrix> {
    if (a.rows, a.columns) != (b.rows, b.columns) {
        return None;
    }
    let values = a
        .values
        .iter()
        .zip(&b.values)
        .map(|(x, y)| 0.5 * (x + y))
        .collect();
    Some(Matrix { values, ..*a })
}

/// Mean of the z-scores along the row and along the column.
pub fn z_scores(similarity: &Matrix) -> Matrix {
    let (rows, columns) = (similarity.rows, similarity.columns);
    let mut sums = vec![0.0f64; columns];
    let mut squares = vec![0.0f64; columns];
    for i in 0..rows {
        for (j, &s) in similarity.row(i).iter().enumerate() {
            sums[j] += f64::from(s);
            squares[j] += f64::from(s) * f64::from(s);
        }
    }
    let by_column: Vec<(f32, f32)> = sums
        .iter()
        .zip(&squares)
        .map(|(&sum, &square)| mean_and_scale(sum, square, rows))
        .collect();
    let mut values = Vec::with_capacity(rows * columns);
    for i in 0..rows {
        let row = similarity.row(i);
        let sum: f64 = row.iter().map(|&s| f64::from(s)).sum();
        let square: f64 = row.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
        let (mean, scale) = mean_and_scale(sum, square, columns);
        values.extend(
            row.iter()
                .zip(&by_column)
                .map(|(&s, &(m, k))| 0.5 * ((s - mean) * scale + (s - m) * k)),
        );
    }
    Matrix {
        rows,
        columns,
        values,
    }
}

/// Mean and reciprocal standard deviation; 0 where there is no spread.
fn mean_and_scale(sum: f64, square: f64, n: usize) -> (f32, f32) {
    /// Spread below which similarities count as equal (blank pictures).
    const MIN_SPREAD: f64 = 1e-4;
    let n = n.max(1) as f64;
    let mean = sum / n;
    let spread = (square / n - mean * mean).max(0.0).sqrt();
    (
        mean as f32,
        if spread < MIN_SPREAD {
            0.0
        } else {
            (1.0 / spread) as f32
        },
    )
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
        let llr = log_likelihood_ratios(&z_scores(&Matrix::new(n, n, values).unwrap()));
        for i in 0..n {
            for (j, &v) in llr.row(i).iter().enumerate() {
                assert!(if i == j { v > 3.0 } else { v < -1.0 }, "{i} {j} {v}");
            }
        }
    }

    #[test]
    fn pictures_without_content_speak_against_every_place() {
        let llr = log_likelihood_ratios(&z_scores(&Matrix::new(3, 4, vec![0.0; 12]).unwrap()));
        assert!((0..3).all(|i| llr.row(i).iter().all(|&v| v == -3.0)));
    }

    #[test]
    fn sizes_must_agree() {
        assert!(Matrix::new(2, 3, vec![0.0; 5]).is_none());
        let m = Matrix::new(1, 3, vec![1.0, 2.0, 3.0]).unwrap();
        assert_eq!(m.reversed_reference().row(0), &[3.0, 2.0, 1.0]);
    }
}
