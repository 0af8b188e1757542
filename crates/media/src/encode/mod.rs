//! Writing: movies (H.264, HEVC or AV1 pictures, AAC sound, in MP4 or QuickTime), browser copies, and single
//! JPEGs.
//!
//! A [`MovieWriter`] takes pictures with their times and samples in order and writes them to a file. It does
//! not know what the pictures show. Encoders are chosen among those of the linked FFmpeg.

mod error;
mod jpeg;
mod output;
mod sound;
mod video;

use std::path::Path;

use ffmpeg_next as ffmpeg;

pub use error::EncodeError;
pub use jpeg::jpeg;
pub use sound::SoundSettings;
pub use video::{VideoCodec, VideoSettings};

use crate::scale::YuvPicture;
use output::Output;
use sound::SoundEncoder;
use video::VideoEncoder;

/// Kinds of files that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovieFormat {
    /// ISO MP4.
    Mp4,
    /// Apple QuickTime.
    Mov,
}

/// A movie being written. Dropped before [`finish`](Self::finish), it leaves an unusable file.
pub struct MovieWriter {
    output: Output,
    video: VideoEncoder,
    sound: Option<SoundEncoder>,
}

/// Numbers of the streams in the file.
const VIDEO: usize = 0;
const SOUND: usize = 1;

impl MovieWriter {
    /// Starts a movie in the existing file at `path`, whatever its name.
    ///
    /// # Errors
    /// No encoder, settings it does not take, or a file that cannot be written.
    pub fn create(
        path: &Path,
        format: MovieFormat,
        video: &VideoSettings,
        sound: Option<SoundSettings>,
    ) -> Result<MovieWriter, EncodeError> {
        ffmpeg::log::set_level(ffmpeg::log::Level::Quiet);
        let mut output = Output::create(path, format)?;
        let global_header = output.wants_global_header();
        let video = VideoEncoder::open(video, global_header)?;
        let sound = sound
            .map(|settings| SoundEncoder::open(settings, global_header))
            .transpose()?;
        let contexts = std::iter::once(video.context()).chain(sound.as_ref().map(SoundEncoder::context));
        output.start(contexts)?;
        Ok(MovieWriter { output, video, sound })
    }

    /// Adds the picture shown from `pts` on, in ticks of the time base; times must increase.
    ///
    /// # Errors
    /// The encoder gives up, or the file cannot be written.
    pub fn picture(&mut self, picture: &YuvPicture, pts: i64) -> Result<(), EncodeError> {
        self.video.send(picture, pts)?;
        self.drain_video()
    }

    /// Adds samples, one list per channel, equally long; the first sample of all is at 0. Without sound
    /// nothing happens.
    ///
    /// # Errors
    /// As for pictures.
    pub fn samples(&mut self, samples: &[Vec<f32>]) -> Result<(), EncodeError> {
        if let Some(sound) = &mut self.sound {
            sound.push(samples);
        }
        self.encode_sound(false)
    }

    /// Writes what is left and the index.
    ///
    /// # Errors
    /// As for pictures.
    pub fn finish(mut self) -> Result<(), EncodeError> {
        self.encode_sound(true)?;
        if let Some(sound) = &mut self.sound {
            sound.finish()?;
        }
        self.drain_sound()?;
        self.video.finish()?;
        self.drain_video()?;
        self.output.finish()
    }

    fn encode_sound(&mut self, flush: bool) -> Result<(), EncodeError> {
        while let Some(sound) = &mut self.sound
            && sound.encode(flush)?
        {
            self.drain_sound()?;
        }
        Ok(())
    }

    fn drain_sound(&mut self) -> Result<(), EncodeError> {
        while let Some(sound) = &mut self.sound
            && let Some(packet) = sound.receive()?
        {
            self.output.write(packet, SOUND)?;
        }
        Ok(())
    }

    fn drain_video(&mut self) -> Result<(), EncodeError> {
        while let Some(packet) = self.video.receive()? {
            self.output.write(packet, VIDEO)?;
        }
        Ok(())
    }
}

/// The next packet of an encoder, if one is ready.
fn receive(encoder: &mut ffmpeg::encoder::Encoder) -> Result<Option<ffmpeg::Packet>, EncodeError> {
    let mut packet = ffmpeg::Packet::empty();
    match encoder.receive_packet(&mut packet) {
        Ok(()) => Ok(Some(packet)),
        Err(ffmpeg::Error::Eof) => Ok(None),
        Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::EAGAIN => Ok(None),
        Err(error) => Err(EncodeError::encoder(error)),
    }
}
