//! What the linked FFmpeg can decode and encode, for `mtbsync doctor`.

use ffmpeg_next as ffmpeg;
use ffmpeg_next::codec::Id;

/// Codecs that matter to this program.
const CODECS: [Id; 3] = [Id::H264, Id::HEVC, Id::AV1];

/// Names of the available implementations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// Version of libavcodec, such as `59.37.100`.
    pub libavcodec_version: String,
    /// One entry each for H.264, HEVC and AV1.
    pub codecs: Vec<CodecSupport>,
}

/// Support for one codec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodecSupport {
    /// FFmpeg's name of the codec: `h264`, `hevc`, `av1`.
    pub codec: &'static str,
    /// The decoder that would be used.
    pub decoder: Option<String>,
    /// The encoder that would be used by default.
    pub encoder: Option<String>,
}

/// Asks the linked library.
pub fn capabilities() -> Capabilities {
    let version = ffmpeg::codec::version();
    let support = |id: Id| CodecSupport {
        codec: id.name(),
        decoder: ffmpeg::decoder::find(id).map(|codec| codec.name().to_owned()),
        encoder: ffmpeg::encoder::find(id).map(|codec| codec.name().to_owned()),
    };
    Capabilities {
        // Three numbers in one, as libavutil's AV_VERSION_INT packs them.
        libavcodec_version: format!("{}.{}.{}", version >> 16, (version >> 8) & 0xff, version & 0xff),
        codecs: CODECS.into_iter().map(support).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_codecs_can_be_decoded() {
        let found = capabilities();
        assert_eq!(
            found
                .codecs
                .iter()
                .map(|support| support.codec)
                .collect::<Vec<_>>(),
            ["h264", "hevc", "av1"]
        );
        assert!(
            found
                .codecs
                .iter()
                .take(2)
                .all(|support| support.decoder.is_some()),
            "{found:?}"
        );
        assert_eq!(found.libavcodec_version.split('.').count(), 3);
    }
}
