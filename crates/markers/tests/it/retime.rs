//! The new run retimed onto the reference: what the editor shows at a frame is what the map says.

use mtbsync_markers::export::{ClipInfo, ExportOptions, ExportTable, Preset, TableOptions, export};
use mtbsync_markers::import::{ImportOptions, import};
use mtbsync_markers::retime::{Retime, RetimePoint};
use mtbsync_markers::time::Rate;

const CSV: &[u8] = b"name,t_ref,t_new\nA,10.01,1\nB,60.06,2\n";

fn clip(path: &str, frames: i64, rate: Rate) -> ClipInfo {
    let path = path.to_owned();
    ClipInfo {
        path,
        frames,
        rate,
        width: 1920,
        height: 1080,
        start_timecode: None,
        audio: None,
    }
}

/// A ride that is slower and slower, a gap, and a second stretch.
fn options(rate: Rate) -> ExportOptions {
    let point = |t_ref_secs: f64| RetimePoint {
        t_new_secs: 3.0 + t_ref_secs * (1.0 + t_ref_secs / 90.0),
        t_ref_secs,
    };
    let segments = vec![
        (0..300).map(|tenth| point(f64::from(tenth) / 10.0)).collect(),
        (400..600).map(|tenth| point(f64::from(tenth) / 10.0)).collect(),
    ];
    ExportOptions {
        clip: Some(clip("/v/new.mp4", 9000, Rate::new(60_000, 1001).unwrap())),
        retime: Some(Retime {
            reference: clip("/v/ref.mp4", 3000, rate),
            segments,
        }),
        ..ExportOptions::new(rate, "retimed")
    }
}

fn table() -> ExportTable {
    ExportTable::parse(
        CSV,
        TableOptions {
            time_column: Some("t_ref"),
            ..TableOptions::default()
        },
    )
    .unwrap()
}

#[test]
fn markers_stay_on_the_reference() {
    let rate = Rate::parse("29.97").unwrap();
    for preset in [Preset::Fcpxml, Preset::Premiere, Preset::Otio] {
        let exported = export(preset, &table(), &options(rate)).unwrap();
        let imported = import(&exported.files[0], None, &ImportOptions::default()).unwrap();
        let frames: Vec<i64> = imported
            .markers
            .iter()
            .map(|m| rate.frame_at(m.t_ref_secs))
            .collect();
        assert_eq!(frames, [300, 1800], "{}", preset.name());
    }
}

#[test]
fn otio_shows_the_place_of_the_reference_to_a_fraction_of_a_frame() {
    let rate = Rate::parse("29.97").unwrap();
    let exported = export(Preset::Otio, &table(), &options(rate)).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&exported.files[0]).unwrap();
    let mut at_frame = 0.0;
    let mut clips = 0;
    for item in value["tracks"]["children"][1]["children"].as_array().unwrap() {
        let length = item["source_range"]["duration"]["value"].as_f64().unwrap();
        if item["OTIO_SCHEMA"] == "Clip.2" {
            clips += 1;
            let start = item["source_range"]["start_time"]["value"].as_f64().unwrap();
            let speed = item["effects"][0]["time_scalar"].as_f64().unwrap();
            for frame in 0..length as i64 {
                let t_ref = rate.secs_at(at_frame as i64 + frame);
                let wanted = 3.0 + t_ref * (1.0 + t_ref / 90.0);
                let shown = (start + speed * frame as f64) / rate.as_f64();
                assert!(
                    (shown - wanted).abs() < 0.012,
                    "{t_ref}: {shown} instead of {wanted}"
                );
            }
        }
        at_frame += length;
    }
    assert!(clips < 60, "{clips} pieces");
    assert_eq!(at_frame as i64, rate.frame_at(59.9));
}

#[test]
fn only_some_formats_and_only_with_the_recording() {
    let rate = Rate::whole(25);
    let error = export(Preset::Edl, &table(), &options(rate)).unwrap_err();
    assert_eq!(error.hint().as_deref(), Some("use fcpxml, premiere or otio"));
    let without_clip = ExportOptions {
        clip: None,
        ..options(rate)
    };
    assert!(
        export(Preset::Otio, &table(), &without_clip)
            .unwrap_err()
            .is_usage()
    );
}
