//! Product code: exit codes, names of flags.

use crate::files::{TextFile, text_files};

/// The one place that knows numbers of exit codes.
const EXIT_CODES: &str = "crates/cli/src/exit.rs";
/// Crates behind every face of the program: their texts name settings, in backticks, where the command line says flags.
const FACELESS: [&str; 5] = ["artefacts", "index", "matching", "pipeline", "task"];

#[test]
fn one_file_knows_the_exit_codes() {
    let is_number = |text: &str| text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let mut found = Vec::new();
    for file in product_files() {
        let code = without_tests(&file.text);
        let named = ["ExitCode::from(", "process::exit(", "exit("]
            .into_iter()
            .any(|call| {
                code.match_indices(call)
                    .any(|(at, _)| is_number(&code[at + call.len()..]))
            });
        if file.path != EXIT_CODES && (named || code.contains("mod exit_code")) {
            found.push(file.path);
        }
    }
    assert!(
        found.is_empty(),
        "exit codes outside of {EXIT_CODES}:\n{}",
        found.join("\n")
    );
}

#[test]
fn texts_behind_the_command_line_name_no_flags() {
    let is_flag = |after: &str| after.starts_with(|c: char| c.is_ascii_lowercase());
    let mut found = Vec::new();
    for file in product_files() {
        if !FACELESS
            .iter()
            .any(|name| file.path.starts_with(&format!("crates/{name}/")))
        {
            continue;
        }
        for (number, line) in without_tests(&file.text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if code.split("--").skip(1).any(is_flag) {
                found.push(format!("{}:{}: {line}", file.path, number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Files below `src` of all crates.
fn product_files() -> Vec<TextFile> {
    let is_product = |file: &TextFile| {
        let mut parts = file.path.split('/');
        let (top, folder) = (parts.next(), parts.nth(1));
        file.is(".rs")
            && top == Some("crates")
            && folder == Some("src")
            && !file.is("tests.rs")
            && !file.path.contains("/tests/")
    };
    text_files().into_iter().filter(is_product).collect()
}

/// A file up to its module of tests.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}
