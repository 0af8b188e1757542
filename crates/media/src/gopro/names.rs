//! GoPro file names: `GX` (HEVC) or `GH` (AVC) with a two-digit chapter and a four-digit recording number;
//! older cameras write `GOPRnnnn` and then `GP01nnnn`, `GP02nnnn`. Upper and lower case are the same.

use std::collections::BTreeMap;
use std::fs::DirEntry;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Which naming scheme a file follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `GXccnnnn`, HEVC.
    Hevc,
    /// `GHccnnnn`, AVC.
    Avc,
    /// `GLccnnnn`, proxy.
    Proxy,
    /// `GOPRnnnn` and `GPccnnnn`, HERO5 and older, originals and proxies.
    Legacy,
}

/// A file name that places the file in a series of chapters. Looping recordings (`GHAAnnnn`) do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoProName {
    /// Naming scheme.
    pub family: Family,
    /// Chapter: from 1, in the legacy scheme from 0 (`GOPR`).
    pub chapter: u8,
    /// Recording number, four digits.
    pub number: u16,
    /// File name extension in upper case, such as `MP4` or `LRV`.
    pub extension: String,
}

impl GoProName {
    /// Reads the name of the file at `path`; `None` when it follows no scheme.
    pub fn parse(path: &Path) -> Option<GoProName> {
        let extension = path.extension()?.to_str()?.to_ascii_uppercase();
        let stem = path.file_stem()?.to_str()?.to_ascii_uppercase();
        if stem.len() != 8 || !stem.is_ascii() {
            return None;
        }
        let number = digits(&stem[4..])?;
        let (family, chapter) = match &stem[..2] {
            _ if stem.starts_with("GOPR") => (Family::Legacy, 0),
            "GX" => (Family::Hevc, digits(&stem[2..4])?),
            "GH" => (Family::Avc, digits(&stem[2..4])?),
            "GL" => (Family::Proxy, digits(&stem[2..4])?),
            "GP" => (Family::Legacy, digits(&stem[2..4])?),
            _ => return None,
        };
        let chapter = u8::try_from(chapter).ok()?;
        let is_first_legacy = stem.starts_with("GOPR");
        (chapter > 0 || is_first_legacy).then_some(GoProName {
            family,
            chapter,
            number,
            extension,
        })
    }

    /// The same recording's name at another chapter.
    pub fn with_chapter(&self, chapter: u8) -> GoProName {
        GoProName {
            chapter,
            ..self.clone()
        }
    }

    /// Whether both are chapters of one recording by name.
    pub fn same_series(&self, other: &GoProName) -> bool {
        self.with_chapter(other.chapter) == *other
    }

    /// File name in upper case.
    pub fn file_name(&self) -> String {
        let GoProName {
            family,
            chapter,
            number,
            extension,
        } = self;
        let stem = match family {
            Family::Hevc => format!("GX{chapter:02}{number:04}"),
            Family::Avc => format!("GH{chapter:02}{number:04}"),
            Family::Proxy => format!("GL{chapter:02}{number:04}"),
            Family::Legacy if *chapter == 0 => format!("GOPR{number:04}"),
            Family::Legacy => format!("GP{chapter:02}{number:04}"),
        };
        format!("{stem}.{extension}")
    }
}

fn digits(text: &str) -> Option<u16> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

/// The files beside `path` by their names in upper case. Of names that differ only in case the first in byte
/// order is kept. A folder that may not be listed counts as empty. Links out of the folder are passed over,
/// unless `path` is a link itself: what lies elsewhere is no neighbour of a file that lies here.
///
/// # Errors
/// The system cannot list the folder: what is missing from a list must not be left out of a recording.
pub(crate) fn neighbours(path: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let listed: io::Result<Vec<DirEntry>> = std::fs::read_dir(folder).and_then(Iterator::collect);
    let entries = match listed {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => Vec::new(),
        listed => listed?,
    };
    let is_link = |path: &Path| {
        path.symlink_metadata()
            .is_ok_and(|metadata| metadata.is_symlink())
    };
    let own = folder.canonicalize().ok();
    let stays = |path: &Path| {
        path.canonicalize()
            .is_ok_and(|real| real.parent() == own.as_deref())
    };
    let takes_all = is_link(path);
    let entries = entries
        .iter()
        .filter(|entry| takes_all || !is_link(&entry.path()) || stays(&entry.path()));
    let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    names.sort();
    let mut neighbours = BTreeMap::new();
    for name in names {
        if let Some(text) = name.to_str() {
            neighbours
                .entry(text.to_ascii_uppercase())
                .or_insert_with(|| path.with_file_name(&name));
        }
    }
    Ok(neighbours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_reads_and_writes() {
        let cases = [
            ("GX010123.MP4", Family::Hevc, 1, 123),
            ("gh120123.mp4", Family::Avc, 12, 123),
            ("GL010123.LRV", Family::Proxy, 1, 123),
            ("GOPR9999.MP4", Family::Legacy, 0, 9999),
            ("gp020001.lrv", Family::Legacy, 2, 1),
        ];
        for (text, family, chapter, number) in cases {
            let name = GoProName::parse(Path::new(text)).expect(text);
            assert_eq!(
                (name.family, name.chapter, name.number),
                (family, chapter, number),
                "{text}"
            );
            assert_eq!(name.file_name(), text.to_ascii_uppercase());
        }
    }

    #[test]
    fn other_names_are_no_chapters() {
        for text in [
            "GHAA1234.MP4",
            "GX000123.MP4",
            "GP000123.MP4",
            "GX01012.MP4",
            "ride.mp4",
            "GX010123",
            "GÄ10123.MP4",
        ] {
            assert_eq!(GoProName::parse(Path::new(text)), None, "{text}");
        }
    }

    #[test]
    fn a_series_shares_letters_number_and_extension() {
        let name = |text: &str| GoProName::parse(Path::new(text)).expect(text);
        assert!(name("GOPR0001.MP4").same_series(&name("GP030001.mp4")));
        assert!(name("GX010001.MP4").same_series(&name("GX020001.MP4")));
        assert!(!name("GX010001.MP4").same_series(&name("GH020001.MP4")));
        assert!(!name("GX010001.MP4").same_series(&name("GX020002.MP4")));
        assert!(!name("GOPR0001.MP4").same_series(&name("GP010001.LRV")));
    }
}
