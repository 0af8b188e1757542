//! What a sync says to the rider: what happened to the two runs, which markers want a look, what to do next.

use std::path::Path;

use mtbsync_artefacts::time_warp::WARP_FILE;
use mtbsync_pipeline::map::delta::Delta;
use mtbsync_pipeline::map::refusal::Refusal;
use mtbsync_pipeline::recordings::clock;
use mtbsync_pipeline::sync::ride::{Passage, Ride, Stretch, ToCheck};
use mtbsync_pipeline::sync::{CutOff, SyncReport, SyncRequest};

/// Below this mapped share of the new run, which part it is comes first: what lies before the start and after
/// the finish of an ordinary recording is less.
const PARTLY_BELOW: f64 = 0.9;
/// Differences and error bands are said in tenths, so that less than half of one is none, seconds.
const SAID_FROM_SECS: f64 = 0.05;
/// An error band below this share of the difference changes nothing for the rider.
const BAND_SHARE: f64 = 0.05;
/// So many markers are named; the others are counted.
const NAMED_MARKERS: usize = 3;

/// What happened, a line each, the most important first.
pub fn lines(report: &SyncReport) -> Vec<String> {
    let ride = &report.ride;
    let mut lines = Vec::new();
    if !report.ok {
        lines.extend(refusal(report));
        lines.extend(cut_off(report).map(|which| {
            format!("{which} cut off: the missing part may be the one they share. Copy the file from the card again.")
        }));
        if report.markers.is_some() {
            lines.push("Markers were carried over all the same (--force); each is to be checked.".to_owned());
        }
        return lines;
    }
    lines.extend(cut_off(report).map(|which| format!("{which} cut off: only what is there was compared.")));
    if report.coverage < PARTLY_BELOW {
        lines.push(format!("Partly aligned: {}.", common(ride, report.coverage)));
    }
    lines.extend(ride.whole.as_ref().map(|whole| whole_in_words(whole, ride)));
    if let Some(counts) = report.markers {
        lines.push(markers_in_words(ride, counts.ok + counts.review + counts.outside));
    }
    lines
}

/// The command that shows the result, or says more about what went wrong.
pub fn next(report: &SyncReport, request: &SyncRequest) -> String {
    let folder = shell_word(&report.out_dir);
    if request.stop_after_pairs {
        let pairs = report.outputs.iter().find(|(kind, _)| kind == "pairs");
        let pairs = pairs.map_or_else(String::new, |(_, path)| shell_word(path));
        let map = shell_word(&report.out_dir.join(WARP_FILE));
        return format!("Next: mtbsync warp --pairs {pairs} --out {map}   (the map through these pairs)");
    }
    let is_short = report
        .reasons
        .iter()
        .any(|reason| Refusal::of(reason) == Some(Refusal::TooFewPairs));
    if !report.ok && (is_short || report.cut_off != CutOff::default()) {
        let (reference, new) = (shell_word(&request.reference), shell_word(&request.new));
        return format!("Next: mtbsync doctor {reference} {new}   (what is wrong with the recordings)");
    }
    if !report.ok {
        return format!("Next: mtbsync compare {folder}   (both recordings, to look for yourself)");
    }
    let check = match report.ride.to_check.len() {
        0 => "",
        1 => ", and the marker to check",
        _ => ", and the markers to check",
    };
    format!("Next: mtbsync compare {folder}   (both runs side by side{check})")
}

/// Why there is no alignment, as a rider sees it.
fn refusal(report: &SyncReport) -> Option<String> {
    let words = match Refusal::of(report.reasons.first()?)? {
        Refusal::NoCommonStretch => {
            "The two recordings show no stretch of trail that is surely the same. Another trail, the same \
             one the other way round, or a camera that looks elsewhere?"
                .to_owned()
        }
        Refusal::Reversed => {
            "One of the two was ridden the other way round, and up and down a trail are different \
             pictures."
                .to_owned()
        }
        Refusal::TooFewPairs => {
            "Too little of the trail can be made out: a very short, dark or covered recording.".to_owned()
        }
        Refusal::Coverage => format!(
            "Only a part fits: {}. If that is right, a lower --warp-min-coverage takes it.",
            common(&report.ride, report.coverage)
        ),
        Refusal::Inliers => {
            "What was recognised contradicts itself: laps, or corners that look alike. GPS tracks \
             or hand-made pairs (--anchors) decide it."
                .to_owned()
        }
        Refusal::Residuals => {
            "What was recognised lies farther from the map than allowed. If the map is good enough all the \
             same, a higher --warp-max-p90 takes it."
                .to_owned()
        }
        Refusal::Speed => {
            "The two are no copies of one clip at one speed. For two rides leave out --warp-model.".to_owned()
        }
    };
    Some(words)
}

/// The recordings that end early, as the beginning of a sentence.
fn cut_off(report: &SyncReport) -> Option<&'static str> {
    match (report.cut_off.reference, report.cut_off.new) {
        (false, false) => None,
        (true, false) => Some("The reference recording is"),
        (false, true) => Some("The new recording is"),
        (true, true) => Some("Both recordings are"),
    }
}

/// `your run and the reference show the same trail from 0:08.2 to 0:31.0 of yours (62 % of it)`.
fn common(ride: &Ride, coverage: f64) -> String {
    let share = format!("{:.0} % of it", 100.0 * coverage);
    match ride.common.as_slice() {
        [] => "your run and the reference show the same trail nowhere".to_owned(),
        [(from, to)] => format!(
            "your run and the reference show the same trail from {} to {} of yours ({share})",
            clock(*from),
            clock(*to)
        ),
        [(from, _), .., (_, to)] => format!(
            "your run and the reference show the same trail in {} stretches between {} and {} of yours ({share})",
            ride.common.len(),
            clock(*from),
            clock(*to)
        ),
    }
}

/// `You were 12.5 s slower from 01 to 16; biggest loss 06–07: +6.3 s.`
fn whole_in_words(whole: &Stretch, ride: &Ride) -> String {
    let names = ShortNames::of(whole, ride);
    let ends = match (&whole.from.name, &whole.to.name) {
        (Some(from), Some(to)) => format!("from {} to {}", names.short(from), names.short(to)),
        _ => format!(
            "from the first moment both runs show to the last ({} to {} of yours)",
            clock(whole.from.t_new_secs),
            clock(whole.to.t_new_secs)
        ),
    };
    let secs = whole.delta.secs;
    let mut text = format!("You were {} {ends}", compared(&whole.delta, ""));
    let extreme = |what: &str, stretch: &Stretch| {
        let gates = stretch.from.name.as_ref().zip(stretch.to.name.as_ref());
        gates
            .filter(|_| stretch.delta.secs.abs() >= SAID_FROM_SECS)
            .map(|(from, to)| {
                format!(
                    "; biggest {what} {}–{}: {:+.1} s",
                    names.short(from),
                    names.short(to),
                    stretch.delta.secs
                )
            })
    };
    let only_section = |stretch: &Stretch| stretch.from == whole.from && stretch.to == whole.to;
    let (loss, gain) = (ride.loss.as_ref(), ride.gain.as_ref());
    let said = if secs < 0.0 {
        gain.map(|gain| ("gain", gain))
            .or(loss.map(|loss| ("loss", loss)))
    } else {
        loss.map(|loss| ("loss", loss))
            .or(gain.map(|gain| ("gain", gain)))
    };
    if let Some((what, stretch)) = said.filter(|(_, stretch)| !only_section(stretch)) {
        text.extend(extreme(what, stretch));
    }
    text + "."
}

/// `12.5 s slower`, with `than` after it, or `as fast as the reference`, and how surely so where that
/// matters.
pub fn compared(delta: &Delta, than: &str) -> String {
    let Delta {
        secs,
        half_width_secs,
    } = *delta;
    let band = band(half_width_secs)
        .filter(|_| half_width_secs >= BAND_SHARE * secs.abs())
        .map_or_else(String::new, |band| format!(" ({band})"));
    if !delta.is_clear() || secs.abs() < SAID_FROM_SECS {
        return format!("as fast as the reference{band}");
    }
    let how = if secs > 0.0 { "slower" } else { "faster" };
    format!("{:.1} s{band} {how}{than}", secs.abs())
}

/// `1 marker to check: 06 Fork (±0.4 s).`, and those that are not in the new recording.
fn markers_in_words(ride: &Ride, count: usize) -> String {
    let mut said = Vec::new();
    match ride.to_check.as_slice() {
        [] if ride.outside.is_empty() && count > 0 => said.push(if count == 1 {
            "The marker is sure.".to_owned()
        } else {
            format!("All {count} markers are sure.")
        }),
        [] => said.push("No marker to check.".to_owned()),
        [one] => said.push(format!("1 marker to check: {}.", doubt(one))),
        many => said.push(format!(
            "{} markers to check: {}.",
            many.len(),
            some(many.iter().map(doubt))
        )),
    }
    match ride.outside.len() {
        0 => {}
        1 => said.push(format!(
            "1 marker is not in your recording: {}.",
            some(ride.outside.iter().cloned())
        )),
        n => said.push(format!(
            "{n} markers are not in your recording: {}.",
            some(ride.outside.iter().cloned())
        )),
    }
    said.join(" ")
}

/// `06 Fork (±0.4 s)`.
fn doubt(marker: &ToCheck) -> String {
    let why = if marker.in_stop {
        Some("you stood there".to_owned())
    } else {
        band(marker.half_width_secs)
    };
    why.map_or_else(|| marker.name.clone(), |why| format!("{} ({why})", marker.name))
}

/// The first few, and how many more.
fn some(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(NAMED_MARKERS);
    let named = names.take(NAMED_MARKERS).collect::<Vec<_>>().join(", ");
    if more == 0 {
        named
    } else {
        format!("{named} and {more} more")
    }
}

/// `±0.4 s`, where it shows in tenths.
fn band(half_width_secs: f64) -> Option<String> {
    (half_width_secs >= SAID_FROM_SECS).then(|| format!("±{half_width_secs:.1} s"))
}

/// Names of gates, of which the numbers suffice where all have one and no two the same.
struct ShortNames(bool);

impl ShortNames {
    fn of(whole: &Stretch, ride: &Ride) -> Self {
        let stretches = [Some(whole), ride.loss.as_ref(), ride.gain.as_ref()];
        let passages = stretches.into_iter().flatten().flat_map(|s| [&s.from, &s.to]);
        let mut names: Vec<&String> = passages.filter_map(|p: &Passage| p.name.as_ref()).collect();
        names.sort();
        names.dedup();
        let numbers: Option<Vec<&str>> = names.iter().map(|name| number(name)).collect();
        Self(numbers.is_some_and(|mut numbers| {
            numbers.sort_unstable();
            numbers.windows(2).all(|pair| pair.first() != pair.last())
        }))
    }

    fn short<'a>(&self, name: &'a str) -> &'a str {
        number(name).filter(|_| self.0).unwrap_or(name)
    }
}

/// `06` of `06 Fork`.
fn number(name: &str) -> Option<&str> {
    let word = name.split_whitespace().next()?;
    let number = word.trim_end_matches(['.', ':', ')']);
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

/// A path as a shell takes it.
pub fn shell_word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,=@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passage(name: &str, t_ref_secs: f64, t_new_secs: f64) -> Passage {
        Passage {
            name: (!name.is_empty()).then(|| name.to_owned()),
            t_ref_secs,
            t_new_secs,
            half_width_secs: 0.0,
        }
    }

    fn stretch(from: &str, to: &str, secs: f64, half_width_secs: f64) -> Stretch {
        Stretch {
            from: passage(from, 10.0, 8.0),
            to: passage(to, 100.0, 98.0 + secs),
            delta: Delta {
                secs,
                half_width_secs,
            },
        }
    }

    fn said(whole: &Stretch, loss: Option<Stretch>, gain: Option<Stretch>) -> String {
        let ride = Ride {
            loss,
            gain,
            ..Ride::default()
        };
        whole_in_words(whole, &ride)
    }

    #[test]
    fn slower_faster_and_neither() {
        let whole = |secs, half| stretch("01 Start", "16 Fork", secs, half);
        assert_eq!(
            said(
                &whole(12.46, 0.2),
                Some(stretch("06 Fork", "07 Root", 6.3, 0.4)),
                None
            ),
            "You were 12.5 s slower from 01 to 16; biggest loss 06–07: +6.3 s."
        );
        assert_eq!(
            said(
                &whole(-2.0, 0.3),
                Some(stretch("06 Fork", "07 Root", 1.3, 0.4)),
                Some(stretch("08", "09", -1.9, 0.1))
            ),
            "You were 2.0 s (±0.3 s) faster from 01 to 16; biggest gain 08–09: -1.9 s."
        );
        assert_eq!(
            said(&whole(0.2, 0.3), None, None),
            "You were as fast as the reference (±0.3 s) from 01 to 16."
        );
        let only = whole(3.0, 0.0);
        assert_eq!(
            said(&only, Some(only.clone()), None),
            "You were 3.0 s slower from 01 to 16."
        );
        assert_eq!(
            said(&stretch("", "", 1.5, 0.0), None, None),
            "You were 1.5 s slower from the first moment both runs show to the last (0:08.0 to 1:39.5 of yours)."
        );
    }

    #[test]
    fn names_are_short_where_that_tells_them_apart() {
        let loss = |from, to| Some(stretch(from, to, 2.0, 0.1));
        let whole = || stretch("Start", "16 Fork", 5.0, 0.0);
        assert!(
            said(&whole(), loss("06 Fork", "Root"), None)
                .contains("from Start to 16 Fork; biggest loss 06 Fork–Root:")
        );
        let twice = said(
            &stretch("1 Start", "2 End", 5.0, 0.0),
            loss("1 Jump", "2 End"),
            None,
        );
        assert!(twice.contains("from 1 Start to 2 End"), "{twice}");
    }

    #[test]
    fn markers_to_check_are_named() {
        let check = |name: &str, half_width_secs, in_stop| ToCheck {
            name: name.to_owned(),
            half_width_secs,
            in_stop,
        };
        let with = |to_check: Vec<ToCheck>, outside: &[&str]| {
            let ride = Ride {
                to_check,
                outside: outside.iter().map(|name| (*name).to_owned()).collect(),
                ..Ride::default()
            };
            markers_in_words(&ride, 16)
        };
        assert_eq!(with(vec![], &[]), "All 16 markers are sure.");
        assert_eq!(
            with(vec![check("06 Fork", 0.4, false)], &[]),
            "1 marker to check: 06 Fork (±0.4 s)."
        );
        let many = (1..=5).map(|n| check(&format!("0{n}"), 0.3, n == 2)).collect();
        assert_eq!(
            with(many, &["15 Chute"]),
            "5 markers to check: 01 (±0.3 s), 02 (you stood there), 03 (±0.3 s) and 2 more. \
             1 marker is not in your recording: 15 Chute."
        );
    }

    #[test]
    fn paths_survive_a_shell() {
        for (path, word) in [
            ("a/b_sync", "a/b_sync"),
            ("my run", "'my run'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(shell_word(Path::new(path)), word);
        }
    }
}
