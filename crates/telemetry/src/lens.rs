//! What a camera says of its lens: `VFOV` and `ZFOV`, among the clip settings in the file header
//! (`moov/udta/GPMF`) or in a payload.
//!
//! They stand in a device or in its streams, and hold until they are said again
//! (docs/reference/telemetry-files.md#the-lens).

use serde::{Deserialize, Serialize};

use crate::FourCc;
use crate::gpmf::klv::{KlvItem, items};
use crate::gpmf::settings::{devices, settings};
use crate::gpmf::{Payload, value};
use crate::warning::{Warning, Warnings};

/// Most changes of one recording; each payload could claim another.
const MAX_CHANGES: usize = 256;
/// Fields of view a lens can have, corner to corner, degrees.
const DIAGONALS_DEG: std::ops::RangeInclusive<f64> = 5.0..=180.0;
/// Fields of view nearer to each other than this are one, degrees: a percent of scale.
const SAME_DIAGONAL_DEG: f64 = 1.0;
/// The device of the second lens that cameras blend with while they stabilise.
const BLENDED: FourCc = FourCc(*b"FOVS");

/// The setting a rider chose, `VFOV`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LensMode {
    /// `W`
    Wide,
    /// `M`
    Medium,
    /// `N`
    Narrow,
    /// `L`: straight lines stay straight.
    Linear,
    /// `S`: 4:3 stretched to 16:9.
    Superview,
    /// `H`: 8:7 stretched to 16:9.
    Hyperview,
    /// `X`: of a lens put in front.
    MaxSuperview,
}

/// How the angle from the middle becomes the distance from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LensShape {
    /// By its tangent.
    Rectilinear,
    /// In proportion, as far as one model holds for all cameras.
    Fisheye,
}

impl LensMode {
    fn from_letter(letter: char) -> Option<Self> {
        Some(match letter {
            'W' => Self::Wide,
            'M' => Self::Medium,
            'N' => Self::Narrow,
            'L' => Self::Linear,
            'S' => Self::Superview,
            'H' => Self::Hyperview,
            'X' => Self::MaxSuperview,
            _ => return None,
        })
    }

    /// As the cameras' own menus call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Medium => "medium",
            Self::Narrow => "narrow",
            Self::Linear => "linear",
            Self::Superview => "SuperView",
            Self::Hyperview => "HyperView",
            Self::MaxSuperview => "Max SuperView",
        }
    }

    /// How it projects; `None` where the sides are stretched apart, or not known.
    pub fn shape(self) -> Option<LensShape> {
        match self {
            Self::Linear => Some(LensShape::Rectilinear),
            Self::Wide | Self::Medium | Self::Narrow => Some(LensShape::Fisheye),
            Self::Superview | Self::Hyperview | Self::MaxSuperview => None,
        }
    }
}

/// What is said of a lens; either part may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Lens {
    /// The setting.
    pub mode: Option<LensMode>,
    /// `ZFOV`: what the picture shows from corner to corner, degrees.
    pub diagonal_deg: Option<f64>,
}

impl Lens {
    /// Too near to `other` to be another field of view; what only one of them says is no difference.
    pub fn is_like(&self, other: &Self) -> bool {
        let near = |(a, b): (f64, f64)| (a - b).abs() < SAME_DIAGONAL_DEG;
        self.mode.zip(other.mode).is_none_or(|(a, b)| a == b)
            && self.diagonal_deg.zip(other.diagonal_deg).is_none_or(near)
    }

    /// `linear, 87° diagonal`.
    pub fn words(&self) -> String {
        let mode = self.mode.map(|mode| mode.name().to_owned());
        let diagonal = self.diagonal_deg.map(|deg| format!("{deg:.0}° diagonal"));
        let both: Vec<String> = mode.into_iter().chain(diagonal).collect();
        both.join(", ")
    }

    /// How it projects, and half diagonals of the picture per radian in its middle; `None` where that is not
    /// said, or the sides are stretched apart.
    pub fn middle(&self) -> Option<(LensShape, f64)> {
        let shape = self.mode?.shape()?;
        let corner = 0.5 * self.diagonal_deg?.to_radians();
        let half_diagonals = match shape {
            LensShape::Rectilinear => corner.tan().recip(),
            LensShape::Fisheye => corner.recip(),
        };
        // A straight lens does not see 180 degrees.
        (half_diagonals > 1e-3).then_some((shape, half_diagonals))
    }

    /// Takes over what a payload or a file header says; what it does not say stays as it was.
    fn update(&mut self, gpmf: &[u8], warnings: &mut Warnings) {
        for device in devices(gpmf).filter(|device| !is_blended(device)) {
            for item in settings(device) {
                self.take(&item, warnings);
            }
        }
    }

    fn take(&mut self, item: &KlvItem<'_>, warnings: &mut Warnings) {
        let known = match &item.key.0 {
            b"VFOV" => {
                let text = value::text(item);
                let letter = text.trim_matches(['\0', ' ']).chars().next();
                // A letter of a newer camera says nothing yet.
                self.mode = letter.and_then(LensMode::from_letter);
                letter.is_some_and(|letter| letter.is_ascii_alphabetic())
            }
            b"ZFOV" => {
                let said = value::first_number(item);
                self.diagonal_deg = said.filter(|deg| DIAGONALS_DEG.contains(deg));
                // Zero stands for a lens that the camera does not know.
                self.diagonal_deg.is_some() || said == Some(0.0)
            }
            _ => return,
        };
        if !known {
            warnings.push(Warning::BadLens { key: item.key });
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            mode: self.mode.or(other.mode),
            diagonal_deg: self.diagonal_deg.or(other.diagonal_deg),
        }
    }

    fn is_known(&self) -> bool {
        self.mode.is_some() || self.diagonal_deg.is_some()
    }
}

/// A lens from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LensFrom {
    /// Seconds on the clock of the file or the recording.
    pub from_secs: f64,
    /// What is said of it.
    #[serde(flatten)]
    pub lens: Lens,
}

/// The lenses of a recording in order of time, each another than the one before; empty where nothing is said.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lenses(Vec<LensFrom>);

impl Lenses {
    /// Of one file: its header, then its payloads in order of time.
    pub fn read(header: Option<&[u8]>, payloads: &[Payload<'_>], warnings: &mut Warnings) -> Self {
        let mut lenses = Self::default();
        let mut lens = Lens::default();
        let said = header.map(|gpmf| (0.0, gpmf));
        let said = said
            .into_iter()
            .chain(payloads.iter().map(|p| (p.pts_secs, p.bytes)));
        for (from_secs, gpmf) in said {
            lens.update(gpmf, warnings);
            lenses.push(LensFrom { from_secs, lens });
        }
        lenses
    }

    /// The lens from that moment on; nothing where it is the last one.
    pub fn push(&mut self, next: LensFrom) {
        if !next.lens.is_known() {
            return;
        }
        let full = self.0.len() >= MAX_CHANGES;
        match self.0.last_mut() {
            Some(last) if last.from_secs >= next.from_secs => last.lens = next.lens,
            Some(last) if last.lens.is_like(&next.lens) => last.lens = last.lens.or(next.lens),
            _ if full => {}
            _ => self.0.push(next),
        }
    }

    /// In order of time.
    pub fn as_slice(&self) -> &[LensFrom] {
        &self.0
    }

    /// The lens of all of it; `None` where nothing is said, or it changes.
    pub fn only(&self) -> Option<Lens> {
        match self.0.as_slice() {
            [one] => Some(one.lens),
            _ => None,
        }
    }

    /// Sound, as [`push`](Self::push) leaves them: of an index that anyone may have written.
    pub fn is_sound(&self) -> bool {
        let sound = |from: &LensFrom| {
            from.from_secs.is_finite()
                && from
                    .lens
                    .diagonal_deg
                    .is_none_or(|deg| DIAGONALS_DEG.contains(&deg))
        };
        self.0.len() <= MAX_CHANGES
            && self.0.iter().all(sound)
            && self.0.windows(2).all(|two| two[0].from_secs < two[1].from_secs)
    }
}

fn is_blended(device: &KlvItem<'_>) -> bool {
    let mut ids = items(device.data).map_while(Result::ok);
    ids.any(|item| item.key == b"DVID" && FourCc::at(item.data, 0) == Some(BLENDED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpmf::testing::{device, each_second, item, nest};

    fn vfov(letter: &[u8]) -> Vec<u8> {
        item(b"VFOV", b'c', 1, letter)
    }

    fn zfov(deg: f32) -> Vec<u8> {
        item(b"ZFOV", b'f', 4, &deg.to_be_bytes())
    }

    fn read(header: Option<&[u8]>, seconds: &[Vec<u8>]) -> (Lenses, Warnings) {
        let mut warnings = Warnings::default();
        (
            Lenses::read(header, &each_second(seconds), &mut warnings),
            warnings,
        )
    }

    #[test]
    fn settings_stand_in_a_device_or_in_its_stream() {
        let straight = nest(
            b"DEVC",
            &[item(b"DVID", b'L', 4, &[0, 0, 0, 1]), vfov(b"L"), zfov(87.4)],
        );
        let in_stream = device(1, &[vfov(b"L"), zfov(87.4)]);
        for header in [straight, in_stream] {
            let (lenses, warnings) = read(Some(&header), &[]);
            let lens = lenses.only().unwrap();
            assert_eq!(lens.words(), "linear, 87° diagonal");
            assert_eq!(lens.mode.and_then(LensMode::shape), Some(LensShape::Rectilinear));
            assert!(warnings.is_empty(), "{warnings:?}");
        }
    }

    #[test]
    fn what_is_said_once_holds_until_it_changes() {
        let header = device(1, &[vfov(b"W")]);
        let seconds = [
            device(1, &[zfov(133.0)]),
            device(1, &[zfov(133.4)]),
            device(1, &[item(b"DATA", b'B', 1, &[1])]),
            device(1, &[vfov(b"L"), zfov(92.0)]),
            device(1, &[vfov(b"L")]),
        ];
        let (lenses, _) = read(Some(&header), &seconds);
        let said: Vec<_> = lenses
            .as_slice()
            .iter()
            .map(|l| (l.from_secs, l.lens.words()))
            .collect();
        let expected = [(0.0, "wide, 133° diagonal"), (3.0, "linear, 92° diagonal")];
        assert_eq!(said, expected.map(|(at, words)| (at, words.to_owned())));
        assert_eq!(lenses.only(), None);
    }

    #[test]
    fn what_no_lens_has_is_skipped_with_a_warning() {
        for wrong in [zfov(f32::NAN), zfov(-3.0), zfov(400.0), vfov(b"\x07"), vfov(b"")] {
            let (lenses, warnings) = read(Some(&device(1, &[wrong])), &[]);
            assert!(lenses.as_slice().is_empty());
            assert!(
                matches!(warnings.as_slice(), [Warning::BadLens { .. }]),
                "{warnings:?}"
            );
        }
        let unknown = device(1, &[vfov(b"Q"), zfov(0.0)]);
        let (lenses, warnings) = read(Some(&unknown), &[]);
        assert!(lenses.as_slice().is_empty() && warnings.is_empty());
    }

    #[test]
    fn the_lens_to_blend_with_is_another_one() {
        let blended = nest(b"DEVC", &[item(b"DVID", b'F', 4, b"FOVS"), zfov(60.0)]);
        let header = [device(1, &[zfov(120.0)]), blended].concat();
        let (lenses, _) = read(Some(&header), &[]);
        assert_eq!(lenses.only().unwrap().diagonal_deg, Some(120.0));
    }

    #[test]
    fn endless_changes_are_bounded() {
        let seconds: Vec<Vec<u8>> = (0..2000)
            .map(|k| device(1, &[vfov(if k % 2 == 0 { b"W" } else { b"L" })]))
            .collect();
        let (lenses, _) = read(None, &seconds);
        assert_eq!(lenses.as_slice().len(), MAX_CHANGES);
        assert!(lenses.is_sound());
    }
}
