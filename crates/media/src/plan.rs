//! Which frames of a recording are worth decoding. A plan is computed from the index alone and is a pure
//! function of it, so the same file and request always give the same frames.

use crate::part::Part;
use crate::timeline::{Timeline, key_frame_spacing, nearest_in};
use crate::tuning::{KEY_GAP_SLACK, PLAN_MAX_PER_SEC};

/// How densely to sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleRequest {
    /// Analysed frames per second, on the grid k / `analysed_fps`.
    pub analysed_fps: f64,
    /// Rate of the denser grid from which frames are added with [`FrameRole::Fine`], where all frames are
    /// decoded anyway.
    pub fine_fps: Option<f64>,
    /// Decode everything, so that the analysed frames sit as near to the grid as they can and the fine frames
    /// are there, although key frames would have sufficed.
    pub dense: bool,
}

/// What a sampled frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameRole {
    /// On the analysed grid; usable for refinement as well.
    Analysed,
    /// Between analysed frames, for refinement only.
    Fine,
}

/// How much has to be decoded for a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanMode {
    /// Only key frames, all other packets are not even read.
    KeyFramesOnly,
    /// Every group of pictures that holds a planned frame.
    WholeGops,
}

/// One frame of a plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlannedFrame {
    /// Index in the recording's [`Timeline`].
    pub index: usize,
    /// Presentation time in seconds.
    pub t_secs: f64,
    /// What it is for.
    pub role: FrameRole,
    /// Which file of the recording it is read from, and its place in that file's index.
    pub(crate) part: usize,
    pub(crate) position: usize,
}

/// The frames to decode, in presentation order, each once.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplePlan {
    mode: PlanMode,
    frames: Vec<PlannedFrame>,
}

impl SamplePlan {
    /// How much has to be decoded.
    pub fn mode(&self) -> PlanMode {
        self.mode
    }

    /// The planned frames.
    pub fn frames(&self) -> &[PlannedFrame] {
        &self.frames
    }

    /// Number of frames with this role.
    pub fn count(&self, role: FrameRole) -> usize {
        self.frames.iter().filter(|frame| frame.role == role).count()
    }
}

/// A frame that can be decoded, on the recording's own clock.
struct DecodableFrame {
    is_key: bool,
    frame: PlannedFrame,
}

/// Plans `request` over the decodable frames of `parts`.
pub(crate) fn plan(timeline: &Timeline, parts: &[Part], request: &SampleRequest) -> SamplePlan {
    let candidates = candidates(timeline, parts);
    let end_secs = timeline.duration_secs();
    let keys: Vec<usize> = (0..candidates.len()).filter(|i| candidates[*i].is_key).collect();
    let key_secs: Vec<f64> = keys.iter().map(|i| candidates[*i].frame.t_secs).collect();
    let spacing = key_frame_spacing(&key_secs, end_secs);
    let interval_secs = 1.0 / request.analysed_fps;
    if !request.dense && !keys.is_empty() && spacing.p95_secs <= KEY_GAP_SLACK * interval_secs {
        let picked = nearest_to_grid(&key_secs, request.analysed_fps, end_secs);
        let frames = picked
            .into_iter()
            .map(|pick| candidates[keys[pick]].frame)
            .collect();
        return SamplePlan {
            mode: PlanMode::KeyFramesOnly,
            frames,
        };
    }
    let all_secs: Vec<f64> = candidates
        .iter()
        .map(|candidate| candidate.frame.t_secs)
        .collect();
    let mut roles: Vec<Option<FrameRole>> = vec![None; candidates.len()];
    for fine in request
        .fine_fps
        .map(|fps| nearest_to_grid(&all_secs, fps, end_secs))
        .unwrap_or_default()
    {
        roles[fine] = Some(FrameRole::Fine);
    }
    for analysed in nearest_to_grid(&all_secs, request.analysed_fps, end_secs) {
        roles[analysed] = Some(FrameRole::Analysed);
    }
    let frames = candidates.iter().zip(roles);
    let frames = frames
        .filter_map(|(candidate, role)| {
            Some(PlannedFrame {
                role: role?,
                ..candidate.frame
            })
        })
        .collect();
    SamplePlan {
        mode: PlanMode::WholeGops,
        frames,
    }
}

/// Plans the frames nearest to the grid k / `per_sec` within `windows_secs`.
pub(crate) fn plan_windows(
    timeline: &Timeline,
    parts: &[Part],
    windows_secs: &[(f64, f64)],
    per_sec: f64,
) -> SamplePlan {
    let candidates = candidates(timeline, parts);
    let all_secs: Vec<f64> = candidates
        .iter()
        .map(|candidate| candidate.frame.t_secs)
        .collect();
    let is_inside = |t_secs: f64| {
        windows_secs
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&t_secs))
    };
    let frames = nearest_to_grid(&all_secs, per_sec, timeline.duration_secs())
        .into_iter()
        .map(|pick| PlannedFrame {
            role: FrameRole::Fine,
            ..candidates[pick].frame
        })
        .filter(|frame| is_inside(frame.t_secs))
        .collect();
    SamplePlan {
        mode: PlanMode::WholeGops,
        frames,
    }
}

/// Plans the frames of the timeline at `indices`, which increase; where a file has no frame of its own for
/// one (a proxy), the nearest it has.
pub(crate) fn plan_indices(timeline: &Timeline, parts: &[Part], indices: &[usize]) -> SamplePlan {
    let candidates = candidates(timeline, parts);
    let nearest = |index: &usize| {
        nearest_in(
            candidates.len(),
            |i| candidates[i].frame.index as f64,
            *index as f64,
        )
    };
    let mut picked: Vec<usize> = Vec::new();
    if !candidates.is_empty() {
        picked.extend(indices.iter().map(nearest));
        picked.dedup();
    }
    SamplePlan {
        mode: PlanMode::WholeGops,
        frames: picked.into_iter().map(|pick| candidates[pick].frame).collect(),
    }
}

/// Every decodable frame, in presentation order, each frame of the timeline at most once.
fn candidates(timeline: &Timeline, parts: &[Part]) -> Vec<DecodableFrame> {
    let mut candidates = Vec::with_capacity(timeline.len());
    for (part, file) in parts.iter().enumerate() {
        for (position, entry) in file.index.entries.iter().enumerate() {
            let index = file.timeline_index(position);
            if candidates
                .last()
                .is_some_and(|last: &DecodableFrame| last.frame.index >= index)
            {
                continue;
            }
            let frame = PlannedFrame {
                index,
                t_secs: timeline.pts_secs(index),
                role: FrameRole::Analysed,
                part,
                position,
            };
            candidates.push(DecodableFrame {
                is_key: entry.is_key,
                frame,
            });
        }
    }
    candidates
}

/// Indices of the times nearest to k / `per_sec`, for all grid points before `end_secs`; increasing, each
/// once.
fn nearest_to_grid(times_secs: &[f64], per_sec: f64, end_secs: f64) -> Vec<usize> {
    if times_secs.is_empty() || per_sec.is_nan() || per_sec <= 0.0 {
        return Vec::new();
    }
    let per_sec = per_sec.min(PLAN_MAX_PER_SEC);
    let mut picked = Vec::new();
    let mut k = 0_u64;
    loop {
        let grid_secs = k as f64 / per_sec;
        if k > 0 && grid_secs >= end_secs {
            return picked;
        }
        let nearest = nearest_in(times_secs.len(), |i| times_secs[i], grid_secs);
        if picked.last() != Some(&nearest) {
            picked.push(nearest);
        }
        let Some(following_secs) = times_secs.get(nearest + 1) else {
            return picked;
        };
        // Up to half way to the following time, grid points pick the same one again. A damaged file leaves
        // months between two frames, which are not gone through.
        let half_way = f64::midpoint(times_secs[nearest], *following_secs) * per_sec;
        k = (k + 1).max((half_way as u64).saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_grid_picks_nearest_and_never_twice() {
        let times: Vec<f64> = (0..30).map(|i| f64::from(i) * 0.1).collect();
        assert_eq!(nearest_to_grid(&times, 2.0, 3.0), [0, 5, 10, 15, 20, 25]);
        assert_eq!(nearest_to_grid(&times, 1000.0, 3.0), (0..30).collect::<Vec<_>>());
        assert_eq!(nearest_to_grid(&times, f64::NAN, 3.0), Vec::<usize>::new());
        assert_eq!(nearest_to_grid(&[0.0], 3.0, 0.0), [0]);
    }

    #[test]
    fn a_grid_over_a_damaged_time_is_not_gone_through() {
        let times = [0.0, 0.1, 0.2, 1e15, 1e15 + 1.0];
        assert_eq!(nearest_to_grid(&times, 1000.0, 1e16), [0, 1, 2, 3, 4]);
    }

    proptest! {
        #[test]
        fn picks_are_increasing_and_at_most_half_a_gap_off(
            gaps in prop::collection::vec(0.01_f64..0.5, 1..60),
            per_sec in 0.2_f64..20.0,
        ) {
            let mut times = vec![0.0];
            for gap in &gaps {
                times.push(times[times.len() - 1] + gap);
            }
            let end_secs = times[times.len() - 1] + 0.01;
            let picked = nearest_to_grid(&times, per_sec, end_secs);
            prop_assert!(picked.windows(2).all(|w| w[0] < w[1]));
            let mut k = 0;
            while f64::from(k) / per_sec < end_secs {
                let grid_secs = f64::from(k) / per_sec;
                let distance = |i: &usize| (times[*i] - grid_secs).abs();
                let best = times.iter().map(|t| (t - grid_secs).abs()).fold(f64::INFINITY, f64::min);
                prop_assert!(picked.iter().any(|i| distance(i) <= best + 1e-12));
                k += 1;
            }
        }
    }
}
