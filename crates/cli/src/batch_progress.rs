//! Progress of a batch: one bar over all pairs and one for each running pair; elsewhere a line when a pair
//! starts and ends.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mtbsync_pipeline::batch::Observer;
use mtbsync_task::progress::{Progress, Stage};

use crate::printer::visible;
use crate::progress::{ProgressMode, plain_line, tick};
use crate::progress_json;

/// Shows a batch on stderr.
pub struct BatchReporter {
    mode: ProgressMode,
    bars: MultiProgress,
    all: ProgressBar,
    total: usize,
    ended: Mutex<usize>,
    started: Instant,
}

impl BatchReporter {
    /// For `total` pairs.
    pub fn new(mode: ProgressMode, total: usize) -> Self {
        let mode = mode.resolved();
        let target = if mode == ProgressMode::Bar {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bars = MultiProgress::with_draw_target(target);
        let all = bars.add(ProgressBar::new(total as u64));
        all.set_style(style("{msg:24} {bar:32} {pos}/{len} pairs  {eta} left"));
        all.set_message("batch");
        tick(&all);
        let started = Instant::now();
        if mode == ProgressMode::Json {
            progress_json::line("pairs", 0, Some(total as u64), started.elapsed());
        }
        Self {
            mode,
            bars,
            all,
            total,
            ended: Mutex::new(0),
            started,
        }
    }

    /// Does something with stdout while the bars are out of the way.
    pub fn suspend(&self, print: impl FnOnce()) {
        self.bars.suspend(print);
    }

    /// Takes the bars away.
    pub fn finish(&self) {
        self.all.finish_and_clear();
    }

    fn ended(&self) -> MutexGuard<'_, usize> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for BatchReporter {
    fn pair(&self, name: &str) -> Box<dyn Progress + '_> {
        let bar = self.bars.add(ProgressBar::new(1));
        let name = visible(name);
        bar.set_message(name.clone().into_owned());
        tick(&bar);
        if self.mode == ProgressMode::Plain {
            plain_line(&format!("{name} ..."));
        }
        Box::new(PairReporter {
            batch: self,
            name: name.into_owned(),
            started: Instant::now(),
            bar,
        })
    }
}

/// One running pair.
struct PairReporter<'a> {
    batch: &'a BatchReporter,
    name: String,
    started: Instant,
    bar: ProgressBar,
}

impl Progress for PairReporter<'_> {
    fn start(&self, stage: Stage, total: Option<u64>, _: Option<f64>) {
        self.bar.reset();
        self.bar.set_length(total.unwrap_or(0));
        self.bar.set_style(match total {
            Some(_) => style("{msg:24} {bar:32} {percent:>3} %  {prefix}  {eta} left"),
            None => style("{msg:24} {spinner}  {prefix}"),
        });
        self.bar.set_prefix(stage.label());
    }

    fn advance(&self, _: Stage, done: u64) {
        self.bar.set_position(done);
    }

    fn finish(&self, _: Stage) {}
}

impl Drop for PairReporter<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.batch.bars.remove(&self.bar);
        let mut ended = self.batch.ended();
        *ended += 1;
        self.batch.all.set_position(*ended as u64);
        if self.batch.mode == ProgressMode::Json {
            let (done, total) = (*ended as u64, self.batch.total as u64);
            progress_json::line("pairs", done, Some(total), self.batch.started.elapsed());
        }
        if self.batch.mode == ProgressMode::Plain {
            let secs = self.started.elapsed().as_secs_f64();
            let total = self.batch.total;
            plain_line(&format!(
                "{} ended in {secs:.1} s ({ended} of {total} pairs)",
                self.name
            ));
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
