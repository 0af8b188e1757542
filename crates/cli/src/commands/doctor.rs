//! `mtbsync doctor [FILE...]`: can this machine do the work, and what is this file.

use std::path::PathBuf;

use clap::Args;
use mtbsync_pipeline::doctor::{Check, Level, check_file, check_machine};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::flags;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `doctor`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  mtbsync doctor\n  mtbsync doctor GX010123.MP4\n\n\
    Lines begin with ok, warn or fail. Exit codes: 0 all ok, 10 any warn, 1 any fail.")]
pub struct DoctorArgs {
    /// Recordings and track files to look at
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Checks and prints.
pub fn run(args: &DoctorArgs, session: &Session) -> Outcome {
    let cache_dir = session.cache_dir().map(PathBuf::as_path);
    let mut sections = vec![(
        None,
        check_machine(env!("CARGO_PKG_VERSION"), cache_dir, &session.config),
    )];
    for file in &args.files {
        let checks = check_file(file).unwrap_or_else(|error| {
            let text = match error.hint() {
                Some(hint) => format!("{}; hint: {hint}", error.what()),
                None => error.what(),
            };
            vec![Check {
                level: Level::Fail,
                name: "file".to_owned(),
                text,
            }]
        });
        sections.push((Some(file), checks));
    }
    for (file, checks) in &sections {
        if let Some(file) = file {
            session.printer.line(&format!("{}:", file.display()));
        }
        for check in checks {
            session.printer.line(&format!(
                "{:4} {}: {}",
                check.level.word(),
                check.name,
                flags::named(&check.text)
            ));
        }
    }
    let worst = sections
        .iter()
        .flat_map(|(_, checks)| checks)
        .map(|check| check.level)
        .max();
    let mut outcome = Outcome::done(json!({ "checks": sections_to_json(&sections) }));
    outcome.exit = match worst {
        Some(Level::Fail) => Exit::Error,
        Some(Level::Warn) => Exit::Warning,
        Some(Level::Ok) | None => Exit::Success,
    };
    outcome
}

fn sections_to_json(sections: &[(Option<&PathBuf>, Vec<Check>)]) -> Vec<Value> {
    let flat = sections
        .iter()
        .flat_map(|(file, checks)| checks.iter().map(move |check| (file, check)));
    flat.map(|(file, check)| {
        json!({
            "file": file.map(|file| file.to_string_lossy()),
            "level": check.level.word(),
            "name": check.name,
            "text": flags::named(&check.text),
        })
    })
    .collect()
}
