//! Server-sent events: a stream of small messages that ends with the client or the server.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::error::{ApiError, Kind};
use crate::state::{AppState, StreamPermit};

/// A comment is sent this often, so that a client that is gone is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a browser waits before it connects again.
const RETRY: Duration = Duration::from_secs(3);
/// Events waiting for a slow client; whoever sends waits for room.
const QUEUE: usize = 32;

/// The sending side of a stream.
pub struct Events {
    sender: mpsc::Sender<Event>,
    // Held until the stream ends, however it ends.
    _permit: StreamPermit,
}

impl Events {
    /// Sends one event; false when nobody listens any more.
    pub async fn send<T: Serialize>(&self, name: &str, id: &str, data: &T) -> bool {
        let event = Event::default().event(name).id(id).json_data(data);
        match event {
            Ok(event) => self.sender.send(event).await.is_ok(),
            // A value without a JSON form is left out; none of ours is one.
            Err(_) => true,
        }
    }

    /// Waits until the client is gone.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }

    /// Whether the client is gone.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

/// A stream and its sending side.
///
/// # Errors
/// As many streams as there may be are open.
pub fn open(state: &AppState) -> Result<(Events, Response), ApiError> {
    let permit = state
        .stream_permit()
        .ok_or_else(|| ApiError::new(Kind::TooMany, "too many streams are open"))?;
    let (sender, receiver) = mpsc::channel(QUEUE);
    let first = stream::once(async { Ok::<_, Infallible>(Event::default().retry(RETRY)) });
    let events = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|event| (Ok(event), receiver))
    });
    let all = futures_util::StreamExt::chain(first, events);
    let mut response = Sse::new(all)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still here"))
        .into_response();
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    let events = Events {
        sender,
        _permit: permit,
    };
    Ok((events, response))
}
