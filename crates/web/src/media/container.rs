//! What kind of container a file is, by its first bytes: ISO base media with its brand (ISO/IEC 14496-12,
//! `ftyp`; QuickTime may have none), Matroska by the mark of EBML (RFC 8794), AVI by its RIFF type, MPEG-TS
//! by two packets (ISO/IEC 13818-1).

use std::io::Read;
use std::path::Path;

use axum::http::HeaderValue;
use mtbsync_formats::open_file;
use mtbsync_pipeline::batch::pairing::VIDEO_EXTENSIONS;

/// Length of a packet of MPEG-TS, which begins with [`TS_SYNC`].
const TS_PACKET_BYTES: usize = 188;
/// First byte of a packet of MPEG-TS.
const TS_SYNC: u8 = 0x47;
/// Bytes looked at: two packets of MPEG-TS begin in them.
const HEAD_BYTES: u64 = TS_PACKET_BYTES as u64 + 1;

/// The content type of a container; `None` for what is none.
fn of_head(head: &[u8]) -> Option<&'static str> {
    Some(match head {
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "video/x-matroska",
        [_, _, _, _, b'f', b't', b'y', b'p', b'q', b't', b' ', b' ', ..] => "video/quicktime",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "video/mp4",
        [_, _, _, _, b'm', b'o', b'o', b'v', ..]
        | [_, _, _, _, b'm', b'd', b'a', b't', ..]
        | [_, _, _, _, b'w', b'i', b'd', b'e', ..] => "video/quicktime",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => "video/x-msvideo",
        [TS_SYNC, ..] if head.get(TS_PACKET_BYTES) == Some(&TS_SYNC) => "video/mp2t",
        _ => return None,
    })
}

fn head(path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    // What cannot be read is of an unknown kind; reading more of it will fail as well.
    let _ = open_file(path).map(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
    head
}

/// The content type of the file at `path`.
pub fn content_type(path: &Path) -> HeaderValue {
    HeaderValue::from_static(of_head(&head(path)).unwrap_or("application/octet-stream"))
}

/// Whether the regular file at `path` is a recording, by its name or its content.
pub fn is_recording(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    let extension = extension.as_deref().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extension == "lrv" || VIDEO_EXTENSIONS.contains(&extension))
        || of_head(&head(path)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_told_by_content() {
        let folder = tempfile::tempdir().unwrap();
        let mut ts = vec![0; 400];
        ts[0] = TS_SYNC;
        ts[TS_PACKET_BYTES] = TS_SYNC;
        let cases: [(&[u8], &str); 6] = [
            (b"\0\0\0\x18ftypmp42", "video/mp4"),
            (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
            (b"\x1a\x45\xdf\xa3\0\0\0\0\0\0\0\0", "video/x-matroska"),
            (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
            (&ts, "video/mp2t"),
            (b"Gshort", "application/octet-stream"),
        ];
        for (bytes, expected) in cases {
            let path = folder.path().join("x");
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(content_type(&path), expected);
            assert_eq!(is_recording(&path), expected.starts_with("video"), "{expected}");
        }
        let named = folder.path().join("x.MP4");
        std::fs::write(&named, "name,t_ref").unwrap();
        assert!(is_recording(&named));
    }
}
