//! Boxes of ISO base media files (MP4 and QuickTime; ISO/IEC 14496-12 section 4.2), in a file and in memory.
//!
//! A box is a 32-bit big-endian size (1: a 64-bit size follows, 0: up to the end of the enclosing box), a
//! four-character name and a body. Nothing here recurses, and every size is checked against the enclosing box
//! before anything is read or allocated.

use std::io::{self, Read, Seek, SeekFrom};

use crate::bytes::{array_at, be_u32, be_u64};

/// Four-character name of a box.
pub type BoxName = [u8; 4];

/// Boxes looked at in one list; real files have a few dozen at most.
pub const MAX_SIBLINGS: usize = 4096;

/// Longest header: size, name and 64-bit size.
const MAX_HEADER_LEN: u64 = 16;

/// What the beginning of a box says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoxHeader {
    /// Name.
    pub name: BoxName,
    /// Length of the header, bytes.
    pub header_len: u64,
    /// Length of the whole box as claimed, bytes.
    pub len: u64,
    /// The size is 0: the box goes on to the end of the enclosing one.
    pub is_open: bool,
}

impl BoxHeader {
    /// The header that `bytes` begin with; `room` is what is left of the enclosing box. `None` of fewer than
    /// 8 bytes.
    pub fn parse(bytes: &[u8], room: u64) -> Option<Self> {
        let size = be_u32(bytes, 0)?;
        let (header_len, len) = match size {
            0 => (8, room),
            1 => (16, be_u64(bytes, 8).unwrap_or(0)),
            size => (8, u64::from(size)),
        };
        Some(Self {
            name: array_at(bytes, 4)?,
            header_len,
            len,
            is_open: size == 0,
        })
    }

    /// The header at `at` in a file, in a list that ends at `end`; `None` where fewer than 8 bytes are left.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(file: &mut (impl Read + Seek), at: u64, end: u64) -> io::Result<Option<Self>> {
        let room = end.saturating_sub(at);
        // Damaged sizes lead to places that the system calls an error to go to.
        if room == 0 {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(at))?;
        file.take(room.min(MAX_HEADER_LEN)).read_to_end(&mut bytes)?;
        Ok(Self::parse(&bytes, room))
    }

    /// Whether the box holds its own header and is no longer than `room`.
    pub fn fits(&self, room: u64) -> bool {
        (self.header_len..=room).contains(&self.len)
    }
}

/// A box in memory.
#[derive(Debug, Clone, Copy)]
pub struct MemoryBox<'a> {
    /// Name.
    pub name: BoxName,
    /// Everything behind the header.
    pub body: &'a [u8],
    /// Header and body.
    pub whole: &'a [u8],
}

/// The boxes of a list; the first one that does not fit comes as its header and ends the list.
pub fn boxes(mut list: &[u8]) -> impl Iterator<Item = Result<MemoryBox<'_>, BoxHeader>> {
    std::iter::from_fn(move || {
        let header = BoxHeader::parse(list, list.len() as u64)?;
        let (whole, rest) = list
            .split_at_checked(header.len as usize)
            .filter(|_| header.fits(list.len() as u64))
            .unwrap_or_default();
        list = rest;
        Some(match whole.get(header.header_len as usize..) {
            Some(body) => Ok(MemoryBox {
                name: header.name,
                body,
                whole,
            }),
            None => Err(header),
        })
    })
}

/// The boxes of a list as far as they fit into it, [`MAX_SIBLINGS`] at most.
pub fn children(list: &[u8]) -> Vec<MemoryBox<'_>> {
    boxes(list).map_while(Result::ok).take(MAX_SIBLINGS).collect()
}

/// User data: the boxes in `moov/udta`, in file order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserData {
    /// Names and bodies.
    pub boxes: Vec<(BoxName, Vec<u8>)>,
}

impl UserData {
    /// Body of the first box with this name, such as `GPMF`, `HMMT` or `FIRM`.
    pub fn get(&self, name: &BoxName) -> Option<&[u8]> {
        self.boxes
            .iter()
            .find(|(each, _)| each == name)
            .map(|(_, body)| body.as_slice())
    }
}

/// A titled place in a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct ChapterMark {
    /// Start on the file's presentation clock, seconds.
    pub start_secs: f64,
    /// Title, possibly empty.
    pub title: String,
}

/// Times in the header of a movie (`mvhd`) or of its media (`mdhd`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderTimes {
    /// Time of creation, seconds since 1904.
    pub created_secs: u64,
    /// Ticks per second.
    pub timescale: u32,
    /// Length in ticks; `None` where the header ends before it.
    pub ticks: Option<u64>,
}

impl HeaderTimes {
    /// From the body of the box: version 1 has times of 64 bits, others of 32.
    pub fn parse(body: &[u8]) -> Option<Self> {
        Some(if *body.first()? == 1 {
            Self {
                created_secs: be_u64(body, 4)?,
                timescale: be_u32(body, 20)?,
                ticks: be_u64(body, 24),
            }
        } else {
            Self {
                created_secs: u64::from(be_u32(body, 4)?),
                timescale: be_u32(body, 12)?,
                ticks: be_u32(body, 16).map(u64::from),
            }
        })
    }
}

/// Number of a track, from the body of its `tkhd`.
pub fn track_id(tkhd: &[u8]) -> Option<u32> {
    be_u32(tkhd, if *tkhd.first()? == 1 { 20 } else { 12 })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn sizes_short_long_and_to_the_end() {
        let bytes = b"\0\0\0\x0aaaaaXY\0\0\0\x01bbbb\0\0\0\0\0\0\0\x12ZW\0\0\0\0ccccrest";
        let found: Vec<_> = boxes(bytes).map(|found| found.unwrap()).collect();
        let bodies: Vec<_> = found.iter().map(|found| (&found.name, found.body)).collect();
        assert_eq!(
            bodies,
            [
                (b"aaaa", &b"XY"[..]),
                (b"bbbb", &b"ZW"[..]),
                (b"cccc", &b"rest"[..])
            ]
        );
        let whole: Vec<u8> = found.iter().flat_map(|found| found.whole).copied().collect();
        assert_eq!(whole, bytes);
        let header = BoxHeader::read(&mut Cursor::new(bytes), 10, bytes.len() as u64);
        let header = header.unwrap().unwrap();
        assert_eq!((header.name, header.header_len, header.len), (*b"bbbb", 16, 18));
    }

    #[test]
    fn impossible_sizes_end_the_list() {
        for bytes in [
            &b"\0\0\0\x07aaaa"[..],
            b"\0\0\0\x20aaaa",
            b"\0\0\0\x01aaaa",
            b"\0\0\0\x01aaaa\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(boxes(bytes).filter(Result::is_err).count(), 1);
            assert!(children(bytes).is_empty());
        }
        let list = b"\0\0\0\x0aaaaaXY\0\0\0\x01bbbb\0\0\0\0\0\0\0\x12ZW\0\0\0\x63cccc";
        for cut in 0..list.len() {
            assert!(children(&list[..cut]).len() <= 2);
        }
        assert_eq!(children(list).len(), 2);
    }

    #[test]
    fn both_versions_of_headers_are_read() {
        let mut mvhd = vec![0; 12];
        mvhd.extend([0, 0, 3, 232, 0, 0, 39, 16]);
        let times = HeaderTimes::parse(&mvhd).unwrap();
        assert_eq!((times.timescale, times.ticks), (1000, Some(10_000)));
        let mut long = vec![0; 20];
        long[0] = 1;
        long.extend([0, 0, 3, 232, 0, 0, 0, 1, 0, 0, 0, 5]);
        let times = HeaderTimes::parse(&long).unwrap();
        assert_eq!((times.timescale, times.ticks), (1000, Some((1 << 32) + 5)));
        assert_eq!(HeaderTimes::parse(&[]), None);
        assert_eq!(
            track_id(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]),
            Some(7)
        );
    }
}
