//! `batch_summary.csv`: one row per pair of a batch (docs/reference/files.md#batch_summarycsv).

use mtbsync_formats::atomic::Replaces;
use mtbsync_formats::csv::{CsvWriter, seconds6, share4};
use serde::{Deserialize, Serialize};

/// Name of the file in the output folder of a batch.
pub const SUMMARY_FILE: &str = "batch_summary.csv";

/// Knows a summary.
pub const OWN: Replaces = Replaces::own(|ends| ends.has_header("ref_video,new_video,out_dir,ok,error,"));

const HEADERS: [&str; 21] = [
    "ref_video",
    "new_video",
    "out_dir",
    "ok",
    "error",
    "gps_used",
    "timewarp_ok",
    "candidates_kept",
    "candidates_total",
    "markers_written",
    "retrieval_sec",
    "warp_sec",
    "markers_sec",
    "total_sec",
    "ppm",
    "p90",
    "inlier_frac",
    "coverage",
    "markers_review",
    "markers_outside",
    "reasons",
];

/// One pair; `None` where its stage did not run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BatchRow {
    /// Reference recording.
    pub ref_video: String,
    /// New recording.
    pub new_video: String,
    /// Artefact folder.
    pub out_dir: String,
    /// Whether the run finished without error.
    pub ok: bool,
    /// Why it did not.
    pub error: Option<String>,
    /// Whether a track took part.
    pub gps_used: Option<bool>,
    /// Whether the gates passed.
    pub timewarp_ok: Option<bool>,
    /// Rows in pairs.csv.
    pub candidates_kept: Option<u64>,
    /// Rows matched.
    pub candidates_total: Option<u64>,
    /// Markers in new_markers.csv.
    pub markers_written: Option<u64>,
    /// Seconds of retrieval.
    pub retrieval_sec: Option<f64>,
    /// Seconds of fitting.
    pub warp_sec: Option<f64>,
    /// Seconds of marker transfer.
    pub markers_sec: Option<f64>,
    /// Seconds of the whole pair.
    pub total_sec: Option<f64>,
    /// Deviation of the slope from 1, in millionths.
    pub ppm: Option<f64>,
    /// p90 residual, s.
    pub p90: Option<f64>,
    /// Share of inliers.
    pub inlier_frac: Option<f64>,
    /// Mapped share of the new run.
    pub coverage: Option<f64>,
    /// Markers to review.
    pub markers_review: Option<u64>,
    /// Markers without counterpart.
    pub markers_outside: Option<u64>,
    /// Failed gates and refusals.
    pub reasons: Vec<String>,
}

/// The whole file; rows are written in the order given (that of the pair names).
pub fn to_csv(rows: &[BatchRow]) -> Vec<u8> {
    let mut csv = CsvWriter::new(&HEADERS);
    for row in rows {
        csv.row(&row.cells());
    }
    csv.into_bytes()
}

impl BatchRow {
    fn cells(&self) -> [String; 21] {
        let flag = |v: Option<bool>| v.map(|v| v.to_string()).unwrap_or_default();
        let count = |v: Option<u64>| v.map(|v| v.to_string()).unwrap_or_default();
        let seconds = |v: Option<f64>| v.map(seconds6).unwrap_or_default();
        let share = |v: Option<f64>| v.map(share4).unwrap_or_default();
        [
            self.ref_video.clone(),
            self.new_video.clone(),
            self.out_dir.clone(),
            self.ok.to_string(),
            self.error.clone().unwrap_or_default(),
            flag(self.gps_used),
            flag(self.timewarp_ok),
            count(self.candidates_kept),
            count(self.candidates_total),
            count(self.markers_written),
            seconds(self.retrieval_sec),
            seconds(self.warp_sec),
            seconds(self.markers_sec),
            seconds(self.total_sec),
            share(self.ppm),
            seconds(self.p90),
            share(self.inlier_frac),
            share(self.coverage),
            count(self.markers_review),
            count(self.markers_outside),
            self.reasons.join("; "),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_as_specified() {
        let good = BatchRow {
            ref_video: "/v/a, b_ref.mp4".to_owned(),
            new_video: "/v/a, b_new.mp4".to_owned(),
            out_dir: "out/a, b".to_owned(),
            ok: true,
            timewarp_ok: Some(false),
            candidates_kept: Some(10),
            ppm: Some(15880.0),
            p90: Some(0.132),
            inlier_frac: Some(0.18),
            reasons: vec![
                "inlier_frac 0.18 < 0.25".to_owned(),
                "coverage 0.3 < 0.5".to_owned(),
            ],
            ..BatchRow::default()
        };
        let bad = BatchRow {
            error: Some("no video track".to_owned()),
            ..BatchRow::default()
        };
        let text = String::from_utf8(to_csv(&[good, bad])).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next().unwrap(), HEADERS.join(","));
        assert_eq!(
            lines.next().unwrap(),
            "\"/v/a, b_ref.mp4\",\"/v/a, b_new.mp4\",\"out/a, b\",true,,,false,10,,,,,,,15880.0000,0.132000,0.1800,,,,\
             inlier_frac 0.18 < 0.25; coverage 0.3 < 0.5"
        );
        assert_eq!(lines.next().unwrap(), ",,,false,no video track,,,,,,,,,,,,,,,,");
    }
}
