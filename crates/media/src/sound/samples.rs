//! Decoded sound of any sample format as floating-point numbers, -1 to 1.

use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type;

/// The first `max_channels` channels of `frame`; none for a format that no decoder gives.
pub(super) fn to_float(frame: &ffmpeg::frame::Audio, max_channels: usize) -> Vec<Vec<f32>> {
    let channels = usize::from(frame.channels());
    let wanted = 0..channels.min(max_channels);
    wanted
        .map(|channel| {
            let (plane, first, step) = if frame.is_planar() {
                (channel, 0, 1)
            } else {
                (0, channel, channels)
            };
            if plane >= frame.planes() {
                return Vec::new();
            }
            let layout = ChannelSamples {
                first,
                step,
                count: frame.samples(),
            };
            let bytes = frame.data(plane);
            match frame.format() {
                Sample::U8(_) => layout.read(bytes, |[byte]| (f32::from(byte) - 128.0) / 128.0),
                Sample::I16(_) => layout.read(bytes, |b| f32::from(i16::from_ne_bytes(b)) / 32_768.0),
                Sample::I32(_) => layout.read(bytes, |b| {
                    (f64::from(i32::from_ne_bytes(b)) / 2_147_483_648.0) as f32
                }),
                Sample::F32(Type::Packed | Type::Planar) => layout.read(bytes, f32::from_ne_bytes),
                Sample::F64(_) => layout.read(bytes, |b| f64::from_ne_bytes(b) as f32),
                Sample::I64(_) | Sample::None => Vec::new(),
            }
        })
        .collect()
}

/// Which samples of a plane belong to a channel.
struct ChannelSamples {
    first: usize,
    step: usize,
    count: usize,
}

impl ChannelSamples {
    /// Reads samples of `N` bytes; what is no number becomes silence.
    fn read<const N: usize>(&self, bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        let (samples, _) = bytes.as_chunks::<N>();
        let own = samples
            .iter()
            .skip(self.first)
            .step_by(self.step.max(1))
            .take(self.count);
        own.map(|sample| value(*sample))
            .map(|value| if value.is_finite() { value } else { 0.0 })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_taken_apart_and_scaled() {
        let bytes: Vec<u8> = [0_i16, -32_768, 16_384, 1, 99, 99]
            .iter()
            .flat_map(|sample| sample.to_ne_bytes())
            .collect();
        let of = |first| ChannelSamples {
            first,
            step: 2,
            count: 2,
        };
        let scaled = |b| f32::from(i16::from_ne_bytes(b)) / 32_768.0;
        assert_eq!(of(0).read(&bytes, scaled), [0.0, 0.5]);
        assert_eq!(of(1).read(&bytes, scaled), [-1.0, 1.0 / 32_768.0]);
        let odd = f32::NAN.to_ne_bytes();
        assert_eq!(of(0).read(&odd, f32::from_ne_bytes), [0.0]);
    }
}
