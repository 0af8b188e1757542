//! Flags of the commands that serve pages (docs/reference/http.md#starting-it).

use std::path::PathBuf;

use clap::Args;

/// Flags of every server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server")]
pub struct ServeArgs {
    /// Port; 0 takes any free one and prints it
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16), allow_negative_numbers = true)]
    pub port: Option<u16>,

    /// Address to listen on; others than the own machine can only use it when this is not loopback
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: String,

    /// Open the page in the browser
    #[arg(long, overrides_with = "no_open_browser")]
    pub open_browser: bool,

    /// Do not open the browser (the default)
    #[arg(long, visible_alias = "no-browser", overrides_with = "open_browser")]
    pub no_open_browser: bool,

    /// Let pages change notes, start jobs and delete perf.json files
    #[arg(long)]
    pub allow_write: bool,

    /// Also answer under this host name; repeatable
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,

    /// Also serve recordings below this folder; repeatable
    #[arg(long, value_name = "DIR")]
    pub media_root: Vec<PathBuf>,

    /// Secret that every client must know: `Authorization: Bearer TEXT`, or `?token=TEXT` once. Others on
    /// this machine see it in the list of processes; the next flag, or MTB_TOKEN, keeps it to yourself
    #[arg(long, value_name = "TEXT", conflicts_with = "token_file")]
    pub token: Option<String>,

    /// File that holds the secret of --token, in one line
    #[arg(long, value_name = "PATH")]
    pub token_file: Option<PathBuf>,
}
