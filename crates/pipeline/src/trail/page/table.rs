//! The table of the board, and that of consistency.

use super::charts::Drawn;
use super::escape;
use crate::trail::board::{Board, Cell, CellStatus, Row, words};

/// Columns between the run and the total, each only where a run has something to say.
type Said = (&'static str, fn(&Row) -> &str);
const SAID: [Said; 3] = [
    ("Rider", |row| &row.rider),
    ("Date", |row| &row.date),
    ("Bike", |row| &row.bike),
];

/// The last of the colours of the style sheet, which begin with 0.
const COLOURS: f64 = 10.0;

/// Smallest and largest loss of each section that is told, seconds.
type Spans = Vec<(f64, f64)>;

pub fn push_board(html: &mut String, board: &Board, rows: &[&Row], drawn: &Drawn<'_>) {
    let said: Vec<&Said> = SAID
        .iter()
        .filter(|(_, of)| rows.iter().any(|row| !of(row).is_empty()))
        .collect();
    html.push_str(
        "<section class=\"panel\"><h2>Board</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Board\">\n<table class=\"board\">\n<thead><tr><th scope=\"col\" class=\"num\">Rank</th>\
         <th scope=\"col\" class=\"run\">Run</th>",
    );
    for (title, _) in &said {
        html.push_str(&format!("<th scope=\"col\" class=\"said\">{title}</th>"));
    }
    html.push_str("<th scope=\"col\" class=\"num\">Total, s</th><th scope=\"col\" class=\"num\">Gap, s</th>");
    push_sections(html, board);
    html.push_str("</tr></thead>\n<tbody>\n");
    let spans: Spans = (0..board.sections.len()).map(|k| span(board, rows, k)).collect();
    for row in rows {
        push_row(html, board, row, &said, &spans, drawn.number(&row.run));
    }
    html.push_str("</tbody>\n<tfoot>\n");
    if let Some(ideal) = &board.ideal {
        let total = format!(
            "{:.3} <small>\u{b1}{:.3}</small>",
            ideal.secs.sec,
            ideal.secs.half()
        );
        let cells = ideal.sections.iter().zip(&ideal.from);
        let cells =
            cells.map(|(sec, run)| format!("<td class=\"num\" title=\"{}\">{sec:.3}</td>", escape(run)));
        push_foot(html, "Ideal", said.len(), &total, cells);
    }
    let cells = board.reference.sections.iter();
    let cells = cells.map(|sec| format!("<td class=\"num\">{sec:.3}</td>"));
    let total = format!("{:.3}", board.reference.total_sec);
    push_foot(html, "Reference", said.len(), &total, cells);
    html.push_str("</tfoot>\n</table>\n</div>\n");
    push_signs(html, board, rows);
    html.push_str("</section>\n");
}

fn push_sections(html: &mut String, board: &Board) {
    for (k, section) in board.sections.iter().enumerate() {
        html.push_str(&format!(
            "<th scope=\"col\" class=\"num section\"><b>{}</b> <span>{} \u{2013} {}</span></th>",
            k + 1,
            escape(&section.from),
            escape(&section.to)
        ));
    }
}

/// What the colours of a section go over: from the best to the largest loss, and as far to either side of 0
/// where some have won against the run they are compared with.
fn span(board: &Board, rows: &[&Row], k: usize) -> (f64, f64) {
    let cells = rows.iter().filter_map(|row| row.sections.get(k));
    let known = cells.filter(|cell| cell.status != CellStatus::Unsure);
    let losses = known.filter_map(|cell| cell.told_loss(board.against.is_some()));
    let (low, high) = losses.fold((0.0_f64, 0.0_f64), |(low, high), loss| {
        (low.min(loss.sec), high.max(loss.sec))
    });
    if low < 0.0 {
        let far = high.max(-low);
        (-far, far)
    } else {
        (0.0, high)
    }
}

fn push_row(
    html: &mut String,
    board: &Board,
    row: &Row,
    said: &[&Said],
    spans: &Spans,
    curve: Option<usize>,
) {
    let curve = curve.map_or_else(String::new, |k| format!(" data-curve=\"{k}\""));
    let name = escape(&row.run);
    // Phones have no room for these columns.
    let who = said.iter().map(|(_, of)| of(row)).filter(|text| !text.is_empty());
    let who = who.map(escape).collect::<Vec<_>>().join("<br>");
    let hidden = if row.hidden { " <small>hidden</small>" } else { "" };
    let ties = match row.tie_with.as_slice() {
        [] => String::new(),
        ties => format!(" title=\"too close to call with {}\"", escape(&ties.join(", "))),
    };
    html.push_str(&format!(
        "<tr{curve}><td class=\"num rank\"{ties}>{}</td><th scope=\"row\" class=\"run\" title=\"{name}\">{name}{hidden}<small class=\"who\">{who}</small></th>",
        row.rank_text()
    ));
    for (_, of) in said {
        html.push_str(&format!("<td class=\"said\">{}</td>", escape(of(row))));
    }
    match &row.total {
        Some(total) => html.push_str(&format!(
            "<td class=\"num total\" title=\"{:.3} to {:.3} s\"><b>{:.3}</b> <small>\u{b1}{:.3}</small></td>",
            total.low,
            total.high,
            total.sec,
            total.half()
        )),
        None => html.push_str("<td class=\"num\">-</td>"),
    }
    html.push_str(&format!("<td class=\"num\">{}</td>", gaps(row)));
    for (cell, span) in row.sections.iter().zip(spans) {
        push_cell(html, board, cell, *span);
    }
    html.push_str("</tr>\n");
}

/// Behind the best, and behind the rider's own where that is another.
fn gaps(row: &Row) -> String {
    let told = |gap: Option<f64>| gap.filter(|gap| *gap != 0.0);
    let mut text = told(row.gap_sec).map_or_else(String::new, |gap| format!("{gap:+.3}"));
    let own = told(row.own_best_gap_sec).filter(|own| row.gap_sec != Some(*own) && !row.rider.is_empty());
    if let Some(own) = own {
        text.push_str(&format!("<small class=\"below\">{own:+.3} to own best</small>"));
    }
    text
}

fn push_cell(html: &mut String, board: &Board, cell: &Cell, (low, high): (f64, f64)) {
    let Some(sec) = cell.sec else {
        html.push_str("<td class=\"num out\" title=\"was not there\">-</td>");
        return;
    };
    let mut title = format!("{sec:.3} s");
    if let (Some(low), Some(high)) = (cell.low, cell.high) {
        title.push_str(&format!(" ({low:.3} to {high:.3})"));
    }
    let loss = cell.told_loss(board.against.is_some());
    if let Some(loss) = &loss {
        title.push_str(&format!(
            "; {:+.3} s ({:+.3} to {:+.3})",
            loss.sec, loss.low, loss.high
        ));
    }
    let sign = cell.sign();
    let meaning = words::SIGNS.iter().find(|(known, _)| Some(*known) == sign);
    if let Some((sign, meaning)) = meaning {
        title.push_str(&format!("; {}", meaning.trim_start_matches([*sign, ' '])));
    }
    let text = loss.map_or_else(|| format!("{sec:.3}"), |loss| format!("{:+.3}", loss.sec));
    let sign = sign.map_or_else(String::new, |sign| format!("<i>{sign}</i>"));
    let stood = if cell.stopped_sec > 0.0 {
        let stood = format!("stood {:.1} s", cell.stopped_sec);
        title.push_str(&format!("; {stood}"));
        format!("<small class=\"below\">{stood}</small>")
    } else {
        String::new()
    };
    let colour = if cell.best {
        " best\"".to_owned()
    } else if cell.status != CellStatus::Unsure && high > low {
        let share = (loss.map_or(0.0, |loss| loss.sec) - low) / (high - low);
        format!(" loss l{:.0}\"", COLOURS * share.clamp(0.0, 1.0))
    } else {
        "\"".to_owned()
    };
    html.push_str(&format!(
        "<td class=\"num{colour} title=\"{title}\">{text}{sign}{stood}</td>"
    ));
}

fn push_foot(html: &mut String, name: &str, said: usize, total: &str, cells: impl Iterator<Item = String>) {
    html.push_str(&format!(
        "<tr><td></td><th scope=\"row\" class=\"run\">{name}</th>{}<td class=\"num\">{total}</td><td></td>",
        "<td class=\"said\"></td>".repeat(said)
    ));
    html.extend(cells);
    html.push_str("</tr>\n");
}

/// What the signs in sight mean.
fn push_signs(html: &mut String, board: &Board, rows: &[&Row]) {
    let cells = || rows.iter().flat_map(|row| &row.sections);
    let is_used = |sign: char| match sign {
        '=' => rows.iter().any(|row| !row.tie_with.is_empty()),
        '-' => cells().any(|cell| cell.sec.is_none()),
        _ => cells().any(|cell| cell.sign() == Some(sign)),
    };
    let used = words::SIGNS.iter().filter(|(sign, _)| is_used(*sign));
    let used: Vec<&str> = used.map(|(_, meaning)| *meaning).collect();
    let of = if board.against.is_some() {
        "that run"
    } else {
        "the best"
    };
    html.push_str(&format!(
        "<p class=\"signs\">A section says the time of the best, and what others lost to {of}, in seconds; \
         green to red within the section. {}</p>\n",
        used.join("; ")
    ));
}

/// How much the times of each rider differ, section by section.
pub fn push_consistency(html: &mut String, board: &Board, rows: &[&Row]) {
    let shown = board.consistency.iter();
    let shown = shown.filter(|rider| rows.iter().any(|row| row.rider == rider.rider));
    let told: Vec<_> = shown
        .filter_map(|rider| Some((rider, words::least_consistent(board, rider)?)))
        .collect();
    if told.is_empty() {
        return;
    }
    html.push_str("<section class=\"panel\"><h2>Consistency</h2>\n<ul>\n");
    for (_, line) in &told {
        html.push_str(&format!("<li>{}</li>\n", escape(line)));
    }
    html.push_str(
        "</ul>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Consistency\">\n<table>\n\
         <thead><tr><th scope=\"col\" class=\"run\">Rider</th>",
    );
    push_sections(html, board);
    html.push_str("</tr></thead>\n<tbody>\n");
    for (rider, _) in &told {
        let who = if rider.rider.is_empty() {
            "all"
        } else {
            &rider.rider
        };
        html.push_str(&format!(
            "<tr><th scope=\"row\" class=\"run\">{}</th>",
            escape(who)
        ));
        let most = rider.most_spread().map(|(k, _)| k);
        for (k, sd) in rider.section_sd.iter().enumerate() {
            let text = sd.map_or_else(|| "-".to_owned(), |sd| format!("{sd:.3}"));
            let (open, close) = if most == Some(k) {
                ("<b>", "</b><small class=\"below\">most</small>")
            } else {
                ("", "")
            };
            html.push_str(&format!("<td class=\"num\">{open}{text}{close}</td>"));
        }
        html.push_str("</tr>\n");
    }
    html.push_str(
        "</tbody>\n</table>\n</div>\n<p class=\"signs\">Standard deviation of the times of a section, seconds.\
         </p></section>\n",
    );
}
