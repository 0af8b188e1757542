//! The sound of several recordings in turn, each at its own speed.

use mtbsync_media::encode::SoundSettings;
use mtbsync_media::{FrameError, Recording, SoundReader};

use super::schedule::IdealSchedule;
use crate::render::soundtrack::{Cut, Voice, encoded_rate};

/// The sound, cut to a schedule.
pub struct IdealSound {
    cut: Cut,
    /// That of the piece which is heard; `None` where its recording has no sound.
    voice: Option<Voice>,
    /// Number of that piece.
    piece: Option<usize>,
}

impl IdealSound {
    /// Sound at the rate of the first recording that has any, in stereo where one of them is. `None` where
    /// none has.
    ///
    /// # Errors
    /// A recording, by its number, that cannot be read.
    pub fn of<'r>(
        recordings: impl Iterator<Item = &'r Recording>,
    ) -> Result<Option<IdealSound>, (usize, FrameError)> {
        let mut settings: Option<SoundSettings> = None;
        for (number, recording) in recordings.enumerate() {
            let Some(reader) = SoundReader::open(recording).map_err(|error| (number, error))? else {
                continue;
            };
            let known = settings.get_or_insert(SoundSettings {
                rate: encoded_rate(reader.rate()),
                channels: reader.channels(),
            });
            known.channels = known.channels.max(reader.channels());
        }
        Ok(settings.map(|settings| IdealSound {
            cut: Cut { settings, made: 0 },
            voice: None,
            piece: None,
        }))
    }

    /// What it is like.
    pub fn settings(&self) -> SoundSettings {
        self.cut.settings
    }

    /// The samples up to the beginning of output frame `frame`, from where the last call ended;
    /// `recording_of` knows the recording of a piece.
    ///
    /// # Errors
    /// The recording of a piece, by the number of the piece, cannot be read.
    pub fn up_to_frame<'r>(
        &mut self,
        frame: u64,
        schedule: &IdealSchedule,
        recording_of: impl Fn(usize) -> Option<&'r Recording>,
    ) -> Result<Vec<Vec<f32>>, (usize, FrameError)> {
        let out_secs = frame as f64 / schedule.rate().as_f64();
        let SoundSettings { rate, channels } = self.cut.settings;
        let (voice, heard) = (&mut self.voice, &mut self.piece);
        self.cut
            .up_to(out_secs, schedule.pieces(), |piece, offset, length| {
                let unreadable = |error| (piece.number, error);
                if *heard != Some(piece.number) {
                    *heard = Some(piece.number);
                    let reader = recording_of(piece.number).map(SoundReader::open).transpose();
                    *voice = reader
                        .map_err(unreadable)?
                        .flatten()
                        .map(|reader| Voice { reader, rate });
                }
                let mut samples = match voice {
                    Some(voice) => voice
                        .at_own_speed(piece.from_secs, offset, length)
                        .map_err(unreadable)?,
                    None => vec![vec![0.0; length]],
                };
                let mono = samples.first().cloned().unwrap_or_default();
                samples.resize(channels, mono);
                Ok(samples)
            })
    }
}
