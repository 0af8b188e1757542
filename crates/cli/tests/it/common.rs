//! Runs the real program in a fresh folder, with a home and a cache of its own.
//!
//! Clips made with the ffmpeg program are kept in the build folder, so that they are made once.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// A fresh working folder.
pub struct Place {
    dir: PathBuf,
    cache: Option<PathBuf>,
    _removed_when_dropped: Option<TempDir>,
}

/// What a run of the program said.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            dir: dir.path().to_owned(),
            cache: None,
            _removed_when_dropped: Some(dir),
        }
    }

    /// A place whose cache is that of all such places of the test program, so that each recording is analysed
    /// once.
    pub fn sharing_cache() -> Self {
        static CACHE: OnceLock<PathBuf> = OnceLock::new();
        let cache = CACHE.get_or_init(|| emptied("cache"));
        Self {
            cache: Some(cache.clone()),
            ..Self::new()
        }
    }

    /// A place for all tests of the test program; it stays until the next run, as statics are never dropped.
    pub fn lasting(name: &str) -> Self {
        Self {
            dir: emptied(name),
            _removed_when_dropped: None,
            ..Self::sharing_cache()
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// Knots of the map in `out`: times in the new run, in the reference, error.
    pub fn knots(&self) -> [Vec<f64>; 3] {
        let file = self.json("out/timewarp.json");
        ["t_new", "t_ref", "sigma"].map(|name| {
            let values = file["knots"][name].as_array().unwrap();
            values.iter().map(|v| v.as_f64().unwrap()).collect()
        })
    }

    /// Names of everything in a folder of the place, hidden files included; home and cache do not count.
    pub fn list(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(folder)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.retain(|name| name != "home");
        names.sort();
        names
    }

    /// The program, ready to be given arguments.
    pub fn program(&self) -> Command {
        let home = self.path("home");
        fs::create_dir_all(&home).unwrap();
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("mtbsync"));
        command
            .current_dir(&self.dir)
            .env("HOME", &home)
            .env(
                "MTB_CACHE_DIR",
                self.cache.clone().unwrap_or_else(|| home.join("cache")),
            )
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .stdin(Stdio::null());
        command
    }

    /// `sync` of two recordings.
    pub fn sync(&self, reference: &str, new: &str, more: &[&str]) -> Said {
        self.run_args(&[&["sync", "--reference", reference, "--new", new], more].concat())
    }

    /// Runs the program with arguments split at blanks.
    pub fn run(&self, args: &str) -> Said {
        self.run_args(&args.split_whitespace().collect::<Vec<_>>())
    }

    pub fn run_args(&self, args: &[&str]) -> Said {
        Said::of(&self.program().args(args).output().unwrap())
    }
}

impl Said {
    pub fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// The error line of a run that must have failed with `code`.
    #[track_caller]
    pub fn error(&self, code: i32) -> &str {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        let lines: Vec<&str> = self
            .stderr
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        assert_eq!(lines.len(), 1, "one error line: {}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        lines[0]
    }

    #[track_caller]
    pub fn ok(&self) -> &Self {
        assert_eq!(self.code, 0, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// The one JSON object that is all of stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// An empty folder of the test program in the build folder.
fn emptied(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", env!("CARGO_PKG_NAME")));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// The folder `data` of the repository.
pub fn data(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    root.join(name)
        .canonicalize()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

/// A clip made by ffmpeg from `args`, which end before the output; made once, kept under `name` in a folder
/// of its arguments.
pub fn clip(name: &str, args: &[&str]) -> String {
    let mut hasher = DefaultHasher::new();
    args.hash(&mut hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("clips/{:016x}", hasher.finish()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    if !path.exists() {
        let own = tempfile::Builder::new()
            .suffix(name)
            .tempfile_in(&folder)
            .unwrap();
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y"])
            .args(args)
            .arg(own.path())
            .status()
            .expect("the tests need the ffmpeg program");
        assert!(status.success(), "ffmpeg {args:?}");
        // Another test may have made it meanwhile, and be reading it.
        let kept = own.persist_noclobber(&path);
        assert!(kept.is_ok() || path.exists(), "{kept:?}");
    }
    path.to_str().unwrap().to_owned()
}

/// A small cut of a recording of the repository, with a key frame every so many frames; played `speed` times
/// as fast.
pub fn cut(source: &str, secs: Range<u32>, speed: &str, key_frame_every: &str) -> String {
    let (from, length) = (secs.start.to_string(), (secs.end - secs.start).to_string());
    let input = data(source);
    let filter = format!("scale=320:180,setpts=PTS/{speed}");
    let picture = ["-ss", &from, "-t", &length, "-i", &input, "-vf", &filter, "-an"];
    let codec = ["-c:v", "libx264", "-preset", "veryfast", "-g", key_frame_every];
    clip("cut.mp4", &[&picture[..], &codec, &["-f", "mp4"]].concat())
}

/// The sample in little: fourteen seconds of both recordings, of which key frames are decoded.
pub fn small_pair() -> [String; 2] {
    ["reference", "new"].map(|name| cut(&format!("sample/{name}.mp4"), 2..16, "1", "15"))
}

/// A box of an MP4 file.
pub fn mp4_box(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(payload.len() + 8).unwrap().to_be_bytes().to_vec();
    bytes.extend(kind);
    bytes.extend(payload);
    bytes
}

/// Puts boxes into a new `moov/udta`. The clip's `moov` is its last box, so that no offset changes.
pub fn with_user_data(mut mp4: Vec<u8>, boxes: &[Vec<u8>]) -> Vec<u8> {
    let at = mp4.windows(4).rposition(|kind| kind == b"moov").unwrap() - 4;
    let udta = mp4_box(b"udta", &boxes.concat());
    let size = u32::from_be_bytes(mp4[at..at + 4].try_into().unwrap());
    assert_eq!(at + size as usize, mp4.len(), "moov is the last box");
    mp4.extend(&udta);
    mp4[at..at + 4].copy_from_slice(&(size + u32::try_from(udta.len()).unwrap()).to_be_bytes());
    mp4
}

/// The value at `at` between points that rise in `x`; `None` outside.
pub fn interpolated(x: &[f64], y: &[f64], at: f64) -> Option<f64> {
    let k = x.partition_point(|&v| v < at);
    let (a, b) = (k.checked_sub(1)?, (k < x.len()).then_some(k)?);
    Some(y[a] + (at - x[a]) / (x[b] - x[a]) * (y[b] - y[a]))
}

/// A map `t_ref = t_new + 1` with a tenth of a second of error, of a new run of 30 s at 25 frames a second.
pub fn straight_warp(ok: bool) -> String {
    format!(
        r#"{{"ok":{ok},"version":2,"model":"monotone","params":{{"a":1.0,"b":1.0}},
        "knots":{{"t_new":[0.0,30.0],"t_ref":[1.0,31.0],"sigma":[0.05,0.05]}},
        "segments":[{{"knots":[0,1],"t_new":[0.0,30.0],"t_ref":[1.0,31.0]}}],
        "reasons":["coverage 0.20 < 0.50"],
        "reference":{{"path":"/v/ref.mp4","duration":40.0,"fingerprint":"","fps":"30/1","width":640,"height":360}},
        "new":{{"path":"/v/new.mp4","duration":30.0,"fingerprint":"","fps":"25/1","width":640,"height":360}}}}"#
    )
}
