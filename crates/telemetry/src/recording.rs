//! Everything the header and telemetry of one MP4 file tell, in one call.

use std::io::{Read, Seek};

use crate::gpmf::{Payload, Telemetry};
use crate::hilight::{ChapterSpan, Hilight, hilights_from_udta};
use crate::identity::Identity;
use crate::lens::Lenses;
use crate::mp4::{ChapterMark, Mp4Error, Mp4File, StartTimecode};
use crate::realtime::{ClockFacts, NotRealTime, not_real_time};
use crate::warning::Warnings;

/// What one file says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct FileTelemetry {
    /// Length of the video, or of the longest track when there is no video.
    pub duration_secs: f64,
    /// `creation_time` as Unix seconds, as written: GoPro writes local time.
    pub creation_unix_secs: Option<f64>,
    /// Camera, firmware and recording ids.
    pub identity: Identity,
    /// What is said of the lens, on this file's clock.
    pub lenses: Lenses,
    /// HiLight tags on this file's clock.
    pub hilights: Vec<Hilight>,
    /// MP4 chapters.
    pub chapters: Vec<ChapterMark>,
    /// Start timecode.
    pub timecode: Option<StartTimecode>,
    /// Streams of the telemetry track; `None` without such a track.
    pub telemetry: Option<Telemetry>,
    /// Why this is TimeWarp or time-lapse, when it is.
    pub not_real_time: Option<NotRealTime>,
    /// What was skipped.
    pub warnings: Warnings,
}

impl FileTelemetry {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read or is no complete MP4; damage inside becomes warnings.
    pub fn read(reader: &mut (impl Read + Seek)) -> Result<Self, Mp4Error> {
        let mut mp4 = Mp4File::read(reader)?;
        let owned = mp4.telemetry_payloads(reader)?;
        let timecode = mp4.start_timecode(reader)?;
        let chapters = mp4.chapters(reader)?;
        let longest_secs = mp4
            .tracks
            .iter()
            .map(|track| track.duration_secs)
            .fold(0.0, f64::max);
        let duration_secs = mp4.video().map_or(longest_secs, |video| video.duration_secs);
        let (hilights, mut warnings) = hilights_from_udta(
            mp4.udta.get(b"GPMF"),
            mp4.udta.get(b"HMMT"),
            ChapterSpan::single(duration_secs),
        );
        let payloads: Vec<Payload<'_>> = owned.iter().map(|payload| payload.as_payload()).collect();
        let lenses = Lenses::read(mp4.udta.get(b"GPMF"), &payloads, &mut warnings);
        let telemetry = mp4.telemetry().map(|_| Telemetry::read(&payloads));
        let not_real_time = telemetry.as_ref().and_then(|telemetry| {
            not_real_time(&ClockFacts::measure(
                telemetry,
                &payloads,
                duration_secs,
                mp4.audio().is_some(),
            ))
        });
        let identity = Identity::from_udta(&mp4.udta);
        warnings.extend(mp4.warnings);
        Ok(Self {
            duration_secs,
            creation_unix_secs: mp4.creation_unix_secs,
            identity,
            lenses,
            hilights,
            chapters,
            timecode,
            telemetry,
            not_real_time,
            warnings,
        })
    }
}
