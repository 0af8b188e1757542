//! How the help is arranged: commands in groups, what most people need first, and the flags of every command
//! in the help of the program only.

use clap::builder::StyledStr;
use clap::{Arg, Command};

/// Commands under the heading they stand below.
const GROUPS: [(&str, &[&str]); 5] = [
    (
        "Every day",
        &["sync", "compare-ui", "splits", "render", "export-markers"],
    ),
    (
        "Markers and video",
        &["import-markers", "transfer-markers", "preview"],
    ),
    (
        "Many runs",
        &[
            "batch",
            "trail",
            "dashboard",
            "quality-check",
            "benchmark-quality",
        ],
    ),
    ("Look inside", &["viewer", "index", "warp", "telemetry-ui"]),
    (
        "The program",
        &["doctor", "cache", "prune-perf", "completions", "version"],
    ),
];
/// Column in which the words about a command begin.
const ABOUT_COLUMN: usize = 20;
/// In the help of a command, in place of the flags that all have.
const OF_EVERY_COMMAND: &str =
    "Flags of every command, --quiet, --verbose, --json, --threads, --force and others: mtbsync --help";

/// The program with its help arranged.
pub fn arranged(mut program: Command) -> Command {
    // Only a built program has the flags of every command in each of them.
    program.build();
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}Flags of every command:\n{{options}}{{after-help}}",
        groups(&program)
    );
    program
        .help_template(template)
        .mut_subcommands(without_global_flags)
}

/// Names of all commands, what most people need first.
pub fn commands() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().flat_map(|(_, names)| *names).copied()
}

fn groups(program: &Command) -> String {
    let line = |name: &&str| {
        let command = program.find_subcommand(name)?;
        let names: Vec<&str> = [*name].into_iter().chain(command.get_visible_aliases()).collect();
        let about = command.get_about().map(StyledStr::to_string).unwrap_or_default();
        Some(format!("  {:ABOUT_COLUMN$}  {about}\n", shortest(&names)))
    };
    let groups = GROUPS.iter().map(|(heading, names)| {
        let lines: String = names.iter().filter_map(line).collect();
        format!("{heading}:\n{lines}\n")
    });
    groups.collect()
}

/// What most people type.
fn shortest<'a>(names: &[&'a str]) -> &'a str {
    names
        .iter()
        .copied()
        .min_by_key(|name| name.len())
        .unwrap_or_default()
}

fn without_global_flags(command: Command) -> Command {
    let hidden = |arg: Arg| {
        let is_hidden = arg.is_hide_set() || arg.is_global_set();
        arg.hide(is_hidden)
    };
    let after = match command.get_after_help() {
        Some(text) => format!("{text}\n\n{OF_EVERY_COMMAND}"),
        None => OF_EVERY_COMMAND.to_owned(),
    };
    command
        .mut_args(hidden)
        .after_help(after)
        .mut_subcommands(without_global_flags)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn every_command_is_in_one_group() {
        let program = Cli::command();
        let named: BTreeSet<&str> = commands().collect();
        let shown = program.get_subcommands().filter(|command| !command.is_hide_set());
        let known: BTreeSet<&str> = shown.map(Command::get_name).collect();
        assert_eq!(named, known);
        assert_eq!(commands().count(), known.len(), "none twice");
    }
}
