//! When each frame of a recording is shown. Times are kept as whole ticks of the container's time base, so
//! that nothing drifts over a long ride; seconds appear only at the edge, in [`Timeline::pts_secs`].

use crate::rational::Rational;

/// Matroska and others write times in milliseconds.
const ROUNDED_CLOCK_SECS: f64 = 0.001;

/// A presentation time in ticks of its [`Timeline`]'s time base; 0 is the first shown frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pts(pub i64);

/// The shown frames of a recording in presentation order, strictly increasing in time.
#[derive(Debug, Clone)]
pub struct Timeline {
    time_base: Rational,
    pts: Vec<Pts>,
    is_key: Vec<bool>,
    end: Pts,
}

/// How far apart key frames are, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeyFrameSpacing {
    /// Number of key frames.
    pub count: usize,
    /// Median gap between neighbouring key frames.
    pub median_secs: f64,
    /// 95th percentile of the gaps.
    pub p95_secs: f64,
    /// Largest gap, the ends of the recording included.
    pub max_secs: f64,
}

impl Timeline {
    /// `frames` are `(time, is key frame)`, strictly increasing in time; `end` is when the last one stops
    /// being shown.
    pub(crate) fn new(time_base: Rational, frames: impl Iterator<Item = (Pts, bool)>, end: Pts) -> Timeline {
        let (pts, is_key) = frames.unzip();
        Timeline {
            time_base,
            pts,
            is_key,
            end,
        }
    }

    /// Lets the frames of `next`, which has the same time base, follow where this timeline ends.
    pub(crate) fn append(&mut self, next: &Timeline) {
        let offset = self.end;
        let moved = |pts: Pts| Pts(pts.0.saturating_add(offset.0));
        self.pts.extend(next.pts.iter().map(|pts| moved(*pts)));
        self.is_key.extend(&next.is_key);
        self.end = moved(next.end);
    }

    /// When the last frame stops being shown.
    pub fn end(&self) -> Pts {
        self.end
    }

    /// Number of shown frames, at least 1 in an opened recording.
    pub fn len(&self) -> usize {
        self.pts.len()
    }

    /// Whether there is no frame at all; never so in an opened recording.
    pub fn is_empty(&self) -> bool {
        self.pts.is_empty()
    }

    /// Length of one tick in seconds.
    pub fn time_base(&self) -> Rational {
        self.time_base
    }

    /// Presentation time of frame `index` in ticks.
    pub fn pts(&self, index: usize) -> Option<Pts> {
        self.pts.get(index).copied()
    }

    /// Presentation time of frame `index` in seconds from the first shown frame. An index past the end gives
    /// the end of the recording.
    pub fn pts_secs(&self, index: usize) -> f64 {
        self.secs(self.pts.get(index).copied().unwrap_or(self.end))
    }

    /// Whether frame `index` can be decoded by itself; `false` past the end.
    pub fn is_key(&self, index: usize) -> bool {
        self.is_key.get(index).copied().unwrap_or(false)
    }

    /// From the first shown frame to the end of the last one, in seconds.
    pub fn duration_secs(&self) -> f64 {
        self.secs(self.end)
    }

    /// Index of the frame whose time is nearest to `t_secs`, the earlier of two equally near; 0 when empty.
    pub fn nearest(&self, t_secs: f64) -> usize {
        nearest_in(self.len(), |i| self.pts_secs(i), t_secs)
    }

    /// Index of the frame shown at `t_secs`: the last one that is not later. A frame up to a millisecond
    /// later counts as shown (containers round their times to that); before the first frame it is the first
    /// one.
    pub fn shown_at(&self, t_secs: f64) -> usize {
        let reached = t_secs + ROUNDED_CLOCK_SECS;
        let started = self.pts.partition_point(|pts| self.secs(*pts) <= reached);
        started.saturating_sub(1)
    }

    /// Ticks in seconds.
    pub fn secs(&self, pts: Pts) -> f64 {
        pts.0 as f64 * f64::from(self.time_base.num) / f64::from(self.time_base.den)
    }

    /// Spacing of the key frames. The stretch after the last key frame counts as a gap too; a recording
    /// without key frames has one gap, its whole length.
    pub fn key_frame_spacing(&self) -> KeyFrameSpacing {
        let keys = self.pts.iter().zip(&self.is_key).filter(|(_, key)| **key);
        let key_secs: Vec<f64> = keys.map(|(pts, _)| self.secs(*pts)).collect();
        key_frame_spacing(&key_secs, self.duration_secs())
    }

    /// Median distance of neighbouring frames in ticks; `None` with fewer than two frames.
    pub(crate) fn median_gap(&self) -> Option<i64> {
        let mut gaps: Vec<i64> = self.pts.windows(2).map(|w| w[1].0 - w[0].0).collect();
        gaps.sort_unstable();
        gaps.get(gaps.len() / 2).copied()
    }

    /// Whether all frames last equally long, to within one tick of rounding on each side.
    pub fn is_constant_rate(&self) -> bool {
        match self.median_gap() {
            None => true,
            Some(median) => self.pts.windows(2).all(|w| (w[1].0 - w[0].0 - median).abs() <= 2),
        }
    }
}

/// Index in `0..len` whose increasing time `time_secs(i)` is nearest to `t_secs`, the earlier of two equally
/// near.
pub(crate) fn nearest_in(len: usize, time_secs: impl Fn(usize) -> f64, t_secs: f64) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if time_secs(middle) < t_secs {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    // `low` is the first time not before t: the answer is it or its predecessor.
    match low {
        0 => 0,
        _ if low == len => len - 1,
        _ if t_secs - time_secs(low - 1) <= time_secs(low) - t_secs => low - 1,
        _ => low,
    }
}

/// Spacing of key frames at `key_secs` in a recording that ends at `end_secs`.
pub(crate) fn key_frame_spacing(key_secs: &[f64], end_secs: f64) -> KeyFrameSpacing {
    let mut gaps: Vec<f64> = key_secs.windows(2).map(|w| w[1] - w[0]).collect();
    let tail_secs = end_secs - key_secs.last().copied().unwrap_or(0.0);
    let head_secs = key_secs.first().copied().unwrap_or(0.0);
    if gaps.is_empty() {
        gaps.push(tail_secs);
    }
    gaps.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let rank = (share * gaps.len() as f64).ceil() as usize;
        gaps.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
    };
    KeyFrameSpacing {
        count: key_secs.len(),
        median_secs: at(0.5),
        p95_secs: at(0.95),
        max_secs: at(1.0).max(tail_secs).max(head_secs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(ticks: &[i64], keys: &[usize], end: i64) -> Timeline {
        let frames = ticks
            .iter()
            .enumerate()
            .map(|(i, t)| (Pts(*t), keys.contains(&i)));
        Timeline::new(Rational { num: 1, den: 100 }, frames, Pts(end))
    }

    #[test]
    fn nearest_prefers_the_earlier_of_two() {
        let line = timeline(&[0, 10, 20, 40], &[0], 50);
        assert_eq!(line.nearest(-5.0), 0);
        assert_eq!(line.nearest(0.05), 0);
        assert_eq!(line.nearest(0.051), 1);
        assert_eq!(line.nearest(0.3), 2);
        assert_eq!(line.nearest(99.0), 3);
        assert_eq!(nearest_in(0, |_| 0.0, 1.0), 0);
    }

    #[test]
    fn the_shown_frame_is_the_last_one_that_began() {
        let line = timeline(&[0, 10, 20, 40], &[0], 50);
        let shown = [-5.0, 0.0, 0.0985, 0.0995, 0.199, 0.39, 0.4, 99.0].map(|t| line.shown_at(t));
        assert_eq!(shown, [0, 0, 0, 1, 2, 2, 3, 3]);
        assert_eq!(timeline(&[], &[], 0).shown_at(1.0), 0);
    }

    #[test]
    fn spacing_counts_the_tail() {
        let spacing = timeline(&[0, 10, 20, 30, 40], &[0, 2], 100).key_frame_spacing();
        assert_eq!(
            (spacing.count, spacing.median_secs, spacing.max_secs),
            (2, 0.2, 0.8)
        );
        let single = timeline(&[0, 10], &[0], 20).key_frame_spacing();
        assert_eq!((single.count, single.p95_secs), (1, 0.2));
    }

    #[test]
    fn constant_rate_allows_rounded_ticks_only() {
        assert!(timeline(&[0, 33, 67, 100], &[0], 133).is_constant_rate());
        assert!(!timeline(&[0, 33, 100], &[0], 133).is_constant_rate());
    }
}
