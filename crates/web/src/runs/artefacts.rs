//! Which files below the root are results of runs and may be downloaded
//! (docs/reference/http.md#the-artefact-list).

/// Whole names.
const NAMES: [&str; 17] = [
    "timewarp.json",
    "warp.npz",
    "pairs.csv",
    "pairs_raw.csv",
    "perf.json",
    "quality_history.json",
    "regression.json",
    "quality_gate.json",
    "quality_gate.txt",
    "batch_summary.csv",
    "annotations.json",
    "anchors.csv",
    "benchmark_quality.csv",
    "benchmark_quality.json",
    "benchmark_quality.html",
    "report.html",
    "alignment_overlay.png",
];

/// Suffixes of markers and of the editor files made from them (docs/reference/exporters.md).
const MARKER_SUFFIXES: [&str; 11] = [
    "csv", "json", "edl", "xml", "fcpxml", "otio", "txt", "ffmeta", "png", "svg", "html",
];

/// Whether a file of this name is in the artefact list.
pub fn is_listed(name: &str) -> bool {
    if name.starts_with('.') {
        return false;
    }
    let (stem, suffix) = name.rsplit_once('.').unwrap_or((name, ""));
    NAMES.contains(&name)
        || (stem.starts_with("new_markers")
            && MARKER_SUFFIXES.contains(&suffix.to_ascii_lowercase().as_str()))
        || (stem.starts_with("splits") && suffix == "csv")
        || name.ends_with("_overlay.png")
}

/// Whether files of this name have one meaning everywhere.
pub fn is_fixed_name(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Whether a file of this name is a table of markers of a new run.
pub fn is_marker_table(name: &str) -> bool {
    name.starts_with("new_markers") && name.ends_with(".csv")
}

/// The content type of an artefact, by its suffix.
pub fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "json" | "otio" => "application/json",
        "csv" => "text/csv; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" | "edl" | "ffmeta" => "text/plain; charset=utf-8",
        "xml" | "fcpxml" => "application/xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_listed_and_nothing_else() {
        for name in [
            "timewarp.json",
            "new_markers.csv",
            "new_markers_premiere.xml",
            "new_markers.fcpxml",
            "splits_2024.csv",
            "new_overlay.png",
        ] {
            assert!(is_listed(name), "{name}");
        }
        for name in [
            ".timewarp.json",
            "new_markers.mp4",
            "ref_index.npz",
            "timewarp.json.bak",
            "new.csv",
            "splits.json",
            ".env",
            "id_rsa",
            "new_markers",
            "TIMEWARP.JSON",
        ] {
            assert!(!is_listed(name), "{name}");
        }
    }
}
