//! Locating every new frame along the reference: similarity of pictures → sequence model, GPS where there is
//! some.
//!
//! Similarities become z-scores and log-likelihood ratios ([`mtbsync_align::evidence`]), those of GPS are
//! added, and forward–backward gives the posterior of every frame's place ([`mtbsync_align::sequence`]).

mod looks;

use std::time::{Duration, Instant};

use mtbsync_align::ambiguity;
use mtbsync_align::evidence::{Matrix, add, log_likelihood_ratios, z_scores};
use mtbsync_align::sequence::{Posterior, PosteriorInterval, posterior_intervals, posteriors};
use mtbsync_index::features::{DenseFrames, Features};
use mtbsync_index::tracks::Tracks;
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::{Stage, Task};
use mtbsync_telemetry::clock::SideTrack;
use mtbsync_vision::similarity::ShiftSearch;

use crate::compare::{FramePairs, full_matrix};
use crate::geometry::Seen;
use crate::gps::{GpsEvidence, SeenByPictures};
use crate::learned::{LearnedEvidence, joined};
use crate::picture_speed::picture_speed;
use crate::reweight::CellWeights;
use crate::settings::{MatchSettings, Matcher};
use crate::tuning::{MAX_FULL_CELLS, REVERSED_SHARE, SAME_PLACE_SECS, SURE_AGREEMENT, SURE_SHARE_ON};
use crate::verify::local_similarity;

/// Where each new frame is, and what spoke for it.
pub struct Located {
    /// Similarity of the frames that were compared in full.
    pub similarity: Matrix,
    /// How far each stands out.
    pub z: Matrix,
    /// The place of each analysed new frame.
    pub path: Vec<Posterior>,
    /// Which cells of the pictures tell places apart, where the path says it.
    pub weights: Option<CellWeights>,
    /// The reference fits better played backwards.
    pub reversed: bool,
    /// Learned descriptors took part.
    pub learned: bool,
    /// GPS, where it may speak.
    pub gps: Option<GpsEvidence>,
    /// Wall time of the comparison of tracks.
    pub gps_took: Duration,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

impl Located {
    /// Share of the new frames that are on the trail.
    pub fn share_on_trail(&self) -> f64 {
        share_on_trail(&self.path)
    }
}

/// The place of every new frame.
///
/// Short pairs are compared frame by frame at every shift. For long ones that would cost the product of both
/// lengths, so a sparse look comes first: a few hundred frames of the new run, evenly spread, against every
/// frame of the reference by their pooled descriptors. What the sequence model makes of them is a band around
/// the path, and only in that band are all frames compared in full. The cost then grows with the length of
/// the recordings.
///
/// # Errors
/// When an index contradicts itself, and when interrupted.
pub fn locate(
    seen: &Seen<'_>,
    tracks: &Tracks,
    settings: &MatchSettings,
    task: &Task<'_>,
) -> Result<Located, PipelineError> {
    let &Seen {
        reference,
        new,
        scenery,
    } = seen;
    task.progress.start(Stage::Retrieval, None, None);
    let every: Vec<usize> = (0..new.t_secs.len()).collect();
    if settings.matcher == Matcher::Orb {
        let values = local_similarity(new, reference, settings.lowe);
        let similarity = full_matrix(new.t_secs.len(), reference.t_secs.len(), values)?;
        let z = z_scores(similarity.clone());
        compared(task)?;
        return Ok(judge(&z, &every, reference, new, tracks).found(similarity, z, false));
    }
    let search = Search {
        reference,
        new,
        tracks,
        settings,
        task,
    };
    let frames = [new, reference].map(DenseFrames::analysed);
    let frame_pairs = FramePairs::new(&frames[0], &frames[1], scenery.each_ref().map(|s| &s.analysed));
    let has_foreground = scenery.iter().any(|side| side.has_foreground);
    if new.t_secs.len() * reference.t_secs.len() <= MAX_FULL_CELLS {
        let (similarity, z) = frame_pairs.compare(&every, ShiftSearch::Exhaustive)?;
        compared(task)?;
        let first = search.first_look(z, &every)?;
        let weights = has_foreground.then(|| first.judged.weights(&frame_pairs, &every, &reference.t_secs));
        let Some(weights) = weights.flatten() else {
            return Ok(first.judged.found(similarity, first.z, first.learned.is_some()));
        };
        let (similarity, z) = frame_pairs
            .weighted(Some(&weights))
            .compare(&every, ShiftSearch::CoarseToFine)?;
        let z = match &first.learned {
            Some((_, learned)) => joined(z, learned)?,
            None => z,
        };
        let judged = judge(&z, &every, reference, new, tracks);
        let mut found = judged.found(similarity, z, first.learned.is_some());
        found.weights = Some(weights);
        return Ok(found);
    }
    search.in_bands(frame_pairs, has_foreground)
}

/// The pictures are compared; now it is the sequence model's turn.
fn compared(task: &Task<'_>) -> Result<(), PipelineError> {
    task.progress.finish(Stage::Retrieval);
    task.cancel.check()?;
    task.progress.start(Stage::Sequence, None, None);
    Ok(())
}

/// Two recordings and how they are compared.
struct Search<'a> {
    reference: &'a Features,
    new: &'a Features,
    tracks: &'a Tracks,
    settings: &'a MatchSettings,
    task: &'a Task<'a>,
}

/// What was made of some new frames and all of the reference.
struct FirstLook<'a> {
    z: Matrix,
    judged: Judged,
    /// Learned evidence, where it takes part, and what it says of the frames.
    learned: Option<(LearnedEvidence<'a>, Matrix)>,
}

impl<'a> Search<'a> {
    /// Judge the new frames `rows` by how far they stand out; by learned evidence as well when that was asked
    /// for, or when nobody asked for anything and the frames are unsure of their places.
    fn first_look(&self, z: Matrix, rows: &[usize]) -> Result<FirstLook<'a>, PipelineError> {
        let judged = |z: &Matrix| judge(z, rows, self.reference, self.new, self.tracks);
        let alone = |z: Matrix, judged: Judged| {
            Ok(FirstLook {
                z,
                judged,
                learned: None,
            })
        };
        match self.settings.matcher {
            Matcher::Dense | Matcher::Orb => {
                let judged = judged(&z);
                return alone(z, judged);
            }
            Matcher::Auto => {
                let judged = judged(&z);
                let seen = self.new.has_pictures() && self.reference.has_pictures();
                if !seen || !judged.is_unsure(&z, &self.reference.t_secs) {
                    return alone(z, judged);
                }
            }
            Matcher::Learned => {}
        }
        let learned = LearnedEvidence::new([self.new, self.reference], self.settings, self.task)?;
        let of_rows = learned.of_rows(rows)?;
        let z = joined(z, &of_rows)?;
        Ok(FirstLook {
            judged: judged(&z),
            z,
            learned: Some((learned, of_rows)),
        })
    }
}

/// What the sequence model and GPS make of the pictures.
struct Judged {
    intervals: Vec<PosteriorInterval>,
    certainty: f64,
    reversed: bool,
    gps: Option<GpsEvidence>,
    gps_took: Duration,
    warnings: Vec<String>,
}

impl Judged {
    /// Whether frames by themselves are unsure of their places: few are on the trail at all, or the best
    /// place of many is not the one their neighbours put them at.
    fn is_unsure(&self, z: &Matrix, t_ref_secs: &[f64]) -> bool {
        let on_trail = || {
            let places = self.intervals.iter().map(|interval| interval.posterior);
            places.enumerate().filter(|(_, place)| place.is_on_trail())
        };
        let agrees = |&(row, place): &(usize, Posterior)| {
            let values = z.band(row).zip(z.row(row));
            let best = values.max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
            best.and_then(|(column, _)| t_ref_secs.get(column))
                .is_some_and(|t| (t - place.t_ref_secs).abs() <= SAME_PLACE_SECS)
        };
        let (on, agreeing) = (
            on_trail().count() as f64,
            on_trail().filter(agrees).count() as f64,
        );
        on < SURE_SHARE_ON * self.intervals.len() as f64 || agreeing < SURE_AGREEMENT * on
    }

    /// Evidence of pictures and GPS together.
    fn with_gps(&self, llr: Matrix, t_new_secs: &[f64], t_ref_secs: &[f64]) -> Matrix {
        self.gps
            .as_ref()
            .and_then(|gps| gps.log_likelihood_ratios(t_new_secs, t_ref_secs, llr.bands()))
            .and_then(|ratios| add(ratios, &llr))
            .unwrap_or(llr)
    }

    /// Which cells tell places apart, as far as the path says it.
    fn weights(
        &self,
        frame_pairs: &FramePairs<'_>,
        rows: &[usize],
        t_ref_secs: &[f64],
    ) -> Option<CellWeights> {
        let path: Vec<Posterior> = self.intervals.iter().map(|r| r.posterior).collect();
        CellWeights::learn(&frame_pairs.kinds, &path, rows, t_ref_secs)
    }

    fn found(self, similarity: Matrix, z: Matrix, learned: bool) -> Located {
        let certain = |interval: PosteriorInterval| Posterior {
            on: interval.posterior.on * self.certainty,
            ..interval.posterior
        };
        Located {
            similarity,
            z,
            path: self.intervals.into_iter().map(certain).collect(),
            weights: None,
            reversed: self.reversed,
            learned,
            gps: self.gps,
            gps_took: self.gps_took,
            warnings: self.warnings,
        }
    }
}

/// Run the sequence model over the new frames `rows`, weigh GPS, and ask whether another path fits as well.
fn judge(z: &Matrix, rows: &[usize], reference: &Features, new: &Features, tracks: &Tracks) -> Judged {
    let t_new_secs: Vec<f64> = rows.iter().map(|&i| new.t_secs[i]).collect();
    let t_ref_secs = &reference.t_secs;
    let llr = log_likelihood_ratios(z);
    let pictures = posterior_intervals(&llr, &t_new_secs, t_ref_secs);
    let gps_begun = Instant::now();
    let mut warnings = tracks.warnings.clone();
    let seen: Vec<Posterior> = pictures.iter().map(|r| r.posterior).collect();
    let gps = weigh_gps(reference, new, tracks, &t_new_secs, &seen).unwrap_or_else(|why| {
        warnings.push(why);
        None
    });
    let mut judged = Judged {
        intervals: pictures,
        certainty: 1.0,
        reversed: false,
        gps,
        gps_took: gps_begun.elapsed(),
        warnings,
    };
    let llr = if judged.gps.is_some() {
        let both = judged.with_gps(llr, &t_new_secs, t_ref_secs);
        judged.intervals = posterior_intervals(&both, &t_new_secs, t_ref_secs);
        both
    } else {
        llr
    };
    let path: Vec<Posterior> = judged.intervals.iter().map(|r| r.posterior).collect();
    judged.certainty = ambiguity::certainty(&llr, &path, &t_new_secs, t_ref_secs);
    if judged.certainty < 1.0 {
        judged
            .warnings
            .push("the reference fits in another way almost as well: does it hold several laps?".to_owned());
    }
    let share = share_on_trail(&path);
    judged.reversed = share < REVERSED_SHARE
        && llr.reversed_reference().is_some_and(|llr| {
            let last = t_ref_secs.last().copied().unwrap_or(0.0);
            let backwards: Vec<f64> = t_ref_secs.iter().rev().map(|t| last - t).collect();
            share_on_trail(&posteriors(&llr, &t_new_secs, &backwards)) > share.max(REVERSED_SHARE)
        });
    judged
}

fn share_on_trail(path: &[Posterior]) -> f64 {
    path.iter().filter(|b| b.is_on_trail()).count() as f64 / path.len().max(1) as f64
}

/// GPS of both sides, if it may speak; else why not.
fn weigh_gps(
    reference: &Features,
    new: &Features,
    tracks: &Tracks,
    t_new_secs: &[f64],
    pictures: &[Posterior],
) -> Result<Option<GpsEvidence>, String> {
    let speed = |features: &Features, side: &Option<SideTrack>| match side {
        Some(side) if side.clock.is_guessed() => picture_speed(features),
        Some(_) | None => None,
    };
    let speeds = [speed(reference, &tracks.reference), speed(new, &tracks.new)];
    let [of_reference, of_new] = &speeds;
    let seen = SeenByPictures {
        posteriors: pictures,
        t_new_secs,
        speeds: [of_reference.as_ref(), of_new.as_ref()],
        durations_secs: [reference.source.duration_secs, new.source.duration_secs],
    };
    GpsEvidence::weigh(tracks, &seen)
}
