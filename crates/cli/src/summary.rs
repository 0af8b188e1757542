//! What a command came to, and the one JSON object that says so (docs/reference/cli.md#the-summary-as-json).

use std::path::{Path, PathBuf};

use mtbsync_task::error::{Failure, PipelineError};
use serde_json::{Map, Value, json};

use crate::exit::Exit;
use crate::signals;

/// What a command came to.
#[derive(Debug)]
pub struct Outcome {
    /// How the program ends.
    pub exit: Exit,
    /// Files written: name and path.
    pub outputs: Vec<(String, PathBuf)>,
    /// The fields of `result`.
    pub result: Value,
    /// What the person should know.
    pub warnings: Vec<String>,
    /// Why it failed.
    pub error: Option<PipelineError>,
    /// The summary was printed already: a server says it when it starts.
    pub is_told: bool,
}

impl Outcome {
    /// Done, with the fields of `result`.
    pub fn done(result: Value) -> Self {
        Self {
            exit: Exit::Success,
            outputs: Vec::new(),
            result,
            warnings: Vec::new(),
            error: None,
            is_told: false,
        }
    }

    /// Failed.
    pub fn failed(error: PipelineError) -> Self {
        let exit = match error.failure() {
            Failure::Interrupted => signals::received(),
            failure => Exit::from(failure),
        };
        Self {
            exit,
            error: Some(error),
            ..Self::done(json!({}))
        }
    }

    /// Warnings and the error in what `words` makes of their texts.
    pub fn worded(mut self, words: fn(&str) -> String) -> Self {
        self.warnings = self.warnings.iter().map(|warning| words(warning)).collect();
        self.error = self.error.map(|error| error.worded(words));
        self
    }

    /// The machine-readable summary, one line.
    pub fn to_json(&self, command: &str, elapsed_secs: f64) -> Vec<u8> {
        let outputs: Map<String, Value> = self
            .outputs
            .iter()
            .map(|(name, path)| (name.clone(), absolute(path)))
            .collect();
        let error = self.error.as_ref().map(|error| {
            json!({
                "message": error.what(),
                "file": error.file().map(|file| file.to_string_lossy()),
                "hint": error.hint(),
            })
        });
        let object = json!({
            "command": command,
            "version": env!("CARGO_PKG_VERSION"),
            "ok": self.exit == Exit::Success,
            "exit_code": self.exit.code(),
            "elapsed_sec": (elapsed_secs * 1000.0).round() / 1000.0,
            "outputs": outputs,
            "result": self.result,
            "warnings": self.warnings,
            "error": error,
        });
        format!("{object}\n").into_bytes()
    }
}

fn absolute(path: &Path) -> Value {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Value::from(absolute.to_string_lossy())
}
