#!/usr/bin/env bash
# Keep a folder of many runs small: old run telemetry and cached indexes go, results and history stay.
#
#   examples/dashboard_cleanup.sh [ROOT] [KEEP] [AGE]
#
# ROOT is a batch folder (default batch_out), KEEP the number of newest perf.json files to keep (default 200), AGE that of
# unused cache entries to remove (default 30d). Shows what it would do; APPLY=1 does it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mtbsync="$(find_mtbsync)"
root="${1:-batch_out}"
keep="${2:-200}"
age="${3:-30d}"

dry=(--dry-run)
if [ "${APPLY:-0}" = 1 ]; then
  dry=()
fi
"$mtbsync" prune-perf --root "$root" --keep "$keep" ${dry[@]+"${dry[@]}"}
"$mtbsync" cache clear --older-than "$age" ${dry[@]+"${dry[@]}"}
"$mtbsync" cache status
if [ "${APPLY:-0}" != 1 ]; then
  echo "Nothing was removed; APPLY=1 does it."
fi
