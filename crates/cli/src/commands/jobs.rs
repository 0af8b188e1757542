//! What a page of the server may ask of the program, as the command line defines it.

use std::any::TypeId;
use std::ffi::OsStr;
use std::iter;

use clap::{Arg, ArgAction, CommandFactory, ValueHint};
use mtbsync_markers::export::Preset;
use mtbsync_pipeline::config::Config;
use mtbsync_web::jobs::command::{ExportPreset, FlagKind, JobCommand, JobCommands, JobFlag};

use crate::args::Cli;
use crate::usage;

/// Commands a page may start: name of the job, command, and what has to be given, first of all where results
/// go.
const JOBS: [(&str, &str, &[&str]); 6] = [
    ("sync", "sync", &["out", "reference", "new"]),
    ("batch", "batch", &["out-dir"]),
    ("transfer", "transfer-markers", &["out"]),
    ("export", "export-markers", &["out", "markers"]),
    ("render", "render", &["out", "reference", "new"]),
    ("benchmark", "benchmark-quality", &["out"]),
];
/// Flags of every command that a page may set; the others name files of this machine or belong to the
/// terminal.
const GLOBAL: [&str; 3] = ["threads", "force", "no-cache"];
/// What else a page may not set: other spellings of what it sets by flags, and copies of recordings.
const WITHHELD: [&str; 4] = ["first", "second", "run-dir", "mux"];
/// What takes the place of the two recordings that a job of `render` names.
const RUNS_OF_RENDER: [&str; 5] = ["root", "a", "b", "ideal", "trail"];
/// Flags that take the name of a preset.
const PRESET_FLAGS: [&str; 3] = ["export", "preset", "format"];

/// The commands and their flags.
pub fn commands(config: &Config) -> JobCommands {
    let mut program = Cli::command();
    program.build();
    let presets = presets(config);
    let items = JOBS.iter().filter_map(|&(kind, verb, needed)| {
        let args = program.find_subcommand(verb)?.get_arguments();
        let args = args.filter(|arg| verb != "render" || !RUNS_OF_RENDER.contains(&arg.get_id().as_str()));
        Some(JobCommand {
            kind,
            verb,
            output: needed.first()?,
            flags: args.filter_map(|arg| flag(arg, needed, &presets)).collect(),
        })
    });
    JobCommands {
        items: items.collect(),
        presets,
        check,
    }
}

/// Editor formats and those of the configuration.
fn presets(config: &Config) -> Vec<ExportPreset> {
    let preset = |name: &str, title: &str, format: Preset| ExportPreset {
        name: name.to_owned(),
        title: title.to_owned(),
        suffix: format.default_suffix(),
    };
    let built_in = Preset::ALL
        .into_iter()
        .map(|format| preset(format.name(), format.title(), format));
    let custom = config
        .presets
        .iter()
        .map(|(name, custom)| preset(name, name, custom.format));
    built_in.chain(custom).collect()
}

/// What the definition says about an argument; `None`: pages may not set it.
fn flag(arg: &Arg, needed: &[&str], presets: &[ExportPreset]) -> Option<JobFlag> {
    let name = arg
        .get_long()
        .map_or_else(|| arg.get_id().as_str().replace('_', "-"), str::to_owned);
    let is_in = |names: &[&str]| names.contains(&name.as_str());
    if arg.is_hide_set() || is_in(&WITHHELD) || arg.is_global_set() && !is_in(&GLOBAL) {
        return None;
    }
    let choices = if is_in(&PRESET_FLAGS) {
        presets.iter().map(|preset| preset.name.clone()).collect()
    } else {
        let values = arg.get_possible_values();
        let shown = values.iter().filter(|value| !value.is_hide_set());
        shown.map(|value| value.get_name().to_owned()).collect()
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let (help, default) = match help
        .strip_suffix(']')
        .and_then(|help| help.rsplit_once(" [default: "))
    {
        Some((help, default)) => (help.to_owned(), default.to_owned()),
        None => (
            help,
            arg.get_default_values()
                .join(OsStr::new(","))
                .to_string_lossy()
                .into_owned(),
        ),
    };
    Some(JobFlag {
        kind: kind(arg)?,
        is_argument: arg.is_positional(),
        repeats: matches!(arg.get_action(), ArgAction::Append),
        required: arg.is_required_set() || is_in(needed),
        default: Some(default).filter(|default| !default.is_empty()),
        choices,
        help,
        group: arg.get_help_heading().unwrap_or("Options").to_owned(),
        name,
    })
}

/// What it takes. Paths are outputs, which have to lie below the root, unless the definition says what is
/// read there.
fn kind(arg: &Arg) -> Option<FlagKind> {
    let numbers = [
        TypeId::of::<f64>(),
        TypeId::of::<usize>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
    ];
    let is_number = || {
        numbers
            .iter()
            .any(|number| arg.get_value_parser().type_id() == *number)
    };
    match (arg.get_action(), arg.get_value_hint()) {
        (ArgAction::SetTrue, _) => Some(FlagKind::Switch),
        (ArgAction::Set | ArgAction::Append, ValueHint::FilePath) => Some(FlagKind::Input),
        (ArgAction::Set | ArgAction::Append, ValueHint::DirPath) => Some(FlagKind::Folder),
        (ArgAction::Set | ArgAction::Append, ValueHint::AnyPath) => Some(FlagKind::Output),
        (ArgAction::Set | ArgAction::Append, _) if is_number() => Some(FlagKind::Number),
        (ArgAction::Set | ArgAction::Append, _) => Some(FlagKind::Text),
        _ => None,
    }
}

fn check(args: &[String]) -> Result<(), String> {
    let words = iter::once("mtbsync").chain(args.iter().map(String::as_str));
    let parsed = Cli::command().try_get_matches_from(words);
    parsed
        .map(drop)
        .map_err(|error| usage::wrong_usage(&error).what())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The flags of a job, each with what it takes: `<` a file, `/` a folder, `>` an output, `#` a number,
    /// `=` a text.
    fn shown(kind: &str) -> String {
        let commands = commands(&Config::default()).items;
        let command = commands.iter().find(|command| command.kind == kind).unwrap();
        let flag = |flag: &JobFlag| {
            let sign = match flag.kind {
                FlagKind::Switch => "",
                FlagKind::Number => "#",
                FlagKind::Text => "=",
                FlagKind::Input => "<",
                FlagKind::Folder => "/",
                FlagKind::Output => ">",
            };
            format!("{}{sign}", flag.name)
        };
        command.flags.iter().map(flag).collect::<Vec<_>>().join(" ")
    }

    const PAIR: &str = "export-fps= discard-edits fast fps# n-features# no-clahe single-file no-proxy precise \
        matcher= model< no-gpu top-k# no-refine refine-window# lowe# ransac-reproj# min-inliers# ref-gpx< new-gpx< \
        ref-gpx-offset= new-gpx-offset= no-gps anchors< warp-model= warp-window-sec# warp-inlier-thresh# \
        warp-ransac-iters# warp-rng-seed# warp-max-ppm# warp-min-inlier-frac# warp-min-coverage# warp-max-p90# \
        regression-off fail-on-regression reg-window# reg-preset= reg-p90-pct# reg-p90-abs# reg-ppm-pct# reg-ppm-abs# \
        reg-inlier-pct# reg-inlier-abs# reg-severe-multiplier#";
    const EDITOR: &str =
        "drop-frame non-drop timeline-start= reel= label= video< review-prefix= keep-colours";
    const GLOBAL: &str = "threads# no-cache force";

    /// A flag that is new here can be set by whoever may start jobs: is that right, and is its kind?
    #[test]
    fn what_pages_may_set() {
        let expected = format!(
            "reference< new< index< out> root> ref-markers< review-threshold# {PAIR} {EDITOR} no-warp no-plot export= {GLOBAL}"
        );
        assert_eq!(shown("sync"), expected);
        let expected = format!(
            "input-dir/ out-dir> ref-suffix= new-suffix= reference< recursive jobs# resume dry-run ref-markers< review-threshold# export= {PAIR} \
             {EDITOR} {GLOBAL}"
        );
        assert_eq!(shown("batch"), expected);
        let expected = format!(
            "ref-markers< timewarp-json< warp< out> review-threshold# fps= label= vis-json plot-overlay {GLOBAL}"
        );
        assert_eq!(shown("transfer"), expected);
        let expected = format!(
            "markers< preset= format= out> time-column= min-confidence# fps= retime timewarp-json< warp< \
             reference-video< {EDITOR} {GLOBAL}"
        );
        assert_eq!(shown("export"), expected);
        let expected = format!(
            "reference< new< timewarp-json< warp< out> lock= master= from= to= stops= fps= layout= ghost-opacity# \
             delta-bar labels no-labels markers< size= codec= quality# audio= {GLOBAL}"
        );
        assert_eq!(shown("render"), expected);
        let expected = format!(
            "root/ pattern= out> limit# fields= strict csv no-csv json no-json html no-html {GLOBAL}"
        );
        assert_eq!(shown("benchmark"), expected);
    }

    #[test]
    fn flags_are_described_as_the_help_describes_them() {
        let commands = commands(&Config::default());
        let sync = commands
            .items
            .iter()
            .find(|command| command.kind == "sync")
            .unwrap();
        let flag = |name: &str| sync.flags.iter().find(|flag| flag.name == name).unwrap();
        let fps = flag("fps");
        assert_eq!(
            (fps.help.as_str(), fps.default.as_deref()),
            ("Analysed frames per second, 0.1 to 60", Some("3"))
        );
        assert_eq!(flag("top-k").default.as_deref(), Some("3"));
        assert_eq!(flag("warp-model").choices, ["monotone", "affine"]);
        assert!(flag("export").choices.contains(&"resolve-edl".to_owned()) && flag("export").repeats);
        assert!(flag("reference").required && flag("out").required && !flag("fps").required);
        assert_eq!(
            (flag("fps").group.as_str(), flag("out").group.as_str()),
            ("Analysis", "Options")
        );
    }

    #[test]
    fn a_job_is_checked_as_the_command_line_is() {
        let check = |words: &str| check(&words.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let sync = "sync --reference=a --new=b --out=c";
        assert_eq!(check(&format!("{sync} --fps=60")), Ok(()));
        for (flags, why) in [
            ("--fps=61", "bad value `61` for --fps <N>: must be 0.1 to 60"),
            ("--top-k=1.5", "bad value `1.5` for --top-k <N>"),
            (
                "--drop-frame --non-drop",
                "--drop-frame cannot be used with --non-drop",
            ),
        ] {
            let refused = check(&format!("{sync} {flags}")).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
