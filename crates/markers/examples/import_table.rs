//! Prints the table of docs/reference/importers.md for the files given.

#![allow(clippy::print_stdout)]

use mtbsync_markers::import::{ImportFormat, ImportOptions, import};

fn main() -> std::io::Result<()> {
    println!("| file | format | rate | markers | first | last | warnings |\n|---|---|---|---|---|---|---|");
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let name = path.rsplit('/').next().unwrap_or(&path);
        match import(&bytes, None, &ImportOptions::default()) {
            Ok(imported) => {
                let time = |index: usize| {
                    imported
                        .markers
                        .get(index)
                        .map_or(0.0, |marker| marker.t_ref_secs)
                };
                println!(
                    "| {name} | {} | {} | {} | {:.6} | {:.6} | {} |",
                    imported.format.map_or("", ImportFormat::name),
                    imported.rate.map(|rate| rate.to_string()).unwrap_or_default(),
                    imported.markers.len(),
                    time(0),
                    time(imported.markers.len() - 1),
                    imported.warnings.join("; "),
                );
            }
            Err(error) => println!("| {name} | | | 0 | | | {error} |"),
        }
    }
    Ok(())
}
