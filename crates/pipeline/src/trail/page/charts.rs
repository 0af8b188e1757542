//! The curves along the trail, and each rider over the dates.

use mtbsync_plot::delta::{DeltaPoint, DeltaRun};
use mtbsync_plot::page as plot;

use super::{FEW_RUNS, escape};
use crate::trail::board::{Board, Progress, Row, words};
use crate::trail::curves::{Curve, Curves};
use crate::trail::edit::day;

/// Runs with a curve, in the order of the board.
pub struct Drawn<'a> {
    t_ref_secs: &'a [f64],
    runs: Vec<(&'a Row, &'a Curve)>,
}

impl<'a> Drawn<'a> {
    pub fn new(rows: &[&'a Row], curves: &'a Curves) -> Self {
        let runs = rows.iter().filter_map(|row| {
            let curve = curves.runs.get(&row.run)?;
            let is_drawn = curve.delta.iter().any(Option::is_some);
            is_drawn.then_some((*row, curve))
        });
        Self {
            t_ref_secs: &curves.t_ref,
            runs: runs.collect(),
        }
    }

    /// The number of a run's curve.
    pub fn number(&self, run: &str) -> Option<usize> {
        self.runs.iter().position(|(row, _)| row.run == run)
    }

    /// The curve that stands out until another is pointed at: the fastest.
    fn lead(&self) -> Option<usize> {
        let known = self.runs.iter().enumerate();
        let known = known.filter_map(|(k, (row, _))| Some((k, row.total?.sec)));
        known.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(k, _)| k)
    }

    fn points(&self, curve: &Curve) -> Vec<DeltaPoint> {
        let or_gap = |value: Option<&Option<f64>>| value.copied().flatten().unwrap_or(f64::NAN);
        let places = self.t_ref_secs.iter().enumerate();
        places
            .map(|(k, &t_ref)| DeltaPoint {
                t_ref,
                delta: or_gap(curve.delta.get(k)),
                low: or_gap(curve.low.get(k)),
                high: or_gap(curve.high.get(k)),
            })
            .collect()
    }
}

pub fn push_curves(html: &mut String, board: &Board, drawn: &Drawn<'_>) {
    if drawn.runs.is_empty() {
        return;
    }
    let of = board.against.as_deref().unwrap_or("the reference");
    let title = format!("Seconds lost to {of} since the first gate");
    let runs = drawn.runs.iter().map(|(row, curve)| DeltaRun {
        name: row.run.clone(),
        points: drawn.points(curve),
    });
    let chart = plot::Curves {
        title: title.clone(),
        runs: runs.collect(),
        gates: board
            .gates
            .iter()
            .map(|gate| (gate.name.clone(), gate.t_ref))
            .collect(),
        lead: drawn.lead(),
    };
    let many = if drawn.runs.len() > FEW_RUNS { " many" } else { "" };
    html.push_str(&format!(
        "<section class=\"panel\"><h2>Along the trail</h2>\n<p class=\"signs\">{}. Point at a run, or choose its \
         name.</p>\n<div class=\"scroll{many}\" tabindex=\"0\" role=\"region\" aria-label=\"Curves\">\n{}</div>\n\
         <ul class=\"names\">\n",
        escape(&title),
        chart.svg()
    ));
    for (k, (row, curve)) in drawn.runs.iter().enumerate() {
        let end = curve.delta.iter().zip(&curve.high).rev();
        let end = end.filter_map(|(delta, high)| Some(((*delta)?, (*high)?))).next();
        let end = end.map_or_else(String::new, |(delta, high)| {
            format!(" <small>{delta:+.2} \u{b1}{:.2} s</small>", high - delta)
        });
        html.push_str(&format!(
            "<li><a href=\"#curve-{k}\" data-curve=\"{k}\">{}{end}</a></li>\n",
            escape(&row.run)
        ));
    }
    html.push_str("</ul></section>\n");
}

pub fn push_progress(html: &mut String, board: &Board, rows: &[&Row]) {
    let shown = board.progress.iter();
    let shown = shown.filter(|progress| rows.iter().any(|row| row.rider == progress.rider));
    let drawn: Vec<(String, String)> = shown
        .filter_map(|progress| {
            let line = words::progress(progress)?;
            Some((chart(progress, &line)?, line))
        })
        .collect();
    if drawn.is_empty() {
        return;
    }
    html.push_str("<section class=\"panel\"><h2>Progress</h2>\n<div class=\"riders\">\n");
    for (svg, line) in drawn {
        html.push_str(&format!(
            "<figure><figcaption>{}</figcaption>\n{svg}</figure>\n",
            escape(&line)
        ));
    }
    html.push_str("</div></section>\n");
}

/// A rider over the dates; runs with a date that is none are left out.
fn chart(progress: &Progress, title: &str) -> Option<String> {
    let runs = progress.runs.iter().filter_map(|run| {
        Some(plot::DatedRun {
            name: format!("{}, {}: {:.3} s", run.run, run.date, run.sec),
            date: run.date.clone(),
            day: f64::from(day(&run.date)?.to_julian_day()),
            secs: run.sec,
        })
    });
    let chart = plot::Progress {
        title: title.to_owned(),
        runs: runs.collect(),
    };
    chart.svg()
}
