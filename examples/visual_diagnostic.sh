#!/usr/bin/env bash
# Pictures of an alignment, to be looked at: the map with its markers and pairs.
#
#   examples/visual_diagnostic.sh [RUN_DIR] [REF_MARKERS] [OUT_PNG]
#
# RUN_DIR is the artefact folder of a sync. Without it the sample pair is aligned first. How to read the picture:
# docs/guides/visual-diagnostic.md.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mtbsync="$(find_mtbsync)"
run="${1:-}"
markers="${2:-$sample/reference_markers.csv}"

if [ -z "$run" ]; then
  run=out/visual
  "$mtbsync" sync --reference "$sample/reference.mp4" --new "$sample/new.mp4" --ref-markers "$markers" --out "$run"
fi
picture="${3:-$run/diagnostic.png}"

args=(--headless --ref-markers "$markers" --timewarp-json "$run/timewarp.json" --out-png "$picture" --size 1600x1200)
[ -f "$run/pairs.csv" ] && args+=(--pairs "$run/pairs.csv")
[ -f "$run/new_markers.csv" ] && args+=(--new-markers "$run/new_markers.csv")
"$mtbsync" viewer "${args[@]}"
echo "Look at $picture"
