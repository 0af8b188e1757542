//! Entity tags: of content for what is written here, of size and time for files that are only sent.

use std::fs::Metadata;
use std::time::UNIX_EPOCH;

use axum::http::HeaderValue;
use sha2::{Digest, Sha256};

/// Hex digits kept of a content's hash: 64 bits tell versions of one file apart.
const TAG_DIGITS: usize = 16;

/// The tag of a content.
pub fn of_bytes(bytes: &[u8]) -> HeaderValue {
    quoted(&hex(bytes, TAG_DIGITS))
}

/// The tag of a file by its size and time of change; as strong as those are.
pub fn of_metadata(metadata: &Metadata) -> HeaderValue {
    let nanos = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |age| age.as_nanos());
    quoted(&format!("{:x}-{nanos:x}", metadata.len()))
}

/// The first `digits` hex digits of the SHA-256 of `bytes`.
pub fn hex(bytes: &[u8], digits: usize) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        text.push_str(&format!("{byte:02x}"));
    }
    text.truncate(digits);
    text
}

/// Whether a list of tags (`If-Match`, `If-None-Match`) holds `tag` or is `*`. Weak tags are never equal
/// here.
pub fn matches(given: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(given), Ok(tag)) = (given.to_str(), tag.to_str()) else {
        return false;
    };
    given
        .split(',')
        .map(str::trim)
        .any(|one| one == "*" || one == tag)
}

fn quoted(text: &str) -> HeaderValue {
    // Hex digits and a dash are always a valid header.
    HeaderValue::try_from(format!("\"{text}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_stars_match() {
        let tag = of_bytes(b"content");
        let list = HeaderValue::try_from(format!("\"x\", {}", tag.to_str().unwrap())).unwrap();
        assert!(matches(&list, &tag) && matches(&HeaderValue::from_static("*"), &tag));
        assert!(!matches(&HeaderValue::from_static("\"x\""), &tag));
        let weak = HeaderValue::try_from(format!("W/{}", tag.to_str().unwrap())).unwrap();
        assert!(!matches(&weak, &tag));
    }

    #[test]
    fn known_digest() {
        // coreutils: printf abc | sha256sum
        assert_eq!(hex(b"abc", 12), "ba7816bf8f01");
    }
}
