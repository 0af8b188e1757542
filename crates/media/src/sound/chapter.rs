//! The sound of one file: packets in, blocks of samples with their times out.

use std::path::Path;

use ffmpeg_next as ffmpeg;

use super::MAX_CHANNELS;
use super::samples::to_float;
use crate::demux::{Demuxer, Next, PacketFilter, StreamKind};
use crate::tuning::SOUND_RUN_UP_SECS;

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
    pub fn open(path: &Path) -> Option<ChapterSound> {
        let mut demuxer = Demuxer::open(path).ok()?;
        let streams = demuxer.streams();
        let sound = streams.iter().find(|stream| stream.kind == StreamKind::Audio)?;
        let (stream, tick_secs) = (sound.index, sound.time_base?.as_f64());
        demuxer.select(stream, PacketFilter::All);
        let context = ffmpeg::codec::Context::from_parameters(demuxer.parameters(stream)?).ok()?;
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

    /// The next block: its time on the file's own clock, and its samples, one list per channel (at most two).
    /// What ends long before `wanted_secs` is passed over. `None` at the end.
    pub fn next(&mut self, wanted_secs: f64) -> Option<(f64, Vec<Vec<f32>>)> {
        loop {
            match self.decoder.receive_frame(&mut self.frame) {
                Ok(()) => {
                    // Blocks of another rate, or without a time, have no place.
                    let pts = self
                        .frame
                        .pts()
                        .filter(|_| self.frame.rate() == self.decoder.rate());
                    if let Some(pts) = pts {
                        return Some((pts as f64 * self.tick_secs, to_float(&self.frame, MAX_CHANNELS)));
                    }
                }
                Err(ffmpeg::Error::Eof) => return None,
                // Waiting for packets, or a damaged block, which is left out.
                Err(_) if self.has_ended => return None,
                Err(_) => self.feed(wanted_secs),
            }
        }
    }

    /// Hands the decoder the next packet worth decoding.
    fn feed(&mut self, wanted_secs: f64) {
        loop {
            let Next::Packet(facts, mut packet) = self.demuxer.read() else {
                self.has_ended = true;
                // The only failure is "already told so".
                let _ = self.decoder.send_eof();
                return;
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
            // A packet that cannot be decoded becomes silence.
            let _ = self.decoder.send_packet(&packet);
            return;
        }
    }
}
