//! No input makes a reader panic, loop or give times that are no numbers.

use mtbsync_markers::export::{ExportOptions, ExportTable, Preset, TableOptions, export};
use mtbsync_markers::import::{ImportFormat, ImportOptions, import};
use mtbsync_markers::time::Rate;
use proptest::prelude::*;

fn feed_all(bytes: &[u8]) {
    let formats = ImportFormat::ALL.into_iter().map(Some).chain([None]);
    for format in formats {
        if let Ok(imported) = import(bytes, format, &ImportOptions::default()) {
            assert!(
                imported
                    .markers
                    .iter()
                    .all(|marker| marker.t_ref_secs.is_finite())
            );
            assert!(!imported.to_csv().is_empty());
        }
    }
    let _ = mtbsync_markers::read_markers(bytes, Some(Rate::whole(25)));
    let _ = mtbsync_markers::presets::read_presets(&[(
        "x".to_owned(),
        String::from_utf8_lossy(bytes).into_owned(),
    )]);
}

/// One valid file of every format.
fn valid_files() -> Vec<Vec<u8>> {
    let csv = b"name,t_ref,t_ref_end,colour,comment\nA,0,12,green,left\nB,20.5,,,\nC,40,,#ff0000,x\n";
    let table = ExportTable::parse(csv, TableOptions::default()).unwrap();
    let options = ExportOptions::new(Rate::parse("29.97").unwrap(), "x");
    Preset::ALL
        .into_iter()
        .map(|preset| export(preset, &table, &options).unwrap().files.remove(0))
        .collect()
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        feed_all(&bytes);
    }

    #[test]
    fn mutated_files(index in 0usize..11, edits in proptest::collection::vec((any::<u16>(), any::<u8>(), 0u8..4), 1..8)) {
        let mut bytes = valid_files().swap_remove(index);
        for (position, value, kind) in edits {
            let position = usize::from(position) % bytes.len().max(1);
            match kind {
                0 => bytes[position] = value,
                1 => bytes.insert(position, b"0123456789:;<>\"{}"[usize::from(value) % 17]),
                2 => drop(bytes.drain(position..(position + usize::from(value)).min(bytes.len()))),
                _ => {
                    let piece: Vec<u8> = bytes.iter().skip(position).take(usize::from(value)).copied().collect();
                    bytes.splice(position..position, piece);
                }
            }
            if bytes.is_empty() {
                return Ok(());
            }
        }
        feed_all(&bytes);
    }

}

proptest! {
    // Each case is some hundred files.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn extreme_numbers(number in "-?[0-9]{1,25}(\\.[0-9]{1,5})?(e[0-9]{1,3})?") {
        for file in valid_files() {
            let text = String::from_utf8(file).unwrap();
            for from in ["300300", "614", "20.5", "1001", "30000", "107892", "108000.0", "614.0"] {
                feed_all(text.replacen(from, &number, 1).as_bytes());
            }
        }
    }
}

proptest! {
    #[test]
    fn any_number_can_be_exported(times in proptest::collection::vec(proptest::num::f64::NORMAL, 1..6), duration in proptest::option::of(proptest::num::f64::ANY)) {
        let rows: String = times.iter().map(|time| format!("A,{time:e},{:e}\n", time * 1.5)).collect();
        let csv = format!("name,t_ref,t_ref_end\n{rows}");
        if let Ok(table) = ExportTable::parse(csv.as_bytes(), TableOptions::default()) {
            let rate = Rate::parse("59.94").unwrap();
            let options = ExportOptions { duration_secs: duration, ..ExportOptions::new(rate, "x") };
            for preset in Preset::ALL {
                let _ = export(preset, &table, &options);
            }
        }
    }
}

#[test]
fn deep_nesting_is_refused_quickly() {
    feed_all("{\"children\":[".repeat(50_000).as_bytes());
    feed_all("<a>".repeat(50_000).as_bytes());
    let mut looped = String::from("<fcpxml><resources>");
    looped.push_str("<media id=\"r1\"><sequence><spine>");
    looped.push_str(
        &"<ref-clip ref=\"r1\" duration=\"9s\"><marker start=\"1s\" value=\"x\"/></ref-clip>".repeat(3),
    );
    looped.push_str("</spine></sequence></media></resources><project><sequence><spine>");
    looped.push_str("<ref-clip ref=\"r1\" duration=\"9s\"/></spine></sequence></project></fcpxml>");
    feed_all(looped.as_bytes());
}
