//! The telemetry of a recording, joined over its chapters.

use std::io::BufReader;
use std::path::Path;

use mtbsync_formats::open_file;
use mtbsync_media::Recording;
use mtbsync_task::error::{PipelineError, TaskProblem};
use mtbsync_telemetry::gpmf::{GpmfStream, GpsStream};
use mtbsync_telemetry::hilight::Hilight;
use mtbsync_telemetry::lens::{LensFrom, Lenses};
use mtbsync_telemetry::mp4::Mp4Error;
use mtbsync_telemetry::realtime::NotRealTime;
use mtbsync_telemetry::{FileTelemetry, Warnings};

use crate::error::IndexProblem;

/// What the camera wrote besides pictures and sound; times on the clock of the whole recording.
#[derive(Clone, Debug, Default)]
pub struct CameraTelemetry {
    /// GPS samples of all chapters.
    pub gps: Option<GpsStream>,
    /// Streams of the first chapter that has any.
    pub streams: Vec<GpmfStream>,
    /// HiLight tags.
    pub hilights: Vec<Hilight>,
    /// `creation_time` of the first chapter as Unix seconds; cameras write local time.
    pub creation_unix_secs: Option<f64>,
    /// What the camera says of its lens.
    pub lenses: Lenses,
    /// Camera model.
    pub model: Option<String>,
    /// Why a second of this recording is not a second of the ride.
    pub not_real_time: Option<NotRealTime>,
    /// What was skipped.
    pub warnings: Warnings,
}

impl CameraTelemetry {
    /// Reads all chapters. A file that is no MP4, or a damaged one, has no telemetry.
    ///
    /// # Errors
    /// The system cannot read a file.
    pub fn read(recording: &Recording) -> Result<Self, PipelineError> {
        let mut all = Self::default();
        for chapter in recording.chapters() {
            if let Some(file) = read_file(&chapter.path)? {
                all.add(file, chapter.start_secs, chapter.container_start_secs);
            }
        }
        Ok(all)
    }

    /// Refuses TimeWarp and time-lapse, whose times say nothing about a ride
    /// (docs/reference/telemetry-files.md#recordings-that-are-not-real-time). With `force` the reason comes
    /// back as a warning.
    ///
    /// # Errors
    /// Not real time, and not `force`.
    pub fn check_real_time(&self, path: &Path, force: bool) -> Result<Option<String>, PipelineError> {
        match &self.not_real_time {
            None => Ok(None),
            Some(why) if force => Ok(Some(format!(
                "{} looks like TimeWarp or time-lapse ({why})",
                path.display()
            ))),
            Some(why) => Err(PipelineError::from(IndexProblem::NotRealTime(*why)).at(path)),
        }
    }

    fn add(&mut self, file: FileTelemetry, start_secs: f64, container_start_secs: f64) {
        self.creation_unix_secs = self.creation_unix_secs.or(file.creation_unix_secs);
        self.model = self.model.take().or(file.identity.model);
        self.not_real_time = self.not_real_time.or(file.not_real_time);
        self.warnings.extend(file.warnings);
        self.hilights.extend(file.hilights.into_iter().map(|tag| Hilight {
            time_secs: tag.time_secs + start_secs,
            range_secs: (tag.range_secs.0 + start_secs, tag.range_secs.1 + start_secs),
            ..tag
        }));
        for lens in file.lenses.as_slice() {
            self.lenses.push(LensFrom {
                from_secs: lens.from_secs + start_secs,
                ..*lens
            });
        }
        let Some(telemetry) = file.telemetry else {
            return;
        };
        self.warnings.extend(telemetry.warnings);
        if self.streams.is_empty() {
            self.streams = telemetry.streams;
        }
        let Some(mut gps) = telemetry.gps else {
            return;
        };
        let shift_secs = start_secs - container_start_secs;
        for sample in &mut gps.samples {
            sample.time_secs += shift_secs;
        }
        for (time_secs, _) in &mut gps.payload_utc {
            *time_secs += shift_secs;
        }
        match &mut self.gps {
            Some(joined) if joined.source == gps.source => {
                joined.samples.append(&mut gps.samples);
                joined.payload_utc.append(&mut gps.payload_utc);
            }
            Some(_) => {}
            None => self.gps = Some(gps),
        }
    }
}

fn read_file(path: &Path) -> Result<Option<FileTelemetry>, PipelineError> {
    let file = open_file(path)?;
    match FileTelemetry::read(&mut BufReader::new(file)) {
        Ok(file) => Ok(Some(file)),
        Err(Mp4Error::Io(error)) => Err(PipelineError::from(TaskProblem::Unreadable(error)).at(path)),
        Err(_) => Ok(None),
    }
}
