//! `perf.json`: what a run cost (docs/reference/files.md#perfjson).

use mtbsync_formats::atomic::Replaces;
use serde::{Deserialize, Serialize};

/// Name of the file in a run folder.
pub const PERF_FILE: &str = "perf.json";
/// Knows a perf.json.
pub const OWN: Replaces = Replaces::own(|ends| ends.has_keys(&["cmd", "timings"]));

/// The two recordings of a run, as paths.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PerfPair {
    /// Reference recording.
    #[serde(rename = "ref")]
    pub reference: String,
    /// New recording.
    pub new: String,
}

/// Wall time per stage in seconds; `None` for a stage that did not run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Timings {
    /// Decoding.
    pub decode_sec: Option<f64>,
    /// Descriptors and keypoints.
    pub features_sec: Option<f64>,
    /// Reading and using tracks.
    pub gps_sec: Option<f64>,
    /// Finding candidate places.
    pub retrieval_sec: Option<f64>,
    /// Refinement.
    pub refine_sec: Option<f64>,
    /// Fitting the map.
    pub warp_sec: Option<f64>,
    /// Transferring markers.
    pub markers_sec: Option<f64>,
    /// The whole command.
    pub total_sec: Option<f64>,
    /// New frames analysed.
    pub frames_processed: u64,
}

impl Timings {
    /// New frames per second of retrieval; `None` when it took no time.
    pub fn fps(&self) -> Option<f64> {
        let seconds = self.retrieval_sec.filter(|s| *s > 0.0)?;
        Some(self.frames_processed as f64 / seconds)
    }
}

/// Content of `perf.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Perf {
    /// Whether the run finished without error.
    pub ok: bool,
    /// `sync` or `batch_item`.
    pub cmd: String,
    /// Artefact folder.
    pub out: String,
    /// The recordings.
    pub pair: PerfPair,
    /// Seconds per stage.
    pub timings: Timings,
    /// [`Timings::fps`].
    pub fps: Option<f64>,
    /// Process CPU time over wall time, percent; may exceed 100.
    pub cpu_pct: Option<f64>,
    /// Peak resident memory, 10^6 bytes.
    pub rss_mb: Option<f64>,
    /// GPU use, percent.
    pub gpu_util: Option<f64>,
    /// GPU memory, 10^6 bytes.
    pub gpu_mem_mb: Option<f64>,
    /// Whether a track took part.
    pub gps_used: bool,
    /// Whether the gates passed; `None` without a map.
    pub timewarp_ok: Option<bool>,
    /// Why the run failed.
    pub error: Option<String>,
    /// End of the run, RFC 3339.
    pub ts: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_specified_order() {
        let json = serde_json::to_string(&Perf::default()).unwrap();
        let keys = [
            "ok",
            "cmd",
            "out",
            "pair",
            "timings",
            "fps",
            "cpu_pct",
            "rss_mb",
            "gpu_util",
            "gpu_mem_mb",
            "gps_used",
            "timewarp_ok",
            "error",
            "ts",
        ];
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(value.as_object().unwrap().keys().eq(keys));
        assert!(json.contains(r#""pair":{"ref":"","new":""}"#));
    }

    #[test]
    fn fps_is_frames_per_second_of_retrieval() {
        let timings = Timings {
            retrieval_sec: Some(2.0),
            frames_processed: 90,
            ..Timings::default()
        };
        assert_eq!(timings.fps(), Some(45.0));
        assert_eq!(
            Timings {
                retrieval_sec: Some(0.0),
                ..timings
            }
            .fps(),
            None
        );
    }
}
