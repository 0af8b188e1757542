//! The overlay picture of a run: map, pairs and markers (docs/reference/cli.md#viewer).

use mtbsync_artefacts::run_set::{changed, write_files};
use mtbsync_formats::atomic::Replaces;
use std::path::{Path, PathBuf};

use mtbsync_align::{Segment, TimeWarp};
use mtbsync_artefacts::edits::{self, Edits};
use mtbsync_artefacts::geometry::GeometryFile;
use mtbsync_artefacts::time_warp::{RecordingFile, TimeWarpFile};
use mtbsync_formats::csv::{CellError, MAX_CSV_BYTES, Table};
use mtbsync_formats::read_bounded;
use mtbsync_markers::{Status, StatusCounts, TransferredMarker};
use mtbsync_plot::DEFAULT_SIZE;
use mtbsync_plot::overlay::{CurvePoint, MarkerPoint, Overlay, OverlayVerdict, PairPoint, Rider, StopSpan};
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Input;

use crate::context::Context;
use crate::map::error::MapProblem;
use crate::markers::export::RateChoice;
use crate::markers::transfer::{carry_over, read_same_warp, read_table, refuse_failed};
use crate::missing;

/// Points drawn along a segment: more than the picture has pixels in width.
const CURVE_POINTS: usize = 1500;
/// Points drawn in all, beside the ends of the segments: as many as twenty segments have.
const ALL_CURVE_POINTS: usize = 20 * CURVE_POINTS;

/// One call of `viewer --headless`.
#[derive(Clone, Debug)]
pub struct ViewerRequest {
    /// Markers of the reference run.
    pub ref_markers: PathBuf,
    /// The map.
    pub timewarp: PathBuf,
    /// Markers already carried over; else they are carried over here.
    pub new_markers: Option<PathBuf>,
    /// Pairs to be drawn as dots.
    pub pairs: Option<PathBuf>,
    /// Where the picture goes.
    pub out_png: PathBuf,
    /// Width and height, pixels.
    pub size: (u32, u32),
    /// Below this a marker carried over here is for review.
    pub review_threshold: f64,
}

/// What the picture shows.
#[derive(Clone, Debug)]
pub struct ViewerReport {
    /// Markers per status.
    pub markers: StatusCounts,
    /// What the person should know.
    pub warnings: Vec<String>,
}

/// What goes into a picture beside the map.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Markers of both runs.
    pub markers: Vec<MarkerPoint>,
    /// Pairs the map rests on.
    pub pairs: Vec<PairPoint>,
    /// Width and height, pixels.
    pub size: (u32, u32),
}

impl Default for Picture {
    fn default() -> Self {
        Self {
            markers: Vec::new(),
            pairs: Vec::new(),
            size: DEFAULT_SIZE,
        }
    }
}

/// Draws the picture of a finished sync. Of a map that failed its gates, the picture shows that it failed.
///
/// # Errors
/// Unreadable inputs; a failed map that has no curve at all; a picture that cannot be written.
pub fn view(request: &ViewerRequest, context: &Context<'_>) -> Result<ViewerReport, PipelineError> {
    let out = request.out_png.as_path();
    let file = read_same_warp(std::slice::from_ref(&request.timewarp), Some(out))?;
    let source = Input::File(request.ref_markers.clone());
    let table = read_table(&source, RateChoice::Auto, &file)
        .map_err(|error| missing::suggest(error, &request.ref_markers, Some(out)))?;
    let markers = match &request.new_markers {
        Some(path) => read_new_markers(path).map_err(|error| missing::suggest(error, path, Some(out)))?,
        None => {
            refuse_failed(&file, Some(&request.timewarp), context.force)?;
            let edits = Edits::beside(&request.timewarp)?;
            marker_points(&carry_over(
                &table,
                &file,
                request.review_threshold,
                !file.ok,
                &edits,
            ))
        }
    };
    let pairs = match &request.pairs {
        Some(path) => read_dots(path).map_err(|error| missing::suggest(error, path, Some(out)))?,
        None => Vec::new(),
    };
    let inputs = [
        Some(&request.timewarp),
        Some(&request.ref_markers),
        request.new_markers.as_ref(),
    ];
    let inputs = inputs.into_iter().flatten().chain(&request.pairs);
    let may = context.outputs(inputs.map(PathBuf::as_path)).check(out, OWN)?;
    let counts = count(&markers);
    let png = draw(
        &file,
        Picture {
            markers,
            pairs,
            size: request.size,
        },
    )?;
    write_files(&[(out, may, &png)])?;
    Ok(ViewerReport {
        markers: counts,
        warnings: table
            .warnings
            .into_iter()
            .chain(changed(&request.timewarp))
            .chain(request.new_markers.as_deref().and_then(changed))
            .collect(),
    })
}

/// Knows a plot of ours.
pub const OWN: Replaces = Replaces::own(|ends| mtbsync_plot::is_own(&ends.head));

/// The PNG of a map and what belongs to it.
///
/// # Errors
/// A size that is out of range.
pub fn draw(file: &TimeWarpFile, picture: Picture) -> Result<Vec<u8>, PipelineError> {
    Ok(overlay(file, picture).png().map_err(MapProblem::Plot)?)
}

/// The plot of a map and what belongs to it.
pub fn overlay(file: &TimeWarpFile, picture: Picture) -> Overlay {
    let warp = file.warp().unwrap_or_default();
    Overlay {
        title: format!(
            "{} on {}",
            name(file.new.as_ref(), "new run"),
            name(file.reference.as_ref(), "reference")
        ),
        subtitle: "where on the reference each moment of the new run lies".to_owned(),
        new_duration_secs: file.new.as_ref().map_or(0.0, |side| side.duration),
        ref_duration_secs: file.reference.as_ref().map_or(0.0, |side| side.duration),
        curve: warp
            .segments()
            .iter()
            .map(|segment| curve(&warp, segment, file))
            .collect(),
        pairs: picture.pairs,
        markers: picture.markers,
        stops: file
            .stops
            .iter()
            .map(|stop| StopSpan {
                side: if stop.side == "ref" {
                    Rider::Reference
                } else {
                    Rider::New
                },
                from: stop.from,
                to: stop.to,
            })
            .collect(),
        verdict: if file.ok {
            OverlayVerdict::Aligned
        } else {
            OverlayVerdict::NotAligned
        },
        reasons: file.reasons.clone(),
        facts: facts(file),
        size: picture.size,
    }
}

fn name(side: Option<&RecordingFile>, fallback: &str) -> String {
    let name = side.and_then(|side| Path::new(&side.path).file_name());
    name.map_or_else(|| fallback.to_owned(), |name| name.to_string_lossy().into_owned())
}

fn curve(warp: &TimeWarp, segment: &Segment, file: &TimeWarpFile) -> Vec<CurvePoint> {
    let (first, last) = segment.new_range();
    // A line of version 1 has no ends of its own; the recording has.
    let last = last.min(file.new_duration_secs());
    let points = (ALL_CURVE_POINTS / warp.segments().len().max(1)).clamp(2, CURVE_POINTS);
    let step = (last - first) / (points - 1) as f64;
    let point = |index: usize| {
        let t_new = if index + 1 == points {
            last
        } else {
            first + step * index as f64
        };
        let t_ref = segment.curve().y_at(t_new)?;
        let half = warp.ref_half_width_at(t_new).unwrap_or(0.0);
        Some(CurvePoint {
            t_new,
            t_ref,
            low: t_ref - half,
            high: t_ref + half,
        })
    };
    (0..points).filter_map(point).collect()
}

fn facts(file: &TimeWarpFile) -> Vec<(String, String)> {
    let percent = |share: Option<f64>| share.map(|share| format!("{:.0} %", share * 100.0));
    let millis = |secs: Option<f64>| secs.map(|secs| format!("{:.0} ms", secs * 1000.0));
    let residuals = file.residuals.unwrap_or_default();
    let facts = [
        ("Model", Some(file.model.clone())),
        ("Coverage", percent(file.coverage)),
        ("Inliers", percent(file.inlier_frac)),
        ("Residual p50", millis(residuals.p50)),
        ("Residual p90", millis(residuals.p90)),
        ("Pairs", file.n_pairs.filter(|n| *n > 0).map(|n| n.to_string())),
        (
            "Segments",
            Some(file.segments.len().to_string()).filter(|_| file.segments.len() > 1),
        ),
    ];
    let cameras = file.geometry.iter().flat_map(GeometryFile::words);
    facts
        .into_iter()
        .filter_map(|(what, value)| Some((what, value?)))
        .chain(cameras)
        .map(|(what, value)| (what.to_owned(), value))
        .collect()
}

/// Transferred markers as the plot wants them.
pub fn marker_points(markers: &[TransferredMarker]) -> Vec<MarkerPoint> {
    let point = |moved: &TransferredMarker| MarkerPoint {
        name: moved.marker.name.clone(),
        t_ref: moved.marker.t_ref_secs,
        t_new: moved.located.map(|located| located.t_new_secs),
        low: moved.located.map(|located| located.low_secs),
        high: moved.located.map(|located| located.high_secs),
        needs_review: moved.status != Status::Ok,
        confidence: moved.confidence(),
    };
    markers.iter().map(point).collect()
}

fn count(markers: &[MarkerPoint]) -> StatusCounts {
    let number =
        |wanted: &dyn Fn(&MarkerPoint) -> bool| markers.iter().filter(|marker| wanted(marker)).count();
    StatusCounts {
        ok: number(&|marker| marker.t_new.is_some() && !marker.needs_review),
        review: number(&|marker| marker.t_new.is_some() && marker.needs_review),
        outside: number(&|marker| marker.t_new.is_none()),
    }
}

fn parse_table(
    path: &Path,
    bytes: &[u8],
    known: &[&str],
    needed: &[&'static str],
) -> Result<Table, PipelineError> {
    let table = Table::parse(bytes, known).map_err(|error| PipelineError::from(error).at(path))?;
    for column in needed {
        needed_column(&table, column).map_err(|error| PipelineError::from(error).at(path))?;
    }
    Ok(table)
}

/// The index of a column.
fn needed_column(table: &Table, column: &'static str) -> Result<usize, MapProblem> {
    table.column(&[column]).ok_or(MapProblem::ColumnMissing {
        column,
        line: table.header_line,
    })
}

fn read_new_markers(path: &Path) -> Result<Vec<MarkerPoint>, PipelineError> {
    let known = [
        "name",
        "t_ref",
        "t_new",
        "t_new_low",
        "t_new_high",
        "confidence",
        "needs_review",
    ];
    let table = parse_table(
        path,
        &edits::read_table(path, MAX_CSV_BYTES)?,
        &known,
        &["t_ref", "t_new"],
    )?;
    let column = |name: &str| table.column(&[name]);
    let point = |row| -> Result<MarkerPoint, CellError> {
        let moment = |name: &str| column(name).map_or(Ok(None), |column| table.moment(row, column));
        let review = column("needs_review").map_or(Ok(None), |column| table.boolean(row, column))?;
        Ok(MarkerPoint {
            name: column("name")
                .map(|column| row.text(column).to_owned())
                .unwrap_or_default(),
            t_ref: moment("t_ref")?.unwrap_or(f64::NAN),
            t_new: moment("t_new")?,
            low: moment("t_new_low")?,
            high: moment("t_new_high")?,
            needs_review: review.unwrap_or(false),
            confidence: column("confidence")
                .map_or(Ok(None), |column| table.number(row, column))?
                .unwrap_or(0.0),
        })
    };
    let points: Result<Vec<_>, _> = table.rows.iter().map(point).collect();
    points.map_err(|error| PipelineError::from(error).at(path))
}

fn read_dots(path: &Path) -> Result<Vec<PairPoint>, PipelineError> {
    let table = parse_table(
        path,
        &read_bounded(path, MAX_CSV_BYTES)?,
        &["t_new", "t_ref", "confidence", "score"],
        &["t_new", "t_ref"],
    )?;
    let weight = table.column(&["confidence", "score"]);
    let dot = |row| -> Result<PairPoint, CellError> {
        let moment = |name: &str| table.column(&[name]).map_or(Ok(None), |c| table.moment(row, c));
        Ok(PairPoint {
            t_new: moment("t_new")?.unwrap_or(f64::NAN),
            t_ref: moment("t_ref")?.unwrap_or(f64::NAN),
            confidence: weight.map_or(Ok(None), |c| table.number(row, c))?.unwrap_or(1.0),
        })
    };
    let dots: Result<Vec<_>, _> = table.rows.iter().map(dot).collect();
    dots.map_err(|error| PipelineError::from(error).at(path))
}
