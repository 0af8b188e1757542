//! Jobs: the program itself at work on behalf of a page.

use tokio::sync::watch;

use crate::config::ServerConfig;

/// All jobs of a server.
#[derive(Debug)]
pub struct Jobs;

impl Jobs {
    /// Starts the worker.
    pub fn start(_config: &ServerConfig, _stopping: watch::Receiver<bool>) -> Self {
        Self
    }

    /// Ends what runs.
    pub async fn end(&self) {}
}
