//! Two cameras: every pair with exact truth, as it is and with its new side filmed by another camera.
//!
//! [`variants`] makes the other cameras with ffmpeg: zoomed, rolled, cropped, behind another lens, with a
//! cockpit that moves, in bad light. Truth stays exact, because nothing changes when a picture was taken.
//! Every way of looking for what the cameras differ by is a chance to find something where there is nothing,
//! so pairs with nothing in common are tried under every zoom and roll as well.

mod pictures;
mod report;
mod variants;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::footage;
use crate::pairs::TestPair;
use crate::probe::{self, Question};
use crate::score::Score;
pub use report::CamerasReport;
use variants::Variant;

/// A ride played backwards is written with so many pictures a second and lines, because ffmpeg holds all of
/// it in memory.
const BACKWARDS: &str = "fps=15,scale=-2:360,reverse";

/// Which rows are measured: those whose label, "pair, variant", contains every one of these.
#[derive(Clone, Debug, Default)]
pub struct Selection(pub Vec<String>);

impl Selection {
    fn includes(&self, label: &str) -> bool {
        self.0.iter().all(|part| label.contains(part.as_str()))
    }
}

/// Two recordings before they are changed, and how the row is called.
struct Source<'a> {
    name: String,
    reference: &'a Path,
    new: &'a Path,
}

/// Measures every pair of frames with exact truth under every variant and prints each row when it is known.
pub fn measure(bin: &Path, pairs: &[TestPair], selection: &Selection) -> Result<CamerasReport> {
    let variants = variants::all();
    let mut report = CamerasReport::start(variants.iter().map(|variant| variant.name.clone()).collect())?;
    let exact: Vec<&TestPair> = pairs.iter().filter(|pair| !pair.has_camera_gps).collect();
    for pair in &exact {
        let source = Source {
            name: pair.name.clone(),
            reference: &pair.reference,
            new: &pair.new,
        };
        for_each(&source, &variants, selection, |variant, reference, new, cache| {
            let question = Question::with_cache(bin, reference, new, cache)?;
            let run = question.ask("out", &[])?;
            let score = Score::new(&pair.name, &pair.truth, &run);
            report.add(&variant.name, score, question.cost("out"))
        })?;
    }
    let searched: Vec<Variant> = variants
        .into_iter()
        .filter(|variant| variant.is_searched)
        .collect();
    for (pair, other) in exact.iter().zip(exact.iter().cycle().skip(1)) {
        let backwards = || footage::changed(&pair.new, "backwards", &["-vf", BACKWARDS, "-an", "-g", "15"]);
        let wanted = |name: &str| searched.iter().any(|v| selection.includes(&label(name, v)));
        let name = format!("{} backwards", pair.name);
        let mut wrong: Vec<(String, PathBuf)> = Vec::new();
        if wanted(&name) {
            wrong.push((name, backwards()?));
        }
        if exact.len() > 1 {
            wrong.push((format!("{} on {}", other.name, pair.name), other.new.clone()));
        }
        for (name, new) in wrong {
            let source = Source {
                name: name.clone(),
                reference: &pair.reference,
                new: &new,
            };
            for_each(&source, &searched, selection, |variant, reference, new, cache| {
                let is_aligned = probe::is_aligned(bin, reference, new, cache)?;
                report.add_wrong(&variant.name, &name, is_aligned)
            })?;
        }
    }
    Ok(report)
}

fn label(name: &str, variant: &Variant) -> String {
    format!("{name}, {}", variant.name)
}

/// Calls `ask` with the recordings of each selected variant, and a cache that all of them share.
fn for_each(
    source: &Source<'_>,
    variants: &[Variant],
    selection: &Selection,
    mut ask: impl FnMut(&Variant, &Path, &Path, &Path) -> Result<()>,
) -> Result<()> {
    let cache = tempfile::tempdir()?;
    for variant in variants {
        let label = label(&source.name, variant);
        if selection.includes(&label) {
            let reference = variants::changed(source.reference, &variant.reference)?;
            let new = variants::changed(source.new, &variant.new)?;
            ask(variant, &reference, &new, cache.path()).with_context(|| label)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_selection_must_be_in_the_label() {
        let selection = Selection(vec!["sample,".to_owned(), "zoom".to_owned()]);
        assert!(selection.includes("sample, zoom 1.13"));
        assert!(!selection.includes("sample, dark") && !selection.includes("sample backwards, zoom 1.13"));
        assert!(Selection::default().includes("anything"));
    }
}
