//! What is seen at one moment of the new recording: GPS, and how far the pictures are from it.

/// Pictures against GPS.
#[derive(Clone, Copy, Debug)]
pub struct Discrepancy {
    /// Pictures minus GPS, seconds of reference time.
    pub secs: f64,
    /// One-sigma error of the pictures, seconds.
    pub sigma_secs: f64,
}

/// A moment at which GPS knows the place.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    /// When, seconds of new time.
    pub t_secs: f64,
    /// One-sigma error GPS claims, seconds.
    pub gps_sigma_secs: f64,
    /// The comparison, where there are pictures.
    pub discrepancy: Option<Discrepancy>,
}

/// Bias of GPS at an epoch, seconds, and the variance of GPS without it.
#[derive(Clone, Copy, Debug)]
pub(super) struct BiasEstimate {
    pub secs: f64,
    pub variance: f64,
}
