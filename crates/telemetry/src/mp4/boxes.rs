//! MP4 boxes inside memory: one level at a time, lengths checked against the parent.

use crate::FourCc;
use crate::bytes::{be_u32, be_u64};
use crate::warning::{Warning, Warnings};

/// Length of a plain box header: size and name.
pub(super) const HEADER_LEN: usize = 8;
/// Length of a header with a 64-bit size.
pub(super) const LONG_HEADER_LEN: usize = 16;

/// A box and what is in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mp4Box<'a> {
    pub name: FourCc,
    pub body: &'a [u8],
}

/// The boxes of one level; a box that is too long ends the list with a warning.
pub(super) fn boxes<'a>(mut rest: &'a [u8], warnings: &mut Warnings) -> Vec<Mp4Box<'a>> {
    let mut found = Vec::new();
    while let (Some(short_size), Some(name)) = (be_u32(rest, 0), FourCc::at(rest, 4)) {
        let (header_len, size) = match short_size {
            // udta may end with a zero word; a zero size elsewhere means "to the end".
            0 if name.0 == [0; 4] => break,
            0 => (HEADER_LEN, rest.len()),
            1 => (
                LONG_HEADER_LEN,
                be_u64(rest, 8)
                    .and_then(|size| usize::try_from(size).ok())
                    .unwrap_or(0),
            ),
            size => (HEADER_LEN, size as usize),
        };
        let Some(body) = rest.get(header_len..size) else {
            warnings.push(Warning::BoxTooLong { name });
            break;
        };
        found.push(Mp4Box { name, body });
        rest = rest.get(size..).unwrap_or(&[]);
    }
    found
}

/// The first box with this name on one level.
pub(super) fn child<'a>(parent: &'a [u8], name: &[u8; 4], warnings: &mut Warnings) -> Option<&'a [u8]> {
    boxes(parent, warnings)
        .into_iter()
        .find(|found| found.name == name)
        .map(|found| found.body)
}

/// The box at the end of a path of names.
pub(super) fn descend<'a>(parent: &'a [u8], path: &[&[u8; 4]], warnings: &mut Warnings) -> Option<&'a [u8]> {
    path.iter()
        .try_fold(parent, |body, name| child(body, name, warnings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_short_long_and_to_the_end() {
        let mut warnings = Warnings::default();
        let bytes = b"\0\0\0\x0aaaaaXY\0\0\0\x01bbbb\0\0\0\0\0\0\0\x12ZW\0\0\0\0ccccrest";
        let found = boxes(bytes, &mut warnings);
        let seen: Vec<_> = found.iter().map(|b| (b.name.to_string(), b.body)).collect();
        assert_eq!(
            seen,
            [
                ("aaaa".to_owned(), &b"XY"[..]),
                ("bbbb".to_owned(), &b"ZW"[..]),
                ("cccc".to_owned(), &b"rest"[..])
            ]
        );
        assert!(warnings.is_empty());
    }

    #[test]
    fn impossible_sizes_end_the_level() {
        for bytes in [
            &b"\0\0\0\x07aaaa"[..],
            b"\0\0\0\x20aaaa",
            b"\0\0\0\x01aaaa\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            let mut warnings = Warnings::default();
            assert!(boxes(bytes, &mut warnings).is_empty());
            assert!(!warnings.is_empty());
        }
    }
}
