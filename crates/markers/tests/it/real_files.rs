//! Files that real editors wrote. Times in the FCPXML files are those Final Cut Pro shows for them, as noted
//! in the tests of the project the files come from (see data/README.md).

use std::path::Path;

use mtbsync_markers::import::{ImportFormat, ImportOptions, Imported, import};

fn read(name: &str) -> Imported {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/markers")
        .join(name);
    import(&std::fs::read(path).unwrap(), None, &ImportOptions::default()).unwrap()
}

/// Format, rate, number of markers, first and last time in seconds.
#[test]
fn every_file_gives_its_markers() {
    for (name, format, rate, count, first, last) in [
        ("otio-25fps.edl", ImportFormat::Edl, "30", 4, 0.0, 17.733333),
        (
            "otio-no_spaces_test.edl",
            ImportFormat::Edl,
            "30",
            3,
            3601.466667,
            3615.433333,
        ),
        (
            "otio-screening_example.edl",
            ImportFormat::Edl,
            "30",
            3,
            3601.466667,
            3615.433333,
        ),
        (
            "otio-speed_effects_small.edl",
            ImportFormat::Edl,
            "30",
            5,
            0.0,
            691.533333,
        ),
        (
            "otio-timecode_mismatch.edl",
            ImportFormat::Edl,
            "30",
            20,
            0.0,
            69.033333,
        ),
        (
            "otio-premiere_example.xml",
            ImportFormat::Xmeml,
            "30",
            5,
            3.766667,
            26.966667,
        ),
        (
            "otio-fcpx_project.fcpxml",
            ImportFormat::Fcpxml,
            "30",
            6,
            6.0,
            90.466667,
        ),
        (
            "dawfilekit-TransitionMarkers1.fcpxml",
            ImportFormat::Fcpxml,
            "24",
            11,
            0.0,
            29.5,
        ),
        (
            "dawfilekit-MulticamMarkers.fcpxml",
            ImportFormat::Fcpxml,
            "23.976",
            3,
            1.376375,
            44.377667,
        ),
        (
            "dawfilekit-Complex.fcpxml",
            ImportFormat::Fcpxml,
            "25",
            24,
            20.64,
            428.8,
        ),
    ] {
        let imported = read(name);
        assert_eq!(imported.format, Some(format), "{name}");
        assert_eq!(imported.rate.unwrap().to_string(), rate, "{name}");
        let times: Vec<f64> = imported.markers.iter().map(|marker| marker.t_ref_secs).collect();
        assert_eq!(times.len(), count, "{name}");
        assert!(
            (times[0] - first).abs() < 1e-5 && (times[count - 1] - last).abs() < 1e-5,
            "{name} {times:?}"
        );
    }
}

/// Conformed rates, retimed clips, nested storylines, connected and compound clips. `hh:mm:ss:ff.80ths`
#[test]
fn final_cut_shows_the_same_timecodes() {
    for (name, fps, expected) in [
        (
            "dawfilekit-24.fcpxml",
            24.0,
            [
                ("Shot_01", 16, 14.0),
                ("Shot_02", 52, 5.0),
                ("Shot_04", 113, 12.95),
                ("Shot_06", 138, 7.025),
                ("Shot_07", 144, 0.0),
                ("Shot_10", 224, 15.0),
                ("INSIDE 2", 243, 9.8625),
                ("Marker 17", 249, 0.2),
            ],
        ),
        (
            "dawfilekit-30.fcpxml",
            30.0,
            [
                ("Shot_01", 16, 16.8125),
                ("Shot_02", 52, 7.2625),
                ("Shot_04", 113, 18.1875),
                ("Shot_06", 138, 10.55),
                ("Shot_07", 144, 1.9875),
                ("Shot_10", 224, 21.2625),
                ("INSIDE 2", 243, 17.0875),
                ("Marker 17", 249, 9.0),
            ],
        ),
        (
            "dawfilekit-50.fcpxml",
            50.0,
            [
                ("Shot_01", 16, 29.025),
                ("Shot_02", 52, 12.775),
                ("Shot_04", 113, 33.6625),
                ("Shot_06", 138, 22.9125),
                ("Shot_07", 144, 8.975),
                ("Shot_10", 224, 43.775),
                ("INSIDE 2", 243, 35.8125),
                ("Marker 17", 249, 21.325),
            ],
        ),
    ] {
        let imported = read(name);
        for (marker_name, secs, frames) in expected {
            let marker = imported.markers.iter().find(|marker| marker.name == marker_name);
            let marker = marker.unwrap_or_else(|| panic!("{name}: no {marker_name}"));
            let wanted = f64::from(secs) + frames / fps;
            let error_frames = (marker.t_ref_secs - wanted) * fps;
            // The other program counts in 80ths of a frame and says itself that some are off by one.
            assert!(error_frames.abs() < 0.03, "{name} {marker_name}: {error_frames}");
        }
    }
}

#[test]
fn names_notes_and_states_are_kept() {
    let imported = read("dawfilekit-Complex.fcpxml");
    let marker = |name: &str| {
        imported
            .markers
            .iter()
            .find(|marker| marker.name == name)
            .unwrap()
    };
    assert_eq!(marker("(To-Do) Red Giant").comment, "Note Test 6 to-do");
    assert_eq!(marker("(Completed) Lava").comment, "Nice Lava done");
    let imported = read("otio-screening_example.edl");
    let names: Vec<_> = imported
        .markers
        .iter()
        .map(|m| (m.name.as_str(), m.colour.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("ANIM FIX NEEDED", "red"),
            ("ANIM FIX NEEDED", "pink"),
            ("", "green")
        ]
    );
}

#[test]
fn the_marker_csv_has_its_columns() {
    let text = String::from_utf8(read("otio-screening_example.edl").to_csv()).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap(),
        "marker_id,name,t_ref,t_ref_end,colour,comment,source"
    );
    assert_eq!(
        lines.next().unwrap(),
        "M001,ANIM FIX NEEDED,3601.466667,,red,,edl"
    );
}
