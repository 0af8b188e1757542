//! The sound encoder: AAC, which every player of MP4 knows.

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;

use super::error::EncodeError;
use crate::tuning::AAC_BITS_PER_CHANNEL;

/// Samples per packet when the encoder does not say: that of AAC.
const AAC_FRAME: usize = 1024;

/// What the sound of a movie is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoundSettings {
    /// Samples per second.
    pub rate: u32,
    /// Channels, 1 or 2.
    pub channels: usize,
}

impl SoundSettings {
    /// Rates the AAC encoder takes (ISO/IEC 14496-3, table 1.18), the usual one first.
    pub const RATES: [u32; 12] = [
        48_000, 96_000, 88_200, 64_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000,
    ];
}

/// An open encoder.
pub(super) struct SoundEncoder {
    encoder: ffmpeg::encoder::audio::Encoder,
    settings: SoundSettings,
    frame_len: usize,
    /// Samples of each channel that do not fill a packet yet.
    pending: Vec<Vec<f32>>,
    /// Samples handed to the encoder so far.
    sent: i64,
}

impl SoundEncoder {
    /// Opens the AAC encoder.
    pub fn open(settings: SoundSettings, global_header: bool) -> Result<SoundEncoder, EncodeError> {
        let codec = ffmpeg::encoder::find(ffmpeg::codec::Id::AAC).ok_or(EncodeError::NoEncoder("AAC"))?;
        let context = ffmpeg::codec::Context::new_with_codec(codec);
        let mut audio = context.encoder().audio().map_err(EncodeError::encoder)?;
        let rate = i32::try_from(settings.rate).unwrap_or(i32::MAX);
        audio.set_rate(rate);
        audio.set_format(planar_float());
        audio.set_channel_layout(layout(settings));
        audio.set_bit_rate(AAC_BITS_PER_CHANNEL * settings.channels);
        audio.set_time_base(ffmpeg::Rational::new(1, rate));
        if global_header {
            // SAFETY: the context was just allocated and is not open yet, which is when flags may be set.
            unsafe {
                (*audio.as_mut_ptr()).flags |= ffi::AV_CODEC_FLAG_GLOBAL_HEADER as i32;
            }
        }
        let encoder = audio.open().map_err(EncodeError::encoder)?;
        let frame_len = match encoder.frame_size() as usize {
            0 => AAC_FRAME,
            length => length,
        };
        Ok(SoundEncoder {
            encoder,
            settings,
            frame_len,
            pending: vec![Vec::new(); settings.channels],
            sent: 0,
        })
    }

    /// What the container has to know.
    pub fn context(&self) -> &ffmpeg::codec::Context {
        &self.encoder
    }

    /// Hands in the next samples: one slice per channel, equally long.
    pub fn push(&mut self, samples: &[Vec<f32>]) {
        for (pending, new) in self.pending.iter_mut().zip(samples) {
            pending.extend_from_slice(new);
        }
    }

    /// Encodes whole packets of what was handed in; with `flush` the rest as well. `true`: something was
    /// encoded.
    pub fn encode(&mut self, flush: bool) -> Result<bool, EncodeError> {
        let waiting = self.pending.first().map_or(0, Vec::len);
        let length = if waiting >= self.frame_len {
            self.frame_len
        } else if flush {
            waiting
        } else {
            0
        };
        if length == 0 {
            return Ok(false);
        }
        let mut frame = ffmpeg::frame::Audio::new(planar_float(), length, layout(self.settings));
        frame.set_rate(self.settings.rate);
        frame.set_pts(Some(self.sent));
        for (channel, pending) in self.pending.iter_mut().enumerate() {
            let plane = frame.plane_mut::<f32>(channel);
            for (to, from) in plane.iter_mut().zip(pending.drain(..length)) {
                *to = from;
            }
        }
        self.sent += i64::try_from(length).unwrap_or(0);
        self.encoder.send_frame(&frame).map_err(EncodeError::encoder)?;
        Ok(true)
    }

    /// Says that no samples follow.
    pub fn finish(&mut self) -> Result<(), EncodeError> {
        self.encoder.send_eof().map_err(EncodeError::encoder)
    }

    /// The next packet, if one is ready.
    pub fn receive(&mut self) -> Result<Option<ffmpeg::Packet>, EncodeError> {
        super::receive(&mut self.encoder)
    }
}

fn planar_float() -> ffmpeg::format::Sample {
    ffmpeg::format::Sample::F32(ffmpeg::format::sample::Type::Planar)
}

fn layout(settings: SoundSettings) -> ffmpeg::ChannelLayout {
    if settings.channels == 1 {
        ffmpeg::ChannelLayout::MONO
    } else {
        ffmpeg::ChannelLayout::STEREO
    }
}
