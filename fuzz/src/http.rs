//! Requests as bytes of a connection, through the whole server but its socket: head, guard, routes, bodies,
//! answers. It has all rights over a folder with one run. Jobs are checked and fail, as their program is not
//! there.

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use mtbsync_web::decoder::pool::DecoderProgram;
use mtbsync_web::jobs::command::{FlagKind, JobCommand, JobCommands, JobFlag};
use mtbsync_web::router::router;
use mtbsync_web::{AppState, Limits, NamedFiles, Page, Rights, ServerConfig};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Room for requests and answers on their way.
const PIPE_BYTES: usize = 1 << 20;
/// Longer than any answer takes; what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(8);

struct Served {
    runtime: Runtime,
    state: AppState,
    /// Says when the server ends; it does not.
    _stop: watch::Sender<bool>,
    _root: TempDir,
}

/// The bytes of one connection. Every answer begins with a status, and none of them says that something is
/// wrong inside.
pub fn requests(data: &[u8]) {
    static SERVED: OnceLock<Served> = OnceLock::new();
    let served = SERVED.get_or_init(served);
    served.runtime.block_on(async {
        let (mut client, server) = tokio::io::duplex(PIPE_BYTES);
        let app = TowerToHyperService::new(router(served.state.clone()));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(server), app);
        let asked = async {
            let mut answer = Vec::new();
            let _ = client.write_all(data.get(..PIPE_BYTES / 2).unwrap_or(data)).await;
            let _ = client.shutdown().await;
            let _ = client.read_to_end(&mut answer).await;
            answer
        };
        let both = async { tokio::join!(connection, asked).1 };
        let answer = tokio::time::timeout(PATIENCE, both).await.expect("it answers or ends");
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."));
        assert!(answer.get(9..12) != Some(b"500"), "{}", String::from_utf8_lossy(&answer));
    });
}

fn served() -> Served {
    let root = tempfile::tempdir().expect("a folder");
    copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/web/tests/data/run").as_path(), &root.path().join("runA"));
    fs::write(root.path().join("ride.mp4"), b"\0\0\0\x18ftypmp42").expect("a file");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (stop, stopping) = watch::channel(false);
    let config = config(root.path());
    let state = runtime.block_on(async { AppState::new(config, stopping) });
    Served {
        runtime,
        state,
        _stop: stop,
        _root: root,
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the run of the tests").flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a file");
    }
}

fn config(root: &Path) -> ServerConfig {
    ServerConfig {
        page: Page::Dashboard,
        root: root.canonicalize().expect("the root"),
        rights: Rights {
            annotate: true,
            write: true,
        },
        token: None,
        ticket: None,
        allow_hosts: Vec::new(),
        media_roots: Vec::new(),
        inputs: NamedFiles::default(),
        cache: None,
        program: "/nowhere/mtbsync".into(),
        decoder: DecoderProgram {
            program: "/nowhere/mtbsync".into(),
            args: Vec::new(),
        },
        jobs: commands(),
        limits: Limits::default(),
        log_requests: false,
        log: Arc::new(|_| {}),
    }
}

/// A command with a flag of each kind.
fn commands() -> JobCommands {
    let flag = |name: &str, kind, required| JobFlag {
        name: name.to_owned(),
        kind,
        is_argument: name == "input-dir",
        repeats: name == "export",
        required,
        default: None,
        choices: if name == "export" { vec!["csv".to_owned()] } else { Vec::new() },
        help: String::new(),
        group: String::new(),
    };
    JobCommands {
        items: vec![JobCommand {
            kind: "sync",
            verb: "sync",
            output: "out",
            flags: vec![
                flag("reference", FlagKind::Input, true),
                flag("input-dir", FlagKind::Folder, false),
                flag("out", FlagKind::Output, true),
                flag("fps", FlagKind::Number, false),
                flag("label", FlagKind::Text, false),
                flag("export", FlagKind::Text, false),
                flag("fast", FlagKind::Switch, false),
            ],
        }],
        presets: Vec::new(),
        check: |_| Ok(()),
    }
}
