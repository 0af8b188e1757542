//! The report as one page: cards, histograms and a table.
//!
//! Everything is in the file: style, script and pictures. The page is complete without the script, which only
//! adds sorting and a filter. Every value that comes from a file passes [`escape_markup`].

mod chart;
mod table;

use mtbsync_formats::escape_markup;

use super::{Benchmark, BenchmarkSummary};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// The whole page.
pub fn page(benchmark: &Benchmark, generated_utc: &str) -> String {
    let summary = benchmark.summary();
    let mut html = String::new();
    html.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    // Nothing from outside can be loaded, whatever a name in the table tries.
    html.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n",
    );
    let root = escape_markup(&benchmark.root_name);
    html.push_str(&format!(
        "<title>Alignment quality: {root}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    ));
    html.push_str(&format!(
        "<h1>Alignment quality</h1>\n<p class=\"sub\">{} in <b>{root}</b>, {}</p>\n",
        plural(summary.total, "run", "runs"),
        escape_markup(&moment(generated_utc))
    ));
    push_cards(&mut html, &summary);
    chart::push_charts(&mut html, benchmark);
    table::push_table(&mut html, benchmark);
    html.push_str(
        "<footer>P90: nine in ten matched pairs lie within this many seconds of the map. PPM: how far the mean \
         speed ratio is from 1, in millionths; it is judged only for affine maps, two rides differ by thousands. \
         Strict: gates passed, at least half of the pairs within the inlier distance, P90 at most 1 s, and for \
         affine maps at most 500 ppm.</footer>\n",
    );
    html.push_str(&format!(
        "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    ));
    html
}

fn push_cards(html: &mut String, summary: &BenchmarkSummary) {
    let share = |label: &str, count: usize| {
        let percent = summary.percent(count);
        format!(
            "<div class=\"card\"><div class=\"label\">{label}</div><div class=\"value\">{percent:.1}<small> %</small></div>\
             <div class=\"note\">{count} of {}</div><div class=\"meter\"><i style=\"width:{percent:.1}%\"></i></div></div>\n",
            summary.total
        )
    };
    let mean = |label: &str, value: Option<f64>, decimals: usize, unit: &str, note: &str| {
        let value = value.map_or_else(
            || "<small>no data</small>".to_owned(),
            |v| format!("{}<small>{unit}</small>", grouped(v, decimals)),
        );
        format!(
            "<div class=\"card\"><div class=\"label\">{label}</div><div class=\"value\">{value}</div>\
             <div class=\"note\">{note}</div></div>\n"
        )
    };
    html.push_str("<section class=\"cards\" aria-label=\"Summary\">\n");
    html.push_str(&format!(
        "<div class=\"card\"><div class=\"label\">Total Runs</div><div class=\"value\">{}</div>\
         <div class=\"note\">run folders read</div></div>\n",
        summary.total
    ));
    html.push_str(&share("OK %", summary.ok));
    html.push_str(&share("Strict OK %", summary.strict_ok));
    html.push_str(&mean(
        "Mean P90",
        summary.mean_p90,
        3,
        " s",
        "of pairs to the map",
    ));
    html.push_str(&mean(
        "Mean PPM",
        summary.mean_ppm,
        0,
        "",
        "deviation of the slope",
    ));
    html.push_str("</section>\n");
}

/// `2026-06-01T09:00:00Z` as people write it; other text stays as it is.
fn moment(utc: &str) -> String {
    let parts = utc.strip_suffix('Z').and_then(|text| text.split_once('T'));
    match parts.and_then(|(day, time)| Some((day, time.get(..5)?))) {
        Some((day, time)) => format!("{day} {time} UTC"),
        None => utc.to_owned(),
    }
}

/// A number with thin spaces between thousands.
fn grouped(value: f64, decimals: usize) -> String {
    let plain = format!("{value:.decimals$}");
    let (whole, rest) = plain
        .split_once('.')
        .map_or((plain.as_str(), None), |(w, r)| (w, Some(r)));
    let digits = whole.trim_start_matches('-').len();
    let mut text = String::new();
    for (i, c) in whole.trim_start_matches('-').chars().enumerate() {
        if i > 0 && (digits - i).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(c);
    }
    let sign = if whole.starts_with('-') { "\u{2212}" } else { "" };
    rest.map_or_else(|| format!("{sign}{text}"), |rest| format!("{sign}{text}.{rest}"))
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_for_people() {
        assert_eq!(moment("2026-06-01T09:00:00Z"), "2026-06-01 09:00 UTC");
        assert_eq!(moment("today"), "today");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(15880.4, 0), "15\u{202f}880");
        assert_eq!(grouped(-1234567.0, 1), "\u{2212}1\u{202f}234\u{202f}567.0");
        assert_eq!(grouped(0.1316, 3), "0.132");
        assert_eq!(grouped(999.0, 0), "999");
    }
}
