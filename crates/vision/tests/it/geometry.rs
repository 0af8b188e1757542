//! Laws of the geometric check on synthetic scenes with known truth.

use mtbsync_vision::geometry::{TwoViewModel, VerifyParams, verify};
use proptest::prelude::*;

/// A small deterministic generator for test scenes.
struct Numbers(u64);

impl Numbers {
    fn unit(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1u64 << 31) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Roughly Gaussian with standard deviation 1.
    fn gaussian(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 540.0;

type Pairs = (Vec<[f32; 2]>, Vec<[f32; 2]>);

fn map(h: &[f64; 9], p: [f64; 2]) -> [f64; 2] {
    let w = h[6] * p[0] + h[7] * p[1] + h[8];
    [
        (h[0] * p[0] + h[1] * p[1] + h[2]) / w,
        (h[3] * p[0] + h[4] * p[1] + h[5]) / w,
    ]
}

/// Pairs that follow `truth` with noise of `sigma` px, then pairs at random places.
fn planar(truth: &[f64; 9], inliers: usize, outliers: usize, sigma: f64, seed: u64) -> Pairs {
    let mut numbers = Numbers(seed);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for i in 0..inliers + outliers {
        let p = [numbers.between(0.0, WIDTH), numbers.between(0.0, HEIGHT)];
        let q = if i < inliers {
            map(truth, p).map(|v| v + sigma * numbers.gaussian())
        } else {
            [numbers.between(0.0, WIDTH), numbers.between(0.0, HEIGHT)]
        };
        a.push(p.map(|v| v as f32));
        b.push(q.map(|v| v as f32));
    }
    (a, b)
}

/// A scene 4 to 30 units deep seen from two places; focal length 600 px.
fn deep(step: [f64; 3], inliers: usize, outliers: usize, sigma: f64, seed: u64) -> Pairs {
    const FOCAL: f64 = 600.0;
    let mut numbers = Numbers(seed);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for i in 0..inliers + outliers {
        let depth = numbers.between(4.0, 30.0);
        let p = [
            numbers.between(-WIDTH / 2.0, WIDTH / 2.0),
            numbers.between(-HEIGHT / 2.0, HEIGHT / 2.0),
        ];
        let q = if i < inliers {
            let (x, y, z) = (
                p[0] / FOCAL * depth - step[0],
                p[1] / FOCAL * depth - step[1],
                depth - step[2],
            );
            [
                FOCAL * x / z + sigma * numbers.gaussian(),
                FOCAL * y / z + sigma * numbers.gaussian(),
            ]
        } else {
            [
                numbers.between(-WIDTH / 2.0, WIDTH / 2.0),
                numbers.between(-HEIGHT / 2.0, HEIGHT / 2.0),
            ]
        };
        a.push([(p[0] + WIDTH / 2.0) as f32, (p[1] + HEIGHT / 2.0) as f32]);
        b.push([(q[0] + WIDTH / 2.0) as f32, (q[1] + HEIGHT / 2.0) as f32]);
    }
    (a, b)
}

fn true_inliers(found: &[usize], inliers: usize) -> usize {
    found.iter().filter(|&&i| i < inliers).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_homography_is_recovered_among_outliers(
        seed: u64, turn in -0.2f64..0.2, zoom in 0.8f64..1.25, keystone in -3e-4f64..3e-4, shift in -60.0f64..60.0,
    ) {
        let (sin, cos) = turn.sin_cos();
        let truth = [zoom * cos, -zoom * sin, shift, zoom * sin, zoom * cos, -shift, keystone, keystone / 2.0, 1.0];
        let (a, b) = planar(&truth, 90, 60, 0.7, seed);
        let found = verify(&a, &b, &VerifyParams::default()).expect("a verified model");
        prop_assert!(found.model != TwoViewModel::Fundamental);
        prop_assert!(true_inliers(&found.inliers, 90) >= 85);
        for p in [[100.0, 100.0], [860.0, 100.0], [480.0, 270.0], [480.0, 500.0]] {
            let (want, got) = (map(&truth, p), map(&found.matrix, p));
            prop_assert!((want[0] - got[0]).hypot(want[1] - got[1]) < 2.0, "{want:?} {got:?}");
        }
        prop_assert!(found.reproj_error_px < 1.5);
    }

    #[test]
    fn a_scene_with_depth_gives_a_fundamental_matrix(seed: u64, side in 0.5f64..1.0, ahead in 0.3f64..1.0) {
        let (a, b) = deep([side, 0.1, ahead], 120, 60, 0.5, seed);
        let found = verify(&a, &b, &VerifyParams::default()).expect("a verified model");
        prop_assert_eq!(found.model, TwoViewModel::Fundamental);
        prop_assert!(true_inliers(&found.inliers, 120) >= 112, "{}", true_inliers(&found.inliers, 120));
        // Random points near their epipolar line cannot be told apart; the others must be left out.
        prop_assert!(found.inliers.len() - true_inliers(&found.inliers, 120) < 15);
    }

    #[test]
    fn random_matches_are_refused(seed: u64, count in 0usize..250) {
        let (a, b) = planar(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], 0, count, 0.0, seed);
        prop_assert_eq!(verify(&a, &b, &VerifyParams { min_inliers: 8, ..VerifyParams::default() }), None);
    }

    #[test]
    fn any_input_is_survived(
        points in prop::collection::vec(prop::array::uniform4(prop_oneof![
            any::<f32>(), Just(0.0f32), 0.0f32..960.0, (0i8..4).prop_map(f32::from),
        ]), 0..60),
    ) {
        let a: Vec<[f32; 2]> = points.iter().map(|p| [p[0], p[1]]).collect();
        let b: Vec<[f32; 2]> = points.iter().map(|p| [p[2], p[3]]).collect();
        let params = VerifyParams { min_inliers: 0, iterations: 50, ..VerifyParams::default() };
        if let Some(found) = verify(&a, &b, &params) {
            prop_assert!(found.matrix.iter().all(|v| v.is_finite()));
            prop_assert!(found.reproj_error_px <= 3.0 + 1e-6);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_answer() {
    let (a, b) = deep([0.5, 0.0, 0.5], 80, 80, 0.5, 5);
    let params = VerifyParams::default();
    assert_eq!(verify(&a, &b, &params), verify(&a, &b, &params));
}

#[test]
fn a_pure_shift_is_affine() {
    let (a, b) = planar(&[1.0, 0.0, 30.0, 0.0, 1.0, -4.0, 0.0, 0.0, 1.0], 100, 20, 0.5, 3);
    assert_eq!(
        verify(&a, &b, &VerifyParams::default()).unwrap().model,
        TwoViewModel::Affine
    );
}

#[test]
fn points_on_a_line_or_in_a_spot_or_mirrored_are_refused() {
    let line: Vec<[f32; 2]> = (0..60)
        .map(|i| [10.0 * i as f32, 5.0 * i as f32 + 20.0])
        .collect();
    assert_eq!(verify(&line, &line, &VerifyParams::default()), None);
    let spot: Vec<[f32; 2]> = (0..60)
        .map(|i| [400.0 + (i % 8) as f32, 200.0 + (i / 8) as f32])
        .collect();
    assert_eq!(verify(&spot, &spot, &VerifyParams::default()), None);
    let (a, b) = planar(&[-1.0, 0.0, 900.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], 100, 0, 0.5, 9);
    assert!(
        verify(&a, &b, &VerifyParams::default()).is_none_or(|found| found.model == TwoViewModel::Fundamental)
    );
}
