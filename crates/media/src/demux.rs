//! The only module that opens containers: a thin, safe face over libavformat. It hands out plain facts about
//! the streams and compressed packets, nothing else, so that everything above it can be read without knowing
//! FFmpeg.

use std::ffi::{CStr, CString, c_char, c_int};
use std::path::Path;
use std::ptr;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::format::context::StreamIo;
use ffmpeg_next::packet::Ref as _;

use crate::error::OpenError;
use crate::fence;
use crate::orientation::Orientation;
use crate::rational::Rational;
use crate::source::{self, FileIdentity, SourceWatch};

/// Demuxers that may look at an input. Playlists are left out on purpose: they would open further files.
const CONTAINERS: &CStr = c"mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,asf,mxf,ogg";

/// Unreadable packets in a row after which a file is given up; a demuxer that resynchronises needs far fewer.
const MAX_DAMAGED_IN_A_ROW: usize = 1000;

/// Plain facts about one stream of a container.
#[derive(Debug, Clone)]
pub(crate) struct StreamFacts {
    pub index: usize,
    /// The container's own number of the track.
    pub id: u32,
    pub kind: StreamKind,
    /// Codec name, for data streams without one the container's four-character tag.
    pub codec: String,
    pub handler: Option<String>,
    pub timecode: Option<String>,
    pub time_base: Option<Rational>,
    pub average_rate: Option<Rational>,
    pub base_rate: Option<Rational>,
    pub duration_ticks: i64,
    pub coded_width: usize,
    pub coded_height: usize,
    pub sample_aspect: Option<Rational>,
    pub orientation: Orientation,
    /// A cover picture or thumbnail, not a recording.
    pub is_still: bool,
}

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamKind {
    /// Moving pictures (or a cover picture).
    Video,
    /// Sound.
    Audio,
    /// Telemetry, timecode and the like.
    Data,
    /// Subtitles and everything else.
    Other,
}

/// What reading on in a container gave.
pub(crate) enum Next {
    Packet(PacketFacts, ffmpeg::Packet),
    /// The regular end.
    End,
    /// Nothing can be made of what follows.
    Damaged,
}

/// Timing of one packet, in ticks of its stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PacketFacts {
    pub stream: usize,
    /// Presentation time, the decoding time where the container has no other.
    pub pts: Option<i64>,
    pub dts: Option<i64>,
    pub duration: i64,
    pub is_key: bool,
    /// Needed for decoding, but cut off by an edit list.
    pub is_hidden: bool,
    pub is_damaged: bool,
}

/// One packet in the container's own table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TableRow {
    /// Decoding time in ticks of the stream, edit list applied.
    pub timestamp: i64,
    pub is_key: bool,
    /// Needed for decoding, but cut off by an edit list.
    pub is_hidden: bool,
    /// Whether all its bytes lie within the file.
    pub is_in_file: bool,
}

/// Which packets the container should bother to read from disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PacketFilter {
    All,
    KeyFrames,
}

/// An open container.
pub(crate) struct Demuxer {
    input: ffmpeg::format::context::Input,
    source: SourceWatch,
}

impl Demuxer {
    /// Opens the file at `path` and looks at the beginning of its streams, which decodes several frames of
    /// those that the fence lets pass. No other file is ever opened.
    pub fn open(path: &Path) -> Result<Demuxer, OpenError> {
        Self::open_header(source::open(path)?)?.look_through()
    }

    /// As [`open`](Self::open), for a file that was looked at before.
    ///
    /// # Errors
    /// As there; or it is not the same file any more.
    pub fn open_again(path: &Path, identity: FileIdentity) -> Result<Demuxer, OpenError> {
        let source = source::open(path)?;
        if source.identity() != identity {
            return Err(OpenError::Changed);
        }
        Self::open_header(source)?.look_through()
    }

    /// As [`open`](Self::open), but takes an MP4's streams as its header names them: what is only known once
    /// frames are decoded, such as how far they are reordered, is missing.
    pub fn open_quickly(path: &Path) -> Result<Demuxer, OpenError> {
        let demuxer = Self::open_header(source::open(path)?)?;
        if demuxer.container().starts_with("mov") {
            Ok(demuxer)
        } else {
            demuxer.look_through()
        }
    }

    fn open_header(source: SourceWatch) -> Result<Demuxer, OpenError> {
        ffmpeg::log::set_level(ffmpeg::log::Level::Quiet);
        fence::bound_allocations();
        // Some formats are told apart by the end of the name.
        let name = source.path().as_os_str().as_encoded_bytes();
        let name = CString::new(name).map_err(|_| OpenError::NotFound)?;
        let mut io = StreamIo::from_read_seek(source.reader()?).map_err(|_| OpenError::NoMemory)?;
        let mut options: *mut ffi::AVDictionary = ptr::null_mut();
        // SAFETY: the name, the keys and the values are NUL-terminated and outlive the calls.
        // `avformat_open_input` frees and nulls `context` on failure, and leaves `io` alone; the dictionary
        // is freed in every case. On success `Input` takes both and closes them when dropped.
        unsafe {
            let mut context = ffi::avformat_alloc_context();
            if context.is_null() {
                return Err(OpenError::NoMemory);
            }
            (*context).pb = io.as_mut_ptr();
            (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
            (*context).io_open = Some(open_nothing);
            let decoders = fence::decoder_names();
            ffi::av_dict_set(&mut options, c"format_whitelist".as_ptr(), CONTAINERS.as_ptr(), 0);
            ffi::av_dict_set(&mut options, c"codec_whitelist".as_ptr(), decoders.as_ptr(), 0);
            let opened = ffi::avformat_open_input(&mut context, name.as_ptr(), ptr::null(), &mut options);
            ffi::av_dict_free(&mut options);
            if let Some(failure) = source.failure() {
                ffi::avformat_close_input(&mut context);
                return Err(failure);
            }
            if opened < 0 || context.is_null() {
                return Err(open_error(opened));
            }
            let input = ffmpeg::format::context::Input::wrap_with_custom_io(context, io);
            Ok(Demuxer { input, source })
        }
    }

    fn look_through(mut self) -> Result<Demuxer, OpenError> {
        let mut options = vec![ptr::null_mut::<ffi::AVDictionary>(); self.input.nb_streams() as usize];
        // SAFETY: the context is open; there is one dictionary per stream, set by NUL-terminated text and
        // freed afterwards.
        let looked = unsafe {
            for each in &mut options {
                ffi::av_dict_set_int(each, c"max_pixels".as_ptr(), fence::MAX_PIXELS as i64, 0);
            }
            let looked = ffi::avformat_find_stream_info(self.input.as_mut_ptr(), options.as_mut_ptr());
            for each in &mut options {
                ffi::av_dict_free(each);
            }
            looked
        };
        if let Some(failure) = self.source.failure() {
            Err(failure)
        } else if looked < 0 {
            Err(open_error(looked))
        } else {
            Ok(self)
        }
    }

    /// Which content the open file has.
    pub fn identity(&self) -> FileIdentity {
        self.source.identity()
    }

    /// Asked after the last packet that is wanted: no read failed, and the file has not changed.
    pub fn check_source(&self) -> Result<(), OpenError> {
        self.source.check()
    }

    /// Short name of the container family, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub fn container(&self) -> String {
        // SAFETY: an open context has an input format whose name is a static NUL-terminated string.
        unsafe {
            let format = (*self.input.as_ptr()).iformat;
            if format.is_null() {
                String::new()
            } else {
                text((*format).name).unwrap_or_default()
            }
        }
    }

    /// Metadata of the file as a whole.
    pub fn metadata(&self, key: &CStr) -> Option<String> {
        // SAFETY: the context is open; its dictionary may be null, which `dictionary_value` allows.
        unsafe { dictionary_value((*self.input.as_ptr()).metadata, key) }
    }

    /// All streams in file order.
    pub fn streams(&self) -> Vec<StreamFacts> {
        (0..self.input.nb_streams() as usize)
            .filter_map(|index| self.stream_facts(index))
            .collect()
    }

    /// Parameters to open a decoder with.
    pub fn parameters(&self, stream: usize) -> Option<ffmpeg::codec::Parameters> {
        self.input.stream(stream).map(|stream| stream.parameters())
    }

    /// Whether pictures such as those of `stream` are decoded at all.
    ///
    /// # Errors
    /// They are not, by codec or size.
    pub fn check_decoded(&self, stream: usize) -> Result<(), OpenError> {
        let facts = self.stream_facts(stream).ok_or(OpenError::NoVideoTrack)?;
        let parameters = self.parameters(stream).ok_or(OpenError::NoVideoTrack)?;
        fence::check_pictures(parameters.id(), (facts.coded_width, facts.coded_height))
    }

    /// Reads only `stream` from now on.
    pub fn select(&mut self, stream: usize, wanted: PacketFilter) {
        let keep = match wanted {
            PacketFilter::All => ffi::AVDiscard::AVDISCARD_DEFAULT,
            PacketFilter::KeyFrames => ffi::AVDiscard::AVDISCARD_NONKEY,
        };
        // SAFETY: `streams` holds `nb_streams` valid pointers while the context is open.
        unsafe {
            let context = self.input.as_mut_ptr();
            for index in 0..(*context).nb_streams as usize {
                let each = *(*context).streams.add(index);
                (*each).discard = if index == stream {
                    keep
                } else {
                    ffi::AVDiscard::AVDISCARD_ALL
                };
            }
        }
    }

    /// Goes on reading at the key frame of `stream` stored at decoding time `dts`, or the one before it.
    /// `false`: the container cannot seek, and what is read next is not known.
    pub fn seek(&mut self, stream: usize, dts: i64) -> bool {
        let Ok(stream) = i32::try_from(stream) else {
            return false;
        };
        // SAFETY: the context is open; a stream number out of range is answered by an error.
        unsafe { ffi::av_seek_frame(self.input.as_mut_ptr(), stream, dts, ffi::AVSEEK_FLAG_BACKWARD) >= 0 }
    }

    /// The next packet of any selected stream.
    ///
    /// # Errors
    /// The system could not read the file, or gave no memory: a packet made of that would be cut short, and
    /// the end no end.
    pub fn read(&mut self) -> Result<Next, OpenError> {
        for _ in 0..MAX_DAMAGED_IN_A_ROW {
            let mut packet = ffmpeg::Packet::empty();
            let read = packet.read(&mut self.input);
            if let Some(failure) = self.source.failure() {
                return Err(failure);
            }
            match read {
                Ok(()) => return Ok(Next::Packet(packet_facts(&packet), packet)),
                Err(ffmpeg::Error::Eof) => return Ok(Next::End),
                Err(ffmpeg::Error::InvalidData) => {}
                Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::ENOMEM => {
                    return if self.tells_of_an_oversized_packet() {
                        Ok(Next::Damaged)
                    } else {
                        Err(OpenError::NoMemory)
                    };
                }
                Err(_) => return Ok(Next::Damaged),
            }
        }
        Ok(Next::Damaged)
    }

    /// Whether a table of the container has a packet that is refused for its size: a damaged one asks for
    /// more memory than anything is given.
    fn tells_of_an_oversized_packet(&self) -> bool {
        // SAFETY: `streams` holds `nb_streams` valid pointers; the entries stay valid until the next read,
        // which needs `&mut self`.
        unsafe {
            let context = self.input.as_ptr();
            (0..(*context).nb_streams as usize).any(|index| {
                let stream = *(*context).streams.add(index);
                (0..ffi::avformat_index_get_entries_count(stream)).any(|number| {
                    let entry = ffi::avformat_index_get_entry(stream, number).as_ref();
                    entry.is_some_and(|entry| {
                        usize::try_from(entry.size()).is_ok_and(|size| size >= fence::MAX_ALLOCATION_BYTES)
                    })
                })
            })
        }
    }

    /// The container's own table of the packets of `stream` in stored order, as far as it is known without
    /// reading packets; complete for MP4 that is not fragmented.
    pub fn index_table(&self, stream: usize) -> Vec<TableRow> {
        let file_size = self.input.io_size().unwrap_or(i64::MAX);
        // SAFETY: `streams` holds `nb_streams` valid pointers; the entries stay valid until the next read,
        // which needs `&mut self`.
        unsafe {
            let context = self.input.as_ptr();
            if stream >= (*context).nb_streams as usize {
                return Vec::new();
            }
            let stream = *(*context).streams.add(stream);
            let row = |number| {
                let entry = ffi::avformat_index_get_entry(stream, number).as_ref()?;
                Some(TableRow {
                    timestamp: entry.timestamp,
                    is_key: entry.flags() & ffi::AVINDEX_KEYFRAME != 0,
                    is_hidden: entry.flags() & ffi::AVINDEX_DISCARD_FRAME != 0,
                    is_in_file: entry.pos.saturating_add(i64::from(entry.size())) <= file_size,
                })
            };
            (0..ffi::avformat_index_get_entries_count(stream))
                .filter_map(row)
                .collect()
        }
    }

    fn stream_facts(&self, index: usize) -> Option<StreamFacts> {
        let orientation = display_orientation(&self.input.stream(index)?);
        // SAFETY: `index` is checked against `nb_streams`; stream and codec parameters live as long as the
        // context.
        unsafe {
            let context = self.input.as_ptr().cast_mut();
            if index >= (*context).nb_streams as usize {
                return None;
            }
            let stream = *(*context).streams.add(index);
            let parameters = (*stream).codecpar;
            let kind = match (*parameters).codec_type {
                ffi::AVMediaType::AVMEDIA_TYPE_VIDEO => StreamKind::Video,
                ffi::AVMediaType::AVMEDIA_TYPE_AUDIO => StreamKind::Audio,
                ffi::AVMediaType::AVMEDIA_TYPE_DATA => StreamKind::Data,
                _ => StreamKind::Other,
            };
            let tag = (*parameters).codec_tag.to_le_bytes();
            let codec = match (*parameters).codec_id {
                ffi::AVCodecID::AV_CODEC_ID_NONE | ffi::AVCodecID::AV_CODEC_ID_BIN_DATA => {
                    String::from_utf8_lossy(&tag).trim_matches('\0').to_owned()
                }
                id => text(ffi::avcodec_get_name(id)).unwrap_or_default(),
            };
            let aspect = ffi::av_guess_sample_aspect_ratio(context, stream, ptr::null_mut());
            let still = ffi::AV_DISPOSITION_ATTACHED_PIC | ffi::AV_DISPOSITION_TIMED_THUMBNAILS;
            Some(StreamFacts {
                index,
                id: u32::try_from((*stream).id).unwrap_or(0),
                kind,
                codec,
                handler: dictionary_value((*stream).metadata, c"handler_name")
                    .map(|name| {
                        name.trim_matches(|c: char| c.is_whitespace() || c.is_control())
                            .to_owned()
                    })
                    .filter(|name| !name.is_empty()),
                timecode: dictionary_value((*stream).metadata, c"timecode"),
                time_base: rational((*stream).time_base),
                average_rate: rational((*stream).avg_frame_rate),
                base_rate: rational((*stream).r_frame_rate),
                duration_ticks: (*stream).duration,
                coded_width: usize::try_from((*parameters).width).unwrap_or(0),
                coded_height: usize::try_from((*parameters).height).unwrap_or(0),
                sample_aspect: rational(aspect),
                orientation,
                is_still: (*stream).disposition & still != 0,
            })
        }
    }
}

fn packet_facts(packet: &ffmpeg::Packet) -> PacketFacts {
    // SAFETY: a `Packet` always wraps an initialised AVPacket.
    let flags = unsafe { (*packet.as_ptr()).flags };
    PacketFacts {
        stream: packet.stream(),
        pts: packet.pts().or(packet.dts()),
        dts: packet.dts(),
        duration: packet.duration(),
        is_key: flags & ffi::AV_PKT_FLAG_KEY != 0,
        is_hidden: flags & ffi::AV_PKT_FLAG_DISCARD != 0,
        is_damaged: flags & ffi::AV_PKT_FLAG_CORRUPT != 0 || packet.size() == 0,
    }
}

/// Keeps a container from opening further files.
unsafe extern "C" fn open_nothing(
    _: *mut ffi::AVFormatContext,
    _: *mut *mut ffi::AVIOContext,
    _: *const c_char,
    _: c_int,
    _: *mut *mut ffi::AVDictionary,
) -> c_int {
    ffi::AVERROR(ffi::EPERM)
}

fn open_error(code: i32) -> OpenError {
    match ffmpeg::Error::from(code) {
        // "Invalid argument" is how a container outside the list above is refused.
        ffmpeg::Error::Other { errno } if errno != ffmpeg::error::EINVAL => {
            std::io::Error::from_raw_os_error(errno).into()
        }
        _ => OpenError::Unreadable,
    }
}

fn display_orientation(stream: &ffmpeg::Stream<'_>) -> Orientation {
    let matrix = stream
        .side_data()
        .find(|side| side.kind() == ffmpeg::packet::side_data::Type::DisplayMatrix);
    let Some(matrix) = matrix else {
        return Orientation::default();
    };
    let entry = |index: usize| {
        let bytes = matrix
            .data()
            .get(index * 4..index * 4 + 4)
            .and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, i32::from_ne_bytes)
    };
    // Rows of three: a b u, c d v, x y w.
    Orientation::from_matrix(entry(0), entry(1), entry(3), entry(4))
}

/// # Safety
/// `dictionary` must be null or valid.
unsafe fn dictionary_value(dictionary: *const ffi::AVDictionary, key: &CStr) -> Option<String> {
    // SAFETY: the caller vouches for `dictionary`; the entry and its value live as long as it.
    unsafe {
        let entry = ffi::av_dict_get(dictionary, key.as_ptr(), ptr::null(), 0);
        if entry.is_null() {
            None
        } else {
            text((*entry).value)
        }
    }
}

/// # Safety
/// `pointer` must be null or a NUL-terminated string.
unsafe fn text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: the caller vouches for the NUL at the end.
    Some(unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}

fn rational(value: ffi::AVRational) -> Option<Rational> {
    Rational::new(u32::try_from(value.num).ok()?, u32::try_from(value.den).ok()?)
}
