//! What the fuzz targets do with their bytes: feed a reader, and check what must hold for every answer.
//!
//! A finding is a panic, a hang, memory without bounds, or an answer that breaks one of the assertions below.

#![allow(clippy::panic, clippy::expect_used, reason = "a finding is a panic")]

pub mod http;

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use mtbsync_artefacts::time_warp::read_warp;
use mtbsync_artefacts::trail_file::TrailFile;
use mtbsync_formats::csv::Table;
use mtbsync_formats::npz::NpzReader;
use mtbsync_markers::import::{ImportFormat, ImportOptions, import};
use mtbsync_markers::read_markers;
use mtbsync_markers::time::{Counting, Rate};
use mtbsync_media::scale::ColourOptions;
use mtbsync_media::{FrameOptions, OpenOptions, Recording, SampleRequest, SoundReader};
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

/// A map, as timewarp.json or warp.npz: what is read back is usable, and looking through it ends.
pub fn timewarp(data: &[u8]) {
    let path = on_disk("timewarp", data);
    let Ok(file) = read_warp(&path) else {
        return;
    };
    let Some(warp) = file.warp() else {
        return;
    };
    for segment in warp.segments() {
        let (from, to) = segment.new_range();
        for t_new_secs in [from, (from + to) / 2.0, to] {
            if let Some(t_ref_secs) = warp.ref_from_new(t_new_secs) {
                assert!(t_ref_secs.is_finite());
            }
        }
    }
}

/// trail.json: what is read is within its bounds, and written and read again it is the same.
pub fn trail_file(data: &[u8]) {
    let Ok(file) = TrailFile::parse(data) else {
        return;
    };
    assert!(file.check().is_ok());
    let again = TrailFile::parse(&file.to_json().expect("what was read has a JSON form"));
    assert_eq!(again.expect("what was written can be read"), file);
}

/// A recording: opened, its first frames decoded for the analysis and in colour, the beginning of its sound.
pub fn recording(data: &[u8]) {
    let path = on_disk("recording", data);
    let options = OpenOptions {
        single_file: true,
        no_proxy: true,
    };
    let Ok(recording) = Recording::open(&path, &options) else {
        return;
    };
    let plan = recording.plan(&SampleRequest {
        analysed_fps: 1000.0,
        fine_fps: None,
        dense: true,
    });
    let luma = FrameOptions {
        max_dim: 160,
        threads: 1,
    };
    for frame in recording.frames(&plan, &luma).take(FRAMES).flatten() {
        assert_eq!(frame.data.len(), frame.width * frame.height);
        assert!(frame.t_secs.is_finite() && frame.index < recording.timeline().len());
    }
    let colour = ColourOptions {
        size: (64, 48),
        matrix: None,
        full_range: false,
        threads: 1,
    };
    let first: Vec<usize> = (0..recording.timeline().len().min(FRAMES)).collect();
    for frame in recording.colour_frames(&first, &colour).flatten() {
        assert_eq!((frame.picture.width(), frame.picture.height()), (64, 48));
    }
    if let Ok(Some(mut sound)) = SoundReader::open(&recording)
        && let Ok(window) = sound.window(0, 4096)
    {
        assert!(window.iter().all(|channel| channel.len() == 4096));
    }
}

/// Frames decoded of each recording.
const FRAMES: usize = 8;

/// A file with these bytes, in memory where the system has such a folder; each process has its own.
fn on_disk(name: &str, data: &[u8]) -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let path = folder.join(format!("mtbsync-fuzz-{}-{name}", std::process::id()));
    fs::write(&path, data).expect("the temporary folder is writable");
    path
}
