//! Charts in a page of HTML: the page's style sheet gives colours and font, by these classes.
//!
//! Both: `grid`, `axis`, `unit`. [`Curves`]: `gate`, `zero`, and in a group `curve` with the id `curve-0` and
//! so on for each run `band`, `line`, `hit` (a wide line to point at) and `name`. [`Progress`]: `way`, `run`.

use crate::delta::{DeltaRun, pieces};
use crate::font::{self, Weight};
use crate::scale::{Scale, clock_unit, number_ticks, time_step, time_ticks};
use crate::svg::{Rect, Svg, escape, number};

/// Time lost and won along the trail by many runs, of which one is to be looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// What the picture is called.
    pub title: String,
    /// The runs.
    pub runs: Vec<DeltaRun>,
    /// Names and places of the gates, seconds of the reference, ascending.
    pub gates: Vec<(String, f64)>,
    /// The run that stands out before one is pointed at: its class is `lead` too.
    pub lead: Option<usize>,
}

/// One rider over the dates.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What the picture is called.
    pub title: String,
    /// The runs, oldest first.
    pub runs: Vec<DatedRun>,
}

/// A run in [`Progress`].
#[derive(Clone, Debug, PartialEq)]
pub struct DatedRun {
    /// What is said of it.
    pub name: String,
    /// Its date as it is written.
    pub date: String,
    /// Its date, days from any fixed one.
    pub day: f64,
    /// Its time, seconds.
    pub secs: f64,
}

/// Width and height of [`Curves`], layout units; those of text as below.
const CURVES_SIZE: (f64, f64) = (960.0, 440.0);
/// Where they are drawn: beside it the names of gates (above) and of the run (right).
const CURVES_AREA: Rect = Rect::new(58.0, 86.0, 752.0, 304.0);
const PROGRESS_SIZE: (f64, f64) = (420.0, 180.0);
const PROGRESS_AREA: Rect = Rect::new(50.0, 14.0, 352.0, 128.0);
const TEXT_SIZE: f64 = 12.0;
/// Gates nearer than this to the last one with a name stay without, layout units: a line of text.
const GATE_SPACING: f64 = 14.0;
/// Length of a gate's name, layout units.
const GATE_NAME: f64 = 106.0;

impl Curves {
    /// The picture as markup.
    pub fn svg(&self) -> String {
        let area = CURVES_AREA;
        let mut svg = Svg::in_page(CURVES_SIZE, "curves", &self.title);
        let (x, y) = self.scales();
        let (from, to) = x.range();
        let step = time_step(to - from, area.width, 80.0);
        for tick in number_ticks(&y, 40.0, true) {
            let at = y.at(tick.value);
            let class = if tick.value == 0.0 { "zero" } else { "grid" };
            svg.line((area.x, at), (area.right(), at), &format!("class=\"{class}\""));
            svg.label((area.x - 8.0, at + 4.0), " text-anchor=\"end\"", &tick.text);
        }
        for tick in time_ticks(&x, step) {
            let at = x.at(tick.value);
            svg.line((at, area.bottom()), (at, area.bottom() + 5.0), "class=\"axis\"");
            svg.label((at, area.bottom() + 19.0), " text-anchor=\"middle\"", &tick.text);
        }
        let middle = area.x + area.width / 2.0;
        let unit = format!("Time in the reference run ({})", clock_unit(step, to));
        svg.label(
            (middle, area.bottom() + 40.0),
            " class=\"unit\" text-anchor=\"middle\"",
            &unit,
        );
        svg.label((area.x - 50.0, area.y - 12.0), " class=\"unit\"", "s lost");
        self.draw_gates(&mut svg, &x);
        svg.line(
            (area.x, area.bottom()),
            (area.right(), area.bottom()),
            "class=\"axis\"",
        );
        svg.clip("curves-area", area);
        for (k, run) in self.runs.iter().enumerate() {
            let class = if self.lead == Some(k) {
                "curve lead"
            } else {
                "curve"
            };
            draw_run(&mut svg, (class, k), run, (&x, &y));
        }
        svg.finish()
    }

    /// Axes over all curves; zero is always in sight. Bands may leave the picture: where a rider stands, they
    /// are wider than everything else.
    fn scales(&self) -> (Scale, Scale) {
        let (mut t_ref, mut delta) = ((f64::INFINITY, f64::NEG_INFINITY), (0.0_f64, 0.0_f64));
        for point in self.runs.iter().flat_map(|run| pieces(&run.points)).flatten() {
            t_ref = (t_ref.0.min(point.t_ref), t_ref.1.max(point.t_ref));
            delta = (delta.0.min(point.delta), delta.1.max(point.delta));
        }
        let border = ((delta.1 - delta.0) * 0.1).max(0.1);
        let area = CURVES_AREA;
        (
            Scale::new(t_ref, (area.x, area.right())),
            Scale::new((delta.0 - border, delta.1 + border), (area.bottom(), area.y)),
        )
    }

    fn draw_gates(&self, svg: &mut Svg, x: &Scale) {
        let mut named = f64::NEG_INFINITY;
        for (name, t_ref) in &self.gates {
            let at = x.at(*t_ref);
            let (top, bottom) = (CURVES_AREA.y, CURVES_AREA.bottom());
            svg.raw(&format!("<g class=\"gate\"><title>{}</title>", escape(name)));
            svg.line((at, top), (at, bottom), "");
            if at - named >= GATE_SPACING {
                let turn = format!(" transform=\"rotate(-40 {} {})\"", number(at), number(top - 6.0));
                let name = font::fit(name, GATE_NAME, TEXT_SIZE, Weight::Regular);
                svg.label((at, top - 6.0), &turn, &name);
                named = at;
            }
            svg.end();
        }
    }
}

fn draw_run(svg: &mut Svg, (class, k): (&str, usize), run: &DeltaRun, (x, y): (&Scale, &Scale)) {
    let pieces = pieces(&run.points);
    svg.raw(&format!(
        "<g class=\"{class}\" id=\"curve-{k}\"><title>{}</title>",
        escape(&run.name)
    ));
    for piece in &pieces {
        let upper = piece.iter().map(|p| (x.at(p.t_ref), y.at(p.high)));
        let lower = piece.iter().rev().map(|p| (x.at(p.t_ref), y.at(p.low)));
        svg.polygon(
            &upper.chain(lower).collect::<Vec<_>>(),
            "class=\"band\" clip-path=\"url(#curves-area)\"",
        );
    }
    svg.raw("<g class=\"line\">");
    for (i, piece) in pieces.iter().enumerate() {
        let line: Vec<_> = piece.iter().map(|p| (x.at(p.t_ref), y.at(p.delta))).collect();
        svg.polyline(&line, &format!("id=\"line-{k}-{i}\""));
    }
    svg.end();
    for i in 0..pieces.len() {
        svg.raw(&format!("<use class=\"hit\" href=\"#line-{k}-{i}\"/>"));
    }
    if let Some(last) = pieces.last().and_then(|piece| piece.last()) {
        let at = (x.at(last.t_ref) + 8.0, y.at(last.delta) + 4.0);
        let room = CURVES_SIZE.0 - CURVES_AREA.right() - 12.0;
        let name = font::fit(&run.name, room, TEXT_SIZE, Weight::SemiBold);
        svg.label(at, " class=\"name\"", &name);
    }
    svg.end();
}

impl Progress {
    /// The picture as markup; `None` where all runs are of one day.
    pub fn svg(&self) -> Option<String> {
        let (first, last) = (self.runs.first()?, self.runs.last()?);
        if first.day >= last.day {
            return None;
        }
        let area = PROGRESS_AREA;
        let ends = self
            .runs
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |ends, run| {
                (ends.0.min(run.secs), ends.1.max(run.secs))
            });
        let border = ((ends.1 - ends.0) * 0.1).max(0.05);
        let x = Scale::new((first.day, last.day), (area.x + 8.0, area.right() - 8.0));
        let y = Scale::new((ends.0 - border, ends.1 + border), (area.bottom(), area.y));
        let mut svg = Svg::in_page(PROGRESS_SIZE, "progress", &self.title);
        for tick in number_ticks(&y, 20.0, false) {
            let at = y.at(tick.value);
            svg.line((area.x, at), (area.right(), at), "class=\"grid\"");
            svg.label((area.x - 8.0, at + 4.0), " text-anchor=\"end\"", &tick.text);
        }
        svg.line(
            (area.x, area.bottom()),
            (area.right(), area.bottom()),
            "class=\"axis\"",
        );
        svg.label((area.x, area.bottom() + 20.0), "", &first.date);
        svg.label(
            (area.right(), area.bottom() + 20.0),
            " text-anchor=\"end\"",
            &last.date,
        );
        svg.polyline(&self.best_of_days(&x, &y), "class=\"way\"");
        for run in &self.runs {
            svg.raw(&format!(
                "<circle class=\"run\" cx=\"{}\" cy=\"{}\" r=\"4\"><title>{}</title></circle>",
                number(x.at(run.day)),
                number(y.at(run.secs)),
                escape(&run.name),
            ));
        }
        Some(svg.finish())
    }

    fn best_of_days(&self, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
        let days = self.runs.chunk_by(|a, b| a.day == b.day);
        let best = days.filter_map(|day| day.iter().min_by(|a, b| a.secs.total_cmp(&b.secs)));
        best.map(|run| (x.at(run.day), y.at(run.secs))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::DeltaPoint;

    #[test]
    fn curves_break_at_gaps_and_near_gates_share_a_name() {
        let point = |t: u8, delta: f64| DeltaPoint {
            t_ref: f64::from(t),
            delta,
            low: delta - 0.1,
            high: delta + 0.1,
        };
        let points = [0.0, 0.1, f64::NAN, 0.3, 0.4];
        let points = points.iter().zip(0..).map(|(delta, t)| point(t, *delta));
        let run = DeltaRun {
            name: "<b>\"".to_owned(),
            points: points.collect(),
        };
        let gate = |name: &str, t: f64| (name.to_owned(), t);
        let curves = Curves {
            title: "Lost".to_owned(),
            runs: vec![run.clone(), run],
            gates: vec![gate("Start", 0.0), gate("Near", 0.01), gate("End", 4.0)],
            lead: Some(0),
        };
        let svg = curves.svg();
        assert_eq!(
            (svg.matches("<polyline").count(), svg.matches("<polygon").count()),
            (4, 4)
        );
        assert_eq!(svg.matches("<title>Near</title>").count(), 1);
        assert!(!svg.contains(">Near</text>") && svg.contains(">End</text>"));
        assert!(!svg.contains("<b>") && svg.contains("id=\"curve-1\"><title>&lt;b&gt;&quot;</title>"));
        assert_eq!(svg.matches("<g").count(), svg.matches("</g>").count());
        assert_eq!(svg, curves.svg());
    }

    #[test]
    fn progress_goes_through_the_best_of_each_day() {
        let run = |day: f64, secs: f64| DatedRun {
            name: format!("{secs} s"),
            date: "2026-06-14".to_owned(),
            day,
            secs,
        };
        let mut progress = Progress {
            title: "Ana".to_owned(),
            runs: vec![run(1.0, 20.0), run(1.0, 19.0), run(5.0, 18.0)],
        };
        let svg = progress.svg().unwrap();
        assert_eq!(svg.matches("<circle").count(), 3);
        let way = svg.lines().find(|line| line.contains("class=\"way\"")).unwrap();
        assert_eq!(way.matches(',').count(), 2, "{way}");
        progress.runs.pop();
        assert_eq!(progress.svg(), None);
    }
}
