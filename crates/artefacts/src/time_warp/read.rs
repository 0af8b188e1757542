//! Maps off the disk: everything that a file could say wrongly is refused here.

use std::io::{Cursor, Read, Seek};
use std::path::Path;

use mtbsync_formats::npz::NpzReader;
use mtbsync_formats::{is_moment, json, read_bounded};
use mtbsync_task::error::PipelineError;
use serde::Deserialize;

use super::{MAX_KNOTS, NPZ_FORMAT, TimeWarpFile, VERSION};
use crate::error::ArtefactProblem;
use crate::run_set;

/// Read timewarp.json or warp.npz, told apart by content.
///
/// # Errors
/// Not readable, no map, a map that is not rising, or times no recording has.
pub fn read_warp(path: &Path) -> Result<TimeWarpFile, PipelineError> {
    let file = read_either(path).map_err(|error| error.at(path))?;
    file.check()
        .map_err(|error| PipelineError::from(error).at(path))?;
    let usable = file.warp().is_some() || (!file.ok && file.segments.is_empty() && file.version >= VERSION);
    if usable {
        Ok(file)
    } else {
        Err(PipelineError::from(ArtefactProblem::NoRisingMap).at(path))
    }
}

fn read_either(path: &Path) -> Result<TimeWarpFile, PipelineError> {
    let bytes = read_bounded(path, json::MAX_JSON_BYTES)?;
    run_set::check(path, &bytes)?;
    if bytes.starts_with(b"PK") {
        return Ok(decode_npz(Cursor::new(bytes)).ok_or(ArtefactProblem::NotAWarp)?);
    }
    // What a newer program writes may be of another shape.
    let head: Head = json::from_slice(&bytes).map_err(|_| ArtefactProblem::NotAWarp)?;
    json::check_version(head.version, VERSION)?;
    json::from_slice(&bytes).map_err(|_| ArtefactProblem::NotAWarp.into())
}

/// What tells how to read the rest: the whole text as a `Value` takes 40 times its size (64 MiB: 2.7 GB).
#[derive(Deserialize)]
struct Head {
    #[serde(default = "super::first_version")]
    version: u64,
}

#[derive(Deserialize)]
struct NpzHead {
    format: String,
}

fn decode_npz<R: Read + Seek>(reader: R) -> Option<TimeWarpFile> {
    let mut npz = NpzReader::new(reader).ok()?;
    let meta = npz.bounded::<u8>("meta", json::MAX_JSON_BYTES as usize).ok()?;
    let head: Head = json::from_slice(&meta.data).ok()?;
    let npz_head: NpzHead = json::from_slice(&meta.data).ok()?;
    if npz_head.format != NPZ_FORMAT || head.version > VERSION {
        return None;
    }
    let mut file: TimeWarpFile = json::from_slice(&meta.data).ok()?;
    file.knots.t_new = npz.bounded("t_new", MAX_KNOTS).ok()?.data;
    let n = Some(file.knots.t_new.len());
    file.knots.t_ref = npz.shaped("t_ref", &[n]).ok()?.data;
    file.knots.sigma = npz.shaped("sigma", &[n]).ok()?.data;
    if npz.contains("half_width") {
        file.knots.half_width = npz.bounded("half_width", MAX_KNOTS).ok()?.data;
    }
    Some(file)
}

impl TimeWarpFile {
    /// Refuses times that no recording has, wherever they stand.
    fn check(&self) -> Result<(), ArtefactProblem> {
        let refuse = |field: String, secs: f64| Err(ArtefactProblem::TooFar { field, secs });
        let knots = &self.knots;
        let arrays = [
            ("t_new", &knots.t_new),
            ("t_ref", &knots.t_ref),
            ("sigma", &knots.sigma),
            ("half_width", &knots.half_width),
        ];
        for (name, times) in arrays {
            if let Some(k) = times.iter().position(|secs| !is_moment(*secs)) {
                return refuse(format!("knots.{name}[{k}]"), times[k]);
            }
        }
        let segments = self
            .segments
            .iter()
            .flat_map(|s| [s.t_new, s.t_ref].into_iter().flatten());
        let stops = self.stops.iter().flat_map(|stop| [stop.from, stop.to]);
        let durations = [&self.new, &self.reference]
            .into_iter()
            .flatten()
            .map(|side| side.duration);
        let offset = self.params.map(|line| line.b);
        let residuals = self
            .residuals
            .into_iter()
            .flat_map(|r| [r.mae, r.p50, r.p90, r.p95])
            .flatten();
        let window = self.window_sec.into_iter();
        let fields: [(&str, Vec<f64>); 6] = [
            ("segments", segments.collect()),
            ("stops", stops.collect()),
            ("duration", durations.collect()),
            ("params.b", offset.into_iter().collect()),
            ("residuals", residuals.collect()),
            ("window_sec", window.collect()),
        ];
        for (field, times) in fields {
            if let Some(secs) = times.into_iter().find(|secs| !is_moment(*secs)) {
                return refuse(field.to_owned(), secs);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mtbsync_align::fit::fit_monotone;
    use mtbsync_align::gates::judge;

    use super::*;
    use crate::pairs::tests::pairs;
    use crate::time_warp::{Params, RecordingFile};
    use mtbsync_align::WarpSettings;

    fn file() -> TimeWarpFile {
        let warp = fit_monotone(&pairs(), &[]);
        let verdict = judge(&warp, &pairs(), 30.0, &WarpSettings::default());
        TimeWarpFile::new(&warp, &verdict, &WarpSettings::default())
    }

    #[test]
    fn json_and_npz_hold_the_same_map() {
        let folder = tempfile::tempdir().unwrap();
        let (json_path, npz_path) = (folder.path().join("a.json"), folder.path().join("b.npz"));
        std::fs::write(&json_path, file().to_json().unwrap()).unwrap();
        std::fs::write(&npz_path, file().to_npz().unwrap()).unwrap();
        let (a, b) = (read_warp(&json_path).unwrap(), read_warp(&npz_path).unwrap());
        assert_eq!(a.warp(), b.warp());
        assert_eq!(a.warp(), file().warp());
    }

    #[test]
    fn maps_without_half_widths_take_them_from_sigma() {
        let mut old = file();
        assert!(
            old.knots
                .half_width
                .iter()
                .zip(&old.knots.sigma)
                .any(|(half, s)| half < &(2.0 * s))
        );
        old.knots.half_width.clear();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old");
        for bytes in [old.to_json().unwrap(), old.to_npz().unwrap()] {
            std::fs::write(&path, bytes).unwrap();
            let warp = read_warp(&path).unwrap().warp().unwrap();
            let (half, sigma) = (warp.ref_half_width_at(15.0), warp.ref_sigma_at(15.0));
            assert!((half.unwrap() / sigma.unwrap() - 2.353).abs() < 1e-3);
        }
        for wrong in [vec![0.1], vec![-0.1; old.knots.sigma.len()]] {
            old.knots.half_width = wrong;
            assert_eq!(old.warp(), None);
        }
    }

    #[test]
    fn version_one_lines_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.json");
        std::fs::write(
            &path,
            r#"{"model":"affine","params":{"a":1.25,"b":-2.0},"residuals":{"p90":0.329}}"#,
        )
        .unwrap();
        let file = read_warp(&path).unwrap();
        assert!(file.ok);
        let warp = file.warp().unwrap();
        assert!((warp.ref_from_new(10.0).unwrap() - 10.5).abs() < 1e-9);
        assert!((warp.ref_sigma_at(10.0).unwrap() - 0.2).abs() < 1e-9);
    }

    #[test]
    fn times_no_recording_has_are_refused_with_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w");
        let refused = |of: &dyn Fn(&mut TimeWarpFile), place: &str| {
            let mut file = file();
            of(&mut file);
            for bytes in [file.to_json().unwrap(), file.to_npz().unwrap()] {
                std::fs::write(&path, bytes).unwrap();
                let error = read_warp(&path).unwrap_err().what();
                assert!(
                    error.contains("at most 7 days") && error.contains(place),
                    "{error}"
                );
            }
        };
        for extreme in [1e15, -1e308] {
            refused(&|file| file.knots.t_new[3] = extreme, "knots.t_new[3]");
            refused(&|file| file.knots.t_ref[0] = extreme, "knots.t_ref[0]");
            refused(&|file| file.knots.sigma[1] = extreme, "knots.sigma[1]");
            refused(&|file| file.knots.half_width[2] = extreme, "knots.half_width[2]");
            refused(
                &|file| {
                    file.new = Some(RecordingFile {
                        duration: extreme,
                        ..RecordingFile::default()
                    });
                },
                "duration",
            );
            refused(
                &|file| file.params = Some(Params { a: 1.0, b: extreme }),
                "params.b",
            );
        }
    }

    #[test]
    fn segments_that_share_knots_are_no_map() {
        let mut file = file();
        assert!(file.warp().is_some());
        file.segments = vec![file.segments[0]; 5000];
        assert!(file.warp().is_none());
    }

    #[test]
    fn what_is_no_map_is_refused_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.json");
        for content in [
            "",
            "[]",
            "{",
            r#"{"model":"affine"}"#,
            r#"{"model":"affine","params":{"a":-1,"b":0}}"#,
            "PK\u{3}\u{4}",
        ] {
            std::fs::write(&path, content).unwrap();
            let error = read_warp(&path).unwrap_err();
            assert!(error.what().starts_with("not a warp"), "{content}: {error}");
        }
        for newer in [
            r#"{"version":9,"model":"affine"}"#,
            r#"{"model":["of","another","shape"],"version":9}"#,
        ] {
            std::fs::write(&path, newer).unwrap();
            assert!(read_warp(&path).unwrap_err().hint().unwrap().contains("update"));
        }
    }
}
