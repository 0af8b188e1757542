//! The `mtbsync` program: arguments in, calls to the pipeline, results out.
//!
//! Three layers. [`args`] holds the flags as typed; [`commands`] turns them into requests, runs the pipeline
//! and says what came of it; everything else is about the terminal: [`printer`], [`progress`], [`summary`],
//! [`exit`].

mod args;
mod batch_progress;
mod commands;
mod error;
mod exit;
mod flags;
mod folders;
mod panics;
mod printer;
mod progress;
mod progress_json;
mod session;
mod signals;
mod summary;
mod table;
mod usage;

use std::process::ExitCode;
use std::time::Instant;

use mtbsync_formats::atomic::cleanup_all;
use mtbsync_task::progress::Cancel;

use args::Cli;
use error::CliProblem;
use exit::Exit;
use printer::{Mode, Printer};
use session::Session;
use summary::Outcome;
use usage::NotACommand;

fn main() -> ExitCode {
    let started = Instant::now();
    panics::listen();
    signals::outlive_file_limits();
    let (cli, command) = match Cli::given() {
        Ok(given) => given,
        Err(error) => return without_command(&error, started),
    };
    let cancel = Cancel::default();
    let listens = signals::listen(cancel.clone(), cli.global.end_with_stdin)
        .map_err(|error| CliProblem::Threads(error.to_string()).into());
    match listens.and_then(|()| Session::new(&cli.global, cancel)) {
        Ok(mut session) => {
            session.describe();
            let outcome = panics::guarded(|| cli.command.run(&mut session)).unwrap_or_else(Outcome::failed);
            let outcome = outcome.worded(flags::named);
            finish(&session.printer, &command, &outcome, started)
        }
        Err(error) => finish(
            &session::printer(&cli.global),
            &command,
            &Outcome::failed(error).worded(flags::named),
            started,
        ),
    }
}

/// Says what came of the command and ends the program.
fn finish(printer: &Printer, command: &str, outcome: &Outcome, started: Instant) -> ExitCode {
    cleanup_all();
    for warning in &outcome.warnings {
        printer.warning(warning);
    }
    if let Some(error) = &outcome.error {
        printer.error(error);
    }
    if printer.mode() == Mode::Json && !outcome.is_told {
        printer.data(&outcome.to_json(command, started.elapsed().as_secs_f64()));
    }
    outcome.exit.after(printer, outcome.error.is_some()).into()
}

/// Help, version or wrong usage.
fn without_command(error: &clap::Error, started: Instant) -> ExitCode {
    // The flags could not be parsed, so whoever wants JSON is found by its spelling.
    let wants_json = std::env::args_os().any(|arg| arg == "--json" || arg == "--summary-json");
    match usage::explain(error) {
        NotACommand::Text(text) => {
            let printer = Printer::new(Mode::Normal, 0, true);
            printer.data(text.as_bytes());
            Exit::Success.after(&printer, false).into()
        }
        NotACommand::Wrong(error, usage) => {
            let printer = Printer::new(if wants_json { Mode::Json } else { Mode::Normal }, 0, true);
            let command = usage::named_command().unwrap_or_default();
            let code = finish(&printer, &command, &Outcome::failed(error), started);
            printer.verdict(&usage);
            code
        }
    }
}
