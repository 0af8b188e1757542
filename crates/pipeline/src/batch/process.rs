//! The process of one pair, as the batch sees it: started, listened to, and ended when it hangs.
//!
//! A decoder that crashes, hangs or eats all memory takes its process with it and nothing else. The process
//! gets its job on stdin and answers on stdout. Stdin stays open while the batch wants the result: when it
//! closes, because the batch was told to stop or is no more, the process cleans up and ends. That works the
//! same for Ctrl-C, for a request to terminate and for a batch that was killed.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use mtbsync_task::progress::{Cancel, Progress};

use super::wire::{Message, PairJob, Reply};

/// Silence after which a process counts as hung. The longest stages that report nothing between start and end
/// compare all frames of two recordings: many minutes for two of 40 minutes, seconds for usual ones.
pub const DEFAULT_SILENCE: Duration = Duration::from_secs(30 * 60);
/// How often a waiting batch looks whether it is to stop.
const TICK: Duration = Duration::from_millis(100);
/// How often a batch looks whether a process that is about to end has ended.
const END_TICK: Duration = Duration::from_millis(5);
/// What a process may take to end once it was asked to; it gives itself 5 s.
const GRACE: Duration = Duration::from_secs(8);
/// Longest line of a process that is listened to, bytes. A reply is a few thousand.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// How to start a process that does one job.
#[derive(Clone, Debug)]
pub struct PairProgram {
    /// The program, usually this one.
    pub program: PathBuf,
    /// Its arguments; with them it reads a `Job` from stdin and calls [`do_job`](super::do_job).
    pub args: Vec<OsString>,
    /// Silence after which it counts as hung.
    pub silence: Duration,
    /// Ctrl-C is for this process alone: the one that does the job finishes it.
    pub outlives_ctrl_c: bool,
}

/// Why a job has no reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The system has no room for it.
    #[error("process of the pair cannot be started ({0})")]
    Start(std::io::Error),
    /// A path in the job has no JSON form.
    #[error("path is not valid Unicode")]
    NotUnicode,
    /// It was silent for too long.
    #[error("hung: nothing heard for {0} s, stopped")]
    Hung(u64),
    /// The system ended it.
    #[error("process of the pair was {}", signal_in_words(*.0))]
    Signal(i32),
    /// It ended by itself.
    #[error("process of the pair ended without a result (exit code {})", .0.map_or("unknown".to_owned(), |code| code.to_string()))]
    NoReply(Option<i32>),
    /// The process that described the shared reference had none.
    #[error("reference: {0}")]
    Reference(String),
    /// The batch was told to stop.
    #[error("interrupted")]
    Interrupted,
}

impl ProcessError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Start(_) => Some("close other programs, or use fewer ‹jobs›".to_owned()),
            Self::NotUnicode => Some("rename the file or folder".to_owned()),
            Self::Hung(_) => Some(
                "check both recordings with mtbsync doctor, and the disk they are on; then ‹resume›"
                    .to_owned(),
            ),
            Self::Signal(_) => Some("use fewer ‹jobs› or a lower ‹fps›, then ‹resume›".to_owned()),
            Self::NoReply(_) | Self::Reference(_) | Self::Interrupted => None,
        }
    }
}

/// `9`: Linux ends a process that way when memory is short. `6`: Rust does when an allocation fails.
fn signal_in_words(signal: i32) -> String {
    match signal {
        9 => "killed (signal 9), perhaps for lack of memory".to_owned(),
        6 => "aborted (signal 6), perhaps for lack of memory".to_owned(),
        other => format!("ended by signal {other}"),
    }
}

impl PairProgram {
    /// Has `job` done, and its progress shown.
    ///
    /// # Errors
    /// No reply, and why.
    pub(crate) fn run(
        &self,
        job: &PairJob,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Reply, ProcessError> {
        let mut line = serde_json::to_vec(job).map_err(|_| ProcessError::NotUnicode)?;
        line.push(b'\n');
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        #[cfg(unix)]
        if self.outlives_ctrl_c {
            std::os::unix::process::CommandExt::process_group(&mut command, 0);
        }
        let mut child = command.spawn().map_err(ProcessError::Start)?;
        let mut stdin = child.stdin.take();
        if let Some(stdin) = &mut stdin {
            // One that is gone already shows in its exit status.
            let _ = stdin.write_all(&line).and_then(|()| stdin.flush());
        }
        let (sender, messages) = channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || listen(stdout, &sender));
        }
        let heard = self.attend(&messages, progress, cancel);
        drop(stdin);
        if heard.is_err() && !cancel.is_requested() {
            // A child that is gone already needs no killing.
            let _ = child.kill();
        }
        let status = end(&mut child);
        match (heard?, status) {
            (Some(reply), _) => Ok(reply),
            (None, _) if cancel.is_requested() => Err(ProcessError::Interrupted),
            (None, status) => Err(cause_of_death(status)),
        }
    }

    /// Listens until there is a reply or the process closes its stdout. Waiting is counted in ticks and not
    /// by a clock, so that a suspended machine is not taken for a hung process.
    fn attend(
        &self,
        messages: &Receiver<Message>,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Option<Reply>, ProcessError> {
        let mut silent = Duration::ZERO;
        loop {
            match messages.recv_timeout(TICK) {
                Ok(message) => {
                    silent = Duration::ZERO;
                    if let Some(reply) = message.forward(progress) {
                        return Ok(Some(reply));
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => silent += TICK,
            }
            if cancel.is_requested() {
                return Err(ProcessError::Interrupted);
            }
            if silent >= self.silence {
                return Err(ProcessError::Hung(self.silence.as_secs()));
            }
        }
    }
}

/// Passes the messages of a process on until it closes its stdout. Lines that are no message are none of the
/// batch's business: a library may have printed them.
fn listen(stdout: impl Read, messages: &Sender<Message>) {
    let mut stdout = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut stdout).take(MAX_LINE_BYTES).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                if let Ok(message) = serde_json::from_slice(&line)
                    && messages.send(message).is_err()
                {
                    return;
                }
            }
        }
    }
}

/// Waits for a process that is about to end, then ends it. One that even a kill does not reach, stuck in a
/// broken disk, is left behind.
fn end(child: &mut Child) -> Option<ExitStatus> {
    for patience in [GRACE, GRACE] {
        let mut waited = Duration::ZERO;
        while waited < patience {
            match child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) => thread::sleep(END_TICK),
                Err(_) => return None,
            }
            waited += END_TICK;
        }
        let _ = child.kill();
    }
    None
}

fn cause_of_death(status: Option<ExitStatus>) -> ProcessError {
    #[cfg(unix)]
    if let Some(signal) = status.and_then(|status| std::os::unix::process::ExitStatusExt::signal(&status)) {
        return ProcessError::Signal(signal);
    }
    ProcessError::NoReply(status.and_then(|status| status.code()))
}

#[cfg(test)]
#[cfg(unix)]
#[path = "process_tests.rs"]
mod tests;
