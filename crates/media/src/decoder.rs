//! One video decoder: packets in, pictures out. Hides libavcodec's send/receive protocol.

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;

use crate::demux::Demuxer;
use crate::error::OpenError;
use crate::fence;

/// What the decoder has to say next.
pub(crate) enum Decoded {
    Picture,
    /// A picture could not be decoded.
    Damaged,
    /// The system gave no memory; nothing is wrong with the picture.
    NoMemory,
    NeedsPacket,
    End,
}

/// A software decoder for one stream.
pub(crate) struct VideoDecoder {
    decoder: ffmpeg::decoder::Video,
}

impl VideoDecoder {
    /// Opens a decoder for `stream`. `threads` 0 lets the library choose; the pictures do not depend on it.
    pub fn open(demuxer: &Demuxer, stream: usize, threads: usize) -> Result<VideoDecoder, OpenError> {
        let parameters = demuxer.parameters(stream).ok_or(OpenError::NoVideoTrack)?;
        let codec_id = parameters.id();
        demuxer.check_decoded(stream)?;
        let unsupported = || OpenError::UnsupportedCodec(codec_id.name().to_owned());
        let mut context = ffmpeg::codec::Context::from_parameters(parameters).map_err(|_| unsupported())?;
        // SAFETY: the context was just allocated and is not open yet, which is when threads and bounds are
        // set. The kind of threading is left to the library (frames or slices, whichever the codec can).
        unsafe {
            (*context.as_mut_ptr()).thread_count = i32::try_from(threads).unwrap_or(0);
            (*context.as_mut_ptr()).max_pixels = fence::MAX_PIXELS as i64;
        }
        let mut decoder = context.decoder();
        if codec_id == ffmpeg::codec::Id::HEVC {
            // Without this the HEVC decoder keeps its errors to itself and hands out half-decoded pictures.
            // The H.264 decoder marks such pictures, and would refuse harmless oddities as well.
            decoder.check(ffmpeg::decoder::Check::EXPLODE);
        }
        let decoder = decoder.video().map_err(|_| unsupported())?;
        Ok(VideoDecoder { decoder })
    }

    /// Takes one packet, whose picture is shown at `pts`. `false`: the packet is unusable.
    ///
    /// # Errors
    /// There is no memory.
    pub fn send(&mut self, mut packet: ffmpeg::Packet, pts: i64) -> Result<bool, OpenError> {
        packet.set_pts(Some(pts));
        match self.decoder.send_packet(&packet) {
            Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::ENOMEM => Err(OpenError::NoMemory),
            sent => Ok(sent.is_ok()),
        }
    }

    /// Says that no packet follows; the pictures still inside come out next.
    pub fn finish(&mut self) {
        // The only failure is "already told so".
        let _ = self.decoder.send_eof();
    }

    /// Makes it ready for packets again, beginning with a key frame; pictures still inside are lost.
    pub fn flush(&mut self) {
        self.decoder.flush();
    }

    /// Fills `frame` with the next picture in presentation order.
    pub fn receive(&mut self, frame: &mut ffmpeg::frame::Video) -> Decoded {
        match self.decoder.receive_frame(frame) {
            Ok(()) => Decoded::Picture,
            Err(ffmpeg::Error::Eof) => Decoded::End,
            Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::EAGAIN => Decoded::NeedsPacket,
            Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::ENOMEM => Decoded::NoMemory,
            Err(_) => Decoded::Damaged,
        }
    }
}

/// Whether the decoder had to invent parts of a picture.
pub(crate) fn is_damaged(frame: &ffmpeg::frame::Video) -> bool {
    // SAFETY: a `Video` always wraps an allocated AVFrame.
    let (flags, errors) = unsafe { ((*frame.as_ptr()).flags, (*frame.as_ptr()).decode_error_flags) };
    flags & ffi::AV_FRAME_FLAG_CORRUPT != 0 || errors != 0
}
