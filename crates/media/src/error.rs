//! What can go wrong when a recording is opened or read. The texts say what is wrong with the file; naming
//! the file and printing the hint is the caller's part.

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
    /// The installed decoder library lacks this codec; holds its name.
    #[error("unsupported codec ({0})")]
    UnsupportedCodec(String),
    /// The pixels hold no luma that can be read directly; holds the format's name.
    #[error("unsupported pixel format ({0})")]
    UnsupportedPixelFormat(String),
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
            OpenError::Io(_) => return None,
            OpenError::NoMoov => {
                "copy it from the card again; if it ends early there too, put the card into the camera and let it \
                 repair the file"
            }
            OpenError::Unreadable => "give a video file such as .mp4 or .mov",
            OpenError::NoVideoTrack => "give a recording with pictures",
            OpenError::UnsupportedCodec(_) | OpenError::UnsupportedPixelFormat(_) => {
                "convert the file to H.264 or HEVC first; `mtbsync doctor` lists what can be decoded"
            }
            OpenError::Thumbnail => "give the .MP4 beside it",
            OpenError::Spherical => "export it to a normal .mp4 with the camera's software first",
        };
        Some(text.to_owned())
    }
}

impl From<std::io::Error> for OpenError {
    fn from(error: std::io::Error) -> OpenError {
        match error.kind() {
            std::io::ErrorKind::NotFound => OpenError::NotFound,
            std::io::ErrorKind::PermissionDenied => OpenError::PermissionDenied,
            std::io::ErrorKind::IsADirectory => OpenError::IsFolder,
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
