#!/usr/bin/env bash
# A batch over a folder of pairs, a report for the browser and the quality gate: what the workflow
# .github/workflows/quality-gate.yml does, as one local command.
#
#   examples/run_benchmark.sh [INPUT_DIR] [OUT_DIR]
#
# Without INPUT_DIR the sample pair is used. PRESET=strict|normal|permissive chooses the thresholds, JOBS the number of
# pairs at the same time. Exit codes: 0 passed, 20 gate failed, 1 something broke.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mtbsync="$(find_mtbsync)"
input="${1:-}"
out="${2:-out/benchmark}"
preset="${PRESET:-normal}"

mkdir -p "$out"
if [ -z "$input" ]; then
  input="$out/input"
  mkdir -p "$input"
  cp "$sample/reference.mp4" "$input/sample_ref.mp4"
  cp "$sample/new.mp4" "$input/sample_new.mp4"
  cp "$sample/reference_markers.csv" "$input/sample_ref_markers.csv"
fi

# 3: some pairs are not aligned. The report and the gate say more about that than an early end here.
"$mtbsync" batch "$input" --out-dir "$out/batch" --jobs "${JOBS:-1}" --reg-preset "$preset" || [ $? -eq 3 ]
"$mtbsync" benchmark-quality --root "$out/batch" --out "$out/report" --html --strict

code=0
"$mtbsync" quality-check --root "$out/batch" --ci --ci-out "$out" --reg-preset "$preset" || code=$?
echo
echo "Report: $out/report/report.html"
echo "Gate:   $out/quality_gate.txt"
exit "$code"
