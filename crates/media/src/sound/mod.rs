//! The sound of a recording, joined over its chapters: samples by their number on the recording's own clock.
//!
//! A [`SoundReader`] only goes forward and holds little more than what was asked for last, so that an hour of
//! sound costs no memory. Where a recording has no sound there is silence; sample `n` is always heard `n /
//! rate` seconds after the first shown frame.

mod chapter;
mod samples;

use std::collections::VecDeque;
use std::path::PathBuf;

use crate::error::{FrameError, OpenError};
use crate::recording::Recording;
use crate::tuning::SOUND_JITTER_SECS;
use chapter::ChapterSound;

/// Channels that are kept.
const MAX_CHANNELS: usize = 2;

/// Samples per second that are believed.
const RATES: std::ops::RangeInclusive<u32> = 1000..=384_000;

/// Where one file's sound lies on the clock of the recording.
#[derive(Debug, Clone)]
struct SoundSpan {
    path: PathBuf,
    /// The recording is known by another file.
    is_later: bool,
    /// First sample of the chapter after this one; none is taken from there on.
    end: Option<i64>,
    /// To be added to the file's own times, in seconds.
    shift_secs: f64,
}

impl SoundSpan {
    fn blamed(&self, error: OpenError) -> OpenError {
        if self.is_later {
            error.of(&self.path)
        } else {
            error
        }
    }
}

/// The sound of a recording.
pub struct SoundReader {
    waiting: VecDeque<SoundSpan>,
    open: Option<(ChapterSound, SoundSpan)>,
    rate: u32,
    channels: usize,
    /// Samples per channel from number `first` on.
    kept: Vec<VecDeque<f32>>,
    first: i64,
    /// A decoded block that begins behind all that was asked for.
    ahead: Option<SoundBlock>,
}

/// Decoded samples from number `at` on, one list per channel.
struct SoundBlock {
    at: i64,
    samples: Vec<Vec<f32>>,
}

impl SoundReader {
    /// The sound of `recording`; `None` when its first file has none that can be decoded.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(recording: &Recording) -> Result<Option<SoundReader>, FrameError> {
        let chapters = recording.chapters();
        let Some(first) = chapters.first() else {
            return Ok(None);
        };
        let Some(first) = ChapterSound::open(&first.path)? else {
            return Ok(None);
        };
        let rate = first.rate();
        let channels = first.channels().min(MAX_CHANNELS);
        if !RATES.contains(&rate) || channels == 0 {
            return Ok(None);
        }
        let ends = chapters
            .iter()
            .skip(1)
            .map(|next| Some(sample_at(next.start_secs, rate)));
        let sources = chapters
            .iter()
            .zip(ends.chain([None]))
            .map(|(chapter, end)| SoundSpan {
                path: chapter.path.clone(),
                is_later: chapter.first_index > 0,
                end,
                shift_secs: chapter.start_secs - chapter.container_start_secs,
            });
        let mut waiting: VecDeque<SoundSpan> = sources.collect();
        let open = waiting.pop_front().map(|source| (first, source));
        Ok(Some(SoundReader {
            waiting,
            open,
            rate,
            channels,
            kept: vec![VecDeque::new(); channels],
            first: 0,
            ahead: None,
        }))
    }

    /// Samples per second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Channels: 1 or 2; of more the first two are kept.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Samples `from..from + length` of each channel; what there is not is silence, and so is what lies
    /// before the start of the window asked for last.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn window(&mut self, from: i64, length: usize) -> Result<Vec<Vec<f32>>, FrameError> {
        let until = from.saturating_add(i64::try_from(length).unwrap_or(i64::MAX));
        self.drop_before(from);
        self.read_until(until)?;
        let skipped = usize::try_from(self.first.saturating_sub(from))
            .unwrap_or(0)
            .min(length);
        let windows = self.kept.iter().map(|kept| {
            let mut window = vec![0.0; skipped];
            window.extend(kept.iter().take(length - skipped));
            window.resize(length, 0.0);
            window
        });
        Ok(windows.collect())
    }

    fn drop_before(&mut self, from: i64) {
        let length = self.kept.first().map_or(0, VecDeque::len);
        let dropped = usize::try_from(from.saturating_sub(self.first)).unwrap_or(0);
        for kept in &mut self.kept {
            kept.drain(..dropped.min(length));
        }
        self.first = self.first.max(from);
    }

    fn end(&self) -> i64 {
        let length = self.kept.first().map_or(0, VecDeque::len);
        self.first.saturating_add(i64::try_from(length).unwrap_or(0))
    }

    /// Keeps samples up to number `until`, as far as there are any.
    fn read_until(&mut self, until: i64) -> Result<(), FrameError> {
        while self.end() < until {
            let ahead = self.ahead.take();
            let Some(block) = ahead.map_or_else(|| self.next_block(), |block| Ok(Some(block)))? else {
                return Ok(());
            };
            if block.at >= until {
                self.ahead = Some(block);
                return Ok(());
            }
            self.keep(&block);
        }
        Ok(())
    }

    /// Puts a block at its place: silence in front where something is missing, nothing twice.
    fn keep(&mut self, block: &SoundBlock) {
        let off = block.at.saturating_sub(self.end());
        let jitter = (SOUND_JITTER_SECS * f64::from(self.rate)) as i64;
        let (silence, skipped) = if off.abs() <= jitter && self.end() > self.first {
            (0, 0)
        } else {
            (off.max(0), off.saturating_neg().max(0))
        };
        let size = |samples: i64| usize::try_from(samples).unwrap_or(usize::MAX);
        for (kept, new) in self.kept.iter_mut().zip(&block.samples) {
            kept.extend(std::iter::repeat_n(0.0, size(silence)));
            kept.extend(new.iter().skip(size(skipped)));
        }
    }

    fn next_block(&mut self) -> Result<Option<SoundBlock>, FrameError> {
        loop {
            let Some((sound, source)) = &mut self.open else {
                let Some(source) = self.waiting.pop_front() else {
                    return Ok(None);
                };
                // A chapter without sound is silent.
                self.open = ChapterSound::open(&source.path)
                    .map_err(|error| source.blamed(error))?
                    .filter(|sound| sound.rate() == self.rate)
                    .map(|sound| (sound, source));
                continue;
            };
            let wanted_secs = self.first as f64 / f64::from(self.rate) - source.shift_secs;
            let next = sound.next(wanted_secs).map_err(|error| source.blamed(error))?;
            let Some((t_secs, mut samples)) = next else {
                self.open = None;
                continue;
            };
            let at = sample_at(t_secs + source.shift_secs, self.rate);
            let room = source
                .end
                .map(|end| usize::try_from(end.saturating_sub(at)).unwrap_or(0));
            if let Some(mono) = samples.first().cloned() {
                samples.resize(self.channels, mono);
            }
            for channel in &mut samples {
                channel.truncate(room.unwrap_or(usize::MAX));
            }
            return Ok(Some(SoundBlock { at, samples }));
        }
    }
}

fn sample_at(t_secs: f64, rate: u32) -> i64 {
    (t_secs * f64::from(rate)).round() as i64
}
