//! Wrong usage, said in one `error:` line and the usage line (docs/reference/cli.md#rules-for-every-command).

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use mtbsync_task::error::PipelineError;

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
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => NotACommand::Text(error.render().to_string()),
        _ => NotACommand::Wrong(wrong_usage(error), usage_line()),
    }
}

/// What is wrong.
pub fn wrong_usage(error: &clap::Error) -> PipelineError {
    let usage = |what: String| PipelineError::usage(what);
    let arg = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    match (error.kind(), arg, value) {
        (ErrorKind::UnknownArgument, Some(arg), _) if arg.starts_with('-') => {
            usage(format!("unknown flag `{arg}`")).hint_or(did_you_mean(error, ContextKind::SuggestedArg))
        }
        (ErrorKind::UnknownArgument, Some(arg), _) => usage(format!("unexpected argument `{arg}`")),
        (ErrorKind::InvalidSubcommand, ..) => {
            let name = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            usage(format!("unknown command `{name}`"))
                .hint_or(did_you_mean(error, ContextKind::SuggestedSubcommand).or_else(list_commands))
        }
        (ErrorKind::MissingSubcommand, ..) => usage("no command given".to_owned()).hint_or(list_commands()),
        (ErrorKind::MissingRequiredArgument, Some(args), _) => usage(format!("missing {args}")),
        (ErrorKind::InvalidValue, Some(arg), Some(value)) if value.is_empty() => {
            usage(format!("{arg} needs a value")).hint_or(possible_values(error))
        }
        (ErrorKind::InvalidValue, Some(arg), Some(value)) => usage(format!("bad value `{value}` for {arg}"))
            .hint_or(did_you_mean(error, ContextKind::SuggestedValue).or_else(|| possible_values(error))),
        (ErrorKind::ValueValidation, Some(arg), Some(value)) => {
            let reason = std::error::Error::source(error)
                .map(ToString::to_string)
                .unwrap_or_default();
            usage(format!("bad value `{value}` for {arg}: {reason}"))
        }
        (ErrorKind::ArgumentConflict, Some(arg), _) => match text(error, ContextKind::PriorArg) {
            Some(other) if other == arg => usage(format!("{arg} given twice")),
            Some(other) => usage(format!("{arg} cannot be used with {other}")),
            None => usage(format!("{arg} contradicts another flag")),
        },
        _ => usage(first_line(error)),
    }
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

fn possible_values(error: &clap::Error) -> Option<String> {
    let values = text(error, ContextKind::ValidValue).filter(|values| !values.is_empty())?;
    Some(format!("use one of {values}"))
}

fn list_commands() -> Option<String> {
    let names: Vec<String> = crate::args::Cli::command()
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(|command| command.get_name().to_owned())
        .collect();
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
