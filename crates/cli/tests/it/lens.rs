//! What cameras say of their lenses: told, warned of where it changes, never believed against the pictures.

use crate::common::{Place, clip, mp4_box, small_pair, with_user_data};

/// A GPMF item with padding.
fn item(key: &[u8; 4], kind: u8, data: &[u8]) -> Vec<u8> {
    let size = if kind == b'c' || kind == 0 { 1 } else { 4 };
    let mut bytes = key.to_vec();
    bytes.extend([kind, size]);
    bytes.extend(
        u16::try_from(data.len() / usize::from(size))
            .unwrap()
            .to_be_bytes(),
    );
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// The recording with a header as a camera writes it.
fn filmed_by(mp4: Vec<u8>, setting: &[u8], diagonal_deg: f32) -> Vec<u8> {
    let settings = [
        item(b"DVID", b'L', &1_u32.to_be_bytes()),
        item(b"MINF", b'c', b"HERO99 Grey"),
        item(b"VFOV", b'c', setting),
        item(b"ZFOV", b'f', &diagonal_deg.to_be_bytes()),
    ];
    with_user_data(mp4, &[mp4_box(b"GPMF", &item(b"DEVC", 0, &settings.concat()))])
}

fn chapter() -> Vec<u8> {
    let source = "testsrc2=size=160x120:rate=30:duration=4";
    let codec = ["-c:v", "libx264", "-preset", "ultrafast", "-f", "mp4"];
    let path = clip(
        "chapter.mp4",
        &[&["-f", "lavfi", "-i", source][..], &codec].concat(),
    );
    std::fs::read(path).unwrap()
}

#[test]
fn doctor_says_the_lens_and_where_it_changes() {
    let place = Place::new();
    place.write("GX010077.MP4", filmed_by(chapter(), b"L", 87.4));
    let said = place.run("doctor GX010077.MP4");
    let lens = |stdout: &str| -> Vec<String> {
        let lines = stdout.lines().filter(|line| line.contains(" lens: "));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(
        lens(&said.stdout),
        ["ok   lens: linear, 87° diagonal by its telemetry"]
    );
    place.write("GX020077.MP4", filmed_by(chapter(), b"W", 133.0));
    let said = place.run("doctor GX010077.MP4");
    assert_eq!(said.code, 10);
    assert_eq!(
        lens(&said.stdout),
        [
            "ok   lens: linear, 87° diagonal by its telemetry",
            "warn lens: the field of view changes at 0:04.0 (linear, 87° diagonal to wide, 133° diagonal): \
             places after it may be off by 0.8 m of trail",
        ]
    );
    place.write("plain.mp4", chapter());
    assert!(lens(&place.run("doctor plain.mp4").stdout).is_empty());
}

#[test]
fn lenses_that_the_pictures_deny_change_nothing() {
    let place = Place::sharing_cache();
    let pair = small_pair();
    let sync = |lenses: Option<[(&[u8], f32); 2]>| {
        for (k, name) in ["reference", "new"].into_iter().enumerate() {
            let mp4 = std::fs::read(&pair[k]).unwrap();
            let mp4 = match lenses {
                Some(said) => filmed_by(mp4, said[k].0, said[k].1),
                None => mp4,
            };
            place.write(&format!("{name}.mp4"), mp4);
        }
        let flags = ["--out", "out", "--matcher", "dense", "-v"];
        let said = place.sync("reference.mp4", "new.mp4", &flags);
        assert!(
            said.ok()
                .stderr
                .contains("Matcher: dense, without learned features")
        );
        assert!(!said.stderr.contains("field of view"), "{}", said.stderr);
        place.knots()
    };
    let silent = sync(None);
    assert_eq!(silent, sync(Some([(b"W", 137.0), (b"L", 87.0)])));
    assert_eq!(silent, sync(Some([(b"L", 70.0), (b"L", 87.0)])));
    let file = place.json("out/timewarp.json");
    assert!(file["geometry"].is_null());
    assert_eq!(
        file["matcher"],
        serde_json::json!({"asked": "dense", "learned": false})
    );
}
