//! Settings in texts of the library, which names them in backticks, as flags of this program.

use std::collections::BTreeSet;
use std::iter;

use clap::{Arg, CommandFactory};
use mtbsync_markers::export::Preset;

use crate::args::Cli;

/// `` give `out`, or drop `no-cache` `` as `give --out, or drop --no-cache`. Names of editor formats stay
/// formats, and words that are no flag of any command stay as they are.
pub fn named(text: &str) -> String {
    let program = Cli::command();
    let flags: BTreeSet<&str> = iter::once(&program)
        .chain(program.get_subcommands())
        .flat_map(|command| command.get_arguments().filter_map(Arg::get_long))
        .filter(|flag| Preset::from_name(flag).is_none())
        .collect();
    let (mut said, mut rest) = (String::new(), text);
    while let Some((before, quoted)) = rest.split_once('`')
        && let Some((word, after)) = quoted.split_once('`')
    {
        said.push_str(before);
        said.push_str(&if flags.contains(word) {
            format!("--{word}")
        } else {
            format!("`{word}`")
        });
        rest = after;
    }
    said + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_become_flags_and_nothing_else_does() {
        for (text, said) in [
            ("give `out`, or drop `no-cache`", "give --out, or drop --no-cache"),
            (
                "run mtbsync sync with `warp-model` monotone",
                "run mtbsync sync with --warp-model monotone",
            ),
            (
                "there is no retiming in `csv` files",
                "there is no retiming in `csv` files",
            ),
            (
                "member `kpts` is missing; see `",
                "member `kpts` is missing; see `",
            ),
            ("no flag at all", "no flag at all"),
        ] {
            assert_eq!(named(text), said);
        }
    }
}
