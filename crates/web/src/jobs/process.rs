//! The program as a child: its own process group with a lower priority, read line by line, ended gently and
//! then not. Its stdin is a pipe that the server holds open and never writes to: when the server is gone,
//! however it ended, the pipe closes and the program ends itself ([`SERVER_FLAGS`]).

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::config::TOKEN_VARIABLE;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};

/// What the program is told besides its order: to end with the server, and to speak to a program.
pub const SERVER_FLAGS: [&str; 4] = [
    "--end-with-stdin",
    "--summary-json",
    "--progress=json",
    "--no-color",
];
/// How long a program may take to remove its temporary files once it is told to stop; it gives itself 5 s.
const GRACE: Duration = Duration::from_secs(6);
/// Most bytes read of its summary.
const MAX_SUMMARY: u64 = 4 << 20;
/// Longest line of its progress and its messages, bytes; the rest is dropped.
const MAX_LINE: u64 = 16 << 10;
/// Steps of niceness below that of the server, so that pages and videos come first.
#[cfg(unix)]
const NICENESS: i32 = 10;

/// What the program said on stderr.
#[derive(Clone, Debug, PartialEq)]
pub enum OutputLine {
    /// How far it is.
    Progress(Value),
    /// Anything else.
    Text(String),
}

/// How it ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` when a signal ended it.
    pub exit_code: Option<i32>,
    /// Its summary (docs/reference/cli.md#the-summary-as-json).
    pub summary: Option<Value>,
}

/// Runs `program` in `folder` until it ends, or until `stop` becomes true and it is ended.
///
/// # Errors
/// It cannot be started, or its end cannot be learnt.
pub async fn run(
    program: &Path,
    args: &[String],
    folder: &Path,
    lines: mpsc::Sender<OutputLine>,
    mut stop: watch::Receiver<bool>,
) -> io::Result<Ended> {
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(folder)
        .env_remove(TOKEN_VARIABLE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn()?;
    // Held until the end of this function; a server that drops it half-way ends the program with it.
    let _lifeline = child.stdin.take();
    lower_priority(&child);
    let stdout = child.stdout.take();
    let summary = tokio::spawn(async move { summary(stdout).await });
    let stderr = child.stderr.take();
    let reader = tokio::spawn(async move { read_lines(stderr, lines).await });
    let status = tokio::select! {
        status = child.wait() => status?,
        () = crate::stopping::stopped(&mut stop) => end(&mut child).await?,
    };
    // Its own children may hold the pipes open; what they say no longer matters.
    let summary = tokio::time::timeout(GRACE, summary).await;
    let _ = tokio::time::timeout(GRACE, reader).await;
    Ok(Ended {
        exit_code: status.code(),
        summary: summary.ok().and_then(Result::ok).flatten(),
    })
}

/// Asks the program to stop, and ends it when it does not.
async fn end(child: &mut Child) -> io::Result<ExitStatus> {
    interrupt(child);
    if let Ok(status) = tokio::time::timeout(GRACE, child.wait()).await {
        return status;
    }
    kill_group(child);
    child.start_kill()?;
    child.wait().await
}

async fn summary(stdout: Option<impl AsyncRead + Unpin>) -> Option<Value> {
    let mut text = Vec::new();
    stdout?.take(MAX_SUMMARY).read_to_end(&mut text).await.ok()?;
    // The summary is the last thing on stdout, in one line.
    let line = text.rsplit(|byte| *byte == b'\n').find(|line| !line.is_empty())?;
    serde_json::from_slice(line).ok().filter(Value::is_object)
}

async fn read_lines(stderr: Option<impl AsyncRead + Unpin>, lines: mpsc::Sender<OutputLine>) {
    let Some(stderr) = stderr else {
        return;
    };
    let mut reader = BufReader::new(stderr);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let read = (&mut reader).take(MAX_LINE).read_until(b'\n', &mut bytes).await;
        if !read.is_ok_and(|count| count > 0) {
            return;
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim();
        if !text.is_empty() && lines.send(parse(text)).await.is_err() {
            return;
        }
    }
}

fn parse(text: &str) -> OutputLine {
    let object: Option<Value> = serde_json::from_str(text).ok();
    match object.filter(|value| value.get("stage").is_some()) {
        Some(value) => OutputLine::Progress(value),
        None => OutputLine::Text(text.replace(char::is_control, " ")),
    }
}

#[cfg(unix)]
fn group(child: &Child) -> Option<libc::pid_t> {
    child.id().and_then(|id| libc::pid_t::try_from(id).ok())
}

#[cfg(unix)]
fn lower_priority(child: &Child) {
    let Some(id) = child.id() else {
        return;
    };
    // SAFETY: a system call on numbers; the child is not waited for yet, so its id is not used by anybody
    // else. A refusal only leaves the priority as it is.
    let _ = unsafe { libc::setpriority(libc::PRIO_PGRP, id, NICENESS) };
}

/// Asks the program alone: a batch ends its pairs itself, and takes one that ended by itself for a failed
/// pair.
#[cfg(unix)]
fn interrupt(child: &Child) {
    if let Some(id) = group(child) {
        signal(id, libc::SIGINT);
    }
}

#[cfg(unix)]
fn kill_group(child: &Child) {
    if let Some(group) = group(child) {
        signal(-group, libc::SIGKILL);
    }
}

#[cfg(unix)]
fn signal(to: libc::pid_t, signal: libc::c_int) {
    // SAFETY: a system call on numbers. The child leads a group of its own (`process_group(0)`) and is not
    // waited for yet, so that its id is that of it and of its group and of nothing else.
    let _ = unsafe { libc::kill(to, signal) };
}

#[cfg(not(unix))]
fn lower_priority(_child: &Child) {}

/// Without signals there is no gentle end: temporary files keep their telling name.
#[cfg(not(unix))]
fn interrupt(_child: &Child) {}

#[cfg(not(unix))]
fn kill_group(_child: &Child) {}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    /// A script that runs until it ends by itself or is stopped; what it says comes out of the receiver.
    fn shell(
        script: &str,
        stop: watch::Receiver<bool>,
    ) -> (tokio::task::JoinHandle<Ended>, mpsc::Receiver<OutputLine>) {
        let (sender, receiver) = mpsc::channel(64);
        // A shell cannot trap what was ignored when it began, as it is for everything started in the
        // background.
        let args = ["--default-signal=INT", "sh", "-c", script].map(str::to_owned);
        let folder = std::env::temp_dir();
        let running = tokio::spawn(async move {
            run(Path::new("/usr/bin/env"), &args, &folder, sender, stop)
                .await
                .unwrap()
        });
        (running, receiver)
    }

    #[tokio::test]
    async fn lines_and_the_summary_are_told_apart() {
        let script =
            r#"echo '{"stage":"open","done":0}' >&2; echo 'a warning' >&2; echo '{"ok":false}'; exit 3"#;
        let (_hold, stop) = watch::channel(false);
        let (running, mut lines) = shell(script, stop);
        let ended = running.await.unwrap();
        assert_eq!(
            (ended.exit_code, ended.summary),
            (Some(3), Some(serde_json::json!({"ok": false})))
        );
        assert!(matches!(lines.recv().await, Some(OutputLine::Progress(_))));
        assert_eq!(lines.recv().await, Some(OutputLine::Text("a warning".to_owned())));
        assert_eq!(lines.recv().await, None);
    }

    #[tokio::test]
    async fn the_program_may_clean_up_when_it_is_stopped() {
        let (sender, stop) = watch::channel(false);
        let script = "trap 'echo cleaned >&2; exit 130' INT; echo up >&2; while :; do sleep 0.05; done";
        let (running, mut lines) = shell(script, stop);
        assert_eq!(lines.recv().await, Some(OutputLine::Text("up".to_owned())));
        sender.send(true).unwrap();
        assert_eq!(running.await.unwrap().exit_code, Some(130));
        assert_eq!(lines.recv().await, Some(OutputLine::Text("cleaned".to_owned())));
    }

    #[tokio::test]
    async fn it_runs_with_lower_priority() {
        let (_hold, stop) = watch::channel(false);
        // The priority is set from outside, a moment after the start.
        let script = "i=0; while [ $(nice) -lt 10 ] && [ $i -lt 500 ]; do i=$((i+1)); done; nice >&2";
        let (_running, mut lines) = shell(script, stop);
        let Some(OutputLine::Text(nice)) = lines.recv().await else {
            panic!("no line");
        };
        assert!(nice.parse::<i32>().unwrap() >= NICENESS, "{nice}");
    }
}
