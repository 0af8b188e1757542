//! Product code: string literals, exit codes, sizes of files.

use crate::files::{TextFile, text_files};

/// Longest file of the crates of [`SMALL_FILES`], lines.
const MAX_LINES: usize = 500;
/// Crates whose files stay small enough to be read at once.
const SMALL_FILES: [&str; 4] = ["align", "matching", "vision", "pipeline"];
/// Crates that do not know the command line: `cli` says what flag helps.
const WITHOUT_FLAGS: [&str; 13] = [
    "formats",
    "media",
    "vision",
    "telemetry",
    "align",
    "plot",
    "markers",
    "task",
    "artefacts",
    "index",
    "matching",
    "quality",
    "pipeline",
];
/// The one place that knows numbers of exit codes.
const EXIT_CODES: &str = "crates/cli/src/exit.rs";

#[test]
fn files_can_be_read_at_once() {
    let long = product_files(&SMALL_FILES).into_iter().filter_map(|file| {
        let count = file.text.lines().count();
        (count > MAX_LINES).then(|| format!("{}: {count} lines", file.path))
    });
    let long: Vec<String> = long.collect();
    assert!(
        long.is_empty(),
        "files over {MAX_LINES} lines:\n{}",
        long.join("\n")
    );
}

#[test]
fn only_cli_names_flags() {
    let mut found = Vec::new();
    for file in product_files(&WITHOUT_FLAGS) {
        for literal in literals(without_tests(&file.text)) {
            if names_a_flag(literal) {
                found.push(format!("{}: \"{literal}\"", file.path));
            }
        }
    }
    assert!(
        found.is_empty(),
        "flags named outside of cli:\n{}",
        found.join("\n")
    );
}

#[test]
fn one_file_knows_the_exit_codes() {
    let is_number = |text: &str| text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let mut found = Vec::new();
    for file in product_files(&[]) {
        let code = without_tests(&file.text);
        let named = ["ExitCode::from(", "exit("].into_iter().any(|call| {
            let mut calls = code.match_indices(call);
            calls.any(|(at, _)| is_number(&code[at + call.len()..]))
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

/// Files below `src` of these crates; of all when none is named.
fn product_files(crates: &[&str]) -> Vec<TextFile> {
    let is_product = |file: &TextFile| {
        let mut parts = file.path.split('/');
        let (top, name, folder) = (parts.next(), parts.next(), parts.next());
        file.is(".rs")
            && top == Some("crates")
            && folder == Some("src")
            && !file.is("tests.rs")
            && !file.path.contains("/tests/")
            && (crates.is_empty() || name.is_some_and(|name| crates.contains(&name)))
    };
    text_files().into_iter().filter(is_product).collect()
}

/// A file up to its module of tests.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}

fn names_a_flag(literal: &str) -> bool {
    literal.match_indices("--").any(|(at, _)| {
        literal[at + 2..].starts_with(|c: char| c.is_ascii_lowercase()) && !literal[..at].ends_with('-')
    })
}

/// The string literals of Rust code, as written.
fn literals(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '/', '\'', 'r']) {
        let (before, tail) = rest.split_at(at);
        let in_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        rest = if tail.starts_with("//") {
            tail.find('\n').map_or("", |end| &tail[end..])
        } else if let Some(body) = tail.strip_prefix('"') {
            let end = end_of_string(body);
            found.push(&body[..end]);
            body.get(end + 1..).unwrap_or("")
        } else if tail.starts_with('r') && !in_word && raw_hashes(&tail[1..]).is_some() {
            let hashes = raw_hashes(&tail[1..]).unwrap();
            let body = &tail[hashes + 2..];
            let close = format!("\"{}", "#".repeat(hashes));
            let end = body.find(&close).unwrap_or(body.len());
            found.push(&body[..end]);
            body.get(end + close.len()..).unwrap_or("")
        } else if tail.starts_with('\'') {
            // A character such as '"', or a lifetime.
            let chars: Vec<char> = tail.chars().take(4).collect();
            let skipped = match chars[..] {
                [_, '\\', escaped, '\''] => 3 + escaped.len_utf8(),
                [_, one, '\'', ..] => 2 + one.len_utf8(),
                _ => 1,
            };
            &tail[skipped..]
        } else {
            &tail[1..]
        };
    }
    found
}

fn end_of_string(body: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    body.len()
}

/// The number of `#` of a raw string that begins here, after its `r`.
fn raw_hashes(text: &str) -> Option<usize> {
    let hashes = text.bytes().take_while(|byte| *byte == b'#').count();
    text[hashes..].starts_with('"').then_some(hashes)
}

#[test]
fn literals_are_told_from_comments_and_characters() {
    let code = "// \"no\"\nlet a = \"one \\\" two\"; let b = '\"'; f::<'a>(r#\"three\"#, '\\'', \"four\")";
    assert_eq!(literals(code), ["one \\\" two", "three", "four"]);
    assert!(names_a_flag("give --fps") && !names_a_flag("a -- b --- c"));
}
