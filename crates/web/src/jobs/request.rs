//! From the parameters of a page to the arguments of the program. Each value is checked by its kind; paths are
//! resolved here, so that the program is given absolute ones that lie where they may.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use super::flags::{self, Command, Value};
use crate::error::{ApiError, Kind};
use crate::guard::paths::RelPath;
use crate::runs::Catalogue;

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
}

/// Checks what a page asks for.
///
/// # Errors
/// An unknown kind or flag, a value that is none, a path that may not be used.
pub fn order(kind: &str, params: &Map<String, Json>, catalogue: &Catalogue) -> Result<Order, ApiError> {
    let command =
        flags::command(kind).ok_or_else(|| ApiError::bad_request(format!("unknown kind {kind:?}")))?;
    if let Some(missing) = command.needed.iter().find(|name| !params.contains_key(**name)) {
        return Err(ApiError::bad_request(format!("{kind} needs {missing}")));
    }
    let mut args = vec![command.verb.to_owned()];
    let mut positional = Vec::new();
    let mut output = None;
    for (name, given) in params {
        let value = command
            .value(name)
            .ok_or_else(|| ApiError::bad_request(format!("{kind} has no flag {name:?}")))?;
        if value == Value::Switch {
            if given.as_bool().ok_or_else(|| wrong(name, "true or false"))? {
                args.push(format!("--{name}"));
            }
            continue;
        }
        for text in texts(name, value, given, catalogue)? {
            if name == command.output {
                output = Some(PathBuf::from(&text));
            }
            if is_argument(command, name) {
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
    Ok(Order {
        kind: command.kind,
        args,
        output: output.ok_or_else(|| ApiError::bad_request(format!("{kind} needs {}", command.output)))?,
    })
}

fn is_argument(command: &Command, name: &str) -> bool {
    command.argument.is_some_and(|(argument, _)| argument == name)
}

fn wrong(name: &str, wanted: &str) -> ApiError {
    ApiError::bad_request(format!("{name} must be {wanted}"))
}

fn texts(name: &str, value: Value, given: &Json, catalogue: &Catalogue) -> Result<Vec<String>, ApiError> {
    let text = || given.as_str().ok_or_else(|| wrong(name, "a text"));
    let one = match value {
        Value::In => input(text()?, catalogue).and_then(|path| existing(name, &path, Path::is_file))?,
        Value::Folder => input(text()?, catalogue).and_then(|path| existing(name, &path, Path::is_dir))?,
        Value::Out => as_text(&RelPath::new(text()?)?.creatable(catalogue.root())?)?,
        Value::Number(low, high) => {
            let number = given.as_f64().filter(|number| (low..=high).contains(number));
            number
                .ok_or_else(|| wrong(name, &format!("{low} to {high}")))?
                .to_string()
        }
        Value::Whole(low, high) => {
            let number = given.as_i64().filter(|number| (low..=high).contains(number));
            number
                .ok_or_else(|| wrong(name, &format!("a whole number, {low} to {high}")))?
                .to_string()
        }
        Value::Choice(words) => {
            let word = given.as_str().filter(|word| words.contains(word));
            word.ok_or_else(|| wrong(name, &format!("one of {}", words.join(", "))))?
                .to_owned()
        }
        Value::Word if given.is_number() => given.to_string(),
        Value::Word => word(name, text()?)?,
        Value::Words => {
            let list = match given {
                Json::Array(list) if list.len() <= MAX_VALUES => list.iter().collect(),
                Json::Array(_) => return Err(wrong(name, "a shorter list")),
                single => vec![single],
            };
            let words = list
                .into_iter()
                .map(|item| word(name, item.as_str().unwrap_or_default()));
            return words.collect();
        }
        Value::Text => {
            let line =
                Some(text()?).filter(|text| text.len() <= MAX_TEXT && !text.contains(char::is_control));
            line.ok_or_else(|| wrong(name, "one short line"))?.to_owned()
        }
        Value::Switch => return Err(wrong(name, "true or false")),
    };
    Ok(vec![one])
}

fn word(name: &str, text: &str) -> Result<String, ApiError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-:;/*?,".contains(c);
    if !text.is_empty() && text.len() <= MAX_TEXT && text.chars().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err(wrong(name, "a word of letters, digits and . _ - : ; /"))
    }
}

/// An input: the id of a recording or of a file named on the command line, a path below the root, or an absolute path
/// in a place that was allowed when the server was started.
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
