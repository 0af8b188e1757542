//! A small MP4 reader: just enough to take telemetry, tags, ids, timecode and chapters out of a file without
//! a media library.
//!
//! The file is walked box by box up to `moov`, which alone is read into memory; sample data is read on
//! demand. Everything is bounded: the number of boxes, the size of `moov`, the samples expanded and the
//! bytes read for them.

mod boxes;
mod chapters;
mod open;
mod sample_table;

use std::io::{Read, Seek, SeekFrom};

pub use mtbsync_formats::bmff::ChapterMark;
use mtbsync_formats::bmff::UserData;
use mtbsync_formats::bytes::{be_u16, be_u32};
use mtbsync_formats::is_moment;

use crate::FourCc;
use crate::gpmf::Payload;
use crate::warning::{Warning, Warnings};
pub use sample_table::Mp4Sample;

/// Longest sample read; a telemetry payload has some ten kilobytes.
const MAX_SAMPLE_BYTES: u32 = 16 << 20;
/// Most sample data read of one track. Ten hours of telemetry stay below this.
const MAX_TRACK_BYTES: u64 = 1 << 30;

/// Why a file could not be read as MP4.
#[derive(Debug, thiserror::Error)]
pub enum Mp4Error {
    /// The file could not be read.
    #[error("cannot read the file: {0}")]
    Io(#[from] std::io::Error),
    /// The file does not begin with MP4 boxes.
    #[error("not an MP4 file")]
    NotMp4,
    /// No `moov` box: recording was interrupted.
    #[error("the recording has no index (moov box)")]
    NoMoov,
    /// A `moov` box of absurd size.
    #[error("the index (moov box) claims {bytes} bytes")]
    MoovTooLarge {
        /// Its claimed size.
        bytes: u64,
    },
}

impl Mp4Error {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoMoov => {
                Some("put the card back into the camera and let it repair the recording".to_owned())
            }
            Self::MoovTooLarge { .. } => Some("the file is damaged; copy it from the card again".to_owned()),
            Self::Io(_) | Self::NotMp4 => None,
        }
    }
}

/// One track of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Mp4Track {
    /// Track id.
    pub id: u32,
    /// Handler type: `vide`, `soun`, `tmcd`, `meta`, `text`.
    pub handler: FourCc,
    /// Name of the sample entry: `avc1`, `hvc1`, `mp4a`, `tmcd`, `gpmd`.
    pub format: FourCc,
    /// Ticks per second.
    pub timescale: u32,
    /// Length of the media, seconds.
    pub duration_secs: f64,
    /// Seconds to add to media times to get presentation times (edit list): negative when the edit skips
    /// a beginning, positive after an empty edit.
    pub edit_offset_secs: f64,
    /// Ids of the tracks that hold this track's chapter titles.
    pub chapter_track_ids: Vec<u32>,
    /// Body of the `stsd` entry, after its header of 16 bytes and one more word.
    sample_entry: Vec<u8>,
    stbl: Vec<u8>,
}

impl Mp4Track {
    /// Presentation time of a sample, seconds.
    pub fn pts_secs(&self, sample: &Mp4Sample) -> f64 {
        sample.time_ticks as f64 / f64::from(self.timescale) + self.edit_offset_secs
    }

    /// Channels and samples a second of a sound track, from its `stsd` entry (ISO/IEC 14496-12 section
    /// 12.2.3).
    pub fn audio_format(&self) -> Option<(u32, u32)> {
        let channels = u32::from(be_u16(&self.sample_entry, 4)?);
        // In 16.16 fixed point.
        let sample_rate = be_u32(&self.sample_entry, 12)? >> 16;
        (self.handler == b"soun" && channels > 0 && sample_rate > 0).then_some((channels, sample_rate))
    }

    /// Length of a sample, seconds.
    pub fn sample_secs(&self, sample: &Mp4Sample) -> f64 {
        f64::from(sample.duration_ticks) / f64::from(self.timescale)
    }
}

/// Start timecode of a recording, for display and editors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartTimecode {
    /// Frames since midnight of the first frame.
    pub frames: u32,
    /// Drop-frame counting.
    pub drop_frame: bool,
    /// Frame rate as ticks per second and ticks per frame; older cameras round their frames-per-second
    /// byte down, so this is the number to use.
    pub rate: (u32, u32),
}

/// A payload that owns its bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnedPayload {
    /// Presentation time.
    pub pts_secs: f64,
    /// Declared length.
    pub duration_secs: f64,
    /// GPMF bytes.
    pub bytes: Vec<u8>,
}

impl OwnedPayload {
    /// Borrows it for [`crate::gpmf::Telemetry::read`].
    pub fn as_payload(&self) -> Payload<'_> {
        Payload {
            pts_secs: self.pts_secs,
            duration_secs: self.duration_secs,
            bytes: &self.bytes,
        }
    }
}

/// The index of an MP4 file.
#[derive(Debug, Clone, PartialEq)]
pub struct Mp4File {
    /// Tracks in file order.
    pub tracks: Vec<Mp4Track>,
    /// Boxes under `moov/udta`.
    pub udta: UserData,
    /// `creation_time` as Unix seconds. GoPro writes local time here, of a clock that may never have been
    /// set.
    pub creation_unix_secs: Option<f64>,
    /// What was skipped.
    pub warnings: Warnings,
    file_len: u64,
}

impl Mp4File {
    /// Reads the index of a file.
    ///
    /// # Errors
    /// The file cannot be read, is no MP4, or has no usable `moov` box.
    pub fn read(reader: &mut (impl Read + Seek)) -> Result<Self, Mp4Error> {
        let (moov, file_len) = open::read_moov(reader)?;
        Ok(open::parse_moov(&moov, file_len))
    }

    /// The first video track.
    pub fn video(&self) -> Option<&Mp4Track> {
        self.tracks.iter().find(|track| track.handler == b"vide")
    }

    /// The telemetry track.
    pub fn telemetry(&self) -> Option<&Mp4Track> {
        self.tracks.iter().find(|track| track.format == b"gpmd")
    }

    /// The first sound track.
    pub fn audio(&self) -> Option<&Mp4Track> {
        self.tracks.iter().find(|track| track.handler == b"soun")
    }

    /// Reads the payloads of the telemetry track; none without such a track. Times are on the recording's
    /// clock, zero at the first shown video frame.
    ///
    /// # Errors
    /// The file cannot be read. Samples that lie outside the file are skipped with a warning.
    pub fn telemetry_payloads(
        &mut self,
        reader: &mut (impl Read + Seek),
    ) -> Result<Vec<OwnedPayload>, Mp4Error> {
        let Some(track) = self.telemetry().cloned() else {
            return Ok(Vec::new());
        };
        // An empty edit in front of the video delays its first frame, which is the clock's zero.
        let zero_secs = self.video().map_or(0.0, |video| video.edit_offset_secs.max(0.0));
        let mut payloads = Vec::new();
        for (sample, bytes) in self.read_samples(&track, reader)? {
            payloads.push(OwnedPayload {
                pts_secs: track.pts_secs(&sample) - zero_secs,
                duration_secs: track.sample_secs(&sample),
                bytes,
            });
        }
        Ok(payloads)
    }

    /// The start timecode, from the `tmcd` track.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn start_timecode(
        &mut self,
        reader: &mut (impl Read + Seek),
    ) -> Result<Option<StartTimecode>, Mp4Error> {
        let Some(track) = self.tracks.iter().find(|track| track.format == b"tmcd").cloned() else {
            return Ok(None);
        };
        let samples = self.read_samples(&track, reader)?;
        let frames = samples.first().and_then(|(_, bytes)| be_u32(bytes, 0));
        let entry = &track.sample_entry;
        Ok(
            match (frames, be_u32(entry, 0), be_u32(entry, 4), be_u32(entry, 8)) {
                (Some(frames), Some(flags), Some(ticks_per_sec), Some(ticks_per_frame))
                    if ticks_per_sec > 0 && ticks_per_frame > 0 =>
                {
                    Some(StartTimecode {
                        frames,
                        drop_frame: flags & 1 == 1,
                        rate: (ticks_per_sec, ticks_per_frame),
                    })
                }
                _ => None,
            },
        )
    }

    /// Chapters written into the file: those of the chapter text track, without one those of the `chpl` box.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn chapters(&mut self, reader: &mut (impl Read + Seek)) -> Result<Vec<ChapterMark>, Mp4Error> {
        let listed = self
            .udta
            .get(b"chpl")
            .map(chapters::from_chpl)
            .unwrap_or_default();
        let track = self
            .tracks
            .iter()
            .flat_map(|track| &track.chapter_track_ids)
            .find_map(|id| self.tracks.iter().find(|track| track.id == *id))
            .cloned();
        let titled = match track {
            Some(track) => {
                let samples = self.read_samples(&track, reader)?;
                chapters::from_text_track(&track, &samples)
            }
            None => Vec::new(),
        };
        Ok(if titled.is_empty() { listed } else { titled })
    }

    fn read_samples(
        &mut self,
        track: &Mp4Track,
        reader: &mut (impl Read + Seek),
    ) -> Result<Vec<(Mp4Sample, Vec<u8>)>, Mp4Error> {
        let samples = sample_table::samples(&track.stbl, track.id, &mut self.warnings);
        let mut budget = MAX_TRACK_BYTES.min(self.file_len);
        let mut read = Vec::new();
        for sample in samples {
            let inside = sample
                .offset
                .checked_add(u64::from(sample.size))
                .is_some_and(|end| end <= self.file_len);
            let is_believed = is_moment(track.pts_secs(&sample)) && is_moment(track.sample_secs(&sample));
            if !inside || !is_believed || sample.size > MAX_SAMPLE_BYTES || u64::from(sample.size) > budget {
                self.warnings.push(Warning::BadSampleTable { track_id: track.id });
                continue;
            }
            budget -= u64::from(sample.size);
            let mut bytes = vec![0; sample.size as usize];
            reader.seek(SeekFrom::Start(sample.offset))?;
            reader.read_exact(&mut bytes)?;
            read.push((sample, bytes));
        }
        Ok(read)
    }
}
