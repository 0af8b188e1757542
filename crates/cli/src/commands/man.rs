//! `mtbsync man DIR`: manual pages from the definition of the flags. For packagers; see `make man`.

use crate::session::Session;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};
use clap_mangen::Man;
use mtbsync_artefacts::run_set::write_files;
use mtbsync_formats::atomic::Replaces;
use mtbsync_pipeline::recordings::index::prepare_folder;
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Outputs;
use serde_json::json;

use crate::args::Cli;
use crate::error::CliProblem;
use crate::summary::Outcome;

/// Flags of `man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// Folder of the pages
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// Writes the pages: one for the program, one per command.
pub fn run(args: &ManArgs, session: &Session) -> Result<Outcome, PipelineError> {
    prepare_folder(&args.dir)?;
    let mut program = Cli::command();
    program.build();
    let mut outcome = Outcome::done(json!({}));
    let outputs = session.context().outputs([]);
    write(&program, "mtbsync", &args.dir, &outputs, &mut outcome)?;
    for command in program.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("mtbsync-{}", command.get_name());
        write(command, &name, &args.dir, &outputs, &mut outcome)?;
    }
    Ok(outcome)
}

fn write(
    command: &clap::Command,
    name: &str,
    dir: &Path,
    outputs: &Outputs,
    outcome: &mut Outcome,
) -> Result<(), PipelineError> {
    let mut page = Vec::new();
    let rendered: io::Result<()> = Man::new(command.clone())
        .title(name)
        .source(concat!("mtbsync ", env!("CARGO_PKG_VERSION")))
        .manual("mtbsync manual")
        .render(&mut page);
    rendered.map_err(CliProblem::Page)?;
    let path = dir.join(format!("{name}.1"));
    let own = Replaces::own(|ends| ends.head_holds("\"mtbsync manual\""));
    write_files(&[(&path, outputs.check(&path, own)?, &page)])?;
    outcome.outputs.push((name.to_owned(), path));
    Ok(())
}
