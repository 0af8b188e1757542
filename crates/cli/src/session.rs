//! Everything a command gets besides its own flags: the resolved global flags and the way to the terminal.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::thread;

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
use mtbsync_pipeline::cache::{BYTES_PER_GB, Cache};
use mtbsync_pipeline::config::Config;
use mtbsync_pipeline::context::Context;
use mtbsync_task::clock;
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Destination;
use mtbsync_task::progress::{Cancel, Progress, Silent, Task};

use crate::args::global::GlobalArgs;
use crate::error::CliProblem;
use crate::printer::{Mode, Printer};
use crate::progress::{ProgressMode, Reporter};
use crate::progress_json::JsonReporter;

/// What every command runs in.
pub struct Session {
    /// The way to the terminal.
    pub printer: Printer,
    /// Set by Ctrl-C.
    pub cancel: Cancel,
    /// Configuration files, merged.
    pub config: Config,
    progress: Box<dyn Progress>,
    progress_mode: ProgressMode,
    threads: usize,
    threads_given: bool,
    cache_dir: Option<PathBuf>,
    force: bool,
    overwrite: bool,
}

impl Session {
    /// Resolves the global flags.
    ///
    /// # Errors
    /// A configuration file that cannot be used.
    pub fn new(global: &GlobalArgs, cancel: Cancel) -> Result<Self, PipelineError> {
        let config = Config::load(global.config.as_deref(), &config_folders())?;
        Ok(Self {
            printer: printer(global),
            cancel,
            config,
            progress: progress(global),
            progress_mode: progress_mode(global),
            threads: if global.threads == 0 {
                physical_cores()
            } else {
                global.threads
            },
            threads_given: global.threads != 0,
            cache_dir: if global.no_cache {
                None
            } else {
                global.cache_dir.clone().or_else(default_cache_dir)
            },
            force: global.force,
            overwrite: global.overwrite,
        })
    }

    /// Use at least `threads` workers unless the person asked for another number; tells how many it became.
    pub fn at_least_threads(&mut self, threads: usize) -> usize {
        if !self.threads_given {
            self.threads = self.threads.max(threads);
        }
        self.threads
    }

    /// Warns of a clock that is no use; for `-v`: what the global flags, the environment and the
    /// configuration came to.
    pub fn describe(&self) {
        if !clock::is_writable() {
            let now = clock::now_utc();
            let text = format!("the clock of this machine says no date that files can hold; they say {now}");
            self.printer.warning(&text);
        }
        for file in &self.config.files {
            self.printer.detail(&format!("configuration: {}", file.display()));
        }
        match &self.cache_dir {
            Some(folder) => self.printer.detail(&format!("cache: {}", folder.display())),
            None => self.printer.detail("cache: off"),
        }
        self.printer.detail(&format!("threads: {}", self.threads));
    }

    /// Where indexes are cached; `None` without a cache.
    pub fn cache_dir(&self) -> Option<&PathBuf> {
        self.cache_dir.as_ref()
    }

    /// The index cache; `None` when it is off.
    pub fn cache(&self) -> Option<Cache> {
        self.cache_dir.clone().map(|folder| Cache {
            folder,
            max_bytes: (self.config.cache_max_gb * BYTES_PER_GB) as u64,
        })
    }

    /// Keeps stdout for a result that goes there.
    ///
    /// # Errors
    /// The summary wants it as well.
    pub fn reserve_stdout_for(&self, out: Option<&Destination>) -> Result<(), PipelineError> {
        if out == Some(&Destination::Stdout) {
            if self.printer.mode() == Mode::Json {
                return Err(CliProblem::StdoutTwice.into());
            }
            self.printer.reserve_stdout();
        }
        Ok(())
    }

    /// How progress is shown; nothing with `--quiet`.
    pub fn progress_mode(&self) -> ProgressMode {
        self.progress_mode
    }

    /// What the pipeline is given.
    pub fn context(&self) -> Context<'_> {
        Context {
            task: Task {
                progress: self.progress.as_ref(),
                cancel: &self.cancel,
                threads: self.threads,
                scratch: None,
            },
            cache: self.cache(),
            clock: clock::now_utc,
            force: self.force,
            overwrite: self.overwrite,
        }
    }
}

/// The printer that the global flags ask for.
pub fn printer(global: &GlobalArgs) -> Printer {
    let mode = match (global.wants_summary(), global.quiet) {
        (true, _) => Mode::Json,
        (false, true) => Mode::Quiet,
        (false, false) => Mode::Normal,
    };
    let colour = !global.no_color && io::stderr().is_terminal();
    Printer::new(mode, if global.quiet { 0 } else { global.verbose }, colour)
}

fn progress_mode(global: &GlobalArgs) -> ProgressMode {
    if global.quiet {
        ProgressMode::None
    } else {
        global.progress
    }
}

fn progress(global: &GlobalArgs) -> Box<dyn Progress> {
    match progress_mode(global) {
        ProgressMode::None => Box::new(Silent),
        ProgressMode::Json => Box::new(JsonReporter::default()),
        mode => Box::new(Reporter::new(mode)),
    }
}

fn physical_cores() -> usize {
    let usable = thread::available_parallelism().map_or(1, usize::from);
    sysinfo::System::physical_core_count().map_or(usable, |cores| cores.clamp(1, usable))
}

/// The platform's cache folder and `mtbsync`; `None` without a home.
fn default_cache_dir() -> Option<PathBuf> {
    let platform = choose_native_strategy().ok()?;
    Some(platform.cache_dir().join("mtbsync"))
}

/// Folders that may hold a `config.toml`, the one that wins first.
fn config_folders() -> Vec<PathBuf> {
    choose_native_strategy().map_or_else(
        |_| Vec::new(),
        |platform| {
            vec![
                platform.config_dir().join("mtbsync"),
                platform.home_dir().join(".mtbsync"),
            ]
        },
    )
}
