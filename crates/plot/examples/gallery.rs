//! Writes one picture per situation into a folder, to be looked at by a person:
//! `cargo run -p mtbsync-plot --example gallery -- OUT_DIR`.

use std::path::PathBuf;

use mtbsync_plot::delta::{DeltaPlot, DeltaPoint, DeltaRun};
use mtbsync_plot::overlay::{CurvePoint, MarkerPoint, Overlay, OverlayVerdict, PairPoint, Rider, StopSpan};
use mtbsync_plot::reliability::{Bin, Reliability};
use mtbsync_plot::{DEFAULT_SIZE, PlotError};

type GalleryError = Box<dyn std::error::Error>;

fn main() -> Result<(), GalleryError> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name an output folder")?);
    std::fs::create_dir_all(&folder)?;
    let save = |name: &str, png: Result<Vec<u8>, PlotError>| -> Result<(), GalleryError> {
        std::fs::write(folder.join(name), png?)?;
        Ok(())
    };
    save("overlay_normal.png", normal().png())?;
    save("overlay_stop.png", stop().png())?;
    save("overlay_partial.png", partial().png())?;
    save("overlay_refused.png", refused().png())?;
    save("overlay_gates.png", failed_gates().png())?;
    save("overlay_60_markers.png", many_markers().png())?;
    save("overlay_3_hours.png", three_hours().png())?;
    save("overlay_short.png", short_on_long().png())?;
    save("overlay_tall.png", long_reference().png())?;
    save(
        "overlay_small.png",
        Overlay {
            size: (480, 360),
            ..normal()
        }
        .png(),
    )?;
    save("reliability.png", reliability().png())?;
    save("delta.png", delta().png())?;
    Ok(())
}

/// A repeatable number in -1..1 that looks like noise.
fn noise(i: usize) -> f64 {
    let x = (i as f64 * 12.9898 + 4.1).sin() * 43_758.545;
    (x - x.floor()) * 2.0 - 1.0
}

fn pace(t: f64) -> f64 {
    0.985 * t + 4.1 + 3.5 * (t / 37.0).sin() + 1.2 * (t / 11.0).sin()
}

fn segment(from: f64, to: f64, map: impl Fn(f64) -> f64) -> Vec<CurvePoint> {
    let steps = ((to - from) / 0.25) as usize;
    (0..=steps)
        .map(|i| {
            let t_new = from + (to - from) * i as f64 / steps as f64;
            let t_ref = map(t_new);
            let half = 0.07 + 0.05 * (1.0 + (t_new / 23.0).sin());
            CurvePoint {
                t_new,
                t_ref,
                low: t_ref - half,
                high: t_ref + half,
            }
        })
        .collect()
}

fn pairs(curve: &[Vec<CurvePoint>]) -> Vec<PairPoint> {
    curve
        .iter()
        .flatten()
        .step_by(2)
        .enumerate()
        .map(|(i, p)| {
            let wild = if i % 37 == 5 { 6.0 } else { 1.0 };
            PairPoint {
                t_new: p.t_new,
                t_ref: p.t_ref + noise(i) * 0.12 * wild,
                confidence: (0.93 - 0.25 * noise(i * 7).abs() / wild.recip().sqrt()).clamp(0.05, 1.0),
            }
        })
        .collect()
}

fn marker(name: &str, t_ref: f64, t_new: Option<f64>, confidence: f64) -> MarkerPoint {
    let half = 0.08 / confidence.max(0.05).powi(2);
    MarkerPoint {
        name: name.to_owned(),
        t_ref,
        t_new,
        low: t_new.map(|t| t - half),
        high: t_new.map(|t| t + half),
        needs_review: confidence < 0.6,
        confidence,
    }
}

/// A marker whose place is found by searching the map.
fn on_map(name: &str, curve: &[Vec<CurvePoint>], t_ref: f64, confidence: f64) -> MarkerPoint {
    let t_new = curve
        .iter()
        .find_map(|s| s.windows(2).find(|w| w[0].t_ref <= t_ref && t_ref <= w[1].t_ref))
        .map(|w| w[0].t_new);
    marker(name, t_ref, t_new, if t_new.is_some() { confidence } else { 0.0 })
}

fn facts(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(what, value)| ((*what).to_owned(), (*value).to_owned()))
        .collect()
}

fn normal() -> Overlay {
    let curve = vec![segment(0.6, 219.4, pace)];
    let names = [
        ("Start gate", 8.5, 0.97),
        ("Rock garden", 31.0, 0.96),
        ("North-shore bridge", 58.2, 0.91),
        ("Drop 1", 80.4, 0.42),
        ("Wurzelteppich", 104.0, 0.93),
        ("Übergang → Forstweg", 131.5, 0.88),
        ("Table line", 160.2, 0.95),
        ("Road gap with a very long name that nobody needs", 187.0, 0.9),
        ("Finish", 214.0, 0.97),
    ];
    Overlay {
        title: "GX010212.MP4 on GX010187.MP4".to_owned(),
        subtitle: "New run 3:41 of 2026-06-01, reference run 3:51; monotone map".to_owned(),
        new_duration_secs: 220.9,
        ref_duration_secs: 231.4,
        pairs: pairs(&curve),
        markers: names.iter().map(|(n, t, c)| on_map(n, &curve, *t, *c)).collect(),
        curve,
        facts: facts(&[
            ("Mapped share of the new run", "99 %"),
            ("Pairs within 0.25 s", "94 % of 438"),
            ("Distance p50 / p90", "0.04 / 0.13 s"),
            ("Markers ok / review / outside", "8 / 1 / 0"),
        ]),
        ..Overlay::default()
    }
}

fn stop() -> Overlay {
    let map = |t: f64| {
        if t < 60.0 {
            t + 5.0
        } else if t < 95.0 {
            65.0 + (t - 60.0) * 0.001
        } else if t < 150.0 {
            t - 29.9
        } else {
            (t - 150.0) * 0.96 + 160.1
        }
    };
    let curve = vec![segment(0.5, 150.0, map), segment(150.5, 208.0, map)];
    Overlay {
        title: "evening_lap_2.mp4 on evening_lap_1.mp4".to_owned(),
        subtitle: "The new rider waits at the bench; the reference rider stops later".to_owned(),
        new_duration_secs: 210.0,
        ref_duration_secs: 222.0,
        pairs: pairs(&curve),
        markers: vec![
            on_map("Gate", &curve, 12.0, 0.95),
            MarkerPoint {
                low: Some(60.0),
                high: Some(95.0),
                needs_review: true,
                ..marker("Bench", 65.01, Some(60.0), 0.5)
            },
            on_map("Fork", &curve, 90.0, 0.94),
            marker("Reference stop", 140.0, None, 0.0),
            on_map("Car park", &curve, 205.0, 0.95),
        ],
        stops: vec![
            StopSpan {
                side: Rider::New,
                from: 60.0,
                to: 95.0,
            },
            StopSpan {
                side: Rider::Reference,
                from: 120.1,
                to: 160.1,
            },
        ],
        curve,
        facts: facts(&[
            ("Mapped share of the new run", "98 %"),
            ("Distance p50 / p90", "0.05 / 0.14 s"),
        ]),
        ..Overlay::default()
    }
}

fn partial() -> Overlay {
    let curve = vec![
        segment(30.0, 95.0, |t| t * 0.9 + 20.0),
        segment(130.0, 190.0, |t| t * 1.05 + 2.0),
        segment(215.0, 260.0, |t| t + 25.0),
    ];
    let mut markers: Vec<_> = (0..14)
        .map(|i| {
            on_map(
                &format!("M{:02}", i + 1),
                &curve,
                10.0 + f64::from(i) * 23.0,
                if i % 4 == 1 { 0.5 } else { 0.93 },
            )
        })
        .collect();
    markers.push(marker("Far away", 900.0, None, 0.0));
    Overlay {
        title: "trail_b.mp4 on trail_a.mp4".to_owned(),
        subtitle: "Detours and another start".to_owned(),
        new_duration_secs: 290.0,
        ref_duration_secs: 320.0,
        pairs: pairs(&curve),
        markers,
        curve,
        facts: facts(&[("Mapped share of the new run", "59 %")]),
        ..Overlay::default()
    }
}

fn refused() -> Overlay {
    Overlay {
        title: "somewhere_else.mp4 on GX010187.MP4".to_owned(),
        subtitle: "New run 2:05, reference run 3:51".to_owned(),
        new_duration_secs: 125.0,
        ref_duration_secs: 231.4,
        pairs: (0..120)
            .map(|i| PairPoint {
                t_new: i as f64 + 2.0,
                t_ref: 115.0 + 114.0 * noise(i),
                confidence: 0.1 + 0.1 * noise(i + 9),
            })
            .collect(),
        verdict: OverlayVerdict::NotAligned,
        reasons: vec!["no common stretch".to_owned()],
        facts: facts(&[("Mass on \u{201c}no counterpart\u{201d}", "1.00")]),
        ..Overlay::default()
    }
}

fn failed_gates() -> Overlay {
    let curve = vec![segment(60.0, 120.0, pace)];
    Overlay {
        pairs: pairs(&curve),
        curve,
        verdict: OverlayVerdict::NotAligned,
        reasons: vec![
            "inlier_frac 0.18 < 0.25".to_owned(),
            "coverage 0.27 < 0.5".to_owned(),
            "p90 1.42 > 1".to_owned(),
        ],
        ..normal()
    }
}

fn many_markers() -> Overlay {
    let base = normal();
    let markers = (0..60)
        .map(|i| {
            let name = match i % 6 {
                0 => format!("Section {i}"),
                1 => format!("🚵 jump {i}"),
                2 => format!("Kurve <{i}> & Anlieger"),
                3 => format!("מעבר {i}"),
                4 => format!("Спуск №{i}"),
                _ => format!("Long descriptive marker name number {i}"),
            };
            on_map(
                &name,
                &base.curve,
                6.0 + f64::from(i) * 3.55,
                if i % 9 == 4 { 0.3 } else { 0.92 },
            )
        })
        .collect();
    Overlay { markers, ..base }
}

fn three_hours() -> Overlay {
    let curve = vec![
        segment(40.0, 5_400.0, |t| t * 1.02 + 30.0),
        segment(5_700.0, 10_400.0, |t| t * 0.98 + 246.0),
    ];
    Overlay {
        title: "Alpencross day 2".to_owned(),
        subtitle: "New run 2:58:20, reference run 3:00:00".to_owned(),
        new_duration_secs: 10_700.0,
        ref_duration_secs: 10_800.0,
        pairs: pairs(&curve),
        markers: (0..12)
            .map(|i| {
                on_map(
                    &format!("Pass {}", i + 1),
                    &curve,
                    400.0 + f64::from(i) * 850.0,
                    0.9,
                )
            })
            .collect(),
        curve,
        facts: facts(&[("Mapped share of the new run", "94 %")]),
        ..Overlay::default()
    }
}

fn short_on_long() -> Overlay {
    let curve = vec![segment(100.0, 138.0, |t| t - 99.0)];
    Overlay {
        title: "whole_ride.mp4 on one_section.mp4".to_owned(),
        new_duration_secs: 600.0,
        ref_duration_secs: 40.0,
        pairs: pairs(&curve),
        markers: vec![on_map("In", &curve, 3.0, 0.9), on_map("Out", &curve, 36.0, 0.9)],
        curve,
        ..Overlay::default()
    }
}

fn long_reference() -> Overlay {
    let curve = vec![segment(0.2, 3.8, |t| t + 20.0)];
    Overlay {
        title: "clip.mp4 on ref.mp4".to_owned(),
        new_duration_secs: 4.0,
        ref_duration_secs: 50.0,
        pairs: pairs(&curve),
        markers: vec![on_map("Jump", &curve, 22.0, 0.9)],
        curve,
        ..Overlay::default()
    }
}

fn reliability() -> Reliability {
    let bins = [
        (0.08, 0.05, 40),
        (0.25, 0.3, 22),
        (0.36, 0.33, 18),
        (0.45, 0.5, 24),
        (0.55, 0.52, 31),
        (0.66, 0.7, 60),
        (0.75, 0.72, 95),
        (0.86, 0.88, 240),
        (0.96, 0.97, 860),
    ];
    Reliability {
        title: "Marker confidence against truth".to_owned(),
        bins: bins
            .iter()
            .map(|&(predicted, observed, count)| Bin {
                predicted,
                observed,
                count,
            })
            .collect(),
        ece: 0.017,
        size: (900, 900),
    }
}

fn delta() -> DeltaPlot {
    let run = |name: &str, lost: f64, wave: f64| DeltaRun {
        name: name.to_owned(),
        points: (0..460)
            .map(|i| {
                let t_ref = 2.5 + f64::from(i) * 0.5;
                let delta = if (120..140).contains(&i) && lost < 0.0 {
                    f64::NAN
                } else {
                    lost * t_ref / 230.0 + wave * (t_ref / 19.0).sin()
                };
                DeltaPoint {
                    t_ref,
                    delta,
                    low: delta - 0.15,
                    high: delta + 0.15,
                }
            })
            .collect(),
    };
    DeltaPlot {
        title: "Time against GX010187.MP4".to_owned(),
        runs: vec![
            run("Tuesday evening", 3.2, 0.7),
            run("Race run", -4.1, 0.4),
            run("Wet", 6.0, 1.3),
        ],
        size: DEFAULT_SIZE,
    }
}
