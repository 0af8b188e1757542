use super::*;

fn place(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"x").unwrap();
    }
    folder
}

fn settings(folder: &Path) -> PairingSettings {
    PairingSettings {
        input_dir: folder.to_owned(),
        out_dir: folder.join("batch_out"),
        ref_suffix: "_ref.mp4".to_owned(),
        new_suffix: "_new.mp4".to_owned(),
        reference: None,
        recursive: false,
        single_file: false,
        ref_markers: None,
    }
}

/// `name: reference new` of each pair, by file name.
fn shown(plan: &Plan) -> Vec<String> {
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    plan.pairs
        .iter()
        .map(|p| format!("{}: {} {}", p.name, name(&p.reference), name(&p.new)))
        .collect()
}

#[test]
fn suffixes_and_extensions_are_compared_without_case() {
    let folder = place(&[
        "b_REF.MP4",
        "b_new.mov",
        "a_ref.mkv",
        "a_NEW.360",
        "c_ref.mp4",
        "notes.txt",
        "holiday.MOV",
        "d_new.avi",
        "a_ref.lrv",
        "._b_ref.mp4",
    ]);
    let plan = plan(&settings(folder.path())).unwrap();
    assert_eq!(shown(&plan), ["a: a_ref.mkv a_NEW.360", "b: b_REF.MP4 b_new.mov"]);
    let alone: Vec<&str> = plan
        .warnings
        .iter()
        .map(|w| w.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(alone, ["c_ref.mp4", "d_new.avi", "holiday.MOV"]);
    assert!(plan.warnings[2].starts_with("left out, neither *_ref.mp4 nor *_new.mp4: "));
}

#[test]
fn sidecars_go_with_their_recordings() {
    let folder = place(&[
        "a_ref.mp4",
        "a_new.mp4",
        "a_REF.gpx",
        "a_new.FIT",
        "a_new.tcx",
        "a_ref_Markers.csv",
        "b_ref.mp4",
        "b_new.mp4",
    ]);
    let mut settings = settings(folder.path());
    settings.ref_markers = Some("all.csv".into());
    let plan = plan(&settings).unwrap();
    let at = |name: &str| Some(folder.path().join(name));
    assert_eq!(plan.pairs[0].ref_track, at("a_REF.gpx"));
    assert_eq!(plan.pairs[0].new_track, at("a_new.FIT"));
    assert_eq!(plan.pairs[0].ref_markers, at("a_ref_Markers.csv"));
    assert_eq!(plan.pairs[1].ref_track, None);
    assert_eq!(plan.pairs[1].ref_markers, Some("all.csv".into()));
}

#[test]
fn chapters_are_one_run_and_those_of_the_reference_none() {
    let folder = place(&[
        "GX010001.MP4",
        "GX020001.MP4",
        "GX010002.MP4",
        "gx020002.mp4",
        "GX030002.MP4",
        "GX020003.MP4",
        "GL010002.LRV",
        "GX010002.THM",
        "lap.mov",
        "GX010002.gpx",
        "GX010001_markers.csv",
    ]);
    let mut settings = settings(folder.path());
    settings.reference = Some(folder.path().join("GX010001.MP4"));
    let found = plan(&settings).unwrap();
    assert_eq!(
        shown(&found),
        [
            "GX010002: GX010001.MP4 GX010002.MP4",
            "GX020003: GX010001.MP4 GX020003.MP4",
            "lap: GX010001.MP4 lap.mov",
        ]
    );
    assert_eq!(found.pairs[0].new_track, Some(folder.path().join("GX010002.gpx")));
    assert_eq!(
        found.pairs[0].ref_markers,
        Some(folder.path().join("GX010001_markers.csv"))
    );
    settings.single_file = true;
    assert_eq!(plan(&settings).unwrap().pairs.len(), 6);
}

#[test]
fn subfolders_on_request_and_names_stay_apart() {
    let folder = place(&[
        "x/a_ref.mp4",
        "x/a_new.mp4",
        "y/a_ref.mp4",
        "y/a_new.mp4",
        "y/A_ref.mp4",
        "y/A_new.mp4",
        "batch_out/b_ref.mp4",
        "batch_out/b_new.mp4",
        "_ref.mp4",
        "_new.mp4",
        ".._ref.mp4",
        "z/.hidden/c_ref.mp4",
        "z/.hidden/c_new.mp4",
    ]);
    let mut settings = settings(folder.path());
    assert_eq!(plan(&settings).unwrap().pairs.len(), 1);
    settings.recursive = true;
    let names: Vec<String> = plan(&settings)
        .unwrap()
        .pairs
        .iter()
        .map(|p| p.name.clone())
        .collect();
    // Whether `A_ref.mp4` is another file than `a_ref.mp4` is the file system's matter.
    assert!(
        names.starts_with(&["A".to_owned(), "a_2".to_owned()]),
        "{names:?}"
    );
    assert_eq!(names.last().unwrap(), "pair");
}

#[test]
fn what_cannot_be_paired_is_said() {
    let folder = place(&["only_ref.mp4"]);
    let mut settings = settings(folder.path());
    let error = plan(&settings).unwrap_err();
    assert!(error.what().contains("*_ref.mp4 and *_new.mp4") && error.hint().unwrap().contains("only_ref"));
    settings.new_suffix = "_REF.mp4".to_owned();
    assert_eq!(
        plan(&settings).unwrap_err().failure(),
        mtbsync_task::error::Failure::Usage
    );
    settings.input_dir = folder.path().join("none");
    assert_eq!(plan(&settings).unwrap_err().what(), "folder not found");
    settings.input_dir = folder.path().join("only_ref.mp4");
    assert_eq!(plan(&settings).unwrap_err().what(), "is not a folder");
}

#[test]
fn a_suffix_may_end_with_the_other() {
    let folder = place(&["a.mp4", "a_new.mp4", "b_new.mov"]);
    let mut settings = settings(folder.path());
    settings.ref_suffix = ".mp4".to_owned();
    assert_eq!(shown(&plan(&settings).unwrap()), ["a: a.mp4 a_new.mp4"]);
}
