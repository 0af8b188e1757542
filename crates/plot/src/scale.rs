//! From values to picture positions, and where the tick marks go.

/// A linear axis: values `from..to` onto positions `start..end` (which may run
/// downwards).
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// An empty or non-finite value range is widened to length one.
    pub fn new((from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        let valid = from.is_finite() && to.is_finite() && to > from;
        let (from, to) = if valid {
            (from, to)
        } else if from.is_finite() {
            (from, from + 1.0)
        } else {
            (0.0, 1.0)
        };
        Self { from, to, start, end }
    }

    pub fn at(&self, value: f64) -> f64 {
        self.start + (value - self.from) / (self.to - self.from) * (self.end - self.start)
    }

    pub fn range(&self) -> (f64, f64) {
        (self.from, self.to)
    }

    /// Length of the axis in the picture.
    pub fn length(&self) -> f64 {
        (self.end - self.start).abs()
    }
}

/// One tick mark: the value and what is written beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub value: f64,
    pub text: String,
}

/// Tick steps of a time axis in seconds; beyond the last, whole multiples of it.
const TIME_STEPS: [f64; 17] = [
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
];

/// No axis gets more ticks than this, whatever its range.
const MAX_TICKS: usize = 60;

/// Step between ticks of a time axis of `span_secs` seconds on `length` layout
/// units, at least `spacing` units apart.
pub fn time_step(span_secs: f64, length: f64, spacing: f64) -> f64 {
    let wanted = span_secs * spacing / length.max(1.0);
    TIME_STEPS
        .iter()
        .copied()
        .find(|step| *step >= wanted)
        .unwrap_or_else(|| (wanted / 7200.0).ceil() * 7200.0)
}

/// Ticks of a time axis at multiples of `step`.
pub fn time_ticks(scale: &Scale, step: f64) -> Vec<Tick> {
    let (_, to) = scale.range();
    multiples(scale, step)
        .map(|value| Tick {
            value,
            text: clock(value, step, to),
        })
        .collect()
}

/// Ticks of a plain number axis: steps of 1, 2 or 5 times a power of ten, at
/// least `spacing` layout units apart, written with the decimals the step needs.
pub fn number_ticks(scale: &Scale, spacing: f64, signed: bool) -> Vec<Tick> {
    let (from, to) = scale.range();
    let wanted = (to - from) * spacing / scale.length().max(1.0);
    let power = 10f64.powi(wanted.log10().floor() as i32);
    let step = [1.0, 2.0, 5.0, 10.0]
        .iter()
        .map(|factor| factor * power)
        .find(|step| *step >= wanted * (1.0 - 1e-9))
        .unwrap_or(10.0 * power);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    multiples(scale, step)
        .map(|value| {
            let value = if value == 0.0 { 0.0 } else { value };
            let text = if signed && value > 0.0 {
                format!("+{value:.decimals$}")
            } else {
                format!("{value:.decimals$}").replace('-', "\u{2212}")
            };
            Tick { value, text }
        })
        .collect()
}

fn multiples(scale: &Scale, step: f64) -> impl Iterator<Item = f64> {
    let (from, to) = scale.range();
    let tolerance = (to - from) * 1e-9;
    let first = ((from - tolerance) / step).ceil();
    (0..MAX_TICKS)
        .map(move |i| (first + i as f64) * step)
        .take_while(move |value| *value <= to + tolerance)
}

/// A time as `12.5` (below a minute axis), `3:05` or `1:03:05`.
pub fn clock(secs: f64, step: f64, longest_secs: f64) -> String {
    if step < 1.0 {
        return format!("{secs:.1}");
    }
    if longest_secs < 60.0 {
        return format!("{secs:.0}");
    }
    let whole = secs.round().max(0.0) as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// The unit that [`time_ticks`] writes, for the axis title.
pub fn clock_unit(step: f64, longest_secs: f64) -> &'static str {
    if step < 1.0 || longest_secs < 60.0 {
        "s"
    } else if longest_secs < 3600.0 {
        "m:ss"
    } else {
        "h:mm:ss"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_read_them() {
        let scale = Scale::new((0.0, 231.4), (0.0, 740.0));
        let step = time_step(231.4, 740.0, 80.0);
        let texts: Vec<_> = time_ticks(&scale, step).into_iter().map(|t| t.text).collect();
        assert_eq!(
            texts,
            ["0:00", "0:30", "1:00", "1:30", "2:00", "2:30", "3:00", "3:30"]
        );
        assert_eq!(clock(3725.0, 60.0, 4000.0), "1:02:05");
        assert_eq!(clock(12.0, 2.0, 30.0), "12");
    }

    #[test]
    fn number_ticks_have_round_steps_and_a_sign_where_asked() {
        let scale = Scale::new((-0.5, 1.0), (300.0, 0.0));
        let texts: Vec<_> = number_ticks(&scale, 80.0, true)
            .into_iter()
            .map(|t| t.text)
            .collect();
        assert_eq!(texts, ["−0.5", "0.0", "+0.5", "+1.0"]);
    }

    #[test]
    fn any_range_gives_a_bounded_number_of_ticks() {
        for span in [1e-9, 0.01, 1.0, 1e4, 1e7, 1e12] {
            let scale = Scale::new((0.0, span), (0.0, 700.0));
            assert!(time_ticks(&scale, time_step(span, 700.0, 80.0)).len() <= MAX_TICKS);
            let ticks = number_ticks(&scale, 80.0, false);
            assert!((2..=10).contains(&ticks.len()), "{span}: {}", ticks.len());
        }
        assert_eq!(Scale::new((f64::NAN, 1.0), (0.0, 10.0)).range(), (0.0, 1.0));
    }
}
