//! Which camera made a file, and to which recording the file belongs.
//!
//! The chapters of one recording share a media id, which survives renaming; file names do not.

use crate::bytes::latin1_text;
use crate::gpmf::klv::items;
use crate::gpmf::value;
use crate::mp4::Udta;

/// Longest text kept from a file header, characters.
const MAX_TEXT: usize = 120;

/// Identity of a file as far as its header tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// `MUID`, 32 bytes; the same for all chapters of one recording.
    pub media_id: Option<Vec<u8>>,
    /// `GUMI`, 16 bytes; likewise.
    pub global_id: Option<Vec<u8>>,
    /// Firmware, e.g. `HD7.01.01.90.00`.
    pub firmware: Option<String>,
    /// Camera model, e.g. `HERO7 Black`.
    pub model: Option<String>,
    /// Serial number of the camera.
    pub serial: Option<String>,
}

impl Identity {
    /// Reads the ids from the boxes under `moov/udta`, and what they lack from its `GPMF` box.
    pub fn from_udta(udta: &Udta) -> Self {
        let mut identity = Self {
            media_id: udta.get(b"MUID").and_then(non_zero),
            global_id: udta.get(b"GUMI").and_then(non_zero),
            firmware: udta.get(b"FIRM").and_then(|bytes| non_empty(&latin1_text(bytes))),
            ..Self::default()
        };
        if let Some(gpmf) = udta.get(b"GPMF") {
            identity.fill_from_gpmf(gpmf);
        }
        identity
    }

    /// Fills what is still unknown from the clip settings inside a GPMF box.
    pub fn fill_from_gpmf(&mut self, gpmf: &[u8]) {
        for devc in items(gpmf)
            .map_while(Result::ok)
            .filter(|item| item.key == b"DEVC")
        {
            for strm in items(devc.data)
                .map_while(Result::ok)
                .filter(|item| item.key == b"STRM")
            {
                for item in items(strm.data).map_while(Result::ok) {
                    let text = || non_empty(&value::text(&item));
                    match &item.key.0 {
                        b"MINF" => self.model = self.model.take().or_else(text),
                        b"FMWR" => self.firmware = self.firmware.take().or_else(text),
                        b"CASN" => self.serial = self.serial.take().or_else(text),
                        b"MUID" => self.media_id = self.media_id.take().or_else(|| non_zero(item.data)),
                        b"GUMI" => self.global_id = self.global_id.take().or_else(|| non_zero(item.data)),
                        _ => {}
                    }
                }
            }
        }
    }

    /// Whether two files are chapters of one recording; `None` when they share no kind of id.
    pub fn same_recording(&self, other: &Self) -> Option<bool> {
        let equal = |a: &Option<Vec<u8>>, b: &Option<Vec<u8>>| Some(a.as_ref()? == b.as_ref()?);
        match (
            equal(&self.media_id, &other.media_id),
            equal(&self.global_id, &other.global_id),
        ) {
            (None, None) => None,
            (media, global) => Some(media == Some(true) || global == Some(true)),
        }
    }
}

/// An id of zeros counts as absent.
fn non_zero(bytes: &[u8]) -> Option<Vec<u8>> {
    bytes
        .iter()
        .any(|&byte| byte != 0)
        .then(|| bytes.iter().copied().take(MAX_TEXT).collect())
}

fn non_empty(text: &str) -> Option<String> {
    // Fields are padded with NULs and may hold leftovers behind the first one.
    let text: String = text
        .split('\0')
        .next()?
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_TEXT)
        .collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_media_id(byte: u8) -> Identity {
        Identity {
            media_id: non_zero(&[byte; 32]),
            ..Identity::default()
        }
    }

    #[test]
    fn ids_decide_only_where_both_have_one() {
        assert_eq!(with_media_id(1).same_recording(&with_media_id(1)), Some(true));
        assert_eq!(with_media_id(1).same_recording(&with_media_id(2)), Some(false));
        assert_eq!(
            with_media_id(1).same_recording(&with_media_id(0)),
            None,
            "zero is absent"
        );
        let global = Identity {
            global_id: Some(vec![1]),
            ..Identity::default()
        };
        assert_eq!(with_media_id(1).same_recording(&global), None);
    }
}
