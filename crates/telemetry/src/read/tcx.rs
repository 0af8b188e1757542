//! TCX, the XML of Garmin Training Center: the track points of all laps.

use quick_xml::events::BytesStart;

use super::xml::{Sink, number, walk};
use super::{RawPoint, RawTrack, TrackError};
use crate::track::TrackSource;
use crate::utc::parse_iso8601;
use crate::warning::Warnings;

/// Reads all track points that have a position; indoor points have none and are counted in a warning.
pub(super) fn read(text: &str) -> Result<RawTrack, TrackError> {
    let mut sink = TcxSink {
        track: RawTrack::new(TrackSource::Tcx),
        point: None,
    };
    let mut warnings = Warnings::default();
    walk(text, &mut sink, &mut warnings)?;
    sink.track.warnings.extend(warnings);
    Ok(sink.track)
}

struct TcxSink {
    track: RawTrack,
    point: Option<RawPoint>,
}

impl Sink for TcxSink {
    fn start(&mut self, name: &str, _element: &BytesStart<'_>) {
        match name {
            "Track" => self.track.begin_segment(),
            "Trackpoint" => self.point = Some(RawPoint::default()),
            _ => {}
        }
    }

    fn end(&mut self, name: &str, text: &str) {
        let Some(point) = &mut self.point else { return };
        match name {
            "Time" => point.time_secs = parse_iso8601(text),
            "LatitudeDegrees" => point.lat_deg = number(text),
            "LongitudeDegrees" => point.lon_deg = number(text),
            "AltitudeMeters" => point.altitude_m = number(text),
            "Speed" => point.speed_mps = number(text).filter(|&speed| speed >= 0.0),
            "Trackpoint" => {
                let point = *point;
                self.point = None;
                self.track.push(point);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_track;

    #[test]
    fn laps_and_extensions() {
        let text = r#"<?xml version="1.0"?><TrainingCenterDatabase xmlns="u"><Activities><Activity Sport="Biking"><Lap><Track>
<Trackpoint><Time>2024-06-01T10:00:00.000Z</Time><Position><LatitudeDegrees>47.0</LatitudeDegrees>
<LongitudeDegrees>8.0</LongitudeDegrees></Position><AltitudeMeters>510.5</AltitudeMeters>
<Extensions><TPX xmlns="v"><Speed>6.25</Speed></TPX></Extensions></Trackpoint>
<Trackpoint><Time>2024-06-01T10:00:01.000Z</Time></Trackpoint></Track></Lap>
<Lap><Track><Trackpoint><Time>2024-06-01T10:00:02Z</Time><Position><LatitudeDegrees>47.001</LatitudeDegrees>
<LongitudeDegrees>8.0</LongitudeDegrees></Position></Trackpoint></Track></Lap></Activity></Activities></TrainingCenterDatabase>"#;
        let file = read_track(text.as_bytes()).unwrap();
        assert_eq!(file.segments, 2);
        assert_eq!(file.track.points.len(), 2);
        assert_eq!(file.track.points[0].speed_mps, Some(6.25));
        assert_eq!(file.track.points[0].altitude_m, Some(510.5));
        assert_eq!(file.track.points[1].time_secs, 2.0);
        assert_eq!(file.warnings.as_slice().len(), 1);
    }
}
