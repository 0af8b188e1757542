//! `mtbsync dashboard`: all runs of a folder in the browser (docs/reference/http.md#starting-it).

use std::path::PathBuf;

use clap::Args;
use mtbsync_task::error::PipelineError;
use mtbsync_web::{Inputs, Page};

use super::serve::{self, Service};
use crate::args::serve::ServeArgs;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `dashboard`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  mtbsync dashboard --root batch_out --open-browser")]
pub struct DashboardArgs {
    /// Folder whose runs are shown
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub root: PathBuf,

    #[command(flatten)]
    pub serve: ServeArgs,
}

/// Serves.
pub fn run(args: DashboardArgs, session: &mut Session) -> Result<Outcome, PipelineError> {
    let service = Service {
        command: "dashboard",
        page: Page::Dashboard,
        port_env: "MTB_DASHBOARD_PORT",
        default_port: 8760,
        root: Some(args.root),
        inputs: Inputs::default(),
        may_annotate: false,
    };
    serve::run(service, &args.serve, session)
}
