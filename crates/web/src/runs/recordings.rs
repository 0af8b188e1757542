//! Which recordings are served. The path in a timewarp.json is text from a file: it is believed only where it
//! leads to a place the person allowed, or to the very recording the run was made of.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::ServerConfig;
use crate::error::{ApiError, Kind};
use crate::media::library::Library;

/// Which of the two recordings of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The one that others are aligned to.
    Reference,
    /// The one that is aligned.
    New,
}

impl Role {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Reference, Self::New];

    /// Name in ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reference => "ref",
            Self::New => "new",
        }
    }
}

/// A recording that may be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaFile {
    /// The run it belongs to.
    pub run_id: String,
    /// Which of its recordings it is.
    pub role: Role,
    /// The first file of the recording, canonical.
    pub path: PathBuf,
}

/// Places recordings may be served from.
#[derive(Debug, Default)]
pub struct AllowedPlaces {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl AllowedPlaces {
    /// The root, `--media-root` folders and the recordings of the command line, links followed once, now.
    pub fn new(config: &ServerConfig) -> Self {
        let canonical = |path: &PathBuf| path.canonicalize().ok();
        let folders = std::iter::once(&config.root).chain(&config.media_roots);
        let files = [&config.inputs.reference, &config.inputs.new];
        Self {
            folders: folders.filter_map(canonical).collect(),
            files: files.into_iter().flatten().filter_map(canonical).collect(),
        }
    }

    /// Whether `real` (a canonical path) lies in such a place.
    pub fn holds(&self, real: &Path) -> bool {
        self.files.iter().any(|file| file == real)
            || self.folders.iter().any(|folder| real.starts_with(folder))
    }

    /// Resolves the path a run names. Outside of the allowed places, the recording there must be the one
    /// whose `fingerprint` the run recorded.
    ///
    /// # Errors
    /// Gone, not a regular file, or not allowed.
    pub fn resolve(
        &self,
        path: &Path,
        fingerprint: Option<&str>,
        library: &Library,
    ) -> Result<PathBuf, ApiError> {
        let gone = || ApiError::new(Kind::NotFound, "video file is no longer at its place");
        let real = path.canonicalize().map_err(|_| gone())?;
        if !fs::metadata(&real).is_ok_and(|metadata| metadata.is_file()) {
            return Err(gone());
        }
        let is_same = || fingerprint.is_some_and(|wanted| has_fingerprint(&real, wanted, library));
        if self.holds(&real) || is_same() {
            Ok(real)
        } else {
            Err(ApiError::new(
                Kind::OutsideRoot,
                "the recording lies outside the root; start with --media-root",
            ))
        }
    }
}

/// Whether the recording at `path` is the one of that fingerprint, alone or with its chapters.
fn has_fingerprint(path: &Path, wanted: &str, library: &Library) -> bool {
    let is_wanted = |paths: &[&Path]| mtbsync_formats::fingerprint(paths).is_ok_and(|found| found == wanted);
    if !wanted.starts_with("sha256:") {
        return false;
    }
    if is_wanted(&[path]) {
        return true;
    }
    let Ok(recording) = library.open(path) else {
        return false;
    };
    let chapters = &recording.facts.chapters;
    let chapters: Vec<&Path> = chapters.iter().map(|chapter| chapter.path.as_path()).collect();
    is_wanted(&chapters)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::Limits;
    use crate::decoder::Decoders;
    use crate::decoder::pool::DecoderProgram;

    fn kind(result: Result<PathBuf, ApiError>) -> Result<PathBuf, Kind> {
        result.map_err(|error| error.kind())
    }

    #[test]
    fn only_allowed_places_and_known_content() {
        let inside = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let own = inside.path().canonicalize().unwrap().join("a.mp4");
        let other = outside.path().canonicalize().unwrap().join("b.mp4");
        fs::write(&own, "own").unwrap();
        fs::write(&other, "other").unwrap();
        let places = AllowedPlaces {
            folders: vec![inside.path().canonicalize().unwrap()],
            files: Vec::new(),
        };
        let nothing = DecoderProgram {
            program: "/nowhere".into(),
            args: Vec::new(),
        };
        let library = Library::new(Arc::new(Decoders::new(nothing, &Limits::default())));
        let resolve = |path: &Path, print| places.resolve(path, print, &library);
        assert_eq!(kind(resolve(&own, None)), Ok(own.clone()));
        assert_eq!(kind(resolve(&other, None)), Err(Kind::OutsideRoot));
        assert_eq!(kind(resolve(&other, Some("sha256:00"))), Err(Kind::OutsideRoot));
        let print = mtbsync_formats::fingerprint(&[&other]).unwrap();
        assert_eq!(kind(resolve(&other, Some(&print))), Ok(other.clone()));
        assert_eq!(kind(resolve(inside.path(), None)), Err(Kind::NotFound));
        assert_eq!(
            kind(resolve(&inside.path().join("gone"), None)),
            Err(Kind::NotFound)
        );
    }
}
