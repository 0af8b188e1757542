//! GoPro telemetry: the payloads of a `gpmd` track to typed streams on the recording's clock.
//!
//! The way in is [`Telemetry::read`], which takes payloads with their presentation times, from whichever
//! demuxer has them. It groups the streams of all payloads by device and key, gives every sample a time
//! ([`timing`]), and keeps what alignment can use: one GPS stream. Everything else is counted in
//! [`GpmfStream`] and left alone.
//!
//! ```
//! use mtbsync_telemetry::gpmf::{Telemetry, untimed_payloads};
//!
//! let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/gpmf/hero5.raw");
//! let telemetry = Telemetry::read(&untimed_payloads(&std::fs::read(path)?));
//! let gps = telemetry.gps.ok_or("no GPS")?;
//! assert_eq!((gps.samples.len(), gps.fixed_count()), (18, 18));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod collect;
pub mod gps;
pub mod klv;
pub(crate) mod settings;
pub mod stream;
#[cfg(test)]
pub(crate) mod testing;
pub mod timing;
pub mod value;

use crate::FourCc;
use crate::warning::Warnings;
pub use collect::{USUAL_PAYLOAD_SECS, untimed_payloads};
pub use gps::{GpsSample, GpsStream, UtcAtZero};

/// One sample of a `gpmd` track.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// Presentation time on the recording's clock.
    pub pts_secs: f64,
    /// Declared length.
    pub duration_secs: f64,
    /// GPMF bytes.
    pub bytes: &'a [u8],
}

/// A device that wrote telemetry: the camera, a drone, a remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// `DVID`; text ids are their four bytes.
    pub id: u32,
    /// `DVNM`, e.g. `HERO11 Black`.
    pub name: String,
}

/// What one stream of one device holds.
#[derive(Debug, Clone, PartialEq)]
pub struct GpmfStream {
    /// Key of the data.
    pub key: FourCc,
    /// Index into [`Telemetry::devices`].
    pub device: usize,
    /// Description.
    pub name: String,
    /// Units: none, one, or one per axis.
    pub units: Vec<String>,
    /// Payloads that carry it.
    pub payloads: usize,
    /// Samples in all.
    pub samples: usize,
    /// Samples per second over the payloads that carry it.
    pub rate_hz: f64,
}

/// Telemetry of one recording.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Telemetry {
    /// Devices in order of appearance.
    pub devices: Vec<Device>,
    /// Every stream found.
    pub streams: Vec<GpmfStream>,
    /// The best GPS stream: `GPS9` before `GPS5`, then the one with more fixed samples.
    pub gps: Option<GpsStream>,
    /// Number of payloads.
    pub payload_count: usize,
    /// What was skipped.
    pub warnings: Warnings,
}

impl Telemetry {
    /// Reads payloads in time order. Never fails: damaged parts are skipped and named in the warnings.
    pub fn read(payloads: &[Payload<'_>]) -> Self {
        collect::read(payloads)
    }

    /// The first stream with this key, the camera's own before other devices'.
    pub fn stream(&self, key: &[u8; 4]) -> Option<&GpmfStream> {
        self.streams.iter().find(|stream| stream.key == key)
    }
}
