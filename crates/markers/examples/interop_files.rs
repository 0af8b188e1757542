//! Writes files for other programs to read, and what they must find in them: `interop_files OUTDIR`.
//! `scripts/interop.py` does the reading.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;

use mtbsync_formats::csv::{CsvWriter, seconds6};
use mtbsync_formats::json;
use mtbsync_markers::export::{ClipInfo, ExportOptions, ExportTable, Preset, TableOptions, export};
use mtbsync_markers::retime::{Retime, RetimePoint};
use mtbsync_markers::time::{Counting, Rate, Timebase};
use serde_json::{Value, json};

const RATES: [&str; 8] = ["23.976", "24", "25", "29.97", "30", "50", "59.94", "60"];
const TOTAL_FRAMES: i64 = 6000;
const MARKERS: [(&str, i64); 5] = [
    ("Start gate", 0),
    ("Rock & <roll>", 301),
    ("Brücke 🚵", 1800),
    ("\"Drop\"", 3597),
    ("Last frame", 5999),
];
/// Corners of the retiming, as frames of the new run and of the reference; a gap after the third.
const RETIMED: [(i64, i64); 5] = [(100, 0), (700, 1000), (1700, 1500), (2000, 2500), (5000, 5900)];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: interop_files OUTDIR")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let mut expected = Vec::new();
    for text in RATES {
        let rate = Rate::parse(text)?;
        for counting in [Counting::NonDrop, Counting::Drop] {
            if Timebase::new(rate, counting).is_err() {
                continue;
            }
            for preset in Preset::ALL {
                expected.push(write(folder, preset, rate, counting, false)?);
                if preset.has_retiming() {
                    expected.push(write(folder, preset, rate, counting, true)?);
                }
            }
        }
    }
    std::fs::write(folder.join("expected.json"), json::to_vec(&expected)?)?;
    println!("{} files in {}", expected.len(), folder.display());
    Ok(())
}

fn segments(rate: Rate) -> Vec<Vec<RetimePoint>> {
    let points = RETIMED.map(|(new, reference)| RetimePoint {
        t_new_secs: rate.secs_at(new),
        t_ref_secs: rate.secs_at(reference),
    });
    let (first, second) = points.split_at(3);
    vec![first.to_vec(), second.to_vec()]
}

/// Writes one file and returns its entry in expected.json.
fn write(
    folder: &Path,
    preset: Preset,
    rate: Rate,
    counting: Counting,
    is_retimed: bool,
) -> Result<Value, Box<dyn Error>> {
    let mut writer = CsvWriter::new(&["name", "t_ref", "colour", "comment"]);
    for (name, frame) in MARKERS {
        writer.row(&[name, &seconds6(rate.secs_at(frame)), "green", "a note"]);
    }
    let table = ExportTable::parse(&writer.into_bytes(), TableOptions::default())?;
    let clip = ClipInfo {
        path: "/media/rides/GX 010123.MP4".to_owned(),
        frames: TOTAL_FRAMES,
        rate,
        width: 1920,
        height: 1080,
        start_timecode: None,
        audio: None,
    };
    let retime = is_retimed.then(|| Retime {
        reference: clip.clone(),
        segments: segments(rate),
    });
    let options = ExportOptions {
        counting,
        clip: Some(clip),
        retime,
        ..ExportOptions::new(rate, "interop")
    };
    let exported = export(preset, &table, &options)?;
    let mode = match counting {
        Counting::NonDrop => "ndf",
        Counting::Drop => "df",
    };
    let name = format!(
        "{}-{}-{mode}{}{}",
        rate.to_string().replace('.', "_"),
        preset.name(),
        if is_retimed { "-retimed" } else { "" },
        preset.default_suffix()
    );
    if let Some(bytes) = exported.files.first() {
        std::fs::write(folder.join(&name), bytes)?;
    }
    let markers: Vec<Value> = MARKERS
        .iter()
        .map(|(name, frame)| json!({"name": name, "frame": frame}))
        .collect();
    Ok(json!({
        "file": name,
        "preset": preset.name(),
        "rate": [rate.num(), rate.den()],
        "drop": counting == Counting::Drop,
        "start": exported.summary.start,
        "total_frames": TOTAL_FRAMES,
        "markers": markers,
        "retimed": is_retimed.then(|| RETIMED.map(|(new, reference)| json!({"new": new, "ref": reference}))),
    }))
}
