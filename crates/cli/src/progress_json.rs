//! Progress for programs (`--progress json`): one JSON object per line on stderr, which the web server makes
//! into events of a job.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mtbsync_task::progress::{Progress, Stage};
use serde_json::json;

use crate::progress::plain_line;

/// Time between two lines of one stage.
const INTERVAL: Duration = Duration::from_millis(100);

/// Tells the stages of a command.
#[derive(Default)]
pub struct JsonReporter(Mutex<Option<RunningStage>>);

struct RunningStage {
    stage: Stage,
    started: Instant,
    last_line: Instant,
    total: Option<u64>,
}

impl JsonReporter {
    fn running(&self) -> MutexGuard<'_, Option<RunningStage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for JsonReporter {
    fn start(&self, stage: Stage, total: Option<u64>, _: Option<f64>) {
        let now = Instant::now();
        *self.running() = Some(RunningStage {
            stage,
            started: now,
            last_line: now,
            total,
        });
        line(stage.label(), 0, total, now.elapsed());
    }

    fn advance(&self, stage: Stage, done: u64) {
        let mut running = self.running();
        let running = running.as_mut().filter(|running| running.stage == stage);
        if let Some(running) = running.filter(|running| running.last_line.elapsed() >= INTERVAL) {
            running.last_line = Instant::now();
            line(stage.label(), done, running.total, running.started.elapsed());
        }
    }

    fn finish(&self, stage: Stage) {
        let finished = self.running().take();
        if let Some(running) = finished.filter(|running| running.stage == stage)
            && let Some(total) = running.total
        {
            line(stage.label(), total, Some(total), running.started.elapsed());
        }
    }
}

/// One line; `elapsed` since the stage began.
pub fn line(stage: &str, done: u64, total: Option<u64>, elapsed: Duration) {
    let share = total
        .filter(|total| *total > 0)
        .map(|total| done as f64 / total as f64);
    let left = share
        .filter(|share| *share > 0.0)
        .map(|share| elapsed.as_secs_f64() * (1.0 - share).max(0.0) / share);
    let round = |value: f64| (value * 10.0).round() / 10.0;
    let object = json!({
        "stage": stage,
        "done": done,
        "total": total,
        "percent": share.map(|share| round(share * 100.0)),
        "eta_sec": left.map(round),
    });
    plain_line(&object.to_string());
}
