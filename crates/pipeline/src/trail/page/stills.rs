//! What the reference shows at the gates.

use std::path::Path;

use mtbsync_index::describe;
use mtbsync_media::Recording;
use mtbsync_media::encode::jpeg;
use mtbsync_media::scale::{ColourMatrix, ColourOptions, MAX_SIDE, fit_inside};
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::Stage;

use crate::context::Context;
use crate::trail::places::{PlacedGate, Places};

/// Width of a still, pixels: 10 to 12 kB each for the reference of data/trail.
const WIDTH: usize = 320;
/// Stills of a page; of more gates, so many evenly from the first to the last.
const MAX_STILLS: usize = 12;
/// Decoder threads; each holds pictures of the recording's size.
const THREADS: usize = 4;

/// The reference at a gate.
pub struct Still {
    /// Name of the gate.
    pub gate: String,
    /// Its place, seconds of the reference.
    pub t_ref_secs: f64,
    /// Width and height, pixels.
    pub size: (usize, usize),
    /// The picture.
    pub jpeg: Vec<u8>,
}

/// The reference at the gates, from the recording at `path`, and lines for the person where there is none.
///
/// # Errors
/// Cancelled.
pub fn stills(
    places: &Places<'_>,
    path: Option<&Path>,
    context: &Context<'_>,
) -> Result<(Vec<Still>, Vec<String>), PipelineError> {
    let none = |why: &str| (Vec::new(), vec![format!("no stills of the gates: {why}")]);
    let Some(path) = path else {
        return Ok(none("the reference recording is not where it was"));
    };
    let progress = context.task.progress;
    progress.start(Stage::Open, None, None);
    let opened = describe::open(path, false, false);
    progress.finish(Stage::Open);
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => return Ok(none(&error.to_string())),
    };
    let key = places.reference_key();
    if opened.source.fingerprint != key && opened.source.path != key {
        return Ok(none("another recording is where the reference was"));
    }
    let gates = chosen(places.gates());
    progress.start(Stage::Render, Some(gates.len() as u64), None);
    let (mut stills, mut lost) = (Vec::new(), None);
    for (k, gate) in gates.iter().enumerate() {
        context.task.cancel.check()?;
        match still(&opened.recording, gate) {
            Ok(still) => stills.push(still),
            Err(why) => lost = lost.or(Some(format!("{}: {why}", gate.name))),
        }
        progress.advance(Stage::Render, k as u64 + 1);
    }
    progress.finish(Stage::Render);
    let warnings = match lost {
        Some(why) if stills.is_empty() => return Ok(none(&why)),
        Some(why) => vec![format!("not all gates have a still: {why}")],
        None => Vec::new(),
    };
    Ok((stills, warnings))
}

/// Gates with a still.
pub(super) fn chosen<T>(gates: &[T]) -> Vec<&T> {
    let count = gates.len().min(MAX_STILLS);
    let steps = count.saturating_sub(1).max(1);
    let last = gates.len().saturating_sub(1);
    (0..count).filter_map(|k| gates.get(k * last / steps)).collect()
}

fn still(recording: &Recording, gate: &PlacedGate) -> Result<Still, String> {
    let info = recording.info();
    let options = ColourOptions {
        size: fit_inside((info.width, info.height), (WIDTH, MAX_SIDE)),
        matrix: Some(ColourMatrix::Bt601),
        full_range: true,
        threads: THREADS,
    };
    let index = recording.timeline().shown_at(gate.t_ref_secs);
    let frame = recording.colour_frames(&[index], &options).next();
    let frame = frame
        .ok_or_else(|| "the frame is damaged".to_owned())?
        .map_err(|error| error.to_string())?;
    Ok(Still {
        gate: gate.name.clone(),
        t_ref_secs: gate.t_ref_secs,
        size: (frame.picture.width(), frame.picture.height()),
        jpeg: jpeg(&frame.picture).map_err(|error| error.to_string())?,
    })
}
