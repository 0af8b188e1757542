//! What is seen at one moment of the new recording: GPS, and how far the pictures are from it.

/// Pictures against GPS.
#[derive(Clone, Copy, Debug)]
pub struct Apart {
    /// Pictures minus GPS, seconds of reference time.
    pub secs: f64,
    /// One-sigma error of the pictures.
    pub sigma_secs: f64,
}

/// A moment at which GPS knows the place.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// When.
    pub t_secs: f64,
    /// One-sigma error GPS claims.
    pub gps_sigma_secs: f64,
    /// The comparison, where there are pictures.
    pub apart: Option<Apart>,
}
