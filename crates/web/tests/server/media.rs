//! Recordings over HTTP, asked for by a plain client of a server on a free port.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use mtbsync_media::{OpenOptions, Recording};
use mtbsync_pipeline::cache::Cache;
use mtbsync_web::{Page, Rights, Server, ServerConfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::place;

/// Longest a copy of a second of video may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server over a folder with one run.
struct Place {
    folder: TempDir,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    _runtime: Runtime,
}

struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Place {
    /// Serves a run between two clips made by ffmpeg.
    fn new(reference: &str, new: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("runA")).unwrap();
        clip(&root.join("ref.mp4"), reference);
        clip(&root.join("new.mp4"), new);
        fs::write(root.join("unnamed.mp4"), "not in any run").unwrap();
        let named = |name: &str| json!({ "path": root.join(name), "duration": 1.0, "fingerprint": "", "fps": "30/1" });
        let warp = json!({
            "ok": true, "version": 2, "model": "monotone", "params": { "a": 1.0, "b": 0.0 },
            "knots": { "t_new": [0.0, 1.0], "t_ref": [0.0, 1.0], "sigma": [0.1, 0.1] },
            "segments": [{ "knots": [0, 1], "t_new": [0.0, 1.0], "t_ref": [0.0, 1.0] }],
            "reference": named("ref.mp4"), "new": named("new.mp4"),
        });
        fs::write(root.join("runA/timewarp.json"), warp.to_string()).unwrap();
        let config = ServerConfig {
            page: Page::Compare,
            rights: Rights::default(),
            cache: Some(Cache {
                folder: folder.path().join("cache"),
                max_bytes: u64::MAX,
            }),
            ..place::config(&root)
        };
        let runtime = Runtime::new().unwrap();
        let (stop, stopping) = watch::channel(false);
        let server = runtime.block_on(Server::bind("127.0.0.1", 0)).unwrap();
        let address = server.address();
        runtime.spawn(server.serve(config, stopping));
        Place {
            folder,
            address,
            stop,
            _runtime: runtime,
        }
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask(self.address, method, path, headers)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }

    /// The address of one recording of the run.
    fn media(&self, side: &str) -> String {
        let run = self.get("/api/runs").json()["items"][0].clone();
        format!("/api/media/{}", run[side]["media"].as_str().unwrap())
    }

    /// The facts, once the copy for browsers is no longer being made.
    fn settled_info(&self, media: &str) -> Value {
        let begun = Instant::now();
        loop {
            let info = self.get(&format!("{media}/info")).json();
            if info["proxy"]["state"] != "making" {
                return info;
            }
            assert!(begun.elapsed() < PATIENCE, "{info}");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

fn ask(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let headers = String::from_utf8(bytes[..end].to_vec()).unwrap();
    Answer {
        status: headers.split(' ').nth(1).unwrap().parse().unwrap(),
        headers,
        body: bytes[end + 4..].to_vec(),
    }
}

pub fn clip(path: &Path, args: &str) {
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(args.split_whitespace())
        .arg(path)
        .status()
        .unwrap();
    assert!(status.success(), "ffmpeg {args}");
}

pub const PLAIN: &str =
    "-f lavfi -i testsrc2=size=160x90:rate=30:duration=1 -c:v libx264 -preset ultrafast -bf 0";
const TEN_BIT: &str = "-f lavfi -i testsrc2=size=320x180:rate=30:duration=1 -f lavfi -i sine=duration=1 -vf \
                       select=mod(n\\,4) -fps_mode vfr -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params \
                       log-level=none -c:a aac";

#[test]
fn files_are_sent_whole_or_in_ranges() {
    let place = Place::new(PLAIN, PLAIN);
    let media = place.media("reference");
    let bytes = fs::read(place.folder.path().join("root/ref.mp4")).unwrap();
    let whole = place.get(&media);
    assert_eq!((whole.status, whole.body == bytes), (200, true));
    assert_eq!(whole.header("content-type"), Some("video/mp4"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let tag = whole.header("etag").unwrap().to_owned();

    let range = |more: &[(&str, &str)]| {
        let mut headers = vec![("Range", "bytes=100-199")];
        headers.extend(more);
        place.ask("GET", &media, &headers)
    };
    let part = range(&[]);
    assert_eq!((part.status, &part.body[..]), (206, &bytes[100..200]));
    let expected = format!("bytes 100-199/{}", bytes.len());
    assert_eq!(part.header("content-range"), Some(expected.as_str()));
    assert_eq!(range(&[("If-Range", &tag)]).status, 206);
    let stale = range(&[("If-Range", "\"other\"")]);
    assert_eq!((stale.status, stale.body.len()), (200, bytes.len()));
    let outside = place.ask("GET", &media, &[("Range", "bytes=99999999-")]);
    assert_eq!(outside.status, 416);
    assert_eq!(
        outside.header("content-range"),
        Some(format!("bytes */{}", bytes.len()).as_str())
    );
    let several = place.ask("GET", &media, &[("Range", "bytes=0-1,5-6")]);
    assert_eq!((several.status, several.body.len()), (200, bytes.len()));
    assert_eq!(place.ask("GET", &media, &[("If-None-Match", &tag)]).status, 304);
    let head = place.ask("HEAD", &media, &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(
        head.header("content-length"),
        Some(bytes.len().to_string().as_str())
    );
}

#[test]
fn facts_and_frame_times_are_told_and_nothing_else_is_served() {
    let place = Place::new(PLAIN, PLAIN);
    let media = place.media("new");
    let info = place.get(&format!("{media}/info")).json();
    assert_eq!(info["codec"], "h264");
    assert_eq!(
        (&info["width"], &info["height"], &info["bit_depth"]),
        (&json!(160), &json!(90), &json!(8))
    );
    assert_eq!(info["variants"], json!(["original"]));
    assert_eq!(info["proxy"]["state"], "none");
    assert_eq!(
        info["chapters"],
        json!([{ "index": 0, "start": 0.0, "duration": 1.0 }])
    );
    assert_eq!(info["frame_times"], format!("{media}/frames"));
    let times = place.get(&format!("{media}/frames")).body;
    let times: Vec<f64> = times
        .chunks_exact(8)
        .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
        .collect();
    assert_eq!(times.len(), 30);
    assert!((times[29] - 29.0 / 30.0).abs() < 1e-6);

    for (path, status) in [
        ("/api/media/0123456789abcdef", 404),
        ("/api/media/unnamed.mp4", 404),
        ("/api/media/..%2Fref.mp4", 404),
        (&format!("{media}?variant=proxy"), 404),
        (&format!("{media}?variant=other"), 400),
        (&format!("{media}?chapter=1"), 404),
        (&format!("{media}?chapter=-1"), 400),
    ] {
        assert_eq!(place.get(path).status, status, "{path}");
    }
    let root = place.folder.path().join("root");
    fs::write(root.join("new.mp4"), "no video any more").unwrap();
    assert_eq!(place.get(&media).status, 422);
    fs::remove_file(root.join("new.mp4")).unwrap();
    let gone = place.get(&format!("{media}/info"));
    assert_eq!(
        (gone.status, gone.json()["error"].as_str()),
        (404, Some("video file is no longer at its place"))
    );
}

/// Width in the frame header of a JPEG (ITU-T T.81, SOF0).
fn jpeg_width(bytes: &[u8]) -> u16 {
    let header = bytes
        .windows(2)
        .position(|marker| marker == [0xff, 0xc0])
        .unwrap();
    u16::from_be_bytes([bytes[header + 7], bytes[header + 8]])
}

#[test]
fn single_frames_come_as_jpeg_and_never_too_many_at_once() {
    let long =
        "-f lavfi -i testsrc2=size=1280x720:rate=30:duration=4 -c:v libx264 -preset ultrafast -g 1000 -bf 0";
    let place = Place::new(PLAIN, long);
    let media = place.media("reference");
    let frame = place.get(&format!("{media}/frame?t=0.5&w=100"));
    assert_eq!(
        (frame.status, frame.header("content-type")),
        (200, Some("image/jpeg"))
    );
    assert_eq!(jpeg_width(&frame.body), 100);
    let large = place.get(&format!("{media}/frame?t=-3&w=99999"));
    assert_eq!(jpeg_width(&large.body), 160, "never enlarged");
    for (query, status) in [("t=1.5", 404), ("", 400), ("t=x", 400), ("t=0.1&w=x", 400)] {
        assert_eq!(
            place.get(&format!("{media}/frame?{query}")).status,
            status,
            "{query}"
        );
    }

    // The last frame of a long group of pictures takes a while; twelve clients want it at the same time.
    let (address, path) = (place.address, format!("{}/frame?t=3.9", place.media("new")));
    place.get(&format!("{}/info", place.media("new")));
    let asked: Vec<_> = (0..12)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || ask(address, "GET", &path, &[]))
        })
        .collect();
    let answers: Vec<Answer> = asked.into_iter().map(|asked| asked.join().unwrap()).collect();
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!(count(200) + count(429), 12);
    assert!(count(200) >= 4 && count(429) >= 1, "{} frames", count(200));
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert!(refused.header("retry-after").is_some());
}

#[test]
fn a_copy_is_made_for_browsers_and_has_the_same_times() {
    let place = Place::new(PLAIN, TEN_BIT);
    let media = place.media("new");
    let info = place.settled_info(&media);
    assert_eq!((&info["codec"], &info["bit_depth"]), (&json!("hevc"), &json!(10)));
    assert_eq!(info["proxy"], json!({ "state": "ready", "percent": 100 }));
    assert_eq!(info["variants"], json!(["original", "proxy"]));
    let copy = place.get(&format!("{media}?variant=proxy"));
    assert_eq!(
        (copy.status, copy.header("content-type")),
        (200, Some("video/mp4"))
    );
    let path = place.folder.path().join("copy.mp4");
    fs::write(&path, &copy.body).unwrap();
    let copy = Recording::open(&path, &OpenOptions::default()).unwrap();
    assert_eq!((copy.info().codec.as_str(), copy.info().bit_depth), ("h264", 8));
    let times = place.get(&format!("{media}/frames")).body;
    let times: Vec<f64> = times
        .chunks_exact(8)
        .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
        .collect();
    assert_eq!(times.len(), copy.timeline().len());
    for (index, time) in times.iter().enumerate() {
        assert!(
            (copy.timeline().pts_secs(index) - time).abs() < 1e-3,
            "frame {index}"
        );
    }
    let part = place.ask(
        "GET",
        &format!("{media}?variant=proxy"),
        &[("Range", "bytes=0-9")],
    );
    assert_eq!((part.status, part.body.len()), (206, 10));
}

/// Recordings of a camera, beside links to recordings elsewhere that look like their copy and next chapter.
#[cfg(unix)]
#[test]
fn links_beside_a_recording_that_lead_away_are_not_followed() {
    use std::os::unix::fs::symlink;
    let place = Place::new(PLAIN, PLAIN);
    let root = place.folder.path().join("root");
    let elsewhere = place.folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::rename(root.join("new.mp4"), root.join("GX010001.MP4")).unwrap();
    let map = root.join("runA/timewarp.json");
    fs::write(
        &map,
        fs::read_to_string(&map)
            .unwrap()
            .replace("new.mp4", "GX010001.MP4"),
    )
    .unwrap();
    for name in ["GL010001.LRV", "GX020001.MP4"] {
        fs::copy(root.join("GX010001.MP4"), elsewhere.join(name)).unwrap();
        symlink(elsewhere.join(name), root.join(name)).unwrap();
    }
    let media = place.media("new");
    let info = place.get(&format!("{media}/info")).json();
    assert_eq!(info["variants"], json!(["original"]), "{info}");
    assert_eq!(info["chapters"].as_array().unwrap().len(), 1, "{info}");
    assert_eq!(place.get(&format!("{media}?variant=proxy")).status, 404);
    // The same copy in the folder is taken.
    fs::remove_file(root.join("GL010001.LRV")).unwrap();
    fs::copy(root.join("GX010001.MP4"), root.join("GL010001.LRV")).unwrap();
    fs::copy(root.join("ref.mp4"), root.join("GX010001.MP4")).unwrap();
    let info = place.get(&format!("{media}/info")).json();
    assert_eq!(info["variants"], json!(["original", "proxy"]), "{info}");
    let copy = format!("{media}?variant=proxy");
    assert_eq!(place.get(&copy).status, 200);
    // Nor is a file that became a link, or a pipe, after the recording was opened.
    fs::remove_file(root.join("GL010001.LRV")).unwrap();
    symlink(elsewhere.join("GL010001.LRV"), root.join("GL010001.LRV")).unwrap();
    assert_eq!(place.get(&copy).status, 403);
    fs::remove_file(root.join("GL010001.LRV")).unwrap();
    let made = Command::new("mkfifo").arg(root.join("GL010001.LRV")).status();
    assert!(made.unwrap().success());
    for _ in 0..4 {
        assert_eq!(place.get(&copy).status, 404);
    }
    assert_eq!(place.get("/api/runs").status, 200);
}
