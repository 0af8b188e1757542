//! Track files: GPX, FIT and TCX, told apart by what is in them.
//!
//! All three readers produce the same [`RawPoint`]s; [`read_track`] turns those into one [`Track`] whose
//! clock starts at its first point. Points are as recorded; [`crate::clean`] removes what a receiver
//! invented.

mod fit;
mod gpx;
mod tcx;
mod xml;

use mtbsync_formats::is_moment;

use crate::stats::upper_median;
use crate::track::{Fix, Track, TrackPoint, TrackSource, error_from_dop};
use crate::tuning::{MIN_ERROR_M, UNKNOWN_ERROR_M};
use crate::warning::{Warning, Warnings};

/// Largest file read. A day of 1 Hz GPX with all extensions has 40 MB.
const MAX_FILE_BYTES: usize = 256 << 20;
/// Most points kept: 23 days at 1 Hz.
const MAX_POINTS: usize = 2_000_000;

/// Why a file gave no track.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrackError {
    /// Nothing in the file.
    #[error("the track file is empty")]
    Empty,
    /// A file of absurd size.
    #[error("the track file has {bytes} bytes, more than any track")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Neither GPX nor FIT nor TCX.
    #[error("not a GPX, FIT or TCX file")]
    UnknownFormat {
        /// What the content looks like instead, where that is known.
        looks_like: Option<&'static str>,
    },
    /// An XML document type with its own entities, which no track program writes.
    #[error("the XML declares entities, which is refused")]
    XmlEntities,
    /// XML nested deeper than any track.
    #[error("the XML is nested deeper than {limit} levels")]
    XmlTooDeep {
        /// The limit.
        limit: usize,
    },
    /// No track point: an empty track, or only waypoints and routes.
    #[error("the file holds no track points")]
    NoPoints,
    /// Points, but none with a time.
    #[error("none of the {points} track points has a time")]
    NoTimes {
        /// Points found.
        points: usize,
    },
}

impl TrackError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::UnknownFormat {
                looks_like: Some("an MP4 recording"),
            } => "its own GPS is read automatically; give it as the recording",
            Self::UnknownFormat { looks_like: Some(_) } => "unpack it first",
            Self::UnknownFormat { looks_like: None } => "export the activity as GPX, FIT or TCX",
            Self::NoTimes { .. } => "a planned route has no times; export the recorded activity instead",
            Self::NoPoints => "routes and waypoints are not used; export the recorded activity",
            Self::XmlEntities | Self::XmlTooDeep { .. } => {
                "export the activity again from where it was recorded"
            }
            Self::Empty | Self::TooLarge { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

/// A track read from a file.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackFile {
    /// The points, on a clock that is zero at the first of them.
    pub track: Track,
    /// UTC of that zero, Unix seconds; `None` when the device never knew the date.
    pub start_utc_unix_secs: Option<f64>,
    /// Segments (GPX, TCX) or chained files (FIT).
    pub segments: usize,
    /// Local time minus UTC, when the file tells (FIT).
    pub local_time_offset_secs: Option<f64>,
    /// What was skipped.
    pub warnings: Warnings,
}

/// A point as a reader found it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct RawPoint {
    /// Unix seconds, or seconds on the device's clock when [`RawTrack::has_utc`] is false.
    time_secs: Option<f64>,
    lat_deg: Option<f64>,
    lon_deg: Option<f64>,
    altitude_m: Option<f64>,
    speed_mps: Option<f64>,
    dop: Option<f64>,
    accuracy_m: Option<f64>,
    fix: Option<Fix>,
}

/// What a reader hands over.
struct RawTrack {
    source: TrackSource,
    segments: Vec<Vec<RawPoint>>,
    points: usize,
    has_utc: bool,
    local_time_offset_secs: Option<f64>,
    warnings: Warnings,
}

impl RawTrack {
    fn new(source: TrackSource) -> Self {
        Self {
            source,
            segments: Vec::new(),
            points: 0,
            has_utc: true,
            local_time_offset_secs: None,
            warnings: Warnings::default(),
        }
    }

    fn begin_segment(&mut self) {
        if self.segments.last().is_none_or(|segment| !segment.is_empty()) {
            self.segments.push(Vec::new());
        }
    }

    fn push(&mut self, point: RawPoint) {
        if self.points >= MAX_POINTS {
            self.warnings.push(Warning::TooManyPoints { limit: MAX_POINTS });
            return;
        }
        self.points += 1;
        if self.segments.is_empty() {
            self.begin_segment();
        }
        if let Some(segment) = self.segments.last_mut() {
            segment.push(point);
        }
    }
}

/// Reads a GPX, FIT or TCX file from its bytes; the content decides which.
///
/// # Errors
/// The content is none of the three, or holds no point with time and position. A file that is damaged after
/// some good points is read up to there, with a warning.
pub fn read_track(bytes: &[u8]) -> Result<TrackFile, TrackError> {
    if bytes.is_empty() {
        return Err(TrackError::Empty);
    }
    if bytes.len() > MAX_FILE_BYTES {
        return Err(TrackError::TooLarge { bytes: bytes.len() });
    }
    let raw = if fit::is_fit(bytes) {
        fit::read(bytes)
    } else {
        let text = xml::decode(bytes);
        match xml::root_name(&text) {
            Some("gpx") => gpx::read(&text)?,
            Some("TrainingCenterDatabase") => tcx::read(&text)?,
            _ => {
                return Err(TrackError::UnknownFormat {
                    looks_like: looks_like(bytes),
                });
            }
        }
    };
    finish(raw)
}

/// Files that people give by mistake.
fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x1f, 0x8b, ..] => Some("a gzip archive"),
        [b'P', b'K', 3, 4, ..] => Some("a zip archive"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("an MP4 recording"),
        _ => None,
    }
}

fn finish(raw: RawTrack) -> Result<TrackFile, TrackError> {
    let RawTrack {
        source,
        mut segments,
        has_utc,
        local_time_offset_secs,
        mut warnings,
        ..
    } = raw;
    segments.retain(|segment| !segment.is_empty());
    let found: usize = segments.iter().map(Vec::len).sum();
    if found == 0 {
        return Err(TrackError::NoPoints);
    }
    let far = drop_far_in_time(&mut segments);
    if far > 0 {
        warnings.push(Warning::FarInTime { count: far });
    }
    let found = found - far;
    // Programs that merge activities write them in any order; inside a segment order is kept.
    segments.sort_by(|a, b| first_time(a).total_cmp(&first_time(b)));
    let start_secs = segments
        .iter()
        .map(|segment| first_time(segment))
        .next()
        .filter(|time| time.is_finite());
    let Some(start_secs) = start_secs else {
        return Err(TrackError::NoTimes { points: found });
    };
    let points: Vec<TrackPoint> = segments
        .iter()
        .flatten()
        .filter_map(|point| to_track_point(point, start_secs, has_utc))
        .collect();
    if points.is_empty() {
        return Err(TrackError::NoPoints);
    }
    if points.len() < found {
        warnings.push(Warning::UnreadablePoints {
            count: found - points.len(),
        });
    }
    Ok(TrackFile {
        track: Track { points, source },
        start_utc_unix_secs: has_utc.then_some(start_secs),
        segments: segments.len(),
        local_time_offset_secs,
        warnings,
    })
}

/// Drops points that no recording shares with the others, such as those of a clock before it was set: more
/// than [`LONGEST_SECS`] from the median. Returns how many.
fn drop_far_in_time(segments: &mut Vec<Vec<RawPoint>>) -> usize {
    let times = segments.iter().flatten().filter_map(|point| point.time_secs);
    let mut times: Vec<f64> = times.collect();
    let Some(median) = upper_median(&mut times) else {
        return 0;
    };
    let mut dropped = 0;
    for segment in segments.iter_mut() {
        let before = segment.len();
        segment.retain(|point| point.time_secs.is_none_or(|secs| is_moment(secs - median)));
        dropped += before - segment.len();
    }
    segments.retain(|segment| !segment.is_empty());
    dropped
}

/// First time of a segment, infinite without one so that it sorts last.
fn first_time(segment: &[RawPoint]) -> f64 {
    segment
        .iter()
        .find_map(|point| point.time_secs)
        .unwrap_or(f64::INFINITY)
}

fn to_track_point(point: &RawPoint, start_secs: f64, has_utc: bool) -> Option<TrackPoint> {
    let time_secs = point.time_secs?;
    let fix = point.fix.unwrap_or(Fix::Unknown);
    let error_m = match (point.accuracy_m, point.dop) {
        (Some(accuracy_m), _) => accuracy_m.max(MIN_ERROR_M),
        (None, Some(dop)) => error_from_dop(dop, fix),
        (None, None) => UNKNOWN_ERROR_M,
    };
    Some(TrackPoint {
        time_secs: time_secs - start_secs,
        utc_unix_secs: has_utc.then_some(time_secs),
        lat_deg: point.lat_deg?,
        lon_deg: point.lon_deg?,
        altitude_m: point.altitude_m,
        speed_mps: point.speed_mps,
        dop: point.dop,
        error_m,
        fix,
    })
}
