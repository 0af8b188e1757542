//! What may depend on what: the table of ARCHITECTURE.md, held against every Cargo.toml.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::files::root;

const HEADER: &str = "| crate | does | may import |";
const PREFIX: &str = "mtbsync-";
/// For a crate that may import every other.
const ANYTHING: &str = "anything";

#[test]
fn crates_import_what_the_architecture_allows() {
    let allowed = allowed();
    let mut wrong = Vec::new();
    for (name, imports) in imports() {
        let Some(may) = allowed.get(&name) else {
            wrong.push(format!("{name} is not in the table"));
            continue;
        };
        let forbidden = imports.difference(may).filter(|_| !may.contains(ANYTHING));
        wrong.extend(forbidden.map(|import| format!("{name} must not import {import}")));
    }
    assert!(wrong.is_empty(), "ARCHITECTURE.md:\n{}", wrong.join("\n"));
}

/// Per row of the table: the crate, and what its last column names.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, table) = text.split_once(HEADER).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let words = |cell: &str| -> BTreeSet<String> {
            let words = cell.split(|c: char| !c.is_alphanumeric());
            words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let name = words(cells[0]).pop_first().unwrap();
        (name, words(cells[cells.len() - 1]))
    };
    rows.map(row).collect()
}

/// Per crate of the workspace: the crates of the workspace its product code imports.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(text) = fs::read_to_string(folder.join("Cargo.toml")) else {
            continue;
        };
        let manifest: toml::Table = text.parse().unwrap();
        let sections = ["dependencies", "build-dependencies"];
        let tables = sections
            .iter()
            .filter_map(|section| manifest.get(*section)?.as_table());
        let imports = tables
            .flat_map(toml::Table::keys)
            .filter_map(|name| name.strip_prefix(PREFIX))
            .map(str::to_owned)
            .collect();
        found.insert(folder.file_name().unwrap().to_str().unwrap().to_owned(), imports);
    }
    found
}
