//! Two runs of one trail, where neither was synced with the other.

use std::path::Path;

use clap::Args;
use mtbsync_pipeline::trail::pair::ComposedPair;
use mtbsync_task::error::PipelineError;
use tempfile::TempDir;

use crate::error::CliProblem;

/// The two runs.
#[derive(Args, Clone, Debug)]
pub struct RunPairArgs {
    /// One run below --root, shown as the reference
    #[arg(long, value_name = "RUN", requires_all = ["b", "root"], conflicts_with_all = ["run_dir", "reference", "new", "timewarp_json"], display_order = 105)]
    pub a: Option<String>,

    /// Another one, shown as the new run
    #[arg(long, value_name = "RUN", requires = "a", display_order = 106)]
    pub b: Option<String>,
}

/// The map between them, in a folder that goes with this.
pub struct WrittenPair {
    /// Its files.
    pub pair: ComposedPair,
    _folder: TempDir,
}

impl RunPairArgs {
    /// Writes what their maps say of both; `None` where no runs are named.
    ///
    /// # Errors
    /// As [`ComposedPair::write`], or there is no room for it.
    pub fn written(&self, root: Option<&Path>) -> Result<Option<WrittenPair>, PipelineError> {
        let (Some(a), Some(b), Some(root)) = (&self.a, &self.b, root) else {
            return Ok(None);
        };
        let folder = TempDir::with_prefix("mtbsync-").map_err(CliProblem::TemporaryFolder)?;
        Ok(Some(WrittenPair {
            pair: ComposedPair::write(root, a, b, folder.path())?,
            _folder: folder,
        }))
    }
}
