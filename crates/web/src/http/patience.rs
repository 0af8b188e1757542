//! A connection whose client has to take what it is sent. One that takes nothing for too long is given up, so
//! that nobody can hold all connections by asking for a video and not reading it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream that fails with [`io::ErrorKind::TimedOut`] when what is written to it makes no progress.
#[derive(Debug)]
pub struct Patient<S> {
    stream: S,
    limit: Duration,
    /// Runs while the client takes nothing.
    overdue: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// Gives the client up after `limit` without progress.
    pub fn new(stream: S, limit: Duration) -> Self {
        Self {
            stream,
            limit,
            overdue: None,
        }
    }

    /// The stream.
    pub fn into_inner(self) -> S {
        self.stream
    }

    fn judged<T>(&mut self, result: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.overdue = None;
            return result;
        }
        let limit = self.limit;
        let overdue = self.overdue.get_or_insert_with(|| Box::pin(sleep(limit)));
        overdue
            .as_mut()
            .poll(cx)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judged(result, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judged(result, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.judged(result, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.judged(result, cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::advance;

    const LIMIT: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_given_up() {
        let (mut server, _client) = {
            let (server, client) = tokio::io::duplex(8);
            (Patient::new(server, LIMIT), client)
        };
        let error = server.write_all(&[0; 9]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_a_little_each_time_is_not() {
        let (server, mut client) = tokio::io::duplex(8);
        let mut server = Patient::new(server, LIMIT);
        let sent = tokio::spawn(async move { server.write_all(&[7; 80]).await });
        for _ in 0..10 {
            advance(LIMIT - Duration::from_millis(1)).await;
            client.read_exact(&mut [0; 8]).await.unwrap();
        }
        sent.await.unwrap().unwrap();
    }
}
