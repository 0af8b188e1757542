//! Which commands a job may be, and which of their flags a page may set, each with the kind of its value. Everything
//! that is not listed here is refused: flags that open servers, name configuration files or write elsewhere.

use Value::{Choice, Folder, In, Number, Out, Switch, Text, Whole, Word, Words};

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A file to read.
    In,
    /// A folder to read.
    Folder,
    /// A file or folder to write, below the root.
    Out,
    /// A number in a range.
    Number(f64, f64),
    /// A whole number in a range.
    Whole(i64, i64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// On or off.
    Switch,
    /// A short text of letters, digits and `. _ - : ; / * ,`: rates, times, sizes, names of presets.
    Word,
    /// Several of those; the flag is repeated.
    Words,
    /// Any text of a line.
    Text,
}

/// A flag, by its name without dashes.
pub type Flag = (&'static str, Value);

/// A command that can be a job.
#[derive(Debug)]
pub struct Command {
    /// The name in requests.
    pub kind: &'static str,
    /// The name on the command line.
    pub verb: &'static str,
    /// The parameter that is no flag but an argument.
    pub argument: Option<Flag>,
    /// Parameters it cannot do without.
    pub needed: &'static [&'static str],
    /// The parameter that says where results go.
    pub output: &'static str,
    /// Groups of flags.
    pub flags: &'static [&'static [Flag]],
}

/// Numbers without a natural bound; the program checks what they mean.
const ANY: Value = Number(0.0, 1e9);
const SHARE: Value = Number(0.0, 1.0);

const COMMON: &[Flag] = &[
    ("threads", Whole(0, 1024)),
    ("force", Switch),
    ("no-cache", Switch),
];

const ANALYSIS: &[Flag] = &[
    ("fps", Number(0.1, 60.0)),
    ("n-features", Whole(50, 20_000)),
    ("no-clahe", Switch),
    ("single-file", Switch),
    ("no-proxy", Switch),
    ("precise", Switch),
    ("matcher", Choice(&["auto", "dense", "orb", "super", "learned"])),
    ("model", In),
    ("no-gpu", Switch),
    ("fast", Switch),
];

const MATCH: &[Flag] = &[
    ("top-k", Whole(1, 1000)),
    ("no-refine", Switch),
    ("refine-window", Whole(0, 100)),
    ("lowe", SHARE),
    ("ransac-reproj", ANY),
    ("min-inliers", Whole(4, 100_000)),
    ("ref-gpx", In),
    ("new-gpx", In),
    ("ref-gpx-offset", Word),
    ("new-gpx-offset", Word),
    ("no-gps", Switch),
    ("anchors", In),
];

const WARP: &[Flag] = &[
    ("warp-model", Choice(&["monotone", "affine"])),
    ("warp-window-sec", ANY),
    ("warp-inlier-thresh", ANY),
    ("warp-ransac-iters", Whole(1, 1_000_000)),
    ("warp-rng-seed", Whole(0, i64::MAX)),
    ("warp-max-ppm", ANY),
    ("warp-min-inlier-frac", SHARE),
    ("warp-min-coverage", SHARE),
    ("warp-max-p90", ANY),
];

const REGRESSION: &[Flag] = &[
    ("regression-off", Switch),
    ("fail-on-regression", Switch),
    ("reg-window", Whole(1, 2000)),
    ("reg-preset", Choice(&["strict", "normal", "permissive"])),
    ("reg-p90-pct", ANY),
    ("reg-p90-abs", ANY),
    ("reg-ppm-pct", ANY),
    ("reg-ppm-abs", ANY),
    ("reg-inlier-pct", ANY),
    ("reg-inlier-abs", ANY),
    ("reg-severe-multiplier", ANY),
];

const EXPORT: &[Flag] = &[
    ("drop-frame", Switch),
    ("non-drop", Switch),
    ("timeline-start", Word),
    ("reel", Word),
    ("label", Text),
    ("video", In),
    ("review-prefix", Text),
    ("keep-colours", Switch),
];

const MARKERS: &[Flag] = &[
    ("ref-markers", In),
    ("review-threshold", SHARE),
    ("export", Words),
    ("export-fps", Word),
];

const SYNC: &[Flag] = &[
    ("reference", In),
    ("new", In),
    ("index", In),
    ("out", Out),
    ("root", Out),
    ("no-warp", Switch),
    ("no-plot", Switch),
];

const BATCH: &[Flag] = &[
    ("out-dir", Out),
    ("ref-suffix", Word),
    ("new-suffix", Word),
    ("reference", In),
    ("recursive", Switch),
    ("jobs", Whole(1, 64)),
    ("resume", Switch),
    ("dry-run", Switch),
];

const TRANSFER: &[Flag] = &[
    ("ref-markers", In),
    ("timewarp-json", In),
    ("warp", In),
    ("out", Out),
    ("review-threshold", SHARE),
    ("fps", Word),
    ("label", Text),
    ("vis-json", Switch),
    ("plot-overlay", Switch),
];

const EXPORT_MARKERS: &[Flag] = &[
    ("markers", In),
    ("preset", Word),
    ("format", Word),
    ("out", Out),
    ("time-column", Word),
    ("min-confidence", SHARE),
    ("fps", Word),
    ("retime", Switch),
    ("timewarp-json", In),
    ("warp", In),
    ("reference-video", In),
];

const RENDER: &[Flag] = &[
    ("reference", In),
    ("new", In),
    ("timewarp-json", In),
    ("warp", In),
    ("out", Out),
    ("layout", Choice(&["side-by-side", "stacked", "ghost"])),
    ("ghost-opacity", SHARE),
    ("lock", Choice(&["place", "time"])),
    ("master", Choice(&["new", "ref"])),
    ("from", Word),
    ("to", Word),
    ("stops", Choice(&["hold", "skip"])),
    ("delta-bar", Switch),
    ("labels", Switch),
    ("no-labels", Switch),
    ("markers", In),
    ("size", Word),
    ("fps", Word),
    ("codec", Choice(&["h264", "hevc", "av1"])),
    ("quality", Whole(0, 63)),
    ("audio", Choice(&["master", "ref", "new", "none"])),
];

const BENCHMARK: &[Flag] = &[
    ("root", Folder),
    ("out", Out),
    ("pattern", Word),
    ("limit", Whole(1, 1_000_000)),
    ("fields", Word),
    ("strict", Switch),
    ("csv", Switch),
    ("no-csv", Switch),
    ("json", Switch),
    ("no-json", Switch),
    ("html", Switch),
    ("no-html", Switch),
];

static COMMANDS: [Command; 6] = [
    Command {
        kind: "sync",
        verb: "sync",
        argument: None,
        needed: &["reference", "new", "out"],
        output: "out",
        flags: &[SYNC, MARKERS, ANALYSIS, MATCH, WARP, REGRESSION, EXPORT, COMMON],
    },
    Command {
        kind: "batch",
        verb: "batch",
        argument: Some(("input-dir", Folder)),
        needed: &["input-dir", "out-dir"],
        output: "out-dir",
        flags: &[BATCH, MARKERS, ANALYSIS, MATCH, WARP, REGRESSION, EXPORT, COMMON],
    },
    Command {
        kind: "transfer",
        verb: "transfer-markers",
        argument: None,
        needed: &["ref-markers", "out"],
        output: "out",
        flags: &[TRANSFER, COMMON],
    },
    Command {
        kind: "export",
        verb: "export-markers",
        argument: None,
        needed: &["markers", "out"],
        output: "out",
        flags: &[EXPORT_MARKERS, EXPORT, COMMON],
    },
    Command {
        kind: "render",
        verb: "render",
        argument: None,
        needed: &["reference", "new", "out"],
        output: "out",
        flags: &[RENDER, COMMON],
    },
    Command {
        kind: "benchmark",
        verb: "benchmark-quality",
        argument: None,
        needed: &["root", "out"],
        output: "out",
        flags: &[BENCHMARK, COMMON],
    },
];

/// All commands that can be jobs.
pub fn commands() -> &'static [Command] {
    &COMMANDS
}

/// The command of that kind.
pub fn command(kind: &str) -> Option<&'static Command> {
    commands().iter().find(|command| command.kind == kind)
}

impl Command {
    /// Its flags, without the argument.
    pub fn flags(&self) -> impl Iterator<Item = &Flag> {
        self.flags.iter().flat_map(|group| group.iter())
    }

    /// What the parameter `name` takes.
    pub fn value(&self, name: &str) -> Option<Value> {
        let mut all = self.argument.iter().chain(self.flags());
        all.find(|(flag, _)| *flag == name).map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_elsewhere_is_on_no_list() {
        for command in &COMMANDS {
            for name in [
                "config",
                "cache-dir",
                "host",
                "port",
                "open-browser",
                "token",
                "mux",
                "quiet",
                "progress",
            ] {
                assert_eq!(command.value(name), None, "{} {name}", command.kind);
            }
            for needed in command.needed {
                assert!(command.value(needed).is_some(), "{} {needed}", command.kind);
            }
            assert_eq!(command.value(command.output), Some(Out));
        }
    }
}
