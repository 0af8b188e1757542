//! `mtbsync completions SHELL`: a script for the shell's completion folder.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};
use serde_json::json;

use crate::args::Cli;
use crate::printer::Mode;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Prints the script.
pub fn run(args: &CompletionsArgs, session: &Session) -> Outcome {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "mtbsync", &mut script);
    if session.printer.mode() != Mode::Json {
        session.printer.data(&script);
    }
    Outcome::done(json!({}))
}
