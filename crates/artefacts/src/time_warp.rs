//! `timewarp.json` and `warp.npz`: the map, for people and for numpy.

mod read;

use std::io::Cursor;
use std::path::Path;

use mtbsync_align::gates::Verdict;
use mtbsync_align::{Segment, StopSide, TimeWarp, WarpModel, WarpSettings};
use mtbsync_formats::atomic::Replaces;
use mtbsync_formats::npz::{Compression, NpzWriter};
use mtbsync_formats::{LONGEST_SECS, is_moment, json};
use mtbsync_task::error::PipelineError;
use serde::{Deserialize, Serialize};

use crate::error::ArtefactProblem;
use crate::geometry::GeometryFile;

pub use self::read::read_warp;

/// Name of the map in an artefact folder.
pub const TIMEWARP_FILE: &str = "timewarp.json";
/// The same content for numpy.
pub const WARP_FILE: &str = "warp.npz";
/// Transferred markers.
pub const NEW_MARKERS_FILE: &str = "new_markers.csv";
/// The picture.
pub const OVERLAY_FILE: &str = "alignment_overlay.png";

/// Newest version of timewarp.json this program reads.
pub(crate) const VERSION: u64 = 2;
const NPZ_FORMAT: &str = "mtbsync-warp";
/// Most segments read: one every minute of the longest recording.
const MAX_SEGMENTS: usize = 10_080;
/// Most knots read: six a second of the longest recording.
const MAX_KNOTS: usize = 4 << 20;
/// Error of a version 1 line without residuals, seconds.
const LINE_SIGMA_SECS: f64 = 0.5;
/// 90 % of a bell curve lies within this many standard deviations.
const NORMAL_Q95: f64 = 1.645;

/// Content of timewarp.json, in the order of its keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TimeWarpFile {
    /// Every gate passed and there is a segment.
    #[serde(default = "yes")]
    pub ok: bool,
    /// 2; absent in old files.
    #[serde(default = "first_version")]
    pub version: u64,
    /// `monotone` or `affine`.
    pub model: String,
    /// Line of the map.
    pub params: Option<Params>,
    /// `|a - 1| * 1e6`.
    pub ppm: Option<f64>,
    /// Share of inlier pairs.
    pub inlier_frac: Option<f64>,
    /// Residuals of the pairs, seconds.
    pub residuals: Option<ResidualsFile>,
    /// Window of the pairs file, seconds.
    pub window_sec: Option<f64>,
    /// Number of pairs the residuals are of.
    pub n_pairs: Option<usize>,
    /// Knots of all segments.
    #[serde(default)]
    pub knots: Knots,
    /// Segments.
    #[serde(default)]
    pub segments: Vec<SegmentFile>,
    /// Stops.
    #[serde(default)]
    pub stops: Vec<StopFile>,
    /// Mapped share of the new run.
    pub coverage: Option<f64>,
    /// Gates that applied.
    #[serde(default)]
    pub gates: Vec<GateFile>,
    /// Why not ok.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// How the two cameras differ; `None` where they see alike.
    #[serde(default)]
    pub geometry: Option<GeometryFile>,
    /// What found the places; `null` in older files.
    #[serde(default)]
    pub matcher: Option<MatcherFile>,
    /// The reference recording.
    pub reference: Option<RecordingFile>,
    /// The new recording.
    pub new: Option<RecordingFile>,
}

fn yes() -> bool {
    true
}

fn first_version() -> u64 {
    1
}

/// `t_ref = a * t_new + b`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Params {
    /// Slope.
    pub a: f64,
    /// Offset, seconds.
    pub b: f64,
}

/// What found the places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatcherFile {
    /// What was asked for: `auto`, `dense`, `orb` or `super`.
    pub asked: String,
    /// Learned features took part.
    pub learned: bool,
}

/// Residuals in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ResidualsFile {
    /// Mean.
    pub mae: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
}

/// Equal-length arrays.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Knots {
    /// New times.
    pub t_new: Vec<f64>,
    /// Reference times.
    pub t_ref: Vec<f64>,
    /// One-sigma errors of the reference times.
    pub sigma: Vec<f64>,
    /// Half widths of the 90 % intervals of the reference times; none in older files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub half_width: Vec<f64>,
}

/// A segment by its first and last knot.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentFile {
    /// First and last knot index.
    pub knots: [usize; 2],
    /// First and last new time.
    pub t_new: [f64; 2],
    /// First and last reference time.
    pub t_ref: [f64; 2],
}

/// A stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StopFile {
    /// `new` or `ref`.
    pub side: String,
    /// Start on that side's clock.
    pub from: f64,
    /// End on that side's clock.
    pub to: f64,
}

/// A gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateFile {
    /// Name.
    pub name: String,
    /// Measured.
    pub value: f64,
    /// Limit.
    pub limit: f64,
    /// Kept.
    pub ok: bool,
}

/// One side of a run.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordingFile {
    /// Absolute path.
    pub path: String,
    /// Seconds.
    pub duration: f64,
    /// Content fingerprint.
    pub fingerprint: String,
    /// Rate as a fraction.
    pub fps: String,
    /// Pixels as shown.
    pub width: usize,
    /// Pixels as shown.
    pub height: usize,
    /// Start timecode.
    pub timecode: Option<String>,
    /// When it was recorded, as the camera says, by the clock on its display: `2026-06-14T10:31:07`.
    pub recorded: Option<String>,
    /// Camera model.
    pub camera: Option<String>,
}

impl RecordingFile {
    /// What tells recordings apart: content, where the map knows it, else the path; empty where it says
    /// neither.
    pub fn key(&self) -> &str {
        if self.fingerprint.is_empty() {
            &self.path
        } else {
            &self.fingerprint
        }
    }

    /// The name of its file, empty where the map names none.
    pub fn file_name(&self) -> String {
        let name = Path::new(&self.path).file_name();
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }
}

impl TimeWarpFile {
    /// The file for a judged warp.
    pub fn new(warp: &TimeWarp, verdict: &Verdict, settings: &WarpSettings) -> Self {
        let residuals = verdict.residuals.map(|r| ResidualsFile {
            mae: Some(r.mae),
            p50: Some(r.p50),
            p90: Some(r.p90),
            p95: Some(r.p95),
        });
        Self {
            ok: verdict.ok,
            model: settings.model.name().to_owned(),
            params: verdict.line.map(|l| Params { a: l.a, b: l.b }),
            ppm: verdict.line.map(|l| l.ppm()),
            inlier_frac: Some(verdict.inlier_frac),
            residuals: Some(residuals.unwrap_or_default()),
            window_sec: Some(settings.window_secs),
            n_pairs: Some(verdict.n_pairs),
            coverage: Some(verdict.coverage),
            gates: verdict
                .gates
                .iter()
                .map(|g| GateFile {
                    name: g.name.to_owned(),
                    value: g.value,
                    limit: g.limit,
                    ok: g.ok,
                })
                .collect(),
            reasons: verdict.reasons.clone(),
            ..Self::of_curve(warp)
        }
    }

    /// The file for a map from `new` to `reference` that was composed of others: nothing was measured for it.
    pub fn composed(warp: &TimeWarp, reference: RecordingFile, new: RecordingFile) -> Self {
        let share = warp.mapped_secs() / new.duration;
        Self {
            coverage: Some(share).filter(|share| share.is_finite()),
            reference: Some(reference),
            new: Some(new),
            ..Self::of_curve(warp)
        }
    }

    /// A curve, and nothing of what was measured.
    fn of_curve(warp: &TimeWarp) -> Self {
        let mut knots = Knots::default();
        let mut segments = Vec::new();
        for s in warp.segments() {
            let first = knots.t_new.len();
            knots.t_new.extend_from_slice(s.curve().x());
            knots.t_ref.extend_from_slice(s.curve().y());
            knots.sigma.extend_from_slice(s.sigma());
            knots.half_width.extend_from_slice(s.half_widths());
            let (n0, n1) = s.new_range();
            let (r0, r1) = s.ref_range();
            segments.push(SegmentFile {
                knots: [first, knots.t_new.len() - 1],
                t_new: [n0, n1],
                t_ref: [r0, r1],
            });
        }
        let stops = warp.stops().iter().map(|s| StopFile {
            side: if s.side == StopSide::New { "new" } else { "ref" }.to_owned(),
            from: s.from_secs,
            to: s.to_secs,
        });
        Self {
            ok: !segments.is_empty(),
            version: VERSION,
            model: WarpModel::Monotone.name().to_owned(),
            params: None,
            ppm: None,
            inlier_frac: None,
            residuals: None,
            window_sec: None,
            n_pairs: None,
            knots,
            segments,
            stops: stops.collect(),
            coverage: None,
            gates: Vec::new(),
            reasons: Vec::new(),
            geometry: None,
            matcher: None,
            reference: None,
            new: None,
        }
    }

    /// The map. `None` when the content describes none: knots that are no function, a line that is not
    /// rising.
    pub fn warp(&self) -> Option<TimeWarp> {
        if self.version < VERSION {
            return self.line_warp();
        }
        // Each knot belongs to one segment: a file that says otherwise costs many times its size.
        let in_order = self
            .segments
            .windows(2)
            .all(|pair| pair[0].knots[1] < pair[1].knots[0]);
        if !in_order || self.segments.len() > MAX_SEGMENTS {
            return None;
        }
        let segments = self.segments.iter().map(|s| self.segment(s));
        TimeWarp::new(segments.collect::<Option<Vec<_>>>()?)
    }

    /// The curve of one of the segments; `None` when its knots make none.
    pub(crate) fn segment(&self, segment: &SegmentFile) -> Option<Segment> {
        let [first, last] = segment.knots;
        let part = |v: &[f64]| v.get(first..last.checked_add(1)?).map(<[f64]>::to_vec);
        let found = Segment::new(
            part(&self.knots.t_new)?,
            part(&self.knots.t_ref)?,
            part(&self.knots.sigma)?,
        )?;
        if self.knots.half_width.is_empty() {
            return Some(found);
        }
        found.with_half_widths(part(&self.knots.half_width)?)
    }

    /// The line that a version 1 file is.
    pub fn line(&self) -> Option<Params> {
        self.params.filter(|_| self.version < VERSION)
    }

    fn line_warp(&self) -> Option<TimeWarp> {
        let Params { a, b } = self.line()?;
        if !(a.is_finite() && b.is_finite() && a > 0.0) {
            return None;
        }
        let sigma = self
            .residuals
            .and_then(|r| r.p90)
            .map(|p90| p90 / NORMAL_Q95)
            .filter(|s| s.is_finite() && *s > 0.0)
            .unwrap_or(LINE_SIGMA_SECS);
        // From where either recording begins, as far as both clocks go.
        let from = (-b / a).clamp(-LONGEST_SECS, 0.0);
        let to = LONGEST_SECS.min((LONGEST_SECS - b) / a);
        let knots = vec![from, to];
        let segment = Segment::new(
            knots.clone(),
            knots.iter().map(|t| a * t + b).collect(),
            vec![sigma; 2],
        )?;
        TimeWarp::new(vec![segment])
    }

    /// Length of the new recording, seconds; far away when the file does not say.
    pub fn new_duration_secs(&self) -> f64 {
        self.new
            .as_ref()
            .map(|n| n.duration)
            .filter(|d| *d > 0.0 && is_moment(*d))
            .unwrap_or(LONGEST_SECS)
    }

    /// The bytes of timewarp.json.
    pub fn to_json(&self) -> Result<Vec<u8>, PipelineError> {
        json::to_vec(self).map_err(|error| ArtefactProblem::NoJson(error).into())
    }

    /// The bytes of warp.npz.
    pub fn to_npz(&self) -> Result<Vec<u8>, PipelineError> {
        let mut meta = serde_json::to_value(self).map_err(|error| ArtefactProblem::NoNpz(error.into()))?;
        if let Some(object) = meta.as_object_mut() {
            object.shift_remove("knots");
            object.shift_insert(0, "format".to_owned(), NPZ_FORMAT.into());
        }
        let meta = json::to_vec(&meta).map_err(|error| ArtefactProblem::NoNpz(error.into()))?;
        let params = self.params.map_or([f64::NAN; 2], |p| [p.a, p.b]);
        let segments: Vec<i64> = self
            .segments
            .iter()
            .flat_map(|s| s.knots.map(|k| k as i64))
            .collect();
        let mut npz = NpzWriter::new(Cursor::new(Vec::new()), Compression::Stored);
        let n = self.knots.t_new.len();
        npz.add("t_new", &[n], &self.knots.t_new)
            .and_then(|()| npz.add("t_ref", &[n], &self.knots.t_ref))
            .and_then(|()| npz.add("sigma", &[n], &self.knots.sigma))
            .and_then(|()| {
                npz.add(
                    "half_width",
                    &[self.knots.half_width.len()],
                    &self.knots.half_width,
                )
            })
            .and_then(|()| npz.add("segments", &[self.segments.len(), 2], &segments))
            .and_then(|()| npz.add("params", &[2], &params))
            .and_then(|()| npz.add_text("meta", &meta))
            .and_then(|()| npz.finish())
            .map(Cursor::into_inner)
            .map_err(|error| ArtefactProblem::NoNpz(error.into()).into())
    }
}

/// Knows a timewarp.json by its first keys.
pub const OWN_JSON: Replaces = Replaces::own(|ends| ends.has_keys(&["model", "params"]));
/// Knows a warp.npz by its first member.
pub const OWN_NPZ: Replaces =
    Replaces::own(|ends| ends.head.starts_with(b"PK\x03\x04") && ends.head_holds("t_new.npy"));

/// The model of that name in files.
pub fn model_of(name: &str) -> WarpModel {
    if name == WarpModel::Affine.name() {
        WarpModel::Affine
    } else {
        WarpModel::Monotone
    }
}
