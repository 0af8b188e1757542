//! What a server is started with.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mtbsync_pipeline::cache::Cache;

use crate::decoder::pool::DecoderProgram;
use crate::jobs::command::JobCommands;

/// The page a server starts with. All pages are served by every server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// All runs of a folder.
    Dashboard,
    /// What runs cost the machine.
    Telemetry,
    /// Two recordings side by side.
    Compare,
    /// The new recording and its markers.
    Preview,
    /// The overlay plot of a run.
    Viewer,
}

impl Page {
    /// Every page.
    pub const ALL: [Self; 5] = [
        Self::Dashboard,
        Self::Telemetry,
        Self::Compare,
        Self::Preview,
        Self::Viewer,
    ];

    /// Name in addresses and in `/api/session`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::Telemetry => "telemetry",
            Self::Compare => "compare",
            Self::Preview => "preview",
            Self::Viewer => "viewer",
        }
    }
}

/// The variable that may hold the token. Nothing that the server starts is given it.
pub const TOKEN_VARIABLE: &str = "MTB_TOKEN";

/// What clients may change; reading is always allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Rights {
    /// Notes and anchors.
    pub annotate: bool,
    /// Jobs, pruning, JSON export.
    pub write: bool,
}

impl Rights {
    /// Names as in `/api/session`.
    pub fn names(self) -> Vec<&'static str> {
        let optional = [("annotate", self.annotate), ("write", self.write)];
        let given = optional.into_iter().filter(|(_, has)| *has).map(|(name, _)| name);
        std::iter::once("read").chain(given).collect()
    }
}

/// Files named on the command line. They may lie outside the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedFiles {
    /// The reference recording.
    pub reference: Option<PathBuf>,
    /// The new recording.
    pub new: Option<PathBuf>,
    /// Markers of the reference.
    pub ref_markers: Option<PathBuf>,
    /// Markers of the new run.
    pub new_markers: Option<PathBuf>,
    /// The map.
    pub timewarp: Option<PathBuf>,
    /// Pairs of the run.
    pub pairs: Option<PathBuf>,
}

impl NamedFiles {
    /// Whether nothing was named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How long things may take, and how many clients there may be (docs/reference/http.md#limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// A client, for the head of a request. A connection without a request ends after it, too.
    pub head: Duration,
    /// A client, for the body of a request.
    pub body: Duration,
    /// A client that takes nothing of its answer.
    pub stall: Duration,
    /// Reading one file of one run for a list.
    pub file: Duration,
    /// All reading and writing of files for one answer.
    pub answer: Duration,
    /// Opening a recording, or decoding one frame of it.
    pub recording: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            file: Duration::from_secs(2),
            answer: Duration::from_secs(20),
            recording: Duration::from_secs(60),
        }
    }
}

/// Takes one line for the person who started the server.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// What a server is started with.
#[derive(Clone)]
pub struct ServerConfig {
    /// Page at `/`.
    pub page: Page,
    /// Folder whose runs are shown.
    pub root: PathBuf,
    /// What clients may change.
    pub rights: Rights,
    /// Secret every client must know.
    pub token: Option<String>,
    /// Secret that lets one client in, once: the browser that is opened gets it in its address.
    pub ticket: Option<String>,
    /// Further names under which the server may be addressed.
    pub allow_hosts: Vec<String>,
    /// Folders whose recordings may be served besides those below the root.
    pub media_roots: Vec<PathBuf>,
    /// Files named on the command line.
    pub inputs: NamedFiles,
    /// Where copies of recordings for browsers are kept; `None`: none are made.
    pub cache: Option<Cache>,
    /// The program that jobs run.
    pub program: PathBuf,
    /// What opens and decodes recordings.
    pub decoder: DecoderProgram,
    /// What jobs may be asked for.
    pub jobs: JobCommands,
    /// How long things may take.
    pub limits: Limits,
    /// Whether each request is logged.
    pub log_requests: bool,
    /// Where lines of the log go.
    pub log: Log,
}

impl fmt::Debug for ServerConfig {
    /// Without the token: this text may end in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConfig")
            .field("page", &self.page)
            .field("root", &self.root)
            .field("rights", &self.rights)
            .finish_non_exhaustive()
    }
}
