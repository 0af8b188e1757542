//! Where the artefacts of a run go, and what they may replace there.

use std::path::{Path, PathBuf};

use mtbsync_artefacts::pairs::{self, PAIRS_FILE, PAIRS_RAW_FILE};
use mtbsync_artefacts::run_set::{self, MANIFEST_FILE};
use mtbsync_artefacts::time_warp::{self, NEW_MARKERS_FILE, OVERLAY_FILE, TIMEWARP_FILE, WARP_FILE};
use mtbsync_formats::atomic::Replaces;
use mtbsync_quality::perf::{self, PERF_FILE};
use mtbsync_quality::regression::{self, REGRESSION_FILE};
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::{Outputs, folder_of};

use super::SyncRequest;
use crate::context::Context;
use crate::map::viewer;
use crate::markers::export::{default_name, may_replace};
use crate::recordings::index::prepare_folder;

/// Where the results go, found out to be writable before the first expensive step.
pub(super) struct Prepared {
    pub target: Target,
    /// Folder of the history.
    pub root: PathBuf,
    /// Where outputs may go, and what the list of the run may replace.
    pub may: (Outputs, Replaces),
    /// Those that nothing came into go again.
    pub _made: MadeFolders,
}

impl Prepared {
    pub fn new(request: &SyncRequest, context: &Context<'_>) -> Result<Self, PipelineError> {
        let target = Target::of(request);
        let root = request.root.clone().unwrap_or_else(|| target.folder.clone());
        let mut made = MadeFolders::default();
        made.prepare_all(
            &target.folder,
            request.regression.as_ref().map(|_| root.as_path()),
        )?;
        let inputs = [
            Some(&request.reference),
            Some(&request.new),
            request.index.as_ref(),
            request.ref_markers.as_ref(),
        ];
        let may = context.outputs(inputs.into_iter().flatten().map(PathBuf::as_path));
        check_outputs(request, &target, &may)?;
        let may_list = may.allow(&target.folder.join(MANIFEST_FILE), run_set::OWN)?;
        Ok(Self {
            target,
            root,
            may: (may, may_list),
            _made: made,
        })
    }
}

/// Where the artefacts go.
pub(super) struct Target {
    pub folder: PathBuf,
    pub pairs: PathBuf,
}

impl Target {
    pub fn of(request: &SyncRequest) -> Self {
        match &request.out {
            Some(out) if !out.is_dir() && out.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) => {
                Self {
                    folder: folder_of(out).to_owned(),
                    pairs: out.clone(),
                }
            }
            Some(out) => Self {
                folder: out.clone(),
                pairs: out.join(PAIRS_FILE),
            },
            None => {
                let stem = request.new.file_stem().unwrap_or_default().to_string_lossy();
                let folder = PathBuf::from(format!("{stem}_sync"));
                Self {
                    pairs: folder.join(PAIRS_FILE),
                    folder,
                }
            }
        }
    }
}

/// Removes folders that were made for outputs that then did not come.
#[derive(Default)]
pub(super) struct MadeFolders(Vec<PathBuf>);

impl MadeFolders {
    /// The folder of the artefacts and, where there is a history, its folder.
    pub fn prepare_all(&mut self, folder: &Path, history: Option<&Path>) -> Result<(), PipelineError> {
        self.prepare(folder)?;
        history.map_or(Ok(()), |root| self.prepare(root))
    }

    fn prepare(&mut self, folder: &Path) -> Result<(), PipelineError> {
        let missing: Vec<PathBuf> = folder
            .ancestors()
            .take_while(|a| !a.as_os_str().is_empty() && !a.exists())
            .map(Path::to_owned)
            .collect();
        self.0.extend(missing);
        prepare_folder(folder)
    }
}

impl Drop for MadeFolders {
    fn drop(&mut self) {
        // Only empty folders can be removed this way, so results are safe.
        for folder in &self.0 {
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// Knows an artefact of that name.
pub(super) fn own(name: &str) -> Replaces {
    match name {
        PAIRS_FILE => pairs::OWN,
        PAIRS_RAW_FILE => pairs::OWN_RAW,
        TIMEWARP_FILE => time_warp::OWN_JSON,
        WARP_FILE => time_warp::OWN_NPZ,
        NEW_MARKERS_FILE => mtbsync_markers::own::TABLE,
        OVERLAY_FILE => viewer::OWN,
        PERF_FILE => perf::OWN,
        _ => Replaces::NOTHING,
    }
}

/// Artefacts by their fixed names.
const NAMES: [&str; 7] = [
    PAIRS_FILE,
    PAIRS_RAW_FILE,
    TIMEWARP_FILE,
    WARP_FILE,
    NEW_MARKERS_FILE,
    OVERLAY_FILE,
    PERF_FILE,
];

/// Refuses outputs in whose place other files are, before the first expensive step.
fn check_outputs(request: &SyncRequest, target: &Target, outputs: &Outputs) -> Result<(), PipelineError> {
    outputs.allow(&target.pairs, pairs::OWN)?;
    for name in NAMES.iter().filter(|name| **name != PAIRS_FILE) {
        outputs.allow(&target.folder.join(name), own(name))?;
    }
    if request.regression.is_some() {
        let root = request.root.as_ref().unwrap_or(&target.folder);
        outputs.allow(&root.join(REGRESSION_FILE), regression::OWN)?;
    }
    for preset in &request.exports {
        let path = target.folder.join(default_name(preset, &markers_stem()));
        outputs.allow(&path, may_replace(&path, preset.format, None)?)?;
    }
    Ok(())
}

/// What the names of editor files begin with.
pub(super) fn markers_stem() -> String {
    NEW_MARKERS_FILE.trim_end_matches(".csv").to_owned()
}
