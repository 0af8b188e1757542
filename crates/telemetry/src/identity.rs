//! Which camera made a file, and to which recording the file belongs.
//!
//! The chapters of one recording share a media id, which survives renaming; file names do not.

use mtbsync_formats::bmff::UserData;
use mtbsync_formats::bytes::latin1_text;

use crate::gpmf::settings::{devices, settings};
use crate::gpmf::value;

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
    pub fn from_udta(udta: &UserData) -> Self {
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
        for item in devices(gpmf).flat_map(settings) {
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
