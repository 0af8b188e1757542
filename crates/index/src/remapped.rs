//! A recording described again as another lens would have shown it, from the pictures that its index keeps.

use std::sync::Arc;

use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::Task;
use mtbsync_vision::dense::{DESCRIPTOR_LEN, DenseExtractor};
use mtbsync_vision::image::LumaView;
use mtbsync_vision::remap::{Remap, ViewMap};
use mtbsync_vision::structure::{HOG_GRID_LEN, HogExtractor};
use mtbsync_vision::thumbnail::{HEIGHT, WIDTH};
use rayon::prelude::*;

use crate::column::Column;
use crate::features::Features;
use crate::spool::Spool;
use crate::tuning::REMAP_BATCH;

/// `features` as another lens would have shown them; local features stay as they are. Descriptors lie in a
/// nameless temporary file, so that a long recording takes no more memory than a short one.
///
/// # Errors
/// When the temporary file cannot be written, and when interrupted.
pub fn remapped(features: &Features, map: &ViewMap, task: &Task<'_>) -> Result<Features, PipelineError> {
    let view = Arc::new(Remap::new(map));
    let mut out = Features {
        mask: view.mask(&features.mask),
        view: Some(view),
        ..features.clone()
    };
    [out.dense, out.detail] = described(&out, false, task)?;
    [out.fine_dense, out.fine_detail] = described(&out, true, task)?;
    Ok(out)
}

/// Dense descriptors and HOG grids of the analysed frames, or of those between.
fn described(features: &Features, between: bool, task: &Task<'_>) -> Result<[Column; 2], PipelineError> {
    let frames = features.luma[usize::from(between)].frames();
    let mut columns = [
        Spool::new(DESCRIPTOR_LEN, task.scratch)?,
        Spool::new(HOG_GRID_LEN, task.scratch)?,
    ];
    for from in (0..frames).step_by(REMAP_BATCH) {
        task.cancel.check()?;
        let rows: Vec<[Vec<u8>; 2]> = (from..(from + REMAP_BATCH).min(frames))
            .into_par_iter()
            .map_init(
                || (DenseExtractor::default(), HogExtractor::default()),
                |(dense, detail), i| {
                    let picture = features.luma((between, i));
                    let pixels = picture.as_ref().map_or(&[][..], |picture| picture.pixels());
                    match LumaView::new(WIDTH, HEIGHT, pixels) {
                        Ok(view) => [dense.describe(&view), detail.describe(&view)],
                        Err(_) => [vec![0; DESCRIPTOR_LEN], vec![0; HOG_GRID_LEN]],
                    }
                },
            )
            .collect();
        for row in &rows {
            for (column, bytes) in columns.iter_mut().zip(row) {
                column.push(bytes)?;
            }
        }
    }
    let [dense, detail] = columns.map(Spool::finish);
    Ok([dense?, detail?])
}
