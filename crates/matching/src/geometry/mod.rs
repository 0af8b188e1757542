//! How the two cameras differ: scale, roll and projection, found from the pair itself.
//!
//! A camera that sees wider shows a place as another shows a place farther on, so an alignment of pictures as
//! they are is early everywhere (about 4 cm of way for each percent of scale). With the right [`ViewMap`]
//! pictures of one place are most alike, so it is looked for where the mean likeness of some sure pairs, each
//! at its best moment, is highest. The side that sees more is then described again as the other would have
//! shown it.

mod prior;
mod probe;
mod search;

use std::sync::Arc;

use mtbsync_align::pair::Pair;
use mtbsync_index::features::Features;
use mtbsync_index::remapped::remapped;
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::Task;
use mtbsync_vision::remap::ViewMap;
use mtbsync_vision::structure::Projection;
use serde::{Deserialize, Serialize};

use crate::foreground::SceneryOfFrames;
use crate::locate::Located;
pub use crate::structure::LensKind;
use crate::structure::LogZoom;
use crate::tuning::{
    AVERAGED_ERRORS, BENT_ZOOM_SIGMA, GEOMETRY_PAIRS, LEAST_CHANGE, LEAST_RESCALE, LEAST_VIEW, LEAST_ZOOM,
    LEAST_ZOOM_SIGMAS, LIKENESS_SIGMA, MIN_GEOMETRY_PAIRS, QUICK_PAIRS, SURE_OFF, SURE_ON, USUAL_SPEED_M_S,
    WAY_PER_SCALE_M, ZOOM_CHANGE_WAY,
};
use prior::Prior;
use probe::Probe;
use search::{Found, Start, search, wider};

/// Which recording sees more, and is described again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wider {
    /// The reference.
    Reference,
    /// The new run.
    New,
}

/// How far along the trail places are off where the scale is by this logarithm, metres.
pub fn way_off_m(log_scale: f64) -> f64 {
    WAY_PER_SCALE_M * log_scale.abs()
}

/// How the pictures of the cameras go over into each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Geometry {
    /// Whose pictures `map` changes.
    pub wider: Wider,
    /// From its pictures to those of the other.
    pub map: ViewMap,
    /// One-sigma error of the logarithm of the scale.
    pub log_scale_sigma: f64,
    /// How much higher the new camera looks, degrees of a lens that sees 90 degrees across.
    pub pitch_deg: f64,
    /// Lens of the camera that sees less, where the scene tells it: projection, and degrees across.
    pub lens: Option<LensKind>,
}

impl Geometry {
    /// How many times wider the new camera sees, in the middle of the picture.
    pub fn new_is_wider(&self) -> f64 {
        match self.wider {
            Wider::New => self.map.log_scale.exp(),
            Wider::Reference => (-self.map.log_scale).exp(),
        }
    }

    /// Roll of the new camera against the reference, degrees clockwise.
    pub fn roll_deg(&self) -> f64 {
        match self.wider {
            Wider::New => self.map.roll_deg,
            Wider::Reference => -self.map.roll_deg,
        }
    }

    /// Of what the motion of the scene says of the scale.
    fn zoom_variance(&self, zoom: LogZoom) -> f64 {
        let unmodelled = if self.map.bend == 0.0 {
            0.0
        } else {
            BENT_ZOOM_SIGMA
        };
        (zoom.sigma.powi(2) + unmodelled.powi(2)).max(f64::EPSILON)
    }

    /// Lenses of the reference and the new camera.
    pub fn lenses(&self) -> Option<[LensKind; 2]> {
        let narrower = self.lens?;
        let (projection, hfov_deg) = narrower;
        let [x, y] = self.map.target_of([1.0, 0.0]);
        let half = 0.5 * hfov_deg.to_radians();
        let edge = match projection {
            Projection::Rectilinear => (x.hypot(y) * half.tan()).atan(),
            Projection::Equidistant => x.hypot(y) * half,
        };
        let seen_through = if self.map.bend > 0.0 {
            Projection::Equidistant
        } else if self.map.bend < 0.0 {
            Projection::Rectilinear
        } else {
            projection
        };
        let wider = (seen_through, 2.0 * edge.to_degrees());
        Some(match self.wider {
            Wider::New => [narrower, wider],
            Wider::Reference => [wider, narrower],
        })
    }
}

/// Both recordings as one camera would have shown them.
pub(crate) struct Views {
    pub geometry: Option<Geometry>,
    changed: Option<Features>,
    /// As filmed, and as they are compared: new, then reference.
    filmed: BothSceneries,
    scenery: BothSceneries,
}

/// Of the new run and the reference.
pub(crate) type BothSceneries = [Arc<SceneryOfFrames>; 2];

/// Both recordings as they are compared, and what of their frames is scenery: new, then reference.
pub(crate) struct Seen<'a> {
    pub reference: &'a Features,
    pub new: &'a Features,
    pub scenery: &'a BothSceneries,
}

impl Geometry {
    /// Too near to the other for another alignment.
    fn is_like(&self, other: &Self) -> bool {
        let (a, b) = (self.map, other.map);
        let off = [
            a.log_scale - b.log_scale,
            a.roll_deg - b.roll_deg,
            a.bend - b.bend,
        ];
        off.iter()
            .zip(LEAST_VIEW)
            .all(|(off, least)| off.abs() < 0.5 * least)
    }
}

impl Views {
    /// Both recordings as they were filmed.
    pub fn filmed(reference: &Features, new: &Features) -> Self {
        let filmed = [new, reference].map(|side| Arc::new(SceneryOfFrames::of(side)));
        Self {
            geometry: None,
            changed: None,
            scenery: filmed.clone(),
            filmed,
        }
    }

    /// Both recordings as `geometry` says; as they were filmed without one.
    pub fn changed(
        &self,
        reference: &Features,
        new: &Features,
        geometry: Option<Geometry>,
        task: &Task<'_>,
    ) -> Result<Self, PipelineError> {
        let mut views = Self {
            geometry,
            changed: None,
            scenery: self.filmed.clone(),
            filmed: self.filmed.clone(),
        };
        if let Some(found) = geometry {
            let (side, wider) = match found.wider {
                Wider::New => (0, new),
                Wider::Reference => (1, reference),
            };
            let changed = remapped(wider, &found.map, task)?;
            views.scenery[side] = Arc::new(SceneryOfFrames::of(&changed));
            views.changed = Some(changed);
        }
        Ok(views)
    }

    /// Look for the geometry by the alignment at hand, made with this one; `None` where that finds nothing
    /// else.
    pub fn look(
        &self,
        reference: &Features,
        new: &Features,
        located: &Located,
        task: &Task<'_>,
    ) -> Result<Option<Self>, PipelineError> {
        if located.reversed || !(reference.has_pictures() && new.has_pictures()) {
            return Ok(None);
        }
        let found = between_cameras(reference, new, located, self.geometry.as_ref())
            .filter(|found| !self.geometry.is_some_and(|before| before.is_like(found)));
        found
            .map(|found| self.changed(reference, new, Some(found), task))
            .transpose()
    }

    /// The geometry with the scale that the motion of the scene tells, none where both cameras are alike
    /// after all; `None` where that changes nothing.
    pub fn rescaled(&self, zoom: LogZoom) -> Option<Option<Geometry>> {
        let off = zoom.median;
        let believed = off.abs() > LEAST_ZOOM && off.abs() > LEAST_ZOOM_SIGMAS * zoom.sigma;
        let mut found = self.geometry.or_else(|| {
            believed.then_some(Geometry {
                // What the new camera shows larger, the reference saw wider.
                wider: if off > 0.0 { Wider::Reference } else { Wider::New },
                map: ViewMap::IDENTITY,
                log_scale_sigma: zoom.sigma,
                pitch_deg: 0.0,
                lens: None,
            })
        })?;
        let off = off * LIKENESS_SIGMA.powi(2) / (LIKENESS_SIGMA.powi(2) + found.zoom_variance(zoom));
        if off.abs() < LEAST_RESCALE {
            return None;
        }
        found.map.log_scale += match found.wider {
            Wider::Reference => off,
            Wider::New => -off,
        };
        let ViewMap {
            log_scale,
            roll_deg,
            bend,
        } = found.map;
        let differs = log_scale.abs() >= LEAST_ZOOM
            || roll_deg.abs() >= LEAST_CHANGE[1]
            || bend.abs() >= LEAST_CHANGE[2];
        (differs || self.geometry.is_some()).then(|| differs.then_some(found))
    }

    /// Whether another projection was taken out.
    pub fn is_bent(&self) -> bool {
        self.geometry.is_some_and(|found| found.map.bend != 0.0)
    }

    /// `pairs` with the doubt about the scale in their errors, which the motion of the scene tells where it
    /// can.
    pub fn doubted(&mut self, mut pairs: Vec<Pair>, zoom: Option<LogZoom>, lens: LensKind) -> Vec<Pair> {
        let Some(found) = &mut self.geometry else {
            return pairs;
        };
        found.lens = Some(lens);
        if let Some(zoom) = zoom {
            let precision = LIKENESS_SIGMA.powi(-2) + found.zoom_variance(zoom).recip();
            found.log_scale_sigma = precision.sqrt().recip();
        }
        let doubt_secs = way_off_m(found.log_scale_sigma) / USUAL_SPEED_M_S;
        for pair in &mut pairs {
            pair.sigma_secs = pair.sigma_secs.hypot(doubt_secs);
        }
        pairs
    }

    /// Both recordings as they are to be compared.
    pub fn of<'a>(&'a self, reference: &'a Features, new: &'a Features) -> Seen<'a> {
        let (reference, new) = match (&self.changed, &self.geometry) {
            (Some(changed), Some(geometry)) => match geometry.wider {
                Wider::Reference => (changed, new),
                Wider::New => (reference, changed),
            },
            _ => (reference, new),
        };
        Seen {
            reference,
            new,
            scenery: &self.scenery,
        }
    }
}

/// `pairs` with the doubt about a scale that changes on the way in their errors. Which part of them it
/// concerns is not known.
pub(crate) fn doubted_by(change: Option<LogZoom>, mut pairs: Vec<Pair>) -> Vec<Pair> {
    let off_m = change.map_or(0.0, |change| ZOOM_CHANGE_WAY * way_off_m(change.median));
    for pair in &mut pairs {
        pair.sigma_secs = pair.sigma_secs.hypot(AVERAGED_ERRORS * off_m / USUAL_SPEED_M_S);
    }
    pairs
}

/// A line about a scale that changes on the way.
pub(crate) fn change_in_words(change: LogZoom) -> String {
    format!(
        "the field of view of one of the cameras seems to change on the way, by {:.2} times: places may be \
         off by {:.1} m of trail",
        change.median.abs().exp(),
        ZOOM_CHANGE_WAY * way_off_m(change.median),
    )
}

/// Places of both recordings that are the same: surely by the path, or where hardly any is sure, each frame's
/// own best place of those that stand out most. New and reference seconds.
fn places(reference: &Features, new: &Features, located: &Located) -> Vec<(f64, f64)> {
    let sure: Vec<(f64, f64)> = new
        .t_secs
        .iter()
        .zip(&located.path)
        .filter(|(_, p)| p.on > SURE_ON && p.off < SURE_OFF)
        .map(|(&t, p)| (t, p.t_ref_secs))
        .collect();
    if sure.len() >= MIN_GEOMETRY_PAIRS {
        let count = GEOMETRY_PAIRS.min(sure.len());
        return (0..count).map(|k| sure[k * sure.len() / count]).collect();
    }
    let mut best: Vec<(f32, usize, usize)> = (0..located.z.rows())
        .filter_map(|i| {
            let from = located.z.band(i).start;
            let row = located.z.row(i).iter().zip(from..);
            let (&z, j) = row.max_by(|a, b| a.0.total_cmp(b.0))?;
            Some((z, i, j))
        })
        .collect();
    best.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    best.truncate(GEOMETRY_PAIRS);
    best.sort_by_key(|&(_, i, _)| i);
    best.into_iter()
        .filter_map(|(_, i, j)| Some((*new.t_secs.get(i)?, *reference.t_secs.get(j)?)))
        .collect()
}

/// The geometry between the cameras by the pairs of a first alignment; `None` where they see alike, or there
/// are too few. `before` is what an earlier alignment found.
fn between_cameras(
    reference: &Features,
    new: &Features,
    located: &Located,
    before: Option<&Geometry>,
) -> Option<Geometry> {
    let places = places(reference, new, located);
    if places.len() < MIN_GEOMETRY_PAIRS {
        return None;
    }
    let few: Vec<(f64, f64)> = places
        .iter()
        .copied()
        .step_by(places.len().div_ceil(QUICK_PAIRS))
        .collect();
    let of_new = |places: &[(f64, f64)]| Probe::new(new, reference, places);
    let of_reference = |places: &[(f64, f64)]| {
        let swapped: Vec<(f64, f64)> = places.iter().map(|&(new, reference)| (reference, new)).collect();
        Probe::new(reference, new, &swapped)
    };
    let (side, start) = match before {
        Some(before) => (before.wider, Start::Found(before.map)),
        None => {
            let sides = [of_new(&few)?, of_reference(&few)?];
            let prior = Prior::of(reference, new);
            let side = wider(&sides[0], &sides[1]).or_else(|| {
                let seen = prior.filter(|prior| prior.is_seen(&sides))?;
                Some(seen.wider)
            })?;
            let guess = prior.filter(|prior| prior.wider == side);
            (
                side,
                guess.map_or(Start::Alike, |prior| Start::Guessed(prior.map)),
            )
        }
    };
    let probe = match side {
        Wider::New => of_new(&places)?,
        Wider::Reference => of_reference(&places)?,
    };
    let found = search(&probe, start)?;
    let Found {
        map,
        log_scale_sigma,
        pitch_deg,
    } = found;
    Some(Geometry {
        wider: side,
        map,
        log_scale_sigma,
        pitch_deg: match side {
            Wider::New => pitch_deg,
            Wider::Reference => -pitch_deg,
        },
        lens: None,
    })
}
