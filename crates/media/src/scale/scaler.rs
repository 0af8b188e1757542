//! The conversion of one decoded picture, by libswscale.

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::software::scaling;

use super::{ColourMatrix, PictureConverter, YuvPicture};
use crate::error::FrameError;
use crate::layout::LumaLayout;
use crate::orientation::Orientation;
use crate::part::Part;

/// Recordings without a word about their colours follow BT.709 from this height on, as players take them.
const HIGH_DEFINITION_ROWS: u32 = 720;

/// Unity in the 16.16 numbers of `sws_setColorspaceDetails`.
const UNITY: i32 = 1 << 16;

/// What the numbers of a picture mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tones {
    pub matrix: ColourMatrix,
    /// 0..255 for luma in place of 16..235.
    pub full_range: bool,
}

/// Turns decoded pictures of one stream into upright colour pictures of one size.
pub(crate) struct YuvScaler {
    /// Size before turning.
    lying: (usize, usize),
    orientation: Orientation,
    /// `None`: the matrix stays, the range becomes limited.
    target: Option<Tones>,
    context: Option<(ScalerInput, SwsContext)>,
    scaled: ffmpeg::frame::Video,
}

/// What a context was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ScalerInput {
    format: ffmpeg::format::Pixel,
    width: u32,
    height: u32,
    tones: Tones,
}

struct SwsContext(scaling::Context);

// SAFETY: a libswscale context is plain memory without ties to a thread; `&mut` keeps it to one at a time.
unsafe impl Send for SwsContext {}

/// How [`YuvScaler`] delivers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct YuvOptions {
    /// Size when upright, both even.
    pub size: (usize, usize),
    pub target: Option<Tones>,
}

impl PictureConverter for YuvScaler {
    type Options = YuvOptions;
    type Picture = YuvPicture;

    fn new(part: &Part, options: &YuvOptions) -> YuvScaler {
        let (width, height) = options.size;
        YuvScaler {
            lying: part.orientation.apply_to_size(width, height),
            orientation: part.orientation,
            target: options.target,
            context: None,
            scaled: ffmpeg::frame::Video::empty(),
        }
    }

    fn convert(&mut self, frame: &ffmpeg::frame::Video) -> Result<YuvPicture, FrameError> {
        let source = ScalerInput {
            format: frame.format(),
            width: frame.width(),
            height: frame.height(),
            tones: tones_of(frame)?,
        };
        let context = match &mut self.context {
            Some((known, context)) if *known == source => context,
            stale => {
                let target = self.target.unwrap_or(Tones {
                    full_range: false,
                    ..source.tones
                });
                let (_, context) = stale.insert((source, open(&source, self.lying, target)?));
                context
            }
        };
        context.0.run(frame, &mut self.scaled).map_err(scale_error)?;
        self.upright()
    }
}

impl YuvScaler {
    /// The scaled picture without padding, turned.
    fn upright(&self) -> Result<YuvPicture, FrameError> {
        let (width, height) = self.lying;
        let plane = |number: usize| {
            let (width, height) = if number == 0 {
                (width, height)
            } else {
                (width / 2, height / 2)
            };
            let mut packed = Vec::with_capacity(width * height);
            for row in self
                .scaled
                .data(number)
                .chunks(self.scaled.stride(number))
                .take(height)
            {
                packed.extend_from_slice(row.get(..width).unwrap_or_default());
            }
            self.orientation.apply(packed, width, height)
        };
        let planes = [plane(0), plane(1), plane(2)];
        let (width, height) = self.orientation.apply_to_size(width, height);
        YuvPicture::from_planes(width, height, planes)
            .ok_or_else(|| FrameError::Scale("unexpected picture layout".to_owned()))
    }
}

/// What the numbers of a decoded picture mean, by what the stream says, else by custom.
pub(crate) fn tones_of(frame: &ffmpeg::frame::Video) -> Result<Tones, FrameError> {
    let layout = LumaLayout::of(frame)?;
    use ffmpeg::color::Space;
    let matrix = match frame.color_space() {
        Space::BT709 => ColourMatrix::Bt709,
        Space::BT2020NCL | Space::BT2020CL => ColourMatrix::Bt2020,
        Space::BT470BG | Space::SMPTE170M | Space::FCC => ColourMatrix::Bt601,
        _ if frame.width().min(frame.height()) >= HIGH_DEFINITION_ROWS => ColourMatrix::Bt709,
        _ => ColourMatrix::Bt601,
    };
    Ok(Tones {
        matrix,
        full_range: layout.is_full_range(frame),
    })
}

fn open(source: &ScalerInput, to: (usize, usize), target: Tones) -> Result<SwsContext, FrameError> {
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    // Every source pixel counts when shrinking; exact rounding makes the pixels the same on every processor.
    let flags = scaling::Flags::BICUBIC | scaling::Flags::ACCURATE_RND | scaling::Flags::BITEXACT;
    let mut context = scaling::Context::get(
        source.format,
        source.width,
        source.height,
        ffmpeg::format::Pixel::YUV420P,
        side(to.0),
        side(to.1),
        flags,
    )
    .map_err(scale_error)?;
    // SAFETY: the context is valid; the tables are static memory of the library, for every matrix number.
    let set = unsafe {
        ffi::sws_setColorspaceDetails(
            context.as_mut_ptr(),
            ffi::sws_getCoefficients(coefficients(source.tones.matrix)),
            i32::from(source.tones.full_range),
            ffi::sws_getCoefficients(coefficients(target.matrix)),
            i32::from(target.full_range),
            0,
            UNITY,
            UNITY,
        )
    };
    if set < 0 && source.tones != target {
        return Err(FrameError::Scale("colours cannot be converted".to_owned()));
    }
    Ok(SwsContext(context))
}

fn coefficients(matrix: ColourMatrix) -> i32 {
    match matrix {
        ColourMatrix::Bt601 => ffi::SWS_CS_ITU601,
        ColourMatrix::Bt709 => ffi::SWS_CS_ITU709,
        ColourMatrix::Bt2020 => ffi::SWS_CS_BT2020,
    }
}

fn scale_error(error: ffmpeg::Error) -> FrameError {
    FrameError::Scale(error.to_string())
}
