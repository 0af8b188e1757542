//! What is known about a recording as a whole.

use crate::demux::{Demuxer, StreamFacts, StreamKind};
use crate::rational::Rational;
use crate::timeline::Timeline;
use crate::tuning::MEAN_RATE_TOLERANCE;

/// Time base assumed where there is none; never so in an opened recording.
pub(crate) const FALLBACK_TIME_BASE: Rational = Rational { num: 1, den: 1000 };

/// Frame rate assumed for a single picture that names none.
const FALLBACK_FRAME_RATE: Rational = Rational { num: 30, den: 1 };

/// Facts about a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoInfo {
    /// Container family as FFmpeg names it, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub container: String,
    /// Codec of the pictures, such as `h264` or `hevc`.
    pub codec: String,
    /// Bits per luma sample, 8 to 16.
    pub bit_depth: u32,
    /// Width in pixels as shown: turned upright, pixels made square.
    pub width: usize,
    /// Height in pixels as shown.
    pub height: usize,
    /// Width in pixels as stored.
    pub coded_width: usize,
    /// Height in pixels as stored.
    pub coded_height: usize,
    /// Clockwise turn applied to the stored picture: 0, 90, 180 or 270 degrees.
    pub rotation_deg: u32,
    /// Nominal frames per second: the usual fraction where it is one.
    pub frame_rate: Rational,
    /// Whether all frames last equally long.
    pub is_constant_rate: bool,
    /// Whether luma uses 0..255 (as GoPro writes it) instead of 16..235.
    pub full_range: bool,
    /// Number of shown frames that the file holds.
    pub frame_count: usize,
    /// Whether there is sound.
    pub has_audio: bool,
    /// Timecode of the first frame, `;` before the frames when it drops frame numbers. For display and
    /// editors only.
    pub start_timecode: Option<String>,
    /// From the first shown frame to the end of the last one, in seconds.
    pub duration_secs: f64,
    /// The container's own time of the first shown frame, in seconds: what a player shows where this crate
    /// says 0.
    pub container_start_secs: f64,
    /// The file ends before its video does; only the readable part is in the timeline.
    pub is_truncated: bool,
    /// All streams of the (first) file.
    pub streams: Vec<StreamSummary>,
}

/// One stream of the container, for reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSummary {
    /// Position in the file, from 0.
    pub index: usize,
    /// What it carries.
    pub kind: StreamKind,
    /// Codec name, or the container's four-character tag where there is no codec (`gpmd`, `tmcd`, `fdsc`).
    pub codec: String,
    /// What the writer called it, such as `GoPro MET`.
    pub handler: Option<String>,
}

/// The stream to analyse: the moving picture with the most pixels, the first of equals. Cover pictures do not
/// count.
pub(crate) fn choose_video(streams: &[StreamFacts]) -> Option<&StreamFacts> {
    let pixels = |stream: &StreamFacts| stream.coded_width.saturating_mul(stream.coded_height);
    let moving = streams
        .iter()
        .filter(|stream| stream.kind == StreamKind::Video && !stream.is_still);
    moving.max_by_key(|stream| (pixels(stream), std::cmp::Reverse(stream.index)))
}

/// Summaries of all streams.
pub(crate) fn summaries(streams: &[StreamFacts]) -> Vec<StreamSummary> {
    let summary = |stream: &StreamFacts| StreamSummary {
        index: stream.index,
        kind: stream.kind,
        codec: stream.codec.clone(),
        handler: stream.handler.clone(),
    };
    streams.iter().map(summary).collect()
}

/// Timecode of the first frame: from the video track, any other, or the file.
pub(crate) fn start_timecode(
    demuxer: &Demuxer,
    streams: &[StreamFacts],
    video: &StreamFacts,
) -> Option<String> {
    video
        .timecode
        .clone()
        .or_else(|| streams.iter().find_map(|stream| stream.timecode.clone()))
        .or_else(|| demuxer.metadata(c"timecode"))
}

/// The rate the camera meant. The typical frame duration proposes usual rates (coarse time bases blur it,
/// dropped frames do not), the mean rate decides between them. Where durations vary too much for that, the
/// usual rate whose grid the time stamps lie on; else the mean rate to three decimals.
pub(crate) fn nominal_frame_rate(timeline: &Timeline, video: &StreamFacts) -> Rational {
    let tick_secs = timeline.time_base().as_f64();
    let announced = video
        .average_rate
        .or(video.base_rate)
        .unwrap_or(FALLBACK_FRAME_RATE);
    let Some(median_gap) = timeline.median_gap() else {
        return Rational::usual_frame_rate(announced.as_f64()).unwrap_or(announced);
    };
    let median_secs = median_gap as f64 * tick_secs;
    let last = timeline.len() - 1;
    let mean_per_sec = last as f64 / timeline.pts_secs(last);
    let distance = |rate: &Rational| {
        let from_mean = (mean_per_sec / rate.as_f64() - 1.0).abs();
        if from_mean <= MEAN_RATE_TOLERANCE {
            from_mean
        } else {
            1.0 + (median_secs * rate.as_f64() - 1.0).abs()
        }
    };
    Rational::usual_with_frame_duration(median_secs, tick_secs)
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .or_else(|| {
            video
                .base_rate
                .and_then(|rate| Rational::usual_frame_rate(rate.as_f64()))
        })
        .or_else(|| Rational::from_thousandths(mean_per_sec))
        .unwrap_or(announced)
}
