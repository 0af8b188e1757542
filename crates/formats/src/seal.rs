//! Files that know whether they are still what was written.
//!
//! A sealed file ends with 48 bytes: a box header (`free`, so that a sealed movie plays), a magic word, and
//! the SHA-256 of everything before. Made for files that are kept for long and read by nobody else; a digit
//! that flips on a worn disk must not become another result.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Bytes of a seal.
pub const SEAL_BYTES: u64 = (HEAD.len() + DIGEST_BYTES) as u64;
const HEAD: &[u8; 16] = b"\0\0\0\x30freemtbseal1";
const DIGEST_BYTES: usize = 32;
/// Bytes read at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// `content` with its seal.
pub fn sealed(mut content: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&content);
    content.extend_from_slice(HEAD);
    content.extend_from_slice(&digest);
    content
}

/// The content of sealed bytes; `None` where they have no seal, or another content than was sealed.
///
/// ```
/// use mtbsync_formats::seal::{sealed, unsealed};
///
/// let mut bytes = sealed(b"t_ref 12.5".to_vec());
/// assert_eq!(unsealed(&bytes), Some(&b"t_ref 12.5"[..]));
/// bytes[6] = b'3';
/// assert_eq!(unsealed(&bytes), None);
/// ```
pub fn unsealed(bytes: &[u8]) -> Option<&[u8]> {
    let (content, seal) = bytes.split_at_checked(bytes.len().checked_sub(SEAL_BYTES as usize)?)?;
    let digest = seal.strip_prefix(HEAD)?;
    (Sha256::digest(content)[..] == *digest).then_some(content)
}

/// Writes the seal behind the content of `file`, which is read from its beginning.
///
/// # Errors
/// It cannot be read or written.
pub fn seal(file: &mut (impl Read + Write + Seek)) -> io::Result<()> {
    let length = file.seek(SeekFrom::End(0))?;
    let digest = digest_of(file, length)?;
    file.seek(SeekFrom::Start(length))?;
    file.write_all(HEAD)?;
    file.write_all(&digest)
}

/// Whether the file at `path` is what was sealed; every byte of it is read.
///
/// # Errors
/// It cannot be read.
pub fn is_whole(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let Some(length) = file.metadata()?.len().checked_sub(SEAL_BYTES) else {
        return Ok(false);
    };
    let digest = digest_of(&mut file, length)?;
    let mut seal = Vec::new();
    file.take(SEAL_BYTES + 1).read_to_end(&mut seal)?;
    Ok(seal.strip_prefix(HEAD) == Some(&digest))
}

/// The digest of the first `length` bytes; the file stands behind them.
fn digest_of(file: &mut (impl Read + Seek), length: u64) -> io::Result<[u8; DIGEST_BYTES]> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut left = length;
    while left > 0 {
        let want = usize::try_from(left).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        let part = chunk.get_mut(..want).unwrap_or_default();
        file.read_exact(part)?;
        hasher.update(&part);
        left -= want as u64;
    }
    Ok(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let content = b"0123456789".repeat(7);
        let good = sealed(content.clone());
        std::fs::write(&path, &good).unwrap();
        assert!(is_whole(&path).unwrap());
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&path, &bad).unwrap();
            assert!(unsealed(&bad).is_none() && !is_whole(&path).unwrap(), "byte {at}");
            std::fs::write(&path, &good[..at]).unwrap();
            assert!(
                unsealed(&good[..at]).is_none() && !is_whole(&path).unwrap(),
                "cut at {at}"
            );
        }
        std::fs::write(&path, &content).unwrap();
        let mut file = File::options().read(true).write(true).open(&path).unwrap();
        seal(&mut file).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), good);
    }
}
