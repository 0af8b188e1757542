#!/usr/bin/env bash
# Runs fuzz targets one after the other: fuzz/run.sh SECONDS [TARGET...]; without names, all of them.
# Needs cargo-fuzz (cargo install cargo-fuzz). Works with a stable toolchain, too.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET...]}
shift
if [ $# -eq 0 ]; then
  mapfile -t targets < <(cargo fuzz list)
else
  targets=("$@")
fi
# The sanitizer is a nightly feature of the compiler, which stable ones have as well.
export RUSTC_BOOTSTRAP=1

# Real files of the tests that a target begins with, beside its small seeds.
real_files() {
  case "$1" in
    import_edl | import_resolve_edl | import_fcpxml | import_xmeml | import_auto) echo ../crates/markers/tests/data/markers ;;
    gpmf | gpx | fit) echo "../crates/telemetry/tests/data/$1" ;;
  esac
}

failed=()
for target in "${targets[@]}"; do
  folders=(corpus/"$target")
  mkdir -p "corpus/$target"
  for folder in "seeds/$target" $(real_files "$target"); do
    if [ -d "$folder" ]; then folders+=("$folder"); fi
  done
  echo "== $target, $seconds s"
  cargo fuzz run "$target" "${folders[@]}" -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    || failed+=("$target")
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "findings in: ${failed[*]} (see fuzz/artifacts)"
  exit 1
fi
