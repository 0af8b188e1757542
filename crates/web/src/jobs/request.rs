//! From the parameters of a page to the arguments of the program. Each value is checked by its kind; paths
//! are resolved here, so that the program is given absolute ones that lie where they may. Ranges and what
//! goes with what are for the command line to judge.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::command::{FlagKind, JobCommands, JobFlag};
use super::outputs;
use super::process::SERVER_FLAGS;
use crate::error::{ApiError, Kind};
use crate::guard::paths::RelPath;
use crate::runs::{Catalogue, scan};

/// Longest text of a value.
const MAX_TEXT: usize = 200;
/// Most values of a flag that can be repeated.
const MAX_VALUES: usize = 16;

/// A job as it will be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// `sync`, `batch`, ...
    pub kind: &'static str,
    /// Arguments of the program, without its name.
    pub args: Vec<String>,
    /// Where results go.
    pub output: PathBuf,
    /// Files it reads.
    pub inputs: Vec<PathBuf>,
    /// Files and folders it writes, `output` among them.
    pub outputs: Vec<PathBuf>,
}

impl Order {
    /// # Errors
    /// An output must not be replaced ([`outputs::check`]).
    pub fn check_outputs(&self) -> Result<(), ApiError> {
        outputs::check(&self.inputs, &self.outputs)
    }
}

/// Checks what a page asks for.
///
/// # Errors
/// An unknown kind or flag, a value that is none, a path that may not be used.
pub fn order(
    kind: &str,
    params: &Map<String, Value>,
    commands: &JobCommands,
    catalogue: &Catalogue,
) -> Result<Order, ApiError> {
    let command = commands.items.iter().find(|command| command.kind == kind);
    let command = command.ok_or_else(|| ApiError::bad_request(format!("unknown kind {kind:?}")))?;
    let missing = |flag: &&JobFlag| flag.required && !params.contains_key(&flag.name);
    if let Some(flag) = command.flags.iter().find(missing) {
        return Err(ApiError::bad_request(format!("{kind} needs {}", flag.name)));
    }
    let mut args = vec![command.verb.to_owned()];
    args.extend(SERVER_FLAGS.map(str::to_owned));
    let mut positional = Vec::new();
    let mut output = None;
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    for (name, given) in params {
        let flag = command.flags.iter().find(|flag| flag.name == *name);
        let flag = flag.ok_or_else(|| ApiError::bad_request(format!("{kind} has no flag {name:?}")))?;
        if flag.kind == FlagKind::Switch {
            if given.as_bool().ok_or_else(|| wrong(name, "true or false"))? {
                args.push(format!("--{name}"));
            }
            continue;
        }
        for text in texts(flag, given, catalogue)? {
            match flag.kind {
                FlagKind::Input => inputs.push(PathBuf::from(&text)),
                FlagKind::Output => outputs.push(PathBuf::from(&text)),
                _ => {}
            }
            if name == command.output {
                output = Some(PathBuf::from(&text));
            }
            if flag.is_argument {
                positional.push(text);
            } else {
                // One word: a value that starts with a dash stays a value.
                args.push(format!("--{name}={text}"));
            }
        }
    }
    if !positional.is_empty() {
        args.push("--".to_owned());
        args.extend(positional);
    }
    (commands.check)(&args).map_err(ApiError::bad_request)?;
    let order = Order {
        kind: command.kind,
        args,
        output: output.ok_or_else(|| ApiError::bad_request(format!("{kind} needs {}", command.output)))?,
        inputs,
        outputs,
    };
    order.check_outputs()?;
    Ok(order)
}

fn wrong(name: &str, wanted: &str) -> ApiError {
    ApiError::bad_request(format!("{name} must be {wanted}"))
}

fn texts(flag: &JobFlag, given: &Value, catalogue: &Catalogue) -> Result<Vec<String>, ApiError> {
    match given {
        Value::Array(list) if flag.repeats && list.len() > MAX_VALUES => {
            Err(wrong(&flag.name, "a shorter list"))
        }
        Value::Array(list) if flag.repeats => list.iter().map(|item| text(flag, item, catalogue)).collect(),
        single => Ok(vec![text(flag, single, catalogue)?]),
    }
}

fn text(flag: &JobFlag, given: &Value, catalogue: &Catalogue) -> Result<String, ApiError> {
    let name = &flag.name;
    let text = match (flag.kind, given) {
        (FlagKind::Number | FlagKind::Text, Value::Number(number)) => number.to_string(),
        (FlagKind::Number, _) => return Err(wrong(name, "a number")),
        (_, Value::String(text)) => text.clone(),
        _ => return Err(wrong(name, "a text")),
    };
    match flag.kind {
        FlagKind::Input => existing(name, &input(&text, catalogue)?, Path::is_file),
        FlagKind::Folder => {
            let folder = input(&text, catalogue)?;
            check_links(&folder, catalogue)?;
            existing(name, &folder, Path::is_dir)
        }
        FlagKind::Output => as_text(&RelPath::new(&text)?.creatable(catalogue.root())?),
        _ if !flag.choices.is_empty() && !flag.choices.contains(&text) => {
            Err(wrong(name, &format!("one of {}", flag.choices.join(", "))))
        }
        _ if text.len() > MAX_TEXT || text.contains(char::is_control) => Err(wrong(name, "one short line")),
        _ => Ok(text),
    }
}

/// An input: the id of a recording or of a file named on the command line, a path below the root, or an
/// absolute path in a place that was allowed when the server was started.
fn input(text: &str, catalogue: &Catalogue) -> Result<PathBuf, ApiError> {
    if let Some(path) = catalogue.input(text) {
        return Ok(path);
    }
    if !Path::new(text).is_absolute() {
        return if text == "." {
            Ok(catalogue.root().to_owned())
        } else {
            RelPath::new(text)?.existing(catalogue.root())
        };
    }
    let real = Path::new(text)
        .canonicalize()
        .map_err(|_| ApiError::not_found("input"))?;
    if catalogue.allows(&real) {
        Ok(real)
    } else {
        Err(ApiError::new(Kind::OutsideRoot, "an input lies outside the root"))
    }
}

/// A job that looks into a folder takes what it finds there, wherever links lead.
fn check_links(folder: &Path, catalogue: &Catalogue) -> Result<(), ApiError> {
    let is_out = |path: &Path| path.canonicalize().is_ok_and(|real| !catalogue.allows(&real));
    let Some(links) = scan::links(folder) else {
        let text = "there is too much below that folder to know that no link leads out of the root";
        return Err(ApiError::new(Kind::OutsideRoot, text));
    };
    match links.into_iter().find(|path| is_out(path)) {
        Some(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let text = format!("{name} in that folder is a link out of the root; start with --media-root");
            Err(ApiError::new(Kind::OutsideRoot, text))
        }
        None => Ok(()),
    }
}

fn existing(name: &str, path: &Path, is_right: fn(&Path) -> bool) -> Result<String, ApiError> {
    if is_right(path) {
        as_text(path)
    } else {
        Err(ApiError::not_found(name))
    }
}

fn as_text(path: &Path) -> Result<String, ApiError> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| ApiError::new(Kind::BadPath, "the path is not Unicode"))
}
