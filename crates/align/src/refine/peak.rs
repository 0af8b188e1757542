//! Top of a similarity curve: vertex of the parabola through three points, and its error from the contrast.

use crate::tuning::{MIN_CONTRAST, PARABOLA_ERROR, SIGMA_PER_CONTRAST_SECS, WEAK_CONTRAST};

/// Top of a similarity curve: time and one-sigma error. `None` when the largest value is at an end (the place
/// may lie beyond) or does not stand out.
pub(super) fn peak(t: &[f64], curve: &[f32]) -> Option<(f64, f64)> {
    let mut best = 0;
    for (k, &v) in curve.iter().enumerate() {
        if v > curve[best] {
            best = k;
        }
    }
    if best == 0 || best + 1 >= curve.len() {
        return None;
    }
    let mean = curve.iter().map(|&v| f64::from(v)).sum::<f64>() / curve.len() as f64;
    let contrast = f64::from(curve[best]) - mean;
    if contrast < MIN_CONTRAST {
        return None;
    }
    let (t0, t1, t2) = (t[best - 1], t[best], t[best + 1]);
    let (y0, y1, y2) = (
        f64::from(curve[best - 1]),
        f64::from(curve[best]),
        f64::from(curve[best + 1]),
    );
    // Vertex of the parabola through three points at unequal distances.
    let (left, right) = ((y1 - y0) / (t1 - t0), (y2 - y1) / (t2 - t1));
    let bend = (right - left) / (t2 - t0);
    let vertex = if bend < -1e-9 {
        0.5 * (t0 + t1) - left / (2.0 * bend)
    } else {
        t1
    };
    let time = vertex.clamp(0.5 * (t0 + t1), 0.5 * (t1 + t2));
    let weak = (WEAK_CONTRAST / contrast).powi(2);
    let sigma = SIGMA_PER_CONTRAST_SECS / contrast * (1.0 + weak);
    Some((time, sigma.hypot(PARABOLA_ERROR * 0.5 * (t2 - t0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_at_the_border_or_without_contrast_is_no_measurement() {
        let t: Vec<f64> = (0..9).map(|i| f64::from(i) / 10.0).collect();
        let rising: Vec<f32> = (0..9).map(|k| k as f32 / 10.0).collect();
        let flat = vec![0.3; 9];
        assert!(peak(&t, &rising).is_none());
        assert!(peak(&t, &flat).is_none());
    }

    #[test]
    fn sharper_peaks_have_smaller_errors() {
        let t: Vec<f64> = (0..9).map(|i| f64::from(i) / 10.0).collect();
        let bump = |height: f32| -> Vec<f32> {
            (0..9)
                .map(|k| height * (-((k - 4) as f32).powi(2) / 2.0).exp())
                .collect()
        };
        let (a, b) = (peak(&t, &bump(0.4)).unwrap(), peak(&t, &bump(0.1)).unwrap());
        assert!((a.0 - 0.4).abs() < 1e-9);
        assert!(a.1 < 0.5 * b.1);
    }
}
