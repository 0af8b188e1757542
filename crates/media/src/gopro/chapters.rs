//! Which files make up a recording, by their names. Whether they really continue each other is checked when
//! they are opened ([`Recording::open`](crate::Recording::open)).

use std::io;
use std::path::{Path, PathBuf};

use super::names::{GoProName, neighbours};

/// The files of one recording, first chapter first, by name alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChapterSet {
    /// The named file and the chapters before and after it without a gap.
    pub paths: Vec<PathBuf>,
    /// Where the named file is among them.
    pub named: usize,
    /// What is odd about the series.
    pub warnings: Vec<ChapterWarning>,
}

/// Something about chapters or proxies that the person should know. File names without folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChapterWarning {
    /// The named file is not the first chapter.
    #[error("{named} is one chapter of a recording: all of it is used, from {first} to {last}")]
    Whole {
        /// The file that was named.
        named: String,
        /// The first file that is used.
        first: String,
        /// The last one.
        last: String,
    },
    /// A later chapter is there, but not the next one.
    #[error("chapter {missing} is missing, so {present} and later are not included")]
    Gap {
        /// The first chapter that is not there.
        missing: String,
        /// The first one after it that is.
        present: String,
    },
    /// An earlier chapter is there, but not the one before.
    #[error("chapter {missing} is missing, so {present} and earlier are not included")]
    GapBefore {
        /// The last chapter that is not there.
        missing: String,
        /// The last one before it that is.
        present: String,
    },
    /// A chapter that does not continue the one before.
    #[error("{file} and later chapters are not included: {reason}")]
    NotJoined {
        /// The first chapter left out.
        file: String,
        /// Why.
        reason: String,
    },
    /// A chapter that the next one does not continue.
    #[error("{file} and earlier chapters are not included: {reason}")]
    NotJoinedBefore {
        /// The last chapter left out.
        file: String,
        /// Why.
        reason: String,
    },
    /// A proxy that does not stand for its original.
    #[error("proxy {file} is not used: {reason}")]
    ProxyIgnored {
        /// The proxy.
        file: String,
        /// Why.
        reason: String,
    },
}

/// Finds the chapters before and after the file at `path` in its folder. A file whose name follows no scheme
/// is alone.
///
/// # Errors
/// The system cannot list the folder.
pub fn resolve_chapters(path: &Path) -> io::Result<ChapterSet> {
    let mut set = ChapterSet {
        paths: vec![path.to_owned()],
        named: 0,
        warnings: Vec::new(),
    };
    let Some(named) = GoProName::parse(path) else {
        return Ok(set);
    };
    let neighbours = neighbours(path)?;
    let mut chapters: Vec<(GoProName, &PathBuf)> = neighbours
        .values()
        .filter_map(|path| Some((GoProName::parse(path)?, path)))
        .filter(|(name, _)| name.same_series(&named))
        .collect();
    chapters.sort_by_key(|(name, _)| name.chapter);
    let mut first = named.chapter;
    for (name, path) in chapters
        .iter()
        .rev()
        .filter(|(name, _)| name.chapter < named.chapter)
    {
        if name.chapter.saturating_add(1) != first {
            set.warnings.push(ChapterWarning::GapBefore {
                missing: named.with_chapter(first.saturating_sub(1)).file_name(),
                present: name.file_name(),
            });
            break;
        }
        set.paths.insert(0, (*path).clone());
        first = name.chapter;
    }
    set.named = set.paths.len() - 1;
    let mut next = named.chapter.saturating_add(1);
    for (name, path) in chapters.iter().filter(|(name, _)| name.chapter > named.chapter) {
        if name.chapter != next {
            set.warnings.push(ChapterWarning::Gap {
                missing: named.with_chapter(next).file_name(),
                present: name.file_name(),
            });
            break;
        }
        set.paths.push((*path).clone());
        next = next.saturating_add(1);
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(files: &[&str], named: &str) -> (Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(folder.path().join(file), b"").unwrap();
        }
        let set = resolve_chapters(&folder.path().join(named)).unwrap();
        let names = set
            .paths
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        (names, set.warnings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn chapters_follow_by_number_not_by_name() {
        let files = [
            "GX010124.MP4",
            "gx020123.mp4",
            "GX010123.MP4",
            "GX030123.MP4",
            "GH040123.MP4",
            "GX040123.LRV",
        ];
        let (names, warnings) = resolve(&files, "GX010123.MP4");
        assert_eq!(names, ["GX010123.MP4", "gx020123.mp4", "GX030123.MP4"]);
        assert_eq!(warnings, [""; 0]);
    }

    #[test]
    fn legacy_chapters() {
        let (names, _) = resolve(&["GP010007.MP4", "GOPR0007.MP4", "GP020007.MP4"], "GOPR0007.MP4");
        assert_eq!(names, ["GOPR0007.MP4", "GP010007.MP4", "GP020007.MP4"]);
    }

    #[test]
    fn any_chapter_stands_for_all() {
        let files = ["GX010123.MP4", "GX020123.MP4", "GX030123.MP4"];
        for named in files {
            assert_eq!(
                resolve(&files, named),
                (files.map(str::to_owned).to_vec(), Vec::new())
            );
        }
        let (names, _) = resolve(&["GOPR0007.MP4", "GP010007.MP4"], "GP010007.MP4");
        assert_eq!(names, ["GOPR0007.MP4", "GP010007.MP4"]);
    }

    #[test]
    fn gaps_are_told() {
        let files = ["GX010123.MP4", "GX030123.MP4", "GX040123.MP4", "GX060123.MP4"];
        let (names, warnings) = resolve(&files, "GX040123.MP4");
        assert_eq!(names, ["GX030123.MP4", "GX040123.MP4"]);
        assert_eq!(
            warnings,
            [
                "chapter GX020123.MP4 is missing, so GX010123.MP4 and earlier are not included",
                "chapter GX050123.MP4 is missing, so GX060123.MP4 and later are not included"
            ]
        );
    }

    #[test]
    fn other_names_are_alone() {
        assert_eq!(
            resolve(&["GHAA0001.MP4", "GHAB0001.MP4"], "GHAA0001.MP4").0,
            ["GHAA0001.MP4"]
        );
        assert_eq!(resolve(&["ride1.mp4", "ride2.mp4"], "ride1.mp4").0, ["ride1.mp4"]);
    }
}
