#!/usr/bin/env python3
"""Whole-program benchmark: how much longer than decoding alone does a cold `sync` take?

    python3 scripts/bench_program.py [--bin PATH] [--secs 60] [--runs 5] [--clips 1080p-h264,4k-hevc10]
        [--every 10,30] [--out FILE.md]

Clips are made once from the rendered rides (../shared/data/rendered where it is there, else data/sample) by scaling, grain and
re-encoding at the bit rates of action cameras, with a key frame every 10 frames (as in GoPro files) and, harder, every 30. They
are kept outside the repository, in MTB_BENCH_DIR or the user's cache folder. Like the files of the cameras they have no frames that
refer to later ones.

Machines are noisy, so every figure is a ratio within one run: CPU seconds (user and system, children included) of a cold `sync`
over those of the ffmpeg program decoding the key frames of both files and nothing else. With a key frame every 30 frames the
asked 3 pictures a second need whole groups decoded; the floor there is decoding every frame.
"""

import argparse
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RATE = "30000/1001"
GRAIN = "noise=alls=6:allf=t"
KINDS = {
    "1080p-h264": ("1920:1080", "yuv420p", ["-c:v", "libx264", "-preset", "superfast", "-b:v", "45M", "-maxrate", "60M", "-bufsize", "45M"]),
    "4k-hevc10": ("3840:2160", "yuv420p10le", ["-c:v", "libx265", "-preset", "ultrafast", "-b:v", "60M"]),
}


def main():
    options = parse()
    if shutil.which("ffmpeg") is None:
        sys.exit("error: ffmpeg is missing; hint: make setup")
    rows = []
    for kind in options.clips.split(","):
        for spacing in map(int, options.every.split(",")):
            pair = [clip(kind, spacing, side, options.secs) for side in ("reference", "new")]
            rows.append(measure(options, kind, spacing, pair))
            print(rows[-1], flush=True)
    text = report(options, rows)
    print(text)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=ROOT / "target/release/mtbsync")
    parser.add_argument("--secs", type=int, default=60)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--clips", default=",".join(KINDS))
    parser.add_argument("--every", default="10,30", help="frames from one key frame to the next")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def clip(kind, spacing, side, secs):
    """The path of a generated clip; made if it is not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = Path(os.environ.get("MTB_BENCH_DIR", cache / "mtbsync-bench"))
    path = folder / f"{kind}-every{spacing}-{secs}s-{side}.mp4"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    rendered = ROOT.parent / "shared/data/rendered/dev_speed"
    source = (rendered if rendered.is_dir() else ROOT / "data/sample") / f"{side}.mp4"
    size, pixels, encoder = KINDS[kind]
    if "libx265" in encoder:
        encoder = encoder + ["-x265-params", f"keyint={spacing}:min-keyint={spacing}:scenecut=0:bframes=0:log-level=error", "-tag:v", "hvc1"]
    else:
        encoder = encoder + ["-g", str(spacing), "-keyint_min", str(spacing), "-sc_threshold", "0", "-bf", "0"]
    print(f"making {path.name}", flush=True)
    partial = path.with_suffix(".part.mp4")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", "-stream_loop", "-1", "-i", source, "-t", str(secs),
         "-vf", f"fps={RATE},scale={size}:flags=bicubic,{GRAIN},format={pixels}", *encoder, partial],
        check=True,
    )
    partial.rename(path)
    return path


def run(command):
    """CPU seconds, wall seconds and peak MB of a command."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        sys.exit(f"error: {' '.join(map(str, command))} failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return cpu, wall, usage.ru_maxrss / 1000


def decode(pair, every):
    frames = [] if every else ["-skip_frame", "nokey"]
    runs = [run(["ffmpeg", "-v", "error", "-nostdin", *frames, "-i", path, "-an", "-f", "null", "-"]) for path in pair]
    return sum(r[0] for r in runs), sum(r[1] for r in runs)


def measure(options, kind, spacing, pair):
    floor, cold, warm = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for k in range(options.runs):
            floor.append(decode(pair, every=spacing > 10))
            cache = Path(folder) / f"cache{k}"
            sync = [options.bin, "sync", "--reference", pair[0], "--new", pair[1], "--no-plot", "--regression-off",
                    "--cache-dir", cache]
            cold.append(run([*sync, "--out", Path(folder) / "out"]))
            warm.append(run([*sync, "--out", Path(folder) / "out"]))
    middle = lambda runs, field: statistics.median(r[field] for r in runs)
    return {
        "clip": kind,
        "key frame every": spacing,
        "floor": "all frames" if spacing > 10 else "key frames",
        "decoding CPU s": middle(floor, 0),
        "sync CPU s": middle(cold, 0),
        "ratio": statistics.median(c[0] / f[0] for c, f in zip(cold, floor)),
        "wall ratio": statistics.median(c[1] / f[1] for c, f in zip(cold, floor)),
        "sync wall s": middle(cold, 1),
        "warm wall s": middle(warm, 1),
        "peak MB": max(c[2] for c in cold),
    }


def report(options, rows):
    names = list(rows[0])
    cell = lambda value: f"{value:.2f}" if isinstance(value, float) else str(value)
    lines = [
        f"# Whole program, {date.today().isoformat()}",
        "",
        f"{options.secs} s a clip, medians of {options.runs}; {os.cpu_count()} cores, {platform.machine()}. Ratio: CPU seconds of a cold `sync` over those of",
        "decoding both files alone in the same run.",
        "",
        "| " + " | ".join(names) + " |",
        "|" + "---|" * len(names),
    ]
    lines += ["| " + " | ".join(cell(row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
