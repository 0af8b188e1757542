#!/usr/bin/env bash
# `make test`: all parts, one after the other; at the end, however it ends, how many seconds each took.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CARGO:=cargo}" "${MAKE:=make}"
log=$(mktemp)
table=''
trap 'printf "\nseconds of each part\n%s%-22s%6d\n" "$table" total "$SECONDS"; rm -f "$log"' EXIT

# part NAME COMMAND...
part() {
  local name=$1 begun=$SECONDS status=0 row
  shift
  "$@" || status=$?
  printf -v row '%-22s%6d\n' "$name" $((SECONDS - begun))
  table+=$row
  [ "$status" -eq 0 ] || exit "$status"
}

rust() {
  "$CARGO" test --workspace --lib --bins --tests 2>&1 | tee "$log"
}

# Test programs that took a second or more. `it` has the name of its crate, whose unit tests come before.
programs() {
  sed 's/\x1b\[[0-9;]*m//g' "$log" | awk '
    /^ *Running .*\)$/ {
      name = $NF; sub(/.*\//, "", name); sub(/-[0-9a-f]*\)$/, "", name)
      if (sub(/^mtbsync_/, "", name)) crate = name
      else if (name == "mtbsync") crate = name = "cli"
      else if (name == "it") name = crate " it"
    }
    /^test result: / { secs = $NF; sub(/s$/, "", secs); if (secs >= 1) printf "  %-20s%6.0f\n", name, secs }'
}

part setup "$MAKE" --no-print-directory setup
part lint "$MAKE" --no-print-directory lint
part build "$CARGO" test --workspace --lib --bins --tests --no-run
part rust rust
table+=$(programs)$'\n'
part docs "$CARGO" test --workspace --doc
part web "$MAKE" --no-print-directory test-web
part interop "$MAKE" --no-print-directory test-interop
# Some of what `make test-faults` lets fail.
part faults python3 scripts/faults.py --bin target/debug/mtbsync --only transfer,export --every 25
