//! Positions on the ground in metres, and a track as a smooth path.

mod path;

use crate::track::Track;
pub use path::{Path, PathState};

/// Mean radius of the earth, metres (IUGG).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Great-circle distance between two (latitude, longitude) pairs in degrees, metres.
pub fn metres_between(a_deg: (f64, f64), b_deg: (f64, f64)) -> f64 {
    let (lat_a, lat_b) = (a_deg.0.to_radians(), b_deg.0.to_radians());
    let half_lat = (lat_b - lat_a) / 2.0;
    let half_lon = (b_deg.1 - a_deg.1).to_radians() / 2.0;
    let chord = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lon.sin().powi(2);
    2.0 * EARTH_RADIUS_M * chord.sqrt().min(1.0).asin()
}

/// A flat map around one place: x east, y north, metres. Equirectangular; over the 30 km of a long ride the
/// scale error stays under half a percent, and it is the same for both runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalPlane {
    lat_deg: f64,
    lon_deg: f64,
    metres_per_lon_deg: f64,
}

impl LocalPlane {
    /// The plane around the middle of a track's extent; `None` for an empty track.
    pub fn around(track: &Track) -> Option<Self> {
        let first = track.points.first()?;
        let mut lat = (first.lat_deg, first.lat_deg);
        let mut lon_offset = (0.0_f64, 0.0_f64);
        for point in &track.points {
            lat = (lat.0.min(point.lat_deg), lat.1.max(point.lat_deg));
            let offset = wrap_degrees(point.lon_deg - first.lon_deg);
            lon_offset = (lon_offset.0.min(offset), lon_offset.1.max(offset));
        }
        let lon_deg = wrap_degrees(first.lon_deg + f64::midpoint(lon_offset.0, lon_offset.1));
        Some(Self::at(f64::midpoint(lat.0, lat.1), lon_deg))
    }

    /// The plane around a place.
    pub fn at(lat_deg: f64, lon_deg: f64) -> Self {
        let metres_per_lon_deg = EARTH_RADIUS_M.to_radians() * lat_deg.to_radians().cos();
        Self {
            lat_deg,
            lon_deg,
            metres_per_lon_deg,
        }
    }

    /// Degrees to metres (x, y).
    pub fn to_metres(&self, lat_deg: f64, lon_deg: f64) -> (f64, f64) {
        (
            wrap_degrees(lon_deg - self.lon_deg) * self.metres_per_lon_deg,
            (lat_deg - self.lat_deg) * EARTH_RADIUS_M.to_radians(),
        )
    }
}

/// A difference of longitudes in -180..180: tracks may cross the date line.
fn wrap_degrees(degrees: f64) -> f64 {
    if degrees > 180.0 {
        degrees - 360.0
    } else if degrees < -180.0 {
        degrees + 360.0
    } else {
        degrees
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plane_and_sphere_agree_on_a_ride() {
        let plane = LocalPlane::at(46.5, 7.2);
        let (a, b) = ((46.55, 7.25), (46.47, 7.11));
        let (ax, ay) = plane.to_metres(a.0, a.1);
        let (bx, by) = plane.to_metres(b.0, b.1);
        let flat_m = (ax - bx).hypot(ay - by);
        assert!((flat_m / metres_between(a, b) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn the_date_line_is_no_edge() {
        let plane = LocalPlane::at(-17.0, 179.999);
        let (x, _) = plane.to_metres(-17.0, -179.999);
        assert!((x - 212.7).abs() < 1.0, "{x}");
    }
}
