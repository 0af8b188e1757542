//! Flags as typed. What they mean is decided by the commands; nothing behind them knows clap.

pub mod analysis;
pub mod export;
pub mod global;
pub mod help;
pub mod ideal;
pub mod matching;
pub mod pair;
pub mod regression;
pub mod render;
pub mod run_pair;
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
    after_help = "Start here:\n  mtbsync sync old.mp4 new.mp4 --ref-markers markers.csv --export resolve-edl\n\n\
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
        let program = help::arranged(Self::command());
        let matches = program.clone().try_get_matches()?;
        let command = matches.subcommand_name().unwrap_or_default().to_owned();
        let mut cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut program.clone()))?;
        // The one flag whose name has two meanings: `--json` of `benchmark-quality` is a report, not the
        // summary.
        if matches!(cli.command, Command::BenchmarkQuality(_)) {
            cli.global.json = false;
        }
        Ok((cli, command))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    const REFERENCE: &str = include_str!("../../../../docs/reference/cli.md");
    /// Sections about the flags of several commands.
    const SHARED: [&str; 3] = ["Rules for every command", "Groups of flags", "Pages"];

    /// `name` of every `--name`.
    fn named(text: &str) -> BTreeSet<&str> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let names = words.filter_map(|word| word.strip_prefix("--"));
        names
            .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
            .collect()
    }

    #[test]
    fn the_reference_names_every_flag_of_every_command_and_no_other() {
        let sections = REFERENCE
            .split("\n## ")
            .filter_map(|section| section.split_once('\n'));
        let sections: BTreeMap<&str, BTreeSet<&str>> =
            sections.map(|(title, text)| (title, named(text))).collect();
        let mut program = Cli::command();
        program.build();
        let mut known = BTreeSet::from(["name", "help", "version"].map(str::to_owned));
        for command in program.get_subcommands().filter(|command| !command.is_hide_set()) {
            let places = SHARED.iter().copied().chain([command.get_name()]);
            let told: BTreeSet<&str> = places
                .filter_map(|title| sections.get(title))
                .flatten()
                .copied()
                .collect();
            let args = command
                .get_subcommands()
                .chain([command])
                .flat_map(clap::Command::get_arguments);
            for arg in args.filter(|arg| !arg.is_hide_set()) {
                known.extend(arg.get_visible_aliases().into_iter().flatten().map(str::to_owned));
                known.extend(arg.get_long().map(str::to_owned));
                let is_told = arg.get_long().is_none_or(|long| told.contains(long));
                assert!(is_told, "{}: {arg}", command.get_name());
            }
        }
        let all = named(REFERENCE);
        let unknown: Vec<_> = all.iter().filter(|name| !known.contains(**name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
