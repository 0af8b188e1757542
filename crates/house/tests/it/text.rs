//! What stands in the files: lengths of comment lines, paths of one machine.

use crate::files::{root, text_files};

/// How paths begin that exist on one machine only.
const MACHINE_PATHS: [&str; 4] = [
    concat!("/ho", "me/"),
    concat!("/Use", "rs/"),
    concat!("/wo", "rk/"),
    concat!("C:\\Use", "rs"),
];

#[test]
fn comments_end_where_code_does() {
    let settings = std::fs::read_to_string(root().join("rustfmt.toml")).unwrap();
    let settings: toml::Table = settings.parse().unwrap();
    let width = usize::try_from(settings["max_width"].as_integer().unwrap()).unwrap();
    let found = lines(|path, line| {
        path.ends_with(".rs") && line.trim_start().starts_with("//") && line.chars().count() > width
    });
    assert!(
        found.is_empty(),
        "comment lines over {width} characters:\n{}",
        found.join("\n")
    );
}

#[test]
fn no_path_of_one_machine() {
    let found = lines(|_, line| MACHINE_PATHS.iter().any(|start| line.contains(start)));
    assert!(found.is_empty(), "paths of one machine:\n{}", found.join("\n"));
}

/// `path:line: text` of the lines that `is_wrong`.
fn lines(is_wrong: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in text_files() {
        for (number, line) in file.text.lines().enumerate() {
            if is_wrong(&file.path, line) {
                found.push(format!("{}:{}: {line}", file.path, number + 1));
            }
        }
    }
    found
}
