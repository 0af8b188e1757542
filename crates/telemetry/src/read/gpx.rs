//! GPX 1.0 and 1.1: the points of all tracks and segments, with the extensions programs agree on.

use quick_xml::events::BytesStart;

use super::xml::{Sink, attribute, number, walk};
use super::{RawPoint, RawTrack, TrackError};
use crate::track::{Fix, TrackSource};
use crate::utc::parse_iso8601;
use crate::warning::Warnings;

/// Reads all track points; waypoints and routes are not rides and are left alone.
pub(super) fn read(text: &str) -> Result<RawTrack, TrackError> {
    let mut sink = GpxSink {
        track: RawTrack::new(TrackSource::Gpx),
        point: None,
        depth: 0,
    };
    let mut warnings = Warnings::default();
    walk(text, &mut sink, &mut warnings)?;
    sink.track.warnings.extend(warnings);
    Ok(sink.track)
}

struct GpxSink {
    track: RawTrack,
    point: Option<RawPoint>,
    /// Elements open inside the current point.
    depth: usize,
}

impl Sink for GpxSink {
    fn start(&mut self, name: &str, element: &BytesStart<'_>) {
        match name {
            "trkseg" => self.track.begin_segment(),
            "trkpt" => {
                self.depth = 0;
                self.point = Some(RawPoint {
                    lat_deg: attribute(element, "lat"),
                    lon_deg: attribute(element, "lon"),
                    ..RawPoint::default()
                });
            }
            _ if self.point.is_some() => self.depth += 1,
            _ => {}
        }
    }

    fn end(&mut self, name: &str, text: &str) {
        if name == "trkpt" {
            if let Some(point) = self.point.take() {
                self.track.push(point);
            }
            return;
        }
        let Some(point) = &mut self.point else { return };
        let direct = self.depth == 1;
        self.depth = self.depth.saturating_sub(1);
        match name {
            "time" if direct => point.time_secs = parse_iso8601(text),
            "ele" if direct => point.altitude_m = number(text),
            "hdop" => point.dop = number(text).filter(|&dop| dop > 0.0),
            "pdop" if point.dop.is_none() => point.dop = number(text).filter(|&dop| dop > 0.0),
            // Direct child in GPX 1.0, extension in 1.1; metres per second in both.
            "speed" => point.speed_mps = number(text).filter(|&speed| speed >= 0.0),
            "fix" if direct => {
                point.fix = match text {
                    "none" => Some(Fix::None),
                    "2d" => Some(Fix::TwoD),
                    "3d" | "dgps" | "pps" => Some(Fix::ThreeD),
                    _ => None,
                };
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_track;
    use super::*;
    use crate::warning::Warning;

    const TWO_SEGMENTS: &str = r#"<?xml version="1.0"?>
<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="1" lon="1"><time>2020-01-01T00:00:00Z</time></wpt>
<trk><trkseg>
<trkpt lat="47.0" lon="8.0"><ele>500</ele><time>2024-06-01T10:10:00Z</time><hdop>1.2</hdop></trkpt>
<trkpt lat="47.1" lon="8.0"/>
</trkseg></trk><trk><trkseg>
<trkpt lon="7.9" lat="46.9"><time>2024-06-01T10:00:00Z</time><fix>2d</fix>
  <extensions><x:TrackPointExtension xmlns:x="u"><x:speed>4.5</x:speed><x:time>bad</x:time></x:TrackPointExtension></extensions>
</trkpt></trkseg></trk></gpx>"#;

    #[test]
    fn segments_are_ordered_by_time_and_extensions_read() {
        let file = read_track(TWO_SEGMENTS.as_bytes()).unwrap();
        assert_eq!(file.segments, 2);
        let [first, second] = file.track.points.as_slice() else {
            panic!("{file:?}")
        };
        assert_eq!((first.lat_deg, first.lon_deg, first.time_secs), (46.9, 7.9, 0.0));
        assert_eq!((first.speed_mps, first.fix), (Some(4.5), Fix::TwoD));
        assert_eq!(
            (second.time_secs, second.altitude_m, second.dop),
            (600.0, Some(500.0), Some(1.2))
        );
        assert_eq!(second.error_m, 3.0);
        assert_eq!(file.start_utc_unix_secs, Some(1_717_236_000.0));
        assert_eq!(
            file.warnings.as_slice().len(),
            1,
            "the point without time is named"
        );
    }

    #[test]
    fn what_is_no_ride_is_a_typed_error() {
        let read = |text: &str| read_track(text.as_bytes()).unwrap_err();
        assert_eq!(read("<gpx></gpx>"), TrackError::NoPoints);
        let point = "<gpx><trk><trkseg><trkpt lat='1' lon='2'/></trkseg></trk></gpx>";
        assert_eq!(read(point), TrackError::NoTimes { points: 1 });
        assert_eq!(
            read("<!DOCTYPE gpx [<!ENTITY a 'aaaa'>]><gpx><trk>&a;</trk></gpx>"),
            TrackError::XmlEntities
        );
        assert_eq!(
            read(&format!("<gpx>{}", "<a>".repeat(1000))),
            TrackError::XmlTooDeep { limit: 64 }
        );
        assert!(matches!(read("<kml/>"), TrackError::UnknownFormat { .. }));
    }

    #[test]
    fn a_clock_before_it_was_set_costs_its_points_only() {
        let point = |time: &str| format!("<trkpt lat='47' lon='8'><time>{time}</time></trkpt>");
        let times = [
            "1989-12-31T00:00:01Z",
            "2024-06-01T10:00:00Z",
            "2024-06-01T10:00:01Z",
            "9999-01-01T00:00:00Z",
        ];
        let points: String = times.iter().map(|time| point(time)).collect();
        let file = read_track(format!("<gpx><trk><trkseg>{points}</trkseg></trk></gpx>").as_bytes()).unwrap();
        assert_eq!(file.track.span_secs(), Some((0.0, 1.0)));
        assert_eq!(file.warnings.as_slice(), [Warning::FarInTime { count: 2 }]);
    }

    #[test]
    fn a_cut_file_keeps_its_beginning() {
        let cut = TWO_SEGMENTS.find("<trkpt lat=\"47.1\"").unwrap();
        let file = read_track(&TWO_SEGMENTS.as_bytes()[..cut]).unwrap();
        assert_eq!(file.track.points.len(), 1);
        assert!(!file.warnings.is_empty());
    }
}
