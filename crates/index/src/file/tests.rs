use mtbsync_telemetry::lens::{Lens, LensFrom, LensMode};

use std::io::{BufWriter, Write};

use mtbsync_formats::npz::{Compression, NpzWriter};
use mtbsync_vision::dense::DESCRIPTOR_LEN;
use mtbsync_vision::structure::HOG_GRID_LEN;

use super::read::{decode, numbers};
use super::*;
use crate::column::Column;
use crate::error::IndexProblem;
use crate::features::{Features, IndexParams, LOCAL_BYTES, Pictures};
use crate::tuning::{MAX_META_BYTES, MAX_UNPACKED_BYTES};

fn features(track: Vec<[f64; 6]>) -> Features {
    Features {
        source: SourceRecording {
            path: "/v/ref.mp4".to_owned(),
            fingerprint: "sha256:0".to_owned(),
            chapters: vec!["ref.mp4".to_owned()],
            proxy: None,
            duration_secs: 2.0,
            fps: "30/1".to_owned(),
            width: 640,
            height: 360,
            rotation: 0,
            timecode: None,
        },
        params: IndexParams {
            fps: 3.0,
            n_features: 0,
            clahe: true,
            precise: false,
        },
        picture: (640, 360),
        t_secs: vec![0.0, 0.5],
        dense: Column::of_bytes(DESCRIPTOR_LEN, vec![7; 2 * DESCRIPTOR_LEN]),
        offsets: vec![0, 0, 0],
        keypoints: Column::of_bytes(KEYPOINT_BYTES, Vec::new()),
        descriptors: Column::of_bytes(LOCAL_BYTES, Vec::new()),
        mask: vec![1; ROWS * COLS],
        fine_t_secs: Vec::new(),
        fine_dense: Column::of_bytes(DESCRIPTOR_LEN, Vec::new()),
        detail: Column::of_bytes(HOG_GRID_LEN, Vec::new()),
        fine_detail: Column::of_bytes(HOG_GRID_LEN, Vec::new()),
        luma: Default::default(),
        view: None,
        track,
        lenses: Lenses::default(),
        skipped_frames: 0,
    }
}

#[test]
fn detail_grids_of_all_frames_are_kept_and_too_few_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.npz");
    let details =
        |frames: usize, value: u8| Column::of_bytes(HOG_GRID_LEN, vec![value; frames * HOG_GRID_LEN]);
    let precise = Features {
        detail: details(2, 1),
        fine_t_secs: vec![0.25],
        fine_dense: Column::of_bytes(DESCRIPTOR_LEN, vec![7; DESCRIPTOR_LEN]),
        fine_detail: details(1, 2),
        ..features(Vec::new())
    };
    write(&path, OWN, &precise, "2026-06-01T09:00:00Z").unwrap();
    let kept = read(&path).unwrap();
    let found = [(false, 1), (false, 2), (true, 0), (true, 1)].map(|frame| kept.hog_grid(frame));
    let grid = |value: u8| Some(vec![value; HOG_GRID_LEN]);
    assert!(found == [grid(1), None, grid(2), None]);
    let too_few = Features {
        fine_detail: details(2, 2),
        ..precise
    };
    // Either the writer or the reader notices.
    let written = write(&path, OWN, &too_few, "2026-06-01T09:00:00Z");
    assert!(written.is_err() || read(&path).is_err());
}

#[test]
fn a_flipped_bit_is_noticed_wherever_it_changes_anything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.npz");
    let grids = |frames: usize| Column::of_bytes(HOG_GRID_LEN, vec![3; frames * HOG_GRID_LEN]);
    let full = Features {
        offsets: vec![0, 1, 1],
        keypoints: Column::of_bytes(KEYPOINT_BYTES, vec![1; KEYPOINT_BYTES]),
        descriptors: Column::of_bytes(LOCAL_BYTES, vec![2; LOCAL_BYTES]),
        fine_t_secs: vec![0.25],
        fine_dense: Column::of_bytes(DESCRIPTOR_LEN, vec![7; DESCRIPTOR_LEN]),
        detail: grids(2),
        fine_detail: grids(1),
        luma: [
            Pictures::new(&[10, 30], Column::of_bytes(1, vec![4; 30])),
            Pictures::new(&[20], Column::of_bytes(1, vec![5; 20])),
        ],
        ..features(vec![[0.0, 46.5, 7.2, 900.0, 4.5, 3.0]])
    };
    write(&path, Replaces::ANYTHING, &full, "2026-06-01T09:00:00Z").unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let mut noticed = 0;
    // Each byte of the directory and the text at the end, some of the columns before.
    let text = bytes.len() - 6000;
    let places: Vec<usize> = (0..text).step_by(31).chain(text..bytes.len()).collect();
    for &place in &places {
        let mut file = tempfile::tempfile().unwrap();
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << (place % 8);
        file.write_all(&flipped).unwrap();
        match decode(file) {
            Err(_) => noticed += 1,
            // Times of members, and lengths that are there twice.
            Ok(found) => assert!(found == full && found.check().is_ok(), "byte {place}"),
        }
    }
    assert!(noticed > places.len() * 3 / 4, "{noticed} of {}", places.len());
}

/// A small file that would unpack to gigabytes, and one with more keypoints than can be counted.
#[test]
fn lengths_that_only_a_file_claims_take_no_memory() {
    let large = vec![0.0; MAX_UNPACKED_BYTES / 8 + 1];
    for (compression, is_read) in [(Compression::Deflate, false), (Compression::Stored, true)] {
        let mut npz = NpzWriter::new(tempfile::tempfile().unwrap(), compression);
        npz.add("t_ref", &[large.len()], &large).unwrap();
        let mut npz = NpzReader::new(BufReader::new(npz.finish().unwrap())).unwrap();
        assert_eq!(numbers::<f64>(&mut npz, "t_ref", &[None]).is_ok(), is_read);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.npz");
    write(&path, OWN, &features(Vec::new()), "2026-06-01T09:00:00Z").unwrap();
    let mut whole = NpzReader::new(File::open(&path).unwrap()).unwrap();
    let meta = whole.array::<u8>("meta").unwrap().data;
    let meta = String::from_utf8(meta).unwrap();
    let (start, _) = meta.split_once("\"members\"").unwrap();
    let meta = format!("{start}\"members\": []}}");
    let padded = format!("{meta}{}", " ".repeat(MAX_META_BYTES));
    let mut npz = NpzWriter::new(tempfile::tempfile().unwrap(), Compression::Deflate);
    npz.add_text("meta", padded.as_bytes()).unwrap();
    assert!(matches!(
        decode(npz.finish().unwrap()),
        Err(IndexProblem::NotAnIndex)
    ));
    let mut npz = NpzWriter::new(tempfile::tempfile().unwrap(), Compression::Stored);
    npz.add("t_ref", &[1], &[0.0]).unwrap();
    npz.add("frame_offsets", &[2], &[0, i64::MAX]).unwrap();
    npz.add::<f32>("kpts", &[0, KEYPOINT_NUMBERS], &[]).unwrap();
    npz.add_text("meta", meta.as_bytes()).unwrap();
    assert!(matches!(
        decode(npz.finish().unwrap()),
        Err(IndexProblem::Damaged)
    ));
}

#[test]
fn an_index_of_another_version_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.npz");
    for (version, words) in [
        (VERSION - 1, "index of an older version"),
        (VERSION + 1, "newer version"),
    ] {
        let file = BufWriter::new(File::create(&path).unwrap());
        let mut npz = NpzWriter::new(file, Compression::Stored);
        let meta = format!(r#"{{"format":"{FORMAT}","version":{version}}}"#);
        npz.add_text("meta", meta.as_bytes()).unwrap();
        npz.finish().unwrap().flush().unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("index.npz"), "{error}");
    }
}

#[test]
fn what_is_said_of_the_lens_is_kept_and_nonsense_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.npz");
    let said = |diagonals: &[(f64, f64)]| {
        let mut lenses = Lenses::default();
        for &(from_secs, deg) in diagonals {
            let lens = Lens {
                mode: Some(LensMode::Linear),
                diagonal_deg: Some(deg),
            };
            lenses.push(LensFrom { from_secs, lens });
        }
        let features = Features {
            lenses,
            ..features(Vec::new())
        };
        write(&path, OWN, &features, "2026-06-01T09:00:00Z").unwrap();
        (features.lenses, read(&path).map(|f| f.lenses))
    };
    for good in [&[][..], &[(0.0, 87.0)], &[(0.0, 87.0), (61.5, 120.0)]] {
        let (written, kept) = said(good);
        assert_eq!(kept.unwrap(), written);
    }
    assert!(said(&[(0.0, -4.0)]).1.is_err());
    assert!(said(&[(f64::NAN, 87.0)]).1.is_err());
}

#[test]
fn a_track_is_kept_and_a_damaged_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.npz");
    let kept = |track: &[[f64; 6]]| {
        write(&path, OWN, &features(track.to_vec()), "2026-06-01T09:00:00Z").unwrap();
        read(&path).map(|f| f.track)
    };
    let track = [
        [0.0, 46.5, 7.2, 900.0, 4.5, 3.0],
        [0.1, 46.5001, 7.2, 900.0, 4.5, 3.0],
    ];
    assert_eq!(kept(&track).unwrap(), track);
    assert_eq!(kept(&[]).unwrap(), Vec::<[f64; 6]>::new());
    let unknown = kept(&[[0.0, 46.5, 7.2, f64::NAN, f64::NAN, 3.0]]).unwrap();
    assert!(unknown[0][3].is_nan() && unknown[0][4].is_nan());
    for (column, value) in [(0, f64::NAN), (1, 91.0), (2, f64::INFINITY), (5, 0.0)] {
        let mut damaged = track;
        damaged[1][column] = value;
        assert!(kept(&damaged).is_err(), "{column}");
    }
    assert!(kept(&[track[1], track[0]]).is_err());
}
