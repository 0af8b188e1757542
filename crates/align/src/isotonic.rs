//! Isotonic regression: minimise `sum w_i (x_i - y_i)^2` over `x_1 <= x_2 <= ...` by pooling adjacent
//! violators (Ayer et al. 1955; Barlow et al. 1972).

/// For `(value, weight)` in order, the non-decreasing values with the least weighted squared distance.
/// Weights are above 0.
pub(crate) fn isotonic(points: impl Iterator<Item = (f64, f64)>) -> Vec<f64> {
    // Mean, weight and number of points of each pooled block.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for (value, weight) in points {
        blocks.push((value, weight, 1));
        while let [.., (y0, w0, n0), (y1, w1, n1)] = blocks[..] {
            if y0 <= y1 {
                break;
            }
            blocks.truncate(blocks.len() - 2);
            blocks.push(((y0 * w0 + y1 * w1) / (w0 + w1), w0 + w1, n0 + n1));
        }
    }
    blocks
        .iter()
        .flat_map(|&(y, _, n)| std::iter::repeat_n(y, n))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Vec<f64> {
        isotonic(values.iter().map(|&v| (v, 1.0)))
    }

    #[test]
    fn what_rises_stays_and_what_falls_is_pooled() {
        assert_eq!(of(&[1.0, 2.0, 2.0, 5.0]), [1.0, 2.0, 2.0, 5.0]);
        assert_eq!(of(&[1.0, 4.0, 2.0, 5.0]), [1.0, 3.0, 3.0, 5.0]);
        assert_eq!(of(&[3.0, 2.0, 1.0]), [2.0, 2.0, 2.0]);
        assert!(of(&[]).is_empty());
    }

    #[test]
    fn heavy_points_hardly_move() {
        let pooled = isotonic([(4.0, 999.0), (2.0, 1.0)].into_iter());
        assert!((pooled[0] - 3.998).abs() < 1e-9 && pooled[0] == pooled[1]);
    }
}
