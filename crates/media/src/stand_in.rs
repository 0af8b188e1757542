//! When a proxy may be decoded in place of its original, and which original frame each of its frames shows.

use std::path::Path;

use crate::error::OpenError;
use crate::gopro::{self, ChapterWarning};
use crate::opened_file::OpenedFile;
use crate::timeline::Timeline;
use crate::tuning::{PROXY_MAX_DIFFERENCE_SECS, PROXY_MAX_FRAME_DIFFERENCE, PROXY_RATE_TOLERANCE};

/// Opens the proxy beside `original`, if there is one that may stand for it; gives also the frame of the
/// original that each of its frames shows. A proxy that is there but unfit is a warning.
///
/// # Errors
/// The system cannot read the proxy.
pub(crate) fn open_proxy(
    original: &OpenedFile,
    warnings: &mut Vec<ChapterWarning>,
) -> Result<Option<(OpenedFile, Vec<usize>)>, OpenError> {
    let Some(path) = gopro::find_proxy(&original.path)? else {
        return Ok(None);
    };
    let accepted = OpenedFile::open_beside(&path)?.and_then(|proxy| match unfitness(original, &proxy) {
        Some(reason) => Err(reason.to_owned()),
        None => Ok(proxy),
    });
    Ok(match accepted {
        Ok(proxy) => {
            let shows = shown_frames(&original.timeline, &proxy.timeline);
            Some((proxy, shows))
        }
        Err(reason) => {
            warnings.push(ChapterWarning::ProxyIgnored {
                file: file_name(&path),
                reason,
            });
            None
        }
    })
}

/// Why `proxy` must not stand for `original`.
fn unfitness(original: &OpenedFile, proxy: &OpenedFile) -> Option<&'static str> {
    let rate_ratio = original.info.frame_rate.as_f64() / proxy.info.frame_rate.as_f64();
    let multiple = rate_ratio.round().max(1.0);
    let frame_difference = original.timeline.len() as f64 / multiple - proxy.timeline.len() as f64;
    let duration_difference_secs = original.info.duration_secs - proxy.info.duration_secs;
    let shape = |file: &OpenedFile| file.info.width >= file.info.height;
    let faults = [
        (
            "it belongs to another recording",
            original.media_id.contradicts(&proxy.media_id),
        ),
        (
            "it has another frame rate",
            (rate_ratio / multiple - 1.0).abs() > PROXY_RATE_TOLERANCE,
        ),
        (
            "it has another length",
            duration_difference_secs.abs() > PROXY_MAX_DIFFERENCE_SECS,
        ),
        (
            "it has another number of frames",
            frame_difference.abs() > PROXY_MAX_FRAME_DIFFERENCE,
        ),
        ("its picture lies differently", shape(original) != shape(proxy)),
    ];
    faults
        .into_iter()
        .find(|(_, is_fault)| *is_fault)
        .map(|(reason, _)| reason)
}

/// For each frame of `proxy` the frame of `original` nearest in time.
fn shown_frames(original: &Timeline, proxy: &Timeline) -> Vec<usize> {
    (0..proxy.len())
        .map(|index| original.nearest(proxy.pts_secs(index)))
        .collect()
}

/// Name without folder, for warnings.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
