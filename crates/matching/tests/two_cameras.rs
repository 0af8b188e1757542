//! The sample pair, and the same with a new camera that sees less: a recording described again through a view
//! stands for one that was filmed so.

#![allow(clippy::expect_used)] // a helper that fails is a failing test

use std::path::{Path, PathBuf};

use mtbsync_index::describe::{describe, open};
use mtbsync_index::features::{Features, IndexParams};
use mtbsync_index::remapped::remapped;
use mtbsync_index::tracks::Tracks;
use mtbsync_matching::align::{Alignment, align};
use mtbsync_matching::geometry::Wider;
use mtbsync_matching::settings::{MatchSettings, Matcher};
use mtbsync_task::progress::{Cancel, Silent, Stage, Task};
use mtbsync_telemetry::lens::{Lens, LensFrom, LensMode, Lenses};
use mtbsync_vision::remap::ViewMap;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../data/sample")
        .join(name)
}

fn features(name: &str, task: &Task<'_>) -> Features {
    let opened = open(&sample(name), false, false).expect("the sample opens");
    let params = IndexParams {
        fps: 3.0,
        n_features: 0,
        clahe: false,
        precise: false,
    };
    describe(&opened, params, Stage::Index, task)
        .expect("the sample is described")
        .0
}

/// New and reference seconds.
fn truth() -> Vec<(f64, f64)> {
    let text = std::fs::read_to_string(sample("truth.csv")).expect("the truth of the sample");
    let row = |line: &str| {
        let mut cells = line.split(',').map(str::parse::<f64>);
        Some((cells.next()?.ok()?, cells.next()?.ok()?))
    };
    text.lines().filter_map(row).collect()
}

/// Median error of the pairs, seconds.
fn median_error_secs(found: &Alignment) -> f64 {
    let truth = truth();
    let error = |t_new: f64, t_ref: f64| {
        let next = truth.partition_point(|row| row.0 < t_new);
        let (a, b) = (truth.get(next.checked_sub(1)?)?, truth.get(next)?);
        let true_ref = a.1 + (b.1 - a.1) * (t_new - a.0) / (b.0 - a.0);
        Some((t_ref - true_ref).abs())
    };
    let mut errors: Vec<f64> = found
        .pairs
        .iter()
        .filter_map(|pair| error(pair.t_new_secs, pair.t_ref_secs))
        .collect();
    errors.sort_by(f64::total_cmp);
    errors[errors.len() / 2]
}

/// The recording, of whose lens its camera says this.
fn saying(features: &Features, mode: LensMode, diagonal_deg: f64) -> Features {
    let lens = Lens {
        mode: Some(mode),
        diagonal_deg: Some(diagonal_deg),
    };
    let mut lenses = Lenses::default();
    lenses.push(LensFrom { from_secs: 0.0, lens });
    Features {
        lenses,
        ..features.clone()
    }
}

#[test]
fn what_one_camera_sees_wider_is_found_and_makes_no_bias() {
    let task = Task {
        progress: &Silent,
        cancel: &Cancel::default(),
        threads: 2,
        scratch: None,
    };
    let (reference, new) = (features("reference.mp4", &task), features("new.mp4", &task));
    let settings = MatchSettings {
        matcher: Matcher::Dense,
        ..MatchSettings::default()
    };
    let aligned =
        |new: &Features| align(&reference, new, &Tracks::default(), &settings, &task).expect("alignment");

    let alike = aligned(&new);
    assert!(alike.geometry.is_none(), "{:?}", alike.geometry);
    assert!(median_error_secs(&alike) < 0.012);

    let zoom = ViewMap {
        log_scale: 1.2f64.ln(),
        ..ViewMap::IDENTITY
    };
    let narrower = remapped(&new, &zoom, &task).expect("room for the descriptors");
    let zoomed = aligned(&narrower);
    let geometry = zoomed.geometry.expect("the reference sees wider");
    assert_eq!(geometry.wider, Wider::Reference);
    assert!((geometry.new_is_wider() * 1.2 - 1.0).abs() < 0.02, "{geometry:?}");
    assert!(
        geometry.roll_deg().abs() < 1.5 && geometry.map.bend == 0.0,
        "{geometry:?}"
    );
    assert!(
        median_error_secs(&zoomed) < 0.016,
        "{}",
        median_error_secs(&zoomed)
    );

    // What the cameras say is a guess: right, on the wrong side, of another projection. The pictures decide.
    let (linear, wide) = (LensMode::Linear, LensMode::Wide);
    for said in [
        [(linear, 92.0), (linear, 81.6)],
        [(linear, 81.6), (linear, 92.0)],
        [(wide, 140.0), (linear, 92.0)],
    ] {
        let [reference, new] = [(&reference, said[0]), (&narrower, said[1])]
            .map(|(side, (mode, diagonal_deg))| saying(side, mode, diagonal_deg));
        let told = align(&reference, &new, &Tracks::default(), &settings, &task).expect("alignment");
        assert_eq!(told.geometry, Some(geometry), "{said:?}");
        assert!(told.pairs == zoomed.pairs, "{said:?}");
    }

    // Indexes of an earlier version have no pictures; what was filmed is all there is.
    let without = aligned(&Features {
        luma: Default::default(),
        ..narrower
    });
    assert!(without.geometry.is_none());
    assert!(without.pairs.len() > 50 && median_error_secs(&without) < 0.1);
}
