//! The best sections of a trail in place of two runs.

use clap::Args;

/// Whether, and of which trail.
#[derive(Args, Clone, Debug)]
pub struct IdealArgs {
    /// Show the best sections of the trail one after the other, each from the run that was fastest there
    #[arg(long, requires = "root", conflicts_with_all = [
        "run_dir", "reference", "new", "timewarp_json", "warp", "a", "b", "lock", "master", "from", "to", "stops",
        "layout", "ghost_opacity", "delta_bar", "markers",
    ], display_order = 107)]
    pub ideal: bool,

    /// Id of the trail, where --root holds several
    #[arg(long, value_name = "ID", requires = "ideal", conflicts_with_all = ["run_dir", "reference", "new", "a"], display_order = 108)]
    pub trail: Option<String>,
}
