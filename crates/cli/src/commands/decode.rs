//! `mtbsync decode`: a decoder of a server, in a process of its own with limits on memory and time.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::mpsc::channel;
use std::thread;

use clap::Args;
use mtbsync_task::error::PipelineError;
use mtbsync_web::Limits;
use mtbsync_web::decoder::pool::DecoderProgram;
use mtbsync_web::decoder::worker::{self, Fence};
use serde_json::json;

use crate::error::CliProblem;
use crate::session::Session;
use crate::signals;
use crate::summary::Outcome;

/// Address space of a decoder, MiB: twice what frames of an 8K recording of 10 bits take (HEVC, four
/// reference pictures, four threads: 1.53 GiB; 4K: 0.66 GiB).
const MEMORY_MIB: u64 = 3072;
/// Longest line of a server, bytes; a few paths are far shorter.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// Flags of `decode`.
#[derive(Args, Debug)]
pub struct DecodeArgs {
    /// Address space it gives itself, MiB
    #[arg(long, value_name = "N", default_value_t = MEMORY_MIB)]
    pub memory_mib: u64,
}

/// How a server starts its decoders.
///
/// # Errors
/// The program cannot find itself.
pub fn program() -> Result<DecoderProgram, PipelineError> {
    Ok(DecoderProgram {
        program: std::env::current_exe().map_err(CliProblem::OwnFile)?,
        args: vec!["decode".into()],
    })
}

/// Decodes until stdin ends.
pub fn run(args: &DecodeArgs, session: &Session) -> Outcome {
    let (sender, asks) = channel();
    let cancel = session.cancel.clone();
    thread::spawn(move || {
        let mut stdin = BufReader::new(io::stdin());
        let mut line = Vec::new();
        while (&mut stdin)
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut line)
            .is_ok_and(|count| count > 0)
        {
            if sender.send(std::mem::take(&mut line)).is_err() {
                return;
            }
        }
        drop(sender);
        signals::stop(&cancel);
    });
    let fence = Fence {
        memory_bytes: args.memory_mib << 20,
        answer: Limits::default().recording,
    };
    let is_unwanted = || session.cancel.is_requested();
    // A server that does not listen any more needs no answer.
    let _ = worker::work(asks.into_iter(), io::stdout().lock(), fence, &is_unwanted);
    Outcome::done(json!({}))
}
