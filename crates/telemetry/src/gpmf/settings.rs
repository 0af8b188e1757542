//! Clip settings: single items of a device, in the file header or in a payload.

use crate::gpmf::klv::{KlvItem, items};

/// Devices of a payload or a file header.
pub(crate) fn devices(gpmf: &[u8]) -> impl Iterator<Item = KlvItem<'_>> {
    let read = items(gpmf).map_while(Result::ok);
    read.filter(|item| item.key == b"DEVC" && item.is_nested())
}

/// Settings of a device: some cameras write them straight into it, others into a stream.
pub(crate) fn settings(device: KlvItem<'_>) -> impl Iterator<Item = KlvItem<'_>> {
    items(device.data).map_while(Result::ok).flat_map(|item| {
        let is_stream = item.key == b"STRM" && item.is_nested();
        let inside = if is_stream { item.data } else { &[] };
        let itself = (!is_stream).then_some(item);
        itself.into_iter().chain(items(inside).map_while(Result::ok))
    })
}
