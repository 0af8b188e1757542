#!/usr/bin/env bash
# The heavy check of the quality history, run by hand (a minute or two): 2,500 records appended by four processes at
# once while a reader parses the file over and over.
#
#   scripts/check_history.sh
#
# Shows: no record lost, the newest 2,000 kept, valid JSON at every moment. The fast test of the same name appends 96.
set -euo pipefail
cd "$(dirname "$0")/.."
MTBSYNC_HISTORY_RECORDS="${RECORDS:-2500}" cargo test -p mtbsync-quality --lib -- --exact --nocapture \
  history::tests::several_processes_lose_nothing
