//! `index.npz`: features on disk, readable by numpy without pickle.
//!
//! Beside the members of the documented layout an index may hold `fine_t` (`f64[F]`) and `fine_dense` (`u8`
//! of F × D): dense descriptors of frames between the analysed ones, there when every frame had to be decoded
//! anyway; and `detail` (`u8[N, 9216]`) and `fine_detail` (`u8[F, 9216]`): the HOG grids of both kinds, two
//! bins a byte; `luma` and `fine_luma`: their reduced pictures as JPEGs one after the other, picture `i` at
//! `luma_offsets[i]..luma_offsets[i + 1]`. `track` is there when the camera's own GPS has usable points.
//! Large members stay in the file; `<name>_crc32` holds the checksums of their blocks.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use mtbsync_formats::ReadError;
use mtbsync_formats::atomic::Replaces;
use mtbsync_formats::npz::NpzReader;
use mtbsync_task::error::PipelineError;
use mtbsync_telemetry::lens::Lenses;
use mtbsync_vision::dense::{BINS, COLS, ROWS, SCALE};
use serde::{Deserialize, Serialize};

use crate::features::{KEYPOINT_BYTES, SourceRecording};

pub use self::read::read;
pub use self::write::write;

const FORMAT: &str = "mtbsync-index";
const VERSION: u64 = 4;
/// Members with the reduced pictures of the analysed frames and of those between: where each begins, and
/// their bytes.
const PICTURES: [[&str; 2]; 2] = [["luma_offsets", "luma"], ["fine_luma_offsets", "fine_luma"]];
/// x, y, response.
const KEYPOINT_NUMBERS: usize = KEYPOINT_BYTES / size_of::<f32>();

#[derive(Serialize, Deserialize)]
struct Meta {
    format: String,
    version: u64,
    program: String,
    created_utc: String,
    source: SourceRecording,
    params: MetaParams,
    num_frames: usize,
    total_keypoints: usize,
    skipped_frames: usize,
    #[serde(default)]
    lenses: Lenses,
    /// Names of the members before this one: what may be absent, and is, is told from what got lost.
    members: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct MetaParams {
    fps: f64,
    n_features: usize,
    clahe: bool,
    image_max_dim: usize,
    picture: [usize; 2],
    dense: MetaDense,
    #[serde(default)]
    precise: bool,
}

#[derive(Serialize, Deserialize, PartialEq)]
struct MetaDense {
    cols: usize,
    rows: usize,
    bins: usize,
    scale: f64,
    offset: f64,
}

fn dense_layout() -> MetaDense {
    // The shortest decimal of the f32, so that the file says 0.0019607844 and not its binary tail.
    let scale = SCALE.to_string().parse().unwrap_or(f64::from(SCALE));
    MetaDense {
        cols: COLS,
        rows: ROWS,
        bins: BINS,
        scale,
        offset: 0.0,
    }
}

/// Knows an index by its first member.
pub const OWN: Replaces =
    Replaces::own(|ends| ends.head.starts_with(b"PK\x03\x04") && ends.head_holds("t_ref.npy"));

/// Whether the index at `path` is what was written; every byte of it is read.
///
/// # Errors
/// The system cannot read it.
pub fn is_whole(path: &Path) -> Result<bool, PipelineError> {
    let file = File::open(path).map_err(|error| ReadError::from_io(path, error))?;
    let checked = NpzReader::new(BufReader::new(file)).and_then(|mut npz| npz.check_all());
    match checked {
        Ok(_) => Ok(true),
        Err(error) if error.system_error().is_some() => {
            Err(PipelineError::from(crate::error::IndexProblem::from(error)).at(path))
        }
        Err(_) => Ok(false),
    }
}

/// Name of the member with the checksums of another one's blocks.
fn sums_name(column: &str) -> String {
    format!("{column}_crc32")
}
