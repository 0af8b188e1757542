//! Learned evidence: how far each pair of frames stands out by the learned descriptor, computed for the
//! frames that the search for the path looks at.

use std::cell::Cell;
use std::ops::Range;

use mtbsync_align::evidence::{Matrix, combine, z_scores};
use mtbsync_index::features::Features;
use mtbsync_index::learned::{LearnedColumn, NamedModel, describe_all, describe_some};
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::Task;
use mtbsync_vision::similarity::{LearnedCentring, LearnedSequence};

use crate::compare::{BandComparison, Comparable, compare_all, inconsistent};
use crate::error::MatchingProblem;
use crate::settings::MatchSettings;

/// `z` joined with that of the learned descriptors.
pub fn joined(z: Matrix, learned: &Matrix) -> Result<Matrix, PipelineError> {
    combine(z, learned).ok_or_else(inconsistent)
}

/// The learned descriptors of two recordings.
pub struct LearnedEvidence<'a> {
    features: [&'a Features; 2],
    settings: &'a MatchSettings,
    task: &'a Task<'a>,
    model: NamedModel,
    reference: LearnedColumn,
    /// Of all frames of the new run, once they were needed.
    new: Cell<Option<LearnedColumn>>,
}

impl<'a> LearnedEvidence<'a> {
    /// Of the new run and the reference, all of whose frames are described.
    ///
    /// # Errors
    /// An index without pictures, an unusable model, and when interrupted.
    pub fn new(
        [new, reference]: [&'a Features; 2],
        settings: &'a MatchSettings,
        task: &'a Task<'a>,
    ) -> Result<Self, PipelineError> {
        if !(new.has_pictures() && reference.has_pictures()) {
            return Err(MatchingProblem::NoPictures.into());
        }
        let model = NamedModel::open(settings.model.as_deref())?;
        Ok(Self {
            reference: describe_all(reference, &model, settings.learned_folder.as_deref(), task)?,
            features: [new, reference],
            settings,
            task,
            model,
            new: Cell::new(None),
        })
    }

    /// `z` of some new frames against all of the reference.
    pub fn of_rows(&self, rows: &[usize]) -> Result<Matrix, PipelineError> {
        let [new, reference] = self.features;
        let ours = if rows.len() == new.t_secs.len() {
            self.all_new()?
        } else {
            describe_some(new, rows, &self.model, self.task)?
        };
        let sides = [
            LearnedCentring::new(&ours, &new.mask),
            LearnedCentring::new(&self.reference, &reference.mask),
        ];
        let every: Vec<usize> = (0..rows.len()).collect();
        let learned = z_scores(compare_all(&sides, &every)?);
        self.reference.check()?;
        ours.check()?;
        Ok(learned)
    }

    fn all_new(&self) -> Result<LearnedColumn, PipelineError> {
        let [new, _] = self.features;
        describe_all(
            new,
            &self.model,
            self.settings.learned_folder.as_deref(),
            self.task,
        )
    }

    /// `z` of the new frames `rows` against the reference frames of their bands, judged against a sample of
    /// all new frames, which are described for it.
    pub fn of_bands(&self, rows: &[usize], bands: &[Range<usize>]) -> Result<Matrix, PipelineError> {
        let [new, reference] = self.features;
        let known = self.new.take();
        let ours = known.map_or_else(|| self.all_new(), Ok)?;
        let sides = [
            LearnedCentring::new(&ours, &new.mask),
            LearnedCentring::new(&self.reference, &reference.mask),
        ];
        let learned = BandComparison::new(&sides, rows, bands)?.z();
        self.reference.check()?;
        ours.check()?;
        self.new.set(Some(ours));
        Ok(learned)
    }
}

impl Comparable for LearnedCentring<'_> {
    type Prepared = LearnedSequence;

    fn frames(&self) -> usize {
        self.frames()
    }

    fn at(&self, frames: &[usize]) -> LearnedSequence {
        self.at(frames)
    }

    fn block(&self, frames: Range<usize>) -> LearnedSequence {
        self.block(frames)
    }

    fn compare(
        &self,
        ours: &LearnedSequence,
        i: usize,
        theirs: &LearnedSequence,
        js: Range<usize>,
        out: &mut Vec<f32>,
    ) {
        ours.similarities(i, theirs, js, out);
    }
}
