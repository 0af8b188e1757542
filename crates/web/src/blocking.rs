//! File work away from the threads that answer requests, with a limit on the time an answer waits for it.

use std::time::Duration;

use crate::error::{ApiError, Kind};

/// Runs `work` on a thread for blocking calls. A panic in it is an internal error of this one request.
///
/// # Errors
/// Those of `work`; it took longer than `limit`, and goes on without anybody waiting.
pub async fn blocking<T, F>(limit: Duration, work: F) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, ApiError> + Send + 'static,
{
    match tokio::time::timeout(limit, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(ApiError::internal(error)),
        Err(_) => Err(ApiError::new(
            Kind::Slow,
            format!(
                "files were not read within {} s; is their disk there?",
                limit.as_secs()
            ),
        )),
    }
}
