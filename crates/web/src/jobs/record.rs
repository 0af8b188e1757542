//! What is known of a job, and what happened to it, in order.

use std::collections::VecDeque;
use std::path::Path;

use serde_json::{Value, json};

use super::request::Order;

/// Lines of a job's log that are kept.
const MAX_LOG: usize = 500;
/// Longest line kept, characters.
const MAX_LINE: usize = 1000;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Waits for its turn.
    Queued,
    /// At work.
    Running,
    /// Ended with exit code 0.
    Done,
    /// Ended otherwise.
    Failed,
    /// Stopped by a person or with the server.
    Cancelled,
}

impl JobState {
    /// Name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it is over.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// Something that happened; numbered per job from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct JobEvent {
    /// Its number.
    pub number: u64,
    /// Name of the event in the stream.
    pub name: &'static str,
    /// Its content.
    pub data: Value,
}

/// One job.
#[derive(Clone, Debug)]
pub struct JobRecord {
    /// Its id.
    pub id: String,
    /// What is run.
    pub order: Order,
    /// Where it stands.
    pub state: JobState,
    /// Unix seconds.
    pub created: f64,
    /// Unix seconds.
    pub started: Option<f64>,
    /// Unix seconds.
    pub ended: Option<f64>,
    /// Code the program ended with.
    pub exit_code: Option<i32>,
    /// The summary of the program (docs/reference/cli.md#the-summary-as-json).
    pub result: Option<Value>,
    /// A person wants it to stop.
    pub cancel_wanted: bool,
    progress: Option<JobEvent>,
    events: VecDeque<JobEvent>,
    count: u64,
}

impl JobRecord {
    /// A job that waits.
    pub fn new(id: String, order: Order, now: f64) -> Self {
        let mut job = Self {
            id,
            order,
            state: JobState::Queued,
            created: now,
            started: None,
            ended: None,
            exit_code: None,
            result: None,
            cancel_wanted: false,
            progress: None,
            events: VecDeque::new(),
            count: 0,
        };
        job.enter(JobState::Queued, now);
        job
    }

    /// Enters a state.
    pub fn enter(&mut self, state: JobState, now: f64) {
        self.state = state;
        match state {
            JobState::Queued => {}
            JobState::Running => self.started = Some(now),
            JobState::Done | JobState::Failed | JobState::Cancelled => self.ended = Some(now),
        }
        self.push("state", json!({ "state": state.name() }));
    }

    /// The program ended: the state, then its summary.
    pub fn end(&mut self, state: JobState, exit_code: Option<i32>, result: Option<Value>, now: f64) {
        self.exit_code = exit_code;
        self.enter(state, now);
        if let Some(result) = result {
            self.push("result", result.clone());
            self.result = Some(result);
        }
    }

    /// The program said how far it is. Only the newest is kept: who looks seldom sees fewer.
    pub fn progress(&mut self, data: Value) {
        self.count += 1;
        self.progress = Some(JobEvent {
            number: self.count,
            name: "progress",
            data,
        });
    }

    /// The program said something else.
    pub fn log(&mut self, line: &str) {
        let line: String = line.chars().take(MAX_LINE).collect();
        self.push("log", json!({ "line": line }));
    }

    fn push(&mut self, name: &'static str, data: Value) {
        self.count += 1;
        let is_log = |event: &JobEvent| event.name == "log";
        if name == "log"
            && self.events.iter().filter(|event| is_log(event)).count() >= MAX_LOG
            && let Some(oldest) = self.events.iter().position(is_log)
        {
            self.events.remove(oldest);
        }
        self.events.push_back(JobEvent {
            number: self.count,
            name,
            data,
        });
    }

    /// What happened after event `seen`, in order.
    pub fn since(&self, seen: u64) -> Vec<JobEvent> {
        let mut events: Vec<JobEvent> = self
            .events
            .iter()
            .chain(&self.progress)
            .filter(|event| event.number > seen)
            .cloned()
            .collect();
        events.sort_by_key(|event| event.number);
        events
    }

    /// Whether it writes, or will write, into `folder`.
    pub fn is_busy_in(&self, folder: &Path) -> bool {
        let output = self.order.output.as_path();
        let is_same = output == folder || output.parent() == Some(folder) || folder.starts_with(output);
        self.state == JobState::Running && is_same
    }

    /// The job in a list.
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "kind": self.order.kind,
            "state": self.state.name(),
            "created": self.created,
            "started": self.started,
            "ended": self.ended,
            "progress": self.progress.as_ref().map(|event| &event.data),
            "exit_code": self.exit_code,
        })
    }

    /// The job by itself: also its log and result.
    pub fn details(&self) -> Value {
        let lines = self.events.iter().filter(|event| event.name == "log");
        let log: Vec<&Value> = lines.filter_map(|event| event.data.get("line")).collect();
        let mut value = self.to_json();
        if let Some(object) = value.as_object_mut() {
            object.insert("log".to_owned(), json!(log));
            object.insert("result".to_owned(), json!(self.result));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn job() -> JobRecord {
        let order = Order {
            kind: "sync",
            args: Vec::new(),
            output: PathBuf::from("/root/run"),
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        JobRecord::new("1".to_owned(), order, 1.0)
    }

    #[test]
    fn only_the_newest_progress_is_kept_and_order_stays() {
        let mut job = job();
        job.progress(json!(1));
        job.log("a line");
        job.progress(json!(2));
        let names: Vec<_> = job.since(1).iter().map(|e| (e.number, e.name)).collect();
        assert_eq!(names, [(3, "log"), (4, "progress")]);
        assert!(job.since(4).is_empty());
    }

    #[test]
    fn logs_are_bounded_and_states_stay() {
        let mut job = job();
        for k in 0..2 * MAX_LOG {
            job.log(&format!("{k}"));
        }
        let events = job.since(0);
        assert_eq!((events.len(), events[0].name), (MAX_LOG + 1, "state"));
    }

    #[test]
    fn runs_are_busy_while_their_folder_is_written() {
        let mut job = job();
        assert!(!job.is_busy_in("/root/run".as_ref()));
        job.enter(JobState::Running, 2.0);
        assert!(job.is_busy_in("/root/run".as_ref()) && job.is_busy_in("/root/run/sub".as_ref()));
        assert!(!job.is_busy_in("/root/run2".as_ref()) && job.is_busy_in("/root".as_ref()));
    }
}
