//! Indexes kept between runs, found by content: the same recording with the same parameters is never described twice.
//!
//! A cached index is an ordinary index file named by the hash of the recording's fingerprint, the parameters and the
//! index version. A file that does not read, or belongs to something else, is a miss.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::features::{Features, IndexParams};
use crate::index_file;

/// Changes when descriptors change: older cached indexes are then misses.
const INDEX_REVISION: u32 = 1;

/// What tells one index from another: content of the recording, parameters, version.
pub fn key(fingerprint: &str, proxy: Option<&str>, params: IndexParams) -> String {
    let text = format!(
        "{INDEX_REVISION}|{fingerprint}|{}|{}|{}|{}|{}",
        proxy.unwrap_or_default(),
        params.fps,
        params.n_features,
        params.clahe,
        params.precise
    );
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// Path of the cached index for a recording.
pub fn path(folder: &Path, fingerprint: &str, proxy: Option<&str>, params: IndexParams) -> PathBuf {
    let name = key(fingerprint, proxy, params);
    folder.join("index").join(format!("{name}.npz"))
}

/// The cached features, if there are any that fit.
pub fn find(path: &Path, fingerprint: &str, params: IndexParams) -> Option<Features> {
    let features = index_file::read(path).ok()?;
    (features.source.fingerprint == fingerprint && features.params == params).then_some(features)
}

/// Keep features for the next run. A cache that cannot be written is no reason to fail; the text of the problem is
/// returned for a warning.
pub fn keep(path: &Path, features: &Features, now_utc: &str) -> Option<String> {
    let folder = path.parent()?;
    let made = std::fs::create_dir_all(folder).map_err(|e| e.to_string());
    let written = made.and_then(|()| index_file::write(path, features, now_utc).map_err(|e| e.to_string()));
    written
        .err()
        .map(|problem| format!("index not cached: {problem}"))
}
