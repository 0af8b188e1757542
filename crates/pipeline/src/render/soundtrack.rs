//! The sound that belongs to the shown pictures.
//!
//! A run that plays at its own speed is heard unchanged, sample for sample. A run whose pictures follow the
//! other one is heard at the speed of its pictures, pitch included, as a tape would; where it stands or races
//! it is silent. Where stops are cut out, the sound is cut as well, with short fades so that it does not
//! click.

use mtbsync_media::encode::SoundSettings;
use mtbsync_media::{FrameError, SoundReader};

use super::request::Side;
use super::schedule::{Piece, Schedule};

/// Samples computed in one go: the map is straight over 20 ms.
const BLOCK: u64 = 1024;
/// Speeds at which sound still says something.
const HEARD_SPEEDS: std::ops::RangeInclusive<f64> = 0.2..=4.0;
/// Fade on both sides of a cut, seconds.
const FADE_SECS: f64 = 0.005;
/// The sound of one run, cut to a schedule.
pub struct Soundtrack {
    reader: SoundReader,
    side: Side,
    rate: u32,
    /// Samples made so far.
    made: u64,
}

impl Soundtrack {
    /// The sound of `side`.
    pub fn new(reader: SoundReader, side: Side) -> Soundtrack {
        let own = reader.rate();
        let rate = if SoundSettings::RATES.contains(&own) {
            own
        } else {
            SoundSettings::RATES[0]
        };
        Soundtrack {
            reader,
            side,
            rate,
            made: 0,
        }
    }

    /// Samples per second of what is made.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Channels.
    pub fn channels(&self) -> usize {
        self.reader.channels()
    }

    /// The samples up to the beginning of output frame `frame`, from where the last call ended.
    ///
    /// # Errors
    /// The recording cannot be read.
    pub fn up_to_frame(&mut self, frame: u64, schedule: &Schedule) -> Result<Vec<Vec<f32>>, FrameError> {
        let until = self.sample_at(frame as f64 / schedule.rate().as_f64());
        let mut made = vec![Vec::new(); self.channels()];
        while self.made < until {
            let piece = PieceSamples::at(self.made, self.rate, schedule);
            let end = until.min(piece.end).min(self.made + BLOCK).max(self.made + 1);
            let length = usize::try_from(end - self.made).unwrap_or(0);
            let block = self.block(&piece, length, schedule)?;
            for (made, mut block) in made.iter_mut().zip(block) {
                for (offset, sample) in block.iter_mut().enumerate() {
                    *sample *= piece.gain(self.made + offset as u64, self.rate);
                }
                made.append(&mut block);
            }
            self.made = end;
        }
        Ok(made)
    }

    fn sample_at(&self, out_secs: f64) -> u64 {
        (out_secs * f64::from(self.rate)).round() as u64
    }

    /// `length` samples from the next one on, all in `piece`.
    fn block(
        &mut self,
        piece: &PieceSamples,
        length: usize,
        schedule: &Schedule,
    ) -> Result<Vec<Vec<f32>>, FrameError> {
        let silence = vec![vec![0.0; length]; self.channels()];
        let own_rate = f64::from(self.reader.rate());
        let offset = self.made.saturating_sub(piece.start);
        let shift_secs = schedule.own_speed_shift_secs(self.side);
        if let Some(shift_secs) = shift_secs.filter(|_| self.rate == self.reader.rate()) {
            // The clocks run alike: find the first sample of the piece, count from there.
            let first = ((piece.from_secs + shift_secs) * own_rate).round() as i64;
            return self.reader.window(first.saturating_add_unsigned(offset), length);
        }
        let master_secs = |samples: u64| piece.from_secs + samples as f64 / f64::from(self.rate);
        let at = |samples| {
            schedule
                .side_secs(self.side, master_secs(samples))
                .map(|t| t * own_rate)
        };
        let (Some(first), Some(last)) = (at(offset), at(offset + length as u64)) else {
            return Ok(silence);
        };
        let step = (last - first) / length as f64;
        let speed = step * f64::from(self.rate) / own_rate;
        if HEARD_SPEEDS.contains(&speed) {
            self.resampled(first, step, length)
        } else {
            Ok(silence)
        }
    }

    /// `length` samples at `first`, `first + step`, ... of the recording, linear between its samples.
    fn resampled(&mut self, first: f64, step: f64, length: usize) -> Result<Vec<Vec<f32>>, FrameError> {
        let base = first.floor();
        let needed = (step * length as f64).ceil() as usize + 2;
        let window = self.reader.window(base as i64, needed)?;
        let resampled = |samples: &Vec<f32>| {
            let value = |number: usize| {
                let place = first - base + step * number as f64;
                let (index, share) = (place as usize, place.fract() as f32);
                let sample = |index: usize| samples.get(index).copied().unwrap_or(0.0);
                sample(index) * (1.0 - share) + sample(index + 1) * share
            };
            (0..length).map(value).collect()
        };
        Ok(window.iter().map(resampled).collect())
    }
}

/// A piece of the schedule, counted in samples of the output.
struct PieceSamples {
    start: u64,
    end: u64,
    from_secs: f64,
    /// Whether it begins and ends at a cut.
    cuts: [bool; 2],
}

impl PieceSamples {
    /// The piece that holds output sample `sample`.
    fn at(sample: u64, rate: u32, schedule: &Schedule) -> PieceSamples {
        let pieces = schedule.pieces();
        let count = |secs: f64| (secs * f64::from(rate)).round() as u64;
        let start = |piece: &Piece| count(piece.out_secs);
        let number = pieces
            .partition_point(|piece| start(piece) <= sample)
            .saturating_sub(1);
        let next = pieces.get(number + 1);
        let piece = pieces.get(number);
        PieceSamples {
            start: piece.map_or(0, start),
            end: next.map_or(u64::MAX, start),
            from_secs: piece.map_or(0.0, |piece| piece.from_secs),
            cuts: [number > 0, next.is_some()],
        }
    }

    /// Loudness of output sample `sample`, 0..1.
    fn gain(&self, sample: u64, rate: u32) -> f32 {
        let fade = (FADE_SECS * f64::from(rate)) as f32;
        let [begins_at_cut, ends_at_cut] = self.cuts;
        let mut gain = 1.0_f32;
        if begins_at_cut {
            gain = gain.min(sample.saturating_sub(self.start) as f32 / fade);
        }
        if ends_at_cut {
            gain = gain.min(self.end.saturating_sub(sample) as f32 / fade);
        }
        gain
    }
}
