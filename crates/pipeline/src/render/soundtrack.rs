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

/// The rate of the sound of a movie whose sound is recorded at `own` samples per second.
pub fn encoded_rate(own: u32) -> u32 {
    if SoundSettings::RATES.contains(&own) {
        own
    } else {
        SoundSettings::RATES[0]
    }
}

/// The sound of one run, cut to a schedule.
pub struct Soundtrack {
    voice: Voice,
    side: Side,
    cut: Cut,
}

impl Soundtrack {
    /// The sound of `side`.
    pub fn new(reader: SoundReader, side: Side) -> Soundtrack {
        let settings = SoundSettings {
            rate: encoded_rate(reader.rate()),
            channels: reader.channels(),
        };
        Soundtrack {
            voice: Voice {
                reader,
                rate: settings.rate,
            },
            side,
            cut: Cut { settings, made: 0 },
        }
    }

    /// Whose it is.
    pub fn side(&self) -> Side {
        self.side
    }

    /// What is made.
    pub fn settings(&self) -> SoundSettings {
        self.cut.settings
    }

    /// The samples up to the beginning of output frame `frame`, from where the last call ended.
    ///
    /// # Errors
    /// The recording cannot be read.
    pub fn up_to_frame(&mut self, frame: u64, schedule: &Schedule) -> Result<Vec<Vec<f32>>, FrameError> {
        let out_secs = frame as f64 / schedule.rate().as_f64();
        let (voice, side) = (&mut self.voice, self.side);
        self.cut
            .up_to(out_secs, schedule.pieces(), |piece, offset, length| {
                block(voice, side, (piece, offset, length), schedule)
            })
    }
}

/// `length` samples of `side` from sample `offset` of a piece on.
fn block(
    voice: &mut Voice,
    side: Side,
    (piece, offset, length): (&PieceSamples, u64, usize),
    schedule: &Schedule,
) -> Result<Vec<Vec<f32>>, FrameError> {
    if let Some(shift_secs) = schedule.own_speed_shift_secs(side) {
        return voice.at_own_speed(piece.from_secs + shift_secs, offset, length);
    }
    let (own_rate, rate) = (f64::from(voice.reader.rate()), f64::from(voice.rate));
    let master_secs = |samples: u64| piece.from_secs + samples as f64 / rate;
    let at = |samples| {
        schedule
            .side_secs(side, master_secs(samples))
            .map(|t| t * own_rate)
    };
    if let (Some(first), Some(last)) = (at(offset), at(offset + length as u64)) {
        let step = (last - first) / length as f64;
        if HEARD_SPEEDS.contains(&(step * rate / own_rate)) {
            return voice.resampled(first, step, length);
        }
    }
    Ok(vec![vec![0.0; length]; voice.reader.channels()])
}

/// The sound of a recording at the rate of the output.
pub struct Voice {
    /// The recording's.
    pub reader: SoundReader,
    /// Samples per second of the output.
    pub rate: u32,
}

impl Voice {
    /// `length` samples from the one `offset` samples of the output after `from_secs` of the recording on.
    ///
    /// # Errors
    /// The recording cannot be read.
    pub fn at_own_speed(
        &mut self,
        from_secs: f64,
        offset: u64,
        length: usize,
    ) -> Result<Vec<Vec<f32>>, FrameError> {
        let own_rate = f64::from(self.reader.rate());
        let first = from_secs * own_rate;
        if self.rate == self.reader.rate() {
            // The clocks run alike: find the first sample of the piece, count from there.
            let first = first.round() as i64;
            return self.reader.window(first.saturating_add_unsigned(offset), length);
        }
        let step = own_rate / f64::from(self.rate);
        self.resampled(first + offset as f64 * step, step, length)
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

/// Sound put together from pieces, with short fades where it is cut.
pub struct Cut {
    /// What it is like.
    pub settings: SoundSettings,
    /// Samples made so far.
    pub made: u64,
}

impl Cut {
    /// The samples up to `out_secs` of the output, from where the last call ended. `block` gives so many
    /// samples of each channel from a sample of a piece on: piece, sample, how many.
    ///
    /// # Errors
    /// Those of `block`.
    pub fn up_to<E>(
        &mut self,
        out_secs: f64,
        pieces: &[Piece],
        mut block: impl FnMut(&PieceSamples, u64, usize) -> Result<Vec<Vec<f32>>, E>,
    ) -> Result<Vec<Vec<f32>>, E> {
        let rate = self.settings.rate;
        let until = (out_secs * f64::from(rate)).round() as u64;
        let mut made = vec![Vec::new(); self.settings.channels];
        while self.made < until {
            let piece = PieceSamples::at(self.made, rate, pieces);
            let end = until.min(piece.end).min(self.made + BLOCK).max(self.made + 1);
            let length = usize::try_from(end - self.made).unwrap_or(0);
            let block = block(&piece, self.made.saturating_sub(piece.start), length)?;
            for (made, mut block) in made.iter_mut().zip(block) {
                for (offset, sample) in block.iter_mut().enumerate() {
                    *sample *= piece.gain(self.made + offset as u64, rate);
                }
                made.append(&mut block);
            }
            self.made = end;
        }
        Ok(made)
    }
}

/// A piece of the schedule, counted in samples of the output.
pub struct PieceSamples {
    /// Which.
    pub number: usize,
    start: u64,
    end: u64,
    /// Where it begins, seconds of its recording.
    pub from_secs: f64,
    /// Whether it begins and ends at a cut.
    cuts: [bool; 2],
}

impl PieceSamples {
    /// The piece that holds output sample `sample`.
    fn at(sample: u64, rate: u32, pieces: &[Piece]) -> PieceSamples {
        let count = |secs: f64| (secs * f64::from(rate)).round() as u64;
        let start = |piece: &Piece| count(piece.out_secs);
        let number = pieces
            .partition_point(|piece| start(piece) <= sample)
            .saturating_sub(1);
        let next = pieces.get(number + 1);
        let piece = pieces.get(number);
        PieceSamples {
            number,
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
