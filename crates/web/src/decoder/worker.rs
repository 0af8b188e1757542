//! The child's side: does what it is asked, one thing after the other, within the limits it gives itself.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mtbsync_media::encode::jpeg;
use mtbsync_media::scale::{ColourMatrix, ColourOptions, MAX_SIDE, fit_inside};
use mtbsync_media::{Chapter, OpenOptions, Recording};
use mtbsync_pipeline::cache::Cache;
use mtbsync_pipeline::recordings::proxy;

use super::protocol::{Ask, ChapterFacts, Facts, Line, Said, StandIn};
use crate::runs::remembered::Stamp;
use mtbsync_task::clock::now_utc;

/// Recordings kept open; an hour of one takes a few megabytes.
const MAX_OPEN: usize = 8;
/// Threads of one decoder. More hold more pictures at once: each has one in work.
const THREADS: usize = 4;

/// What a decoder may use.
#[derive(Clone, Copy, Debug)]
pub struct Fence {
    /// Bytes of address space.
    pub memory_bytes: u64,
    /// Time of one answer; processors may be used for as long by each thread. Copies may take longer.
    pub answer: Duration,
}

/// Does what the lines of `asks` ask, and answers on `out`. `is_unwanted` says that nobody waits any more.
///
/// # Errors
/// Nobody listens.
pub fn work(
    asks: impl Iterator<Item = Vec<u8>>,
    mut out: impl Write,
    fence: Fence,
    is_unwanted: &dyn Fn() -> bool,
) -> io::Result<()> {
    limits::memory(fence.memory_bytes);
    let mut open = OpenRecordings::default();
    for line in asks {
        let Ok(ask) = serde_json::from_slice(&line) else {
            continue;
        };
        let (said, bytes) = match ask {
            Ask::Open { path } => {
                limits::processor(fence.answer * THREADS as u32);
                opened(&mut open, &path)
            }
            Ask::Frame { path, t_secs, width } => {
                limits::processor(fence.answer * THREADS as u32);
                frame(&mut open, &path, t_secs, width)
            }
            Ask::Copy {
                path,
                key,
                cache,
                max_bytes,
            } => {
                limits::priority();
                let cache = Cache {
                    folder: cache,
                    max_bytes,
                };
                copy(&cache, &path, &key, &mut |done, total| {
                    say(&mut out, Said::Progress { done, total }, &[]).is_ok() && !is_unwanted()
                })
            }
        }
        .unwrap_or_else(|what| (Said::Failed(what), Vec::new()));
        say(&mut out, said, &bytes)?;
    }
    Ok(())
}

fn say(out: &mut impl Write, said: Said, bytes: &[u8]) -> io::Result<()> {
    let bytes_count = bytes.len() as u64;
    let mut line = serde_json::to_vec(&Line {
        said,
        bytes: bytes_count,
    })?;
    line.push(b'\n');
    line.extend(bytes);
    out.write_all(&line)?;
    out.flush()
}

/// What was opened last, for the frames that are asked for next.
#[derive(Default)]
struct OpenRecordings(VecDeque<(PathBuf, Stamp, Recording)>);

impl OpenRecordings {
    fn get(&mut self, path: &Path) -> Result<&Recording, String> {
        let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
        let stamp = (metadata.len(), metadata.modified().ok());
        self.0
            .retain(|(known, known_stamp, _)| known != path || *known_stamp == stamp);
        if !self.0.iter().any(|(known, ..)| known == path) {
            let recording =
                Recording::open(path, &OpenOptions::default()).map_err(|error| error.to_string())?;
            self.0.truncate(MAX_OPEN - 1);
            self.0.push_front((path.to_owned(), stamp, recording));
        }
        let found = self.0.iter().find(|(known, ..)| known == path);
        found
            .map(|(.., recording)| recording)
            .ok_or_else(|| "is gone".to_owned())
    }
}

type Answer = Result<(Said, Vec<u8>), String>;

fn opened(open: &mut OpenRecordings, path: &Path) -> Answer {
    let recording = open.get(path)?;
    let info = recording.info();
    let is_needed = proxy::is_needed(info);
    let chapter = |chapter: &Chapter| -> Result<ChapterFacts, String> {
        let stand_in = match &chapter.proxy {
            Some(camera) => StandIn::Camera(camera.clone()),
            None if is_needed => {
                let id = proxy::identify(&chapter.path).map_err(|_| "cannot be read".to_owned())?;
                StandIn::Made(id.key)
            }
            None => StandIn::NotNeeded,
        };
        Ok(ChapterFacts {
            path: chapter.path.clone(),
            start_secs: chapter.start_secs,
            stand_in,
        })
    };
    let chapters: Result<_, String> = recording.chapters().iter().map(chapter).collect();
    let facts = Facts {
        duration_secs: info.duration_secs,
        frame_rate: format!("{}/{}", info.frame_rate.num, info.frame_rate.den),
        width: info.width,
        height: info.height,
        codec: info.codec.clone(),
        bit_depth: info.bit_depth,
        rotation_deg: info.rotation_deg,
        chapters: chapters?,
    };
    let timeline = recording.timeline();
    let times = (0..timeline.len()).flat_map(|index| timeline.pts_secs(index).to_le_bytes());
    Ok((Said::Opened(facts), times.collect()))
}

fn frame(open: &mut OpenRecordings, path: &Path, t_secs: f64, width: usize) -> Answer {
    let recording = open.get(path)?;
    let info = recording.info();
    let options = ColourOptions {
        size: fit_inside((info.width, info.height), (width, MAX_SIDE)),
        matrix: Some(ColourMatrix::Bt601),
        full_range: true,
        threads: THREADS,
    };
    let unusable = |error: String| format!("the frame cannot be decoded ({error})");
    let index = recording.timeline().shown_at(t_secs);
    let frame = recording.colour_frames(&[index], &options).next();
    let frame = frame
        .ok_or_else(|| unusable("it is damaged".to_owned()))?
        .map_err(|error| unusable(error.to_string()))?;
    let picture = jpeg(&frame.picture).map_err(|error| unusable(error.to_string()))?;
    Ok((Said::Done, picture))
}

fn copy(cache: &Cache, path: &Path, key: &str, progress: &mut dyn FnMut(u64, u64) -> bool) -> Answer {
    let id = proxy::identify(path).map_err(|_| "cannot be read".to_owned())?;
    if id.key != key {
        return Err("has changed meanwhile".to_owned());
    }
    proxy::make(cache, path, &id, &now_utc(), progress).map_err(|error| error.what())?;
    Ok((Said::Done, Vec::new()))
}

#[cfg(unix)]
mod limits {
    use std::time::Duration;

    /// As `nice` does without a number.
    const NICENESS: i32 = 10;

    /// Bounds the address space of this process. Only Linux keeps to it.
    pub fn memory(bytes: u64) {
        let limit = libc::rlimit {
            rlim_cur: bytes,
            rlim_max: bytes,
        };
        // SAFETY: the call reads a structure that lives until it returns. A refusal leaves the limit as it
        // is.
        let _ = unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
    }

    /// Ends this process when it uses processors for `more` from now.
    pub fn processor(more: Duration) {
        let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: the call fills the structure, which is valid when zeroed, too.
        let used = unsafe {
            libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
            usage.assume_init()
        };
        let used_secs = used.ru_utime.tv_sec.saturating_add(used.ru_stime.tv_sec);
        let secs = u64::try_from(used_secs)
            .unwrap_or(0)
            .saturating_add(more.as_secs().max(1));
        let limit = libc::rlimit {
            rlim_cur: secs,
            rlim_max: libc::RLIM_INFINITY,
        };
        // SAFETY: as above.
        let _ = unsafe { libc::setrlimit(libc::RLIMIT_CPU, &raw const limit) };
    }

    /// Lets this process wait for others: pages and videos come first.
    pub fn priority() {
        // SAFETY: plain numbers, no memory; 0 names this process. A refusal changes nothing.
        let _ = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS) };
    }
}

/// Other systems have no such limits; the server's clock still ends what hangs.
#[cfg(not(unix))]
mod limits {
    use std::time::Duration;

    pub fn memory(_bytes: u64) {}
    pub fn processor(_more: Duration) {}
    pub fn priority() {}
}
