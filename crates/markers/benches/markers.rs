//! Five hundred markers carried over, and written for each editor.

use divan::{Bencher, black_box};
use mtbsync_markers::export::{ExportMarker, ExportOptions, ExportTable, Preset, export};
use mtbsync_markers::time::Rate;
use mtbsync_markers::{InverseMap, Marker, TimeEstimate, TransferOptions, transfer};

fn main() {
    divan::main();
}

const MARKERS: usize = 500;

struct Straight;

impl InverseMap for Straight {
    fn locate(&self, t_ref_secs: f64) -> Option<TimeEstimate> {
        let t_new_secs = 1.1 * t_ref_secs - 3.0;
        Some(TimeEstimate {
            t_new_secs,
            low_secs: t_new_secs - 0.05,
            high_secs: t_new_secs + 0.05,
            confidence: 0.99,
            in_stop: false,
        })
    }
}

#[divan::bench]
fn transfer_500(bencher: Bencher) {
    let markers: Vec<Marker> = (0..MARKERS)
        .map(|k| Marker {
            id: k.to_string(),
            name: format!("Corner {k}"),
            t_ref_secs: 1.7 * k as f64,
            t_ref_end_secs: None,
            colour: "Red".to_owned(),
            comment: String::new(),
            extra: Vec::new(),
        })
        .collect();
    let options = TransferOptions {
        review_threshold: 0.8,
        forced: false,
        new_duration_secs: Some(900.0),
    };
    bencher.bench(|| transfer(black_box(&markers), &Straight, options));
}

#[divan::bench(args = [Preset::ResolveEdl, Preset::Fcpxml, Preset::Premiere, Preset::Otio, Preset::Csv])]
fn export_500(bencher: Bencher, preset: Preset) {
    let Ok(rate) = Rate::parse("30000/1001") else {
        return;
    };
    let table = ExportTable {
        markers: (0..MARKERS)
            .map(|k| ExportMarker {
                t_secs: 1.7 * k as f64,
                name: format!("Corner {k}"),
                colour: "Red".to_owned(),
                ..ExportMarker::default()
            })
            .collect(),
        ..ExportTable::default()
    };
    let options = ExportOptions::new(rate, "new_markers");
    bencher.bench(|| export(preset, black_box(&table), &options));
}
