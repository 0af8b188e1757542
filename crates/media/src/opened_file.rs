//! One file, opened, indexed and proven decodable, before it becomes a recording, a chapter or a proxy.

use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;
use mtbsync_formats::open_file;

use crate::decoder::{Decoded, VideoDecoder, is_damaged};
use crate::demux::{Demuxer, Next, PacketFilter, StreamFacts, StreamKind};
use crate::error::OpenError;
use crate::gopro::MediaId;
use crate::index::{PacketIndex, read_index};
use crate::info::{self, VideoInfo};
use crate::layout::{LumaLayout, square_pixel_size};
use crate::mp4box;
use crate::source::FileIdentity;
use crate::timeline::{Pts, Timeline};

/// Key frames tried before a recording counts as undecodable.
const MAX_PROBED_KEY_FRAMES: usize = 64;

/// A file that can be decoded.
pub(crate) struct OpenedFile {
    pub path: PathBuf,
    pub identity: FileIdentity,
    /// The camera's ids of the recording it belongs to.
    pub media_id: MediaId,
    pub info: VideoInfo,
    pub timeline: Timeline,
    pub video: StreamFacts,
    pub index: PacketIndex,
}

/// What only a decoded picture tells.
struct PictureFacts {
    bit_depth: u32,
    full_range: bool,
    coded: (usize, usize),
}

impl OpenedFile {
    /// Opens the file at `path`, which may stand beside the one that was named: a file that is unfit gives
    /// the reason, one that the system cannot read ends it all.
    pub fn open_beside(path: &Path) -> Result<Result<OpenedFile, String>, OpenError> {
        match OpenedFile::open(path) {
            Ok(file) => Ok(Ok(file)),
            Err(error) if error.is_of_system() => Err(error.of(path)),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// Opens the file at `path`; fails unless at least one frame can be decoded.
    pub fn open(path: &Path) -> Result<OpenedFile, OpenError> {
        check_path(path)?;
        let mut demuxer = match Demuxer::open(path) {
            // An MP4 without its index is told from any other unreadable file.
            Err(OpenError::Unreadable) if mp4box::lacks_moov(path)? => return Err(OpenError::NoMoov),
            opened => opened?,
        };
        let streams = demuxer.streams();
        let video = info::choose_video(&streams)
            .ok_or(OpenError::NoVideoTrack)?
            .clone();
        if video.time_base.is_none() {
            return Err(OpenError::Unreadable);
        }
        demuxer.check_decoded(video.index)?;
        let index = read_index(&mut demuxer, &video, path)?;
        let nothing = if index.is_truncated {
            OpenError::CutOff
        } else {
            OpenError::NoDecodableFrame
        };
        if index.entries.is_empty() {
            return Err(nothing);
        }
        let picture = match probe_picture(path, video.index) {
            Err(OpenError::NoDecodableFrame) => return Err(nothing),
            probed => probed?,
        };
        let timeline = timeline(&video, &index);
        let info = video_info(&demuxer, &streams, &video, &index, &timeline, &picture);
        let media_id = MediaId::read(path)?;
        demuxer.check_source()?;
        Ok(OpenedFile {
            path: path.to_owned(),
            identity: demuxer.identity(),
            media_id,
            info,
            timeline,
            video,
            index,
        })
    }
}

/// Refuses what can be refused without parsing.
fn check_path(path: &Path) -> Result<(), OpenError> {
    let length = open_file(path)?.metadata()?.len();
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    match extension.as_deref().and_then(|extension| extension.to_str()) {
        Some("thm") => return Err(OpenError::Thumbnail),
        Some("360") => return Err(OpenError::Spherical),
        _ => {}
    }
    if length == 0 {
        Err(OpenError::Empty)
    } else {
        Ok(())
    }
}

/// Decodes the first decodable key frame.
fn probe_picture(path: &Path, stream: usize) -> Result<PictureFacts, OpenError> {
    let mut demuxer = Demuxer::open_quickly(path)?;
    demuxer.select(stream, PacketFilter::KeyFrames);
    let mut decoder = VideoDecoder::open(&demuxer, stream, 1)?;
    let mut frame = ffmpeg::frame::Video::empty();
    let mut tried = 0;
    loop {
        let packet = match demuxer.read()? {
            Next::Packet(facts, packet) if tried < MAX_PROBED_KEY_FRAMES => {
                if facts.stream != stream || !facts.is_key || facts.is_damaged {
                    continue;
                }
                packet
            }
            _ => return Err(OpenError::NoDecodableFrame),
        };
        tried += 1;
        // One key frame at a time: a decoder that reorders would want several before it gives one out.
        decoder.send(packet, 0)?;
        decoder.finish();
        if drain(&mut decoder, &mut frame)? {
            break;
        }
        decoder.flush();
    }
    let layout = LumaLayout::of(&frame)?;
    Ok(PictureFacts {
        bit_depth: layout.depth,
        full_range: layout.is_full_range(&frame),
        coded: (frame.width() as usize, frame.height() as usize),
    })
}

/// Whether an intact picture is among those still in the decoder; the first such one is in `frame`.
fn drain(decoder: &mut VideoDecoder, frame: &mut ffmpeg::frame::Video) -> Result<bool, OpenError> {
    loop {
        match decoder.receive(frame) {
            Decoded::Picture if !is_damaged(frame) => return Ok(true),
            Decoded::Picture | Decoded::Damaged => {}
            Decoded::NoMemory => return Err(OpenError::NoMemory),
            Decoded::End | Decoded::NeedsPacket => return Ok(false),
        }
    }
}

/// The shown frames, moved so that the first one is at 0.
fn timeline(video: &StreamFacts, index: &PacketIndex) -> Timeline {
    let time_base = video.time_base.unwrap_or(info::FALLBACK_TIME_BASE);
    let zero = index.first_pts();
    let ticks = |pts: i64| Pts(pts.saturating_sub(zero));
    let frames = index.entries.iter().map(|entry| (ticks(entry.pts), entry.is_key));
    let last = index.entries.last().map_or(Pts(0), |entry| ticks(entry.pts));
    let without_end = Timeline::new(time_base, frames.clone(), last);
    // Edit lists are written in coarse units, so the announced end may be off by most of a frame. A recording
    // of constant rate lasts as long as its frames do.
    let announced = Some(index.last_duration).filter(|duration| *duration > 0);
    let regular = without_end
        .median_gap()
        .filter(|_| without_end.is_constant_rate());
    let last_duration = regular
        .or(announced)
        .or_else(|| without_end.median_gap())
        .unwrap_or(1);
    Timeline::new(time_base, frames, Pts(last.0.saturating_add(last_duration)))
}

fn video_info(
    demuxer: &Demuxer,
    streams: &[StreamFacts],
    video: &StreamFacts,
    index: &PacketIndex,
    timeline: &Timeline,
    picture: &PictureFacts,
) -> VideoInfo {
    let (width, height) = square_pixel_size(picture.coded, video.sample_aspect);
    let side = |length: f64| (length.round() as usize).max(1);
    let (width, height) = video.orientation.apply_to_size(side(width), side(height));
    VideoInfo {
        container: demuxer.container(),
        codec: video.codec.clone(),
        bit_depth: picture.bit_depth,
        width,
        height,
        coded_width: picture.coded.0,
        coded_height: picture.coded.1,
        rotation_deg: video.orientation.rotation_deg(),
        frame_rate: info::nominal_frame_rate(timeline, video),
        is_constant_rate: timeline.is_constant_rate(),
        full_range: picture.full_range,
        frame_count: timeline.len(),
        has_audio: streams.iter().any(|stream| stream.kind == StreamKind::Audio),
        start_timecode: info::start_timecode(demuxer, streams, video),
        duration_secs: timeline.duration_secs(),
        container_start_secs: timeline.secs(Pts(index.first_pts())),
        is_truncated: index.is_truncated,
        streams: info::summaries(streams),
    }
}
