//! Recordings that were asked for, indexed once and kept as long as their file stays the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::http::HeaderValue;
use mtbsync_media::{OpenOptions, Recording};
use mtbsync_pipeline::recordings::proxy::{self, ProxyId};

use super::container::content_type;
use crate::error::{ApiError, Kind};
use crate::runs::remembered::Stamp;

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
