//! `mtbsync dashboard` and `mtbsync telemetry-ui`: all runs of a folder, and what they cost the machine, in
//! the browser (docs/reference/http.md#starting-it).

use std::path::PathBuf;

use clap::Args;
use mtbsync_task::error::PipelineError;
use mtbsync_web::{NamedFiles, Page};

use super::serve::{self, Service};
use crate::args::serve::ServeArgs;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of both.
#[derive(Args, Debug)]
pub struct FolderArgs {
    /// Folder whose runs are shown
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub root: PathBuf,

    #[command(flatten)]
    pub serve: ServeArgs,
}

/// Serves the dashboard.
pub fn dashboard(args: FolderArgs, session: &Session) -> Result<Outcome, PipelineError> {
    run(
        "dashboard",
        Page::Dashboard,
        "MTB_DASHBOARD_PORT",
        8760,
        args,
        session,
    )
}

/// Serves what runs cost.
pub fn telemetry(args: FolderArgs, session: &Session) -> Result<Outcome, PipelineError> {
    run(
        "telemetry-ui",
        Page::Telemetry,
        "MTB_TELEMETRY_PORT",
        8761,
        args,
        session,
    )
}

fn run(
    command: &'static str,
    page: Page,
    port_env: &'static str,
    default_port: u16,
    args: FolderArgs,
    session: &Session,
) -> Result<Outcome, PipelineError> {
    let service = Service {
        command,
        page,
        port_env,
        default_port,
        root: Some(args.root),
        inputs: NamedFiles::default(),
        may_annotate: false,
    };
    serve::run(service, &args.serve, session)
}
