//! How much longer one run took than another, and how surely so.

use serde::{Deserialize, Serialize};

/// A difference of durations and the half width of its 90 % interval, seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delta {
    /// New minus reference time: above 0 the new run was slower.
    pub secs: f64,
    /// Half width of the 90 % interval.
    pub half_width_secs: f64,
}

impl Delta {
    /// What the new run took longer than the reference; `ends` are the half widths of the 90 % intervals of
    /// both moments in the new run, all in seconds.
    pub(crate) fn of(ref_secs: f64, new_secs: f64, ends: [f64; 2]) -> Self {
        let [from, to] = ends;
        Self {
            secs: new_secs - ref_secs,
            half_width_secs: from.hypot(to),
        }
    }

    /// The sign is known.
    pub fn is_clear(&self) -> bool {
        self.secs.abs() > self.half_width_secs
    }

    /// The 90 % interval, seconds.
    pub fn interval(&self) -> (f64, f64) {
        (self.secs - self.half_width_secs, self.secs + self.half_width_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_both_ends_count() {
        let delta = Delta::of(40.0, 42.0, [0.3, 0.4]);
        assert_eq!((delta.secs, delta.half_width_secs), (2.0, 0.5));
        assert_eq!(delta.interval(), (1.5, 2.5));
        assert!(delta.is_clear() && !Delta::of(40.0, 39.5, [0.3, 0.4]).is_clear());
    }
}
