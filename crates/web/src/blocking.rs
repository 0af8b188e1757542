//! File work away from the threads that answer requests.

use crate::error::ApiError;

/// Runs `work` on a thread for blocking calls. A panic in it is an internal error of this one request.
///
/// # Errors
/// Those of `work`.
pub async fn blocking<T, F>(work: F) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, ApiError> + Send + 'static,
{
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(ApiError::internal(error)))
}
