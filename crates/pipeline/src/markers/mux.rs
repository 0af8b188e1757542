//! Markers as chapters inside a recording (`export-markers --preset ffmetadata --mux`): a whole copy, or
//! none.

use std::io::{self, Write};
use std::path::Path;

use mtbsync_formats::atomic::{FileSet, Replaces, StagedFile, WriteError};
use mtbsync_formats::open_file;
use mtbsync_markers::import::{ImportFormat, ImportOptions, import};
use mtbsync_media::{ChapterError, ChapterMark, OpenOptions, Recording, copy_with_chapters, is_own_movie};
use mtbsync_task::error::{PipelineError, TaskProblem};
use mtbsync_task::progress::{Cancel, Stage};

use crate::context::Context;
use crate::markers::error::MarkerProblem;

/// Knows a movie that this program made.
pub const OWN_MOVIE: Replaces = Replaces::own(|ends| is_own_movie(&ends.tail));

/// Writes a copy of `video` to `out` with the chapters of the FFmpeg metadata `text`, which is read back so
/// that both ways give the same chapters.
///
/// # Errors
/// No chapters, a recording they cannot be written into, an output that cannot be written, or a wish to stop.
pub fn write_chapters(
    video: &Path,
    text: &[u8],
    (out, may): (&Path, Replaces),
    context: &Context<'_>,
) -> Result<(), PipelineError> {
    let imported = import(text, Some(ImportFormat::Ffmetadata), &ImportOptions::default())
        .map_err(MarkerProblem::Import)?;
    let zero_secs = container_start_secs(video)?;
    let chapters: Vec<ChapterMark> = imported
        .markers
        .into_iter()
        .map(|marker| ChapterMark {
            start_secs: marker.t_ref_secs + zero_secs,
            title: marker.name,
        })
        .collect();
    let mut source = open_file(video)?;
    let bytes = source.metadata().ok().map(|metadata| metadata.len());
    let staged = StagedFile::create(out, may)?;
    context.task.progress.start(Stage::Write, bytes, None);
    let mut copy = Copy {
        file: staged,
        written: 0,
        context,
    };
    copy_with_chapters(&mut source, &chapters, &mut copy)
        .map_err(|error| cannot_mux(error, video, out, context.task.cancel))?;
    context.task.progress.finish(Stage::Write);
    let mut set = FileSet::new();
    set.push(copy.file);
    set.commit()?;
    Ok(())
}

/// What the file's own clock shows at its first frame: markers count from that frame, chapters from the
/// clock's zero.
fn container_start_secs(video: &Path) -> Result<f64, PipelineError> {
    let options = OpenOptions {
        single_file: true,
        no_proxy: true,
    };
    let recording = Recording::open(video, &options)
        .map_err(|error| PipelineError::from(MarkerProblem::Open(error)).at(video))?;
    let first = recording.chapters().first();
    Ok(first.map_or(0.0, |first| first.container_start_secs))
}

fn cannot_mux(error: ChapterError, video: &Path, out: &Path, cancel: &Cancel) -> PipelineError {
    match error {
        _ if cancel.is_requested() => TaskProblem::Interrupted.into(),
        ChapterError::Write(error) => PipelineError::from(WriteError::from_io(out, error)),
        error => PipelineError::from(MarkerProblem::Chapters(error)).at(video),
    }
}

/// The output: says how far it is and stops when asked to.
struct Copy<'a> {
    file: StagedFile,
    written: u64,
    context: &'a Context<'a>,
}

impl Write for Copy<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.context.task.cancel.is_requested() {
            // Another kind than `Interrupted`, which is tried again.
            return Err(io::Error::other("stopped"));
        }
        let written = self.file.write(bytes)?;
        self.written += written as u64;
        self.context.task.progress.advance(Stage::Write, self.written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
