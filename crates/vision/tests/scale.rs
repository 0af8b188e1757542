//! Laws of the relative scale on a synthetic trail seen from known places.

use mtbsync_vision::geometry::scale::{Lens, forward_scale, similarity_scale};
use proptest::prelude::*;

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

    fn gaussian(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

const LENS: Lens = Lens {
    focal_px: 450.0,
    centre: [479.5, 269.5],
};

/// Ground 1.5 m below the camera, 3 to 30 m ahead, and trees on both sides.
fn trail(count: usize, seed: u64) -> Vec<[f64; 3]> {
    let mut numbers = Numbers(seed);
    (0..count)
        .map(|i| {
            let z = 3.0 * 10f64.powf(numbers.unit());
            if i % 2 == 0 {
                [numbers.between(-0.8, 0.8) * z, 1.5, z]
            } else {
                [
                    numbers.between(1.5, 6.0) * if i % 4 == 1 { 1.0 } else { -1.0 },
                    numbers.between(-4.0, 1.5),
                    z,
                ]
            }
        })
        .collect()
}

type Pairs = (Vec<[f32; 2]>, Vec<[f32; 2]>);

/// The trail from the origin and from `step`, the second camera turned by `yaw` and `pitch` (radians).
fn seen(points: &[[f64; 3]], step: [f64; 3], yaw: f64, pitch: f64, noise_px: f64, outliers: usize) -> Pairs {
    let mut numbers = Numbers(99);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for p in points {
        let project = |q: [f64; 3], numbers: &mut Numbers| {
            [0, 1].map(|i| LENS.focal_px * q[i] / q[2] + LENS.centre[i] + noise_px * numbers.gaussian())
        };
        let q = [p[0] - step[0], p[1] - step[1], p[2] - step[2]];
        let q = [
            q[0] * yaw.cos() - q[2] * yaw.sin(),
            q[1],
            q[0] * yaw.sin() + q[2] * yaw.cos(),
        ];
        let q = [
            q[0],
            q[1] * pitch.cos() - q[2] * pitch.sin(),
            q[1] * pitch.sin() + q[2] * pitch.cos(),
        ];
        let (u, v) = (project(*p, &mut numbers), project(q, &mut numbers));
        let inside = |p: &[f64; 2]| (0.0..960.0).contains(&p[0]) && (0.0..540.0).contains(&p[1]);
        if q[2] > 0.5 && inside(&u) && inside(&v) {
            a.push(u.map(|v| v as f32));
            b.push(v.map(|v| v as f32));
        }
    }
    for _ in 0..outliers {
        a.push([
            numbers.between(0.0, 960.0) as f32,
            numbers.between(0.0, 540.0) as f32,
        ]);
        b.push([
            numbers.between(0.0, 960.0) as f32,
            numbers.between(0.0, 540.0) as f32,
        ]);
    }
    (a, b)
}

/// Where along the path (metres) the scale crosses zero, from steps of 0.5 m.
fn crossing(estimate: impl Fn(f64) -> f64) -> f64 {
    let places: Vec<f64> = (-4..=4).map(|i| 0.5 * f64::from(i)).collect();
    let scales: Vec<f64> = places.iter().map(|&z| estimate(z)).collect();
    for i in 1..places.len() {
        if scales[i - 1] < 0.0 && scales[i] >= 0.0 {
            return places[i - 1] - scales[i - 1] * 0.5 / (scales[i] - scales[i - 1]);
        }
    }
    f64::NAN
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn forward_crosses_zero_where_the_cameras_are_level(
        seed: u64, side in -0.8f64..0.8, up in -0.2f64..0.2, yaw in -0.06f64..0.06, pitch in -0.04f64..0.04,
    ) {
        let points = trail(300, seed);
        let level = crossing(|ahead| {
            let (a, b) = seen(&points, [side, up, ahead], yaw, pitch, 0.5, 20);
            forward_scale(&a, &b, &LENS).expect("a scale").log_scale
        });
        // At 6 m/s, 0.15 m is 25 ms. A turned camera's "ahead" differs a little from the other's.
        prop_assert!(level.abs() < 0.15, "level at {level} m");
    }

    #[test]
    fn exchanging_the_pictures_changes_the_sign_only(seed: u64, side in -0.5f64..0.5, ahead in -1.0f64..1.0) {
        let (a, b) = seen(&trail(200, seed), [side, 0.0, ahead], 0.02, 0.0, 0.5, 10);
        for estimate in [forward_scale, similarity_scale] {
            let (ab, ba) = (estimate(&a, &b, &LENS).unwrap(), estimate(&b, &a, &LENS).unwrap());
            prop_assert!((ab.log_scale + ba.log_scale).abs() < 1e-9);
            prop_assert!((ab.sigma - ba.sigma).abs() < 1e-9);
            prop_assert_eq!(ab.n, ba.n);
        }
    }

    #[test]
    fn a_zoomed_picture_gives_its_zoom(seed: u64, log_zoom in -0.3f64..0.3, turn in -0.1f64..0.1) {
        let (a, _) = seen(&trail(200, seed), [0.0; 3], 0.0, 0.0, 0.0, 0);
        let b: Vec<[f32; 2]> = a.iter().map(|p| {
            let (x, y) = (f64::from(p[0]) - LENS.centre[0], f64::from(p[1]) - LENS.centre[1]);
            let (zoom, (sin, cos)) = (log_zoom.exp(), turn.sin_cos());
            [(zoom * (cos * x - sin * y) + LENS.centre[0]) as f32, (zoom * (sin * x + cos * y) + LENS.centre[1]) as f32]
        }).collect();
        for estimate in [forward_scale, similarity_scale] {
            let found = estimate(&a, &b, &LENS).unwrap();
            prop_assert!((found.log_scale - log_zoom).abs() < 0.01, "{found:?} for {log_zoom}");
        }
    }

    #[test]
    fn any_points_are_survived(points in prop::collection::vec(prop::array::uniform4(prop_oneof![
        any::<f32>(), 0.0f32..900.0, Just(5.0f32),
    ]), 0..40)) {
        let a: Vec<[f32; 2]> = points.iter().map(|p| [p[0], p[1]]).collect();
        let b: Vec<[f32; 2]> = points.iter().map(|p| [p[2], p[3]]).collect();
        for found in [forward_scale(&a, &b, &LENS), similarity_scale(&a, &b, &LENS)].into_iter().flatten() {
            prop_assert!(found.log_scale.is_finite() && found.sigma >= 0.0 && found.n >= 12);
        }
    }
}

#[test]
fn riding_ahead_is_positive_and_grows() {
    let points = trail(300, 1);
    let at = |ahead| {
        let (a, b) = seen(&points, [0.2, 0.0, ahead], 0.01, 0.0, 0.5, 20);
        forward_scale(&a, &b, &LENS).unwrap().log_scale
    };
    assert!(at(-1.0) < at(-0.3) && at(-0.3) < 0.0 && at(0.3) > 0.0 && at(1.0) > at(0.3));
}

#[test]
fn a_sideways_step_biases_the_plain_estimate_more() {
    let (mut plain, mut forward) = (0.0, 0.0);
    for seed in 0..8 {
        let points = trail(300, seed);
        let pair = |ahead| seen(&points, [0.5, 0.15, ahead], 0.02, 0.02, 0.5, 20);
        plain += crossing(|z| similarity_scale(&pair(z).0, &pair(z).1, &LENS).unwrap().log_scale).abs();
        forward += crossing(|z| forward_scale(&pair(z).0, &pair(z).1, &LENS).unwrap().log_scale).abs();
    }
    assert!(forward < 0.2 * plain, "plain {plain} forward {forward}");
}
