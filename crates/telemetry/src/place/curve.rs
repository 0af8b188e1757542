//! The reference path as a curve on the ground that can be asked "what is near here?".
//!
//! The path is thinned to vertices at least half a metre apart, so that an hour of standing costs one
//! segment, and its segments are filed in a grid of square cells. A query looks at nine cells.

use crate::geometry::{Path, PathState};
use crate::tuning::{
    CURVE_HEADING_SPEED_MPS, CURVE_MIN_HEADING_COSINE, CURVE_MIN_SEGMENT_M, CURVE_SAME_PLACE_M,
    STOP_SPEED_MPS,
};

/// Most candidates of one query; a pump track ridden all day.
const MAX_CANDIDATES: usize = 64;

/// A place of the reference curve near a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Nearest {
    /// First and last reference time at that place; they differ where the reference stood still.
    pub range_secs: (f64, f64),
    /// The best single time.
    pub time_secs: f64,
    /// Vector from the curve to the query, metres.
    pub offset_m: (f64, f64),
    /// Speed of the reference there.
    pub speed_mps: f64,
    /// 1-sigma error of the reference there, metres.
    pub error_m: f64,
    /// Direction of the curve, a unit vector.
    pub direction: (f64, f64),
}

impl Nearest {
    /// Distance from the curve to the query.
    pub fn distance_m(&self) -> f64 {
        self.offset_m.0.hypot(self.offset_m.1)
    }
}

/// The curve and its grid.
#[derive(Debug, Clone)]
pub(super) struct GroundCurve {
    vertices: Vec<PathState>,
    /// Segments that do not exist: from vertex i to i + 1 across a gap.
    gap_after: Vec<bool>,
    /// (cell, segment), sorted.
    cells: Vec<((i32, i32), u32)>,
    cell_m: f64,
    gate_m: f64,
}

impl GroundCurve {
    /// Files a path for queries within `gate_m` metres.
    pub fn new(path: &Path, gate_m: f64) -> Self {
        let mut vertices: Vec<PathState> = Vec::new();
        let mut gap_after: Vec<bool> = Vec::new();
        for piece in path.pieces() {
            let begin = vertices.len();
            for (i, point) in piece.iter().enumerate() {
                let last = vertices.get(begin..).and_then(<[_]>::last);
                let is_end = i + 1 == piece.len();
                if is_end || last.is_none_or(|last| last.distance_m(point) >= CURVE_MIN_SEGMENT_M) {
                    vertices.push(*point);
                    gap_after.push(is_end);
                }
            }
        }
        let longest_m = vertices
            .iter()
            .zip(vertices.iter().skip(1))
            .zip(&gap_after)
            .filter(|(_, gap)| !**gap)
            .map(|((a, b), _)| a.distance_m(b))
            .fold(0.0, f64::max);
        // A segment is filed under its first vertex, which a query in reach sees within one cell.
        let cell_m = gate_m + longest_m;
        let mut curve = Self {
            vertices,
            gap_after,
            cells: Vec::new(),
            cell_m,
            gate_m,
        };
        let mut cells: Vec<((i32, i32), u32)> = curve
            .gap_after
            .iter()
            .zip(&curve.vertices)
            .enumerate()
            .filter(|(_, (gap, _))| !**gap)
            .map(|(i, (_, vertex))| (curve.cell(vertex.x_m, vertex.y_m), i as u32))
            .collect();
        cells.sort_unstable();
        curve.cells = cells;
        curve
    }

    fn cell(&self, x_m: f64, y_m: f64) -> (i32, i32) {
        (
            (x_m / self.cell_m).floor() as i32,
            (y_m / self.cell_m).floor() as i32,
        )
    }

    /// All local minima of the distance from `query` to the curve within the gate, where both go the same
    /// way; in order of reference time.
    pub fn nearest(&self, query: &PathState) -> Vec<Nearest> {
        let (cx, cy) = self.cell(query.x_m, query.y_m);
        let mut segments: Vec<u32> = Vec::new();
        for x in cx.saturating_sub(1)..=cx.saturating_add(1) {
            for y in cy.saturating_sub(1)..=cy.saturating_add(1) {
                let from = self.cells.partition_point(|(cell, _)| *cell < (x, y));
                let filed = self
                    .cells
                    .iter()
                    .skip(from)
                    .take_while(|(cell, _)| *cell == (x, y));
                segments.extend(filed.map(|(_, segment)| *segment));
            }
        }
        segments.sort_unstable();
        let mut found: Vec<Nearest> = Vec::new();
        for run in segments.chunk_by(|a, b| a + 1 == *b) {
            self.minima_of_run(run, query, &mut found);
        }
        if found.len() > MAX_CANDIDATES {
            found.sort_by(|a, b| a.distance_m().total_cmp(&b.distance_m()));
            found.truncate(MAX_CANDIDATES);
            found.sort_by(|a, b| a.time_secs.total_cmp(&b.time_secs));
        }
        found
    }

    /// Local minima along consecutive segments; minima without a real rise between them are one.
    fn minima_of_run(&self, run: &[u32], query: &PathState, found: &mut Vec<Nearest>) {
        let mut best: Option<Nearest> = None;
        // Farthest the curve has been since `best`.
        let mut ridge_m = 0.0_f64;
        for &segment in run {
            let Some(nearest) = self.project(segment as usize, query) else {
                continue;
            };
            let distance_m = nearest.distance_m();
            match &mut best {
                Some(kept) if ridge_m - kept.distance_m().max(distance_m) < CURVE_SAME_PLACE_M => {
                    if distance_m < kept.distance_m() {
                        *kept = nearest;
                        ridge_m = distance_m;
                    }
                    ridge_m = ridge_m.max(distance_m);
                }
                Some(_) | None => {
                    found.extend(best.take().and_then(|kept| self.accept(kept, query)));
                    best = Some(nearest);
                    ridge_m = distance_m;
                }
            }
        }
        found.extend(best.and_then(|kept| self.accept(kept, query)));
    }

    /// The gates of distance and direction.
    fn accept(&self, nearest: Nearest, query: &PathState) -> Option<Nearest> {
        let moving =
            nearest.speed_mps > CURVE_HEADING_SPEED_MPS && query.speed_mps() > CURVE_HEADING_SPEED_MPS;
        let along_mps = nearest.direction.0 * query.vx_mps + nearest.direction.1 * query.vy_mps;
        let same_way = !moving || along_mps >= CURVE_MIN_HEADING_COSINE * query.speed_mps();
        (nearest.distance_m() <= self.gate_m && same_way).then_some(nearest)
    }

    /// The closest point of one segment.
    fn project(&self, segment: usize, query: &PathState) -> Option<Nearest> {
        let (a, b) = (self.vertices.get(segment)?, self.vertices.get(segment + 1)?);
        let (dx, dy) = (b.x_m - a.x_m, b.y_m - a.y_m);
        let length_squared = dx * dx + dy * dy;
        let share = if length_squared > 0.0 {
            (((query.x_m - a.x_m) * dx + (query.y_m - a.y_m) * dy) / length_squared).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let mix = |from: f64, to: f64| from + (to - from) * share;
        let time_secs = mix(a.time_secs, b.time_secs);
        let (vx, vy) = (mix(a.vx_mps, b.vx_mps), mix(a.vy_mps, b.vy_mps));
        let speed_mps = vx.hypot(vy);
        let length_m = length_squared.sqrt();
        let direction = if speed_mps > CURVE_HEADING_SPEED_MPS || length_m == 0.0 {
            let norm = speed_mps.max(f64::MIN_POSITIVE);
            (vx / norm, vy / norm)
        } else {
            (dx / length_m, dy / length_m)
        };
        let stands = length_m < STOP_SPEED_MPS * (b.time_secs - a.time_secs);
        Some(Nearest {
            range_secs: if stands {
                (a.time_secs, b.time_secs)
            } else {
                (time_secs, time_secs)
            },
            time_secs,
            offset_m: (query.x_m - mix(a.x_m, b.x_m), query.y_m - mix(a.y_m, b.y_m)),
            speed_mps,
            error_m: mix(a.error_m, b.error_m),
            direction,
        })
    }
}
