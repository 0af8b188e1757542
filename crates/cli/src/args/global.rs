//! Flags of every command (docs/reference/cli.md#global-flags).

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::values;
use crate::progress::ProgressMode;

/// Flags of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global")]
pub struct GlobalArgs {
    /// No summary and no progress; errors still appear
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// More detail on stderr; repeat for more
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// One JSON object on stdout in place of the summary
    ///
    /// Both spellings mean the same, except in `benchmark-quality`, where `--json` is a report file.
    #[arg(long, global = true)]
    pub json: bool,

    /// The same as --json, on every command
    #[arg(long, global = true)]
    pub summary_json: bool,

    /// How progress is shown
    #[arg(long, global = true, value_enum, value_name = "KIND", default_value = "auto")]
    pub progress: ProgressMode,

    /// No colour, also with NO_COLOR
    #[arg(long, global = true)]
    pub no_color: bool,

    /// Worker threads, 0 = all physical cores; results are the same for every value
    #[arg(long, global = true, value_name = "N", default_value_t = 0, value_parser = values::count(0..=1024), allow_negative_numbers = true)]
    pub threads: usize,

    /// Folder of the index cache [default: the platform's cache folder]
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "MTB_CACHE_DIR",
        hide_env_values = true
    )]
    pub cache_dir: Option<PathBuf>,

    /// Neither read nor write the cache
    #[arg(long, global = true)]
    pub no_cache: bool,

    /// Extra configuration file; wins over those in the home folder
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,

    /// Go on with a warp that failed its gates; every marker is then for review
    #[arg(long, global = true)]
    pub force: bool,

    /// Let an output replace a file that is not of its own kind; never an input
    #[arg(long, global = true)]
    pub overwrite: bool,

    /// End when stdin does: whoever started the program is gone, or wants no result any more
    #[arg(long, global = true, hide = true)]
    pub end_with_stdin: bool,
}

impl GlobalArgs {
    /// Whether the machine-readable summary is asked for.
    pub fn wants_summary(&self) -> bool {
        self.json || self.summary_json
    }
}
