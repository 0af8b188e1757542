//! Laws of feature extraction on generated pictures.

use mtbsync_vision::image::LumaView;
use mtbsync_vision::matching::ratio_matches;
use mtbsync_vision::orb::{Extractor, LocalFeatures, OrbParams};
use proptest::prelude::*;

/// A textured picture defined at every real point, so that it can be turned and zoomed exactly: blocks of
/// random grey at three sizes.
fn texture(x: f64, y: f64) -> f64 {
    let block = |size: f64, salt: u64| {
        let (i, j) = ((x / size).floor() as i64 as u64, (y / size).floor() as i64 as u64);
        let mut h = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ j.wrapping_mul(0xc2b2_ae3d_27d4_eb4f) ^ salt;
        h ^= h >> 29;
        h = h.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        h ^= h >> 32;
        (h & 0xff) as f64
    };
    0.5 * block(29.0, 1) + 0.3 * block(13.0, 2) + 0.2 * block(47.0, 3)
}

/// The texture seen by a camera turned by `degrees` and zoomed by `zoom` about the picture centre.
fn render(width: usize, height: usize, degrees: f64, zoom: f64) -> Vec<u8> {
    const SUBSAMPLES: usize = 3;
    let (sin, cos) = degrees.to_radians().sin_cos();
    let mut out = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let mut sum = 0.0;
            for k in 0..SUBSAMPLES * SUBSAMPLES {
                let at = |i: usize| (i as f64 + 0.5) / SUBSAMPLES as f64 - 0.5;
                let u = x as f64 + at(k % SUBSAMPLES) - width as f64 / 2.0;
                let v = y as f64 + at(k / SUBSAMPLES) - height as f64 / 2.0;
                sum += texture((cos * u + sin * v) / zoom, (cos * v - sin * u) / zoom);
            }
            out.push((sum / (SUBSAMPLES * SUBSAMPLES) as f64) as u8);
        }
    }
    out
}

fn features(width: usize, height: usize, data: &[u8], params: OrbParams) -> LocalFeatures {
    let extract = |view| Extractor::new(params).extract(&view, None);
    LumaView::new(width, height, data)
        .map(extract)
        .unwrap_or_default()
}

const WIDTH: usize = 480;
const HEIGHT: usize = 360;

/// Share of ratio-test matches that land within 2.5 px of where the motion puts them, and their number.
fn repeatability(degrees: f64, zoom: f64) -> (f64, usize) {
    let params = OrbParams::default();
    let first = features(WIDTH, HEIGHT, &render(WIDTH, HEIGHT, 0.0, 1.0), params);
    let second = features(WIDTH, HEIGHT, &render(WIDTH, HEIGHT, degrees, zoom), params);
    let matches = ratio_matches(&first.descriptors, &second.descriptors, 0.75, true);
    let (sin, cos) = degrees.to_radians().sin_cos();
    let right = matches.iter().filter(|m| {
        let (a, b) = (
            &first.keypoints[m.query as usize],
            &second.keypoints[m.train as usize],
        );
        let centre = |p: f32, side: usize| f64::from(p) + 0.5 - side as f64 / 2.0;
        let (u, v) = (centre(a.x, WIDTH), centre(a.y, HEIGHT));
        let (x, y) = (zoom * (cos * u - sin * v), zoom * (sin * u + cos * v));
        (x - centre(b.x, WIDTH)).hypot(y - centre(b.y, HEIGHT)) < 2.5
    });
    (right.count() as f64 / matches.len().max(1) as f64, matches.len())
}

#[test]
fn features_survive_turning_and_zooming() {
    for (degrees, zoom, fewest) in [
        (0.0, 1.0, 700),
        (10.0, 1.0, 150),
        (90.0, 1.0, 200),
        (37.0, 1.2, 60),
        (0.0, 1.4, 80),
    ] {
        let (right, matches) = repeatability(degrees, zoom);
        assert!(
            matches >= fewest && right > 0.9,
            "{degrees}° × {zoom}: {matches} matches, {right:.3} right"
        );
    }
}

#[test]
fn the_same_picture_gives_the_same_features_also_with_used_buffers() {
    let picture = render(WIDTH, HEIGHT, 5.0, 1.0);
    let other = render(200, 300, 5.0, 2.0);
    let view = LumaView::new(WIDTH, HEIGHT, &picture).unwrap();
    let mut extractor = Extractor::new(OrbParams::default());
    let first = extractor.extract(&view, None);
    extractor.extract(&LumaView::new(200, 300, &other).unwrap(), None);
    assert_eq!(extractor.extract(&view, None), first);
}

#[test]
fn about_as_many_features_as_asked_for_are_spread_over_the_picture() {
    let picture = render(WIDTH, HEIGHT, 0.0, 1.0);
    let found = features(
        WIDTH,
        HEIGHT,
        &picture,
        OrbParams {
            n_features: 400,
            ..OrbParams::default()
        },
    );
    assert!(
        (380..=400).contains(&found.keypoints.len()),
        "{}",
        found.keypoints.len()
    );
    assert_eq!(found.keypoints.len(), found.descriptors.len());
    for quarter in 0..4 {
        let inside = found.keypoints.iter().filter(|k| {
            usize::from(k.x >= WIDTH as f32 / 2.0) + 2 * usize::from(k.y >= HEIGHT as f32 / 2.0) == quarter
        });
        assert!(inside.count() > 60);
    }
}

#[test]
fn masked_places_have_no_features() {
    let picture = render(WIDTH, HEIGHT, 0.0, 1.0);
    let view = LumaView::new(WIDTH, HEIGHT, &picture).unwrap();
    let found = Extractor::new(OrbParams::default()).extract(&view, Some(&|x, _| x < 200.0));
    assert!(found.keypoints.len() > 300);
    // Sub-pixel refinement may move a corner by half a pixel of its level.
    assert!(found.keypoints.iter().all(|k| k.x < 202.0));
}

#[test]
fn pictures_without_corners_have_no_features() {
    for (width, height, grey) in [
        (0, 0, 0),
        (1, 1, 255),
        (31, 31, 9),
        (960, 10, 80),
        (320, 240, 0),
        (320, 240, 255),
    ] {
        let found = features(width, height, &vec![grey; width * height], OrbParams::default());
        assert_eq!(found, LocalFeatures::default(), "{width}x{height}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_size_and_setting_is_survived(
        width in 0usize..90, height in 0usize..90, seed: u64, n_features in 0usize..300, levels in 0usize..20,
        scale_factor in prop_oneof![Just(f32::NAN), 0.0f32..4.0], fast_threshold: u8, clahe: bool,
    ) {
        let mut state = seed;
        let data: Vec<u8> = (0..width * height).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        }).collect();
        let params = OrbParams { n_features, levels, scale_factor, fast_threshold, fast_threshold_min: 10, clahe };
        let found = features(width, height, &data, params);
        prop_assert!(found.keypoints.len() <= n_features + 1);
        for k in &found.keypoints {
            prop_assert!(k.x >= 0.0 && k.x < width as f32 && k.y >= 0.0 && k.y < height as f32);
            prop_assert!((0.0..360.0).contains(&k.angle_deg) && k.response.is_finite());
        }
    }
}
