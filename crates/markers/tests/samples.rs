//! The sample files of the specification, byte for byte.

#![allow(clippy::unwrap_used)]

use mtbsync_markers::export::{ExportOptions, ExportTable, Preset, TableOptions, export};
use mtbsync_markers::time::{Counting, Rate};

/// The sample of editors.md: a green marker at frame 300 and a review marker at frame 1800 of 3600.
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
