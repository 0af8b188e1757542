//! What all handlers share.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::blocking::blocking;
use crate::config::ServerConfig;
use crate::decoder::Decoders;
use crate::error::{ApiError, Kind};
use crate::guard::token::Ticket;
use crate::jobs::Jobs;
use crate::media::library::Library;
use crate::runs::{Catalogue, MediaFile, Run};

/// Most streams of events at once (docs/reference/http.md#limits).
const MAX_STREAMS: usize = 64;

/// The right to hold one stream open.
pub type StreamPermit = OwnedSemaphorePermit;

/// Shared state; a clone is another handle to the same.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

struct Shared {
    config: ServerConfig,
    catalogue: Catalogue,
    decoders: Arc<Decoders>,
    library: Arc<Library>,
    streams: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
    jobs: Jobs,
    writes: Mutex<()>,
    ticket: Ticket,
}

impl AppState {
    /// State of a server that ends when `stopping` becomes true.
    pub fn new(config: ServerConfig, stopping: watch::Receiver<bool>) -> Self {
        let decoders = Arc::new(Decoders::new(config.decoder.clone(), &config.limits));
        let library = Arc::new(Library::new(Arc::clone(&decoders)));
        Self(Arc::new(Shared {
            catalogue: Catalogue::new(&config, Arc::clone(&library)),
            decoders,
            library,
            jobs: Jobs::start(&config, stopping.clone()),
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            writes: Mutex::new(()),
            ticket: Ticket::new(config.ticket.clone()),
            stopping,
            config,
        }))
    }

    /// What the server was started with.
    pub fn config(&self) -> &ServerConfig {
        &self.0.config
    }

    /// The root, canonical.
    pub fn root(&self) -> &Path {
        &self.0.config.root
    }

    /// What lets one client in, once.
    pub fn ticket(&self) -> &Ticket {
        &self.0.ticket
    }

    /// Jobs of this server.
    pub fn jobs(&self) -> &Jobs {
        &self.0.jobs
    }

    /// Children that decode.
    pub fn decoders(&self) -> &Arc<Decoders> {
        &self.0.decoders
    }

    /// Recordings that were asked for.
    pub fn library(&self) -> &Library {
        &self.0.library
    }

    /// How long an answer waits for a decoder: for one that is free, to open a recording, for a frame of it.
    pub fn decode_time(&self) -> Duration {
        self.config().limits.recording * 3
    }

    /// Becomes true when the server ends.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.clone()
    }

    /// One of the streams that may be open, if any is left.
    pub fn stream_permit(&self) -> Option<StreamPermit> {
        Arc::clone(&self.0.streams).try_acquire_owned().ok()
    }

    /// Reads with the catalogue, on a thread for blocking calls.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn look<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&Catalogue) -> Result<T, ApiError> + Send + 'static,
    {
        let shared = Arc::clone(&self.0);
        blocking(self.config().limits.answer, move || work(&shared.catalogue)).await
    }

    /// The run of that id.
    ///
    /// # Errors
    /// There is none.
    pub async fn run(&self, id: &str) -> Result<Run, ApiError> {
        let id = id.to_owned();
        self.look(move |catalogue| catalogue.run(&id)).await
    }

    /// The recording of that id, where it is served at all (docs/reference/http.md#recordings): its path is
    /// resolved and allowed. Its content is for the caller to check.
    ///
    /// # Errors
    /// Unknown id, a recording that is gone, or one that may not be served.
    pub async fn media(&self, id: &str) -> Result<MediaFile, ApiError> {
        let (id, shared) = (id.to_owned(), Arc::clone(&self.0));
        // What lies outside the root is opened to know it again.
        blocking(self.decode_time(), move || shared.catalogue.media(&id)).await
    }

    /// # Errors
    /// Notes and anchors may not be changed here.
    pub fn needs_annotate(&self) -> Result<(), ApiError> {
        self.needs(self.config().rights.annotate)
    }

    /// # Errors
    /// Jobs and the like are not allowed here.
    pub fn needs_write(&self) -> Result<(), ApiError> {
        self.needs(self.config().rights.write)
    }

    fn needs(&self, right: bool) -> Result<(), ApiError> {
        if right { Ok(()) } else { Err(ApiError::read_only()) }
    }

    /// Runs `work` while nobody else writes: between reading a tag and writing under it nothing may change.
    /// Who asked is answered in time; `work` looks whether they still wait once it has its own locks, for a
    /// write that was said to have failed must not be done later.
    ///
    /// # Errors
    /// Those of `work`; others were writing for too long.
    pub async fn while_writing<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&Awaited, &Catalogue) -> Result<T, ApiError> + Send + 'static,
    {
        let shared = Arc::clone(&self.0);
        let limit = self.config().limits.answer;
        let awaited = Awaited(Instant::now() + limit);
        blocking(limit, move || {
            let _alone = shared.writes.lock().unwrap_or_else(PoisonError::into_inner);
            awaited.check()?;
            let result = work(&awaited, &shared.catalogue);
            shared.catalogue.forget();
            result
        })
        .await
    }
}

/// Until when somebody waits for an answer.
#[derive(Clone, Copy, Debug)]
pub struct Awaited(Instant);

impl Awaited {
    /// # Errors
    /// Nobody waits any more, and has been told that nothing was written.
    pub fn check(&self) -> Result<(), ApiError> {
        if Instant::now() < self.0 {
            Ok(())
        } else {
            Err(ApiError::new(
                Kind::Slow,
                "somebody else was writing for too long",
            ))
        }
    }
}
