//! The sound of one file: packets in, blocks of samples with their times out.

use std::path::Path;

use ffmpeg_next as ffmpeg;

use super::MAX_CHANNELS;
use super::samples::to_float;
use crate::demux::{Demuxer, Next, PacketFilter, StreamKind};
use crate::error::OpenError;
use crate::fence;
use crate::tuning::SOUND_RUN_UP_SECS;

/// The time of the first sample on the file's own clock, seconds, and the samples, one list per channel.
pub(super) type TimedSamples = (f64, Vec<Vec<f32>>);

/// A decoder for the first sound track of a file.
pub(super) struct ChapterSound {
    demuxer: Demuxer,
    stream: usize,
    tick_secs: f64,
    decoder: ffmpeg::decoder::Audio,
    frame: ffmpeg::frame::Audio,
    has_ended: bool,
}

impl ChapterSound {
    /// Opens the file; `None` when it has no sound that can be decoded.
    ///
    /// # Errors
    /// It is no recording any more, or the system cannot read it.
    pub fn open(path: &Path) -> Result<Option<ChapterSound>, OpenError> {
        Demuxer::open(path).map(ChapterSound::of)
    }

    fn of(mut demuxer: Demuxer) -> Option<ChapterSound> {
        let streams = demuxer.streams();
        let sound = streams.iter().find(|stream| stream.kind == StreamKind::Audio)?;
        let (stream, tick_secs) = (sound.index, sound.time_base?.as_f64());
        demuxer.select(stream, PacketFilter::All);
        let parameters = demuxer.parameters(stream)?;
        if !fence::is_sound_decoded(parameters.id()) {
            return None;
        }
        let mut context = ffmpeg::codec::Context::from_parameters(parameters).ok()?;
        // SAFETY: the context was just allocated and is not open yet.
        unsafe { (*context.as_mut_ptr()).max_samples = fence::MAX_BLOCK_SAMPLES };
        let decoder = context.decoder().audio().ok()?;
        Some(ChapterSound {
            demuxer,
            stream,
            tick_secs,
            decoder,
            frame: ffmpeg::frame::Audio::empty(),
            has_ended: false,
        })
    }

    /// Samples per second.
    pub fn rate(&self) -> u32 {
        self.decoder.rate()
    }

    /// Channels.
    pub fn channels(&self) -> usize {
        usize::from(self.decoder.channels())
    }

    /// The next block, of at most two channels.
    /// What ends long before `wanted_secs` is passed over. `None` at the end.
    ///
    /// # Errors
    /// The system cannot read the file, or it has changed.
    pub fn next(&mut self, wanted_secs: f64) -> Result<Option<TimedSamples>, OpenError> {
        loop {
            match self.decoder.receive_frame(&mut self.frame) {
                Ok(()) => {
                    // Blocks of another rate, or without a time, have no place.
                    let pts = self
                        .frame
                        .pts()
                        .filter(|_| self.frame.rate() == self.decoder.rate());
                    if let Some(pts) = pts {
                        let samples = to_float(&self.frame, MAX_CHANNELS);
                        return Ok(Some((pts as f64 * self.tick_secs, samples)));
                    }
                }
                Err(ffmpeg::Error::Eof) => return Ok(None),
                Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::ENOMEM => {
                    return Err(OpenError::NoMemory);
                }
                // Waiting for packets, or a damaged block, which is left out.
                Err(_) if self.has_ended => return Ok(None),
                Err(_) => self.feed(wanted_secs)?,
            }
        }
    }

    /// Hands the decoder the next packet worth decoding.
    fn feed(&mut self, wanted_secs: f64) -> Result<(), OpenError> {
        loop {
            let Next::Packet(facts, mut packet) = self.demuxer.read()? else {
                self.demuxer.check_source()?;
                self.has_ended = true;
                // The only failure is "already told so".
                let _ = self.decoder.send_eof();
                return Ok(());
            };
            let end_secs = facts
                .pts
                .map(|pts| pts.saturating_add(facts.duration) as f64 * self.tick_secs);
            if facts.stream != self.stream
                || end_secs.is_some_and(|end| end < wanted_secs - SOUND_RUN_UP_SECS)
            {
                continue;
            }
            packet.set_pts(facts.pts);
            return match self.decoder.send_packet(&packet) {
                Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::ENOMEM => {
                    Err(OpenError::NoMemory)
                }
                // A packet that cannot be decoded becomes silence.
                _ => Ok(()),
            };
        }
    }
}
