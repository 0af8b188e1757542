#!/usr/bin/env bash
# Align again with strict gates, for material that goes to a client: many pairs must agree closely, most of the run must
# be mapped. The strict result lies beside the first one; exit code 3 says that it did not pass.
#
#   examples/resync_strict.sh REFERENCE NEW OUT_DIR [REF_MARKERS]
#
# Without arguments the sample pair is used.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mtbsync="$(find_mtbsync)"
reference="${1:-$sample/reference.mp4}"
new="${2:-$sample/new.mp4}"
out="${3:-out/strict}"
markers="${4:-}"

args=(--reference "$reference" --new "$new" --out "$out" --fps 4
  --warp-min-inlier-frac 0.6 --warp-min-coverage 0.7 --warp-max-p90 0.25
  --reg-preset strict --fail-on-regression)
if [ -n "$markers" ]; then
  args+=(--ref-markers "$markers" --review-threshold 0.8)
fi
exec "$mtbsync" sync "${args[@]}"
