# Shared by the examples: finds the program and the sample data. Sourced, not run.

here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
sample="$here/data/sample"

# MTBSYNC names the program; else the built one, else that of the PATH.
find_mtbsync() {
  local candidate
  for candidate in "${MTBSYNC:-}" "$here/target/release/mtbsync" "$here/target/debug/mtbsync" "$(command -v mtbsync || true)"; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  echo "error: mtbsync not found; hint: run 'make build', or set MTBSYNC" >&2
  return 1
}
