//! Where the new recording really is at a moment of the reference.

use std::path::Path;

use anyhow::{Context, Result, bail};
use mtbsync_formats::csv::{MAX_CSV_BYTES, Row, Table};
use mtbsync_formats::read_bounded;

/// Truth files round to 4 decimals.
const ROUNDING_SECS: f64 = 6e-4;
/// Frames of one stretch are no farther apart: twice the slowest frame rate of the test recordings.
const MAX_FRAME_GAP_SECS: f64 = 0.2;
/// Moments of the truth of two laps are 0.2 s apart.
const MAX_LAP_GAP_SECS: f64 = 0.3;
/// Nothing is asked this close beyond the end of what is known, where the truth itself is blurred.
const BLURRED_END_SECS: f64 = 0.3;

/// A moment of the new recording and the reference moments of the same place: one, or several where the
/// reference stands still.
#[derive(Clone, Copy, Debug, PartialEq)]
struct TrueMoment {
    t_new: f64,
    ref_first: f64,
    ref_last: f64,
}

/// What is true of a moment of the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TruePlace {
    /// The new recording is there from the first to the second time; equal unless it stands still.
    At(f64, f64),
    /// The new recording never is there.
    Nowhere,
    /// Not known.
    Unknown,
}

/// The truth of a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// Stretches with a counterpart, in order of both times.
    stretches: Vec<Vec<TrueMoment>>,
    /// Reference times before and after which there is certainly no counterpart.
    known_before: f64,
    known_after: f64,
}

impl Truth {
    /// Reads `truth.csv` of a rendered pair: `t_new,t_ref,t_ref_first,t_ref_last` for every new frame.
    pub fn of_frames(path: &Path) -> Result<Self> {
        let table = read_table(path, &["t_new", "t_ref", "t_ref_first", "t_ref_last"])?;
        let mut stretches: Vec<Vec<TrueMoment>> = Vec::new();
        let mut is_joined = false;
        for row in &table.rows {
            let cell = |name| number(&table, row, name);
            let t_new = cell("t_new")?.context("t_new missing")?;
            let Some(t_ref) = cell("t_ref")? else {
                is_joined = false;
                continue;
            };
            let moment = TrueMoment {
                t_new,
                ref_first: cell("t_ref_first")?.unwrap_or(t_ref),
                ref_last: cell("t_ref_last")?.unwrap_or(t_ref),
            };
            match stretches.last_mut() {
                Some(stretch)
                    if is_joined
                        && stretch
                            .last()
                            .is_some_and(|last| t_new - last.t_new <= MAX_FRAME_GAP_SECS) =>
                {
                    stretch.push(moment);
                }
                _ => stretches.push(vec![moment]),
            }
            is_joined = true;
        }
        let ends = ends(&stretches).context("no frame has a counterpart")?;
        Ok(Self {
            stretches,
            known_before: ends.0 - BLURRED_END_SECS,
            known_after: ends.1 + BLURRED_END_SECS,
        })
    }

    /// Reads `truth.csv` of two laps: `t_new` in pass 2 and `t_ref` in pass 1. Pass 2 starts before pass 1,
    /// so with pass 2 as the reference (`pass2_is_reference`) its beginning has no counterpart; before the
    /// first moment and after the last nothing else is known.
    pub fn of_lap(path: &Path, pass2_is_reference: bool) -> Result<Self> {
        let table = read_table(path, &["t_new", "t_ref"])?;
        let (new, reference) = if pass2_is_reference {
            ("t_ref", "t_new")
        } else {
            ("t_new", "t_ref")
        };
        let mut stretch = Vec::new();
        for row in &table.rows {
            let cell = |name| number(&table, row, name);
            if let (Some(t_new), Some(t_ref)) = (cell(new)?, cell(reference)?) {
                stretch.push(TrueMoment {
                    t_new,
                    ref_first: t_ref,
                    ref_last: t_ref,
                });
            }
        }
        if stretch
            .windows(2)
            .any(|pair| pair[1].t_new - pair[0].t_new > MAX_LAP_GAP_SECS)
        {
            bail!("{}: moments are too far apart", path.display());
        }
        let first = stretch.first().context("no moment is known")?;
        // At equal speed, the moment at which the new recording starts.
        let known_before = if pass2_is_reference {
            first.ref_first - first.t_new - BLURRED_END_SECS
        } else {
            f64::NEG_INFINITY
        };
        Ok(Self {
            stretches: vec![stretch],
            known_before,
            known_after: f64::INFINITY,
        })
    }

    /// What is true of two recordings of one reference: `self` is that of the first one, which takes the
    /// place of the reference, and `new` that of the other. Nothing is known where either has no counterpart.
    pub fn to_run(&self, new: &Self) -> Self {
        let mut stretches: Vec<Vec<TrueMoment>> = Vec::new();
        for stretch in &new.stretches {
            let mut joined = Vec::new();
            for moment in stretch {
                let places = [moment.ref_first, moment.ref_last].map(|t_ref| self.place(t_ref));
                if let [TruePlace::At(ref_first, _), TruePlace::At(_, ref_last)] = places {
                    joined.push(TrueMoment {
                        t_new: moment.t_new,
                        ref_first,
                        ref_last,
                    });
                } else {
                    stretches.push(std::mem::take(&mut joined));
                }
            }
            stretches.push(joined);
        }
        stretches.retain(|stretch| !stretch.is_empty());
        Self {
            stretches,
            known_before: f64::NEG_INFINITY,
            known_after: f64::INFINITY,
        }
    }

    /// The last moment of the new recording that is known, seconds.
    pub fn last_new_secs(&self) -> f64 {
        let last = self.stretches.last().and_then(|stretch| stretch.last());
        last.map_or(0.0, |moment| moment.t_new)
    }

    /// Where the new recording is at `t_ref`.
    pub fn place(&self, t_ref: f64) -> TruePlace {
        if t_ref < self.known_before || t_ref > self.known_after {
            return TruePlace::Nowhere;
        }
        self.stretches
            .iter()
            .find_map(|stretch| place_in(stretch, t_ref))
            .unwrap_or(TruePlace::Unknown)
    }

    /// How far a pair of moments is off, seconds on the clock on which it is less: in a stop of one rider a
    /// hundredth of a second on one clock is many seconds on the other. Infinite where the new recording
    /// never is; `None` where nothing is known.
    pub fn error_of_pair(&self, t_new: f64, t_ref: f64) -> Option<f64> {
        let on_new = match self.place(t_ref) {
            TruePlace::At(first, last) => Some(outside(t_new, first, last)),
            TruePlace::Nowhere => Some(f64::INFINITY),
            TruePlace::Unknown => None,
        };
        let on_ref = self.stretches.iter().find_map(|stretch| {
            let after = stretch.partition_point(|moment| moment.t_new <= t_new);
            let (before, after) = (stretch.get(after.checked_sub(1)?)?, stretch.get(after)?);
            let share = (t_new - before.t_new) / (after.t_new - before.t_new);
            let between = |from: f64, to: f64| from + share * (to - from);
            let first = between(before.ref_first, after.ref_first);
            Some(outside(t_ref, first, between(before.ref_last, after.ref_last)))
        });
        on_new.into_iter().chain(on_ref).min_by(f64::total_cmp)
    }
}

/// How far a time lies outside of a range, seconds.
pub fn outside(t: f64, first: f64, last: f64) -> f64 {
    (first - t).max(t - last).max(0.0)
}

fn place_in(stretch: &[TrueMoment], t_ref: f64) -> Option<TruePlace> {
    let is_here = |moment: &&TrueMoment| {
        moment.ref_first - ROUNDING_SECS <= t_ref && t_ref <= moment.ref_last + ROUNDING_SECS
    };
    if let (Some(first), Some(last)) = (stretch.iter().find(is_here), stretch.iter().rfind(is_here)) {
        return Some(TruePlace::At(first.t_new, last.t_new));
    }
    let (before, after) = stretch
        .windows(2)
        .filter_map(|pair| Some((pair.first()?, pair.last()?)))
        .find(|(before, after)| before.ref_last < t_ref && t_ref < after.ref_first)?;
    let share = (t_ref - before.ref_last) / (after.ref_first - before.ref_last);
    let t_new = before.t_new + share * (after.t_new - before.t_new);
    Some(TruePlace::At(t_new, t_new))
}

fn ends(stretches: &[Vec<TrueMoment>]) -> Option<(f64, f64)> {
    let first = stretches.first()?.first()?.ref_first;
    let last = stretches.last()?.last()?.ref_last;
    Some((first, last))
}

fn read_table(path: &Path, columns: &[&str]) -> Result<Table> {
    let bytes = read_bounded(path, MAX_CSV_BYTES).with_context(|| path.display().to_string())?;
    Table::parse(&bytes, columns).with_context(|| path.display().to_string())
}

fn number(table: &Table, row: &Row, name: &str) -> Result<Option<f64>> {
    match table.column(&[name]) {
        Some(column) => Ok(table.number(row, column)?),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(text: &str) -> Truth {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("t_new,t_ref,t_ref_first,t_ref_last\n{text}")).unwrap();
        Truth::of_frames(file.path()).unwrap()
    }

    #[test]
    fn between_frames_the_truth_is_interpolated() {
        let truth = frames("0.0,5.0,,\n0.1,5.2,,\n0.2,5.3,,\n");
        let TruePlace::At(first, last) = truth.place(5.1) else {
            panic!()
        };
        assert!((first - 0.05).abs() < 1e-9 && first == last);
        assert_eq!(
            (truth.place(4.0), truth.place(9.0)),
            (TruePlace::Nowhere, TruePlace::Nowhere)
        );
        assert_eq!(truth.place(5.4), TruePlace::Unknown);
    }

    #[test]
    fn a_stop_of_the_new_run_is_an_interval() {
        let truth = frames("0.0,5.0,,\n0.1,5.2,,\n0.2,5.2,,\n0.3,5.2,,\n0.4,5.4,,\n");
        assert_eq!(truth.place(5.2), TruePlace::At(0.1, 0.3));
    }

    #[test]
    fn a_pair_is_as_wrong_as_on_the_kinder_clock() {
        let truth = frames("0.0,5.0,,\n0.1,5.2,,\n0.2,5.2,,\n0.3,5.2,,\n0.4,5.4,,\n");
        let error = |t_new, t_ref| truth.error_of_pair(t_new, t_ref).unwrap();
        assert!((error(0.28, 5.21) - 0.01).abs() < 1e-9, "a stop of the new run");
        assert!((error(0.1, 5.4) - 0.2).abs() < 1e-9);
        assert_eq!(truth.error_of_pair(9.0, 9.0), Some(f64::INFINITY));
        assert_eq!(truth.error_of_pair(9.0, 5.5), None);
    }

    #[test]
    fn a_stop_of_the_reference_is_one_moment() {
        let truth = frames("0.0,5.0,,\n0.1,7.0,6.0,9.0\n0.2,9.2,,\n");
        assert_eq!(truth.place(8.5), TruePlace::At(0.1, 0.1));
        assert!(matches!(truth.place(9.1), TruePlace::At(t, _) if (t - 0.15).abs() < 1e-9));
    }

    #[test]
    fn the_truth_of_two_laps_is_read_in_both_orders() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "t_new,t_ref\n9.3,0.3\n9.5,0.5\n9.7,0.7\n").unwrap();
        let forward = Truth::of_lap(file.path(), false).unwrap();
        assert_eq!(forward.place(0.5), TruePlace::At(9.5, 9.5));
        assert_eq!(
            (forward.place(0.1), forward.place(0.9)),
            (TruePlace::Unknown, TruePlace::Unknown)
        );
        let swapped = Truth::of_lap(file.path(), true).unwrap();
        assert_eq!(swapped.place(9.5), TruePlace::At(0.5, 0.5));
        assert_eq!(
            (swapped.place(8.0), swapped.place(8.9)),
            (TruePlace::Nowhere, TruePlace::Unknown)
        );
        std::fs::write(file.path(), "t_new,t_ref\n9.3,0.3\n9.7,0.7\n").unwrap();
        assert!(Truth::of_lap(file.path(), false).is_err());
    }

    #[test]
    fn two_runs_of_one_reference_have_a_truth_of_their_own() {
        let first = frames("0.0,5.0,,\n0.1,5.2,,\n0.2,5.2,,\n0.3,5.4,,\n0.4,5.6,,\n");
        let second = frames("7.0,5.1,,\n7.1,5.2,,\n7.2,5.4,,\n7.3,5.4,,\n7.4,5.5,,\n7.5,,,\n");
        let truth = first.to_run(&second);
        assert_eq!(truth.place(0.15), TruePlace::At(7.1, 7.1), "the first stands");
        assert_eq!(truth.place(0.3), TruePlace::At(7.2, 7.3), "the second stands");
        assert!(matches!(truth.place(0.25), TruePlace::At(t, _) if (t - 7.15).abs() < 1e-9));
        assert_eq!([truth.place(0.0), truth.place(0.4)], [TruePlace::Unknown; 2]);
        assert!((second.last_new_secs() - 7.4).abs() < 1e-9);
    }

    #[test]
    fn frames_without_counterpart_divide_stretches() {
        let truth = frames("0.0,5.0,,\n0.1,5.1,,\n0.2,,,\n0.3,9.0,,\n0.4,9.1,,\n");
        assert_eq!(truth.place(7.0), TruePlace::Unknown);
        assert!(matches!(truth.place(9.05), TruePlace::At(..)));
    }
}
