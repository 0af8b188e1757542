#!/usr/bin/env bash
# The heavy check of `mtbsync batch`, run by hand (about 20 minutes): 40 pairs made from the sample data by cutting,
# re-encoding and speeding up; 10 of them damaged in different ways, 5 of different trails.
#
#   scripts/check_batch.sh [PROGRAM] [WORK_DIR]
#
# Shows: the right status for each pair; the same final files after 20 kills at random moments as undisturbed; peak
# memory with two jobs; throughput of two jobs against one job with one thread, which means something on a quiet machine
# only. KILLS=0 leaves out the kills, THROUGHPUT=0 the comparison. Needs Linux, ffmpeg, python3.
set -euo pipefail
repo="$(cd "$(dirname "$0")/.." && pwd)"
mtbsync="$(realpath "${1:-$repo/target/release/mtbsync}")"
work="${2:-$(mktemp -d)}"
kills="${KILLS:-20}"
mkdir -p "$work/in"
cd "$work"
export MTB_CACHE_DIR="$work/cache"
flags=(--fps 2 --n-features 200 --progress none)

# cut NAME SOURCE FROM SECONDS SPEED ENCODER_FLAGS...: one recording, made once.
cut() {
  local name="$1" source="$2" from="$3" seconds="$4" speed="$5"
  shift 5
  [ -f "in/$name" ] || ffmpeg -v error -nostdin -y -ss "$from" -t "$seconds" -i "$repo/data/$source" \
    -vf "scale=480:270,setpts=PTS/$speed" -an -g 15 -c:v libx264 -preset veryfast "$@" "in/$name"
}

make_pairs() {
  local i
  for i in $(seq -w 1 25); do # 25 that align: other cut, speed and quality each
    cut "good${i}_ref.mp4" sample/reference.mp4 "$((10#$i % 4))" 20 1
    cut "good${i}_new.mp4" sample/new.mp4 "$((10#$i % 3))" 18 "1.$((10#$i % 3))" -crf "$((20 + 10#$i % 12))"
  done
  for i in 1 2 3 4 5; do # 5 of different trails
    cut "other${i}_ref.mp4" sample/reference.mp4 "$i" 18 1
    cut "other${i}_new.mp4" race-lap/pass2.mp4 "$((i * 4))" 18 1
  done
  for i in 0 1 2 3 4 5 6 7 8 9; do # 10 damaged ones
    cut "bad${i}_ref.mp4" sample/reference.mp4 1 18 1
  done
  local whole=in/good01_new.mp4 size
  size=$(stat -c %s "$whole")
  : > in/bad0_new.mp4                                               # empty
  head -c "$((size / 3))" "$whole" > in/bad1_new.mp4                # cut off, no index
  head -c 100000 /dev/zero > in/bad2_new.mp4                        # zeros
  echo "this is a text" > in/bad3_new.mp4                           # text
  tail -c "$((size / 2))" "$whole" > in/bad4_new.mp4                # second half only
  ffmpeg -v error -nostdin -y -f lavfi -i sine=d=5 -c:a aac in/bad5_new.mp4 # sound only
  cut bad6_new.mp4 sample/new.mp4 0 0.2 1                           # too short
  cp "$repo/data/sample/new.gpx" in/bad7_new.mp4                    # another kind of file
  python3 - "$whole" in/bad8_new.mp4 <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
start = data.find(b"mdat") + 4
for i in range(start, len(data)):  # every picture is noise, the index is whole
    if not data[i:i + 4] == b"moov":
        data[i] = (i * 2654435761 >> 7) & 255
    else:
        break
open(sys.argv[2], "wb").write(data)
PY
  cp "$whole" in/bad9_new.mp4
  echo "broken" > in/bad9_ref.mp4                                   # the reference is the bad one
}

# run OUT_DIR FLAGS...: prints the exit code, never fails.
run() {
  local out="$1" code=0
  shift
  "$mtbsync" batch in --out-dir "$out" "${flags[@]}" "$@" > "$out.log" 2>&1 || code=$?
  echo "$code"
}

statuses() {
  python3 - "$1" <<'PY'
import csv, sys
wrong = 0
for row in csv.DictReader(open(sys.argv[1] + "/batch_summary.csv")):
    name = row["out_dir"].split("/")[-1]
    status = "failed" if row["ok"] != "true" else "aligned" if row["timewarp_ok"] == "true" else "not aligned"
    wanted = {"g": "aligned", "o": "not aligned", "b": "failed"}[name[0]]
    if status != wanted:
        wrong += 1
        print(f"  {name}: {status}, expected {wanted} ({row['error'] or row['reasons']})")
print(f"statuses: {wrong} wrong")
sys.exit(wrong > 0)
PY
}

# Every file of a batch without what tells time: one line with its hash each.
digest() {
  python3 - "$1" <<'PY'
import csv, hashlib, json, os, sys
TIMES = {"retrieval_sec", "warp_sec", "markers_sec", "total_sec", "out_dir"}
def forget(value):
    if isinstance(value, dict):
        return {k: None if k in ("ts", "cpu_pct") or k.startswith("fps") else forget(v) for k, v in value.items()}
    return [forget(v) for v in value] if isinstance(value, list) else value
for folder, folders, files in os.walk(sys.argv[1]):
    folders.sort()
    for name in sorted(files):
        path = os.path.join(folder, name)
        if name in ("perf.json", "batch_item.json"):
            content = b""
        elif name in ("quality_history.json", "regression.json"):
            content = json.dumps(forget(json.load(open(path)))).encode()
        elif name == "batch_summary.csv":
            rows = [{k: v for k, v in row.items() if k not in TIMES} for row in csv.DictReader(open(path))]
            content = json.dumps(rows).encode()
        else:
            content = open(path, "rb").read()
        print(hashlib.sha256(content).hexdigest()[:16], os.path.relpath(path, sys.argv[1]))
PY
}

echo "making pairs in $work/in"
make_pairs

# measured NAME FLAGS...: a batch into the folder NAME without a cache; prints what it took, and leaves that in NAME.took as
# wall seconds and peak memory. Memory is the sum over the batch and the processes of its pairs, looked at 20 times a second.
measured() {
  rm -rf "$1" cache
  python3 - "$mtbsync" "$@" "${flags[@]}" <<'PY'
import os, resource, subprocess, sys, time
program, out, flags = sys.argv[1], sys.argv[2], sys.argv[3:]
PAGE = resource.getpagesize()

def resident(root):
    """Resident bytes of a process and all its descendants."""
    parent, size = {}, {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent[pid] = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1]
            size[pid] = int(open(f"/proc/{pid}/statm").read().split()[1]) * PAGE
        except (OSError, IndexError):
            pass
    def below(pid):
        while pid in parent and pid != root:
            pid = parent[pid]
        return pid == root
    return sum(bytes_ for pid, bytes_ in size.items() if below(pid))

begun, peak = time.time(), 0
with open(f"{out}.log", "w") as log:
    batch = subprocess.Popen([program, "batch", "in", "--out-dir", out, "--no-cache", *flags],
                             stdout=log, stderr=subprocess.STDOUT)
    while batch.poll() is None:
        peak = max(peak, resident(str(batch.pid)))
        time.sleep(0.05)
wall, used = time.time() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"  exit {batch.returncode}, {wall:.1f} s wall, {used.ru_utime + used.ru_stime:.1f} s processor,"
      f" peak {peak / 1e6:.0f} MB in sum, {used.ru_maxrss * 1024 / 1e6:.0f} MB in one process")
open(f"{out}.took", "w").write(f"{wall} {peak / 1e6}")
PY
}

echo "undisturbed, 2 jobs, 2 threads:"
measured calm --jobs 2 --threads 2
tail -2 calm.log
statuses calm || true

if [ "$kills" -gt 0 ]; then
  echo "killed $kills times at random moments, then resumed:"
  rm -rf killed cache
  RANDOM=7
  for i in $(seq "$kills"); do
    "$mtbsync" batch in --out-dir killed --jobs 2 --resume --no-cache "${flags[@]}" > killed.log 2>&1 &
    pid=$!
    sleep "$((RANDOM % 8)).$((RANDOM % 10))"
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  echo "  finished before the last resume: $(find killed -name batch_item.json | wc -l)"
  echo "  exit $(run killed --jobs 2 --resume --no-cache)"
  digest calm > calm.digest
  digest killed > killed.digest
  if diff calm.digest killed.digest; then echo "  identical: $(wc -l < calm.digest) files"; else echo "  DIFFERENT"; exit 1; fi
fi

if [ "${THROUGHPUT:-1}" = 1 ]; then
  echo "throughput, 1 job, 1 thread:"
  measured jobs1 --jobs 1 --threads 1
  python3 - <<'PY'
(one, _), (two, peak) = (map(float, open(f"{name}.took").read().split()) for name in ("jobs1", "calm"))
print(f"  two jobs on two threads do {one / two:.2f} times as much (wanted: 1.7), peak memory {peak:.0f} MB (wanted: under 700)")
PY
fi
