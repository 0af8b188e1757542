//! The container being written: a thin, safe face over libavformat's muxers.

use std::ffi::CString;
use std::path::Path;
use std::ptr;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;

use super::MovieFormat;
use super::error::EncodeError;

/// An output file.
pub(super) struct Output {
    context: *mut ffi::AVFormatContext,
    /// Time bases of the encoders, in the order of the streams.
    time_bases: Vec<ffmpeg::Rational>,
}

// SAFETY: the context is owned by this value alone and is not tied to a thread; `&mut` keeps it to one at a
// time.
unsafe impl Send for Output {}

impl Output {
    /// Opens the file at `path` for writing.
    pub fn create(path: &Path, format: MovieFormat) -> Result<Output, EncodeError> {
        let name = match format {
            MovieFormat::Mp4 => c"mp4",
            MovieFormat::Mov => c"mov",
        };
        // `file:` in front keeps libavformat from reading the name as a protocol.
        let mut url = b"file:".to_vec();
        url.extend_from_slice(path.as_os_str().as_encoded_bytes());
        let url = CString::new(url).map_err(|error| EncodeError::Write(error.into()))?;
        let mut context = ptr::null_mut();
        // SAFETY: all strings are NUL-terminated and outlive the call, which sets `context` or leaves it
        // null.
        let made = unsafe {
            ffi::avformat_alloc_output_context2(&mut context, ptr::null(), name.as_ptr(), url.as_ptr())
        };
        check(made)?;
        let output = Output {
            context,
            time_bases: Vec::new(),
        };
        // SAFETY: the context is valid and has no I/O yet; dropping `output` closes what is opened here.
        check(unsafe { ffi::avio_open(&mut (*context).pb, url.as_ptr(), ffi::AVIO_FLAG_WRITE) })?;
        Ok(output)
    }

    /// Whether encoders must hand their parameters to the container.
    pub fn wants_global_header(&self) -> bool {
        // SAFETY: a context made for output always has a format.
        let flags = unsafe { (*(*self.context).oformat).flags };
        flags & ffi::AVFMT_GLOBALHEADER != 0
    }

    /// Adds one stream per open encoder and writes the header.
    pub fn start<'a>(
        &mut self,
        encoders: impl Iterator<Item = &'a ffmpeg::codec::Context>,
    ) -> Result<(), EncodeError> {
        for encoder in encoders {
            // SAFETY: context and encoder are valid; a new stream comes with its parameters allocated.
            unsafe {
                let stream = ffi::avformat_new_stream(self.context, ptr::null());
                if stream.is_null() {
                    return Err(EncodeError::Encoder("out of memory".to_owned()));
                }
                let copied = ffi::avcodec_parameters_from_context((*stream).codecpar, encoder.as_ptr());
                check(copied)?;
                (*stream).time_base = (*encoder.as_ptr()).time_base;
                (*stream).avg_frame_rate = (*encoder.as_ptr()).framerate;
                self.time_bases.push(encoder.time_base());
            }
        }
        // The index goes to the front, so that browsers can start before they have the whole file.
        let mut options = ffmpeg::Dictionary::new();
        options.set("movflags", "+faststart");
        // SAFETY: the context has its streams and I/O. `disown` and `own` pass the dictionary through the
        // call, which may replace it.
        let written = unsafe {
            let mut raw = options.disown();
            let written = ffi::avformat_write_header(self.context, &mut raw);
            drop(ffmpeg::Dictionary::own(raw));
            written
        };
        check(written)
    }

    /// Writes a packet of stream number `stream`, whose times are in the encoder's time base.
    pub fn write(&mut self, mut packet: ffmpeg::Packet, stream: usize) -> Result<(), EncodeError> {
        let from = self.time_bases.get(stream).copied();
        // SAFETY: `streams` holds `nb_streams` valid pointers, one per time base.
        let to = unsafe {
            from.filter(|_| stream < (*self.context).nb_streams as usize)
                .map(|from| (from, (**(*self.context).streams.add(stream)).time_base))
        };
        let Some((from, to)) = to else {
            return Err(EncodeError::Encoder("packet of an unknown stream".to_owned()));
        };
        packet.set_stream(stream);
        packet.rescale_ts(from, ffmpeg::Rational::from(to));
        // SAFETY: context and packet are valid; the muxer takes the packet's data and leaves it blank.
        check(unsafe {
            ffi::av_interleaved_write_frame(self.context, ffmpeg::packet::Mut::as_mut_ptr(&mut packet))
        })?;
        self.check_io()
    }

    /// Writes the index; a full disk shows here at the latest.
    pub fn finish(&mut self) -> Result<(), EncodeError> {
        // SAFETY: the header was written, the context is valid; `avio_closep` nulls the pointer it is given.
        unsafe {
            check(ffi::av_write_trailer(self.context))?;
            self.check_io()?;
            check(ffi::avio_closep(&mut (*self.context).pb))
        }
    }

    /// Buffered writes tell of an error later.
    fn check_io(&self) -> Result<(), EncodeError> {
        // SAFETY: the context is valid; its I/O is open or null.
        let error = unsafe { (*self.context).pb.as_ref().map_or(0, |io| io.error) };
        check(error)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // SAFETY: both calls accept null; nothing uses the context afterwards.
        unsafe {
            if !self.context.is_null() {
                ffi::avio_closep(&mut (*self.context).pb);
            }
            ffi::avformat_free_context(self.context);
        }
    }
}

fn check(code: i32) -> Result<(), EncodeError> {
    if code < 0 {
        Err(EncodeError::write(ffmpeg::Error::from(code)))
    } else {
        Ok(())
    }
}
