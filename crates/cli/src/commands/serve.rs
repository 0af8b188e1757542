//! What the commands that serve pages have in common: from flags to a running server and back.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use mtbsync_artefacts::time_warp::TIMEWARP_FILE;
use mtbsync_formats::read_bounded;
use mtbsync_task::error::{PipelineError, TaskProblem};
use mtbsync_task::progress::Cancel;
use mtbsync_web::{Limits, NamedFiles, Page, Rights, Server, ServerConfig, TOKEN_VARIABLE};
use serde_json::json;
use tokio::sync::watch;

use super::{decode, jobs};
use crate::args::serve::ServeArgs;
use crate::error::CliProblem;
use crate::panics;
use crate::printer::Mode;
use crate::progress::plain_line;
use crate::session::Session;
use crate::summary::Outcome;

/// How often the wish to stop is looked at.
const STOP_POLL: Duration = Duration::from_millis(50);
/// Threads that answer requests; work on files has threads of its own.
const WORKERS: usize = 2;

/// Longest token file, bytes.
const MAX_TOKEN_BYTES: u64 = 4096;
/// Random bytes of a ticket.
const TICKET_BYTES: usize = 16;

/// What a command serves.
pub struct Service {
    /// Its name in the summary.
    pub command: &'static str,
    /// The page at `/`.
    pub page: Page,
    /// Variable with the port.
    pub port_env: &'static str,
    /// The port without flag and variable.
    pub default_port: u16,
    /// `--root`.
    pub root: Option<PathBuf>,
    /// Files named on the command line.
    pub inputs: NamedFiles,
    /// Whether notes and anchors may be changed without `--allow-write`.
    pub may_annotate: bool,
}

/// Serves until the program is told to stop.
///
/// # Errors
/// Contradictory flags, a missing root or file, a port that is taken.
pub fn run(service: Service, args: &ServeArgs, session: &Session) -> Result<Outcome, PipelineError> {
    let is_local = is_loopback(&args.host);
    let mut warnings = Vec::new();
    let token = token(args, &mut warnings)?;
    if token.is_none() && args.allow_write && !is_local {
        return Err(CliProblem::TokenMissing.into());
    }
    let opens_browser = args.open_browser && !args.no_open_browser;
    let ticket = token.as_ref().filter(|_| opens_browser).and_then(|_| ticket());
    let opens_browser = opens_browser && token.is_some() == ticket.is_some();
    if args.open_browser && token.is_some() && ticket.is_none() {
        warnings.push("the page is not opened: this system gives no random bytes for its address".to_owned());
    }
    let port = port(args, &service)?;
    let mut inputs = service.inputs;
    check_inputs(&inputs)?;
    if inputs.timewarp.is_none() {
        inputs.timewarp = beside_markers(&inputs);
    }
    let root = root(service.root.as_deref(), &inputs)?;
    if !is_local {
        warnings.push(format!(
            "{} is not loopback: other machines can reach this server",
            args.host
        ));
    }
    let config = ServerConfig {
        page: service.page,
        root: root.clone(),
        rights: Rights {
            annotate: service.may_annotate || args.allow_write,
            write: args.allow_write,
        },
        token,
        ticket: ticket.clone(),
        limits: Limits::default(),
        allow_hosts: args.allow_host.clone(),
        media_roots: folders(&args.media_root)?,
        inputs,
        cache: session.cache(),
        program: std::env::current_exe().map_err(CliProblem::OwnFile)?,
        decoder: decode::program()?,
        jobs: jobs::commands(&session.config),
        log_requests: session.printer.verbosity() > 0,
        log: Arc::new(|line| plain_line(&line.replace(char::is_control, " "))),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(CliProblem::ServerThreads)?;
    panics::go_on();
    let outcome = runtime.block_on(async {
        let bound = Server::bind(&args.host, port).await;
        let server = bound.map_err(CliProblem::Server)?;
        let url = format!("http://{}/", server.address());
        for warning in &warnings {
            session.printer.warning(warning);
        }
        let mut outcome = Outcome::done(json!({ "url": url }));
        outcome.warnings = warnings;
        if session.printer.mode() == Mode::Json {
            session.printer.data(&outcome.to_json(service.command, 0.0));
        }
        session.printer.line(&format!(
            "Serving {} of {} at {url}",
            service.page.name(),
            root.display()
        ));
        if opens_browser {
            open_browser(&url, ticket.as_deref(), session);
        }
        server.serve(config, stop_signal(session.cancel.clone())).await;
        Ok(Outcome {
            warnings: Vec::new(),
            is_told: true,
            ..outcome
        })
    });
    // A thread that hangs in a slow disk must not keep the program.
    runtime.shutdown_background();
    outcome
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Flag, then file, then environment.
fn token(args: &ServeArgs, warnings: &mut Vec<String>) -> Result<Option<String>, PipelineError> {
    let given = if let Some(path) = &args.token_file {
        if is_readable_by_others(path) {
            let text = format!("{}: others can read the token; chmod 600 it", path.display());
            warnings.push(text);
        }
        let bytes = read_bounded(path, MAX_TOKEN_BYTES)?;
        let text =
            String::from_utf8(bytes).map_err(|_| PipelineError::from(CliProblem::TokenNotText).at(path))?;
        Some(text.trim().to_owned())
    } else if let Some(token) = &args.token {
        Some(token.clone())
    } else {
        let given = std::env::var_os(TOKEN_VARIABLE).filter(|text| !text.is_empty());
        let text = given.map(OsString::into_string).transpose();
        text.map_err(|_| CliProblem::TokenNotText)?
    };
    match &given {
        Some(token) if token.trim().is_empty() => Err(CliProblem::TokenEmpty.into()),
        Some(token) if token.contains(char::is_control) => Err(CliProblem::TokenNotText.into()),
        _ => Ok(given),
    }
}

#[cfg(unix)]
fn is_readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    /// Read permission of group and others.
    const OTHERS: u32 = 0o044;
    path.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & OTHERS != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_path: &Path) -> bool {
    false
}

/// A secret for the address of the browser; `None` where the system gives no random bytes as a file.
fn ticket() -> Option<String> {
    let mut bytes = [0; TICKET_BYTES];
    let mut random = File::open("/dev/urandom").ok()?;
    random.read_exact(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Flag, then environment, then default.
fn port(args: &ServeArgs, service: &Service) -> Result<u16, PipelineError> {
    if let Some(port) = args.port {
        return Ok(port);
    }
    match std::env::var(service.port_env) {
        Ok(text) if !text.is_empty() => match text.trim().parse::<u16>() {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(CliProblem::NotAPort {
                variable: service.port_env,
                text,
            }
            .into()),
        },
        _ => Ok(service.default_port),
    }
}

fn check_inputs(inputs: &NamedFiles) -> Result<(), PipelineError> {
    let named = [
        &inputs.reference,
        &inputs.new,
        &inputs.ref_markers,
        &inputs.new_markers,
        &inputs.timewarp,
        &inputs.pairs,
    ];
    match named.into_iter().flatten().find(|path| !path.is_file()) {
        Some(path) if path.is_dir() => Err(PipelineError::from(CliProblem::IsFolder).at(path)),
        Some(path) => Err(PipelineError::from(CliProblem::FileNotFound).at(path)),
        None => Ok(()),
    }
}

/// Markers without a map: the one beside them is theirs.
fn beside_markers(inputs: &NamedFiles) -> Option<PathBuf> {
    let beside = inputs.new_markers.as_deref()?.with_file_name(TIMEWARP_FILE);
    Some(beside).filter(|path| path.is_file())
}

/// `--root`, else the folder of the run that was named, else the working directory.
fn root(given: Option<&Path>, inputs: &NamedFiles) -> Result<PathBuf, PipelineError> {
    let of_run = inputs.timewarp.as_deref().or(inputs.new_markers.as_deref());
    let of_run = of_run.map(mtbsync_task::files::folder_of);
    let root = given.or(of_run).unwrap_or(Path::new("."));
    folder(root)
}

fn folders(paths: &[PathBuf]) -> Result<Vec<PathBuf>, PipelineError> {
    paths.iter().map(|path| folder(path)).collect()
}

fn folder(path: &Path) -> Result<PathBuf, PipelineError> {
    let error = match path.canonicalize() {
        Ok(real) if real.is_dir() => return Ok(real),
        Ok(_) => CliProblem::NotAFolder.into(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => CliProblem::FolderNotFound.into(),
        Err(error) => PipelineError::from(TaskProblem::Unreadable(error)),
    };
    Err(error.at(path))
}

/// Becomes true once the program is told to stop.
fn stop_signal(cancel: Cancel) -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        while !cancel.is_requested() {
            tokio::time::sleep(STOP_POLL).await;
        }
        // Without a receiver the server is gone already.
        let _ = sender.send(true);
    });
    receiver
}

fn open_browser(url: &str, ticket: Option<&str>, session: &Session) {
    let url = ticket.map_or_else(|| url.to_owned(), |ticket| format!("{url}?ticket={ticket}"));
    let (program, args): (&str, &[&str]) = if cfg!(target_os = "windows") {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else if cfg!(target_os = "macos") {
        ("open", &[])
    } else {
        ("xdg-open", &[])
    };
    let started = Command::new(program)
        .args(args)
        .arg(url)
        .env_remove(TOKEN_VARIABLE)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = started {
        let text = format!("the browser could not be opened ({program}: {error})");
        session.printer.warning(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_several_names() {
        assert!(
            ["127.0.0.1", "127.9.9.9", "::1", "LocalHost"]
                .into_iter()
                .all(is_loopback)
        );
        assert!(
            !["0.0.0.0", "192.168.0.2", "bike-pc", "::"]
                .into_iter()
                .any(is_loopback)
        );
    }
}
