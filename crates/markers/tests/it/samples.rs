//! One sample in every format, byte for byte (docs/reference/exporters.md#formats).

use mtbsync_markers::export::{
    AudioInfo, ClipInfo, ExportOptions, ExportTable, Preset, TableOptions, export,
};
use mtbsync_markers::time::{Counting, Rate};

/// The sample: a green marker at frame 300 and a review marker at frame 1800 of 3600.
const SAMPLE: &str = "name,t_new,t_new_low,t_new_high,confidence,needs_review,status,colour,comment\n\
    Rock garden,10.010000,9.9,10.1,0.97,false,ok,green,left line\n\
    Drop,60.060000,59.31,60.9,0.42,true,review,yellow,\n";

fn options() -> ExportOptions {
    let rate = Rate::parse("29.97").unwrap();
    ExportOptions {
        duration_secs: Some(120.12),
        ..ExportOptions::new(rate, "new_markers")
    }
}

fn written(preset: Preset, options: &ExportOptions) -> String {
    let table = ExportTable::parse(SAMPLE.as_bytes(), TableOptions::default()).unwrap();
    let mut export = export(preset, &table, options).unwrap();
    assert_eq!((export.files.len(), export.summary.exported), (1, 2));
    String::from_utf8(export.files.remove(0)).unwrap()
}

#[test]
fn resolve_edl() {
    let expected = "TITLE: new_markers\nFCM: NON-DROP FRAME\n\n\
        001  001      V     C        01:00:10:00 01:00:10:01 01:00:10:00 01:00:10:01  \n\
        left line |C:ResolveColorGreen |M:Rock garden |D:1\n\n\
        002  001      V     C        01:01:00:00 01:01:00:01 01:01:00:00 01:01:00:01  \n\
        [conf 0.42, 59.31-60.90 s] |C:ResolveColorRed |M:REVIEW Drop |D:1\n\n";
    assert_eq!(written(Preset::ResolveEdl, &options()), expected);
}

#[test]
fn resolve_edl_in_drop_frame() {
    let text = written(
        Preset::ResolveEdl,
        &ExportOptions {
            counting: Counting::Drop,
            ..options()
        },
    );
    assert!(text.contains("\nFCM: DROP FRAME\n"), "{text}");
    assert!(text.contains("C        01:00:10;00 01:00:10;01"), "{text}");
    assert!(text.contains("C        01:01:00;02 01:01:00;03"), "{text}");
}

#[test]
fn cmx3600() {
    assert_eq!(
        written(Preset::Edl, &options()),
        include_str!("../data/samples/sample_cmx.edl")
    );
}

#[test]
fn fcpxml_with_a_clip() {
    let clip = ClipInfo {
        path: "/media/GX010123.MP4".to_owned(),
        frames: 3600,
        rate: Rate::parse("29.97").unwrap(),
        width: 1920,
        height: 1080,
        start_timecode: None,
        audio: Some(AudioInfo {
            channels: 2,
            sample_rate: 48_000,
        }),
    };
    let options = ExportOptions {
        clip: Some(clip),
        ..options()
    };
    assert_eq!(
        written(Preset::Fcpxml, &options),
        include_str!("../data/samples/sample.fcpxml")
    );
}

#[test]
fn premiere() {
    assert_eq!(
        written(Preset::Premiere, &options()),
        include_str!("../data/samples/sample.xml")
    );
}

#[test]
fn premiere_csv() {
    let text = written(Preset::PremiereCsv, &options());
    let expected = "\u{FEFF}Marker Name\tDescription\tIn\tOut\tDuration\tMarker Type\r\n\
        Rock garden\tleft line\t00:00:10:00\t00:00:10:00\t00:00:00:00\tComment\r\n";
    assert!(text.starts_with(expected), "{text}");
    let drop = written(
        Preset::PremiereCsv,
        &ExportOptions {
            counting: Counting::Drop,
            ..options()
        },
    );
    assert!(drop.contains("\t00;01;00;02\t"), "{drop}");
}

#[test]
fn avid() {
    let text = written(Preset::Avid, &options());
    assert!(
        text.starts_with("mtbsync\t01:00:10:00\tV1\tgreen\tRock garden: left line\r\n"),
        "{text}"
    );
}

#[test]
fn youtube() {
    let text = written(Preset::Youtube, &options());
    assert_eq!(text, "0:00 Start\n0:10 Rock garden\n1:00 Drop\n");
}

#[test]
fn ffmetadata() {
    let text = written(Preset::Ffmetadata, &options());
    let start = "[CHAPTER]\nTIMEBASE=1001/30000\nSTART=0\nEND=300\ntitle=Start\n";
    let rock = "[CHAPTER]\nTIMEBASE=1001/30000\nSTART=300\nEND=1800\ntitle=Rock garden\n";
    let drop = "[CHAPTER]\nTIMEBASE=1001/30000\nSTART=1800\nEND=3600\ntitle=REVIEW Drop\n";
    assert_eq!(text, format!(";FFMETADATA1\n{start}{rock}{drop}"));
}

#[test]
fn otio() {
    let value: serde_json::Value = serde_json::from_str(&written(Preset::Otio, &options())).unwrap();
    assert_eq!(value["global_start_time"]["value"], 108_000.0);
    let marker = &value["tracks"]["markers"][0];
    assert_eq!(marker["marked_range"]["start_time"]["value"], 300.0);
    assert_eq!(
        marker["marked_range"]["start_time"]["rate"],
        29.970_029_970_029_97
    );
    assert_eq!(
        (&marker["name"], &marker["color"]),
        (&"Rock garden".into(), &"GREEN".into())
    );
    assert_eq!(marker["metadata"]["mtbsync"]["confidence"], 0.97);
}

#[test]
fn json() {
    let expected = r#"{
  "label": "markers",
  "markers": [
    {
      "name": "Rock garden",
      "t_new": 10.01,
      "t_new_low": 9.9,
      "t_new_high": 10.1,
      "confidence": 0.97,
      "needs_review": false,
      "status": "ok",
      "colour": "green",
      "comment": "left line"
    },
"#;
    assert!(written(Preset::Json, &options()).starts_with(expected));
}

#[test]
fn csv() {
    let text = written(Preset::Csv, &options());
    assert!(
        text.ends_with("Drop,60.060000,59.310000,60.900000,0.4200,true,review,yellow,\n"),
        "{text}"
    );
}
