//! Markers of the reference run to markers of the new run, through the map of a finished sync
//! (docs/reference/cli.md#transfer-markers).

use mtbsync_artefacts::run_set::{RunLock, changed, write_files_under};
use mtbsync_markers::own;
use std::path::{Path, PathBuf};

use mtbsync_artefacts::edits::Edits;
use mtbsync_artefacts::time_warp::{TimeWarpFile, read_warp};
use mtbsync_markers::time::Rate;
use mtbsync_markers::{
    MarkerTable, Status, StatusCounts, TransferOptions, TransferredMarker, new_markers_csv, transfer,
    vis_json,
};
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::{Destination, Input};

use crate::context::Context;
use crate::map::viewer::{self, Picture};
use crate::markers::error::MarkerProblem;
use crate::markers::export::RateChoice;
use crate::markers::import::read_marker_table;
use crate::markers::map::MarkerMap;
use crate::missing;

/// One call of `transfer-markers`.
#[derive(Clone, Debug)]
pub struct TransferRequest {
    /// Markers of the reference run.
    pub ref_markers: Input,
    /// The map; several files must describe the same one.
    pub warps: Vec<PathBuf>,
    /// Where new_markers.csv goes.
    pub out: Destination,
    /// Markers below this confidence are for review, 0..1.
    pub review_threshold: f64,
    /// Rate of timecode in the input.
    pub rate: RateChoice,
    /// Label in the JSON.
    pub label: String,
    /// Also write `<out stem>.json`.
    pub vis_json: bool,
    /// Also write `<out stem>_overlay.png`.
    pub plot_overlay: bool,
}

/// What a transfer came to.
#[derive(Clone, Debug)]
pub struct TransferReport {
    /// Markers per status.
    pub counts: StatusCounts,
    /// Files written: name and path.
    pub outputs: Vec<(String, PathBuf)>,
    /// The CSV, when it was asked for on stdout.
    pub stdout: Option<Vec<u8>>,
    /// What the person should know.
    pub warnings: Vec<String>,
}

/// Reads markers and map, carries the markers over, writes them.
///
/// # Errors
/// Unreadable or wrong input, maps that differ, a map whose gates failed ([`MarkerProblem::NotAligned`],
/// unless forced), an output that cannot be written.
pub fn transfer_markers(
    request: &TransferRequest,
    context: &Context<'_>,
) -> Result<TransferReport, PipelineError> {
    let out = match &request.out {
        Destination::File(path) => Some(path.as_path()),
        Destination::Stdout if request.vis_json || request.plot_overlay => {
            return Err(MarkerProblem::FilesBesideStdout.into());
        }
        Destination::Stdout => None,
    };
    let file = read_same_warp(&request.warps, out)?;
    let table = read_table(&request.ref_markers, request.rate, &file)
        .map_err(|error| missing::suggest(error, request.ref_markers.path(), out))?;
    // From here on nobody changes the run that the table is for; it may have changed while the markers came.
    let lock = out.and_then(RunLock::of_run_with);
    let file = match &lock {
        Some(_) => read_same_warp(&request.warps, out)?,
        None => file,
    };
    refuse_failed(&file, request.warps.first().map(PathBuf::as_path), context.force)?;
    let inputs = request.warps.iter().map(PathBuf::as_path);
    let outputs = context.outputs(inputs.chain([request.ref_markers.path()]));
    if let Some(out) = out {
        outputs.check(out, own::TABLE)?;
    }

    let edits = match request.warps.first() {
        Some(path) => Edits::beside(path)?,
        None => Edits::default(),
    };
    let forced = context.force && !file.ok;
    let markers = carry_over(&table, &file, request.review_threshold, forced, &edits);
    let mut warnings = table.warnings.clone();
    warnings.extend(request.warps.first().and_then(|path| changed(path)));
    if table.markers.is_empty() {
        warnings.push("no markers in the input".to_owned());
    }
    if !file.ok {
        warnings.push(format!(
            "the runs are not aligned ({}): every marker is for review",
            file.reasons.join("; ")
        ));
    }
    let csv = new_markers_csv(&table, &markers);
    let counts = StatusCounts::of(&markers);
    let Some(out) = out else {
        return Ok(TransferReport {
            counts,
            outputs: Vec::new(),
            stdout: Some(csv),
            warnings,
        });
    };
    let mut files = vec![("new_markers", out.to_owned(), own::TABLE, csv)];
    if request.vis_json {
        let params = file.params.map(|line| (line.a, line.b));
        let json = vis_json(params, &request.label, &table, &markers)?;
        files.push(("vis_json", with_suffix(out, ".json"), own::JSON, json));
    }
    if request.plot_overlay {
        let picture = Picture {
            markers: viewer::marker_points(&markers),
            ..Picture::default()
        };
        files.push((
            "overlay",
            with_suffix(out, "_overlay.png"),
            viewer::OWN,
            viewer::draw(&file, picture)?,
        ));
    }
    let named = files
        .iter()
        .map(|(_, path, own, bytes)| Ok((path.as_path(), outputs.check(path, *own)?, bytes.as_slice())));
    write_files_under(lock.as_ref(), &named.collect::<Result<Vec<_>, PipelineError>>()?)?;
    let outputs = files
        .into_iter()
        .map(|(name, path, ..)| (name.to_owned(), path))
        .collect();
    Ok(TransferReport {
        counts,
        outputs,
        stdout: None,
        warnings,
    })
}

/// Carries the markers of `table` over; those a person has set are where they were set. `forced`: the map
/// failed its gates, so that every other marker is for review.
pub fn carry_over(
    table: &MarkerTable,
    file: &TimeWarpFile,
    review_threshold: f64,
    forced: bool,
    edits: &Edits,
) -> Vec<TransferredMarker> {
    let warp = file.warp().unwrap_or_default();
    let map = MarkerMap {
        warp: &warp,
        new_duration_secs: file.new_duration_secs(),
    };
    let new_duration_secs = file
        .new
        .as_ref()
        .map(|new| new.duration)
        .filter(|secs| *secs > 0.0);
    let moved = transfer(
        &table.markers,
        &map,
        TransferOptions {
            review_threshold,
            forced,
            new_duration_secs,
        },
    );
    set_by_hand(moved, edits)
}

/// The markers of `table` without any map: those a person has set are where they were set, the others
/// nowhere.
pub fn only_set(table: &MarkerTable, edits: &Edits) -> Vec<TransferredMarker> {
    let nowhere = table.markers.iter().map(|marker| TransferredMarker {
        marker: marker.clone(),
        located: None,
        t_new_end_secs: None,
        status: Status::Outside,
    });
    set_by_hand(nowhere.collect(), edits)
}

fn set_by_hand(mut moved: Vec<TransferredMarker>, edits: &Edits) -> Vec<TransferredMarker> {
    let set = edits.moments();
    for marker in &mut moved {
        if let Some(secs) = set.of_marker(&marker.marker.id, marker.marker.t_ref_secs) {
            marker.set_by_hand(secs);
        }
    }
    moved
}

/// Reads markers of the reference; timecode in them counts at `rate`, by default that of the reference.
///
/// # Errors
/// Not a marker table; the error names the lines.
pub fn read_table(
    source: &Input,
    rate: RateChoice,
    file: &TimeWarpFile,
) -> Result<MarkerTable, PipelineError> {
    let rate = match rate {
        RateChoice::Fixed(rate) => Some(rate),
        RateChoice::Auto => file
            .reference
            .as_ref()
            .and_then(|reference| Rate::parse(&reference.fps).ok()),
    };
    read_marker_table(source, rate)
}

/// Reads the map that all of `paths` describe.
///
/// # Errors
/// Unreadable, or two different maps.
pub fn read_same_warp(paths: &[PathBuf], out: Option<&Path>) -> Result<TimeWarpFile, PipelineError> {
    let mut found: Option<TimeWarpFile> = None;
    for path in paths {
        let file = read_warp(path).map_err(|error| missing::suggest(error, path, out))?;
        if found
            .as_ref()
            .is_some_and(|first| first.ok != file.ok || first.warp() != file.warp())
        {
            return Err(PipelineError::from(MarkerProblem::MapsDiffer).at(path));
        }
        found.get_or_insert(file);
    }
    found.ok_or_else(|| MarkerProblem::NoWarp.into())
}

/// Refuses a map whose gates failed.
///
/// # Errors
/// [`MarkerProblem::NotAligned`], unless `force`.
pub fn refuse_failed(file: &TimeWarpFile, path: Option<&Path>, force: bool) -> Result<(), PipelineError> {
    if file.ok || force {
        return Ok(());
    }
    Err(MarkerProblem::NotAligned(file.reasons.clone()).of_map(path))
}

/// `folder/stem` of a path and another ending.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use mtbsync_artefacts::time_warp::{Params, TimeWarpFile};
    use mtbsync_task::error::Failure;
    use mtbsync_task::progress::Cancel;

    use super::*;

    fn line(a: f64, ok: bool) -> TimeWarpFile {
        let text = format!(r#"{{"ok":{ok},"model":"affine","params":{{"a":{a},"b":0}},"reasons":["why"]}}"#);
        serde_json::from_str(&text).unwrap()
    }

    fn write_line(path: &Path, a: f64, ok: bool) {
        std::fs::write(path, line(a, ok).to_json().unwrap()).unwrap();
    }

    fn request(folder: &Path, warps: &[&str]) -> TransferRequest {
        std::fs::write(folder.join("m.csv"), "name,t_ref\nA,10\nB,20\n").unwrap();
        TransferRequest {
            ref_markers: Input::File(folder.join("m.csv")),
            warps: warps.iter().map(|name| folder.join(name)).collect(),
            out: Destination::File(folder.join("out/new.csv")),
            review_threshold: 0.1,
            rate: RateChoice::Auto,
            label: "default".to_owned(),
            vis_json: true,
            plot_overlay: true,
        }
    }

    fn run(request: &TransferRequest, force: bool) -> Result<TransferReport, PipelineError> {
        let cancel = Cancel::default();
        let context = Context::silent(&cancel, String::new, force);
        transfer_markers(request, &context)
    }

    #[test]
    fn csv_json_and_picture_are_written_together() {
        let folder = tempfile::tempdir().unwrap();
        write_line(&folder.path().join("w.json"), 2.0, true);
        let report = run(&request(folder.path(), &["w.json"]), false).unwrap();
        assert_eq!(report.outputs.len(), 3);
        let csv = std::fs::read_to_string(folder.path().join("out/new.csv")).unwrap();
        assert!(csv.contains("\n1,A,10.000000,5.000000,5.000000,"), "{csv}");
        assert!(
            std::fs::read(folder.path().join("out/new_overlay.png"))
                .unwrap()
                .starts_with(b"\x89PNG")
        );
        assert!(folder.path().join("out/new.json").exists());
    }

    #[test]
    fn two_files_must_hold_one_map() {
        let folder = tempfile::tempdir().unwrap();
        write_line(&folder.path().join("a.json"), 2.0, true);
        write_line(&folder.path().join("b.json"), 1.0, true);
        assert!(run(&request(folder.path(), &["a.json", "a.json"]), false).is_ok());
        let error = run(&request(folder.path(), &["a.json", "b.json"]), false).unwrap_err();
        assert!(error.what().contains("different maps"));
    }

    #[test]
    fn a_failed_warp_is_refused_and_forced_for_review() {
        let folder = tempfile::tempdir().unwrap();
        write_line(&folder.path().join("w.json"), 1.0, false);
        let request = request(folder.path(), &["w.json"]);
        let error = run(&request, false).unwrap_err();
        assert_eq!(
            (error.failure(), folder.path().join("out").exists()),
            (Failure::NotAligned, false)
        );
        let report = run(&request, true).unwrap();
        assert_eq!((report.counts.ok, report.counts.review), (0, 2));
        assert!(report.warnings.iter().any(|warning| warning.contains("why")));
    }

    #[test]
    fn endings_replace_the_extension() {
        assert_eq!(
            with_suffix(Path::new("a/b.csv"), "_overlay.png"),
            Path::new("a/b_overlay.png")
        );
        assert_eq!(line(1.0, true).params, Some(Params { a: 1.0, b: 0.0 }));
    }
}
