//! Flags as typed. What they mean is decided by the commands; nothing behind them knows clap.

pub mod analysis;
pub mod export;
pub mod global;
pub mod matching;
pub mod pair;
pub mod regression;
pub mod render;
pub mod serve;
pub mod values;
pub mod warp;

use clap::{CommandFactory, FromArgMatches, Parser};

use crate::commands::Command;
use global::GlobalArgs;

/// Align two helmet-camera recordings of the same trail and carry markers over.
#[derive(Parser, Debug)]
#[command(
    name = "mtbsync",
    version = concat!("version ", env!("CARGO_PKG_VERSION")),
    subcommand_required = true,
    arg_required_else_help = false,
    disable_help_subcommand = true,
    max_term_width = 110,
    after_help = "Start here:\n  mtbsync sync --reference old.mp4 --new new.mp4 --ref-markers markers.csv --export resolve-edl\n\n\
        `mtbsync COMMAND --help` explains every flag."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Flags of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
}

impl Cli {
    /// The arguments of this process, and the name of their command.
    ///
    /// # Errors
    /// Help or version were asked for, or the arguments mean nothing.
    pub fn given() -> Result<(Self, String), clap::Error> {
        let program = Self::command();
        let matches = program.clone().try_get_matches()?;
        let command = matches.subcommand_name().unwrap_or_default().to_owned();
        let mut cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut program.clone()))?;
        // The one flag whose name has two meanings: `--json` of `benchmark-quality` is a report, not the summary.
        if matches!(cli.command, Command::BenchmarkQuality(_)) {
            cli.global.json = false;
        }
        Ok((cli, command))
    }
}
