//! The order statistic that clocks and tracks are summed up by.

/// The median, of an even count the upper of both middle values; sorts in place. `None` of no values.
pub(crate) fn upper_median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
