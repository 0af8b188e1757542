//! `mtbsync telemetry-ui`: what runs cost the machine, live, in the browser
//! (docs/reference/http.md#starting-it).

use std::path::PathBuf;

use clap::Args;
use mtbsync_task::error::PipelineError;
use mtbsync_web::{Inputs, Page};

use super::serve::{self, Service};
use crate::args::serve::ServeArgs;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `telemetry-ui`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  mtbsync telemetry-ui --root batch_out --open-browser")]
pub struct TelemetryUiArgs {
    /// Folder whose runs are shown
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub root: PathBuf,

    #[command(flatten)]
    pub serve: ServeArgs,
}

/// Serves.
pub fn run(args: TelemetryUiArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    let service = Service {
        command: "telemetry-ui",
        page: Page::Telemetry,
        port_env: "MTB_TELEMETRY_PORT",
        default_port: 8761,
        root: Some(args.root),
        inputs: Inputs::default(),
        may_annotate: false,
    };
    serve::run(service, &args.serve, session)
}
