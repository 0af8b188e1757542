//! The small `.LRV` copy that cameras write beside each chapter: same times, far fewer pixels to decode.

use std::io;
use std::path::{Path, PathBuf};

use super::names::neighbours;

/// The proxy beside the original at `path`, by name. Whether it may stand for the original is checked when it
/// is opened.
///
/// # Errors
/// The system cannot list the folder.
pub fn find_proxy(path: &Path) -> io::Result<Option<PathBuf>> {
    match proxy_name(path) {
        Some(name) => Ok(neighbours(path)?.remove(&name)),
        None => Ok(None),
    }
}

/// The name that the proxy of an original has, in upper case.
fn proxy_name(path: &Path) -> Option<String> {
    let stem = upper_stem(path).filter(|_| !is_proxy(path))?;
    let proxy_stem = match stem.get(..2)? {
        "GX" | "GH" => format!("GL{}", stem.get(2..)?),
        "GO" | "GP" => stem,
        _ => return None,
    };
    Some(format!("{proxy_stem}.LRV"))
}

/// Whether the file calls itself a proxy.
pub(crate) fn is_proxy(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("lrv"))
}

/// The eight characters of a camera's file name, in upper case.
fn upper_stem(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?.to_ascii_uppercase();
    (stem.len() == 8 && stem.is_ascii()).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn originals_find_their_proxies() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in [
            "GX010123.MP4",
            "gl010123.lrv",
            "GOPR0001.MP4",
            "GOPR0001.LRV",
            "GHAA0002.MP4",
            "GLAA0002.LRV",
        ] {
            std::fs::write(path(name), b"").unwrap();
        }
        for (original, proxy) in [
            ("GX010123.MP4", "gl010123.lrv"),
            ("GOPR0001.MP4", "GOPR0001.LRV"),
            ("GHAA0002.MP4", "GLAA0002.LRV"),
        ] {
            assert_eq!(find_proxy(&path(original)).unwrap(), Some(path(proxy)));
        }
        assert_eq!(find_proxy(&path("GX020123.MP4")).unwrap(), None);
        assert_eq!(find_proxy(&path("GOPR0001.LRV")).unwrap(), None);
        assert_eq!(find_proxy(&path("ride.mp4")).unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_no_proxy() {
        use std::os::unix::fs::symlink;
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = |name: &str| here.path().join(name);
        for name in ["GX010001.MP4", "GX010002.MP4", "GX010003.MP4", "small.lrv"] {
            std::fs::write(path(name), b"").unwrap();
        }
        for name in ["GL010001.LRV", "GL010003.LRV", "GX010003.MP4"] {
            std::fs::write(there.path().join(name), b"").unwrap();
        }
        symlink(there.path().join("GL010001.LRV"), path("GL010001.LRV")).unwrap();
        symlink("small.lrv", path("GL010002.LRV")).unwrap();
        assert_eq!(find_proxy(&path("GX010001.MP4")).unwrap(), None);
        assert_eq!(
            find_proxy(&path("GX010002.MP4")).unwrap(),
            Some(path("GL010002.LRV"))
        );
        // A folder of links is a folder.
        std::fs::remove_file(path("GX010003.MP4")).unwrap();
        for name in ["GX010003.MP4", "GL010003.LRV"] {
            symlink(there.path().join(name), path(name)).unwrap();
        }
        assert_eq!(
            find_proxy(&path("GX010003.MP4")).unwrap(),
            Some(path("GL010003.LRV"))
        );
    }
}
