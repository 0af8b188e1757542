//! The listening socket: accepts, bounds connections and the time of a request's head, and ends in order.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::config::{Limits, ServerConfig};
use crate::error;
use crate::http::patience::Patient;
use crate::router::router;
use crate::state::AppState;
use crate::stopping::stopped;

/// Connections above those there may be that are told so at once; further ones are closed without a word.
const MAX_REFUSALS: usize = 64;
/// Bytes kept of a head. More than is allowed, so that a head over the limit is read and answered in JSON.
const HEAD_BUFFER_BYTES: usize = 128 << 10;
/// Headers of a head, likewise.
const MAX_HEADERS: usize = 512;
/// How long a last word to a client may take.
const LAST_WORD_TIME: Duration = Duration::from_secs(2);
/// How long jobs and answers on their way may take once the server is told to stop: shorter than the 5 s
/// after which the program ends itself. A job that needs longer to clean up ends with its stdin.
const END_TIME: Duration = Duration::from_secs(4);
/// Pause after a failed accept (no file descriptors left), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Somebody listens there already.
    #[error("port {port} is already in use")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The address is not one of this machine, or may not be used.
    #[error("cannot listen on {host}:{port} ({source})")]
    Listen {
        /// Name or address.
        host: String,
        /// The port.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
}

impl ServerError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::PortTaken { .. } => Some("choose another one with --port, or --port 0 for any".to_owned()),
            Self::Listen { .. } => Some("check --host and --port".to_owned()),
        }
    }
}

/// A server that holds its port and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the port; 0 is any free one.
    ///
    /// # Errors
    /// The port is taken, or the host is none of this machine.
    pub async fn bind(host: &str, port: u16) -> Result<Self, ServerError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ServerError::PortTaken { port },
            _ => ServerError::Listen {
                host: host.to_owned(),
                port,
                source,
            },
        };
        let listener = TcpListener::bind((host, port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stopping` becomes true, then ends streams, jobs and connections.
    pub async fn serve(self, config: ServerConfig, mut stopping: watch::Receiver<bool>) {
        let limits = config.limits;
        let state = AppState::new(config, stopping.clone());
        let app = router(state.clone());
        let slots = Arc::new(Semaphore::new(limits.connections));
        let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stopped(&mut stopping) => break,
            };
            // Those that ended meanwhile.
            while connections.try_join_next().is_some() {}
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            // Small answers go out at once; a system that cannot do so is only slower.
            let _ = stream.set_nodelay(true);
            if let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
                connections.spawn(connection(stream, app.clone(), limits, stopping.clone(), slot));
            } else if let Ok(slot) = Arc::clone(&refusals).try_acquire_owned() {
                connections.spawn(refuse(stream, slot));
            }
        }
        drop(self.listener);
        let ended = async {
            state.jobs().ended().await;
            while connections.join_next().await.is_some() {}
        };
        // Whoever takes longer is cut off when the set is dropped.
        let _ = tokio::time::timeout(END_TIME, ended).await;
    }
}

async fn connection(
    stream: TcpStream,
    app: Router,
    limits: Limits,
    mut stopping: watch::Receiver<bool>,
    _slot: OwnedSemaphorePermit,
) {
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_BUFFER_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(
            TokioIo::new(Patient::new(stream, limits.stall)),
            TowerToHyperService::new(app),
        );
    let ended = tokio::select! {
        result = &mut connection => Some(result),
        () = stopped(&mut stopping) => None,
    };
    let result = match ended {
        Some(result) => result,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    // The browser going away is the usual end of a video; only half a head is worth an answer.
    if result.is_err_and(|error| error.is_timeout()) {
        let parts = connection.into_parts();
        if !parts.read_buf.is_empty() {
            let body = error::body_text("the request came too slowly", "timeout");
            last_word(parts.io.into_inner().into_inner(), "408 Request Timeout", &body).await;
        }
    }
}

async fn refuse(stream: TcpStream, _slot: OwnedSemaphorePermit) {
    let body = error::body_text("too many connections", "busy");
    last_word(stream, "503 Service Unavailable", &body).await;
}

/// An answer outside of the protocol's machinery, then the end of the connection.
async fn last_word(mut stream: TcpStream, status: &str, body: &str) {
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\
         X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\nRetry-After: 1\r\n\r\n{body}",
        body.len()
    );
    let said = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // Closing with unread bytes would reset the connection and could take the answer with it.
        tokio::io::copy(&mut stream.take(HEAD_BUFFER_BYTES as u64), &mut tokio::io::sink()).await
    };
    // Whoever does not listen has been told.
    let _ = tokio::time::timeout(LAST_WORD_TIME, said).await;
}
