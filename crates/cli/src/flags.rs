//! Settings in texts of the library, which names them in angle quotes, as flags of this program.

use std::collections::BTreeSet;
use std::iter;

use clap::{Arg, CommandFactory};

use crate::args::Cli;

/// `give ‹out›, or drop ‹no-cache›` as `give --out, or drop --no-cache`. What is no flag of any command
/// stays as it is, and so do a person's own words, which stand in backticks.
pub fn named(text: &str) -> String {
    if !text.contains('‹') {
        return text.to_owned();
    }
    let program = Cli::command();
    let flags: BTreeSet<&str> = iter::once(&program)
        .chain(program.get_subcommands())
        .flat_map(|command| command.get_arguments().filter_map(Arg::get_long))
        .collect();
    let (mut said, mut rest) = (String::new(), text);
    while let Some((before, quoted)) = rest.split_once('‹')
        && let Some((word, after)) = quoted.split_once('›')
    {
        said.push_str(before);
        said.push_str(&if flags.contains(word) {
            format!("--{word}")
        } else {
            format!("‹{word}›")
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
            ("give ‹out›, or drop ‹no-cache›", "give --out, or drop --no-cache"),
            (
                "run mtbsync sync with ‹warp-model› monotone",
                "run mtbsync sync with --warp-model monotone",
            ),
            (
                "marker `fast` has no time; see ‹out›",
                "marker `fast` has no time; see --out",
            ),
            ("a title ‹of somebody› and ‹", "a title ‹of somebody› and ‹"),
            ("no flag at all", "no flag at all"),
        ] {
            assert_eq!(named(text), said);
        }
    }
}
