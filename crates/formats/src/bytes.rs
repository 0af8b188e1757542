//! Big-endian numbers out of byte slices, without a way to panic.
//!
//! Readers work on bytes somebody else wrote, so a number that lies past the end is
//! `None`, never an index error.

/// The `N` bytes that begin at `offset`, if they are there.
pub fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    let end = offset.checked_add(N)?;
    bytes.get(offset..end)?.try_into().ok()
}

/// Unsigned 16-bit big-endian number at `offset`.
pub fn be_u16(bytes: &[u8], offset: usize) -> Option<u16> {
    array_at(bytes, offset).map(u16::from_be_bytes)
}

/// Unsigned 32-bit big-endian number at `offset`.
pub fn be_u32(bytes: &[u8], offset: usize) -> Option<u32> {
    array_at(bytes, offset).map(u32::from_be_bytes)
}

/// Unsigned 64-bit big-endian number at `offset`.
pub fn be_u64(bytes: &[u8], offset: usize) -> Option<u64> {
    array_at(bytes, offset).map(u64::from_be_bytes)
}

/// Latin-1 text without the NUL padding and blanks at its end.
///
/// GoPro writes `m/s²` and `µT` in Latin-1, and every byte is a Latin-1 character, so this cannot fail.
pub fn latin1_text(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    text.trim_end_matches(['\0', ' ']).to_owned()
}
