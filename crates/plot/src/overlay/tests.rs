use proptest::prelude::*;

use super::*;

fn curve(from: f64, to: f64, half_band: f64, map: impl Fn(f64) -> f64) -> Vec<CurvePoint> {
    let steps = ((to - from) / 0.25) as usize;
    (0..=steps)
        .map(|i| {
            let t_new = from + i as f64 * 0.25;
            let t_ref = map(t_new);
            CurvePoint {
                t_new,
                t_ref,
                low: t_ref - half_band,
                high: t_ref + half_band,
            }
        })
        .collect()
}

fn marker(name: &str, t_ref: f64, t_new: Option<f64>) -> MarkerPoint {
    MarkerPoint {
        name: name.to_owned(),
        t_ref,
        t_new,
        low: t_new.map(|t| t - 0.1),
        high: t_new.map(|t| t + 0.1),
        needs_review: t_new.is_none(),
        confidence: 0.9,
    }
}

fn plain() -> Overlay {
    Overlay {
        title: "new.mp4 on ref.mp4".to_owned(),
        new_duration_secs: 100.0,
        ref_duration_secs: 110.0,
        curve: vec![curve(2.0, 98.0, 0.2, |t| t * 1.05 + 3.0)],
        pairs: (0..90)
            .map(|i| PairPoint {
                t_new: f64::from(i) + 3.0,
                t_ref: (f64::from(i) + 3.0) * 1.05 + 3.1,
                confidence: 0.8,
            })
            .collect(),
        markers: vec![marker("Start gate", 10.0, Some(6.67))],
        ..Overlay::default()
    }
}

#[test]
fn both_axes_have_the_same_scale() {
    let data = plain();
    let layout = OverlayLayout::new(&data, (1200.0, 900.0), 0.0);
    let (x0, y0) = layout.at(0.0, 0.0);
    let (x1, y1) = layout.at(10.0, 10.0);
    assert!(((x1 - x0) - (y0 - y1)).abs() < 1e-9);
}

#[test]
fn very_unequal_lengths_keep_the_scale_and_a_usable_frame() {
    let data = Overlay {
        new_duration_secs: 10_800.0,
        ref_duration_secs: 60.0,
        ..plain()
    };
    let layout = OverlayLayout::new(&data, (1200.0, 900.0), 0.0);
    assert!(layout.area.height > 200.0);
    let (x0, y0) = layout.at(0.0, 0.0);
    let (x1, y1) = layout.at(60.0, 60.0);
    assert!(((x1 - x0) - (y0 - y1)).abs() < 1e-9);
}

#[test]
fn a_refused_run_says_so_with_its_reasons() {
    let data = Overlay {
        verdict: OverlayVerdict::NotAligned,
        reasons: vec!["no common stretch".to_owned(), "coverage 0.1 < 0.5".to_owned()],
        curve: Vec::new(),
        ..plain()
    };
    let svg = data.svg();
    assert!(svg.contains("Not aligned: no common stretch; coverage 0.1 &lt; 0.5"));
    assert!(!svg.contains(">Aligned<"));
}

#[test]
fn hostile_names_stay_text() {
    let mut data = plain();
    data.title = "</svg><script>alert(1)</script>".to_owned();
    data.markers = vec![
        marker("<image href='x'/>&\"", 20.0, Some(16.2)),
        marker("🚵‍♂️ נתיב \u{202e}\u{0}\u{ffff}", 40.0, Some(35.2)),
        marker(&"long ".repeat(200), 60.0, Some(54.3)),
        marker("", 70.0, None),
    ];
    let svg = data.svg();
    assert_eq!(svg.matches("</svg>").count(), 1);
    assert!(!svg.contains("<script") && !svg.contains("<image"));
    assert!(svg.contains("long long") && !svg.contains(&"long ".repeat(30)));
    assert!(data.png().is_ok());
}

#[test]
fn stretches_without_counterpart_are_shaded_on_both_axes() {
    let whole = Overlay {
        curve: vec![curve(0.0, 100.0, 0.1, |t| t * 1.1)],
        ..plain()
    };
    let partial = Overlay {
        curve: vec![
            curve(10.0, 40.0, 0.1, |t| t),
            curve(60.0, 90.0, 0.1, |t| t + 10.0),
        ],
        ..plain()
    };
    let shaded = |data: &Overlay| {
        let svg = data.svg();
        let group = svg
            .split("<g opacity=\"0.17\">")
            .nth(1)
            .and_then(|rest| rest.split("</g>").next());
        group.map_or(0, |g| g.matches("<rect").count())
    };
    assert_eq!(shaded(&whole), 0);
    assert_eq!(shaded(&partial), 6);
}

#[test]
fn the_legend_names_only_what_is_there() {
    let svg = plain().svg();
    assert!(svg.contains("Same place, with 90 % band"));
    assert!(!svg.contains("stands still") && !svg.contains("without counterpart"));
    let stopped = Overlay {
        stops: vec![StopSpan {
            side: Rider::New,
            from: 20.0,
            to: 30.0,
        }],
        ..plain()
    };
    assert!(stopped.svg().contains("A rider stands still"));
}

#[test]
fn the_same_data_gives_the_same_bytes_of_the_asked_size() {
    let data = Overlay {
        size: (640, 480),
        ..plain()
    };
    let (first, second) = (data.png(), data.png());
    assert!(first.is_ok());
    assert_eq!(first.as_ref().ok(), second.as_ref().ok());
    let png = first.unwrap_or_default();
    assert_eq!(png.get(16..24), Some([0, 0, 2, 128, 0, 0, 1, 224].as_slice()));
    let refused = Overlay {
        size: (0, 480),
        ..plain()
    }
    .png();
    assert!(refused.is_err_and(|e| e.hint().is_some()));
}

#[test]
fn a_long_dense_run_stays_a_small_file() {
    let data = Overlay {
        new_duration_secs: 10_800.0,
        ref_duration_secs: 10_800.0,
        curve: vec![curve(0.0, 10_800.0, 0.1, |t| t)],
        pairs: (0..32_000)
            .map(|i| PairPoint {
                t_new: f64::from(i) / 3.0,
                t_ref: f64::from(i) / 3.0,
                confidence: 0.9,
            })
            .collect(),
        ..plain()
    };
    assert!(data.svg().len() < 1_500_000);
}

fn draws(durations: (f64, f64), points: &[(f64, f64)], names: Vec<String>) -> bool {
    let mut data = plain();
    (data.new_duration_secs, data.ref_duration_secs) = durations;
    let on_curve = |&(t_new, t_ref): &(f64, f64)| CurvePoint {
        t_new,
        t_ref,
        low: t_ref,
        high: t_new,
    };
    data.curve.push(points.iter().map(on_curve).collect());
    data.pairs.extend(points.iter().map(|&(t_ref, t_new)| PairPoint {
        t_new,
        t_ref,
        confidence: t_ref,
    }));
    data.markers = names
        .iter()
        .enumerate()
        .map(|(i, n)| marker(n, i as f64 * 7.0, (i % 3 > 0).then_some(i as f64)))
        .collect();
    data.reasons = names;
    data.verdict = OverlayVerdict::NotAligned;
    data.size = (320, 240);
    data.png().is_ok()
}

#[test]
fn a_pair_years_away_does_not_stop_the_picture() {
    let points = [
        (65_312_072.682_883_92, 0.0),
        (0.0, 149.951_652_738_767_93),
        (0.0, 161.887_809_182_431_45),
    ];
    assert!(draws((0.0, 0.0), &points, Vec::new()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever the numbers and names, the markup stays well formed.
    #[test]
    fn any_data_makes_a_picture(
        durations in (any::<f64>(), any::<f64>()),
        points in prop::collection::vec((any::<f64>(), -10.0..200.0f64), 0..12),
        names in prop::collection::vec(any::<String>(), 0..8),
    ) {
        prop_assert!(draws(durations, &points, names));
    }
}
