//! Documents that are named exist: links of markdown with their headings, documents named in comments, and
//! the paths that documents name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::files::{FOLDERS, TextFile, root, text_files};

/// Suffixes of source files; a name in backticks that ends with one must be the end of a path.
const SOURCES: [&str; 4] = [".rs", ".ts", ".tsx", ".py"];
/// Tells of the past.
const CHANGELOG: &str = "CHANGELOG.md";

#[test]
fn links_lead_somewhere() {
    let documents = Documents::read();
    let mut wrong = Vec::new();
    for file in documents.files.iter().filter(|file| file.is(".md")) {
        for (number, line) in prose(&file.text) {
            for target in links(&line) {
                let is_elsewhere = target.contains("://") || target.starts_with("mailto:");
                if !is_elsewhere && !documents.has(&target, Some(&file.path)) {
                    wrong.push(format!("{}:{number}: {target}", file.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "links to nothing:\n{}", wrong.join("\n"));
}

#[test]
fn comments_name_documents_that_exist() {
    let documents = Documents::read();
    let mut wrong = Vec::new();
    for file in documents.files.iter().filter(|file| !file.is(".md")) {
        for (number, line) in file.text.lines().enumerate() {
            let Some(comment) = comment(line, file) else {
                continue;
            };
            for name in named_documents(comment) {
                if !documents.has(name, None) && !documents.has(name, Some(&file.path)) {
                    wrong.push(format!("{}:{}: {name}", file.path, number + 1));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "no such document or heading:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn documents_name_paths_that_exist() {
    let documents = Documents::read();
    let mut wrong = Vec::new();
    let told = |file: &&TextFile| file.is(".md") && file.path != CHANGELOG;
    for file in documents.files.iter().filter(told) {
        for (number, line) in file.text.lines().enumerate() {
            for path in line.split('`').skip(1).step_by(2) {
                if names_a_path(path) && !documents.has(path, None) && !documents.has_source(path) {
                    wrong.push(format!("{}:{}: {path}", file.path, number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "no such path:\n{}", wrong.join("\n"));
}

/// Whether a text in backticks is a path of the repository: from the root, or the end of that of a source
/// file.
fn names_a_path(text: &str) -> bool {
    let is_source = SOURCES.iter().any(|suffix| text.ends_with(suffix));
    let top = text.split_once('/').map_or("", |(top, _)| top);
    (is_source || FOLDERS.contains(&top)) && !text.contains([' ', '*', '<', '{'])
}

#[test]
fn commands_in_documents_have_their_targets() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let mut wrong = Vec::new();
    for file in Documents::read().files.iter().filter(|file| file.is(".md")) {
        for command in file.text.split('`').skip(1).step_by(2) {
            let words: Vec<&str> = command.split_whitespace().collect();
            let exists = match words[..] {
                ["make", target] => makefile.contains(&format!("\n{target}:")),
                _ => !words.contains(&"cargo") || has_cargo_target(&words),
            };
            if !exists {
                wrong.push(format!("{}: {command}", file.path));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "commands without a target:\n{}",
        wrong.join("\n")
    );
}

/// Whether the example, benchmark or test that a cargo command names is in its package.
fn has_cargo_target(words: &[&str]) -> bool {
    let after = |flag: &str| {
        let at = words.iter().position(|word| *word == flag)?;
        words.get(at + 1).copied()
    };
    let Some(package) = after("-p").and_then(|name| name.strip_prefix("mtbsync-")) else {
        return true;
    };
    let kinds = [
        ("--example", "examples"),
        ("--bench", "benches"),
        ("--test", "tests"),
    ];
    let mut named = kinds
        .iter()
        .filter_map(|(flag, folder)| Some((after(flag)?, folder)));
    named.all(|(name, folder)| {
        let path = root().join(format!("crates/{package}/{folder}/{name}"));
        path.with_extension("rs").exists() || path.join("main.rs").exists()
    })
}

/// All text files, and the headings of the documents among them.
struct Documents {
    files: Vec<TextFile>,
    headings: BTreeMap<String, BTreeSet<String>>,
}

impl Documents {
    fn read() -> Self {
        let files = text_files();
        let documents = files.iter().filter(|file| file.is(".md"));
        let headings = documents
            .map(|file| (file.path.clone(), headings(&file.text)))
            .collect();
        Self { files, headings }
    }

    /// Whether the path of a file ends with `path`.
    fn has_source(&self, path: &str) -> bool {
        let ends = |file: &TextFile| {
            let before = file.path.strip_suffix(path);
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        self.files.iter().any(ends)
    }

    /// Whether `target`, a path with an optional `#heading`, exists: from the root, or as seen from the file
    /// `from`.
    fn has(&self, target: &str, from: Option<&str>) -> bool {
        let (path, heading) = target.split_once('#').unwrap_or((target, ""));
        let path = match from {
            Some(from) if path.is_empty() => from.to_owned(),
            Some(from) => plain(&format!("{from}/../{path}")),
            None => path.to_owned(),
        };
        match self.headings.get(&path) {
            Some(headings) => heading.is_empty() || headings.contains(heading),
            None => heading.is_empty() && root().join(&path).exists(),
        }
    }
}

/// A path without `.` and `..`.
fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// Lines outside of fenced code with their numbers.
fn fenceless(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        (!in_code && !is_fence).then_some((index + 1, line))
    })
}

/// The same without inline code.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    fenceless(text).map(|(number, line)| (number, line.split('`').step_by(2).collect()))
}

/// The anchors that GitHub gives the headings of a document.
fn headings(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, line) in fenceless(text) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let kept = |c: char| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            _ => c.is_alphanumeric().then_some(c),
        };
        let anchor: String = title.trim().to_lowercase().chars().filter_map(kept).collect();
        let count = counts.entry(anchor.clone()).or_default();
        found.insert(match *count {
            0 => anchor,
            again => format!("{anchor}-{again}"),
        });
        *count += 1;
    }
    found
}

/// Targets of `[text](target)`.
fn links(line: &str) -> Vec<String> {
    let targets = line.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target.to_owned()))
        .collect()
}

/// What a line says as a comment.
fn comment<'a>(line: &'a str, file: &TextFile) -> Option<&'a str> {
    let is_hashed = [".py", ".sh", ".yml", ".toml", "Makefile"]
        .iter()
        .any(|suffix| file.is(suffix));
    let marks: &[&str] = if is_hashed {
        &["# "]
    } else {
        &["//", "/* ", "/** ", " * "]
    };
    marks.iter().find_map(|mark| Some(&line[line.find(mark)?..]))
}

/// Paths of markdown files in a text, with their headings.
fn named_documents(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '#');
    text.split(move |c: char| !is_part(c))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| {
            Path::new(word.split('#').next().unwrap_or(word))
                .extension()
                .is_some_and(|s| s == "md")
        })
}

#[test]
fn anchors_are_those_of_github() {
    let text = "# The `cache` (of 2)\n```\n# no heading\n```\n## batch_summary.csv\n## Added\n## Added\n";
    let expected = ["added", "added-1", "batch_summarycsv", "the-cache-of-2"];
    assert!(headings(text).iter().eq(&expected));
}
