//! What is decoded at all: codecs and pixel formats of cameras, phones and editors, pictures up to 8K. A file
//! can name any of the hundreds that FFmpeg knows, and a megabyte of some kinds asks for a gigabyte of
//! pictures.
//!
//! With these bounds, decoding one file holds at most as many pictures as its codec refers to (16 in H.264
//! and HEVC) and one per decoder thread. A process that decodes for strangers needs nothing more than the
//! system's limits (`RLIMIT_AS`, `RLIMIT_CPU`): a refused allocation ends decoding with an error.

use std::ffi::{CStr, CString};
use std::ptr;
use std::sync::OnceLock;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::codec::Id;
use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;

use crate::error::OpenError;

/// Codecs of pictures that are decoded.
const PICTURE_CODECS: [Id; 16] = [
    // Cameras, phones, drones; proxies; screen recordings.
    Id::H264,
    Id::HEVC,
    Id::AV1,
    Id::VP8,
    Id::VP9,
    // Older cameras.
    Id::MPEG4,
    Id::MPEG2VIDEO,
    Id::MPEG1VIDEO,
    Id::H263,
    Id::MJPEG,
    Id::DVVIDEO,
    // Editors and archives.
    Id::PRORES,
    Id::DNXHD,
    Id::CFHD,
    Id::FFV1,
    Id::RAWVIDEO,
];

/// Codecs of sound that are decoded.
const SOUND_CODECS: [Id; 22] = [
    Id::AAC,
    Id::AAC_LATM,
    Id::MP2,
    Id::MP3,
    Id::AC3,
    Id::EAC3,
    Id::OPUS,
    Id::VORBIS,
    Id::FLAC,
    Id::ALAC,
    Id::AMR_NB,
    Id::ADPCM_IMA_QT,
    Id::ADPCM_IMA_WAV,
    Id::PCM_U8,
    Id::PCM_S16LE,
    Id::PCM_S16BE,
    Id::PCM_S24LE,
    Id::PCM_S24BE,
    Id::PCM_S32LE,
    Id::PCM_S32BE,
    Id::PCM_F32LE,
    Id::PCM_F32BE,
];

/// Formats of decoded pictures that are taken: grey and YUV of 8 to 12 bits, with or without transparency.
const PIXEL_FORMATS: [Pixel; 33] = [
    Pixel::YUV420P,
    Pixel::YUV422P,
    Pixel::YUV444P,
    Pixel::YUV440P,
    Pixel::YUV411P,
    Pixel::YUVJ420P,
    Pixel::YUVJ422P,
    Pixel::YUVJ444P,
    Pixel::YUVJ440P,
    Pixel::YUV420P10LE,
    Pixel::YUV422P10LE,
    Pixel::YUV444P10LE,
    Pixel::YUV440P10LE,
    Pixel::YUV420P12LE,
    Pixel::YUV422P12LE,
    Pixel::YUV444P12LE,
    Pixel::YUV440P12LE,
    Pixel::YUVA420P,
    Pixel::YUVA422P,
    Pixel::YUVA444P,
    Pixel::YUVA420P10LE,
    Pixel::YUVA422P10LE,
    Pixel::YUVA444P10LE,
    Pixel::YUVA422P12LE,
    Pixel::YUVA444P12LE,
    Pixel::NV12,
    Pixel::NV21,
    Pixel::P010LE,
    Pixel::UYVY422,
    Pixel::YUYV422,
    Pixel::GRAY8,
    Pixel::GRAY10LE,
    Pixel::GRAY12LE,
];

/// Most pixels of a picture: 8192 × 4320, the largest of HEVC's highest level (ITU-T H.265, table A.8) and
/// above what any action camera writes (2026: 7680 × 4320).
pub(crate) const MAX_PIXELS: usize = 8192 * 4320;

/// Most samples per channel in one block of sound; the codecs above have a few thousand, FLAC up to 65,535.
pub(crate) const MAX_BLOCK_SAMPLES: i64 = 1 << 20;

/// Most bytes FFmpeg may ask for at once. A packet table of 12 hours at 240 pictures a second takes 249 MB, a
/// plane of the largest picture 71 MB.
pub(crate) const MAX_ALLOCATION_BYTES: usize = 256 << 20;

/// Bounds what FFmpeg asks for at once, in the whole process.
pub(crate) fn bound_allocations() {
    // SAFETY: sets one number of the library, atomically.
    unsafe { ffi::av_max_alloc(MAX_ALLOCATION_BYTES) };
}

/// Refuses pictures of another codec, or larger ones, before a decoder is opened.
pub(crate) fn check_pictures(codec: Id, size: (usize, usize)) -> Result<(), OpenError> {
    if !PICTURE_CODECS.contains(&codec) {
        return Err(OpenError::UnsupportedCodec(codec.name().to_owned()));
    }
    check_size(size)
}

/// Whether sound of this codec is decoded.
pub(crate) fn is_sound_decoded(codec: Id) -> bool {
    SOUND_CODECS.contains(&codec)
}

/// Refuses a decoded picture that is of another format, too large, or whose rows do not lie in its memory. A
/// stream may change format and size at any picture.
pub(crate) fn check_frame(frame: &ffmpeg::frame::Video) -> Result<(), OpenError> {
    let format = frame.format();
    if !PIXEL_FORMATS.contains(&format) {
        return Err(OpenError::UnsupportedPixelFormat(format_name(format)));
    }
    let size = (frame.width() as usize, frame.height() as usize);
    check_size(size)?;
    let descriptor = format.descriptor();
    let chroma_shift = descriptor.map_or(0, |descriptor| u32::from(descriptor.log2_chroma_h()));
    let is_whole = (0..planes(format)).all(|plane| {
        let is_chroma = plane == 1 || plane == 2;
        let rows = if is_chroma {
            size.1.div_ceil(1 << chroma_shift)
        } else {
            size.1
        };
        is_plane_whole(frame, plane, rows)
    });
    if is_whole {
        Ok(())
    } else {
        Err(OpenError::BrokenPicture)
    }
}

fn check_size(size: (usize, usize)) -> Result<(), OpenError> {
    if size.0.saturating_mul(size.1) > MAX_PIXELS {
        Err(OpenError::TooLarge(size.0, size.1))
    } else {
        Ok(())
    }
}

fn planes(format: Pixel) -> i32 {
    // SAFETY: a look into a static table of the library, by any number.
    unsafe { ffi::av_pix_fmt_count_planes(format.into()) }
}

fn format_name(format: Pixel) -> String {
    format
        .descriptor()
        .map_or_else(|| "unknown".to_owned(), |descriptor| descriptor.name().to_owned())
}

/// Whether `rows` rows of `plane`, each as long as the format and width of `frame` ask for, lie in the memory
/// that the frame holds.
fn is_plane_whole(frame: &ffmpeg::frame::Video, plane: i32, rows: usize) -> bool {
    let Ok(number) = usize::try_from(plane) else {
        return false;
    };
    // SAFETY: a `Video` wraps an allocated AVFrame; the library looks its buffers up without writing, and the
    // buffer lives as long as the frame. Only addresses are compared, nothing is read behind them.
    let (start, stride, row_bytes, memory) = unsafe {
        let raw = frame.as_ptr().cast_mut();
        let buffer = ffi::av_frame_get_plane_buffer(raw, plane);
        if buffer.is_null() {
            return false;
        }
        let row_bytes = ffi::av_image_get_linesize(frame.format().into(), (*raw).width, plane);
        let (Some(start), Some(stride)) = ((*raw).data.get(number), (*raw).linesize.get(number)) else {
            return false;
        };
        let memory = ((*buffer).data as i128, (*buffer).size as i128);
        (*start as i128, i128::from(*stride), i128::from(row_bytes), memory)
    };
    let last = start + (rows.max(1) as i128 - 1) * stride;
    row_bytes > 0
        && (rows <= 1 || stride.abs() >= row_bytes)
        && start.min(last) >= memory.0
        && start.max(last) + row_bytes <= memory.0 + memory.1
}

/// Names of the decoders that may look at the beginning of a file's streams, separated by commas.
pub(crate) fn decoder_names() -> &'static CStr {
    static NAMES: OnceLock<CString> = OnceLock::new();
    NAMES.get_or_init(|| {
        let mut names = Vec::new();
        let mut place = ptr::null_mut();
        loop {
            // SAFETY: goes through the library's static table of codecs; `place` is its bookmark. Names are
            // static and NUL-terminated.
            let (id, name) = unsafe {
                let codec = ffi::av_codec_iterate(&raw mut place);
                if codec.is_null() {
                    break;
                }
                if ffi::av_codec_is_decoder(codec) == 0 {
                    continue;
                }
                (Id::from((*codec).id), CStr::from_ptr((*codec).name))
            };
            if PICTURE_CODECS.contains(&id) || SOUND_CODECS.contains(&id) {
                names.push(name.to_bytes());
            }
        }
        CString::new(names.join(&b',')).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_up_to_8k_of_known_codecs() {
        assert_eq!(check_pictures(Id::HEVC, (8192, 4320)), Ok(()));
        assert_eq!(
            check_pictures(Id::HEVC, (8192, 4321)),
            Err(OpenError::TooLarge(8192, 4321))
        );
        assert_eq!(
            check_pictures(Id::PNG, (16, 16)),
            Err(OpenError::UnsupportedCodec("png".to_owned()))
        );
    }

    #[test]
    fn rows_must_lie_in_the_memory_of_their_frame() {
        for format in PIXEL_FORMATS {
            let mut frame = ffmpeg::frame::Video::new(format, 64, 48);
            assert_eq!(check_frame(&frame), Ok(()), "{format:?}");
            // SAFETY: only numbers of a frame that nobody reads are changed.
            unsafe { (*frame.as_mut_ptr()).height = 4096 };
            assert_eq!(check_frame(&frame), Err(OpenError::BrokenPicture), "{format:?}");
            // SAFETY: as above.
            unsafe {
                (*frame.as_mut_ptr()).height = 48;
                (*frame.as_mut_ptr()).linesize[0] = 63;
            }
            assert_eq!(check_frame(&frame), Err(OpenError::BrokenPicture), "{format:?}");
        }
        let rows_of_6_bytes_per_4_pixels = ffmpeg::frame::Video::new(Pixel::UYYVYY411, 64, 48);
        assert_eq!(
            check_frame(&rows_of_6_bytes_per_4_pixels),
            Err(OpenError::UnsupportedPixelFormat("uyyvyy411".to_owned()))
        );
    }

    #[test]
    fn the_usual_decoders_are_named() {
        let names = decoder_names().to_str().expect("ASCII").split(',');
        let names: Vec<&str> = names.collect();
        assert!(
            ["h264", "hevc", "mjpeg", "aac"]
                .iter()
                .all(|name| names.contains(name))
        );
        assert!(!names.contains(&"png"));
    }
}
