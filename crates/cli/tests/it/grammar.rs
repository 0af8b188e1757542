//! Flags, help, version, exit codes (docs/reference/cli.md#rules-for-every-command,
//! docs/reference/exit-codes.md).

use crate::common::{Place, Said, data};

/// Commands of the help, by itself: a new one is covered by the tests here as soon as it exists.
fn commands(place: &Place) -> Vec<String> {
    let help = place.run("--help").ok().stdout.clone();
    let grouped = help.lines().skip_while(|line| *line != "Every day:").skip(1);
    let grouped = grouped.take_while(|line| *line != "Flags of every command:");
    let names = grouped.filter(|line| line.starts_with("  "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// Commands that have to be there (docs/reference/cli.md).
const COMMANDS: [&str; 18] = [
    "index",
    "sync",
    "warp",
    "transfer",
    "export",
    "compare",
    "render",
    "import-markers",
    "viewer",
    "batch",
    "splits",
    "benchmark-quality",
    "quality-check",
    "prune-perf",
    "cache",
    "doctor",
    "completions",
    "version",
];

#[test]
fn version_is_printed_in_both_spellings() {
    let place = Place::new();
    let expected = format!("mtbsync version {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(place.run("--version").ok().stdout, expected);
    assert_eq!(place.run("version").ok().stdout, expected);
    assert_eq!(place.run("-q version").ok().stdout, expected, "it is the result");
    for call in ["--version -v", "version --verbose"] {
        let told = place.run(call).ok().stdout.clone();
        assert!(told.starts_with(&expected) && told.contains("Potje") && told.contains("Apache License 2.0"));
        assert!(!told.contains("TERMS AND CONDITIONS"));
    }
    assert!(
        place
            .run("version -vv")
            .ok()
            .stdout
            .contains("TERMS AND CONDITIONS")
    );
    let summary = place.run("version --json").ok().json();
    assert_eq!(summary["result"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn every_command_explains_itself_on_stdout() {
    let place = Place::new();
    let commands = commands(&place);
    for command in COMMANDS {
        assert!(
            commands.iter().any(|listed| listed == command),
            "{command}: {commands:?}"
        );
    }
    for command in commands {
        let said = place.run(&format!("{command} --help"));
        assert!(said.ok().stdout.contains("Usage: mtbsync "), "{}", said.stdout);
        // The flags of every command stand in the help of the program; here is one line about them.
        let about_threads = said.stdout.lines().filter(|line| line.contains("--threads"));
        assert_eq!(about_threads.count(), 1, "{}", said.stdout);
        assert!(!said.stdout.contains("--cache-dir") && said.stderr.is_empty());
    }
}

#[test]
fn aliases_are_the_same_commands() {
    let place = Place::new();
    for (alias, full) in [
        ("transfer", "transfer-markers"),
        ("export", "export-markers"),
        ("compare", "compare-ui"),
    ] {
        let help = |name: &str| {
            place
                .run(&format!("{name} --help"))
                .ok()
                .stdout
                .replace(&format!("{full} "), "")
        };
        assert_eq!(
            help(alias).replace(&format!("{alias} "), ""),
            help(full).replace(&format!("{alias} "), "")
        );
    }
}

#[test]
fn wrong_usage_is_one_error_line_and_the_usage() {
    let place = Place::new();
    for (args, says) in [
        ("", "error: no command given; hint: commands are sync, "),
        (
            "sinc",
            "error: unknown command `sinc`; hint: did you mean `sync`?",
        ),
        (
            "index --referense x",
            "error: unknown flag `--referense`; hint: did you mean `--reference`?",
        ),
        ("index", "error: missing --reference <PATH>"),
        ("sync --reference a", "error: missing --new <PATH>"),
        (
            "index --reference x --fps -3",
            "error: bad value `-3` for --fps <N>: must be 0.1 to 60",
        ),
        (
            "index --reference x --fps=nan",
            "error: bad value `nan` for --fps <N>: not a finite number",
        ),
        ("index --reference x --fps 61", "must be 0.1 to 60"),
        ("index --reference x --n-features 10", "error: bad value `10`"),
        ("index --reference", "needs a value"),
        (
            "index --reference x --matcher densse",
            "hint: did you mean `dense`?",
        ),
        (
            "index --reference x --matcher orb --model m",
            "error: --model goes with --matcher super or auto",
        ),
        (
            "index --reference x --no-cache",
            "hint: give --out, or drop --no-cache",
        ),
        ("sync a", "error: missing <NEW>"),
        ("sync a b c", "error: unexpected argument `c`"),
        ("sync --new a b", "cannot be used with"),
        ("sync a b --ref x", "hint: did you mean `--reference`?"),
        ("splits r --ref x", "hint: did you mean `--ref-markers`?"),
        (
            "compar x",
            "error: unknown command `compar`; hint: did you mean `compare-ui`?",
        ),
        (
            "davinci",
            "hint: did you mean `mtbsync export RUN_DIR --preset resolve-edl`?",
        ),
        (
            "export m.csv --preset davinci",
            "error: unknown preset `davinci`; hint: did you mean `resolve-edl`? presets are",
        ),
        (
            "sync a b --ref-markers m --export resolve",
            "error: unknown preset `resolve`; hint: did you mean `resolve-edl`?",
        ),
        (
            "export m.csv --davinci",
            "hint: did you mean `--preset resolve-edl`?",
        ),
        ("render", "error: missing "),
        ("index x --reference y", "error: unexpected argument `x`"),
        (
            "sync --reference a --new b --new-gpx-offset soon",
            "error: bad value `soon` for --new-gpx-offset",
        ),
        (
            "sync --reference a --new b --export csv",
            "error: missing --ref-markers <PATH>",
        ),
        (
            "sync --reference a --new b --ref-markers m --export nope",
            "error: unknown preset `nope`; hint: presets are",
        ),
        (
            "sync --reference a --new b --export-fps 12.34",
            "error: bad value `12.34` for --export-fps <RATE>",
        ),
        ("sync --reference a --new b --lowe 1.5", "must be 0 to 1"),
        (
            "sync --reference a --new b --drop-frame --non-drop",
            "cannot be used with",
        ),
        (
            "transfer --ref-markers m.csv",
            "error: missing --timewarp-json <PATH>",
        ),
        (
            "viewer --headless --ref-markers m.csv",
            "error: viewer --headless needs --timewarp-json",
        ),
        ("version --quiet --verbose", "cannot be used with"),
        ("completions tcsh", "error: bad value `tcsh`"),
        ("doctor --config nope.toml", "error: file not found: nope.toml"),
    ] {
        let said = place.run(args);
        let line = said.error(2);
        assert!(line.contains(says), "`{args}`: {line}");
        assert!(said.stdout.is_empty(), "{}", said.stdout);
        if !args.contains("--config") && line.contains("unknown flag") {
            assert!(
                said.stderr
                    .lines()
                    .nth(1)
                    .is_some_and(|line| line.starts_with("Usage: mtbsync")),
                "{}",
                said.stderr
            );
        }
    }
    assert_eq!(place.list("."), [""; 0], "wrong usage writes nothing");
}

#[test]
fn usage_follows_an_unusable_command_line() {
    let place = Place::new();
    for args in [
        "",
        "sinc",
        "index --referense x",
        "index",
        "index --reference x --fps -3",
    ] {
        let said = place.run(args);
        let lines: Vec<&str> = said.stderr.lines().collect();
        assert!(
            matches!(lines.as_slice(), [error, usage] if error.starts_with("error: ") && usage.starts_with("Usage: mtbsync")),
            "`{args}`: {}",
            said.stderr
        );
    }
}

#[test]
fn values_are_taken_in_both_forms_and_flags_in_any_order() {
    let place = Place::new();
    let reference = data("sample/reference.mp4");
    let one = place.run_args(&[
        "--json",
        "index",
        "--fps=2",
        "--out=a.npz",
        "--n-features",
        "100",
        "--reference",
        &reference,
    ]);
    let two = place.run_args(&[
        "index",
        "--reference",
        &reference,
        "--n-features=100",
        "--fps",
        "2",
        "--out",
        "b",
        "--summary-json",
    ]);
    assert_eq!(
        one.ok().json()["result"]["frames"],
        two.ok().json()["result"]["frames"]
    );
    assert_eq!(place.list("."), ["a.npz", "b.npz"]);
}

#[test]
fn quiet_says_nothing_and_progress_is_plain_without_a_terminal() {
    let place = Place::new();
    let reference = data("sample/reference.mp4");
    let quiet = place.run_args(&[
        "index",
        "--quiet",
        "--reference",
        &reference,
        "--fps",
        "1",
        "--out",
        "q.npz",
    ]);
    assert_eq!((quiet.ok().stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    let silent = place.run_args(&[
        "index",
        "--progress",
        "none",
        "--reference",
        &reference,
        "--fps",
        "1",
        "--out",
        "n.npz",
    ]);
    assert!(
        silent.ok().stdout.contains("Index: n.npz") && silent.stderr.is_empty(),
        "{}",
        silent.stderr
    );
    let plain = place.run_args(&[
        "index",
        "--reference",
        &reference,
        "--fps",
        "1",
        "--out",
        "p.npz",
        "--no-cache",
    ]);
    assert!(
        plain
            .ok()
            .stderr
            .lines()
            .any(|line| line.starts_with("index reference done")),
        "{}",
        plain.stderr
    );
    assert!(!plain.stderr.contains('\x1b'));
}

#[test]
fn configuration_mistakes_name_file_and_line() {
    let place = Place::new();
    place.write(
        "team.toml",
        "[presets.team]\nformat = \"resolve-edl\"\nreal = \"001\"\n",
    );
    let said = place.run("doctor --config team.toml");
    let line = said.error(2);
    assert!(
        line.contains("real") && line.contains("(line 3): team.toml"),
        "{line}"
    );
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_files() {
    let place = Place::new();
    let status = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = place.program();
        command.args(["cache", "status", "--json"]).args(args);
        command
            .env_remove("MTB_CACHE_DIR")
            .env("XDG_CACHE_HOME", place.path("platform"));
        let output = command.envs(env.iter().copied()).output().unwrap();
        Said::of(&output).ok().json()
    };
    let folder = |args: &[&str], env: &[(&str, &str)]| {
        let folder = status(args, env)["outputs"]["cache"].as_str().unwrap().to_owned();
        folder
            .strip_prefix(place.path("").to_str().unwrap())
            .map(str::to_owned)
    };
    let environment = ("MTB_CACHE_DIR", "from_env");
    assert_eq!(folder(&[], &[]).as_deref(), Some("platform/mtbsync"));
    assert_eq!(folder(&[], &[environment]).as_deref(), Some("from_env"));
    assert_eq!(
        folder(&["--cache-dir", "from_flag"], &[environment]).as_deref(),
        Some("from_flag")
    );

    let limit = |args: &[&str], env: &[(&str, &str)]| {
        status(args, env)["result"]["max_bytes"].as_u64().unwrap() / 1_000_000_000
    };
    let limited_to = |gb: u32| format!("[cache]\nmax_gb = {gb}\n");
    assert_eq!(limit(&[], &[]), 20, "built-in");
    place.write("home/.mtbsync/config.toml", limited_to(3));
    assert_eq!(limit(&[], &[]), 3);
    place.write("home/.config/mtbsync/config.toml", limited_to(4));
    assert_eq!(limit(&[], &[]), 4);
    place.write("xdg/mtbsync/config.toml", limited_to(5));
    let xdg = place.path("xdg");
    let xdg = ("XDG_CONFIG_HOME", xdg.to_str().unwrap());
    assert_eq!(limit(&[], &[xdg]), 5);
    place.write("team.toml", limited_to(6));
    assert_eq!(limit(&["--config", "team.toml"], &[xdg]), 6);
    // A file that says nothing about it leaves the next one's word.
    place.write("silent.toml", "");
    assert_eq!(limit(&["--config", "silent.toml"], &[xdg]), 5);
    // What came from where is told on request.
    let said = place.run("cache status -v --config team.toml");
    let lines: Vec<&str> = said
        .ok()
        .stderr
        .lines()
        .filter(|line| line.starts_with("configuration: "))
        .collect();
    assert!(
        lines.len() == 3 && lines[2] == "configuration: team.toml",
        "{lines:?}"
    );
}

#[test]
fn doctor_knows_the_machine_and_a_recording() {
    let place = Place::new();
    let said = place.run_args(&["doctor", &data("sample/new.mp4")]);
    assert!(matches!(said.code, 0 | 10), "{}{}", said.stdout, said.stderr);
    assert!(
        said.stdout.contains("ok   NVML: ")
            && said.stdout.contains("ok   decode h264")
            && said.stdout.contains("video: h264 640x360"),
        "{}",
        said.stdout
    );
    let broken = place.write("broken.mp4", "no video");
    let said = place.run_args(&["doctor", "--json", broken.to_str().unwrap()]);
    assert_eq!((said.code, said.json()["exit_code"].as_i64()), (1, Some(1)));
}

#[test]
fn completion_scripts_know_the_commands() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.run(&format!("completions {shell}")).ok().stdout.clone();
        assert!(script.contains("transfer-markers"), "{shell}");
    }
}
