//! `warp`: fit the map again from pairs, without touching a video.

use std::path::{Path, PathBuf};

use mtbsync_align::WarpSettings;
use mtbsync_align::fit::{Anchor, MIN_USABLE_PAIRS, fit_warp};
use mtbsync_align::gates::{Verdict, judge};
use mtbsync_artefacts::anchors::{AnchorRow, joined, read_anchors};
use mtbsync_artefacts::edits::Edits;
use mtbsync_artefacts::pairs::read_pairs;
use mtbsync_artefacts::run_set::RunLock;
use mtbsync_artefacts::time_warp::{OWN_JSON, OWN_NPZ, TIMEWARP_FILE, TimeWarpFile, read_warp};
use mtbsync_formats::atomic::FileSet;
use mtbsync_index::describe;
use mtbsync_task::error::{PipelineError, optional};
use mtbsync_task::files::folder_of;

use crate::context::Context;
use crate::map::error::MapProblem;

/// What to fit.
#[derive(Clone, Debug)]
pub struct WarpRequest {
    /// pairs.csv or pairs_raw.csv.
    pub pairs: PathBuf,
    /// The npz.
    pub out: PathBuf,
    /// The json; `None`: `timewarp.json` beside `out`.
    pub timewarp_json: Option<PathBuf>,
    /// The new recording, for its length.
    pub new: Option<PathBuf>,
    /// Its length, seconds.
    pub new_duration_secs: Option<f64>,
    /// Pairs given by a person.
    pub anchors: Option<PathBuf>,
    /// How to fit and judge.
    pub warp: WarpSettings,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct WarpReport {
    /// The verdict.
    pub verdict: Verdict,
    /// Number of segments.
    pub segments: usize,
    /// Written files, by kind.
    pub outputs: Vec<(String, PathBuf)>,
}

/// Run the command.
pub fn warp(request: &WarpRequest, context: &Context<'_>) -> Result<WarpReport, PipelineError> {
    let json_path = request
        .timewarp_json
        .clone()
        .unwrap_or_else(|| folder_of(&request.out).join(TIMEWARP_FILE));
    let folder = folder_of(&json_path);
    // From here on nobody changes the run that the map is for.
    let lock = folder.is_dir().then(|| RunLock::wait(folder));
    let pairs = read_pairs(&request.pairs)?;
    if pairs.is_empty() {
        return Err(PipelineError::from(MapProblem::NoPairs).at(&request.pairs));
    }
    let given = request.anchors.as_deref().map(read_anchors).transpose()?;
    let earlier = Edits::read(folder_of(&request.pairs))?.anchors;
    let (anchors, _) = joined(&given.unwrap_or_default(), &earlier);
    let anchors: Vec<Anchor> = anchors.iter().map(AnchorRow::anchor).collect();
    let beside = folder_of(&request.pairs).join(TIMEWARP_FILE);
    // The run the pairs come from: who the recordings are. Only its description is used, never its map.
    let origin = optional(read_warp(&beside))?;
    let new_secs = new_duration(request, origin.as_ref(), &pairs)?;
    let ref_secs = origin
        .as_ref()
        .and_then(|o| o.reference.as_ref())
        .map(|r| r.duration)
        .filter(|d| *d > 0.0)
        .unwrap_or_else(|| pairs.iter().fold(0.0, |a, p| p.t_ref_secs.max(a)));
    let inputs = [
        Some(&request.pairs),
        request.new.as_ref(),
        request.anchors.as_ref(),
    ];
    let outputs = context.outputs(inputs.into_iter().flatten().map(PathBuf::as_path));
    let may_npz = outputs.check(&request.out, OWN_NPZ)?;
    let may_json = outputs.check(&json_path, OWN_JSON)?;
    let warp = fit_warp(&pairs, &anchors, &request.warp, (new_secs, ref_secs));
    let mut verdict = judge(&warp, &pairs, new_secs, &request.warp);
    if pairs.len() < MIN_USABLE_PAIRS && warp.segments().is_empty() {
        verdict.reasons = vec![format!("too few pairs ({})", pairs.len())];
    }
    let file = TimeWarpFile {
        reference: origin.as_ref().and_then(|o| o.reference.clone()),
        new: origin.as_ref().and_then(|o| o.new.clone()),
        geometry: origin.as_ref().and_then(|o| o.geometry.clone()),
        matcher: origin.as_ref().and_then(|o| o.matcher.clone()),
        ..TimeWarpFile::new(&warp, &verdict, &request.warp)
    };
    let mut set = FileSet::new();
    let mut outputs = vec![("timewarp".to_owned(), json_path.clone())];
    set.write(&json_path, may_json, &file.to_json()?)?;
    if verdict.ok || (context.force && !warp.segments().is_empty()) {
        set.write(&request.out, may_npz, &file.to_npz()?)?;
        outputs.push(("warp".to_owned(), request.out.clone()));
    } else {
        set.remove_stale(&request.out, OWN_NPZ);
    }
    lock.unwrap_or_else(|| RunLock::wait(folder)).commit_some(set)?;
    Ok(WarpReport {
        segments: warp.segments().len(),
        verdict,
        outputs,
    })
}

fn new_duration(
    request: &WarpRequest,
    origin: Option<&TimeWarpFile>,
    pairs: &[mtbsync_align::pair::Pair],
) -> Result<f64, PipelineError> {
    if let Some(secs) = request.new_duration_secs {
        return Ok(secs);
    }
    if let Some(path) = &request.new {
        return Ok(describe::open(Path::new(path), false, true)?.source.duration_secs);
    }
    let told = origin
        .and_then(|o| o.new.as_ref())
        .map(|n| n.duration)
        .filter(|d| *d > 0.0);
    let first = pairs.first().map_or(0.0, |p| p.t_new_secs);
    let last = pairs.last().map_or(0.0, |p| p.t_new_secs);
    Ok(told.unwrap_or(last - first))
}
