//! What can go wrong when a recording is opened or read. The texts say what is wrong with the file; naming
//! the file and printing the hint is the caller's part.

use std::io;
use std::path::Path;

use mtbsync_formats::{ReadError, ReadErrorKind};

/// Why a file cannot be used as a recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Nothing exists at the path.
    #[error("file not found")]
    NotFound,
    /// The path names a folder.
    #[error("is a folder")]
    IsFolder,
    /// The file has no bytes.
    #[error("is empty")]
    Empty,
    /// The operating system refuses to let the file be read.
    #[error("permission denied")]
    PermissionDenied,
    /// Any other failure of the file system; holds its text.
    #[error("cannot be read ({0})")]
    Io(String),
    /// No regular file; holds what it is.
    #[error("is a {0}, not a file")]
    NotAFile(&'static str),
    /// The file was written to, or another one put in its place, while it was read.
    #[error("changed while it was read")]
    Changed,
    /// Another file that the recording needs cannot be used; holds its name and why.
    #[error("{file} {error}")]
    Of {
        /// Name of the chapter or proxy, without folder.
        file: String,
        /// What is wrong with it.
        error: Box<OpenError>,
    },
    /// The system gives no memory to decode with.
    #[error("not enough memory to decode it")]
    NoMemory,
    /// An MP4 file without its index, which cameras write last: they lost power, or the copy is incomplete.
    #[error("recording is cut off (no moov box)")]
    NoMoov,
    /// The index is there, and the file ends before the first picture it tells of.
    #[error("recording is cut off before its first picture")]
    CutOff,
    /// No known container, or a broken one.
    #[error("not a video (unreadable)")]
    Unreadable,
    /// A container without a moving picture, such as a sound recording.
    #[error("no video track")]
    NoVideoTrack,
    /// A codec that is not decoded (`fence`), or that the installed library lacks; holds its name.
    #[error("unsupported codec ({0})")]
    UnsupportedCodec(String),
    /// Pixels that are not taken (`fence`): RGB, or nothing that cameras write; holds the format's name.
    #[error("unsupported pixel format ({0})")]
    UnsupportedPixelFormat(String),
    /// Pictures of this width and height, more than 8192 × 4320 pixels.
    #[error("pictures of {0}x{1} pixels are too large")]
    TooLarge(usize, usize),
    /// A decoder gave a picture whose rows do not lie in its memory.
    #[error("pictures cannot be read out of the decoder")]
    BrokenPicture,
    /// There is a video track, but no frame of it can be decoded.
    #[error("no decodable frame")]
    NoDecodableFrame,
    /// A camera's `.THM` still.
    #[error("not a video (thumbnail picture)")]
    Thumbnail,
    /// A camera's two-lens `.360` file.
    #[error("unsupported 360-degree recording")]
    Spherical,
}

impl OpenError {
    /// What the person can do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            OpenError::NotFound => "check the spelling of the path",
            OpenError::IsFolder => "name one recording inside it",
            OpenError::Empty | OpenError::NoDecodableFrame | OpenError::CutOff => {
                "copy the file from the camera again"
            }
            OpenError::PermissionDenied => "allow your user to read the file",
            OpenError::Of { error, .. } => return error.hint(),
            OpenError::Io(_) => return None,
            OpenError::NotAFile(_) => "give a recording that lies on a disk",
            OpenError::Changed => "wait until the file is copied completely, then run it again",
            OpenError::NoMemory => "close other programs, or decode with one of ‹threads›",
            OpenError::NoMoov => {
                "copy it from the card again; if it ends early there too, put the card into the camera and let it \
                 repair the file"
            }
            OpenError::Unreadable => "give a video file such as .mp4 or .mov",
            OpenError::NoVideoTrack => "give a recording with pictures",
            OpenError::UnsupportedCodec(_)
            | OpenError::UnsupportedPixelFormat(_)
            | OpenError::TooLarge(..)
            | OpenError::BrokenPicture => {
                "convert the file to H.264 or HEVC first; `mtbsync doctor` lists what can be decoded"
            }
            OpenError::Thumbnail => "give the .MP4 beside it",
            OpenError::Spherical => "export it to a normal .mp4 with the camera's software first",
        };
        Some(text.to_owned())
    }
}

impl OpenError {
    /// Says that it happened to the file at `path`, which the caller does not know.
    pub(crate) fn of(self, path: &Path) -> OpenError {
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        OpenError::Of {
            file,
            error: Box::new(self),
        }
    }

    /// Whether the system failed, not the recording: nothing may be made of what was read so far.
    pub fn is_of_system(&self) -> bool {
        match self {
            OpenError::Io(_) | OpenError::Changed | OpenError::NoMemory => true,
            OpenError::Of { error, .. } => error.is_of_system(),
            _ => false,
        }
    }
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> OpenError {
        match error.kind {
            ReadErrorKind::NotAFile(what) => OpenError::NotAFile(what),
            _ => io::Error::from(error).into(),
        }
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> OpenError {
        match error.kind() {
            io::ErrorKind::NotFound => OpenError::NotFound,
            io::ErrorKind::PermissionDenied => OpenError::PermissionDenied,
            io::ErrorKind::IsADirectory => OpenError::IsFolder,
            _ => OpenError::Io(error.to_string()),
        }
    }
}

/// Why a stream of frames ends early. Single unreadable frames are no error: they are counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The file could be indexed but not opened again for decoding.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The picture could not be brought to the wanted size; holds the cause.
    #[error("frame could not be scaled ({0})")]
    Scale(String),
}

impl FrameError {
    /// What the person can do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            FrameError::Open(error) => error.hint(),
            FrameError::Scale(_) => None,
        }
    }
}
