//! What a batch and the process of one pair say to each other: a [`PairJob`] in one line of JSON, answered by
//! [`Message`]s, one line each, of which the last is the [`Reply`].

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use mtbsync_task::progress::{Progress, Stage};
use serde::{Deserialize, Serialize};

use super::pair::Finished;
use super::pairing::PlannedPair;
use crate::resources::Used;

/// What the process of a pair is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairJob {
    /// The work.
    pub task: PairTask,
    /// Worker threads, at least 1.
    pub threads: usize,
}

/// The work of a [`PairJob`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairTask {
    /// Find out whether the pair is finished already.
    LookUp(PlannedPair),
    /// Describe a recording that several pairs share, into the cache, or into `out` where there is none.
    DescribeReference {
        /// The recording.
        reference: PathBuf,
        /// File of the index.
        out: Option<PathBuf>,
    },
    /// Find out whether a recording is all there.
    Examine(PathBuf),
    /// Align the pair.
    Align {
        /// The pair.
        pair: PlannedPair,
        /// Index of its reference; `None`: from the cache, else made.
        index: Option<PathBuf>,
    },
}

/// A line from the process of a pair.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Message {
    Start {
        stage: Stage,
        total: Option<u64>,
        media_secs: Option<f64>,
    },
    Advance {
        stage: Stage,
        done: u64,
    },
    Finish {
        stage: Stage,
    },
    Reply(Box<Reply>),
}

/// How a job ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The pair is done, now or before.
    Finished(Box<Finished>),
    /// The pair has to be aligned.
    NotFinished,
    /// The reference is described.
    Described,
    /// The recording is all there.
    Whole,
    /// An error, in one line, and what it cost to find out.
    Failed {
        /// What and where.
        error: String,
        /// Use of the machine.
        used: Used,
    },
}

impl Message {
    /// Hands progress on; gives the reply back.
    pub(super) fn forward(self, progress: &dyn Progress) -> Option<Reply> {
        match self {
            Self::Start {
                stage,
                total,
                media_secs,
            } => progress.start(stage, total, media_secs),
            Self::Advance { stage, done } => progress.advance(stage, done),
            Self::Finish { stage } => progress.finish(stage),
            Self::Reply(reply) => return Some(*reply),
        }
        None
    }
}

/// The way back to the batch.
pub(super) struct Line<W> {
    out: Mutex<W>,
}

impl<W: Write + Send> Line<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out: Mutex::new(out) }
    }

    /// Sends one message.
    pub(super) fn send(&self, message: &Message) {
        let Ok(mut bytes) = serde_json::to_vec(message) else {
            return;
        };
        bytes.push(b'\n');
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A batch that is gone closes stdin as well, and that is what ends this process.
        let _ = out.write_all(&bytes).and_then(|()| out.flush());
    }
}

impl<W: Write + Send> Progress for Line<W> {
    fn start(&self, stage: Stage, total: Option<u64>, media_secs: Option<f64>) {
        self.send(&Message::Start {
            stage,
            total,
            media_secs,
        });
    }

    fn advance(&self, stage: Stage, done: u64) {
        self.send(&Message::Advance { stage, done });
    }

    fn finish(&self, stage: Stage) {
        self.send(&Message::Finish { stage });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes what it is told.
    #[derive(Default)]
    struct Notes(Mutex<Vec<String>>);

    impl Notes {
        fn note(&self, text: String) {
            self.0.lock().unwrap().push(text);
        }
    }

    impl Progress for Notes {
        fn start(&self, stage: Stage, total: Option<u64>, _: Option<f64>) {
            self.note(format!("start {} {total:?}", stage.label()));
        }
        fn advance(&self, stage: Stage, done: u64) {
            self.note(format!("advance {} {done}", stage.label()));
        }
        fn finish(&self, stage: Stage) {
            self.note(format!("finish {}", stage.label()));
        }
    }

    #[test]
    fn progress_arrives_as_it_was_sent() {
        let line = Line::new(Vec::new());
        line.start(Stage::Features, Some(30), Some(10.0));
        line.advance(Stage::Features, 16);
        line.finish(Stage::Features);
        line.send(&Message::Reply(Box::new(Reply::NotFinished)));
        let text = String::from_utf8(line.out.into_inner().unwrap()).unwrap();
        let notes = Notes::default();
        let mut replies = Vec::new();
        for text in text.lines() {
            let message: Message = serde_json::from_str(text).unwrap();
            replies.extend(message.forward(&notes));
        }
        assert_eq!(
            *notes.0.lock().unwrap(),
            [
                "start read new run Some(30)",
                "advance read new run 16",
                "finish read new run"
            ]
        );
        assert!(matches!(replies.as_slice(), [Reply::NotFinished]));
    }
}
