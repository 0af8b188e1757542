//! Which recording a file belongs to. File numbers repeat after 9999 and across cards; the ids in `moov/udta`
//! do not.

use std::io;
use std::path::Path;

use crate::mp4box::read_user_data;

/// The camera's ids of a recording, the same in all its chapters and proxies. All-zero ids count as absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MediaId {
    /// Media id, box `MUID`.
    pub muid: Option<[u8; 32]>,
    /// Global id, box `GUMI`.
    pub gumi: Option<[u8; 16]>,
}

impl MediaId {
    /// Reads the ids of the file at `path`; empty for files that have none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(path: &Path) -> io::Result<MediaId> {
        let user_data = read_user_data(path)?;
        Ok(MediaId {
            muid: id(user_data.get(b"MUID")),
            gumi: id(user_data.get(b"GUMI")),
        })
    }

    /// Whether the ids prove that two files are of different recordings: there is an id that both have, and
    /// none of those is equal.
    pub fn contradicts(&self, other: &MediaId) -> bool {
        let equal = |pair: Option<bool>| pair.unwrap_or(false);
        let muid = self.muid.zip(other.muid).map(|(a, b)| a == b);
        let gumi = self.gumi.zip(other.gumi).map(|(a, b)| a == b);
        (muid.is_some() || gumi.is_some()) && !equal(muid) && !equal(gumi)
    }
}

/// The first N bytes, unless they are all zero.
fn id<const N: usize>(payload: Option<&[u8]>) -> Option<[u8; N]> {
    let id: [u8; N] = payload?.get(..N)?.try_into().ok()?;
    id.iter().any(|byte| *byte != 0).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shared_ids_can_contradict() {
        let with = |muid: Option<u8>, gumi: Option<u8>| MediaId {
            muid: muid.map(|b| [b; 32]),
            gumi: gumi.map(|b| [b; 16]),
        };
        assert!(!with(Some(1), None).contradicts(&with(None, Some(2))));
        assert!(!with(None, None).contradicts(&with(Some(1), Some(2))));
        assert!(with(Some(1), None).contradicts(&with(Some(2), Some(3))));
        assert!(!with(Some(1), Some(5)).contradicts(&with(Some(2), Some(5))));
    }

    #[test]
    fn zero_or_short_ids_are_absent() {
        assert_eq!(id::<16>(Some(&[0; 16])), None);
        assert_eq!(id::<16>(Some(&[1; 15])), None);
        assert_eq!(id::<2>(Some(&[1, 2, 3])), Some([1, 2]));
    }
}
