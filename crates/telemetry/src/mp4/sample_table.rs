//! Where the samples of a track lie and when they are shown: `stsz`, `stco`/`co64`, `stsc`, `stts`.

use mtbsync_formats::bytes::{be_u32, be_u64};

use super::boxes::child;
use crate::warning::{Warning, Warnings};

/// Most samples expanded of one track. Telemetry has one a second, chapters fewer.
const MAX_SAMPLES: usize = 1_000_000;

/// One sample of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mp4Sample {
    /// Byte offset in the file.
    pub offset: u64,
    /// Length in bytes.
    pub size: u32,
    /// Decode time in ticks of the track's timescale.
    pub time_ticks: u64,
    /// Length in ticks.
    pub duration_ticks: u32,
}

/// Expands the sample table of one track. Stops with a warning where its parts contradict each other.
pub(super) fn samples(stbl: &[u8], track_id: u32, warnings: &mut Warnings) -> Vec<Mp4Sample> {
    let (samples, is_complete) = expand(stbl, warnings).unwrap_or_default();
    if !is_complete {
        warnings.push(Warning::BadSampleTable { track_id });
    }
    samples
}

/// The samples, and whether they are as many as claimed; `None` of a table that lacks a part or overflows.
fn expand(stbl: &[u8], warnings: &mut Warnings) -> Option<(Vec<Mp4Sample>, bool)> {
    let stsz = child(stbl, b"stsz", warnings)?;
    let stsc = child(stbl, b"stsc", warnings)?;
    let offsets = ChunkOffsets::find(stbl, warnings)?;
    let uniform_size = be_u32(stsz, 4)?;
    let claimed = be_u32(stsz, 8)? as usize;
    let count = claimed.min(MAX_SAMPLES);
    let mut times = Times::new(child(stbl, b"stts", warnings)?);
    let mut samples = Vec::new();
    let mut chunk = 0_u32;
    let mut run = 0_usize;
    while samples.len() < count {
        // Runs of chunks with the same number of samples; chunks count from 1.
        let next_run_at =
            be_u32(stsc, 8 + 12 * (run + 1)).filter(|_| run + 1 < be_u32(stsc, 4).unwrap_or(0) as usize);
        if next_run_at.is_some_and(|first| chunk + 1 >= first) {
            run += 1;
            continue;
        }
        let (Some(mut offset), Some(per_chunk)) = (offsets.at(chunk), be_u32(stsc, 8 + 12 * run + 4)) else {
            break;
        };
        if per_chunk == 0 {
            break;
        }
        for _ in 0..per_chunk {
            if samples.len() == count {
                break;
            }
            let size = if uniform_size > 0 {
                Some(uniform_size)
            } else {
                be_u32(stsz, 12 + 4 * samples.len())
            };
            let (Some(size), Some((time_ticks, duration_ticks))) = (size, times.next()) else {
                return Some((samples, false));
            };
            samples.push(Mp4Sample {
                offset,
                size,
                time_ticks,
                duration_ticks,
            });
            offset = offset.checked_add(u64::from(size))?;
        }
        chunk = chunk.checked_add(1)?;
    }
    let is_complete = samples.len() == claimed;
    Some((samples, is_complete))
}

/// `stco` or `co64`.
struct ChunkOffsets<'a> {
    body: &'a [u8],
    wide: bool,
}

impl<'a> ChunkOffsets<'a> {
    fn find(stbl: &'a [u8], warnings: &mut Warnings) -> Option<Self> {
        if let Some(body) = child(stbl, b"stco", warnings) {
            return Some(Self { body, wide: false });
        }
        child(stbl, b"co64", warnings).map(|body| Self { body, wide: true })
    }

    fn at(&self, chunk: u32) -> Option<u64> {
        if chunk >= be_u32(self.body, 4)? {
            return None;
        }
        let chunk = chunk as usize;
        if self.wide {
            be_u64(self.body, 8 + 8 * chunk)
        } else {
            be_u32(self.body, 8 + 4 * chunk).map(u64::from)
        }
    }
}

/// Walks `stts`: runs of samples with one duration.
struct Times<'a> {
    stts: &'a [u8],
    entry: usize,
    used: u32,
    now_ticks: u64,
}

impl<'a> Times<'a> {
    fn new(stts: &'a [u8]) -> Self {
        Self {
            stts,
            entry: 0,
            used: 0,
            now_ticks: 0,
        }
    }

    fn next(&mut self) -> Option<(u64, u32)> {
        loop {
            let count = be_u32(self.stts, 8 + 8 * self.entry)?;
            let duration = be_u32(self.stts, 12 + 8 * self.entry)?;
            if self.used < count {
                let time = self.now_ticks;
                self.now_ticks = self.now_ticks.checked_add(u64::from(duration))?;
                self.used += 1;
                return Some((time, duration));
            }
            self.entry += 1;
            self.used = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full_box(name: &[u8; 4], words: &[u32]) -> Vec<u8> {
        let mut bytes = ((12 + 4 * words.len()) as u32).to_be_bytes().to_vec();
        bytes.extend(name);
        bytes.extend([0; 4]);
        bytes.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        bytes
    }

    fn expand_all(parts: &[Vec<u8>]) -> (Vec<Mp4Sample>, Warnings) {
        let mut warnings = Warnings::default();
        let samples = samples(&parts.concat(), 4, &mut warnings);
        (samples, warnings)
    }

    #[test]
    fn several_samples_per_chunk_and_two_runs() {
        let (samples, warnings) = expand_all(&[
            full_box(b"stsz", &[0, 5, 10, 20, 30, 40, 50]),
            full_box(b"stsc", &[2, 1, 2, 1, 3, 1, 1]),
            full_box(b"stco", &[3, 100, 200, 300]),
            full_box(b"stts", &[2, 4, 1001, 1, 500]),
        ]);
        assert!(warnings.is_empty(), "{warnings:?}");
        let places: Vec<_> = samples.iter().map(|s| (s.offset, s.size, s.time_ticks)).collect();
        assert_eq!(
            places,
            [
                (100, 10, 0),
                (110, 20, 1001),
                (200, 30, 2002),
                (230, 40, 3003),
                (300, 50, 4004)
            ]
        );
        assert_eq!(samples[4].duration_ticks, 500);
    }

    #[test]
    fn offsets_over_four_gigabytes() {
        let mut co64 = full_box(b"co64", &[1, 2, 0]);
        let (samples, _) = expand_all(&[
            full_box(b"stsz", &[8, 1]),
            full_box(b"stsc", &[1, 1, 1, 1]),
            std::mem::take(&mut co64),
            full_box(b"stts", &[1, 1, 1]),
        ]);
        assert_eq!(samples[0].offset, 2 << 32);
    }

    #[test]
    fn a_hostile_count_ends_where_the_tables_end() {
        let (samples, warnings) = expand_all(&[
            full_box(b"stsz", &[1, u32::MAX]),
            full_box(b"stsc", &[1, 1, 3, 1]),
            full_box(b"stco", &[2, 100, 200]),
            full_box(b"stts", &[1, u32::MAX, u32::MAX]),
        ]);
        assert_eq!(samples.len(), 6);
        assert_eq!(warnings.as_slice(), [Warning::BadSampleTable { track_id: 4 }]);
    }
}
