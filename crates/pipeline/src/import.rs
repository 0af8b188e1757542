//! Markers of other programs to marker tables (cli.md section 3.6, editors.md section 5).

use std::path::{Path, PathBuf};

use mtbsync_markers::import::{ImportError, ImportFormat, ImportOptions, Imported, MAX_IMPORT_BYTES, import};
use mtbsync_markers::time::Rate;
use mtbsync_markers::{MarkerTable, ReadMarkersError, read_markers};

use crate::error::PipelineError;
use crate::source::{Destination, Source, check_output, write_files};

/// One call of `import-markers`.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// The file of an editor.
    pub input: Source,
    /// Its format; `None`: told by content.
    pub format: Option<ImportFormat>,
    /// Where the marker table goes; `None`: `<stem>_markers.csv`.
    pub out: Option<Destination>,
    /// What the file may not say itself.
    pub options: ImportOptions,
}

/// What an import came to.
#[derive(Clone, Debug)]
pub struct ImportReport {
    /// What was found.
    pub imported: Imported,
    /// The table written.
    pub path: Option<PathBuf>,
    /// The table, when it was asked for on stdout.
    pub stdout: Option<Vec<u8>>,
}

/// Reads the markers of an editor file and writes them as a table.
///
/// # Errors
/// Unknown or damaged content, no marker in it, an output that cannot be written.
pub fn import_markers(request: &ImportRequest) -> Result<ImportReport, PipelineError> {
    let input = request.input.path();
    let bytes = request.input.read(MAX_IMPORT_BYTES as u64)?;
    let imported =
        import(&bytes, request.format, &request.options).map_err(|error| unreadable(&error, input))?;
    let csv = imported.to_csv();
    let out = match (&request.out, &request.input) {
        (Some(out), _) => out.clone(),
        (None, Source::File(path)) => Destination::File(default_output(path)),
        (None, Source::Stdin) => {
            return Err(
                PipelineError::usage("markers come from stdin, so the output needs a name")
                    .hint("give --out"),
            );
        }
    };
    let Destination::File(path) = out else {
        return Ok(ImportReport {
            imported,
            path: None,
            stdout: Some(csv),
        });
    };
    check_output(&path)?;
    write_files(&[(&path, &csv)])?;
    Ok(ImportReport {
        imported,
        path: Some(path),
        stdout: None,
    })
}

fn default_output(input: &Path) -> PathBuf {
    let mut name = input.file_stem().unwrap_or_default().to_owned();
    name.push("_markers.csv");
    input.with_file_name(name)
}

fn unreadable(error: &ImportError, input: &Path) -> PipelineError {
    let what = error.to_string();
    match error {
        ImportError::Timecode(_) => PipelineError::usage(what).maybe_hint(error.hint()),
        _ => PipelineError::new(what).at(input).maybe_hint(error.hint()),
    }
}

/// Reads markers of the reference: a marker table, or any file [`import_markers`] reads. Timecode counts at `rate`.
///
/// # Errors
/// Neither; a table that is almost right gets the error of a table, with its lines.
pub fn marker_table(source: &Source, rate: Option<Rate>) -> Result<MarkerTable, PipelineError> {
    let bytes = source.read(MAX_IMPORT_BYTES as u64)?;
    let as_table = |error: &ReadMarkersError| {
        PipelineError::new(error.to_string())
            .at(source.path())
            .maybe_hint(error.hint())
    };
    let not_a_table = match read_markers(&bytes, rate) {
        Ok(table) => return Ok(table),
        Err(error @ ReadMarkersError::Csv(_)) => error,
        Err(error) => return Err(as_table(&error)),
    };
    let options = ImportOptions {
        rate,
        ..ImportOptions::default()
    };
    match import(&bytes, None, &options) {
        Ok(imported) => {
            let mut table = read_markers(&imported.to_csv(), None).map_err(|error| as_table(&error))?;
            table.warnings.extend(imported.warnings);
            Ok(table)
        }
        Err(ImportError::UnknownFormat | ImportError::Table(_)) => Err(as_table(&not_a_table)),
        Err(error) => Err(unreadable(&error, source.path())),
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
        marker_table(&Source::File(path), Some(Rate::whole(25)))
    }

    #[test]
    fn reference_markers_may_come_from_an_editor() {
        let from_edl = table(EDL).unwrap();
        assert_eq!(
            (from_edl.markers[0].name.as_str(), from_edl.markers[0].t_ref_secs),
            ("Rock garden", 10.0)
        );
        assert_eq!(table("name,t_ref\nA,3\n").unwrap().markers[0].t_ref_secs, 3.0);
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
            assert!(error.what.contains(says), "{text}: {error}");
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
