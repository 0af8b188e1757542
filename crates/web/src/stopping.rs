//! How everything in the server learns that it is to end.

use tokio::sync::watch;

/// Waits for the end. A server that is gone counts as told.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}
