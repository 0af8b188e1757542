//! Order statistics and ramps.

/// Factor from the median absolute deviation of a normal distribution to its standard deviation.
const MAD_TO_SIGMA: f64 = 1.4826;

/// The value with a share of `q`, 0..1, of all before it: number `floor(q n)` of `n` in order, from 0. Sorts
/// `values`; `None` of nothing.
pub fn order_statistic(values: &mut [f64], q: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get((q * values.len() as f64) as usize).copied()
}

/// The middle one, the upper of two. Sorts `values`; `None` of nothing.
pub fn median(values: &mut [f64]) -> Option<f64> {
    order_statistic(values, 0.5)
}

/// Median, and the median absolute deviation from it as a standard deviation. Sorts `values`; `None` of
/// nothing.
pub fn median_and_deviation(values: &mut [f64]) -> Option<(f64, f64)> {
    let middle = median(values)?;
    let mut away: Vec<f64> = values.iter().map(|v| (v - middle).abs()).collect();
    Some((middle, MAD_TO_SIGMA * median(&mut away)?))
}

/// Quantile of sorted values with linear interpolation between order statistics; 0 of nothing.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len().saturating_sub(1)) as f64;
    let (low, share) = (position.floor() as usize, position.fract());
    let at = |k: usize| sorted.get(k).or(sorted.last()).copied().unwrap_or(0.0);
    at(low) * (1.0 - share) + at(low + 1) * share
}

/// 0 up to `from`, 1 from `to` on, linear between.
pub(crate) fn ramp(value: f64, (from, to): (f64, f64)) -> f64 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.5), 2.5);
        assert_eq!(quantile(&[7.0], 0.9), 7.0);
    }
}
