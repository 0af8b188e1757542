//! Prints what is found in recordings and track files as two Markdown tables.
//!
//! `cargo run -p mtbsync-telemetry --example telemetry_table -- FILE...`
//!
//! Bare GPMF files (payloads without times) are read with the payload length of 1.001 s that cameras use.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::io::Cursor;
use std::path::Path;

use mtbsync_telemetry::clean::clean;
use mtbsync_telemetry::gpmf::{Telemetry, untimed_payloads};
use mtbsync_telemetry::hilight::{ChapterSpan, hilights_from_udta};
use mtbsync_telemetry::{FileTelemetry, Fix, TrackError, Warnings, read_track};

fn main() -> std::io::Result<()> {
    let mut recordings = Vec::new();
    let mut tracks = Vec::new();
    for argument in std::env::args().skip(1) {
        let path = Path::new(&argument);
        let name = path
            .file_name()
            .map_or_else(|| argument.clone(), |name| name.to_string_lossy().into_owned());
        let bytes = std::fs::read(path)?;
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("gpx" | "fit" | "tcx") => tracks.push(track_row(&name, &bytes)),
            Some("raw" | "gpmf") => recordings.push(payloads_row(&name, &bytes)),
            _ => recordings.push(recording_row(&name, bytes)),
        }
    }
    println!(
        "| recording | devices | payloads | GPS | fixed | Hz | DOP | usable | ACCL Hz | GYRO Hz | other motion | HiLights | warnings |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    recordings.iter().for_each(|row| println!("{row}"));
    println!();
    println!(
        "| track | points | segments | seconds | median step s | with speed | with DOP | usable | dropped as | warnings |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    tracks.iter().for_each(|row| println!("{row}"));
    Ok(())
}

fn recording_row(name: &str, bytes: Vec<u8>) -> String {
    match FileTelemetry::read(&mut Cursor::new(bytes)) {
        Ok(recording) => {
            let telemetry = recording.telemetry.unwrap_or_default();
            telemetry_row(name, &telemetry, recording.hilights.len(), &recording.warnings)
        }
        Err(error) => format!("| {name} | {error} |"),
    }
}

fn payloads_row(name: &str, bytes: &[u8]) -> String {
    let payloads = untimed_payloads(bytes);
    let (hilights, warnings) = hilights_from_udta(Some(bytes), None, ChapterSpan::single(f64::MAX));
    telemetry_row(name, &Telemetry::read(&payloads), hilights.len(), &warnings)
}

fn telemetry_row(name: &str, telemetry: &Telemetry, hilights: usize, warnings: &Warnings) -> String {
    let devices: Vec<&str> = telemetry
        .devices
        .iter()
        .map(|device| device.name.as_str())
        .collect();
    let gps = telemetry.gps.as_ref().map_or("none | | | | ".to_owned(), |gps| {
        let key = if telemetry.stream(b"GPS9").is_some() {
            b"GPS9"
        } else {
            b"GPS5"
        };
        let rate_hz = telemetry.stream(key).map_or(0.0, |stream| stream.rate_hz);
        let mut dops: Vec<f64> = gps
            .samples
            .iter()
            .filter(|s| s.fix >= Fix::TwoD)
            .filter_map(|s| s.dop)
            .collect();
        dops.sort_by(f64::total_cmp);
        let dop = dops
            .get(dops.len() / 2)
            .map_or(String::new(), |dop| format!("{dop:.1}"));
        let usable = clean(&gps.to_track()).1.kept;
        let key = String::from_utf8_lossy(key);
        format!(
            "{key} {} | {} | {rate_hz:.1} | {dop} | {usable}",
            gps.samples.len(),
            gps.fixed_count()
        )
    });
    let rate = |key: &[u8; 4]| {
        telemetry
            .stream(key)
            .map_or(String::new(), |stream| format!("{:.0}", stream.rate_hz))
    };
    let others: Vec<String> = telemetry
        .streams
        .iter()
        .filter(|stream| [b"CORI", b"IORI", b"GRAV", b"MAGN"].contains(&&stream.key.0))
        .map(|stream| stream.key.to_string())
        .collect();
    let warnings: Vec<String> = warnings
        .into_iter()
        .chain(&telemetry.warnings)
        .map(|warning| warning.to_string())
        .collect();
    format!(
        "| {name} | {} | {} | {gps} | {} | {} | {} | {hilights} | {} |",
        devices.join(", "),
        telemetry.payload_count,
        rate(b"ACCL"),
        rate(b"GYRO"),
        others.join(" "),
        warnings.join("; ")
    )
}

fn track_row(name: &str, bytes: &[u8]) -> String {
    let file = match read_track(bytes) {
        Ok(file) => file,
        Err(error @ TrackError::NoTimes { points }) => {
            return format!("| {name} | {points} | | | | | | 0 | {error} | |");
        }
        Err(error) => return format!("| {name} | | | | | | | 0 | {error} | |"),
    };
    let points = &file.track.points;
    let span_secs = points.last().map_or(0.0, |last| last.time_secs);
    let step_secs = file.track.median_step_secs().unwrap_or(0.0);
    let with_speed = points.iter().filter(|point| point.speed_mps.is_some()).count();
    let with_dop = points.iter().filter(|point| point.dop.is_some()).count();
    let report = clean(&file.track).1;
    let reasons: Vec<String> = [
        ("no fix", report.no_fix),
        ("poor DOP", report.poor_dop),
        ("impossible", report.impossible),
        ("time out of order", report.time_back),
        ("frozen", report.frozen),
        ("jump", report.jumps),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(reason, count)| format!("{reason} {count}"))
    .collect();
    let warnings: Vec<String> = file
        .warnings
        .into_iter()
        .map(|warning| warning.to_string())
        .collect();
    format!(
        "| {name} | {} | {} | {span_secs:.0} | {step_secs:.0} | {with_speed} | {with_dop} | {} | {} | {} |",
        points.len(),
        file.segments,
        report.kept,
        reasons.join(", "),
        warnings.join("; ")
    )
}
