//! The grammar of GPMF: a sequence of key, type, size, repeat, value, padded to four bytes.
//!
//! [`items`] walks one level and checks every length against the container it is in. Nothing here recurses:
//! the readers above open exactly the levels they know (`DEVC`, then `STRM`), so hostile nesting costs
//! nothing.

use mtbsync_formats::bytes::be_u16;

use crate::FourCc;
use crate::warning::Warning;

/// Bytes of an item header: key, type, structure size, repeat.
const HEADER_LEN: usize = 8;

/// One GPMF item, borrowing its value.
#[derive(Debug, Clone, Copy)]
pub struct KlvItem<'a> {
    /// Name, e.g. `SCAL`.
    pub key: FourCc,
    /// Type letter; 0 for nested items.
    pub kind: u8,
    /// Bytes of one structure.
    pub size: usize,
    /// Number of structures.
    pub repeat: usize,
    /// The value without padding, `size * repeat` bytes.
    pub data: &'a [u8],
}

impl KlvItem<'_> {
    /// True when the value is itself a list of items.
    pub fn is_nested(&self) -> bool {
        self.kind == 0
    }
}

/// Items of one container in order; an `Err` is the last thing it yields.
#[derive(Debug, Clone)]
pub struct KlvItems<'a> {
    rest: &'a [u8],
}

/// Walks the items of one container (a payload, or the data of a nested item).
pub fn items(container: &[u8]) -> KlvItems<'_> {
    KlvItems { rest: container }
}

impl<'a> KlvItems<'a> {
    fn stop(&mut self, warning: Warning) -> Option<Result<KlvItem<'a>, Warning>> {
        self.rest = &[];
        Some(Err(warning))
    }
}

impl<'a> Iterator for KlvItems<'a> {
    type Item = Result<KlvItem<'a>, Warning>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some((&[0, 0, 0, 0], after)) = self.rest.split_first_chunk::<4>() {
            self.rest = after;
        }
        if self.rest.len() < HEADER_LEN {
            let only_padding = self.rest.iter().all(|&byte| byte == 0);
            return if only_padding {
                None
            } else {
                self.stop(Warning::CutHeader)
            };
        }
        let key = FourCc::at(self.rest, 0)?;
        let kind = *self.rest.get(4)?;
        let size = usize::from(*self.rest.get(5)?);
        let repeat = usize::from(be_u16(self.rest, 6)?);
        let length = size * repeat;
        let Some(data) = self.rest.get(HEADER_LEN..HEADER_LEN + length) else {
            return self.stop(Warning::ItemTooLong { key });
        };
        // The last item of a container may come without its padding.
        let step = HEADER_LEN + length.next_multiple_of(4);
        self.rest = self.rest.get(step..).unwrap_or(&[]);
        Some(Ok(KlvItem {
            key,
            kind,
            size,
            repeat,
            data,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_items_and_skips_padding() {
        let bytes = b"DVNMc\x01\x00\x05Hello\0\0\0\0\0\0\0TSMPL\x04\x00\x01\0\0\0\x07";
        let found: Vec<_> = items(bytes).map(Result::unwrap).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].data, b"Hello");
        assert_eq!(found[1].key, b"TSMP");
        assert_eq!(found[1].data, [0, 0, 0, 7]);
    }

    #[test]
    fn length_past_the_container_ends_with_a_warning() {
        let found: Vec<_> = items(b"ACCLs\x06\x00\xff\x01\x02\x03\x04").collect();
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].clone().unwrap_err(),
            Warning::ItemTooLong {
                key: FourCc(*b"ACCL")
            }
        );
    }

    #[test]
    fn cut_header_is_told_apart_from_padding() {
        assert!(items(&[0, 0, 0, 0, 0, 0]).next().is_none());
        assert!(items(b"ACC").next().unwrap().is_err());
    }
}
