#!/usr/bin/env python3
"""Does mtbsync outlive damaged files?

    scripts/mutants.py --bin target/release/mtbsync [--count 2000] [--only gpx,fit] [--seed 1] [--workers 2] [--keep DIR]

For each kind of file that is read, `--count` damaged copies of a good one are made (bytes flipped, cut, moved, repeated; numbers
made extreme), and a command that reads it is run on each, with 10 s of processor time and 1 GB of data. A mutant is survived when

- the exit code is one of the contract (docs/reference/exit-codes.md), not a signal, and comes in time,
- stderr has at most one `error:` line and nothing of the runtime in it, and no character that acts on a terminal,
- a command that failed left neither an output nor a temporary file.

The same seed gives the same mutants. Prints a table; exit 1 when one was not survived. `--keep` keeps those.
Needs ffmpeg; good files are made by the program itself from data/sample.
"""

import argparse
import concurrent.futures
import json
import os
import random
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CPU_SECS = 10
# A busy machine is no hang.
SECS = 180
BYTES = 1 << 30
CODES = {0, 1, 2, 3, 10, 20}
# Done, though perhaps with a verdict: outputs are expected.
DONE = {0, 3, 10, 20}
INTERNAL = re.compile(r"panicked|backtrace|broke off|RUST_|::drop|stack overflow|memory allocation")
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
EXTREMES = ["1e15", "1e308", "-1e308", "0", "-1", "5e-324", "NaN", "Infinity", "9223372036854775807", "-9223372036854775808", "4294967296", "1e999", ""]
WORDS = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]

# Kind of file -> commands that read it; {f} is the mutant, {s} the folder of good files, outputs are named out.*.
IMPORT = ["import-markers {f} --out out.csv", "transfer --ref-markers {f} --warp {s}/timewarp.json --out out.csv"]
COMMANDS = {
    "timewarp.json": [
        "transfer --ref-markers {s}/reference_markers.csv --warp {f} --out out.csv",
        "splits --ref-markers {s}/reference_markers.csv --timewarp-json {f} --out out.csv --delta-out out2.csv --step 1",
        "viewer --headless --ref-markers {s}/reference_markers.csv --timewarp-json {f} --out-png out.png",
        "export fcpxml --markers {s}/new_markers.csv --warp {f} --retime --out out.fcpxml",
    ],
    "warp.npz": ["transfer --ref-markers {s}/reference_markers.csv --warp {f} --out out.csv"],
    "new_markers.csv": ["export edl --markers {f} --out out.edl", "export json --markers {f} --out out.json",
                        "export youtube --markers {f} --out out.txt"],
    "reference_markers.csv": IMPORT,
    "pairs.csv": ["warp --pairs {f} --out out.npz",
                  "viewer --headless --ref-markers {s}/reference_markers.csv --timewarp-json {s}/timewarp.json --pairs {f} --out-png out.png"],
    "anchors.csv": ["warp --pairs {s}/pairs.csv --anchors {f} --out out.npz"],
    "annotations.json": ["transfer --ref-markers {s}/reference_markers.csv --warp {d}/timewarp.json --out out.csv"],
    "track.gpx": ["doctor {f}"],
    "track.fit": ["doctor {f}"],
    "track.tcx": ["doctor {f}"],
    "tags.mp4": ["doctor {f}", "import-markers {f} --out out.csv"],
    "chapters.mp4": ["import-markers {f} --out out.csv"],
    "markers_resolve.edl": IMPORT,
    "markers_cmx.edl": IMPORT,
    "markers.fcpxml": IMPORT,
    "markers.xml": IMPORT,
    "markers.otio": IMPORT,
    "markers.ffmeta": IMPORT,
    "markers.json": IMPORT,
    "markers_avid.txt": IMPORT,
    "markers_youtube.txt": IMPORT,
    "markers_premiere.csv": IMPORT,
    "quality_history.json": ["quality-check --root {d}"],
    "perf.json": ["benchmark-quality --root {d} --pattern . --out out"],
    "config.toml": ["--config {f} export edl --markers {s}/new_markers.csv --out out.edl"],
}


def environment(folder):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MTB_", "XDG_", "RUST_"))}
    return {**kept, "HOME": str(folder), "MTB_CACHE_DIR": str(folder / "cache")}


def box(kind, payload):
    return struct.pack(">I4s", len(payload) + 8, kind) + payload


def klv(key, kind, size, payload):
    count = len(payload) // max(size, 1)
    return key + struct.pack(">cBH", kind, size, count) + payload + b"\0" * (-len(payload) % 4)


def with_tags(mp4):
    """HiLight tags of both generations in the last box, moov."""
    tag = struct.pack(">IIIiif4sff", 500, 500, 500, 470000000, 80000000, 500.0, b"MANL", 100.0, 1.0)
    stream = klv(b"HLMT", b"?", len(tag), tag)
    strm = klv(b"STRM", b"\0", 1, stream)
    udta = box(b"udta", box(b"GPMF", klv(b"DEVC", b"\0", 1, strm)) + box(b"HMMT", struct.pack(">III", 2, 250, 750)))
    at = mp4.rindex(b"moov") - 4
    size = struct.unpack(">I", mp4[at:at + 4])[0]
    return mp4[:at] + struct.pack(">I", size + len(udta)) + mp4[at + 4:] + udta


def fit():
    """Ten records with time and place."""
    fields = [(253, 4, 0x86), (0, 4, 0x85), (1, 4, 0x85)]
    body = struct.pack("<BBBHB", 0x40, 0, 0, 20, len(fields)) + b"".join(struct.pack("BBB", *field) for field in fields)
    for k in range(10):
        body += struct.pack("<BIii", 0, 1_000_000_000 + k, int((47 + k * 1e-5) * 2**31 / 180), int(8 * 2**31 / 180))
    return struct.pack("<BBHI4sH", 14, 0x10, 2100, len(body), b".FIT", 0) + body + b"\0\0"


def tcx():
    point = "<Trackpoint><Time>2024-06-01T10:00:{:02}Z</Time><Position><LatitudeDegrees>{}</LatitudeDegrees><LongitudeDegrees>8.0</LongitudeDegrees></Position></Trackpoint>"
    points = "".join(point.format(k, 47 + k * 1e-5) for k in range(20))
    return f'<?xml version="1.0"?><TrainingCenterDatabase><Activities><Activity><Lap><Track>{points}</Track></Lap></Activity></Activities></TrainingCenterDatabase>'


def straight_map():
    times = [k * 0.5 for k in range(61)]
    side = {"path": "/nowhere/a.mp4", "duration": 40.0, "fingerprint": "", "fps": "30/1", "width": 640, "height": 360}
    segments = [(0, 30), (31, 60)]
    ends = lambda first, last, shift: [times[first] + shift, times[last] + shift]
    return json.dumps({
        "ok": True, "version": 2, "model": "monotone", "params": {"a": 1.0, "b": 1.0}, "n_pairs": 60,
        "residuals": {"mae": 0.02, "p50": 0.02, "p90": 0.05, "p95": 0.06},
        "knots": {"t_new": times, "t_ref": [t + 1.0 for t in times], "sigma": [0.05] * len(times)},
        "segments": [{"knots": [a, b], "t_new": ends(a, b, 0.0), "t_ref": ends(a, b, 1.0)} for a, b in segments],
        "stops": [{"side": "new", "from": 3.0, "to": 5.0}], "coverage": 0.9, "reasons": [], "reference": side, "new": side,
    }, indent=1)


def make_seeds(program, folder):
    """One good file of each kind."""
    run = lambda *args: subprocess.run([program, *args], cwd=folder, env=environment(folder), check=True, stdout=subprocess.DEVNULL)
    write = lambda name, text: (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    write("timewarp.json", straight_map())
    rows = [f"M{k:02},Marker {k},{2 + k * 1.5},red,note {k}" for k in range(15)]
    write("reference_markers.csv", "marker_id,name,t_ref,colour,comment\n" + "\n".join(rows) + "\n")
    run("transfer", "--ref-markers", "reference_markers.csv", "--warp", "timewarp.json", "--out", "new_markers.csv")
    pairs = [f"{k / 3:.6f},{k / 3 + 1:.6f},0.9500,,,D,0.030000" for k in range(90)]
    write("pairs.csv", "t_new,t_ref,confidence,inliers,reproj_error,model,sigma\n" + "\n".join(pairs) + "\n")
    run("warp", "--pairs", "pairs.csv", "--out", "warp.npz")
    write("anchors.csv", "t_new,t_ref,note\n3.0,4.0,tree\n20.5,21.5,gate\n")
    notes = [{"marker_id": f"M{k:02}", "t_ref": 2 + k * 1.5, "t_new": 1.2 + k * 1.5, "label": "moved", "note": "é"} for k in range(5)]
    write("annotations.json", json.dumps(notes, indent=1))
    shutil.copy(ROOT / "data/sample/new.gpx", folder / "track.gpx")
    write("track.fit", fit())
    write("track.tcx", tcx())
    picture = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=1"]
    subprocess.run([*picture, "-c:v", "libx264", "plain.mp4"], cwd=folder, check=True)
    write("tags.mp4", with_tags((folder / "plain.mp4").read_bytes()))
    write("meta", ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1000\ntitle=Two\n")
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", "plain.mp4", "-i", "meta", "-map_metadata", "1", "-c", "copy", "chapters.mp4"], cwd=folder, check=True)
    exports = {"resolve-edl": "markers_resolve.edl", "edl": "markers_cmx.edl", "fcpxml": "markers.fcpxml", "premiere": "markers.xml",
               "otio": "markers.otio", "ffmetadata": "markers.ffmeta", "json": "markers.json", "avid": "markers_avid.txt",
               "youtube": "markers_youtube.txt", "premiere-csv": "markers_premiere.csv"}
    write("spread.csv", "name,t_new,colour\n" + "\n".join(f"Name {k},{k * 12.5},red" for k in range(12)) + "\n")
    for preset, name in exports.items():
        run("export", preset, "--markers", "spread.csv", "--fps", "29.97", "--out", name)
    record = {"ts": "2024-01-01T00:00:00Z", "run_id": "sync:a", "p90": 0.1, "ppm": 3.5, "inlier_frac": 0.9, "fps": 50.0, "model": "monotone", "coverage": 0.9}
    write("quality_history.json", json.dumps([{**record, "ts": f"2024-01-{k + 1:02}T00:00:00Z"} for k in range(20)], indent=1))
    write("perf.json", json.dumps({"ok": True, "cmd": "sync", "pair": {"ref": "a", "new": "b"}, "timings": {"retrieval_sec": 1.5, "total_sec": 9.0, "frames_processed": 90}, "ts": "2024-01-01T00:00:00Z"}, indent=1))
    write("config.toml", '[presets.mine]\nformat = "edl"\nfps = "25"\n')


def mutate(good, chance):
    """A damaged copy."""
    data = bytearray(good)
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        at, end = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
        end = min(end, at + chance.choice([1, 4, 16, 256, 1 << 20]))
        match chance.randrange(8):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                del data[at:]
            case 2:
                del data[at:end]
            case 3:
                data[at:at] = data[at:end] * chance.choice([1, 2, 50])
            case 4:
                piece, to = bytes(data[at:end]), chance.randrange(len(data) + 1)
                data[to:to] = piece
            case 5:
                word = chance.choice(WORDS)
                data[at:at + 4] = struct.pack(chance.choice([">I", "<I"]), word)
            case _:
                numbers = list(re.finditer(rb"-?\d+(\.\d+)?", bytes(data)))
                if numbers:
                    number = chance.choice(numbers)
                    data[number.start():number.end()] = chance.choice(EXTREMES).encode()
        if not data:
            break
    return bytes(data[:4 << 20])


def limits():
    resource.setrlimit(resource.RLIMIT_DATA, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECS, CPU_SECS + 1))
    os.nice(10)


def judge(program, seeds, kind, number, seed, base):
    """None of a mutant that is survived, else what went wrong; and its peak memory in kB."""
    chance = random.Random(f"{seed}/{kind}/{number}")
    folder = Path(tempfile.mkdtemp(dir=base))
    try:
        mutant = folder / "in" / kind
        mutant.parent.mkdir()
        mutant.write_bytes(mutate((seeds / kind).read_bytes(), chance))
        if kind in ("annotations.json", "perf.json"):
            shutil.copy(seeds / "timewarp.json", mutant.parent / "timewarp.json")
        command = COMMANDS[kind][number % len(COMMANDS[kind])].format(f=mutant, s=seeds, d=mutant.parent)
        before = {path.name for path in mutant.parent.iterdir()}
        with open(folder / "stderr", "wb") as errors:
            child = subprocess.Popen([program, *command.split()], cwd=folder, env=environment(folder / "home"), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=errors, preexec_fn=limits)
            deadline, status, usage = time.monotonic() + SECS, 0, None
            while True:
                pid, status, usage = os.wait4(child.pid, os.WNOHANG)
                if pid:
                    break
                if time.monotonic() > deadline:
                    child.kill()
                    os.wait4(child.pid, 0)
                    child.returncode = -9
                    return f"no answer in {SECS} s: {command}", 0
                time.sleep(0.005)
        code = os.waitstatus_to_exitcode(status)
        child.returncode = code
        text = (folder / "stderr").read_text(errors="replace")
        names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
        problem = None
        if code not in CODES:
            problem = f"exit {code}"
        elif INTERNAL.search(text) or sum(line.startswith("error:") for line in text.splitlines()) > 1:
            problem = "stderr"
        elif ACTS.search(text):
            problem = "control characters"
        elif any("mtbsync-tmp" in name for name in names):
            problem = "temporary file left"
        elif code not in DONE and (any(name.startswith("out") for name in names) or {p.name for p in mutant.parent.iterdir()} != before):
            problem = "output of a failed command"
        return problem and f"{problem}: {command}: {text[:300]!r}", usage.ru_maxrss
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args()
    program = str(args.bin.resolve())
    kinds = [kind for kind in COMMANDS if not args.only or any(word in kind for word in args.only.split(","))]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="mtbsync-mutants-") as name, concurrent.futures.ThreadPoolExecutor(args.workers) as pool:
        base = Path(name)
        seeds = base / "seeds"
        seeds.mkdir()
        make_seeds(program, seeds)
        print("| kind | mutants | not survived | peak MB | seconds |\n|---|---|---|---|---|", flush=True)
        for kind in kinds:
            begun = time.monotonic()
            one = lambda number, kind=kind: judge(program, seeds, kind, number, args.seed, base)
            verdicts = list(pool.map(one, range(args.count)))
            bad = [(number, text) for number, (text, _) in enumerate(verdicts) if text]
            peak = max((kb for _, kb in verdicts), default=0) / 1000
            print(f"| {kind} | {args.count} | {len(bad)} | {peak:.0f} | {time.monotonic() - begun:.0f} |", flush=True)
            for number, text in bad[:5]:
                print(f"{kind} {number}: {text}", file=sys.stderr, flush=True)
            if args.keep:
                for number, _ in bad:
                    args.keep.mkdir(parents=True, exist_ok=True)
                    chance = random.Random(f"{args.seed}/{kind}/{number}")
                    (args.keep / f"{number}_{kind}").write_bytes(mutate((seeds / kind).read_bytes(), chance))
            failed += len(bad)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
