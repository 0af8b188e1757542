//! What can go wrong before and beside the pipeline: flags that do not fit together, and commands of this
//! program alone.

use std::io;
use std::path::{Path, PathBuf};

use mtbsync_pipeline::markers::import::InputFormat;
use mtbsync_quality::benchmark::BenchmarkError;
use mtbsync_quality::prune::PruneError;
use mtbsync_quality::regression::RegressionError;
use mtbsync_task::error::{Failure, Problem};
use mtbsync_web::ServerError;

/// What can go wrong before and beside the pipeline.
#[derive(Debug, thiserror::Error)]
pub enum CliProblem {
    /// A model that nothing uses.
    #[error("--model goes with --matcher super or auto")]
    ModelUnused,
    /// An offset of a track that was not given: the flag of the track.
    #[error("{0}-offset needs {0}")]
    OffsetWithoutTrack(&'static str),
    /// One of two runs, where there are not two.
    #[error("--audio of --ideal is master or none")]
    SideOfIdeal,
    /// Neither a file nor a cache.
    #[error("nowhere to write the index")]
    NoPlaceForIndex,
    /// A cache is looked into, and there is none.
    #[error("there is no cache")]
    NoCache,
    /// Nobody can be asked.
    #[error("clearing the whole cache needs --yes")]
    ClearUnconfirmed,
    /// No markers to export, and a call that would give some.
    #[error("no marker table given")]
    NoMarkerTable(String),
    /// A run that carried none over.
    #[error("the run has no markers")]
    RunWithoutMarkers,
    /// Two presets.
    #[error("`{}` and the preset `{preset}` contradict each other", .first.display())]
    TwoPresets {
        /// The first word.
        first: PathBuf,
        /// By flag.
        preset: String,
    },
    /// No input format of this name.
    #[error("unknown format `{0}`")]
    UnknownFormat(String),
    /// Two results for one stdout.
    #[error("--out - and --json both want stdout")]
    StdoutTwice,
    /// A picture of a page that is served.
    #[error("--out-png needs --headless")]
    PictureOfPage,
    /// A flag that the picture cannot do without.
    #[error("viewer --headless needs {0}")]
    PictureWithout(&'static str),
    /// No room for what is handed from one part of the program to another.
    #[error("no temporary folder can be made ({0})")]
    TemporaryFolder(#[source] io::Error),
    /// A token that anyone guesses.
    #[error("the token is empty")]
    TokenEmpty,
    /// A file or variable that holds something else.
    #[error("the token is not one line of text")]
    TokenNotText,
    /// Writing for everyone.
    #[error("--allow-write on an address that others can reach needs a token")]
    TokenMissing,
    /// A variable of the environment that holds no port.
    #[error("{variable}={text} is not a port")]
    NotAPort {
        /// Its name.
        variable: &'static str,
        /// What it holds.
        text: String,
    },
    /// A variable of the environment that holds no duration.
    #[error("{0} is not a number of seconds above 0")]
    NotSeconds(&'static str),
    /// Flags that were not given have no value.
    #[error("the settings of a pair have no defaults ({0})")]
    Defaults(String),
    /// No history to judge by.
    #[error("{message}")]
    NoHistory {
        /// What is missing.
        message: String,
        /// What the person can do.
        hint: Option<String>,
    },
    /// A folder without a run to report on.
    #[error("no run folder")]
    NoRunFolder,
    /// A path that names nothing.
    #[error("file not found")]
    FileNotFound,
    /// A path that names nothing.
    #[error("folder not found")]
    FolderNotFound,
    /// A folder in place of a file to show.
    #[error("is a folder")]
    IsFolder,
    /// A file in place of a folder.
    #[error("is not a folder")]
    NotAFolder,
    /// A report that cannot be made.
    #[error(transparent)]
    Benchmark(BenchmarkError),
    /// A folder that cannot be pruned.
    #[error(transparent)]
    Prune(PruneError),
    /// A gate that cannot be written.
    #[error(transparent)]
    Gate(RegressionError),
    /// An entry of the cache is not what was written.
    #[error("damaged")]
    CacheDamaged,
    /// An address that cannot be listened on.
    #[error(transparent)]
    Server(ServerError),
    /// The system gives the server no threads.
    #[error("no threads for the server ({0})")]
    ServerThreads(#[source] io::Error),
    /// The program cannot be started again.
    #[error("the program cannot find its own file ({0})")]
    OwnFile(#[source] io::Error),
    /// The process of one pair is told nothing.
    #[error("no job on stdin ({0})")]
    NoJob(#[source] io::Error),
    /// Something for stdout that did not get there.
    #[error("stdout cannot be written ({0})")]
    Stdout(#[source] io::Error),
    /// The system gives no more threads.
    #[error("no threads ({0})")]
    Threads(String),
    /// A mistake of the program.
    #[error("the program broke off ({0})")]
    BrokeOff(String),
    /// A manual page that cannot be rendered.
    #[error("page cannot be made ({0})")]
    Page(#[source] io::Error),
}

impl Problem for CliProblem {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Benchmark(error) => return error.hint(),
            Self::Prune(error) => return error.hint(),
            Self::Gate(error) => return error.hint(),
            Self::CacheDamaged => {
                "it is made again when it is needed; a disk that damages files should be replaced"
            }
            Self::Server(error) => return error.hint(),
            Self::NoHistory { hint, .. } => return hint.clone(),
            Self::NoMarkerTable(call) => call,
            Self::UnknownFormat(_) => return Some(format!("formats are auto, {}", InputFormat::names())),
            Self::RunWithoutMarkers => {
                "carry them over: mtbsync transfer, or mtbsync sync with --ref-markers"
            }
            Self::NoPlaceForIndex => "give --out, or drop --no-cache",
            Self::NoCache => "drop --no-cache, or see --cache-dir",
            Self::ClearUnconfirmed => "add --yes, or --older-than 30d to remove old entries only",
            Self::StdoutTwice => "name a file with --out",
            Self::PictureOfPage => "add --headless",
            Self::TokenMissing => "add --token-file PATH, or listen on 127.0.0.1",
            Self::Threads(_) => "end other programs, or allow more processes (ulimit -u)",
            Self::BrokeOff(_) => "please report this, with the command",
            Self::NotAPort { .. } => "ports are 1 to 65535",
            Self::NoRunFolder => {
                "a run folder holds timewarp.json, perf.json or pairs.csv; check --root and --pattern"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }

    fn file(&self) -> Option<&Path> {
        match self {
            Self::Benchmark(error) => error.path(),
            Self::Prune(error) => Some(&error.path),
            _ => None,
        }
    }

    fn failure(&self) -> Failure {
        match self {
            Self::Benchmark(BenchmarkError::Write(error)) | Self::Gate(RegressionError::Write(error)) => {
                Problem::failure(error)
            }
            Self::CacheDamaged
            | Self::FileNotFound
            | Self::RunWithoutMarkers
            | Self::FolderNotFound
            | Self::IsFolder
            | Self::NotAFolder
            | Self::Benchmark(_)
            | Self::Prune(_)
            | Self::Gate(_)
            | Self::Server(_)
            | Self::ServerThreads(_)
            | Self::OwnFile(_)
            | Self::Stdout(_)
            | Self::Threads(_)
            | Self::BrokeOff(_)
            | Self::NoJob(_)
            | Self::Page(_) => Failure::Failed,
            _ => Failure::Usage,
        }
    }
}
