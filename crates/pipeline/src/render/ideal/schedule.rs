//! Which moment of which recording an output frame shows, where stretches of several are shown in turn.

use mtbsync_markers::time::Rate;

use crate::render::schedule::{MIN_SECS, Piece};

/// A section of the output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Section {
    /// Which recording.
    pub recording: usize,
    /// From and to, seconds of it.
    pub t_secs: [f64; 2],
}

/// A stretch of one recording without a cut: one section, or neighbouring ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Which recording.
    pub recording: usize,
    /// Its first frame in the output.
    pub first: u64,
    /// The frame after its last one.
    pub end: u64,
    /// What its first frame shows, seconds of the recording.
    from_secs: f64,
}

/// What one output frame shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IdealMoment {
    /// Which section.
    pub section: usize,
    /// Seconds of the recording.
    pub t_secs: f64,
}

/// The whole plan.
#[derive(Clone, Debug)]
pub struct IdealSchedule {
    rate: Rate,
    frames: u64,
    stretches: Vec<Stretch>,
    pieces: Vec<Piece>,
    /// First frame of each section.
    section_starts: Vec<u64>,
}

impl IdealSchedule {
    /// Plans the output. Ends are rounded to frames on the output's clock, so that no error adds up.
    pub fn new(sections: &[Section], rate: Rate) -> Self {
        let frame_at = |out_secs: f64| (out_secs * rate.as_f64()).round() as u64;
        let mut out_secs = 0.0;
        let mut section_starts = Vec::with_capacity(sections.len());
        let mut pieces: Vec<(usize, Piece)> = Vec::new();
        for section in sections {
            let [from_secs, to_secs] = section.t_secs;
            section_starts.push(frame_at(out_secs));
            match pieces.last_mut() {
                Some((recording, piece))
                    if *recording == section.recording && (piece.to_secs - from_secs).abs() < MIN_SECS =>
                {
                    piece.to_secs = to_secs;
                }
                _ => pieces.push((
                    section.recording,
                    Piece {
                        from_secs,
                        to_secs,
                        out_secs,
                    },
                )),
            }
            out_secs += to_secs - from_secs;
        }
        let frames = frame_at(out_secs).max(1);
        let ends = pieces.iter().skip(1).map(|(_, next)| frame_at(next.out_secs));
        let stretches = pieces
            .iter()
            .zip(ends.chain([frames]))
            .map(|((recording, piece), end)| Stretch {
                recording: *recording,
                first: frame_at(piece.out_secs),
                end,
                from_secs: piece.from_secs,
            })
            .collect();
        Self {
            rate,
            frames,
            stretches,
            pieces: pieces.into_iter().map(|(_, piece)| piece).collect(),
            section_starts,
        }
    }

    /// Number of output frames, at least 1.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Output frames per second.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Length of the output in seconds.
    pub fn duration_secs(&self) -> f64 {
        self.frames as f64 / self.rate.as_f64()
    }

    /// Stretches in order; one shorter than half a frame may have none.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// The same on the clocks of recordings and output, not rounded to frames.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// What frame `number`, which is of `stretch`, shows.
    pub fn moment(&self, stretch: &Stretch, number: u64) -> IdealMoment {
        let begun = self.section_starts.partition_point(|start| *start <= number);
        let since_secs = number.saturating_sub(stretch.first) as f64 / self.rate.as_f64();
        IdealMoment {
            section: begun.saturating_sub(1),
            t_secs: stretch.from_secs + since_secs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(recording: usize, from_secs: f64, to_secs: f64) -> Section {
        Section {
            recording,
            t_secs: [from_secs, to_secs],
        }
    }

    /// Recording, section and time of each frame.
    fn shown(schedule: &IdealSchedule) -> Vec<(usize, usize, f64)> {
        let frames = schedule.stretches().iter().flat_map(|stretch| {
            (stretch.first..stretch.end).map(|number| {
                let moment = schedule.moment(stretch, number);
                (stretch.recording, moment.section, moment.t_secs)
            })
        });
        frames.collect()
    }

    #[test]
    fn each_stretch_begins_at_its_first_moment() {
        let sections = [section(0, 2.0, 3.0), section(1, 7.03, 7.53), section(0, 3.9, 4.9)];
        let schedule = IdealSchedule::new(&sections, Rate::whole(10));
        let shown = shown(&schedule);
        assert_eq!((schedule.frames(), shown.len()), (25, 25));
        assert_eq!(
            [shown[0], shown[10], shown[15]],
            [(0, 0, 2.0), (1, 1, 7.03), (0, 2, 3.9)]
        );
        assert!((shown[14].2 - 7.43).abs() < 1e-9 && (shown[24].2 - 4.8).abs() < 1e-9);
    }

    #[test]
    fn neighbours_of_one_run_play_through() {
        let sections = [section(3, 1.0, 1.25), section(3, 1.25, 2.0), section(1, 2.0, 3.0)];
        let schedule = IdealSchedule::new(&sections, Rate::whole(10));
        assert_eq!(schedule.pieces().len(), 2);
        let shown = shown(&schedule);
        let times: Vec<f64> = shown.iter().take(10).map(|frame| frame.2).collect();
        for pair in times.windows(2) {
            assert!((pair[1] - pair[0] - 0.1).abs() < 1e-9, "{times:?}");
        }
        let numbers: Vec<usize> = shown.iter().map(|frame| frame.1).collect();
        assert_eq!((numbers[2], numbers[3], numbers[9], numbers[10]), (0, 1, 1, 2));
    }

    #[test]
    fn the_same_run_with_a_gap_is_cut() {
        let sections = [section(0, 1.0, 2.0), section(0, 2.5, 3.0)];
        let schedule = IdealSchedule::new(&sections, Rate::whole(10));
        assert_eq!(shown(&schedule)[10], (0, 1, 2.5));
    }

    #[test]
    fn many_odd_sections_do_not_drift() {
        let rate = Rate::new(30_000, 1001).unwrap();
        let sections: Vec<Section> = (0..1000)
            .map(|k| section(k % 2, f64::from(k as u32), f64::from(k as u32) + 0.7123))
            .collect();
        let schedule = IdealSchedule::new(&sections, rate);
        assert_eq!(schedule.frames(), (712.3 * rate.as_f64()).round() as u64);
        let mut next = 0;
        for (k, stretch) in schedule.stretches().iter().enumerate() {
            assert_eq!(stretch.first, next, "one after the other");
            let ideal = k as f64 * 0.7123 * rate.as_f64();
            assert!((stretch.first as f64 - ideal).abs() <= 0.5 + 1e-6, "section {k}");
            assert_eq!(schedule.moment(stretch, stretch.first).t_secs, k as f64);
            next = stretch.end;
        }
        assert_eq!(next, schedule.frames());
    }

    #[test]
    fn sections_shorter_than_a_frame_leave_one() {
        let schedule = IdealSchedule::new(&[section(0, 1.0, 1.01), section(1, 1.0, 1.01)], Rate::whole(1));
        assert_eq!((schedule.frames(), shown(&schedule)), (1, vec![(1, 1, 1.0)]));
    }
}
