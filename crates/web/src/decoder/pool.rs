//! The server's side: a few decoders that are kept, and one for each copy.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::protocol::{Ask, Line, Said};
use crate::config::{Limits, TOKEN_VARIABLE};

/// Decoders at once; frames beyond that are refused, so that pages ask again when they still want them.
pub const MAX_DECODERS: usize = 4;
/// Longest line of a decoder, bytes; facts about a recording of a hundred chapters are far shorter.
const MAX_LINE_BYTES: u64 = 1 << 20;
/// Most bytes after a line: the times of eight hours at 240 frames a second are 55 MB.
const MAX_ANSWER_BYTES: u64 = 128 << 20;
/// How often a copy looks whether it is still wanted.
const TICK: Duration = Duration::from_millis(100);
/// What a decoder that makes a copy may take to remove what is not finished; it gives itself 5 s.
const GRACE: Duration = Duration::from_secs(6);
/// Arenas of the C library's allocator. Each reserves 64 MiB of address space, which counts.
const ARENAS: &str = "2";

/// How decoders are started.
#[derive(Clone, Debug)]
pub struct DecoderProgram {
    /// The program, usually this one.
    pub program: PathBuf,
    /// Its arguments; with them it calls [`work`](super::worker::work) on its stdin and stdout.
    pub args: Vec<OsString>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The recording cannot be used.
    #[error("{0}")]
    Recording(String),
    /// The recording ended the decoder.
    #[error("the decoder {0} on this recording")]
    Died(String),
    /// It took too long.
    #[error("decoding took longer than {0} s")]
    Slow(u64),
    /// All decoders are at work.
    #[error("all decoders are at work")]
    Busy,
    /// No decoder can be started.
    #[error("no decoder can be started ({0})")]
    Unavailable(String),
    /// The copy is not wanted any more.
    #[error("stopped")]
    Stopped,
}

impl DecodeError {
    /// Whether it says something about the recording, which stays so until the file changes.
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Recording(_) | Self::Died(_))
    }
}

/// The decoders of a server.
#[derive(Debug)]
pub struct Decoders {
    program: DecoderProgram,
    limit: Duration,
    idle: Mutex<Vec<Decoder>>,
    busy: Mutex<usize>,
    freed: Condvar,
}

/// The right to use one decoder.
struct Turn<'a>(&'a Decoders);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.busy.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.freed.notify_one();
    }
}

impl Decoders {
    /// None is started before it is needed.
    pub fn new(program: DecoderProgram, limits: &Limits) -> Self {
        Self {
            program,
            limit: limits.recording,
            idle: Mutex::default(),
            busy: Mutex::new(0),
            freed: Condvar::new(),
        }
    }

    /// Asks a decoder, waiting for one that is free.
    ///
    /// # Errors
    /// No answer, and why.
    pub fn ask(&self, ask: &Ask) -> Result<(Said, Vec<u8>), DecodeError> {
        let turn = self.turn(self.limit)?;
        self.ask_in(&turn, ask)
    }

    /// Asks a decoder if one is free.
    ///
    /// # Errors
    /// No answer, and why.
    pub fn ask_now(&self, ask: &Ask) -> Result<(Said, Vec<u8>), DecodeError> {
        let turn = self.turn(Duration::ZERO)?;
        self.ask_in(&turn, ask)
    }

    fn turn(&self, patience: Duration) -> Result<Turn<'_>, DecodeError> {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .freed
            .wait_timeout_while(busy, patience, |busy| *busy >= MAX_DECODERS);
        let (mut busy, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if *busy >= MAX_DECODERS {
            return Err(DecodeError::Busy);
        }
        *busy += 1;
        Ok(Turn(self))
    }

    fn ask_in(&self, _turn: &Turn<'_>, ask: &Ask) -> Result<(Said, Vec<u8>), DecodeError> {
        if let Some(mut kept) = self.kept_for(ask) {
            match kept.ask(ask, self.limit) {
                // It may have died of something else before.
                Err(DecodeError::Died(_)) => {}
                answer => return self.keep(kept, answer),
            }
        }
        let mut decoder = Decoder::start(&self.program)?;
        let answer = decoder.ask(ask, self.limit);
        self.keep(decoder, answer)
    }

    /// One that has the recording open, if there is any.
    fn kept_for(&self, ask: &Ask) -> Option<Decoder> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let knows = |decoder: &Decoder| decoder.last.as_deref() == Some(ask.path());
        match idle.iter().position(knows) {
            Some(index) => Some(idle.remove(index)),
            None => idle.pop(),
        }
    }

    fn keep(
        &self,
        decoder: Decoder,
        answer: Result<(Said, Vec<u8>), DecodeError>,
    ) -> Result<(Said, Vec<u8>), DecodeError> {
        if matches!(answer, Ok(_) | Err(DecodeError::Recording(_))) {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(decoder);
        }
        answer
    }

    /// Has a copy made, by a decoder of its own. `progress` is told frames done and in all, and says whether
    /// to go on; so long as frames are done, a copy may take any time.
    ///
    /// # Errors
    /// There is no copy, and why.
    pub fn copy(
        &self,
        ask: &Ask,
        progress: &mut dyn FnMut(Option<(u64, u64)>) -> bool,
    ) -> Result<(), DecodeError> {
        let mut decoder = Decoder::start(&self.program)?;
        decoder.send(ask)?;
        let mut silent = Duration::ZERO;
        loop {
            let is_wanted = match decoder.messages.recv_timeout(TICK) {
                Ok((Said::Progress { done, total }, _)) => {
                    silent = Duration::ZERO;
                    progress(Some((done, total)))
                }
                Ok((Said::Failed(what), _)) => return Err(DecodeError::Recording(what)),
                Ok(_) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Err(decoder.cause_of_death()),
                Err(RecvTimeoutError::Timeout) => {
                    silent += TICK;
                    progress(None)
                }
            };
            if !is_wanted {
                decoder.end_gently();
                return Err(DecodeError::Stopped);
            }
            if silent >= self.limit {
                decoder.end_gently();
                return Err(DecodeError::Slow(self.limit.as_secs()));
            }
        }
    }
}

/// A decoder and the way to it.
#[derive(Debug)]
struct Decoder {
    child: Child,
    /// Also what it lives by: it ends when this closes.
    stdin: Option<ChildStdin>,
    messages: Receiver<(Said, Vec<u8>)>,
    /// The file it was last asked about.
    last: Option<PathBuf>,
}

impl Decoder {
    fn start(program: &DecoderProgram) -> Result<Self, DecodeError> {
        let mut command = Command::new(&program.program);
        command
            .args(&program.args)
            .env_remove(TOKEN_VARIABLE)
            .env("MALLOC_ARENA_MAX", ARENAS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        // Ctrl-C in the terminal is for the server, which ends its decoders.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command
            .spawn()
            .map_err(|error| DecodeError::Unavailable(error.to_string()))?;
        let (sender, messages) = channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || listen(stdout, &sender));
        }
        Ok(Self {
            stdin: child.stdin.take(),
            child,
            messages,
            last: None,
        })
    }

    fn send(&mut self, ask: &Ask) -> Result<(), DecodeError> {
        let mut line = serde_json::to_vec(ask)
            .map_err(|_| DecodeError::Recording("the path is not Unicode".to_owned()))?;
        line.push(b'\n');
        self.last = Some(ask.path().to_owned());
        if let Some(stdin) = &mut self.stdin {
            // One that is gone already shows when it is listened to.
            let _ = stdin.write_all(&line).and_then(|()| stdin.flush());
        }
        Ok(())
    }

    fn ask(&mut self, ask: &Ask, limit: Duration) -> Result<(Said, Vec<u8>), DecodeError> {
        self.send(ask)?;
        match self.messages.recv_timeout(limit) {
            Ok((Said::Failed(what), _)) => Err(DecodeError::Recording(what)),
            Ok(answer) => Ok(answer),
            Err(RecvTimeoutError::Timeout) => Err(DecodeError::Slow(limit.as_secs())),
            Err(RecvTimeoutError::Disconnected) => Err(self.cause_of_death()),
        }
    }

    /// How it ended, in words. Its stdout is closed, so it has ended or is about to.
    fn cause_of_death(&mut self) -> DecodeError {
        self.stdin = None;
        DecodeError::Died(match self.end_within(GRACE) {
            Some(status) => in_words(status),
            None => "hung".to_owned(),
        })
    }

    /// Lets it remove what is not finished.
    fn end_gently(&mut self) {
        self.stdin = None;
        self.end_within(GRACE);
    }

    fn end_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        while begun.elapsed() < patience {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) => thread::sleep(Duration::from_millis(2)),
                Err(_) => return None,
            }
        }
        None
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.stdin = None;
        // One that has ended already needs no killing; waiting for it frees its entry in the list of
        // processes.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes on what a decoder says. Lines that are none of its are of a library.
fn listen(stdout: impl Read, messages: &Sender<(Said, Vec<u8>)>) {
    let mut stdout = BufReader::new(stdout);
    while let Ok(Some((said, bytes))) = next(&mut stdout) {
        if messages.send((said, bytes)).is_err() {
            return;
        }
    }
}

/// The next answer; `None` at the end.
fn next(stdout: &mut impl BufRead) -> io::Result<Option<(Said, Vec<u8>)>> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if stdout.take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let Ok(Line { said, bytes }) = serde_json::from_slice(&line) else {
            continue;
        };
        let mut answer = Vec::new();
        stdout
            .take(bytes.min(MAX_ANSWER_BYTES))
            .read_to_end(&mut answer)?;
        if answer.len() as u64 != bytes {
            return Ok(None);
        }
        return Ok(Some((said, answer)));
    }
}

/// `11`: it crashed. `6`: Rust ends a process that way when an allocation fails; `9`: the system does when
/// memory is short. `24`: the limit on the time of processors.
fn in_words(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return match signal {
            libc::SIGABRT | libc::SIGKILL => "ran out of memory".to_owned(),
            libc::SIGXCPU => "took too long".to_owned(),
            signal => format!("crashed (signal {signal})"),
        };
    }
    match status.code() {
        Some(code) => format!("ended (exit code {code})"),
        None => "ended".to_owned(),
    }
}
