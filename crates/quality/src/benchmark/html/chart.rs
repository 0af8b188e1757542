//! Histograms as inline SVG that takes its colours from the page.

use super::super::Benchmark;
use super::plural;
use crate::tuning::STRICT_MAX_P90_SECS;

/// Lower ends of the bins (docs/reference/files.md#benchmark-reports); the last bin is open.
const P90_EDGES: [f64; 5] = [0.0, 0.25, 0.5, 1.0, 2.0];
const PPM_EDGES: [f64; 5] = [0.0, 200.0, 500.0, 1000.0, 5000.0];
const BINS: usize = 5;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 210.0;
const TOP: f64 = 26.0;
const BASE: f64 = HEIGHT - 30.0;

/// Both histograms side by side.
pub fn push_charts(html: &mut String, benchmark: &Benchmark) {
    let p90: Vec<f64> = benchmark.runs.iter().filter_map(|r| r.res_p90).collect();
    let ppm: Vec<f64> = benchmark.runs.iter().filter_map(|r| r.ppm).collect();
    let over = |from: f64| from >= STRICT_MAX_P90_SECS;
    html.push_str("<section class=\"charts\" aria-label=\"Distributions\">\n");
    push_chart(html, "P90 residual", "s", &P90_EDGES, &p90, over);
    push_chart(html, "PPM", "", &PPM_EDGES, &ppm, |_| false);
    html.push_str("</section>\n");
}

fn push_chart(
    html: &mut String,
    title: &str,
    unit: &str,
    edges: &[f64; BINS],
    values: &[f64],
    over: impl Fn(f64) -> bool,
) {
    let counts = count(edges, values);
    let names = bin_names(edges, unit);
    let spoken: Vec<String> = names
        .iter()
        .zip(counts)
        .map(|(name, count)| format!("{name}: {}", plural(count, "run", "runs")))
        .collect();
    html.push_str(&format!(
        "<div class=\"panel\"><h2>{title}</h2><p>{} with a value</p>\n\
         <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Histogram of {title}. {}\">\n",
        plural(values.len(), "run", "runs"),
        spoken.join(", ")
    ));
    let highest = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let slot = WIDTH / BINS as f64;
    for (i, ((name, count), from)) in names.iter().zip(counts).zip(edges).enumerate() {
        let middle = slot * (i as f64 + 0.5);
        let height = (BASE - TOP) * count as f64 / highest;
        let class = if over(*from) { "bar over" } else { "bar" };
        if count > 0 {
            html.push_str(&format!(
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\" rx=\"4\"/>\n",
                middle - slot * 0.36,
                BASE - height,
                slot * 0.72
            ));
        }
        html.push_str(&format!(
            "<text class=\"count\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{count}</text>\
             <text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>\n",
            BASE - height - 8.0,
            BASE + 21.0
        ));
    }
    html.push_str(&format!(
        "<line class=\"axis\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{BASE}\" y2=\"{BASE}\"/>\n</svg></div>\n"
    ));
}

/// Values per bin; a value on an edge belongs to the bin that starts there.
fn count(edges: &[f64; BINS], values: &[f64]) -> [usize; BINS] {
    let mut counts = [0; BINS];
    for value in values {
        let bin = edges.iter().rposition(|edge| value >= edge).unwrap_or(0);
        if let Some(count) = counts.get_mut(bin) {
            *count += 1;
        }
    }
    counts
}

fn bin_names(edges: &[f64; BINS], unit: &str) -> Vec<String> {
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    };
    let next = edges.iter().skip(1).map(Some).chain(std::iter::once(None));
    edges
        .iter()
        .zip(next)
        .map(|(from, to)| match to {
            Some(to) => format!("{from}\u{2013}{to}{unit}"),
            None => format!("\u{2265} {from}{unit}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_belong_to_the_bin_they_start() {
        assert_eq!(
            count(&P90_EDGES, &[0.0, 0.24, 0.25, 0.5, 1.0, 2.0, 9.0]),
            [2, 1, 1, 1, 2]
        );
        assert_eq!(
            bin_names(&P90_EDGES, "s").last().map(String::as_str),
            Some("≥ 2 s")
        );
    }
}
