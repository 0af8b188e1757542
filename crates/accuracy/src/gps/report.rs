//! Two Markdown tables: what was measured, and what must hold.

use std::io::{self, Write};

use anyhow::Result;

use crate::score::Score;

/// Everything that was measured.
#[derive(Default)]
pub struct GpsReport {
    runs: Vec<Score>,
    requirements: Vec<Requirement>,
}

struct Requirement {
    what: String,
    measured: String,
    holds: bool,
}

impl GpsReport {
    /// Adds a run whose mistakes are no mistakes of GPS.
    pub fn add_run(&mut self, score: Score) {
        self.runs.push(score);
    }

    /// Adds a run in which GPS took part: nothing confident may be wrong.
    pub fn add_believed(&mut self, score: Score) {
        self.require(
            format!("{}: nothing confident is wrong", score.pair),
            format!("{} wrong", score.confident_wrong),
            score.aligned && score.confident_wrong == 0,
        );
        self.add_run(score);
    }

    /// Adds what must hold and what was measured of it.
    pub fn require(&mut self, what: String, measured: String, holds: bool) {
        self.requirements.push(Requirement {
            what,
            measured,
            holds,
        });
    }

    /// All that must hold does.
    pub fn holds(&self) -> bool {
        self.requirements.iter().all(|requirement| requirement.holds)
    }

    /// Prints both tables.
    pub fn print(&self) -> Result<()> {
        self.write(&mut io::stdout().lock())
    }

    fn write(&self, out: &mut impl Write) -> Result<()> {
        writeln!(
            out,
            "| run | probes | answered | median ms | p90 ms | max ms | in 90 % | confident wrong |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|---|")?;
        for score in &self.runs {
            writeln!(out, "| {} |", cells(score).join(" | "))?;
        }
        writeln!(
            out,
            "\nin 90 %: truths inside the 90 % interval; confident wrong: confidence 0.6 or more and off by more than 0.3 s\n"
        )?;
        writeln!(out, "| what must hold | measured | holds |\n|---|---|---|")?;
        for requirement in &self.requirements {
            let holds = if requirement.holds { "yes" } else { "NO" };
            writeln!(
                out,
                "| {} | {} | {holds} |",
                requirement.what, requirement.measured
            )?;
        }
        Ok(())
    }
}

fn cells(score: &Score) -> [String; 8] {
    let refused = if score.aligned { "" } else { " (refused)" };
    let number = |value: Option<f64>, decimals: usize| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
    };
    [
        format!("{}{refused}", score.pair),
        score.probes.to_string(),
        number(Some(score.answered), 3),
        number(score.median_ms, 0),
        number(score.p90_ms, 0),
        number(score.max_ms, 0),
        number(score.interval_holds, 3),
        score.confident_wrong.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_hold_is_seen() {
        let mut report = GpsReport::default();
        report.require("clock found".to_owned(), "0.20 s off".to_owned(), true);
        assert!(report.holds());
        report.require(
            "matched times increase".to_owned(),
            "3 steps back".to_owned(),
            false,
        );
        assert!(!report.holds());
        let mut text = Vec::new();
        report.write(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("| clock found | 0.20 s off | yes |"), "{text}");
        assert!(
            text.contains("| matched times increase | 3 steps back | NO |"),
            "{text}"
        );
    }
}
