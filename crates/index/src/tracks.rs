//! The tracks of both sides, read and checked before anything expensive is done.

use std::path::{Path, PathBuf};

use mtbsync_formats::read_bounded;
use mtbsync_task::error::PipelineError;
use mtbsync_telemetry::clean::clean;
use mtbsync_telemetry::clock::{
    OffsetEstimate, SideTrack, TrackClock, offset_from_utc, offsets_from_creation_time,
};
use mtbsync_telemetry::{Track, TrackFile, TrackSource, read_track};
use serde::Serialize;

use crate::camera::CameraTelemetry;
use crate::error::IndexProblem;
use crate::tuning::{GIVEN_SIGMA_SECS, MIN_POINTS, POOR_SHARE};

/// Track time at video zero minus video clock.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize)]
pub enum TrackOffset {
    /// Find it.
    #[default]
    Auto,
    /// Given by a person, seconds.
    Secs(f64),
}

/// An external track of one side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrackRequest {
    /// GPX, FIT or TCX.
    pub path: PathBuf,
    /// Its clock.
    pub offset: TrackOffset,
}

/// Which tracks are wanted.
#[derive(Clone, Debug, PartialEq, Default, Serialize)]
pub struct GpsSettings {
    /// External track of the reference; wins over the one in the recording.
    pub reference: Option<TrackRequest>,
    /// External track of the new run.
    pub new: Option<TrackRequest>,
    /// Ignore tracks inside the recordings.
    pub ignore_recorded: bool,
}

/// Largest track file; the reader has the same bound.
const MAX_TRACK_BYTES: u64 = 256 << 20;

/// The tracks of both sides.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tracks {
    /// Of the reference.
    pub reference: Option<SideTrack>,
    /// Of the new run.
    pub new: Option<SideTrack>,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

/// One recording and what its camera wrote.
pub struct SideInput<'a> {
    /// How messages call it.
    pub name: &'static str,
    /// Telemetry.
    pub recorded: &'a CameraTelemetry,
    /// Rows of the track that an index holds, for a recording without telemetry.
    pub indexed: &'a [[f64; 6]],
    /// Length, seconds.
    pub duration_secs: f64,
}

impl Tracks {
    /// Reads what the settings ask for.
    ///
    /// # Errors
    /// An external file that is missing, not a track, or holds no point with time and place.
    pub fn read(
        settings: &GpsSettings,
        reference: &SideInput<'_>,
        new: &SideInput<'_>,
    ) -> Result<Self, PipelineError> {
        let mut warnings = Vec::new();
        let mut side = |request: &Option<TrackRequest>, input: &SideInput<'_>| match request {
            Some(request) => external(request, input, &mut warnings),
            None if settings.ignore_recorded => Ok(None),
            None => Ok(recorded(input, &mut warnings)),
        };
        let reference_track = side(&settings.reference, reference)?;
        let new_track = side(&settings.new, new)?;
        let asked = settings.reference.is_some() || settings.new.is_some();
        if asked && reference_track.is_some() != new_track.is_some() {
            let missing = if reference_track.is_some() { new } else { reference };
            warnings.push(format!(
                "the {} has no usable GPS track, so the other one has nothing to be compared with",
                missing.name
            ));
        }
        Ok(Self {
            reference: reference_track,
            new: new_track,
            warnings,
        })
    }
}

fn recorded(input: &SideInput<'_>, warnings: &mut Vec<String>) -> Option<SideTrack> {
    let track = match &input.recorded.gps {
        Some(stream) => stream.to_track(),
        None if input.indexed.is_empty() => return None,
        None => Track::from_rows(input.indexed, TrackSource::Index),
    };
    let track = usable(&track, &format!("GPS of the {}", input.name), warnings)?;
    Some(SideTrack {
        track,
        clock: TrackClock::Recording,
    })
}

fn external(
    request: &TrackRequest,
    input: &SideInput<'_>,
    warnings: &mut Vec<String>,
) -> Result<Option<SideTrack>, PipelineError> {
    let file = read_file(&request.path)?;
    warnings.extend(
        file.warnings
            .into_iter()
            .map(|w| format!("{}: {w}", request.path.display())),
    );
    let clock = match request.offset {
        TrackOffset::Secs(offset_secs) => TrackClock::Given(offset_secs, GIVEN_SIGMA_SECS),
        TrackOffset::Auto => TrackClock::Guessed(guesses(input, &file)),
    };
    let track = usable(&file.track, &request.path.display().to_string(), warnings);
    Ok(track.map(|track| SideTrack { track, clock }))
}

fn read_file(path: &Path) -> Result<TrackFile, PipelineError> {
    let bytes = read_bounded(path, MAX_TRACK_BYTES)?;
    read_track(&bytes).map_err(|error| PipelineError::from(IndexProblem::Track(error)).at(path))
}

fn guesses(input: &SideInput<'_>, file: &TrackFile) -> Vec<OffsetEstimate> {
    let own_utc = input.recorded.gps.as_ref().and_then(|gps| gps.utc_at_zero());
    if let Some(estimate) = own_utc.and_then(|utc| offset_from_utc(utc, file)) {
        return vec![estimate];
    }
    input
        .recorded
        .creation_unix_secs
        .map(|created| offsets_from_creation_time(created, input.duration_secs, file))
        .unwrap_or_default()
}

/// The cleaned track, when enough of it is left; says so when not.
fn usable(track: &Track, name: &str, warnings: &mut Vec<String>) -> Option<Track> {
    let (cleaned, report) = clean(track);
    if report.kept < MIN_POINTS {
        warnings.push(format!(
            "{name} has no usable fix ({} of {} points) and weighs nothing",
            report.kept, report.before
        ));
        return None;
    }
    if (report.kept as f64) < POOR_SHARE * report.before as f64 {
        warnings.push(format!(
            "{name}: only {} of {} points have a usable fix",
            report.kept, report.before
        ));
    }
    Some(cleaned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_stands_in_for_a_recording_without_telemetry() {
        let rows: Vec<[f64; 6]> = (0..20)
            .map(f64::from)
            .map(|t| [t, 46.0 + t * 1e-4, 7.0, f64::NAN, f64::NAN, 3.0])
            .collect();
        let nothing = CameraTelemetry::default();
        let side = |indexed| SideInput {
            name: "run",
            recorded: &nothing,
            indexed,
            duration_secs: 20.0,
        };
        let tracks = Tracks::read(&GpsSettings::default(), &side(&rows), &side(&[])).unwrap();
        let reference = tracks.reference.unwrap();
        assert_eq!(reference.track.to_rows().len(), rows.len());
        assert_eq!(reference.clock, TrackClock::Recording);
        assert_eq!(tracks.new, None);
        let ignored = GpsSettings {
            ignore_recorded: true,
            ..GpsSettings::default()
        };
        let tracks = Tracks::read(&ignored, &side(&rows), &side(&rows)).unwrap();
        assert_eq!((tracks.reference, tracks.new), (None, None));
    }
}
