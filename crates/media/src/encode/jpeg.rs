//! One picture as a JPEG file.

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;

use super::error::EncodeError;
use super::video::copy_into;
use crate::scale::YuvPicture;
use crate::tuning::JPEG_QUANTISER;

/// Encodes a picture with full-range BT.601 colours, which is what JPEG means.
///
/// # Errors
/// The linked FFmpeg cannot write JPEG.
pub fn jpeg(picture: &YuvPicture) -> Result<Vec<u8>, EncodeError> {
    ffmpeg::log::set_level(ffmpeg::log::Level::Quiet);
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let (width, height) = (side(picture.width()), side(picture.height()));
    let codec = ffmpeg::encoder::find(ffmpeg::codec::Id::MJPEG).ok_or(EncodeError::NoEncoder("JPEG"))?;
    let context = ffmpeg::codec::Context::new_with_codec(codec);
    let mut video = context.encoder().video().map_err(EncodeError::encoder)?;
    video.set_width(width);
    video.set_height(height);
    video.set_format(ffmpeg::format::Pixel::YUVJ420P);
    video.set_time_base(ffmpeg::Rational::new(1, 1));
    // SAFETY: the context was just allocated and is not open yet, which is when these fields may be set.
    unsafe {
        let raw = video.as_mut_ptr();
        (*raw).thread_count = 1;
        (*raw).flags |= ffi::AV_CODEC_FLAG_QSCALE as i32;
        (*raw).global_quality = JPEG_QUANTISER * ffi::FF_QP2LAMBDA;
    }
    let mut encoder = video.open().map_err(EncodeError::encoder)?;
    let mut frame = ffmpeg::frame::Video::new(ffmpeg::format::Pixel::YUVJ420P, width, height);
    copy_into(&mut frame, picture);
    frame.set_pts(Some(0));
    // SAFETY: the frame is allocated; its quality is a plain number that this encoder reads.
    unsafe {
        (*frame.as_mut_ptr()).quality = JPEG_QUANTISER * ffi::FF_QP2LAMBDA;
    }
    encoder.send_frame(&frame).map_err(EncodeError::encoder)?;
    encoder.send_eof().map_err(EncodeError::encoder)?;
    let packet = super::receive(&mut encoder)?;
    packet
        .and_then(|packet| packet.data().map(<[u8]>::to_vec))
        .ok_or_else(|| EncodeError::Encoder("no picture came out".to_owned()))
}
