//! Identity of a recording by content: cheap (two MiB per chapter are read) and independent of where the
//! file lies or what it is called, so that a moved recording still finds its index in the cache.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::read::{ReadError, open_file};

/// Bytes hashed at each end of a chapter (docs/reference/files.md#fingerprints).
const END_BYTES: u64 = 1 << 20;

/// `sha256:` + hex over, per chapter in order, the length as u64 little-endian, the first and the last MiB
/// (the whole file twice when it is shorter).
///
/// # Errors
/// Any chapter that cannot be opened or read, or becomes shorter meanwhile.
pub fn fingerprint<P: AsRef<Path>>(chapters: &[P]) -> Result<String, ReadError> {
    let mut hasher = Sha256::new();
    for chapter in chapters {
        let chapter = chapter.as_ref();
        let mut file = open_file(chapter)?;
        hash_ends(&mut file, &mut hasher).map_err(|error| ReadError::from_io(chapter, error))?;
    }
    Ok(format!("sha256:{}", hex(&hasher.finalize())))
}

/// Bytes as hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of a whole content, as hex digits.
pub fn sha256_hex(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

fn hash_ends(file: &mut File, hasher: &mut Sha256) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut end = vec![0; length.min(END_BYTES) as usize];
    hasher.update(length.to_le_bytes());
    file.read_exact(&mut end)?;
    hasher.update(&end);
    file.seek(SeekFrom::Start(length - end.len() as u64))?;
    file.read_exact(&mut end)?;
    hasher.update(&end);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digest_of_a_short_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        std::fs::write(&path, b"abc").unwrap();
        // sha256(03 00 00 00 00 00 00 00 "abcabc"), from coreutils' sha256sum.
        assert_eq!(
            fingerprint(&[&path]).unwrap(),
            "sha256:e136556635f1d57a963ab93138ba92ab824e9f39f3df1705bc2a7f4822364449"
        );
    }

    #[test]
    fn name_and_middle_do_not_matter_but_ends_length_and_order_do() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let mut content = vec![7u8; 3 << 20];
        let first = write("first", &content);
        let same = write("other name", &content);
        content[3 << 19] = 8;
        let middle = write("middle", &content);
        content[(3 << 20) - 1] = 9;
        let end = write("end", &content);
        let of = |paths: &[&std::path::PathBuf]| fingerprint(paths).unwrap();
        assert_eq!(of(&[&first]), of(&[&same]));
        assert_eq!(of(&[&first]), of(&[&middle]));
        assert_ne!(of(&[&first]), of(&[&end]));
        assert_ne!(of(&[&first, &end]), of(&[&end, &first]));
    }
}
