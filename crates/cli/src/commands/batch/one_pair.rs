//! The process of one pair: the command line of its batch or watch again, with a hidden flag. Which pair it
//! is comes on stdin, everything else follows from the same flags.

use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::time::Duration;

use mtbsync_pipeline::batch::{BatchRequest, DEFAULT_SILENCE, PairProgram, do_job};
use mtbsync_task::error::PipelineError;
use serde_json::json;

use crate::error::CliProblem;
use crate::flags;
use crate::session::Session;
use crate::signals;
use crate::summary::Outcome;

/// The hidden flag.
const FLAG: &str = "--one-pair";
/// The flag of a batch whose own stdin is held by somebody.
const STDIN_FLAG: &str = "--end-with-stdin";
/// Variable with the seconds of silence after which a pair counts as hung.
const SILENCE_VARIABLE: &str = "MTB_BATCH_SILENCE_SEC";
/// Longest job, bytes; a few paths are far shorter.
const MAX_JOB_BYTES: u64 = 1 << 20;

/// How the processes of this batch are started.
///
/// # Errors
/// The variable holds no number of seconds, or the program cannot find itself.
pub fn program() -> Result<PairProgram, PipelineError> {
    let silence = seconds(SILENCE_VARIABLE, env::var_os(SILENCE_VARIABLE))?;
    Ok(PairProgram {
        program: env::current_exe().map_err(CliProblem::OwnFile)?,
        args: with_flag(env::args_os().skip(1).collect()),
        silence: silence.unwrap_or(DEFAULT_SILENCE),
        outlives_ctrl_c: false,
    })
}

/// The arguments of the batch and the flag, before whatever follows a `--`. What stdin is for, the flag says.
fn with_flag(mut args: Vec<OsString>) -> Vec<OsString> {
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let values = args.split_off(end);
    args.retain(|arg| arg != STDIN_FLAG);
    args.push(FLAG.into());
    args.extend(values);
    args
}

/// The whole seconds, above 0, that a variable of the environment holds, if it is set.
///
/// # Errors
/// It holds something else.
pub fn seconds(variable: &'static str, value: Option<OsString>) -> Result<Option<Duration>, PipelineError> {
    let Some(value) = value else {
        return Ok(None);
    };
    let secs = value
        .to_str()
        .and_then(|text| text.parse().ok())
        .filter(|&secs| secs > 0);
    secs.map(|secs| Some(Duration::from_secs(secs)))
        .ok_or_else(|| CliProblem::NotSeconds(variable).into())
}

/// Does the job on stdin.
///
/// # Errors
/// No job there, or told to stop.
pub fn run(request: &BatchRequest, session: &Session) -> Result<Outcome, PipelineError> {
    let mut stdin = BufReader::new(io::stdin());
    let mut job = String::new();
    stdin
        .by_ref()
        .take(MAX_JOB_BYTES)
        .read_line(&mut job)
        .map_err(CliProblem::NoJob)?;
    // Nothing more comes; the end of it means that the batch is gone or wants no result any more.
    signals::end_with(stdin, session.cancel.clone())
        .map_err(|error| CliProblem::Threads(error.to_string()))?;
    do_job(&job, request, session.context(), io::stdout(), flags::named)?;
    Ok(Outcome::done(json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_goes_before_what_is_no_flag() {
        let shown = |args: &[&str]| with_flag(args.iter().map(OsString::from).collect());
        assert_eq!(shown(&["batch", "in"]), ["batch", "in", FLAG]);
        assert_eq!(
            shown(&["batch", "--jobs", "2", "--", "-in"]),
            ["batch", "--jobs", "2", FLAG, "--", "-in"]
        );
        assert_eq!(
            shown(&["batch", STDIN_FLAG, "--json", "--", STDIN_FLAG]),
            ["batch", "--json", FLAG, "--", STDIN_FLAG]
        );
    }

    #[test]
    fn a_duration_is_a_number_of_seconds() {
        let read = |value: Option<&str>| seconds(SILENCE_VARIABLE, value.map(OsString::from));
        assert_eq!(read(None).unwrap(), None);
        assert_eq!(read(Some("90")).unwrap(), Some(Duration::from_secs(90)));
        for wrong in ["", "0", "-1", "1.5", "soon"] {
            assert!(read(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
