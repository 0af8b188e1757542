//! Robust mean of measurements that share their errors: an M-estimate of location by iteratively reweighted
//! least squares (Huber 1964; weights of the Student likelihood with `nu = 3`, Lange, Little & Taylor 1989):
//! `w_i = (nu + 1) / (nu + e_i^2) / sigma_i^2` with `e_i = (y_i - mean) / sigma_i`.

/// Robust mean and its one-sigma error, of values with one-sigma errors above 0. `None` without any.
pub fn shared_mean(measured: &[(f64, f64)]) -> Option<(f64, f64)> {
    let precision: f64 = measured.iter().map(|(_, s)| 1.0 / (s * s)).sum();
    if measured.is_empty() || precision <= 0.0 {
        return None;
    }
    let mut mean = measured.iter().map(|(y, s)| y / (s * s)).sum::<f64>() / precision;
    for _ in 0..4 {
        let (mut sum, mut weight) = (0.0, 0.0);
        for (y, s) in measured {
            let e = (y - mean) / s;
            let w = 4.0 / (3.0 + e * e) / (s * s);
            sum += w * y;
            weight += w;
        }
        mean = sum / weight;
    }
    // Together they are as good as a typical one, not sqrt(n) better, and as bad as they disagree.
    let spread = measured
        .iter()
        .map(|(y, s)| (y - mean).powi(2) / (s * s))
        .sum::<f64>()
        / precision;
    Some((mean, (measured.len() as f64 / precision + spread).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_that_share_their_errors_are_no_surer_than_one_and_less_sure_when_they_disagree() {
        let (mean, sigma) = shared_mean(&[(5.0, 0.02); 3]).unwrap();
        assert!((mean - 5.0).abs() < 1e-12 && (sigma - 0.02).abs() < 1e-12);
        let (mean, sigma) = shared_mean(&[(5.0, 0.02), (5.2, 0.02)]).unwrap();
        assert!((mean - 5.1).abs() < 1e-9 && sigma > 0.06);
        // One that is plainly wrong hardly moves the others.
        let (mean, _) = shared_mean(&[(5.0, 0.02), (5.01, 0.02), (5.02, 0.02), (7.0, 0.02)]).unwrap();
        assert!((mean - 5.01).abs() < 0.05, "{mean}");
        assert!(shared_mean(&[]).is_none());
    }
}
