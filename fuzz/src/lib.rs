//! What the fuzz targets do with their bytes: feed a reader, and check what must hold for every answer.
//!
//! A finding is a panic, a hang, memory without bounds, or an answer that breaks one of the assertions below.

#![allow(clippy::panic, clippy::expect_used, reason = "a finding is a panic")]

pub mod http;

use std::io::Cursor;

use mtbsync_formats::csv::Table;
use mtbsync_formats::npz::NpzReader;
use mtbsync_markers::import::{ImportFormat, ImportOptions, import};
use mtbsync_markers::read_markers;
use mtbsync_markers::time::{Counting, Rate};
use mtbsync_telemetry::gpmf::{Telemetry, untimed_payloads};
use mtbsync_telemetry::hilight::{ChapterSpan, hilights_from_udta};
use mtbsync_telemetry::{FileTelemetry, clean, read_track};

/// An editor file, by its format or told apart by content: times are numbers in order, and the table it
/// becomes reads back to as many markers.
pub fn import_as(format: Option<ImportFormat>, data: &[u8]) {
    let drop_frame = ImportOptions {
        rate: Rate::new(30_000, 1001),
        counting: Some(Counting::Drop),
        timeline_start: None,
    };
    for options in [ImportOptions::default(), drop_frame] {
        let Ok(imported) = import(data, format, &options) else {
            continue;
        };
        assert!(
            imported
                .markers
                .iter()
                .all(|marker| marker.t_ref_secs.is_finite())
        );
        assert!(imported.markers.is_sorted_by(|a, b| a.t_ref_secs <= b.t_ref_secs));
        let table = read_markers(&imported.to_csv(), None).expect("the table is readable");
        assert_eq!(table.markers.len(), imported.markers.len());
    }
}

/// Telemetry payloads, one after the other.
pub fn gpmf(data: &[u8]) {
    let _ = Telemetry::read(&untimed_payloads(data));
}

/// Contents of the two boxes with HiLight tags; the first byte says how long the first one is.
pub fn udta(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let (gpmf, hmmt) = rest.split_at(rest.len().min(usize::from(*first) * 16));
    let span = ChapterSpan::single(3600.0);
    let (tags, _) = hilights_from_udta(Some(gpmf), Some(hmmt), span);
    assert!(tags.is_sorted_by(|a, b| a.time_secs < b.time_secs));
    assert!(tags.iter().all(|tag| (0.0..=3600.0).contains(&tag.time_secs)));
}

/// A whole MP4: index, telemetry, chapters, timecode.
pub fn mp4(data: &[u8]) {
    let _ = FileTelemetry::read(&mut Cursor::new(data));
}

/// GPX, FIT or TCX, told apart by content.
pub fn track(data: &[u8]) {
    if let Ok(file) = read_track(data) {
        let _ = clean::clean(&file.track);
    }
}

/// Arrays of every type a file may hold.
pub fn npz(data: &[u8]) {
    let Ok(mut reader) = NpzReader::new(Cursor::new(data)) else {
        return;
    };
    for name in ["t_new", "knots", "a", "meta"] {
        let _ = reader.array::<f64>(name);
        let _ = reader.array::<f32>(name);
        let _ = reader.array::<u8>(name);
        let _ = reader.array::<i64>(name);
    }
}

/// A table: every cell can be asked for.
pub fn csv(data: &[u8]) {
    let Ok(table) = Table::parse(data, &["name", "t_ref"]) else {
        return;
    };
    for row in &table.rows {
        for column in 0..table.headers.len() {
            let _ = table.number(row, column);
            let _ = table.boolean(row, column);
        }
    }
}
