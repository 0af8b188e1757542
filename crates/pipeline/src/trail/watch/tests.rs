//! A watch in a world of its own: the files are real, the clock is counted, and nothing is aligned.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::Write;
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use mtbsync_artefacts::time_warp::{NEW_MARKERS_FILE, TIMEWARP_FILE};

use super::*;
use crate::batch::work::{examine, one_line};

/// Time between two looks at most; shorter than what a recording needs to settle.
const STEP: Duration = Duration::from_secs(3);

/// A second of video as a file, made once.
fn clip() -> &'static [u8] {
    static CLIP: OnceLock<Vec<u8>> = OnceLock::new();
    CLIP.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.mp4");
        let args = "-nostdin -v error -f lavfi -i testsrc2=size=160x90:rate=10:duration=1 -c:v libx264 -preset ultrafast";
        let status = Command::new("ffmpeg").args(args.split(' ')).arg(&path).status();
        assert!(status.expect("the tests need the ffmpeg program").success());
        fs::read(path).unwrap()
    })
}

/// The clip with a box at its end that is like no other.
fn recording(number: u32) -> Vec<u8> {
    let mut bytes = clip().to_vec();
    bytes.extend(12u32.to_be_bytes());
    bytes.extend(b"free");
    bytes.extend(number.to_be_bytes());
    bytes
}

/// A folder that is watched, a root, and a reference; what is synced is counted.
struct Place {
    folder: tempfile::TempDir,
    /// How often the content was synced well.
    synced: RefCell<BTreeMap<String, usize>>,
    events: RefCell<Vec<String>>,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            synced: RefCell::default(),
            events: RefCell::default(),
        };
        for name in ["card/DCIM/100GOPRO", "runs", "drawer"] {
            fs::create_dir_all(place.path(name)).unwrap();
        }
        place.write("best.mp4", &recording(u32::MAX));
        place.write("best_markers.csv", b"name,t_ref\nFork,0.5\n");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn request(&self, once: bool) -> WatchRequest {
        WatchRequest {
            folder: self.path("card"),
            root: self.path("runs"),
            reference: Some(self.path("best.mp4")),
            once,
            settle: SETTLE,
        }
    }

    /// Watches while `script` goes on and for so many waits after it.
    fn watch(&self, script: Vec<Step<'_>>, waits_after: usize) -> WatchReport {
        self.watch_in(script, waits_after, false)
    }

    /// Looks until everything is done.
    fn watch_once(&self) -> WatchReport {
        self.watch_in(Vec::new(), usize::MAX, true)
    }

    fn watch_in(&self, script: Vec<Step<'_>>, waits_left: usize, once: bool) -> WatchReport {
        let mut world = Scripted {
            place: self,
            script: script.into(),
            waits_left,
            now: Duration::ZERO,
        };
        let mut say = |event: &WatchEvent| self.events.borrow_mut().push(format!("{event:?}"));
        watch(&self.request(once), &mut world, &mut say).unwrap()
    }

    /// How often a recording of this content was synced.
    fn times_synced(&self, files: &[Vec<u8>]) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..files.len())
            .map(|k| folder.path().join(k.to_string()))
            .collect();
        for (path, bytes) in paths.iter().zip(files) {
            fs::write(path, bytes).unwrap();
        }
        let content = fingerprint(&paths).unwrap();
        self.synced.borrow().get(&content).copied().unwrap_or(0)
    }

    fn said(&self, what: &str) -> usize {
        self.events
            .borrow()
            .iter()
            .filter(|event| event.starts_with(what))
            .count()
    }

    fn runs(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("runs")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.ends_with("_sync")).collect();
        names.sort();
        names
    }
}

/// Something that happens between two looks.
type Step<'a> = Box<dyn FnOnce() + 'a>;

/// A world in which the steps of a script happen while the watch waits.
struct Scripted<'a> {
    place: &'a Place,
    script: VecDeque<Step<'a>>,
    /// Waits after the last step.
    waits_left: usize,
    now: Duration,
}

impl World for Scripted<'_> {
    fn now(&self) -> Duration {
        self.now
    }

    fn look(&mut self, folder: &Path, root: &Path) -> Result<Look, PipelineError> {
        if self.place.path("drawer/flaps.mp4").exists() {
            self.place.rename("drawer/flaps.mp4", "card/flaps.mp4");
        }
        Look::at(folder, root)
    }

    fn examine(&mut self, recording: &Path) -> Result<Option<String>, PipelineError> {
        Ok(examine(recording).err().map(|error| one_line(&error)))
    }

    fn sync(&mut self, pair: &PlannedPair) -> Result<SyncEnd, PipelineError> {
        let name = pair.new.file_name().unwrap().to_str().unwrap();
        if name == "unplugged.mp4" && !self.place.path("drawer/was_unplugged").exists() {
            self.place.write("drawer/was_unplugged", b"");
            self.place.rename("card/unplugged.mp4", "drawer/unplugged.mp4");
            return Ok(SyncEnd::Failed("cannot be read".to_owned()));
        }
        if name == "flaps.mp4" && !self.place.path("drawer/flapped").exists() {
            self.place.write("drawer/flapped", b"");
            self.place.rename("card/flaps.mp4", "drawer/flaps.mp4");
            return Ok(SyncEnd::Failed("cannot be read".to_owned()));
        }
        if name.starts_with("fails") {
            return Ok(SyncEnd::Failed("out of memory".to_owned()));
        }
        let reference = describe::open(&pair.reference, false, true)?.source;
        let new = describe::open(&pair.new, false, true)?.source;
        *self
            .place
            .synced
            .borrow_mut()
            .entry(new.fingerprint.clone())
            .or_default() += 1;
        let side =
            |path: &str, fingerprint: &str| format!(r#"{{"path":"{path}","fingerprint":"{fingerprint}"}}"#);
        let map = format!(
            r#"{{"ok":true,"version":2,"model":"monotone","params":null,"reference":{},"new":{}}}"#,
            side(&reference.path, &reference.fingerprint),
            side(&new.path, &new.fingerprint)
        );
        let out = self.place.path("runs").join(&pair.name);
        fs::create_dir(&out).unwrap();
        fs::copy(pair.ref_markers.as_ref().unwrap(), out.join(NEW_MARKERS_FILE)).unwrap();
        fs::write(out.join(TIMEWARP_FILE), map).unwrap();
        Ok(SyncEnd::Finished {
            is_aligned: true,
            reasons: Vec::new(),
            delta: None,
            warnings: Vec::new(),
        })
    }

    fn wait(&mut self, at_most: Duration) {
        match self.script.pop_front() {
            Some(step) => {
                self.now += STEP.min(at_most);
                step();
            }
            None => {
                self.now += at_most;
                self.waits_left = self.waits_left.saturating_sub(1);
            }
        }
    }

    fn is_ending(&self) -> bool {
        self.script.is_empty() && self.waits_left == 0
    }
}

/// Waits until everything that stands still is known to be whole or broken.
const WAITS_TO_REST: usize = 30;

/// A file that is copied: where to, its content, and how many of its three pieces arrive.
struct Copied {
    name: String,
    bytes: Vec<u8>,
    pieces: usize,
}

fn copied(name: &str, bytes: Vec<u8>) -> Copied {
    Copied {
        name: format!("card/{name}"),
        bytes,
        pieces: 3,
    }
}

/// The pieces of five files at a time in turn, a step each, so that a file stands still for longer than it
/// takes to settle.
fn copying<'a>(place: &'a Place, files: &'a [Copied]) -> Vec<Step<'a>> {
    let mut steps: Vec<Step<'a>> = Vec::new();
    for lane in files.chunks(5) {
        for piece in 0..3 {
            for file in lane.iter().filter(|file| piece < file.pieces) {
                steps.push(Box::new(move || {
                    let size = file.bytes.len().div_ceil(3);
                    let bytes = file.bytes.chunks(size).nth(piece).unwrap();
                    let path = place.path(&file.name);
                    let mut file = fs::File::options().create(true).append(true).open(path).unwrap();
                    file.write_all(bytes).unwrap();
                }));
            }
        }
    }
    steps
}

#[test]
fn of_thirty_recordings_copied_slowly_each_good_one_is_synced_once() {
    let place = Place::new();
    let rides: Vec<Copied> = (0..16)
        .map(|k| copied(&format!("ride_{k:02}.mp4"), recording(k)))
        .chain([copied("unplugged.mp4", recording(16))])
        .chain([Copied {
            pieces: 2,
            ..copied("half.mp4", recording(17))
        }])
        .chain([copied("text.mp4", b"not a video".repeat(1000))])
        .collect();
    // A card is copied in the order of names: all first chapters before the second ones.
    let chapters: Vec<Copied> = (1..=2)
        .flat_map(|chapter| (1..=11).map(move |number| (chapter, number)))
        .map(|(chapter, number)| {
            let name = format!("DCIM/100GOPRO/GX{chapter:02}{number:04}.MP4");
            copied(&name, recording(100 * chapter + number))
        })
        .collect();
    let mut steps = copying(&place, &rides);
    steps.extend(copying(&place, &chapters));
    let renamed = |from: &'static str, to: &'static str| -> Step<'_> {
        let place = &place;
        Box::new(move || place.rename(&format!("card/{from}"), &format!("card/{to}")))
    };
    // One has another name for a while in the middle of its copy, one is renamed when it is there.
    steps.insert(22, renamed("ride_06.mp4", "ride_06.mp4.part"));
    steps.insert(24, renamed("ride_06.mp4.part", "ride_06.mp4"));
    steps.insert(50, renamed("ride_03.mp4", "DCIM/100GOPRO/kept.mp4"));
    let after_restart = steps.split_off(60);
    place.watch(steps, 0);
    let before_restart: usize = place.synced.borrow().values().sum();
    assert!((4..17).contains(&before_restart), "{before_restart}");
    place.watch(after_restart, WAITS_TO_REST);
    assert_eq!((place.said("Gone"), place.said("Failed {")), (1, 0));
    assert!(!place.path("card/unplugged.mp4").exists());
    place.watch(
        vec![
            renamed("../drawer/unplugged.mp4", "unplugged.mp4"),
            renamed("DCIM/100GOPRO/GX010005.MP4", "DCIM/100GOPRO/GX019005.MP4"),
            renamed("DCIM/100GOPRO/GX020005.MP4", "DCIM/100GOPRO/GX029005.MP4"),
            Box::new(|| {
                // Another card with the same recording.
                fs::copy(place.path("card/ride_00.mp4"), place.path("card/again.mp4")).unwrap();
            }),
        ],
        WAITS_TO_REST,
    );
    for k in 0..=16 {
        assert_eq!(place.times_synced(&[recording(k)]), 1, "ride {k}");
    }
    for number in 1..=11 {
        let chapters = [recording(100 + number), recording(200 + number)];
        assert_eq!(place.times_synced(&chapters), 1, "GX {number}");
    }
    assert_eq!(place.synced.borrow().values().sum::<usize>(), 28);
    assert_eq!(place.runs().len(), 28);
    assert_eq!(place.said("Broken"), 2);
    let last = place.watch_once();
    let known = WatchReport {
        known: 31,
        ..WatchReport::default()
    };
    assert_eq!(last, known, "28, the copy of one, and the two broken ones");
}

#[test]
fn what_failed_is_tried_again_when_it_changes_and_not_before() {
    let place = Place::new();
    place.write("card/fails.mp4", &recording(1));
    place.write("card/GX020001.MP4", &recording(2));
    let report = place.watch_once();
    assert_eq!((report.failed, report.synced), (2, 0));
    let said = place.events.borrow().join(
        "
",
    );
    assert!(
        said.contains("out of memory") && said.contains("chapter GX010001.MP4 is missing"),
        "{said}"
    );
    place.rename("card/fails.mp4", "card/fails_again.mp4");
    assert_eq!(place.watch_once().known, 2);
    // Copied again, from a card that was mended.
    place.rename("card/fails_again.mp4", "card/good.mp4");
    let file = fs::File::options()
        .append(true)
        .open(place.path("card/good.mp4"))
        .unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1))
        .unwrap();
    place.write("card/GX010001.MP4", &recording(3));
    let report = place.watch_once();
    assert_eq!((report.failed, report.synced), (0, 2));
    assert_eq!(place.runs(), ["GX010001_sync", "good_sync"]);
    let note = fs::read_to_string(place.path("runs").join(WATCH_FILE)).unwrap();
    assert!(
        !note.contains("good.mp4") && !note.contains("out of memory"),
        "{note}"
    );
}

#[test]
fn a_recording_that_is_back_before_the_next_look_is_taken_up() {
    let place = Place::new();
    place.write("card/flaps.mp4", &recording(1));
    let report = place.watch_once();
    assert_eq!((report.synced, report.failed, place.said("Gone")), (1, 0, 1));
}

#[test]
fn folder_and_reference_may_come_late_and_go() {
    let place = Place::new();
    fs::remove_dir_all(place.path("card")).unwrap();
    let step = |what: fn(&Place)| -> Step<'_> {
        let place = &place;
        Box::new(move || what(place))
    };
    let rest = || (0..10).map(|_| step(|_| ()));
    let mut script: Vec<Step<'_>> = rest().collect();
    script.push(step(|place| {
        place.rename("best.mp4", "drawer/best.mp4");
        fs::create_dir(place.path("card")).unwrap();
        place.write("card/ride.mp4", &recording(1));
    }));
    script.extend(rest());
    script.push(step(|place| {
        assert!(place.synced.borrow().is_empty());
        place.rename("drawer/best.mp4", "best.mp4");
    }));
    let report = place.watch(script, WAITS_TO_REST);
    assert_eq!(report.synced, 1, "{:?}", place.events.borrow());
    assert_eq!((place.said("NoFolder"), place.said("NoReference")), (1, 1));
}

#[test]
fn two_watch_no_root_together_and_none_watches_for_a_root_that_is_not_there() {
    let place = Place::new();
    let held = lock(&place.path("runs")).unwrap();
    let mut world = Scripted {
        place: &place,
        script: VecDeque::new(),
        waits_left: usize::MAX,
        now: Duration::ZERO,
    };
    let mut said = |request: &WatchRequest| watch(request, &mut world, &mut |_| ()).unwrap_err().what();
    assert_eq!(
        said(&place.request(true)),
        "another batch or watch is writing here"
    );
    drop(held);
    let nowhere = WatchRequest {
        root: place.path("nowhere"),
        ..place.request(true)
    };
    assert_eq!(said(&nowhere), "no such folder");
    let without = WatchRequest {
        reference: None,
        ..place.request(true)
    };
    assert_eq!(said(&without), "no run below the root that names its reference");
}
