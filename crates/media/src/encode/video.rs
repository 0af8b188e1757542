//! The video encoders: which are tried for a codec, and with what settings.

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;

use super::error::EncodeError;
use crate::rational::Rational;
use crate::scale::{ColourMatrix, YuvPicture};

/// Threads of an encoder. The bytes of some encoders depend on their number, so it is the same on every
/// machine; each takes memory for several frames.
const ENCODER_THREADS: i32 = 4;

/// Codecs a movie can be written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VideoCodec {
    /// H.264: plays everywhere.
    #[default]
    H264,
    /// HEVC: about a third smaller.
    Hevc,
    /// AV1: smaller still, slower to write.
    Av1,
}

/// One encoder and the options it understands.
struct Encoder {
    name: &'static str,
    /// Name of its constant-quality option and the factor from the scale of H.264 (0..51) to its own.
    quality: (&'static str, f64),
    options: &'static [(&'static str, &'static str)],
}

const H264: &[Encoder] = &[Encoder {
    name: "libx264",
    quality: ("crf", 1.0),
    options: &[("preset", "veryfast")],
}];

const HEVC: &[Encoder] = &[Encoder {
    name: "libx265",
    quality: ("crf", 1.0),
    // Frame threads change the bytes; the log would go to the terminal.
    options: &[
        ("preset", "superfast"),
        ("x265-params", "log-level=none:frame-threads=2"),
    ],
}];

/// libaom in real-time mode is about as fast as SVT-AV1, which prints a banner on the terminal.
const AV1: &[Encoder] = &[
    Encoder {
        name: "libaom-av1",
        quality: ("crf", 63.0 / 51.0),
        options: &[("usage", "realtime"), ("cpu-used", "8"), ("row-mt", "1")],
    },
    Encoder {
        name: "libsvtav1",
        quality: ("crf", 63.0 / 51.0),
        options: &[("preset", "9")],
    },
];

impl VideoCodec {
    /// Name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::H264 => "H.264",
            Self::Hevc => "HEVC",
            Self::Av1 => "AV1",
        }
    }

    fn encoders(self) -> &'static [Encoder] {
        match self {
            Self::H264 => H264,
            Self::Hevc => HEVC,
            Self::Av1 => AV1,
        }
    }
}

/// What the pictures of a movie are like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoSettings {
    /// Codec.
    pub codec: VideoCodec,
    /// Width and height in pixels, both even.
    pub size: (usize, usize),
    /// Length of one tick of the pictures' times in seconds.
    pub time_base: Rational,
    /// Nominal frames per second.
    pub frame_rate: Rational,
    /// Constant quality on the scale of H.264: 0 best, 51 worst; 20 is hard to tell from the original.
    pub quality: u32,
    /// Largest distance of key frames, in pictures.
    pub key_frame_distance: u32,
    /// What the pictures' numbers mean; the range is limited.
    pub matrix: ColourMatrix,
}

/// An open encoder.
pub(super) struct VideoEncoder {
    encoder: ffmpeg::encoder::video::Encoder,
    size: (usize, usize),
    /// Copied into for every picture.
    frame: ffmpeg::frame::Video,
}

impl VideoEncoder {
    /// Opens the first encoder of the codec that is there and works. `global_header`: the container keeps the
    /// codec's parameters.
    pub fn open(settings: &VideoSettings, global_header: bool) -> Result<VideoEncoder, EncodeError> {
        open_first(settings.codec.encoders(), settings, global_header)
    }

    /// What the container has to know.
    pub fn context(&self) -> &ffmpeg::codec::Context {
        &self.encoder
    }

    /// Hands in the picture shown from `pts` on.
    pub fn send(&mut self, picture: &YuvPicture, pts: i64) -> Result<(), EncodeError> {
        if (picture.width(), picture.height()) != self.size {
            return Err(EncodeError::PictureSize);
        }
        // SAFETY: the frame is allocated; this gives it a buffer of its own when the encoder still holds the
        // last one.
        let writable = unsafe { ffi::av_frame_make_writable(self.frame.as_mut_ptr()) };
        if writable < 0 {
            return Err(EncodeError::encoder(ffmpeg::Error::from(writable)));
        }
        copy_into(&mut self.frame, picture);
        self.frame.set_pts(Some(pts));
        self.frame.set_kind(ffmpeg::picture::Type::None);
        self.encoder.send_frame(&self.frame).map_err(EncodeError::encoder)
    }

    /// Says that no picture follows.
    pub fn finish(&mut self) -> Result<(), EncodeError> {
        self.encoder.send_eof().map_err(EncodeError::encoder)
    }

    /// The next packet, if one is ready.
    pub fn receive(&mut self) -> Result<Option<ffmpeg::Packet>, EncodeError> {
        super::receive(&mut self.encoder)
    }
}

/// Copies the planes of `picture` into a frame of the same size.
pub(super) fn copy_into(frame: &mut ffmpeg::frame::Video, picture: &YuvPicture) {
    for plane in 0..3 {
        let stride = frame.stride(plane).max(1);
        let width = picture.plane_width(plane).max(1);
        let rows = frame.data_mut(plane).chunks_mut(stride);
        for (to, from) in rows.zip(picture.plane(plane).chunks(width)) {
            if let Some(to) = to.get_mut(..from.len()) {
                to.copy_from_slice(from);
            }
        }
    }
}

fn open_first(
    encoders: &[Encoder],
    settings: &VideoSettings,
    global_header: bool,
) -> Result<VideoEncoder, EncodeError> {
    let mut refused = None;
    for wanted in encoders {
        let Some(codec) = ffmpeg::encoder::find_by_name(wanted.name) else {
            continue;
        };
        match open(codec, wanted, settings, global_header) {
            Ok(encoder) => return Ok(encoder),
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.unwrap_or(EncodeError::NoEncoder(settings.codec.name())))
}

fn open(
    codec: ffmpeg::Codec,
    wanted: &Encoder,
    settings: &VideoSettings,
    global_header: bool,
) -> Result<VideoEncoder, EncodeError> {
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let (width, height) = settings.size;
    let context = ffmpeg::codec::Context::new_with_codec(codec);
    let mut video = context.encoder().video().map_err(EncodeError::encoder)?;
    video.set_width(side(width));
    video.set_height(side(height));
    video.set_format(ffmpeg::format::Pixel::YUV420P);
    video.set_time_base(fraction(settings.time_base));
    video.set_frame_rate(Some(fraction(settings.frame_rate)));
    video.set_gop(settings.key_frame_distance);
    let (space, primaries, transfer) = match settings.matrix {
        ColourMatrix::Bt601 => (
            ffi::AVColorSpace::AVCOL_SPC_SMPTE170M,
            ffi::AVColorPrimaries::AVCOL_PRI_SMPTE170M,
            ffi::AVColorTransferCharacteristic::AVCOL_TRC_SMPTE170M,
        ),
        ColourMatrix::Bt709 => (
            ffi::AVColorSpace::AVCOL_SPC_BT709,
            ffi::AVColorPrimaries::AVCOL_PRI_BT709,
            ffi::AVColorTransferCharacteristic::AVCOL_TRC_BT709,
        ),
        ColourMatrix::Bt2020 => (
            ffi::AVColorSpace::AVCOL_SPC_BT2020_NCL,
            ffi::AVColorPrimaries::AVCOL_PRI_BT2020,
            ffi::AVColorTransferCharacteristic::AVCOL_TRC_BT2020_10,
        ),
    };
    // SAFETY: the context was just allocated and is not open yet, which is when these fields may be set.
    unsafe {
        let raw = video.as_mut_ptr();
        (*raw).thread_count = ENCODER_THREADS;
        (*raw).color_range = ffi::AVColorRange::AVCOL_RANGE_MPEG;
        (*raw).colorspace = space;
        (*raw).color_primaries = primaries;
        (*raw).color_trc = transfer;
        if global_header {
            (*raw).flags |= ffi::AV_CODEC_FLAG_GLOBAL_HEADER as i32;
        }
    }
    let mut options = ffmpeg::Dictionary::new();
    let (quality, factor) = wanted.quality;
    options.set(quality, &format!("{:.0}", f64::from(settings.quality) * factor));
    for (key, value) in wanted.options {
        options.set(key, value);
    }
    let encoder = video.open_with(options).map_err(EncodeError::encoder)?;
    Ok(VideoEncoder {
        encoder,
        size: settings.size,
        frame: ffmpeg::frame::Video::new(ffmpeg::format::Pixel::YUV420P, side(width), side(height)),
    })
}

/// FFmpeg's fraction.
pub(super) fn fraction(value: Rational) -> ffmpeg::Rational {
    let part = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    ffmpeg::Rational::new(part(value.num), part(value.den))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_encoder_is_named_with_what_to_do() {
        let unknown = [Encoder {
            name: "no-such-encoder",
            quality: ("crf", 1.0),
            options: &[],
        }];
        let rate = Rational { num: 30, den: 1 };
        let settings = VideoSettings {
            codec: VideoCodec::Av1,
            size: (64, 64),
            time_base: rate.recip(),
            frame_rate: rate,
            quality: 20,
            key_frame_distance: 30,
            matrix: ColourMatrix::Bt709,
        };
        let error = open_first(&unknown, &settings, true).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "no AV1 encoder");
        assert!(error.hint().unwrap().contains("mtbsync doctor"));
    }
}
