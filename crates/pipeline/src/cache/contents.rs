//! What lies in the folders of the cache, and how it is known.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use mtbsync_formats::ReadError;
use mtbsync_formats::seal;
use mtbsync_index::file as index_file;
use mtbsync_index::learned::LEARNED_SUFFIX;
use mtbsync_task::error::PipelineError;

use super::{INDEX_FOLDER, alignments, learned, proxies};

/// Digits of a key: half a SHA-256.
const KEY_DIGITS: usize = 32;
/// Bytes at the beginning of a file by which its kind is known.
const HEAD_BYTES: usize = 8;

/// A folder of the cache.
pub(super) struct Room {
    /// Its name.
    pub folder: &'static str,
    /// What its files end in.
    pub suffix: &'static str,
    /// What the keys of its files begin with.
    pub key_prefix: &'static str,
    /// Whether a file begins as those of the room do.
    begins: fn(&[u8]) -> bool,
    /// Whether a file is what was written.
    is_whole: fn(&Path) -> Result<bool, PipelineError>,
}

/// All of them; the keys of the first have no prefix.
pub(super) static ROOMS: [Room; 4] = [
    Room {
        folder: INDEX_FOLDER,
        suffix: "npz",
        key_prefix: "",
        begins: |head| head.starts_with(b"PK"),
        is_whole: index_file::is_whole,
    },
    Room {
        folder: proxies::FOLDER,
        suffix: "mp4",
        key_prefix: proxies::KEY_PREFIX,
        begins: |head| head.ends_with(b"ftyp"),
        is_whole: is_sealed,
    },
    Room {
        folder: alignments::FOLDER,
        suffix: "json",
        key_prefix: alignments::KEY_PREFIX,
        begins: |head| head.starts_with(b"{"),
        is_whole: is_sealed,
    },
    Room {
        folder: learned::FOLDER,
        suffix: LEARNED_SUFFIX,
        key_prefix: learned::KEY_PREFIX,
        // Numbers without a head.
        begins: |_| true,
        is_whole: is_sealed,
    },
];

/// The room of a key, and the name of its file without the suffix.
pub(super) fn room_of(key: &str) -> (&'static Room, &str) {
    let [indexes, others @ ..] = &ROOMS;
    let found = others
        .iter()
        .find_map(|room| Some((room, key.strip_prefix(room.key_prefix)?)));
    found.unwrap_or((indexes, key))
}

impl Room {
    /// Whether the file at `path`, which lies in the room, has the name and the beginning of one of ours;
    /// `unread` where the system cannot read it.
    pub fn holds(&self, path: &Path, unread: bool) -> bool {
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let is_key = stem.len() == KEY_DIGITS && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_key && path.is_file() && self.begins(path).unwrap_or(unread)
    }

    fn begins(&self, path: &Path) -> io::Result<bool> {
        let mut head = Vec::new();
        File::open(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        Ok((self.begins)(&head))
    }

    /// Whether the file at `path` is what was written.
    ///
    /// # Errors
    /// The disk cannot be read.
    pub fn is_whole(&self, path: &Path) -> Result<bool, PipelineError> {
        (self.is_whole)(path)
    }
}

fn is_sealed(path: &Path) -> Result<bool, PipelineError> {
    match seal::is_whole(path) {
        // Another process has removed it meanwhile.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        result => result.map_err(|error| ReadError::from_io(path, error).into()),
    }
}
