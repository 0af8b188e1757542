//! Decoders as children of the server. This test program is one itself, when it is started as [`program`]
//! says.

use std::fs;
use std::io::{self, BufRead};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use mtbsync_web::decoder::pool::DecoderProgram;
use mtbsync_web::decoder::worker::{self, Fence};
use serde_json::json;

use crate::place::{Place, until};

/// The test that is a decoder, and what is told to it.
const WORKER: &str = "decoder::decodes_for_a_server";

/// A decoder with so much memory, MiB.
pub fn program(memory_mib: u64) -> DecoderProgram {
    let words = ["--exact", WORKER, "--ignored", "--nocapture", "--test-threads=1"];
    let args = words.map(Into::into).into_iter();
    DecoderProgram {
        program: std::env::current_exe().unwrap(),
        // The test program takes it for another name of a test.
        args: args.chain([format!("memory-mib-{memory_mib}").into()]).collect(),
    }
}

#[test]
#[ignore = "the other tests start it as their decoder"]
fn decodes_for_a_server() {
    let memory_mib = std::env::args().find_map(|arg| arg.strip_prefix("memory-mib-")?.parse::<u64>().ok());
    let fence = Fence {
        memory_bytes: memory_mib.unwrap() << 20,
        answer: Duration::from_secs(60),
    };
    let lines = io::stdin()
        .lock()
        .lines()
        .map_while(Result::ok)
        .map(String::into_bytes);
    // What the test program has begun to say ends here.
    println!();
    worker::work(lines, io::stdout(), fence, &|| false).unwrap();
}

/// A server with the runs `good` and `bad`, each of one recording, and a decoder that does `script` with what
/// it is asked (in `$ask`) about the bad one. It notes each start in `starts`, below the folder of the place.
#[cfg(unix)]
fn place(script: &str) -> Place {
    let place = Place::with(|config| {
        let folder = config.root.parent().unwrap().to_owned();
        let real = program(4096);
        let args: Vec<_> = real.args.iter().map(|arg| arg.to_str().unwrap()).collect();
        let text = format!(
            "#!/bin/sh\necho $$ >> {0}/starts\nread -r ask\ncase \"$ask\" in\n*bad.mp4*) {script} ;;\n\
             *) {{ printf '%s\\n' \"$ask\"; cat; }} | {1} {2} ;;\nesac\n",
            folder.display(),
            real.program.display(),
            args.join(" ")
        );
        let path = folder.join("decoder.sh");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        config.decoder = DecoderProgram {
            program: path,
            args: Vec::new(),
        };
    });
    for name in ["good", "bad"] {
        let video = place.root.join(format!("{name}.mp4"));
        crate::media::clip(&video, crate::media::PLAIN);
        place.write(&format!("{name}/timewarp.json"), map(&video));
    }
    place
}

fn map(video: &Path) -> String {
    let side = json!({ "path": video, "duration": 1.0, "fingerprint": "", "fps": "30/1" });
    json!({
        "ok": true, "version": 2, "model": "affine", "params": { "a": 1.0, "b": 0.0 },
        "reference": side, "new": side,
    })
    .to_string()
}

fn media(place: &Place, run: &str) -> String {
    let runs = place.get("/api/runs").json();
    let items = runs["items"].as_array().unwrap();
    let run = items.iter().find(|item| item["path"] == run).unwrap();
    format!("/api/media/{}", run["new"]["media"].as_str().unwrap())
}

#[cfg(unix)]
#[test]
fn a_recording_that_kills_its_decoder_costs_nothing_else() {
    for (script, says) in [
        (
            "kill -SEGV $$",
            "the decoder crashed (signal 11) on this recording",
        ),
        ("kill -KILL $$", "the decoder ran out of memory on this recording"),
        ("exit 7", "the decoder ended (exit code 7) on this recording"),
        (
            "head -c 100000 /dev/zero; exit 0",
            "the decoder ended (exit code 0) on this recording",
        ),
    ] {
        let place = place(script);
        let bad = media(&place, "bad");
        for path in [format!("{bad}/info"), bad.clone(), format!("{bad}/frame?t=0.5")] {
            let answer = place.get(&path);
            assert_eq!(answer.error(), (422, "unusable".to_owned()), "{script} {path}");
            assert!(answer.text().contains(says), "{script}: {}", answer.text());
        }
        let starts = || {
            fs::read_to_string(place.folder.path().join("starts"))
                .unwrap()
                .lines()
                .count()
        };
        assert_eq!(starts(), 1, "{script}: what is known is not tried again");
        let good = media(&place, "good");
        assert_eq!(place.get(&format!("{good}/info")).json()["width"], 160);
        assert_eq!(place.get(&format!("{good}/frame?t=0.5")).status, 200);
        assert_eq!(place.get("/api/runs").status, 200);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_recording_that_hangs_its_decoder_is_given_up_and_the_decoder_ended() {
    let place = place("exec sleep 1000");
    let bad = media(&place, "bad");
    let good = media(&place, "good");
    assert_eq!(place.get(&format!("{good}/info")).status, 200);
    // The one that is kept is the good one's; it hangs, too, for what is known of it.
    let impatient = {
        let script = place.folder.path().join("decoder.sh");
        Place::with(move |config| {
            config.decoder = DecoderProgram {
                program: script,
                args: Vec::new(),
            };
            config.limits.recording = Duration::from_millis(300);
        })
    };
    let video = impatient.root.join("bad.mp4");
    fs::copy(place.root.join("bad.mp4"), &video).unwrap();
    impatient.write("bad/timewarp.json", map(&video));
    let hung = impatient.get(&format!("{}/info", media(&impatient, "bad")));
    assert_eq!(hung.error(), (504, "slow".to_owned()), "{}", hung.text());
    let starts = fs::read_to_string(place.folder.path().join("starts")).unwrap();
    let hung = starts.lines().last().unwrap().to_owned();
    until(|| Path::new("/proc").join(&hung).exists(), |exists| !exists);
    assert_eq!(impatient.get("/api/runs").status, 200);
    assert_eq!(place.get(&format!("{bad}/nothing")).status, 404);
}

#[cfg(target_os = "linux")]
#[test]
fn memory_is_limited() {
    let place = Place::with(|config| config.decoder = program(64));
    let video = place.root.join("large.mp4");
    let large = "-f lavfi -i testsrc2=size=3840x2160:rate=1:duration=2 -c:v libx264 -preset ultrafast";
    crate::media::clip(&video, large);
    place.write("large/timewarp.json", map(&video));
    let answer = place.get(&format!("{}/frame?t=0.5", media(&place, "large")));
    assert_eq!(answer.error(), (422, "unusable".to_owned()), "{}", answer.text());
    assert_eq!(place.get("/api/runs").status, 200);
}
