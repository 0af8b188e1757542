//! What an output may replace: nothing, or a file of its own kind.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::error::{WriteError, WriteErrorKind};

/// Bytes looked at from either end of a file: every kind gives itself away in its first or last lines.
const END_BYTES: u64 = 64 << 10;

/// Both ends of a file that is about to be replaced, at most 64 KiB of each.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    /// From its beginning.
    pub head: Vec<u8>,
    /// Up to its end.
    pub tail: Vec<u8>,
}

impl Ends {
    fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut ends = Self::default();
        file.by_ref().take(END_BYTES).read_to_end(&mut ends.head)?;
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(length.saturating_sub(END_BYTES)))?;
        file.take(END_BYTES).read_to_end(&mut ends.tail)?;
        Ok(ends)
    }

    /// Whether the file is JSON, an object or a list of them, with these keys in its beginning.
    pub fn has_keys(&self, keys: &[&str]) -> bool {
        let head = self.head.trim_ascii_start();
        matches!(head.first(), Some(b'{' | b'['))
            && keys
                .iter()
                .all(|key| holds(head, format!("\"{key}\"").as_bytes()))
    }

    /// Whether the file begins with that line, or with more columns in it.
    pub fn has_header(&self, header: &str) -> bool {
        self.head.starts_with(header.as_bytes())
    }

    /// Whether `text` is somewhere in its beginning.
    pub fn head_holds(&self, text: &str) -> bool {
        holds(&self.head, text.as_bytes())
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len().max(1)).any(|window| window == part)
}

/// What an output may replace. A name alone proves nothing: a recording, a timeline, a table of a person must
/// not be lost because an output was given its name.
#[derive(Clone, Copy, Debug)]
pub struct Replaces(Rule);

#[derive(Clone, Copy, Debug)]
enum Rule {
    Anything,
    Own(fn(&Ends) -> bool),
}

impl Replaces {
    /// Whatever is there: the caller has read and understood it, it is in a folder of the program's own, or
    /// the person has said so.
    pub const ANYTHING: Self = Self(Rule::Anything);
    /// Nothing but an empty file.
    pub const NOTHING: Self = Self::own(|_| false);

    /// A file that `is_own` knows for one of the same kind; empty files hold nothing to lose.
    pub const fn own(is_own: fn(&Ends) -> bool) -> Self {
        Self(Rule::Own(is_own))
    }

    /// Whether the file at `path` may go. True where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn allows(self, path: &Path) -> io::Result<bool> {
        let Rule::Own(is_own) = self.0 else {
            return Ok(true);
        };
        match std::fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
            Ok(metadata) if metadata.len() == 0 => Ok(true),
            Ok(_) => Ok(is_own(&Ends::read(path)?)),
        }
    }

    /// The same as an error.
    ///
    /// # Errors
    /// Another file is there, or one that cannot be read.
    pub fn check(self, path: &Path) -> Result<(), WriteError> {
        match self.allows(path) {
            Ok(true) => Ok(()),
            Ok(false) => Err(WriteError::new(path, WriteErrorKind::NotOurs)),
            Err(error) => Err(WriteError::from_io(path, error)),
        }
    }
}
