//! Paths that clients name. They are relative to the root, plain, and compared with what a scan of the root
//! found or resolved below it; nothing else reaches the disk.

use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

use crate::error::{ApiError, Kind};

/// Longest relative path, bytes.
const MAX_PATH_BYTES: usize = 4096;

/// A path below the root as clients write it: components joined by `/`, in normal form C, each of them an
/// ordinary name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelPath(String);

impl RelPath {
    /// Checks a decoded path.
    ///
    /// # Errors
    /// Absolute, empty, with `..`, a backslash, NUL, a drive letter, or a component that starts with a dot.
    pub fn new(text: &str) -> Result<Self, ApiError> {
        let is_drive = text.as_bytes().get(1) == Some(&b':')
            && text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
        let is_plain = |component: &str| !component.is_empty() && !component.starts_with('.');
        let is_good = text.len() <= MAX_PATH_BYTES
            && !is_drive
            && !text.contains(['\\', '\0'])
            && text.split('/').all(is_plain);
        if is_good {
            Ok(Self(normal_form(text)))
        } else {
            Err(ApiError::new(Kind::BadPath, "not a path below the root"))
        }
    }

    /// Checks a path that is still percent-encoded, as it stands in an address.
    ///
    /// # Errors
    /// See [`RelPath::new`]; or the encoding is broken.
    pub fn encoded(text: &str) -> Result<Self, ApiError> {
        let decoded = percent_decoded(text);
        decoded.map_or_else(
            || Err(ApiError::new(Kind::BadPath, "not a valid percent-encoded path")),
            |text| Self::new(&text),
        )
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The regular file or folder of this name below `root` (a canonical path).
    ///
    /// # Errors
    /// Not there, or a link that leads out of the root.
    pub fn existing(&self, root: &Path) -> Result<PathBuf, ApiError> {
        let real = root
            .join(&self.0)
            .canonicalize()
            .map_err(|_| ApiError::not_found("file"))?;
        is_below(&real, root)
    }

    /// Where a file of this name may be written: its folder exists and lies below `root` (a canonical path),
    /// and what stands there already, if anything, is a regular file below it too.
    ///
    /// # Errors
    /// The folder is missing or elsewhere, or the name is taken by something else.
    pub fn writable(&self, root: &Path) -> Result<PathBuf, ApiError> {
        let path = root.join(&self.0);
        if path.symlink_metadata().is_ok() {
            let existing = self.existing(root)?;
            return if existing.is_file() {
                Ok(existing)
            } else {
                Err(ApiError::new(Kind::BadPath, "a folder has that name"))
            };
        }
        let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
        let folder = folder.ok_or_else(|| ApiError::not_found("folder"))?;
        let name = path.file_name().ok_or_else(|| ApiError::not_found("folder"))?;
        Ok(is_below(&folder, root)?.join(name))
    }
}

impl RelPath {
    /// Where something of this name may be created below `root` (a canonical path), with the folders it
    /// needs: the part of the path that exists leads nowhere else.
    ///
    /// # Errors
    /// It does.
    pub fn creatable(&self, root: &Path) -> Result<PathBuf, ApiError> {
        let path = root.join(&self.0);
        let is_there = |path: &&Path| path.symlink_metadata().is_ok();
        let existing = path.ancestors().find(is_there).unwrap_or(root);
        let real = existing
            .canonicalize()
            .map_err(|_| ApiError::not_found("folder"))?;
        let rest = path.strip_prefix(existing).unwrap_or(Path::new(""));
        let real = is_below(&real, root)?;
        Ok(if rest.as_os_str().is_empty() {
            real
        } else {
            real.join(rest)
        })
    }
}

fn is_below(real: &Path, root: &Path) -> Result<PathBuf, ApiError> {
    if real.starts_with(root) {
        Ok(real.to_owned())
    } else {
        Err(ApiError::new(Kind::OutsideRoot, "outside the root"))
    }
}

/// Names that look the same are the same: some disks store `é` as two characters.
pub fn normal_form(text: &str) -> String {
    text.nfc().collect()
}

/// Decodes `%xx` once. `None` for an escape that is none, or a result that is not UTF-8.
pub fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_pass() {
        for text in ["a", "run A/new_markers.csv", "x/…/y", "a..b/c.", "50% off"] {
            assert_eq!(RelPath::new(text).unwrap().as_str(), text, "{text}");
        }
        assert_eq!(RelPath::new("e\u{301}").unwrap().as_str(), "\u{e9}");
        assert_eq!(RelPath::encoded("a%20b/c%252e").unwrap().as_str(), "a b/c%2e");
    }

    #[test]
    fn everything_else_does_not() {
        for text in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "a/../b",
            "../a",
            "a/..",
            ".",
            "./a",
            "a/.",
            ".git/config",
            "a/.hidden",
            "a//b",
            "a/",
            "a\\b",
            "..\\a",
            "C:/x",
            "c:x",
            "a\0b",
        ] {
            assert!(RelPath::new(text).is_err(), "{text:?}");
        }
        for text in [
            "%2e%2e/a",
            "a%2f..%2fb",
            "%5c",
            "%00",
            "%2Fetc",
            "%zz",
            "%2",
            "%ff",
            "%c0%ae%c0%ae/a",
        ] {
            assert!(RelPath::encoded(text).is_err(), "{text:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_root_are_refused() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        let inside = tempfile::tempdir().unwrap();
        let root = inside.path().canonicalize().unwrap();
        std::fs::write(root.join("own"), "o").unwrap();
        std::os::unix::fs::symlink(outside.path(), root.join("link")).unwrap();
        std::os::unix::fs::symlink("own", root.join("alias")).unwrap();
        let kind = |text: &str| RelPath::new(text).unwrap().existing(&root).map_err(|e| e.kind());
        assert_eq!(kind("link/secret"), Err(Kind::OutsideRoot));
        assert_eq!(kind("alias"), Ok(root.join("own")));
        assert_eq!(kind("absent"), Err(Kind::NotFound));
        let writable = |text: &str| RelPath::new(text).unwrap().writable(&root).map_err(|e| e.kind());
        assert_eq!(writable("link/new"), Err(Kind::OutsideRoot));
        assert_eq!(writable("new"), Ok(root.join("new")));
        assert_eq!(writable("absent/new"), Err(Kind::NotFound));
        let creatable = |text: &str| RelPath::new(text).unwrap().creatable(&root).map_err(|e| e.kind());
        assert_eq!(creatable("a/b/c"), Ok(root.join("a/b/c")));
        assert_eq!(creatable("link/a/b"), Err(Kind::OutsideRoot));
        std::os::unix::fs::symlink("nowhere", root.join("dangling")).unwrap();
        assert_eq!(creatable("dangling/x"), Err(Kind::NotFound));
        assert_eq!(writable("dangling"), Err(Kind::NotFound));
    }
}
