//! The raw payloads of a camera's telemetry track (`gpmd`). What is in them is none of this crate's business.

use std::path::Path;

use crate::demux::{Demuxer, Next, Wanted};
use crate::error::OpenError;
use crate::rational::Rational;

/// Payload bytes read from one file at most. A 12 GB chapter holds about 100 MB.
const MAX_TELEMETRY_BYTES: usize = 512 << 20;

/// Codec tag of GoPro's telemetry.
const GPMF_CODEC: &str = "gpmd";

/// One payload, usually a second of measurements.
#[derive(Debug, Clone, PartialEq)]
pub struct TelemetryPacket {
    /// Start on the file's own clock, in seconds. The recording's clock is
    /// [`Chapter::start_secs`](crate::Chapter::start_secs) − [`Chapter::container_start_secs`](crate::Chapter) ahead.
    pub pts_secs: f64,
    /// Announced length in seconds; the last payload of a recording is usually shorter.
    pub duration_secs: f64,
    /// GPMF bytes.
    pub data: Vec<u8>,
}

/// All telemetry payloads of the file at `path` in file order; empty when it has no telemetry track. Payloads that
/// cannot be read are left out, and reading stops at 512 MiB.
pub fn telemetry_packets(path: &Path) -> Result<Vec<TelemetryPacket>, OpenError> {
    let mut demuxer = Demuxer::open_quickly(path)?;
    let streams = demuxer.streams();
    let Some(track) = streams.iter().find(|stream| stream.codec == GPMF_CODEC) else {
        return Ok(Vec::new());
    };
    let tick_secs = track.time_base.map_or(0.0, Rational::as_f64);
    demuxer.select(track.index, Wanted::All);
    let mut packets = Vec::new();
    let mut bytes = 0_usize;
    while let Next::Packet(facts, packet) = demuxer.read() {
        let (Some(pts), Some(data)) = (facts.pts, packet.data()) else {
            continue;
        };
        if facts.stream != track.index || facts.is_damaged {
            continue;
        }
        bytes = bytes.saturating_add(data.len());
        if bytes > MAX_TELEMETRY_BYTES {
            break;
        }
        let seconds = |ticks: i64| ticks as f64 * tick_secs;
        let (pts_secs, duration_secs) = (seconds(pts), seconds(facts.duration));
        packets.push(TelemetryPacket {
            pts_secs,
            duration_secs,
            data: data.to_vec(),
        });
    }
    Ok(packets)
}
