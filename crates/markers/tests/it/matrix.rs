//! Every preset at every rate in both countings with the names people really give: exported, read back by our
//! own reader, equal to the frame.

use mtbsync_formats::csv::{CsvWriter, seconds6};
use mtbsync_markers::export::{ExportOptions, ExportTable, Preset, TableOptions, export};
use mtbsync_markers::import::{ImportFormat, ImportOptions, import};
use mtbsync_markers::time::{Counting, Rate};

const RATES: [&str; 9] = [
    "23.976",
    "24",
    "25",
    "29.97",
    "30",
    "50",
    "59.94",
    "60",
    "120000/1001",
];
const TOTAL_FRAMES: i64 = 30_000;

fn names() -> Vec<String> {
    let long = "long ".repeat(60);
    [
        "plain",
        "pipe | name |M:x |D:5",
        "quotes \" ' & <b> ]]>",
        "line\nbreak\tand tab",
        "emoji 🚵\u{200D}♀\u{FE0F} ride",
        "שביל אבנים",
        "semi;hash#eq=back\\slash\\",
        "=SUM(1)",
        "",
        "a / b, c",
        long.trim(),
    ]
    .map(str::to_owned)
    .into()
}

/// Name and frame of 1,200 markers as they must come back, and the table they are exported from. The times
/// are of `file_rate`, the frames of `rate`.
fn sample(rate: Rate) -> (Vec<u8>, Vec<(String, i64)>) {
    let names = names();
    let mut wanted: Vec<(f64, i64)> = vec![(-5.0, 0)];
    wanted.extend((1..=1196).map(|index| (rate.secs_at(10 * index), 10 * index)));
    wanted.extend([(rate.secs_at(20_000), 20_000), (rate.secs_at(20_000), 20_001)]);
    wanted.push((rate.secs_at(TOTAL_FRAMES) + 7.0, TOTAL_FRAMES - 1));
    assert_eq!(wanted.len(), 1200);
    let mut writer = CsvWriter::new(&["name", "t_ref", "colour", "comment"]);
    let mut expected = Vec::new();
    for (index, (secs, frame)) in wanted.iter().enumerate() {
        let name = &names[index % names.len()];
        let secs = seconds6(*secs);
        writer.row(&[
            name.as_str(),
            &secs,
            "cyan",
            if index % 2 == 0 { "note\nof two lines" } else { "" },
        ]);
        expected.push((name.clone(), *frame));
    }
    (writer.into_bytes(), expected)
}

fn read_back(preset: Preset, files: &[Vec<u8>], rate: Rate, counting: Counting) -> Vec<(String, i64)> {
    let options = ImportOptions {
        rate: Some(rate),
        counting: Some(counting),
        timeline_start: None,
    };
    let mut markers = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let imported = import(file, None, &options).unwrap();
        let format = imported.format.unwrap();
        let expected = ImportFormat::from_name(preset.name()).unwrap();
        assert_eq!(
            format,
            expected,
            "{} file {index} taken for {}",
            preset.name(),
            format.name()
        );
        markers.extend(
            imported
                .markers
                .iter()
                .map(|m| (m.name.clone(), rate.frame_at(m.t_ref_secs))),
        );
    }
    markers
}

/// Letters and digits of ASCII: what every format keeps of a name.
fn skeleton(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[test]
fn every_preset_returns_every_marker_to_its_frame() {
    for preset in Preset::ALL
        .into_iter()
        .filter(|preset| *preset != Preset::Youtube)
    {
        for text in RATES {
            for counting in [Counting::NonDrop, Counting::Drop] {
                let file_rate = Rate::parse(text).unwrap();
                let rate = if preset.has_timecode() {
                    file_rate.for_timecode()
                } else {
                    file_rate
                };
                let (csv, expected) = sample(rate);
                let options = ExportOptions {
                    rate_is_auto: true,
                    counting,
                    duration_secs: Some(rate.secs_at(TOTAL_FRAMES)),
                    ..ExportOptions::new(file_rate, "matrix")
                };
                let table = ExportTable::parse(&csv, TableOptions::default()).unwrap();
                let has_drop = rate.den() == 1001 && rate.nominal() != 24;
                let context = format!("{} at {text} {counting:?}", preset.name());
                let exported = match export(preset, &table, &options) {
                    Ok(exported) => exported,
                    Err(error) => {
                        let is_refusal = counting == Counting::Drop && !has_drop && preset.has_timecode();
                        assert!(is_refusal && error.is_usage(), "{context}: {error}");
                        continue;
                    }
                };
                let markers = read_back(preset, &exported.files, rate, counting);
                check(preset, &expected, &markers, &context);
                if preset.has_frames() {
                    let summary = exported.summary;
                    assert_eq!(
                        (summary.exported, summary.shifted, summary.clamped),
                        (1200, 1, 2),
                        "{context}"
                    );
                }
            }
        }
    }
}

fn check(preset: Preset, expected: &[(String, i64)], markers: &[(String, i64)], context: &str) {
    assert_eq!(markers.len(), expected.len(), "{context}");
    let is_exact = !matches!(
        preset,
        Preset::ResolveEdl | Preset::Edl | Preset::Avid | Preset::PremiereCsv
    );
    for (index, ((name, frame), (got_name, got_frame))) in expected.iter().zip(markers).enumerate() {
        // Tables keep times as they are: nothing is clamped or moved.
        if preset.has_frames() || (1..=1196).contains(&index) {
            assert_eq!(got_frame, frame, "{context}: marker {index} `{name}`");
        }
        if name.is_empty() {
            continue;
        }
        if is_exact {
            assert_eq!(got_name, name, "{context}");
        } else {
            assert_eq!(skeleton(got_name), skeleton(name), "{context}");
        }
    }
}

#[test]
fn more_than_999_events_go_to_further_files() {
    let rate = Rate::whole(25);
    let (csv, _) = sample(rate);
    let table = ExportTable::parse(&csv, TableOptions::default()).unwrap();
    for preset in [Preset::ResolveEdl, Preset::Edl] {
        let exported = export(preset, &table, &ExportOptions::new(rate, "x")).unwrap();
        assert_eq!(exported.files.len(), 2);
        assert!(
            exported.summary.warnings[0].contains("_2"),
            "{:?}",
            exported.summary.warnings
        );
    }
    assert_eq!(mtbsync_markers::export::numbered_name("a.b.edl", 2), "a.b_2.edl");
}

#[test]
fn chapters_for_youtube_are_ten_seconds_apart() {
    let csv = "name,t_ref\nA <b>,3\nB,12.9\nC,20\nD,31.5\nE,3672\nF,3690\nG,3699\n";
    let table = ExportTable::parse(csv.as_bytes(), TableOptions::default()).unwrap();
    let options = ExportOptions {
        duration_secs: Some(3705.0),
        ..ExportOptions::new(Rate::whole(30), "x")
    };
    let exported = export(Preset::Youtube, &table, &options).unwrap();
    let text = String::from_utf8(exported.files[0].clone()).unwrap();
    assert_eq!(text, "0:00 A b\n0:12 B / C\n0:31 D\n1:01:12 E\n1:01:30 F / G\n");
    assert_eq!((exported.summary.exported, exported.summary.merged), (5, 2));
    let imported = import(text.as_bytes(), None, &ImportOptions::default()).unwrap();
    let times: Vec<f64> = imported.markers.iter().map(|marker| marker.t_ref_secs).collect();
    assert_eq!(times, [0.0, 12.0, 31.0, 3672.0, 3690.0]);
    let few = ExportTable::parse(b"name,t_ref\nA,30\n", TableOptions::default()).unwrap();
    let error = export(Preset::Youtube, &few, &options).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.is_usage()),
        ("YouTube needs at least 3 chapters", false)
    );
}

#[test]
fn notes_colours_and_lengths_come_back_where_they_are_carried() {
    let csv = "name,t_ref,t_ref_end,colour,comment\nA,10,12,green,left line\nB,20,,purple,\n";
    let table = ExportTable::parse(csv.as_bytes(), TableOptions::default()).unwrap();
    let rate = Rate::whole(25);
    for (preset, has_note, has_colour, has_length) in [
        (Preset::ResolveEdl, true, true, true),
        (Preset::Edl, true, true, false),
        (Preset::Fcpxml, true, false, true),
        (Preset::Premiere, true, true, true),
        (Preset::PremiereCsv, true, false, false),
        (Preset::Avid, true, true, false),
        (Preset::Otio, true, true, true),
        (Preset::Csv, true, true, true),
        (Preset::Json, true, true, true),
    ] {
        let exported = export(preset, &table, &ExportOptions::new(rate, "x")).unwrap();
        let options = ImportOptions {
            rate: Some(rate),
            ..ImportOptions::default()
        };
        let imported = import(&exported.files[0], None, &options).unwrap();
        let [a, b] = imported.markers.as_slice() else {
            panic!("{}", preset.name())
        };
        assert_eq!(
            a.comment,
            if has_note { "left line" } else { "" },
            "{}",
            preset.name()
        );
        assert_eq!(
            a.colour,
            if has_colour { "green" } else { "" },
            "{}",
            preset.name()
        );
        assert_eq!(a.t_ref_end_secs, has_length.then_some(12.0), "{}", preset.name());
        assert_eq!(b.t_ref_end_secs, None, "{}", preset.name());
    }
}

#[test]
fn an_empty_table_is_a_valid_empty_file() {
    let table = ExportTable::parse(b"name,t_ref\n", TableOptions::default()).unwrap();
    for preset in Preset::ALL
        .into_iter()
        .filter(|preset| *preset != Preset::Youtube)
    {
        let exported = export(preset, &table, &ExportOptions::new(Rate::whole(25), "x")).unwrap();
        assert_eq!(exported.files.len(), 1, "{}", preset.name());
        assert_eq!(
            exported.summary.warnings,
            ["no markers to export"],
            "{}",
            preset.name()
        );
    }
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let table = ExportTable::parse(b"name,t_ref\nA,1\n", TableOptions::default()).unwrap();
    let refused = |preset, options: &ExportOptions| export(preset, &table, options).unwrap_err();
    let fast = refused(Preset::Edl, &ExportOptions::new(Rate::whole(120), "x"));
    assert_eq!(fast.hint().as_deref(), Some("give the timeline rate"));
    for reel in ["A", "toolongname", "lower", "A B"] {
        let options = ExportOptions {
            reel: Some(reel.to_owned()),
            ..ExportOptions::new(Rate::whole(25), "x")
        };
        assert!(refused(Preset::Edl, &options).is_usage(), "{reel}");
    }
    let options = ExportOptions {
        timeline_start: Some("soon".to_owned()),
        ..ExportOptions::new(Rate::whole(25), "x")
    };
    assert!(refused(Preset::Otio, &options).is_usage());
}

#[test]
fn a_timeline_start_and_a_clip_timecode_change_no_marker() {
    use mtbsync_markers::export::ClipInfo;
    let table = ExportTable::parse(b"name,t_ref\nA,10.01\nB,20.02\n", TableOptions::default()).unwrap();
    let rate = Rate::parse("29.97").unwrap();
    for counting in [Counting::NonDrop, Counting::Drop] {
        for preset in [
            Preset::Fcpxml,
            Preset::Premiere,
            Preset::Otio,
            Preset::ResolveEdl,
            Preset::Edl,
        ] {
            let clip = ClipInfo {
                path: "C:\\rides\\GX 01.MP4".to_owned(),
                frames: 7200,
                rate: Rate::new(60_000, 1001).unwrap(),
                width: 3840,
                height: 2160,
                start_timecode: Some("10:21:07;12".to_owned()),
                audio: None,
            };
            let options = ExportOptions {
                counting,
                clip: Some(clip),
                timeline_start: Some("02:00:00:00".to_owned()),
                ..ExportOptions::new(rate, "x")
            };
            let exported = export(preset, &table, &options).unwrap();
            let options = ImportOptions {
                rate: Some(rate),
                ..ImportOptions::default()
            };
            let imported = import(&exported.files[0], None, &options).unwrap();
            let frames: Vec<i64> = imported
                .markers
                .iter()
                .map(|m| rate.frame_at(m.t_ref_secs))
                .collect();
            assert_eq!(frames, [300, 600], "{} {counting:?}", preset.name());
        }
    }
}
