//! A server over a fresh folder with one run, and a client that sends what it is told, byte by byte.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{decoder, jobs};
use mtbsync_web::{Limits, NamedFiles, Page, Rights, Server, ServerConfig};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Longest anything here may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A server over `root`, which holds `runA`.
pub struct Place {
    pub folder: TempDir,
    pub root: PathBuf,
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
    runtime: Option<Runtime>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let raw = &bytes[end + 4..];
        Self {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            body: raw.to_vec(),
            head,
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text()))
    }

    /// The status and the code of an error, which must be JSON with a text.
    #[track_caller]
    pub fn error(&self) -> (u16, String) {
        let body = self.json();
        assert!(
            body["error"].as_str().is_some_and(|text| !text.is_empty()),
            "{body}"
        );
        (self.status, body["code"].as_str().unwrap().to_owned())
    }
}

/// All rights, nothing else special.
pub fn config(root: &Path) -> ServerConfig {
    ServerConfig {
        page: Page::Dashboard,
        root: root.canonicalize().unwrap(),
        rights: Rights {
            annotate: true,
            write: true,
        },
        token: None,
        ticket: None,
        limits: Limits::default(),
        allow_hosts: Vec::new(),
        media_roots: Vec::new(),
        inputs: NamedFiles::default(),
        cache: None,
        program: "/nowhere/mtbsync".into(),
        decoder: decoder::program(4096),
        jobs: jobs::commands(),
        log_requests: false,
        log: Arc::new(|_| {}),
    }
}

impl Place {
    /// A server with all rights.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// A server whose configuration is changed first.
    pub fn with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("root");
        fs::create_dir(&root).unwrap();
        add_run(&root, "runA");
        let mut config = config(&root);
        change(&mut config);
        let runtime = Runtime::new().unwrap();
        let (stop, stopping) = watch::channel(false);
        let server = runtime.block_on(Server::bind("127.0.0.1", 0)).unwrap();
        let address = server.address();
        let serving = Some(runtime.spawn(server.serve(config, stopping)));
        Self {
            folder,
            root,
            address,
            stop,
            serving,
            runtime: Some(runtime),
        }
    }

    /// A file below the root.
    pub fn write(&self, rel: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root.join(rel);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub fn read(&self, rel: &str) -> String {
        fs::read_to_string(self.root.join(rel)).unwrap()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    /// A write as a page sends it.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut all = vec![("Content-Type", "application/json")];
        all.extend(headers);
        self.ask(method, path, &all, &body.to_string())
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if headers.iter().all(|(name, _)| *name != "Host") {
            head.push_str("Host: localhost\r\n");
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        self.raw(format!("{head}\r\n{body}").as_bytes())
    }

    /// Sends bytes and reads until the server closes.
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        // The server may answer and close before all of a refused request is sent.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Answer::parse(&answer)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Opens a stream of events; the status and, when it is 200, its lines.
    pub fn stream(&self, path: &str, headers: &[(&str, &str)]) -> (u16, Lines) {
        let mut stream = self.connect();
        let mut head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        let mut lines = Lines(BufReader::new(stream));
        let status = lines.next_line().unwrap();
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        while lines.next_line().is_some_and(|line| !line.is_empty()) {}
        (status, lines)
    }

    /// The id of the run in `rel`.
    pub fn run_id(&self, rel: &str) -> String {
        let runs = self.get("/api/runs").json();
        let items = runs["items"].as_array().unwrap();
        let run = items.iter().find(|run| run["path"] == rel);
        run.unwrap_or_else(|| panic!("{rel} in {runs}"))["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Tells the server to stop and waits until it has.
    pub fn stop(&mut self) {
        self.stop.send(true).unwrap();
        let serving = self.serving.take().unwrap();
        let runtime = self.runtime.as_ref().unwrap();
        runtime.block_on(async { tokio::time::timeout(PATIENCE, serving).await.unwrap().unwrap() });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Copies the prepared run, a sync of the sample recordings.
pub fn add_run(root: &Path, name: &str) {
    let folder = root.join(name);
    fs::create_dir_all(&folder).unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/run");
    for entry in fs::read_dir(data).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
}

/// Lines of a stream of events; sizes of chunks are skipped.
pub struct Lines(BufReader<TcpStream>);

impl Lines {
    pub fn next_line(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = self.0.read_line(&mut line).ok()?;
        (count > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The next event: name, id and data; `None` at the end.
    pub fn next_event(&mut self) -> Option<(String, String, Value)> {
        let begun = Instant::now();
        let (mut name, mut id) = (String::new(), String::new());
        loop {
            let line = self.next_line()?;
            assert!(begun.elapsed() < PATIENCE, "nothing but signs of life");
            if line == "0" {
                // The last chunk.
                return None;
            }
            if let Some(text) = line.strip_prefix("event: ") {
                name = text.to_owned();
            } else if let Some(text) = line.strip_prefix("id: ") {
                id = text.to_owned();
            } else if let Some(text) = line.strip_prefix("data: ") {
                return Some((name, id, serde_json::from_str(text).unwrap()));
            }
        }
    }
}

/// Asks again until `is_so`; the last answer.
#[track_caller]
pub fn until<T>(mut ask: impl FnMut() -> T, is_so: impl Fn(&T) -> bool) -> T {
    let begun = Instant::now();
    loop {
        let answer = ask();
        if is_so(&answer) {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "it never came to that");
    }
}
