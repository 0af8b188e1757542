//! Markers of other programs and cameras to marker tables
//! (docs/reference/cli.md#import-markers).

use crate::context::Context;
use mtbsync_artefacts::run_set::write_files;
use mtbsync_formats::atomic::Replaces;
use mtbsync_markers::own::IMPORTED;
use std::path::{Path, PathBuf};

use mtbsync_artefacts::edits;
use mtbsync_formats::csv::MAX_CSV_BYTES;
use mtbsync_markers::import::{
    ImportError, ImportFormat, ImportOptions, Imported, MAX_IMPORT_BYTES, from_tags, import,
};
use mtbsync_markers::time::Rate;
use mtbsync_markers::{MarkerTable, ReadMarkersError, read_markers};
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::{Destination, Input};

use crate::markers::error::MarkerProblem;
use crate::markers::video_tags::{self, TagKind};

/// What an input is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputFormat {
    /// A file of an editor, or a table.
    Text(ImportFormat),
    /// Marks inside a recording.
    Tags(TagKind),
}

impl InputFormat {
    /// The format of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let tags = TagKind::ALL.into_iter().find(|kind| kind.name() == name);
        tags.map(Self::Tags)
            .or_else(|| ImportFormat::from_name(name).map(Self::Text))
    }

    /// The name, as in `--format`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text(format) => format.name(),
            Self::Tags(kind) => kind.name(),
        }
    }

    /// Names of all formats, for people.
    pub fn names() -> String {
        let texts = ImportFormat::ALL.iter().map(|format| format.name());
        let tags = TagKind::ALL.iter().map(|kind| kind.name());
        texts.chain(tags).collect::<Vec<_>>().join(", ")
    }
}

/// One call of `import-markers`.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// The file of an editor, or a recording.
    pub input: Input,
    /// Its format; `None`: told by content.
    pub format: Option<InputFormat>,
    /// Where the marker table goes; `None`: `<stem>_markers.csv`.
    pub out: Option<Destination>,
    /// What the file may not say itself.
    pub options: ImportOptions,
}

/// What an import came to.
#[derive(Clone, Debug)]
pub struct ImportReport {
    /// What the input was read as.
    pub format: InputFormat,
    /// What was found.
    pub imported: Imported,
    /// The table written.
    pub path: Option<PathBuf>,
    /// The table, when it was asked for on stdout.
    pub stdout: Option<Vec<u8>>,
}

/// Reads the markers of a file and writes them as a table.
///
/// # Errors
/// Unknown or damaged content, no marker in it, an output that cannot be written.
pub fn import_markers(request: &ImportRequest, context: &Context<'_>) -> Result<ImportReport, PipelineError> {
    let out = match (&request.out, &request.input) {
        (Some(out), _) => out.clone(),
        (None, Input::File(path)) => Destination::File(default_output(path)),
        (None, Input::Stdin) => {
            return Err(MarkerProblem::OutputUnnamed.into());
        }
    };
    let outputs = context.outputs([request.input.path()]);
    let may = match &out {
        Destination::File(path) => outputs.check(path, IMPORTED)?,
        Destination::Stdout => Replaces::NOTHING,
    };
    let (format, imported) = read_any(&request.input, request.format, &request.options)?;
    let csv = imported.to_csv();
    let Destination::File(path) = out else {
        return Ok(ImportReport {
            format,
            imported,
            path: None,
            stdout: Some(csv),
        });
    };
    write_files(&[(&path, may, &csv)])?;
    Ok(ImportReport {
        format,
        imported,
        path: Some(path),
        stdout: None,
    })
}

/// The bytes of a table of markers of the new run, with the moments a person has set.
///
/// # Errors
/// Not readable, or too large.
pub fn read_new_markers(source: &Input) -> Result<Vec<u8>, PipelineError> {
    match source {
        Input::File(path) => edits::read_table(path, MAX_CSV_BYTES),
        Input::Stdin => source.read(MAX_CSV_BYTES),
    }
}

/// Reads markers of the reference: a marker table, or any file [`import_markers`] reads. Timecode counts at
/// `rate`.
///
/// # Errors
/// Neither; a table that is almost right gets the error of a table, with its lines.
pub fn read_marker_table(source: &Input, rate: Option<Rate>) -> Result<MarkerTable, PipelineError> {
    let as_table = |error| PipelineError::from(MarkerProblem::Table(error)).at(source.path());
    let into_table = |imported: Imported| {
        let mut table = read_markers(&imported.to_csv(), None).map_err(as_table)?;
        table.warnings.extend(imported.warnings);
        Ok(table)
    };
    if let Some(path) = recording(source) {
        return into_table(read_tags(path, None)?.1);
    }
    let bytes = source.read(MAX_IMPORT_BYTES as u64)?;
    let not_a_table = match read_markers(&bytes, rate) {
        Ok(table) => return Ok(table),
        Err(error @ ReadMarkersError::BadRows { .. }) => return Err(as_table(error)),
        Err(error) => error,
    };
    let options = ImportOptions {
        // Timecode of a fast recording counts at a fraction of its rate.
        rate: rate.map(Rate::for_timecode),
        ..ImportOptions::default()
    };
    match import(&bytes, None, &options) {
        Ok(imported) => into_table(imported),
        Err(ImportError::UnknownFormat | ImportError::Table(_)) => Err(as_table(not_a_table)),
        Err(error) => Err(unreadable(error, source.path())),
    }
}

fn read_any(
    input: &Input,
    format: Option<InputFormat>,
    options: &ImportOptions,
) -> Result<(InputFormat, Imported), PipelineError> {
    let text_format = match (format, recording(input)) {
        (Some(InputFormat::Tags(kind)), _) => {
            let Input::File(path) = input else {
                return Err(MarkerProblem::StdinRecording.into());
            };
            return read_tags(path, Some(kind));
        }
        (None, Some(path)) => return read_tags(path, None),
        (None, None) => None,
        (Some(InputFormat::Text(format)), _) => Some(format),
    };
    let bytes = input.read(MAX_IMPORT_BYTES as u64)?;
    let imported = import(&bytes, text_format, options).map_err(|error| unreadable(error, input.path()))?;
    // Only marks of recordings have no text format.
    let format = imported.format.unwrap_or(ImportFormat::Csv);
    Ok((InputFormat::Text(format), imported))
}

/// The path of an input that is a recording.
fn recording(input: &Input) -> Option<&Path> {
    match input {
        Input::File(path) if video_tags::is_mp4(path) => Some(path),
        Input::File(_) | Input::Stdin => None,
    }
}

fn read_tags(path: &Path, kind: Option<TagKind>) -> Result<(InputFormat, Imported), PipelineError> {
    let tags = video_tags::read(path, kind)?;
    let mut imported = from_tags(tags.markers).map_err(|error| {
        let what = kind.map_or("HiLight tags or chapters", |kind| match kind {
            TagKind::Hilights => "HiLight tags",
            TagKind::Chapters => "chapters",
        });
        unreadable(error, path).with_hint(Some(format!("the recording has no {what}")))
    })?;
    imported.rate = tags.rate;
    imported.start = tags.start;
    imported.warnings.extend(tags.warnings);
    Ok((InputFormat::Tags(tags.kind), imported))
}

fn default_output(input: &Path) -> PathBuf {
    let mut name = input.file_stem().unwrap_or_default().to_owned();
    name.push("_markers.csv");
    input.with_file_name(name)
}

fn unreadable(error: ImportError, input: &Path) -> PipelineError {
    match error {
        ImportError::Timecode(_) => MarkerProblem::Import(error).into(),
        _ => PipelineError::from(MarkerProblem::Import(error)).at(input),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDL: &str = "TITLE: x\nFCM: NON-DROP FRAME\n\n001  001      V     C        01:00:10:00 01:00:10:01 \
        01:00:10:00 01:00:10:01  \nleft |C:ResolveColorGreen |M:Rock garden |D:1\n";

    fn table(text: &str) -> Result<MarkerTable, PipelineError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in");
        std::fs::write(&path, text).unwrap();
        read_marker_table(&Input::File(path), Some(Rate::whole(25)))
    }

    #[test]
    fn reference_markers_may_come_from_an_editor() {
        let from_edl = table(EDL).unwrap();
        assert_eq!(
            (from_edl.markers[0].name.as_str(), from_edl.markers[0].t_ref_secs),
            ("Rock garden", 10.0)
        );
        assert_eq!(table("name,t_ref\nA,3\n").unwrap().markers[0].t_ref_secs, 3.0);
        let list = "Marker Name\tDescription\tIn\tOut\nDrop\t\t00:00:02:05\t00:00:02:05\n";
        assert_eq!(table(list).unwrap().markers[0].t_ref_secs, 2.2);
    }

    #[test]
    fn almost_tables_get_the_error_of_a_table() {
        for (text, says) in [
            ("", "is empty"),
            ("name,t_ref\nA,x\n", "not a number (line 2, column t_ref)"),
            ("name,foo\nA,1\n", "column t_ref missing"),
            ("<html></html>", "no header"),
        ] {
            let error = table(text).unwrap_err();
            assert!(error.what().contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn the_table_is_named_after_the_input() {
        assert_eq!(
            default_output(Path::new("a/cut.edl")),
            Path::new("a/cut_markers.csv")
        );
    }
}
