//! The timeline on which the new run shows the same place as the reference (`export-markers --retime`): the
//! map of a sync and both recordings, put into the terms of the exporters.

use std::path::{Path, PathBuf};

use mtbsync_align::{Segment, TimeWarp};
use mtbsync_artefacts::time_warp::{RecordingFile, TIMEWARP_FILE, TimeWarpFile};
use mtbsync_markers::export::ClipInfo;
use mtbsync_markers::retime::{Retime, RetimePoint};
use mtbsync_markers::time::Rate;
use mtbsync_task::error::PipelineError;

use crate::context::Context;
use crate::markers::error::MarkerProblem;
use crate::markers::export::NewRun;
use crate::markers::transfer::{read_same_warp, refuse_failed};

/// Step at which the curve between two knots is followed, seconds: the speed of a rider changes little in it,
/// so that a straight line is within a millisecond.
const STEP_SECS: f64 = 0.05;
/// Most steps between two knots; a straight map has two knots however long it is.
const MAX_STEPS: f64 = 1000.0;

/// Where the map and the reference come from.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RetimeSource {
    /// The map; several files must describe the same one. None: the timewarp.json beside the markers.
    pub warps: Vec<PathBuf>,
    /// The reference; `None`: as the map names it.
    pub reference: Option<PathBuf>,
}

/// What is known of both runs, and how one is shown beside the other. `video` is the new recording, by
/// default as the map names it; `folder` that of the markers.
///
/// # Errors
/// No map, one whose gates failed (unless forced), or nothing known of a recording.
pub fn timeline(
    source: &RetimeSource,
    video: Option<&Path>,
    folder: Option<&Path>,
    context: &Context<'_>,
) -> Result<NewRun, PipelineError> {
    let warps = match (source.warps.as_slice(), folder) {
        ([], Some(folder)) => vec![folder.join(TIMEWARP_FILE)],
        ([], None) => {
            return Err(MarkerProblem::RetimeWithoutMap.into());
        }
        (warps, _) => warps.to_vec(),
    };
    let file = read_same_warp(&warps, folder)?;
    let warp_path = warps.first().map(PathBuf::as_path);
    refuse_failed(&file, warp_path, context.force)?;
    let warp = file
        .warp()
        .filter(|warp| !warp.segments().is_empty())
        .ok_or_else(|| MarkerProblem::MapEmpty.of_map(warp_path))?;
    let mut run =
        recording(video, file.new.as_ref())?.ok_or_else(|| MarkerProblem::NewUnknown.of_map(warp_path))?;
    let reference = recording(source.reference.as_deref(), file.reference.as_ref())?
        .ok_or_else(|| MarkerProblem::ReferenceUnknown.of_map(warp_path))?;
    let new_secs = run
        .clip
        .as_ref()
        .map_or(0.0, |clip| clip.rate.secs_at(clip.frames));
    run.warnings.extend(reference.warnings);
    if !file.ok {
        run.warnings
            .push(format!("the runs are not aligned ({})", reasons(&file)));
    }
    run.retime = reference.clip.map(|reference| Retime {
        reference,
        segments: segments(&warp, new_secs),
    });
    Ok(run)
}

fn reasons(file: &TimeWarpFile) -> String {
    file.reasons.join("; ")
}

/// A recording: the file that was given, else the one the map names, else what the map says about it. `None`
/// when nothing does.
fn recording(given: Option<&Path>, named: Option<&RecordingFile>) -> Result<Option<NewRun>, PipelineError> {
    let is_length = |secs: &f64| secs.is_finite() && *secs > 0.0;
    let told_secs = named.map(|named| named.duration).filter(is_length);
    if let Some(path) = given {
        return NewRun::open(path, told_secs).map(Some);
    }
    let Some(named) = named.filter(|named| !named.path.is_empty()) else {
        return Ok(None);
    };
    let path = Path::new(&named.path);
    if path.is_file() {
        return NewRun::open(path, told_secs).map(Some);
    }
    let rate = Rate::parse(&named.fps).ok();
    let Some((rate, secs)) = rate.zip(told_secs) else {
        return Ok(None);
    };
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    let clip = ClipInfo {
        path: named.path.clone(),
        frames: rate.frame_at(secs),
        rate,
        width: side(named.width),
        height: side(named.height),
        start_timecode: named.timecode.clone(),
        audio: None,
    };
    let warning = format!("{} is not there: what the map says about it is used", named.path);
    Ok(Some(NewRun {
        rate: Some(rate),
        duration_secs: Some(secs),
        clip: Some(clip),
        warnings: vec![warning],
        ..NewRun::default()
    }))
}

/// The map as polylines inside a new recording of `new_secs`.
fn segments(warp: &TimeWarp, new_secs: f64) -> Vec<Vec<RetimePoint>> {
    let polylines = warp.segments().iter().map(|segment| polyline(segment, new_secs));
    polylines.filter(|points| points.len() > 1).collect()
}

fn polyline(segment: &Segment, new_secs: f64) -> Vec<RetimePoint> {
    let (first, last) = segment.new_range();
    let (from, to) = (first.max(0.0), last.min(new_secs));
    let inner = segment
        .curve()
        .x()
        .iter()
        .copied()
        .filter(|t| *t > from && *t < to);
    let mut corners = vec![from];
    corners.extend(inner);
    corners.push(to);
    let mut points: Vec<RetimePoint> = Vec::new();
    let mut add = |t_new_secs: f64| {
        let Some(t_ref_secs) = segment.curve().y_at(t_new_secs) else {
            return;
        };
        let grows = points
            .last()
            .is_none_or(|last| last.t_new_secs < t_new_secs && last.t_ref_secs < t_ref_secs);
        if grows {
            points.push(RetimePoint {
                t_new_secs,
                t_ref_secs,
            });
        }
    };
    for (a, b) in corners.iter().zip(corners.iter().skip(1)) {
        let steps = ((b - a) / STEP_SECS).ceil().clamp(1.0, MAX_STEPS);
        for step in 0..steps as usize {
            add(a + (b - a) * step as f64 / steps);
        }
    }
    add(to);
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bent() -> TimeWarp {
        let t_new = vec![0.0, 10.0, 20.0, 30.0];
        let t_ref = vec![-2.0, 8.0, 13.0, 33.0];
        TimeWarp::new(vec![Segment::new(t_new, t_ref, vec![0.1; 4]).unwrap()]).unwrap()
    }

    #[test]
    fn polylines_follow_the_curve_inside_the_recording() {
        let warp = bent();
        let lines = segments(&warp, 25.0);
        let points = &lines[0];
        assert_eq!(
            (points[0].t_new_secs, points.last().unwrap().t_new_secs),
            (0.0, 25.0)
        );
        for pair in points.windows(2) {
            let middle = 0.5 * (pair[0].t_new_secs + pair[1].t_new_secs);
            let straight = 0.5 * (pair[0].t_ref_secs + pair[1].t_ref_secs);
            assert!((warp.ref_from_new(middle).unwrap() - straight).abs() < 1e-3);
        }
        assert!(segments(&warp, 0.0).is_empty());
    }

    #[test]
    fn a_recording_that_is_gone_is_described_by_the_map() {
        let mut named = RecordingFile {
            path: "/nowhere/new.mp4".to_owned(),
            duration: 10.01,
            fps: "30000/1001".to_owned(),
            width: 1920,
            height: 1080,
            ..RecordingFile::default()
        };
        let run = recording(None, Some(&named)).unwrap().unwrap();
        assert_eq!(run.clip.map(|clip| (clip.frames, clip.width)), Some((300, 1920)));
        assert_eq!(run.warnings.len(), 1);
        named.fps.clear();
        assert_eq!(recording(None, Some(&named)).unwrap(), None);
        assert_eq!(recording(None, None).unwrap(), None);
        assert!(recording(Some(Path::new("/nowhere/new.mp4")), None).is_err());
    }
}
