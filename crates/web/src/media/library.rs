//! Recordings that were asked for, indexed once and kept as long as their file stays the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::body::Bytes;

use crate::decoder::protocol::{Ask, Facts, Said};
use crate::decoder::{DecodeError, Decoders};
use crate::error::{ApiError, Kind};
use crate::runs::remembered::Stamp;

/// Recordings kept; beyond that the memory starts anew. An hour of one takes a few megabytes.
const MAX_KEPT: usize = 64;

/// A recording ready to be served.
#[derive(Debug)]
pub struct OpenRecording {
    /// What is known about it.
    pub facts: Facts,
    /// Times of its frames, f64 little-endian, seconds.
    pub times: Bytes,
}

/// Filled by whoever asks first; others wait for that one recording only.
type Slot = Arc<OnceLock<Result<Arc<OpenRecording>, DecodeError>>>;

/// The recordings that were asked for.
#[derive(Debug)]
pub struct Library {
    decoders: Arc<Decoders>,
    kept: Mutex<BTreeMap<PathBuf, (Stamp, Slot)>>,
}

impl Library {
    /// Recordings are opened by `decoders`.
    pub fn new(decoders: Arc<Decoders>) -> Self {
        Self {
            decoders,
            kept: Mutex::default(),
        }
    }

    /// The recording at `path`, with all its chapters.
    ///
    /// # Errors
    /// Gone, no recording that can be read, or one that its decoder did not survive.
    pub fn open(&self, path: &Path) -> Result<Arc<OpenRecording>, ApiError> {
        let metadata = fs::metadata(path)
            .map_err(|_| ApiError::new(Kind::NotFound, "video file is no longer at its place"))?;
        let stamp = (metadata.len(), metadata.modified().ok());
        let slot = self.slot(path, stamp);
        let opened = slot.get_or_init(|| self.opened(path));
        if opened.as_ref().is_err_and(|error| !error.is_lasting()) {
            self.kept().remove(path);
        }
        Ok(opened.clone()?)
    }

    fn opened(&self, path: &Path) -> Result<Arc<OpenRecording>, DecodeError> {
        match self.decoders.ask(&Ask::Open {
            path: path.to_owned(),
        })? {
            (Said::Opened(facts), times) => Ok(Arc::new(OpenRecording {
                facts,
                times: times.into(),
            })),
            _ => Err(DecodeError::Unavailable("it answers something else".to_owned())),
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<PathBuf, (Stamp, Slot)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, path: &Path, stamp: Stamp) -> Slot {
        let mut kept = self.kept();
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

impl From<DecodeError> for ApiError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Recording(_) | DecodeError::Died(_) => Self::unusable(error.to_string()),
            DecodeError::Slow(_) => Self::new(Kind::Slow, error.to_string()),
            DecodeError::Busy => Self::new(Kind::TooMany, "too many frames are being decoded"),
            DecodeError::Unavailable(_) | DecodeError::Stopped => Self::internal(error),
        }
    }
}
