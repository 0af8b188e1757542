//! The ways in which a second camera is made of the first: what is done to either side of a pair.
//!
//! No change may show more than was filmed. So where the new camera sees wider than the reference
//! (zoom under 1), the reference is cropped instead; black borders would be no camera. Corners that turn
//! black in a roll stay, because a crop would be a zoom; they never move.

use std::path::Path;

use anyhow::Result;

use super::pictures;
use crate::footage;

/// Zooms of the new camera. 1.13 and 0.885 lie on either side of what two common cameras differ by.
const ZOOMS: [f64; 4] = [0.8, 0.885, 1.13, 1.25];
/// Rolls of the new camera, degrees clockwise.
const ROLLS_DEG: [f64; 6] = [-10.0, -6.0, -3.0, 3.0, 6.0, 10.0];
/// Zoom and roll at once.
const BOTH: [(f64, f64); 3] = [(1.13, 6.0), (0.885, -6.0), (1.25, 10.0)];

/// Field of view the recordings are taken to have for the fisheye, degrees across and upright (16:9).
const FLAT_FOV_DEG: (f64, f64) = (92.0, 60.44);
/// The largest equidistant picture without black corners inside of it, degrees.
const FISHEYE_FOV_DEG: (f64, f64) = (87.0, 48.94);
/// The other side is cropped by this, so that the middle of both pictures has nearly one scale: the fisheye
/// makes it 1.36 times as large.
const FISHEYE_OTHER_ZOOM: f64 = 1.2;

/// Share of the light that is left when it is dark, and the noise of the sensor then, grey levels.
const DARK_SHARE: f64 = 0.22;
const DARK_NOISE: u32 = 8;
/// Width of the picture the sizes below are for, pixels.
const BASE_WIDTH: f64 = 640.0;
/// Standard deviation of the blur, pixels of [`BASE_WIDTH`].
const BLUR_PX: f64 = 2.5;
/// Exposure of the sunlit patches, and how fast shade crosses the picture, pixels of [`BASE_WIDTH`] a second.
const SUN_EXPOSURE: f64 = 1.3;
const SHADE_PX_PER_SEC: f64 = 120.0;
/// How the cockpit is panned, as a sum of sines: amplitude in pixels of [`BASE_WIDTH`], frequency in hertz.
/// At most 45 px across, as measured on the race-lap pair; no two periods fit into one another.
const PAN_ACROSS: [(f64, f64); 3] = [(22.0, 0.11), (14.0, 0.29), (9.0, 0.73)];
const PAN_UPRIGHT: [(f64, f64); 2] = [(7.0, 0.17), (5.0, 0.53)];

/// One change of one side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Cropped to a part and enlarged again, at least 1.
    Zoom(f64),
    /// Turned clockwise about the middle, degrees.
    Roll(f64),
    /// The middle of the picture, four to three.
    FourThirds,
    /// Seen through an equidistant fisheye.
    Fisheye,
    /// A cockpit before it that is panned; each phase, in radians, is another walk.
    Cockpit(f64),
    /// Far too dark, with noise.
    Dark,
    /// Out of focus.
    Blurred,
    /// Under moving patches of sun and shade.
    Dappled,
}

/// What is done to both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Name in the table.
    pub name: String,
    /// Changes of the reference, in order.
    pub reference: Vec<Change>,
    /// Changes of the new side.
    pub new: Vec<Change>,
    /// The program is to search for what was done, so pairs with nothing in common are tried under it too.
    pub is_searched: bool,
}

/// All variants, in the order of the table; the first changes nothing.
pub fn all() -> Vec<Variant> {
    let mut variants = vec![variant("as filmed", &[], &[], true)];
    variants.extend(ZOOMS.map(|zoom| geometry(&format!("zoom {zoom}"), zoom, 0.0)));
    variants.extend(ROLLS_DEG.map(|roll| geometry(&format!("roll {roll:+}"), 1.0, roll)));
    variants.extend(BOTH.map(|(zoom, roll)| geometry(&format!("zoom {zoom} roll {roll:+}"), zoom, roll)));
    let other = Change::Zoom(FISHEYE_OTHER_ZOOM);
    let both = |name: &str, reference, new| variant(name, &[reference], &[new], false);
    let new_only = |name: &str, change| variant(name, &[], &[change], false);
    variants.extend([
        new_only("4:3", Change::FourThirds),
        both("fisheye", other, Change::Fisheye),
        both("fisheye reference", Change::Fisheye, other),
        both("moving cockpit", Change::Cockpit(0.0), Change::Cockpit(2.0)),
        new_only("dark", Change::Dark),
        new_only("blurred", Change::Blurred),
        new_only("dappled", Change::Dappled),
    ]);
    variants
}

fn variant(name: &str, reference: &[Change], new: &[Change], is_searched: bool) -> Variant {
    Variant {
        name: name.to_owned(),
        reference: reference.to_vec(),
        new: new.to_vec(),
        is_searched,
    }
}

/// A new camera that shows everything `zoom` times as large and is rolled.
fn geometry(name: &str, zoom: f64, roll_deg: f64) -> Variant {
    let mut reference = Vec::new();
    let mut new = Vec::new();
    if roll_deg != 0.0 {
        new.push(Change::Roll(roll_deg));
    }
    if zoom > 1.0 {
        new.push(Change::Zoom(zoom));
    } else if zoom < 1.0 {
        reference.push(Change::Zoom(1.0 / zoom));
    }
    variant(name, &reference, &new, true)
}

/// `recording` with `changes`, the same file when there are none.
pub fn changed(recording: &Path, changes: &[Change]) -> Result<std::path::PathBuf> {
    if changes.is_empty() {
        return Ok(recording.to_owned());
    }
    let size = footage::size(recording)?;
    let mut inputs = Vec::new();
    let mut graph = String::from("[0:v]null");
    for change in changes {
        let Step { before, picture } = step(*change, size);
        graph.push_str(&format!(",{before}"));
        if let Some((picture, at)) = picture {
            inputs.push(picture.file()?.to_string_lossy().into_owned());
            let input = inputs.len();
            graph.push_str(&format!("[p{input}];[p{input}][{input}:v]overlay={at}"));
        }
    }
    let mut args: Vec<&str> = inputs.iter().flat_map(|input| ["-i", input]).collect();
    args.extend(["-filter_complex", &graph]);
    args.extend(["-an", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "18"]);
    args.extend(["-pix_fmt", "yuv420p", "-g", "15", "-keyint_min", "15", "-bf", "0"]);
    args.extend([
        "-sc_threshold",
        "0",
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "-1",
    ]);
    footage::changed(recording, "camera", &args)
}

/// A filter, and a picture laid over what it makes, with where.
struct Step {
    before: String,
    picture: Option<(pictures::Picture, String)>,
}

fn step(change: Change, (width, height): (u32, u32)) -> Step {
    let unit = f64::from(width) / BASE_WIDTH;
    let even = |px: f64| (px / 2.0).round() * 2.0;
    let filter = |before: String| Step {
        before,
        picture: None,
    };
    match change {
        Change::Zoom(zoom) => {
            let part = |px: u32| even(f64::from(px) / zoom);
            filter(format!(
                "crop={}:{},scale={width}:{height}:flags=bicubic",
                part(width),
                part(height)
            ))
        }
        Change::Roll(degrees) => filter(format!("rotate={degrees}*PI/180")),
        Change::FourThirds => filter(format!("crop={}:{height}", even(f64::from(height) * 4.0 / 3.0))),
        Change::Fisheye => {
            let ((flat_w, flat_h), (w, h)) = (FLAT_FOV_DEG, FISHEYE_FOV_DEG);
            filter(format!(
                "v360=flat:fisheye:ih_fov={flat_w}:iv_fov={flat_h}:h_fov={w}:v_fov={h}:w={width}:h={height}"
            ))
        }
        Change::Dark => filter(format!(
            "lutyuv=y=16+(val-16)*{DARK_SHARE},noise=c0s={DARK_NOISE}:c0f=t:all_seed=1"
        )),
        Change::Blurred => filter(format!("gblur=sigma={}", BLUR_PX * unit)),
        Change::Dappled => Step {
            before: format!("lutyuv=y=min(235\\,16+(val-16)*{SUN_EXPOSURE})"),
            picture: Some((
                pictures::shade(width, height),
                format!("x=-mod(t*{}\\,W):y=0", SHADE_PX_PER_SEC * unit),
            )),
        },
        Change::Cockpit(phase) => {
            let pan = |sines: &[(f64, f64)]| {
                let terms: Vec<String> = sines
                    .iter()
                    .zip(1..)
                    .map(|((px, hertz), k)| {
                        format!("{}*sin(2*PI*{hertz}*t+{})", px * unit, phase * f64::from(k))
                    })
                    .collect();
                terms.join("+")
            };
            Step {
                before: "null".to_owned(),
                picture: Some((
                    pictures::cockpit(width, height),
                    format!("x=(W-w)/2+{}:y=(H-h)/2+{}", pan(&PAN_ACROSS), pan(&PAN_UPRIGHT)),
                )),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_new_camera_is_a_cropped_reference() {
        let wide = geometry("x", 0.8, -6.0);
        assert_eq!(
            (wide.reference, wide.new),
            (vec![Change::Zoom(1.25)], vec![Change::Roll(-6.0)])
        );
        let narrow = geometry("x", 1.25, 10.0);
        assert_eq!(
            (narrow.reference, narrow.new),
            (vec![], vec![Change::Roll(10.0), Change::Zoom(1.25)])
        );
    }

    #[test]
    fn every_variant_has_a_name_of_its_own_and_never_shows_more_than_was_filmed() {
        let variants = all();
        let names: std::collections::BTreeSet<_> = variants.iter().map(|variant| &variant.name).collect();
        assert_eq!(names.len(), variants.len());
        for change in variants.iter().flat_map(|v| v.reference.iter().chain(&v.new)) {
            assert!(!matches!(change, Change::Zoom(zoom) if *zoom < 1.0));
        }
    }

    #[test]
    fn the_fisheye_lies_inside_the_flat_picture() {
        let (half_w, half_h) = (FISHEYE_FOV_DEG.0 / 2.0, FISHEYE_FOV_DEG.1 / 2.0);
        let corner = half_w.hypot(half_h);
        let across = corner.to_radians().tan() * half_w / corner;
        assert!(across <= (FLAT_FOV_DEG.0 / 2.0).to_radians().tan());
        assert!(half_h.to_radians().tan() <= (FLAT_FOV_DEG.1 / 2.0).to_radians().tan());
    }

    #[test]
    fn the_pan_stays_within_the_margin_of_the_cockpit() {
        let sum = |sines: &[(f64, f64)]| sines.iter().map(|(px, _)| px).sum::<f64>() / BASE_WIDTH;
        assert!(sum(&PAN_ACROSS) < pictures::COCKPIT_MARGIN);
        assert!(sum(&PAN_UPRIGHT) < pictures::COCKPIT_MARGIN);
    }
}
