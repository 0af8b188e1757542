//! Recordings that were asked for, indexed once and kept as long as their file stays the same.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::http::HeaderValue;
use mtbsync_formats::open_file;
use mtbsync_media::{OpenOptions, Recording};
use mtbsync_pipeline::recordings::proxy::{self, ProxyId};

use crate::error::{ApiError, Kind};
use crate::runs::describe::Stamp;

/// Recordings kept; beyond that the memory starts anew. An hour of one takes a few megabytes.
const MAX_KEPT: usize = 64;

/// A recording ready to be served.
pub struct OpenRecording {
    /// The recording with its chapters.
    pub recording: Recording,
    /// Its files, in order.
    pub chapters: Vec<ChapterFile>,
}

/// One file of a recording.
pub struct ChapterFile {
    /// The original.
    pub path: PathBuf,
    /// By its content.
    pub content_type: HeaderValue,
    /// What browsers are given in its place.
    pub stand_in: StandIn,
}

/// What browsers are given in place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StandIn {
    /// The camera's own small copy.
    Camera(PathBuf),
    /// A copy that is made here.
    Made(ProxyId),
    /// Nothing: they play the original.
    NotNeeded,
}

/// Filled by whoever asks first; others wait for that one recording only.
type Slot = Arc<OnceLock<Result<Arc<OpenRecording>, String>>>;

/// The recordings that were asked for.
#[derive(Default)]
pub struct Library(Mutex<BTreeMap<PathBuf, (Stamp, Slot)>>);

impl Library {
    /// The recording at `path`, with all its chapters.
    ///
    /// # Errors
    /// Gone, or no recording that can be read.
    pub fn open(&self, path: &Path) -> Result<Arc<OpenRecording>, ApiError> {
        let metadata = fs::metadata(path)
            .map_err(|_| ApiError::new(Kind::NotFound, "video file is no longer at its place"))?;
        let stamp = (metadata.len(), metadata.modified().ok());
        let slot = self.slot(path, stamp);
        let opened = slot.get_or_init(|| open(path).map(Arc::new));
        opened.clone().map_err(ApiError::unusable)
    }

    fn slot(&self, path: &Path, stamp: Stamp) -> Slot {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, slot)) = kept.get(path)
            && *known == stamp
        {
            return Arc::clone(slot);
        }
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        let slot = Slot::default();
        kept.insert(path.to_owned(), (stamp, Arc::clone(&slot)));
        slot
    }
}

/// Opens a recording; the error says what is wrong with it, without its path.
fn open(path: &Path) -> Result<OpenRecording, String> {
    let recording = Recording::open(path, &OpenOptions::default()).map_err(|error| error.to_string())?;
    let is_needed = proxy::is_needed(recording.info());
    let chapter = |chapter: &mtbsync_media::Chapter| -> Result<ChapterFile, String> {
        let stand_in = match &chapter.proxy {
            Some(camera) => StandIn::Camera(camera.clone()),
            None if is_needed => {
                StandIn::Made(proxy::identify(&chapter.path).map_err(|_| "cannot be read".to_owned())?)
            }
            None => StandIn::NotNeeded,
        };
        Ok(ChapterFile {
            path: chapter.path.clone(),
            content_type: content_type(&chapter.path),
            stand_in,
        })
    };
    let chapters = recording
        .chapters()
        .iter()
        .map(chapter)
        .collect::<Result<_, _>>()?;
    Ok(OpenRecording { recording, chapters })
}

/// Type of a container by its first bytes: ISO base media with its brand (ISO/IEC 14496-12, `ftyp`; QuickTime
/// may have none), Matroska by the mark of EBML (RFC 8794).
fn content_type(path: &Path) -> HeaderValue {
    let mut head = [0; 12];
    // What cannot be read is of an unknown type; sending it will fail as well.
    let _ = open_file(path).is_ok_and(|mut file| file.read_exact(&mut head).is_ok());
    HeaderValue::from_static(match &head {
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "video/x-matroska",
        [_, _, _, _, b'f', b't', b'y', b'p', b'q', b't', b' ', b' '] => "video/quicktime",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "video/mp4",
        [_, _, _, _, b'm', b'o', b'o', b'v', ..]
        | [_, _, _, _, b'm', b'd', b'a', b't', ..]
        | [_, _, _, _, b'w', b'i', b'd', b'e', ..] => "video/quicktime",
        _ => "application/octet-stream",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_told_by_content() {
        let folder = tempfile::tempdir().unwrap();
        let cases: [(&[u8], &str); 4] = [
            (b"\0\0\0\x18ftypmp42", "video/mp4"),
            (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
            (b"\x1a\x45\xdf\xa3\0\0\0\0\0\0\0\0", "video/x-matroska"),
            (b"short", "application/octet-stream"),
        ];
        for (bytes, expected) in cases {
            let path = folder.path().join("x");
            fs::write(&path, bytes).unwrap();
            assert_eq!(content_type(&path), expected);
        }
    }
}
