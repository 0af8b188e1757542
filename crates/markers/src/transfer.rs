//! Markers of the reference run to markers of the new run (docs/reference/files.md#new_markerscsv).

use crate::marker::Marker;

/// The inverse of a time warp: from places of the reference run to times of the new run.
pub trait InverseMap {
    /// Where the new run is at the place of `t_ref_secs`; `None` when it never is there.
    fn locate(&self, t_ref_secs: f64) -> Option<TimeEstimate>;
}

/// An estimated time in the new run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeEstimate {
    /// The estimate; in a stop, the arrival. Seconds.
    pub t_new_secs: f64,
    /// Lower end of the 90 % interval; in a stop, its start.
    pub low_secs: f64,
    /// Upper end of the 90 % interval; in a stop, its end.
    pub high_secs: f64,
    /// Probability that the true time is within 0.25 s of the estimate.
    pub confidence: f64,
    /// Whether the new rider stands at this place.
    pub in_stop: bool,
}

impl TimeEstimate {
    /// Half the length of the 90 % interval, seconds.
    pub fn half_width_secs(&self) -> f64 {
        0.5 * (self.high_secs - self.low_secs)
    }
}

/// What became of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Trustworthy.
    Ok,
    /// To be looked at by a person.
    Review,
    /// The new run never is at this place.
    Outside,
}

impl Status {
    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Review => "review",
            Self::Outside => "outside",
        }
    }
}

/// A marker with its place in the new run.
#[derive(Debug, Clone, PartialEq)]
pub struct TransferredMarker {
    /// The marker as given.
    pub marker: Marker,
    /// Its time in the new run; `None` exactly when the status is [`Status::Outside`].
    pub located: Option<TimeEstimate>,
    /// Its end in the new run, where it has one that lies after its start.
    pub t_new_end_secs: Option<f64>,
    /// What became of it.
    pub status: Status,
}

impl TransferredMarker {
    /// Puts the marker where a person has seen it, seconds of the new run; nothing is doubted any more. An
    /// end that now lies before it is none.
    pub fn set_by_hand(&mut self, t_new_secs: f64) {
        self.located = Some(TimeEstimate {
            t_new_secs,
            low_secs: t_new_secs,
            high_secs: t_new_secs,
            confidence: 1.0,
            in_stop: false,
        });
        self.t_new_end_secs = self.t_new_end_secs.filter(|end| *end >= t_new_secs);
        self.status = Status::Ok;
    }

    /// The confidence, 0 for markers without a counterpart.
    pub fn confidence(&self) -> f64 {
        self.located.map_or(0.0, |located| located.confidence)
    }
}

/// How markers are judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransferOptions {
    /// Below this confidence a marker is for review.
    pub review_threshold: f64,
    /// The warp failed its gates and is used all the same: every marker is for review.
    pub forced: bool,
    /// Length of the new recording, to which intervals are cut.
    pub new_duration_secs: Option<f64>,
}

/// Carries `markers` over through `map`, in order, one for one.
///
/// ```
/// use mtbsync_markers::{
///     DEFAULT_REVIEW_THRESHOLD, InverseMap, Status, TimeEstimate, TransferOptions, new_markers_csv,
///     read_markers, transfer,
/// };
///
/// /// The new run starts at second 10 of the reference and then takes the same time.
/// struct LateStart;
///
/// impl InverseMap for LateStart {
///     fn locate(&self, t_ref_secs: f64) -> Option<TimeEstimate> {
///         let t_new_secs = t_ref_secs - 10.0;
///         (t_new_secs >= 0.0).then_some(TimeEstimate {
///             t_new_secs,
///             low_secs: t_new_secs - 0.1,
///             high_secs: t_new_secs + 0.1,
///             confidence: 0.95,
///             in_stop: false,
///         })
///     }
/// }
///
/// let table = read_markers(b"name,t_ref\nStart gate,2\nDrop,60\n", None)?;
/// let options = TransferOptions {
///     review_threshold: DEFAULT_REVIEW_THRESHOLD,
///     forced: false,
///     new_duration_secs: Some(120.0),
/// };
/// let markers = transfer(&table.markers, &LateStart, options);
/// assert_eq!((markers[0].status, markers[1].status), (Status::Outside, Status::Ok));
/// let csv = String::from_utf8(new_markers_csv(&table, &markers)).unwrap_or_default();
/// assert!(csv.contains("Drop,60.000000,50.000000,50.000000,49.900000,50.100000,0.9500,false,ok"));
/// # Ok::<(), mtbsync_markers::ReadMarkersError>(())
/// ```
pub fn transfer(
    markers: &[Marker],
    map: &dyn InverseMap,
    options: TransferOptions,
) -> Vec<TransferredMarker> {
    markers
        .iter()
        .map(|marker| transfer_one(marker, map, options))
        .collect()
}

fn transfer_one(marker: &Marker, map: &dyn InverseMap, options: TransferOptions) -> TransferredMarker {
    let located = map
        .locate(marker.t_ref_secs)
        .and_then(|located| tidy(located, options));
    let t_new_end_secs = located.and_then(|start| {
        let end = map
            .locate(marker.t_ref_end_secs?)
            .and_then(|located| tidy(located, options))?;
        (end.t_new_secs >= start.t_new_secs).then_some(end.t_new_secs)
    });
    let status = match located {
        None => Status::Outside,
        Some(located) if options.forced || located.in_stop => Status::Review,
        // Not `confidence < threshold`: a confidence that is no number is for review, too.
        Some(located) if located.confidence >= options.review_threshold => Status::Ok,
        Some(_) => Status::Review,
    };
    TransferredMarker {
        marker: marker.clone(),
        located,
        t_new_end_secs,
        status,
    }
}

/// Cuts the interval to the recording and lets it hold its estimate; no numbers, no counterpart.
fn tidy(located: TimeEstimate, options: TransferOptions) -> Option<TimeEstimate> {
    if !located.t_new_secs.is_finite() {
        return None;
    }
    let duration_secs = options.new_duration_secs.unwrap_or(f64::INFINITY).max(0.0);
    let t_new_secs = located.t_new_secs.clamp(0.0, duration_secs);
    let confidence = Some(located.confidence).filter(|confidence| confidence.is_finite());
    Some(TimeEstimate {
        t_new_secs,
        // `max` and `min` drop a NaN bound.
        low_secs: located.low_secs.max(0.0).min(t_new_secs),
        high_secs: located.high_secs.min(duration_secs).max(t_new_secs),
        confidence: confidence.unwrap_or(0.0).clamp(0.0, 1.0),
        in_stop: located.in_stop,
    })
}

/// How many markers have each status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatusCounts {
    /// Trustworthy markers.
    pub ok: usize,
    /// Markers to be looked at.
    pub review: usize,
    /// Markers without a counterpart.
    pub outside: usize,
}

impl StatusCounts {
    /// Counts `markers`.
    pub fn of(markers: &[TransferredMarker]) -> Self {
        let count = |status| markers.iter().filter(|marker| marker.status == status).count();
        Self {
            ok: count(Status::Ok),
            review: count(Status::Review),
            outside: count(Status::Outside),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tuning::DEFAULT_REVIEW_THRESHOLD;
    use proptest::prelude::*;

    /// The new run reaches places 10..20 at half speed, standing at place 15.
    struct Half;

    impl InverseMap for Half {
        fn locate(&self, t_ref_secs: f64) -> Option<TimeEstimate> {
            let inside = (10.0..=20.0).contains(&t_ref_secs);
            let t_new_secs = (t_ref_secs - 10.0) * 2.0;
            inside.then_some(TimeEstimate {
                t_new_secs,
                low_secs: t_new_secs - 0.3,
                high_secs: t_new_secs + 0.3,
                confidence: if t_ref_secs > 18.0 { 0.4 } else { 0.9 },
                in_stop: t_ref_secs == 15.0,
            })
        }
    }

    fn marker(t_ref_secs: f64, t_ref_end_secs: Option<f64>) -> Marker {
        Marker {
            id: String::new(),
            name: String::new(),
            t_ref_secs,
            t_ref_end_secs,
            colour: String::new(),
            comment: String::new(),
            extra: Vec::new(),
        }
    }

    const OPTIONS: TransferOptions = TransferOptions {
        review_threshold: DEFAULT_REVIEW_THRESHOLD,
        forced: false,
        new_duration_secs: Some(20.0),
    };

    #[test]
    fn each_status_has_its_reason() {
        let markers: Vec<_> = [5.0, 10.0, 12.0, 15.0, 19.0].map(|t| marker(t, None)).into();
        let moved = transfer(&markers, &Half, OPTIONS);
        let statuses: Vec<_> = moved.iter().map(|marker| marker.status.as_str()).collect();
        assert_eq!(statuses, ["outside", "ok", "ok", "review", "review"]);
        assert_eq!(moved[0].located, None);
        assert_eq!(moved[1].located.unwrap().low_secs, 0.0);
        assert_eq!(moved[2].located.unwrap().t_new_secs, 4.0);
        assert_eq!(
            StatusCounts::of(&moved),
            StatusCounts {
                ok: 2,
                review: 2,
                outside: 1
            }
        );
    }

    #[test]
    fn a_forced_warp_makes_everything_inside_a_review() {
        let options = TransferOptions {
            forced: true,
            ..OPTIONS
        };
        let moved = transfer(&[marker(12.0, None), marker(0.0, None)], &Half, options);
        assert_eq!(
            (moved[0].status, moved[1].status),
            (Status::Review, Status::Outside)
        );
    }

    #[test]
    fn ends_are_mapped_where_they_can_be() {
        let end = |start, end| transfer(&[marker(start, Some(end))], &Half, OPTIONS)[0].t_new_end_secs;
        assert_eq!(end(12.0, 13.0), Some(6.0));
        assert_eq!(end(12.0, 25.0), None);
        assert_eq!(end(12.0, 11.0), None);
        assert_eq!(end(5.0, 12.0), None);
    }

    struct Wild(f64, f64, f64, f64);

    impl InverseMap for Wild {
        fn locate(&self, _: f64) -> Option<TimeEstimate> {
            let Self(t_new_secs, low_secs, high_secs, confidence) = *self;
            Some(TimeEstimate {
                t_new_secs,
                low_secs,
                high_secs,
                confidence,
                in_stop: false,
            })
        }
    }

    proptest! {
        #[test]
        fn intervals_hold_their_estimate_inside_the_recording(
            t in proptest::num::f64::ANY, low in proptest::num::f64::ANY,
            high in proptest::num::f64::ANY, confidence in proptest::num::f64::ANY) {
            let moved = transfer(&[marker(1.0, None)], &Wild(t, low, high, confidence), OPTIONS);
            if let Some(located) = moved[0].located {
                prop_assert!(0.0 <= located.low_secs && located.low_secs <= located.t_new_secs);
                prop_assert!(located.t_new_secs <= located.high_secs && located.high_secs <= 20.0);
                prop_assert!((0.0..=1.0).contains(&located.confidence));
            }
        }
    }
}
