//! The board as one page of HTML: table, curves and stills in one file that opens from the disk.
//!
//! Everything is in the file, nothing can be loaded from elsewhere, and it is complete without the script,
//! which only makes the curve of what is pointed at stand out. No paths and no places on the globe are in it.
//! Every text of a person passes `escape_markup`, or that of the charts.

mod charts;
mod stills;
mod table;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mtbsync_artefacts::run_set::write_files;
use mtbsync_formats::atomic::Replaces;
use mtbsync_formats::escape_markup as escape;
use mtbsync_task::error::PipelineError;
use sha2::{Digest, Sha256};

use self::stills::Still;
use super::board::{Board, Row, words};
use super::curves::{Curves, curves};
use super::places::Places;
use crate::context::Context;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// What the page is known again by.
const MARK: &str = "<meta name=\"generator\" content=\"mtbsync trail board\">";
const OWN: Replaces = Replaces::own(|ends| ends.head_holds(MARK));
/// Places of a curve: one for every five units of the chart's width. 40 runs take 0.26 MB.
const CURVE_PLACES: usize = 150;

/// Writes the page of `board`, of the runs with a time unless `all` are wanted; gives lines for the person.
///
/// # Errors
/// It cannot be written, would replace another file, or was cancelled. Stills that cannot be had are lines.
pub fn write_page(
    places: &Places<'_>,
    board: &Board,
    all: bool,
    path: &Path,
    context: &Context<'_>,
) -> Result<Vec<String>, PipelineError> {
    let reference = places.reference_path();
    let inputs = places.inputs();
    let may = context
        .outputs(inputs.iter().map(PathBuf::as_path))
        .check(path, OWN)?;
    let curves = curves(places, CURVE_PLACES, board.against.as_deref())?;
    let (stills, warnings) = stills::stills(places, reference.as_deref(), context)?;
    let html = page(board, all, &curves, &stills);
    write_files(&[(path, may, html.as_bytes())])?;
    Ok(warnings)
}

fn page(board: &Board, all: bool, curves: &Curves, stills: &[Still]) -> String {
    let rows = words::shown(board, all);
    let drawn = charts::Drawn::new(&rows, curves);
    let name = escape(&board.trail.name);
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{MARK}\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
         style-src 'unsafe-inline'; script-src 'sha256-{hash}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Trail board: {name}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{name}</h1>\n"
    );
    push_words(&mut html, board, &rows);
    table::push_board(&mut html, board, &rows, &drawn);
    charts::push_curves(&mut html, board, &drawn);
    charts::push_progress(&mut html, board, &rows);
    table::push_consistency(&mut html, board, &rows);
    push_stills(&mut html, stills);
    html.push_str(
        "<footer>\u{b1} and bands are 90 % intervals: nine in ten hold the truth. Ideal is the sum of the best \
         sections. Made by mtbsync.</footer>\n",
    );
    html.push_str(&format!("</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"));
    html
}

/// What happened, and where each run lost most.
fn push_words(html: &mut String, board: &Board, rows: &[&Row]) {
    let headline = words::headline(board);
    let own = format!("{}: ", board.trail.name);
    let headline = headline.strip_prefix(&own).unwrap_or(&headline);
    html.push_str(&format!("<p class=\"sub\">{}</p>\n", escape(headline)));
    if let Some(against) = &board.against {
        html.push_str(&format!(
            "<p class=\"sub\">Losses and gaps are against {}.</p>\n",
            escape(against)
        ));
    }
    let losses = words::losses(board);
    if losses.is_empty() {
        return;
    }
    let open = if rows.len() <= FEW_RUNS { " open" } else { "" };
    html.push_str(&format!(
        "<details{open}><summary>Where time was lost</summary>\n<ul>\n"
    ));
    for line in losses {
        html.push_str(&format!("<li>{}</li>\n", escape(&line)));
    }
    html.push_str("</ul></details>\n");
}

/// Up to so many runs, everything about each is shown at once. By hand: what a screen has room for.
const FEW_RUNS: usize = 8;

fn push_stills(html: &mut String, stills: &[Still]) {
    if stills.is_empty() {
        return;
    }
    html.push_str("<section class=\"panel\"><h2>The gates on the reference</h2>\n<div class=\"stills\">\n");
    for still in stills {
        let name = escape(&still.gate);
        html.push_str(&format!(
            "<figure><img alt=\"The reference at {name}\" width=\"{}\" height=\"{}\" \
             src=\"data:image/jpeg;base64,{}\"><figcaption>{name} <span>{:.1} s</span></figcaption></figure>\n",
            still.size.0,
            still.size.1,
            STANDARD.encode(&still.jpeg),
            still.t_ref_secs
        ));
    }
    html.push_str("</div></section>\n");
}
