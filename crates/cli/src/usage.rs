//! Wrong usage, said in one `error:` line and the usage line (docs/reference/cli.md#rules-for-every-command).

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use mtbsync_markers::export::Preset;
use mtbsync_task::error::{Failure, PipelineError, Problem};

use crate::args::help;
use crate::commands::version;

/// A parse that did not end in a command.
pub enum NotACommand {
    /// Help or version: the text for stdout.
    Text(String),
    /// Wrong usage and the usage line.
    Wrong(PipelineError, String),
}

/// Sorts clap's errors.
pub fn explain(error: &clap::Error) -> NotACommand {
    match error.kind() {
        ErrorKind::DisplayHelp => NotACommand::Text(error.render().to_string()),
        ErrorKind::DisplayVersion => NotACommand::Text(version::text(named_verbosity())),
        _ => NotACommand::Wrong(wrong_usage(error), usage_line()),
    }
}

/// How often `-v` was given beside `--version`, which ends the parsing.
fn named_verbosity() -> u8 {
    let count = |arg: &str| match arg.strip_prefix('-') {
        Some("-verbose") => 1,
        Some(letters) if !letters.starts_with('-') => letters.chars().filter(|&c| c == 'v').count(),
        _ => 0,
    };
    let args = std::env::args_os().skip(1);
    let total: usize = args.map(|arg| count(&arg.to_string_lossy())).sum();
    u8::try_from(total).unwrap_or(u8::MAX)
}

/// Wrong usage as clap finds it. Flags with their dashes, arguments as the usage line names them.
#[derive(Debug, thiserror::Error)]
enum UsageProblem {
    #[error("unknown flag `{0}`")]
    UnknownFlag(String),
    #[error("unexpected argument `{0}`")]
    UnexpectedArgument(String),
    #[error("unknown command `{0}`")]
    UnknownCommand(String),
    #[error("no command given")]
    NoCommand,
    #[error("missing {0}")]
    Missing(String),
    #[error("{0} needs a value")]
    NoValue(String),
    #[error("bad value `{value}` for {arg}")]
    UnknownValue { arg: String, value: String },
    #[error("bad value `{value}` for {arg}: {reason}")]
    BadValue {
        arg: String,
        value: String,
        reason: String,
    },
    #[error("{0} given twice")]
    Twice(String),
    #[error("{0} cannot be used with {1}")]
    Conflict(String, String),
    #[error("{0} contradicts another flag")]
    Contradiction(String),
    #[error("{0}")]
    Other(String),
}

impl Problem for UsageProblem {
    fn failure(&self) -> Failure {
        Failure::Usage
    }
}

/// What is wrong.
pub fn wrong_usage(error: &clap::Error) -> PipelineError {
    let arg = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    let (problem, hint) = match (error.kind(), arg, value) {
        (ErrorKind::UnknownArgument, Some(arg), _) if arg.starts_with('-') => {
            let hint = meant_flag(&arg).or_else(|| did_you_mean(error, ContextKind::SuggestedArg));
            (UsageProblem::UnknownFlag(arg), hint)
        }
        (ErrorKind::UnknownArgument, Some(arg), _) => (UsageProblem::UnexpectedArgument(arg), None),
        (ErrorKind::InvalidSubcommand, ..) => {
            let name = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            let hint = meant_export(&name)
                .or_else(|| did_you_mean(error, ContextKind::SuggestedSubcommand))
                .or_else(list_commands);
            (UsageProblem::UnknownCommand(name), hint)
        }
        (ErrorKind::MissingSubcommand, ..) => (UsageProblem::NoCommand, list_commands()),
        (ErrorKind::MissingRequiredArgument, Some(args), _) => (UsageProblem::Missing(args), None),
        (ErrorKind::InvalidValue, Some(arg), Some(value)) if value.is_empty() => {
            (UsageProblem::NoValue(arg), possible_values(error))
        }
        (ErrorKind::InvalidValue, Some(arg), Some(value)) => (
            UsageProblem::UnknownValue { arg, value },
            did_you_mean(error, ContextKind::SuggestedValue).or_else(|| possible_values(error)),
        ),
        (ErrorKind::ValueValidation, Some(arg), Some(value)) => {
            let reason = std::error::Error::source(error)
                .map(ToString::to_string)
                .unwrap_or_default();
            (UsageProblem::BadValue { arg, value, reason }, None)
        }
        (ErrorKind::ArgumentConflict, Some(arg), _) => {
            let problem = match text(error, ContextKind::PriorArg) {
                Some(other) if other == arg => UsageProblem::Twice(arg),
                Some(other) => UsageProblem::Conflict(arg, other),
                None => UsageProblem::Contradiction(arg),
            };
            (problem, None)
        }
        _ => (UsageProblem::Other(first_line(error)), None),
    };
    PipelineError::from(problem).with_hint(hint)
}

/// One kind of context as text, lists joined.
fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        ContextValue::StyledStr(text) => Some(text.to_string()),
        ContextValue::StyledStrs(texts) => Some(
            texts
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        ),
        ContextValue::Number(number) => Some(number.to_string()),
        ContextValue::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn did_you_mean(error: &clap::Error, kind: ContextKind) -> Option<String> {
    let suggestion = match error.get(kind)? {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.first()?.clone(),
        _ => return None,
    };
    Some(format!("did you mean `{suggestion}`?"))
}

/// Other words for a flag that the command has.
fn meant_flag(arg: &str) -> Option<String> {
    let program = crate::args::Cli::command();
    let command = program.find_subcommand(named_command()?)?;
    let has = |flag: &&&str| command.get_arguments().any(|arg| arg.get_long() == Some(**flag));
    let word = arg.trim_start_matches('-');
    let wanted: &[&str] = match word {
        "ref" => &["reference", "ref-markers"],
        "markers" => &["ref-markers", "new-markers"],
        _ => &[],
    };
    if let Some(flag) = wanted.iter().find(has) {
        return Some(format!("did you mean `--{flag}`?"));
    }
    let preset = Preset::meant_by(word)?;
    let flag = ["preset", "export"].into_iter().find(|flag| has(&flag))?;
    Some(format!("did you mean `--{flag} {}`?", preset.name()))
}

/// An editor in place of a command.
fn meant_export(name: &str) -> Option<String> {
    let preset = Preset::from_name(name).or_else(|| Preset::meant_by(name))?;
    let call = format!("mtbsync export RUN_DIR --preset {}", preset.name());
    Some(format!("did you mean `{call}`?"))
}

fn possible_values(error: &clap::Error) -> Option<String> {
    let values = text(error, ContextKind::ValidValue).filter(|values| !values.is_empty())?;
    Some(format!("use one of {values}"))
}

fn list_commands() -> Option<String> {
    let names: Vec<&str> = help::commands().collect();
    Some(format!("commands are {}", names.join(", ")))
}

/// Usage of the command on the command line, or of the program.
fn usage_line() -> String {
    let mut program = crate::args::Cli::command();
    program.build();
    let mut command = match named_command() {
        Some(name) => program.find_subcommand(name).cloned().unwrap_or(program),
        None => program,
    };
    let usage = command.render_usage().to_string();
    usage.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The command that was typed, by its full name, when it is one.
pub fn named_command() -> Option<String> {
    let program = crate::args::Cli::command();
    let typed = std::env::args().skip(1).find(|word| !word.starts_with('-'))?;
    Some(program.find_subcommand(typed)?.get_name().to_owned())
}

fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
