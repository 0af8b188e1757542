//! Closer looks along long recordings, until what is left in question is worth a full comparison
//! ([`mtbsync_align::band`]).

use std::ops::Range;

use mtbsync_align::ambiguity;
use mtbsync_align::band::{Look, NarrowedBands, narrow};
use mtbsync_align::evidence::log_likelihood_ratios;
use mtbsync_align::sequence::{Posterior, PosteriorInterval, posterior_intervals, posteriors};
use mtbsync_task::error::PipelineError;

use super::{FirstLook, Judged, Located, Search, compared};
use crate::compare::FramePairs;
use crate::learned::{LearnedEvidence, joined};
use crate::tuning::SPARSE_FRAMES;

impl Search<'_> {
    /// The places of a long recording: a sparse look, and what it leaves in question compared in full.
    pub(super) fn in_bands(
        &self,
        frame_pairs: FramePairs<'_>,
        has_foreground: bool,
    ) -> Result<Located, PipelineError> {
        let (t_new, t_ref) = (&self.new.t_secs, &self.reference.t_secs);
        let every: Vec<usize> = (0..t_new.len()).collect();
        let step = t_new.len().div_ceil(SPARSE_FRAMES);
        let sparse: Vec<usize> = every.iter().copied().step_by(step).collect();
        let z = frame_pairs.glance(&sparse)?;
        compared(self.task)?;
        let FirstLook {
            mut judged, learned, ..
        } = self.first_look(z, &sparse)?;
        let learned = learned.map(|(learned, _)| learned);
        let NarrowedBands { look, bands, held } =
            self.bands(&frame_pairs, &mut judged, sparse, learned.as_ref())?;
        let weights = has_foreground.then(|| judged.weights(&frame_pairs, &look.rows, t_ref));
        let weights = weights.flatten();
        let frame_pairs = frame_pairs.weighted(weights.as_ref());
        let (similarity, z) = frame_pairs.compare_within(&every, &bands)?;
        let z = match &learned {
            Some(learned) => joined(z, &learned.of_bands(&every, &bands)?)?,
            None => z,
        };
        let llr = judged.with_gps(log_likelihood_ratios(&z), t_new, t_ref);
        let mut path = posteriors(&llr, t_new, t_ref);
        path.iter_mut()
            .zip(held)
            .for_each(|(place, held)| place.on *= held);
        judged.intervals = path.into_iter().map(PosteriorInterval::point).collect();
        let mut found = judged.found(similarity, z, learned.is_some());
        found.weights = weights;
        Ok(found)
    }

    /// Bands for every new frame after a first look at the frames `rows`. Closer looks replace what was
    /// `judged`, but for a doubt that another path fits as well: they see only what the first left open.
    fn bands(
        &self,
        frame_pairs: &FramePairs<'_>,
        judged: &mut Judged,
        rows: Vec<usize>,
        learned: Option<&LearnedEvidence<'_>>,
    ) -> Result<NarrowedBands, PipelineError> {
        let first = Look {
            rows,
            found: judged.intervals.clone(),
        };
        let narrowed = narrow(first, &self.new.t_secs, &self.reference.t_secs, |rows, bands| {
            let (found, certainty) = self.closer(frame_pairs, judged, (rows, bands), learned)?;
            judged.certainty = judged.certainty.min(certainty);
            Ok::<_, PipelineError>(found)
        })?;
        judged.intervals.clone_from(&narrowed.look.found);
        Ok(narrowed)
    }

    /// Some new frames, each in its band, and how certain it is that no other path there fits as well.
    fn closer(
        &self,
        frame_pairs: &FramePairs<'_>,
        judged: &Judged,
        (rows, bands): (&[usize], &[Range<usize>]),
        learned: Option<&LearnedEvidence<'_>>,
    ) -> Result<(Vec<PosteriorInterval>, f64), PipelineError> {
        self.task.cancel.check()?;
        let z = frame_pairs.glance_within(rows, bands)?;
        let z = match learned {
            Some(learned) => joined(z, &learned.of_bands(rows, bands)?)?,
            None => z,
        };
        let t_rows: Vec<f64> = rows.iter().map(|&i| self.new.t_secs[i]).collect();
        let t_ref = &self.reference.t_secs;
        let llr = judged.with_gps(log_likelihood_ratios(&z), &t_rows, t_ref);
        let found = posterior_intervals(&llr, &t_rows, t_ref);
        let path: Vec<Posterior> = found.iter().map(|r| r.posterior).collect();
        let certainty = ambiguity::certainty(&llr, &path, &t_rows, t_ref);
        Ok((found, certainty))
    }
}
