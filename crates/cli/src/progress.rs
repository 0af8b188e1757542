//! Progress of a running command: bars on a terminal, plain lines elsewhere (docs/reference/cli.md#progress).

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use mtbsync_task::progress::{Progress, Stage};

/// Time between two plain lines of one stage.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);
/// Bars are redrawn this often while nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressMode {
    /// Bars on a terminal, plain lines elsewhere.
    Auto,
    /// Bars.
    Bar,
    /// A line when a stage starts and ends.
    Plain,
    /// Lines of JSON, for programs.
    #[value(hide = true)]
    Json,
    /// Nothing.
    None,
}

impl ProgressMode {
    /// What `Auto` means here.
    pub fn resolved(self) -> Self {
        match self {
            Self::Auto if io::stderr().is_terminal() => Self::Bar,
            Self::Auto => Self::Plain,
            asked => asked,
        }
    }
}

/// Shows the stages of a command on stderr.
pub struct Reporter {
    mode: ProgressMode,
    stage: Mutex<Option<Running>>,
}

struct Running {
    stage: Stage,
    started: Instant,
    last_line: Instant,
    total: Option<u64>,
    media_secs: Option<f64>,
    done: u64,
    bar: Option<ProgressBar>,
}

impl Reporter {
    /// A reporter; `Auto` is resolved here.
    pub fn new(mode: ProgressMode) -> Self {
        Self {
            mode: mode.resolved(),
            stage: Mutex::new(None),
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Reporter {
    fn start(&self, stage: Stage, total: Option<u64>, media_secs: Option<f64>) {
        let now = Instant::now();
        let mut running = Running {
            stage,
            started: now,
            last_line: now,
            total,
            media_secs,
            done: 0,
            bar: None,
        };
        match self.mode {
            ProgressMode::Bar => running.bar = Some(bar(stage, total, media_secs)),
            ProgressMode::Plain => plain_line(&format!("{} ...", stage.label())),
            ProgressMode::Auto | ProgressMode::Json | ProgressMode::None => {}
        }
        *self.running() = Some(running);
    }

    fn advance(&self, stage: Stage, done: u64) {
        let mut running = self.running();
        let Some(running) = running.as_mut().filter(|running| running.stage == stage) else {
            return;
        };
        running.done = done;
        if let Some(bar) = &running.bar {
            bar.set_position(done);
        } else if self.mode == ProgressMode::Plain && running.last_line.elapsed() >= PLAIN_INTERVAL {
            running.last_line = Instant::now();
            plain_line(&running.describe());
        }
    }

    fn finish(&self, stage: Stage) {
        let finished = self.running().take();
        let Some(running) = finished.filter(|running| running.stage == stage) else {
            return;
        };
        if let Some(bar) = &running.bar {
            bar.finish_and_clear();
        } else if self.mode == ProgressMode::Plain {
            plain_line(&format!("{} done{}", stage.label(), running.speed()));
        }
    }
}

impl Running {
    fn describe(&self) -> String {
        match self.total {
            Some(total) if total > 0 => {
                let percent = self.done as f64 / total as f64 * 100.0;
                format!("{} {percent:.0} %", self.stage.label())
            }
            _ => format!("{} {}", self.stage.label(), self.done),
        }
    }

    fn speed(&self) -> String {
        let secs = self.started.elapsed().as_secs_f64();
        match self.media_secs {
            Some(media_secs) if secs > 0.0 => {
                format!(" in {secs:.1} s ({:.1} x real time)", media_secs / secs)
            }
            _ => format!(" in {secs:.1} s"),
        }
    }
}

fn bar(stage: Stage, total: Option<u64>, media_secs: Option<f64>) -> ProgressBar {
    let target = ProgressDrawTarget::stderr();
    let bar = ProgressBar::with_draw_target(total, target);
    let template = match total {
        Some(_) if stage == Stage::Render => "{msg:16} {bar:32} {pos}/{len} frames  {speed}  {eta} left",
        Some(_) => "{msg:16} {bar:32} {percent:>3} %  {speed}  {eta} left",
        None => "{msg:16} {spinner}  {pos}  {speed}",
    };
    let per_unit = match (media_secs, total) {
        (Some(media_secs), Some(total)) if total > 0 => Some(media_secs / total as f64),
        _ => None,
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.with_key(
        "speed",
        move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // A bar has no place for an error of its own text.
            let _ = match per_unit {
                Some(secs) => write!(out, "{:.1} x real time", state.per_sec() * secs),
                None => write!(out, "{:.0}/s", state.per_sec()),
            };
        },
    ));
    bar.set_message(stage.label());
    tick(&bar);
    bar
}

/// Redraws a bar that is seen while nothing happens. That takes a thread, and without one the bar stands.
pub fn tick(bar: &ProgressBar) {
    if !bar.is_hidden() && thread::Builder::new().spawn(|| ()).is_ok() {
        bar.enable_steady_tick(TICK);
    }
}

/// A line of progress.
pub fn plain_line(text: &str) {
    // Progress is a courtesy; a closed stderr is no reason to stop working.
    let _ = writeln!(io::stderr(), "{text}");
}
