//! What is worth saying of a recording's lens.

use mtbsync_matching::geometry::way_off_m;
use mtbsync_telemetry::lens::Lenses;

use super::clock;

/// A line about a field of view that the camera changed on the way; `None` where it says nothing of that.
pub fn change_warning(lenses: &Lenses) -> Option<String> {
    let [before, after, more @ ..] = lenses.as_slice() else {
        return None;
    };
    let often = match more.len() {
        0 => String::new(),
        n => format!(", and {n} more time{}", if n == 1 { "" } else { "s" }),
    };
    let middles = before.lens.middle().zip(after.lens.middle());
    let by = middles
        .map(|((_, before), (_, after))| format!(" by {:.1} m of trail", way_off_m((after / before).ln())))
        .unwrap_or_default();
    Some(format!(
        "the field of view changes at {}{often} ({} to {}): places after it may be off{by}",
        clock(after.from_secs),
        before.lens.words(),
        after.lens.words(),
    ))
}

#[cfg(test)]
mod tests {
    use mtbsync_telemetry::lens::{Lens, LensFrom, LensMode};

    use super::*;

    fn lenses(said: &[(f64, LensMode, Option<f64>)]) -> Lenses {
        let mut lenses = Lenses::default();
        for &(from_secs, mode, diagonal_deg) in said {
            let lens = Lens {
                mode: Some(mode),
                diagonal_deg,
            };
            lenses.push(LensFrom { from_secs, lens });
        }
        lenses
    }

    #[test]
    fn a_change_is_said_with_its_time() {
        let wide = (0.0, LensMode::Wide, Some(133.0));
        assert_eq!(change_warning(&lenses(&[wide])), None);
        assert_eq!(change_warning(&Lenses::default()), None);
        assert_eq!(
            change_warning(&lenses(&[wide, (754.2, LensMode::Linear, Some(92.0))])).as_deref(),
            Some(
                "the field of view changes at 12:34.2 (wide, 133° diagonal to linear, 92° diagonal): \
                 places after it may be off by 0.5 m of trail"
            )
        );
        let unknown = lenses(&[
            (0.0, LensMode::Wide, None),
            (5.0, LensMode::Superview, None),
            (9.0, LensMode::Wide, None),
        ]);
        assert_eq!(
            change_warning(&unknown).as_deref(),
            Some(
                "the field of view changes at 0:05.0, and 1 more time (wide to SuperView): \
                 places after it may be off"
            )
        );
    }
}
