//! Why a movie or picture could not be written.

use std::io;

use ffmpeg_next as ffmpeg;

use crate::error::FrameError;

/// Why a movie or picture could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The linked FFmpeg has no encoder for the codec that works here; holds the codec's name.
    #[error("no {0} encoder")]
    NoEncoder(&'static str),
    /// An encoder gave up; holds what it said.
    #[error("cannot be encoded ({0})")]
    Encoder(String),
    /// The file cannot be written.
    #[error("cannot be written ({0})")]
    Write(#[source] io::Error),
    /// A picture of another size than the movie.
    #[error("picture of another size than the movie")]
    PictureSize,
    /// The source of a copy cannot be decoded.
    #[error(transparent)]
    Source(#[from] FrameError),
    /// Somebody asked to stop.
    #[error("stopped")]
    Stopped,
}

impl EncodeError {
    /// What the person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoEncoder(_) => Some("`mtbsync doctor` lists the encoders; try another ‹codec›".to_owned()),
            Self::Source(error) => error.hint(),
            Self::Encoder(_) | Self::Write(_) | Self::PictureSize | Self::Stopped => None,
        }
    }

    /// An answer of an encoder.
    pub(crate) fn encoder(error: ffmpeg::Error) -> EncodeError {
        EncodeError::Encoder(error.to_string())
    }

    /// An answer of the muxer, which writes the file.
    pub(crate) fn write(error: ffmpeg::Error) -> EncodeError {
        EncodeError::Write(match error {
            ffmpeg::Error::Other { errno } => io::Error::from_raw_os_error(errno),
            error => io::Error::other(error.to_string()),
        })
    }
}
