//! Boxes of `moov`, with a warning where one does not fit.

use mtbsync_formats::bmff::{self, MemoryBox};

use crate::FourCc;
use crate::warning::{Warning, Warnings};

/// The boxes of one level; a box that is too long ends the list with a warning.
pub(super) fn boxes<'a>(list: &'a [u8], warnings: &mut Warnings) -> Vec<MemoryBox<'a>> {
    bmff::boxes(list)
        .map_while(|found| {
            found
                .map_err(|header| {
                    let name = FourCc(header.name);
                    warnings.push(Warning::BoxTooLong { name });
                })
                .ok()
        })
        // User data may end with zeros.
        .take_while(|found| !found.whole.starts_with(&[0; 8]))
        .collect()
}

/// The first box with this name on one level.
pub(super) fn child<'a>(parent: &'a [u8], name: &[u8; 4], warnings: &mut Warnings) -> Option<&'a [u8]> {
    boxes(parent, warnings)
        .into_iter()
        .find(|found| &found.name == name)
        .map(|found| found.body)
}

/// The box at the end of a path of names.
pub(super) fn descend<'a>(parent: &'a [u8], path: &[&[u8; 4]], warnings: &mut Warnings) -> Option<&'a [u8]> {
    path.iter()
        .try_fold(parent, |body, name| child(body, name, warnings))
}
