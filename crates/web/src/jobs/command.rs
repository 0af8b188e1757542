//! Commands that can be jobs. The program describes its command line; nothing about a flag is known here.

use std::fmt;

use serde::Serialize;

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FlagKind {
    /// On or off.
    Switch,
    /// A number.
    Number,
    /// A line of text.
    Text,
    /// A file to read.
    Input,
    /// A folder to read.
    Folder,
    /// A file or folder to write, below the root.
    Output,
}

/// A flag that a page may set.
#[derive(Clone, Debug, Serialize)]
pub struct JobFlag {
    /// Its name without dashes.
    pub name: String,
    /// What it takes.
    pub kind: FlagKind,
    /// It is an argument, which stands without its name.
    #[serde(skip)]
    pub is_argument: bool,
    /// It takes several values.
    pub repeats: bool,
    /// A job cannot do without it.
    pub required: bool,
    /// What counts without it, in words.
    pub default: Option<String>,
    /// All values there are; empty: any.
    pub choices: Vec<String>,
    /// What it does.
    pub help: String,
    /// The heading it stands under.
    pub group: String,
}

/// A command that can be a job.
#[derive(Clone, Debug, Serialize)]
pub struct JobCommand {
    /// The name in requests.
    pub kind: &'static str,
    /// The name on the command line.
    #[serde(skip)]
    pub verb: &'static str,
    /// The flag that says where results go.
    #[serde(skip)]
    pub output: &'static str,
    /// What a page may set. Everything else is refused.
    pub flags: Vec<JobFlag>,
}

/// A format of editor files.
#[derive(Clone, Debug, Serialize)]
pub struct ExportPreset {
    /// Its name on the command line.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// How names of its files end.
    pub suffix: &'static str,
}

/// What pages may ask of the program.
#[derive(Clone, Serialize)]
pub struct JobCommands {
    /// Commands.
    pub items: Vec<JobCommand>,
    /// Formats of editor files.
    pub presets: Vec<ExportPreset>,
    /// Whether the program would take these arguments; else why not.
    #[serde(skip)]
    pub check: fn(&[String]) -> Result<(), String>,
}

impl fmt::Debug for JobCommands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.items.iter().map(|command| command.kind))
            .finish()
    }
}
