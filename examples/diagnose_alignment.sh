#!/usr/bin/env bash
# What is known about one run, in one screen: verdict, numbers, telemetry, and what to try next.
#
#   examples/diagnose_alignment.sh RUN_DIR
#
# Without RUN_DIR the sample pair is aligned first. Needs jq. Symptoms and what to do: docs/guides/troubleshooting.md.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
run="${1:-}"
if [ -z "$run" ]; then
  mtbsync="$(find_mtbsync)"
  run=out/diagnose
  "$mtbsync" sync --reference "$sample/reference.mp4" --new "$sample/new.mp4" --out "$run" --quiet
fi
command -v jq >/dev/null || { echo "error: jq not found; hint: install the package jq" >&2; exit 1; }
warp="$run/timewarp.json"
if [ ! -f "$warp" ]; then
  echo "No $warp: the run failed before there was a map."
  [ -f "$run/perf.json" ] && jq -r '"Error: \(.error // "none recorded")"' "$run/perf.json"
  exit 1
fi

jq -r '
  "Aligned:   \(.ok)",
  "Reasons:   \(if (.reasons | length) > 0 then .reasons | join("; ") else "-" end)",
  "Model:     \(.model), \(.segments | length) segments",
  "Coverage:  \((.coverage // 0) * 100 | round) %",
  "Inliers:   \((.inlier_frac // 0) * 100 | round) % of \(.n_pairs // 0) pairs",
  "Residuals: p50 \(.residuals.p50 // "-") s, p90 \(.residuals.p90 // "-") s"' "$warp"
[ -f "$run/perf.json" ] && jq -r '"Took:      \(.timings.total_sec // 0 | round) s, \(.rss_mb // 0 | round) MB"' "$run/perf.json"

echo
echo "What to try:"
jq -r '
  if .ok and (.coverage // 0) > 0.8 and (.residuals.p90 // 9) < 0.25 then "  nothing: this is a good alignment"
  elif (.reasons | join(" ") | test("no common stretch")) then
    "  are these two runs of the same trail, in the same direction? If so: --fps 5, or --anchors with two or three pairs made by hand"
  elif (.reasons | join(" ") | test("revers")) then "  one of the runs goes the other way: it cannot be aligned"
  elif (.reasons | join(" ") | test("coverage")) then
    "  much of the new run has no counterpart: if that is right, lower --warp-min-coverage"
  elif (.reasons | join(" ") | test("inlier")) then "  the pairs disagree: --fps 5, or GPS tracks with --ref-gpx and --new-gpx"
  else "  look at the picture: examples/visual_diagnostic.sh '"$run"'"
  end' "$warp"
