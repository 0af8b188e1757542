//! A small bounded reader of MP4 boxes (ISO/IEC 14496-12), for the parts FFmpeg does not hand out.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Boxes looked at in one list; real files have a handful.
const MAX_SIBLINGS: usize = 4096;

/// Whether the file is an MP4 whose index was never written.
pub(crate) fn lacks_moov(path: &Path) -> bool {
    let Ok(mut file) = File::open(path) else {
        return false;
    };
    let Ok(length) = file.seek(SeekFrom::End(0)) else {
        return false;
    };
    let mut at = 0_u64;
    let mut is_mp4 = false;
    for _ in 0..MAX_SIBLINGS {
        let Some((kind, size)) = box_header(&mut file, at, length) else {
            break;
        };
        match &kind {
            b"ftyp" => is_mp4 = true,
            b"moov" => return false,
            _ => {}
        }
        at = at.saturating_add(size);
    }
    is_mp4
}

/// Type and whole size of the box at `at`; a size past `end` is kept as written.
fn box_header(file: &mut File, at: u64, end: u64) -> Option<([u8; 4], u64)> {
    if end.checked_sub(at)? < 8 {
        return None;
    }
    file.seek(SeekFrom::Start(at)).ok()?;
    let mut size = [0; 4];
    let mut kind = [0; 4];
    file.read_exact(&mut size).ok()?;
    file.read_exact(&mut kind).ok()?;
    match u32::from_be_bytes(size) {
        0 => Some((kind, end - at)),
        1 => {
            let mut large = [0; 8];
            file.read_exact(&mut large).ok()?;
            Some((kind, u64::from_be_bytes(large))).filter(|(_, size)| *size >= 16)
        }
        small => Some((kind, u64::from(small))).filter(|(_, size)| *size >= 8),
    }
}
