//! Names of markers and when they are shown.

use std::path::Path;

use mtbsync_align::TimeWarp;
use mtbsync_artefacts::annotations::SetMoments;
use mtbsync_artefacts::edits::Edits;
use mtbsync_markers::Marker;
use mtbsync_markers::time::Rate;
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Input;

use super::request::Side;
use super::schedule::Schedule;
use crate::markers::import::read_marker_table;

/// How long a name is shown, seconds: long enough to be read twice.
const SHOWN_SECS: f64 = 3.0;

/// Column of carried-over markers with their time in the new run.
const NEW_TIME_COLUMN: &str = "t_new";

/// Names with their times on the master, in order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MarkerNames(Vec<(f64, String)>);

impl MarkerNames {
    /// Reads markers of the reference, or a table of carried-over ones; what a person has set in the run
    /// (`edits`) counts before both. Warns of those the master never reaches.
    pub fn read(
        path: &Path,
        edits: &Edits,
        schedule: &Schedule,
        warnings: &mut Vec<String>,
    ) -> Result<Self, PipelineError> {
        let rate: Option<Rate> = Some(schedule.rate());
        let table = read_marker_table(&Input::new(path), rate)?;
        warnings.extend(table.warnings);
        let new_column = table
            .extra_columns
            .iter()
            .position(|name| name.eq_ignore_ascii_case(NEW_TIME_COLUMN));
        let set = edits.moments();
        let (mut names, mut unreached) = (Vec::new(), 0);
        for marker in table.markers {
            let on_master = match schedule.master() {
                Side::Reference => Some(marker.t_ref_secs),
                Side::New => new_secs(&marker, new_column, &set, schedule.warp()),
            };
            match on_master.filter(|t| t.is_finite()) {
                Some(t_secs) => names.push((t_secs, marker.name)),
                None => unreached += 1,
            }
        }
        if unreached > 0 {
            warnings.push(format!("{unreached} markers are not reached by the master"));
        }
        names.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(Self(names))
    }

    /// The name shown when the master is at `master_secs`: that of the last marker passed, for a while.
    pub fn at(&self, master_secs: f64) -> Option<&str> {
        let passed = self.0.partition_point(|(t_secs, _)| *t_secs <= master_secs);
        let (t_secs, name) = self.0.get(passed.checked_sub(1)?)?;
        (master_secs - t_secs < SHOWN_SECS).then_some(name.as_str())
    }
}

/// Where a marker is in the new run: where a person has set it, else by the table's column, else by the map.
fn new_secs(marker: &Marker, column: Option<usize>, set: &SetMoments<'_>, warp: &TimeWarp) -> Option<f64> {
    let carried_over = || marker.extra.get(column?)?.trim().parse().ok();
    set.of_marker(&marker.id, marker.t_ref_secs)
        .or_else(carried_over)
        .or_else(|| warp.new_from_ref(marker.t_ref_secs))
}

#[cfg(test)]
mod tests {
    use mtbsync_align::Segment;
    use mtbsync_artefacts::annotations::Annotation;

    use super::*;

    #[test]
    fn a_person_knows_better_than_the_table_and_the_table_than_the_map() {
        let line = Segment::new(vec![0.0, 10.0], vec![1.0, 11.0], vec![0.1; 2]).unwrap();
        let warp = TimeWarp::new(vec![line]).unwrap();
        let marker = Marker {
            id: "7".to_owned(),
            name: String::new(),
            t_ref_secs: 5.0,
            t_ref_end_secs: None,
            colour: String::new(),
            comment: String::new(),
            extra: vec!["4.5".to_owned()],
        };
        let set = Edits {
            notes: vec![Annotation {
                marker_id: Some("7".to_owned()),
                t_ref: Some(5.0),
                t_new: Some(6.0),
                ..Annotation::default()
            }],
            ..Edits::default()
        };
        let found = [
            new_secs(&marker, None, &Edits::default().moments(), &warp),
            new_secs(&marker, Some(0), &Edits::default().moments(), &warp),
            new_secs(&marker, Some(0), &set.moments(), &warp),
        ];
        assert_eq!(found, [Some(4.0), Some(4.5), Some(6.0)]);
    }

    #[test]
    fn the_last_passed_marker_is_named_for_a_while() {
        let names = MarkerNames(vec![(1.0, "A".to_owned()), (2.0, "B".to_owned())]);
        let at = [0.9, 1.0, 2.5, 4.9, 5.1].map(|t| names.at(t));
        assert_eq!(at, [None, Some("A"), Some("B"), Some("B"), None]);
    }
}
