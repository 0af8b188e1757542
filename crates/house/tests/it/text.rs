//! What must not stand in the files.

use crate::files::text_files;

/// How paths begin that exist on one machine only.
const MACHINE_PATHS: [&str; 4] = [
    concat!("/ho", "me/"),
    concat!("/Use", "rs/"),
    concat!("/wo", "rk/"),
    concat!("C:\\Use", "rs"),
];

#[test]
fn no_path_of_one_machine() {
    let found = lines(|line| MACHINE_PATHS.iter().any(|start| line.contains(start)));
    assert!(found.is_empty(), "paths of one machine:\n{}", found.join("\n"));
}

/// `path:line: text` of the lines that `is_wrong`.
fn lines(is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in text_files() {
        for (number, line) in file.text.lines().enumerate() {
            if is_wrong(line) {
                found.push(format!("{}:{}: {line}", file.path, number + 1));
            }
        }
    }
    found
}
