//! An opened recording: facts, timeline and the way to its frames. Opening checks everything that can be checked
//! cheaply (is there a video track, can its codec be decoded, does one frame come out), so that long work never
//! starts on a file that cannot be read.

use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;

use crate::decoder::{Decoded, VideoDecoder, is_damaged};
use crate::demux::{Demuxer, Next, StreamFacts, StreamKind, Wanted};
use crate::error::OpenError;
use crate::frames::{FrameOptions, FrameStream};
use crate::index::{PacketIndex, read_index};
use crate::info::{self, VideoInfo};
use crate::luma::{LumaLayout, square_pixel_size};
use crate::orientation::Orientation;
use crate::plan::{self, SamplePlan, SampleRequest};
use crate::rational::Rational;
use crate::timeline::{Pts, Timeline};

/// Key frames tried before a recording counts as undecodable.
const MAX_PROBED_KEY_FRAMES: usize = 64;

/// How to open a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenOptions {}

/// One file of a recording and the index of its frames.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub path: PathBuf,
    pub stream: usize,
    pub index: PacketIndex,
    /// Index in the recording's timeline of this file's first frame.
    pub first_index: usize,
    pub coded: (usize, usize),
    pub sample_aspect: Option<Rational>,
    pub orientation: Orientation,
}

impl Part {
    /// Index in the recording's timeline of the frame at `position` of this file's index.
    pub fn timeline_index(&self, position: usize) -> usize {
        self.first_index + position
    }
}

/// A recording whose frames are known and can be decoded.
#[derive(Debug, Clone)]
pub struct Recording {
    path: PathBuf,
    info: VideoInfo,
    timeline: Timeline,
    parts: Vec<Part>,
}

impl Recording {
    /// Opens and indexes the recording at `path`.
    pub fn open(path: &Path, _options: &OpenOptions) -> Result<Recording, OpenError> {
        let file = OpenedFile::open(path)?;
        let timeline = file.timeline();
        let info = file.info(&timeline);
        let parts = vec![file.into_part(0)];
        Ok(Recording {
            path: path.to_owned(),
            info,
            timeline,
            parts,
        })
    }

    /// The path it was opened with.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Facts about the recording as a whole.
    pub fn info(&self) -> &VideoInfo {
        &self.info
    }

    /// When each frame is shown.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Chooses the frames for `request`. Key frames alone are planned when they are dense enough
    /// ([`KEY_GAP_SLACK`](crate::KEY_GAP_SLACK)) and `request.dense` is not set; the analysed frames are then the
    /// key frames nearest to the grid, and there are no fine frames. Otherwise they are the frames nearest to the
    /// grid, and fine frames are added nearest to the denser grid.
    pub fn plan(&self, request: &SampleRequest) -> SamplePlan {
        plan::plan(&self.timeline, &self.parts, request)
    }

    /// Decodes the frames of `plan`, which must come from this recording, in presentation order.
    pub fn frames(&self, plan: &SamplePlan, options: &FrameOptions) -> FrameStream {
        FrameStream::new(&self.parts, plan, *options)
    }
}

/// One indexed file, before it becomes (part of) a recording.
struct OpenedFile {
    path: PathBuf,
    demuxer: Demuxer,
    streams: Vec<StreamFacts>,
    video: StreamFacts,
    time_base: Rational,
    index: PacketIndex,
    picture: PictureFacts,
}

/// What only a decoded picture tells.
struct PictureFacts {
    bit_depth: u32,
    full_range: bool,
    coded: (usize, usize),
}

impl OpenedFile {
    fn open(path: &Path) -> Result<OpenedFile, OpenError> {
        check_path(path)?;
        let mut demuxer = Demuxer::open(path).map_err(|error| refine_open_error(path, error))?;
        let streams = demuxer.streams();
        let video = info::choose_video(&streams)
            .ok_or(OpenError::NoVideoTrack)?
            .clone();
        let time_base = video.time_base.ok_or(OpenError::Unreadable)?;
        let index = read_index(&mut demuxer, video.index);
        if index.entries.is_empty() {
            return Err(OpenError::NoDecodableFrame);
        }
        let picture = probe_picture(path, video.index)?;
        Ok(OpenedFile {
            path: path.to_owned(),
            demuxer,
            streams,
            video,
            time_base,
            index,
            picture,
        })
    }

    fn timeline(&self) -> Timeline {
        let zero = self.index.entries.first().map_or(0, |entry| entry.pts);
        let ticks = |pts: i64| Pts(pts.saturating_sub(zero));
        let frames = self
            .index
            .entries
            .iter()
            .map(|entry| (ticks(entry.pts), entry.is_key));
        let last = self.index.entries.last().map_or(Pts(0), |entry| ticks(entry.pts));
        let unended = Timeline::new(self.time_base, frames.clone(), last);
        let announced = Some(self.index.last_duration).filter(|duration| *duration > 0);
        let last_duration = announced.or_else(|| unended.median_gap()).unwrap_or(1);
        Timeline::new(self.time_base, frames, Pts(last.0.saturating_add(last_duration)))
    }

    fn info(&self, timeline: &Timeline) -> VideoInfo {
        let video = &self.video;
        let (width, height) = square_pixel_size(self.picture.coded, video.sample_aspect);
        let side = |length: f64| (length.round() as usize).max(1);
        let (width, height) = video.orientation.apply_to_size(side(width), side(height));
        let first_pts = self.index.entries.first().map_or(0, |entry| entry.pts);
        VideoInfo {
            container: self.demuxer.container(),
            codec: video.codec.clone(),
            bit_depth: self.picture.bit_depth,
            width,
            height,
            coded_width: self.picture.coded.0,
            coded_height: self.picture.coded.1,
            rotation_deg: video.orientation.rotation_deg(),
            frame_rate: info::nominal_frame_rate(timeline, video),
            is_constant_rate: timeline.is_constant_rate(),
            full_range: self.picture.full_range,
            frame_count: timeline.len(),
            has_audio: self.streams.iter().any(|stream| stream.kind == StreamKind::Audio),
            start_timecode: info::start_timecode(&self.demuxer, &self.streams, video),
            duration_secs: timeline.duration_secs(),
            container_start_secs: timeline.secs(Pts(first_pts)),
            creation_time: self.demuxer.metadata(c"creation_time"),
            is_truncated: self.index.is_truncated,
            streams: info::summaries(&self.streams),
        }
    }

    fn into_part(self, first_index: usize) -> Part {
        Part {
            path: self.path,
            stream: self.video.index,
            index: self.index,
            first_index,
            coded: self.picture.coded,
            sample_aspect: self.video.sample_aspect,
            orientation: self.video.orientation,
        }
    }
}

/// Refuses what can be refused without parsing.
fn check_path(path: &Path) -> Result<(), OpenError> {
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(OpenError::IsFolder);
    }
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    match extension.as_deref().and_then(|extension| extension.to_str()) {
        Some("thm") => return Err(OpenError::Thumbnail),
        Some("360") => return Err(OpenError::Spherical),
        _ => {}
    }
    std::fs::File::open(path)?;
    if metadata.is_file() && metadata.len() == 0 {
        Err(OpenError::Empty)
    } else {
        Ok(())
    }
}

/// Tells an MP4 without its index from any other unreadable file.
fn refine_open_error(path: &Path, error: OpenError) -> OpenError {
    if error == OpenError::Unreadable && crate::mp4box::lacks_moov(path) {
        OpenError::NoMoov
    } else {
        error
    }
}

/// Decodes the first decodable key frame.
fn probe_picture(path: &Path, stream: usize) -> Result<PictureFacts, OpenError> {
    let mut demuxer = Demuxer::open(path)?;
    demuxer.select(stream, Wanted::KeyFrames);
    let mut decoder = VideoDecoder::open(&demuxer, stream, Wanted::KeyFrames, 1)?;
    let mut frame = ffmpeg::frame::Video::empty();
    let mut tried = 0;
    loop {
        match decoder.receive(&mut frame) {
            Decoded::Picture if !is_damaged(&frame) => break,
            Decoded::Picture | Decoded::Damaged => {}
            Decoded::End => return Err(OpenError::NoDecodableFrame),
            Decoded::NeedsPacket => match demuxer.read() {
                Next::Packet(facts, packet) if tried < MAX_PROBED_KEY_FRAMES => {
                    if facts.stream == stream && facts.is_key && !facts.is_damaged {
                        tried += 1;
                        decoder.send(&packet);
                    }
                }
                _ => decoder.finish(),
            },
        }
    }
    let layout = LumaLayout::of(&frame)?;
    Ok(PictureFacts {
        bit_depth: layout.depth,
        full_range: layout.is_full_range(&frame),
        coded: (frame.width() as usize, frame.height() as usize),
    })
}
