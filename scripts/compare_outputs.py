#!/usr/bin/env python3
"""Do two builds of mtbsync write the same bytes?

    scripts/compare_outputs.py --old OLD/mtbsync --new target/release/mtbsync [--more ../shared/data]
        [--only sample,batch-*] [--keep-old DIR] [--keep-new DIR] [--list]

Each case is a list of commands that both binaries run on the same inputs, in a folder of the same path, with caches and
configuration of their own. Every file they write and everything they print is compared by SHA-256, after what differs by nature
(times of day, durations, use of the machine: VARYING below) is replaced. npz files are compared by members, `cache.db` by rows,
files of the cache by content, because their names are hashes that include the program. Exit 1 on any difference, 2 on wrong use.

With --keep-old the normalised outputs of the old binary are kept in DIR/HASH_OF_BINARY and used again when the case and its inputs
are the same; --keep-new keeps those of the new one. `diff -r` of two such folders shows what differs.
Case `help` is only run when it is named: help texts may change on purpose.
"""

import argparse
import fcntl
import fnmatch
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRESETS = "resolve-edl edl fcpxml premiere premiere-csv avid otio youtube ffmetadata csv json".split()
RETIMED = ["fcpxml", "premiere", "otio"]

# ---------------------------------------------------------------------------------------------------------------------
# What differs by nature

STAGES = ["decode_sec", "features_sec", "gps_sec", "retrieval_sec", "refine_sec", "warp_sec", "markers_sec", "total_sec"]
MACHINE = ["cpu_pct", "rss_mb", "gpu_util", "gpu_mem_mb"]
# File name pattern -> keys of JSON objects, at any depth, whose value is replaced. `fps` is frames per second of work where it is a
# number, the rate of a recording where it is text.
# `key` of batch_item.json is a hash of the program's own form of the parameters.
VARYING = {
    "*": ["ts", "created_utc", "elapsed_sec", "history_ts", "mtime", "_mtime", "_ts", "created_at", "updated_at", "timestamp", *STAGES, *MACHINE],
    "perf.json": ["fps"],
    "quality_*": ["fps"],
    "regression.json": ["fps"],
    "batch_item.json": ["fps", "key"],
    "*api_perf*": ["fps"],
    "*api_re*": ["fps"],
    "*api_runs*": ["fps"],
    "*api_files*": ["size"],
    "*api_jobs*": ["created", "started", "ended", "eta_sec"],
}
# Columns of tables.
VARYING_COLUMNS = [*STAGES, *MACHINE]
# Columns of the cache's register; `key` is a hash that includes the program.
VARYING_SQL = ["ts", "created", "last_used", "key", "timings", "peak_rss_mb", *STAGES, *MACHINE]
# Printed text: stage times of the summary, the port of a server, free room on disk and in memory and whether it is enough.
VARYING_TEXT = [
    (r"\b([a-z]+_sec)=[0-9.]+", r"\1=*"),
    (r"(http://127\.0\.0\.1:)\d+", r"\1*"),
    (r"\b[0-9.]+ (GB|MB) (free|available)", r"* \2"),
    (r"^(ok  |warn|fail) (disk at|memory)", r"* \2"),
    (r'"level":"[a-z]+"(,"name":"(?:disk at|memory))', r'"level":"*"\1'),
]
SCALAR = rb'(?:"(?:[^"\\]|\\.)*"|null|true|false|-?[0-9][0-9.eE+-]*)'


def without_varying_keys(name, data):
    """JSON text with the values of varying keys replaced; everything else keeps its bytes."""
    keys = {key for pattern, keys in VARYING.items() if fnmatch.fnmatch(name, pattern) for key in keys}
    names = b"|".join(re.escape(key).encode() for key in sorted(keys - {"fps"}))
    data = re.sub(rb'("(?:' + names + rb')"\s*:\s*)' + SCALAR, rb'\1"*"', data)
    return re.sub(rb'("fps"\s*:\s*)[0-9.]+', rb'\1"*"', data) if "fps" in keys else data


def without_varying_columns(data):
    """A table with the cells of varying columns replaced. Only tables without quoted line ends have such columns."""
    lines = data.split(b"\n")
    columns = lines[0].decode("utf-8", "replace").split(",")
    varying = [i for i, column in enumerate(columns) if column in VARYING_COLUMNS]
    if not varying:
        return data
    for row in range(1, len(lines)):
        cells = re.findall(rb'(?:^|(?<=,))(?:"(?:[^"]|"")*"|[^,]*)', lines[row])
        if len(cells) == len(columns):
            for column in varying:
                cells[column] = b"*"
            lines[row] = b",".join(cells)
    return b"\n".join(lines)


def text_of_npz(path):
    """One line per member: name, header and SHA-256 of the values; JSON members as text. Times of the zip are left out."""
    lines = []
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            data = archive.read(member)
            length = int.from_bytes(data[8:10], "little")
            header, values = data[10 : 10 + length].decode("latin-1").strip(), data[10 + length :]
            if member.filename == "meta.npy":
                values = without_varying_keys("meta.json", values)
                lines.append(f"{member.filename} {values.decode()}")
            else:
                lines.append(f"{member.filename} method {member.compress_type} {header} {hashlib.sha256(values).hexdigest()}")
    return "\n".join(lines).encode() + b"\n"


def text_of_database(path):
    """All rows of all tables, sorted, without the columns that differ."""
    lines = []
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
        rows = database.execute(f"SELECT * FROM {table}")
        columns = [column[0] for column in rows.description]
        kept = [i for i, column in enumerate(columns) if column not in VARYING_SQL]
        lines += sorted(f"{table} " + " ".join(f"{columns[i]}={row[i]}" for i in kept) for row in rows)
    database.close()
    return "\n".join(lines).encode() + b"\n"


def normalised(path, work):
    """Bytes of a written file that must be equal."""
    if path.suffix == ".npz":
        data = text_of_npz(path)
    elif path.suffix == ".db":
        data = text_of_database(path)
    else:
        data = path.read_bytes()
        if path.suffix == ".csv":
            data = without_varying_columns(data)
        elif path.suffix in (".json", ".bad"):
            data = without_varying_keys(path.name, data)
        elif path.suffix == ".html":
            data = re.sub(rb"\d{4}-\d\d-\d\d \d\d:\d\d UTC", b"* UTC", data)
    return data.replace(os.fsencode(work), b"<work>")


def normalised_text(data, work):
    """What a command printed."""
    data = without_varying_keys("printed", data)
    for pattern, replacement in VARYING_TEXT:
        data = re.sub(pattern.encode(), replacement.encode(), data, flags=re.MULTILINE)
    return data.replace(os.fsencode(work), b"<work>")


# ---------------------------------------------------------------------------------------------------------------------
# Running

class Place:
    """The folder one binary works in for one case: inputs in `data` and `more`, all else is written by the commands."""

    def __init__(self, binary, work, out):
        self.binary, self.work, self.out, self.step = binary, work, out, 0

    def env(self, extra):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MTB_", "XDG_")) and k != "NO_COLOR"}
        home = self.work / "home"
        home.mkdir(exist_ok=True)
        return {**kept, "HOME": str(home), "TZ": "UTC", "COLUMNS": "110", **extra}

    def arguments(self, args):
        args = args.split() if isinstance(args, str) else [str(arg) for arg in args]
        has_cache = "--cache-dir" in args or "--platform-cache" in args
        args = [arg for arg in args if arg != "--platform-cache"]
        return [str(self.binary), *args, *([] if has_cache else ["--cache-dir", "cache"]), "--progress", "none"]

    def run(self, args, stdin=None, **env):
        """Runs the program; what it prints and its exit code become an output."""
        done = subprocess.run(self.arguments(args), cwd=self.work, env=self.env(env), capture_output=True, timeout=900,
                              input=stdin if stdin is not None else b"")
        shown = args if isinstance(args, str) else " ".join(map(str, args))
        text = f"$ mtbsync {shown}\nexit {done.returncode}\n".encode()
        text += b"--- stdout\n" + done.stdout + b"--- stderr\n" + done.stderr
        self.keep_text("printed", text)

    def keep_text(self, name, text):
        self.step += 1
        path = self.out / f"{self.step:02}-{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(normalised_text(text, self.work))

    def write(self, name, text):
        """An input file made by the case."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def collect(self):
        """Copies every written file, normalised, to the outputs. Cached files are named by their content."""
        cached = {}
        for path in sorted(self.work.rglob("*")):
            relative = path.relative_to(self.work)
            if not path.is_file() or relative.parts[0] in ("data", "more") or path.suffix in (".db-wal", ".db-shm"):
                continue
            data = normalised(path, self.work)
            is_named_by_hash = re.fullmatch(r"[0-9a-f]{16,64}", path.stem.split(".")[0])
            if is_named_by_hash:
                cached.setdefault((relative.parent, path.suffix), []).append(data)
            else:
                self.keep(relative, data)
        for (folder, suffix), contents in cached.items():
            for number, data in enumerate(sorted(contents)):
                self.keep(folder / f"{number}{suffix}", data)

    def keep(self, relative, data):
        path = self.out / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


class Server:
    """A page server of the program, asked over HTTP; each answer becomes an output."""

    def __init__(self, place, args):
        self.place = place
        self.process = subprocess.Popen(place.arguments(f"{args} --port 0 --json"), cwd=place.work, env=place.env({}),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def __enter__(self):
        text = b""
        while True:
            line = self.process.stdout.readline()
            text += line
            match = re.search(rb'"url"\s*:\s*"(http://[^"]+?)/?"', text)
            if match:
                self.url = match.group(1).decode()
                return self
            if not line:
                raise RuntimeError(f"the server did not start: {text!r}")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)

    def ask(self, path, method="GET", body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        headers = {key.replace("_", "-"): value for key, value in headers.items()}
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                status, content, etag = answer.status, answer.read(), answer.headers.get("ETag")
        except urllib.error.HTTPError as error:
            status, content, etag = error.code, error.read(), error.headers.get("ETag")
        # Names of jobs begin at random; how far a job's last progress came is a matter of time.
        path = re.sub(r"/[0-9a-f]{6}-(\d+)$", r"/\1", path)
        name = re.sub(r"[^A-Za-z0-9]+", "_", f"{method} {path}")[:80]
        shown = without_varying_keys(name, content)
        shown = re.sub(rb'"id":"[0-9a-f]{6}-(\d+)"', rb'"id":"\1"', shown)
        shown = re.sub(rb'"progress":\{[^{}]*\}', b'"progress":"*"', shown)
        self.place.keep_text(name, f"{method} {path}\nstatus {status}\n".encode() + shown + b"\n")
        return content, etag

    def job(self, kind, params):
        """Starts a job and waits for its end; the answer and the job as it ended become outputs."""
        answer = json.loads(self.ask("/api/jobs", "POST", {"kind": kind, "params": params})[0])
        deadline = time.monotonic() + 300
        while "id" in answer and time.monotonic() < deadline:
            with urllib.request.urlopen(f"{self.url}/api/jobs/{answer['id']}", timeout=60) as said:
                if json.load(said)["state"] in ("done", "failed", "cancelled"):
                    self.ask(f"/api/jobs/{answer['id']}")
                    return
            time.sleep(0.2)


# ---------------------------------------------------------------------------------------------------------------------
# Cases

SAMPLE = "sync --reference data/sample/reference.mp4 --new data/sample/new.mp4"
LAPS = "sync --reference data/race-lap/pass1.mp4 --new data/race-lap/pass2.mp4"
MARKERS = "--ref-markers data/sample/reference_markers.csv"
LAP_MARKERS = "name,t_ref,colour,comment,t_ref_end\nStart,2.5,Red,,\nBend,0:11.2,Blue,\"late, again\",\nBridge,19.75,,,24.0\nEnd,36.9,Green,,\n"
ANCHORS = "t_new,t_ref,note\n6.0,5.75,by hand\n15.5,16.6,\n"
EXPORTS = " ".join(f"--export {preset}" for preset in PRESETS)
TRACKS = "--ref-gpx data/sample/reference.gpx --new-gpx data/sample/new.gpx"
CONFIG = """[presets.team]
format = "resolve-edl"
fps = "29.97"
reel = "001"
label = "Race day"
timeline_start = "00:00:00;00"
drop_frame = true
review_prefix = ""
"""

CASES = {}


def case(name, needs=None):
    """Registers a case; `needs` is a path below --more without which it is left out."""
    def register(function):
        CASES[name] = (function, needs)
        return function
    return register


def plain(name, *commands, files=None, needs=None):
    """A case that only runs commands."""
    def run(place):
        for path, text in (files or {}).items():
            place.write(path, text)
        for command in commands:
            place.run(command)
    CASES[name] = (run, needs)


plain("sample", f"{SAMPLE} {MARKERS} {EXPORTS} --out out")
plain("sample-json", f"{SAMPLE} {MARKERS} --out out --json", f"{SAMPLE} {MARKERS} --out again --json -q --export fcpxml --export-fps 25")
plain("sample-gpx", f"{SAMPLE} {MARKERS} {TRACKS} --out auto --json", f"{SAMPLE} {TRACKS} --ref-gpx-offset 3 --new-gpx-offset 5.5 --out fixed --json")
plain("sample-precise", f"{SAMPLE} {MARKERS} --precise --out out --export resolve-edl")
plain("sample-affine", f"{SAMPLE} {MARKERS} --warp-model affine --out out --json", f"{SAMPLE} {MARKERS} --warp-model affine --out forced --force",
      "sync --reference data/sample/new.mp4 --new data/sample/new.mp4 --warp-model affine --out same")
plain("sample-dense", f"{SAMPLE} {MARKERS} --matcher dense --out out --json")
plain("sample-orb", f"{SAMPLE} {MARKERS} --matcher orb --out out --json --lowe 0.8 --ransac-reproj 2 --min-inliers 12")
plain("sample-no-refine", f"{SAMPLE} {MARKERS} --no-refine --out out --json --top-k 5")
plain("sample-fast", f"{SAMPLE} {MARKERS} --fast --out out --threads 1", f"{SAMPLE} --no-warp --out pairs --refine-window 2")
plain("sample-analysis", f"{SAMPLE} {MARKERS} --fps 5 --n-features 400 --no-clahe --out out --json")
plain("sample-refused", f"{SAMPLE} {MARKERS} --warp-min-coverage 1 --warp-max-p90 0.001 --out out --json",
      f"{SAMPLE} {MARKERS} --warp-min-coverage 1 --force --out forced --export otio")
plain("sample-swapped", "sync --reference data/sample/new.mp4 --new data/sample/reference.mp4 --out out --json")
plain("sample-anchors", f"{SAMPLE} {MARKERS} --anchors anchors.csv --out out --json", files={"anchors.csv": ANCHORS})

plain("lap", f"{LAPS} --ref-markers lap_markers.csv {EXPORTS} --out out", files={"lap_markers.csv": LAP_MARKERS})
plain("lap-no-gps", f"{LAPS} --no-gps --ref-markers lap_markers.csv --out out --json", files={"lap_markers.csv": LAP_MARKERS})
plain("lap-swapped", "sync --reference data/race-lap/pass2.mp4 --new data/race-lap/pass1.mp4 --out out --json",
      "sync --reference data/race-lap/pass2.mp4 --new data/race-lap/pass1.mp4 --out pictures --no-gps --json")
plain("lap-precise", f"{LAPS} --precise --out out --json")
plain("lap-affine", f"{LAPS} --warp-model affine --out out --json")
plain("apart", "sync --reference data/sample/reference.mp4 --new data/race-lap/pass1.mp4 --out out --json")


def dev_pair(pair):
    recordings = f"--reference more/rendered/{pair}/reference.mp4 --new more/rendered/{pair}/new.mp4"
    markers = f"--ref-markers more/rendered/{pair}/reference_markers.csv"
    tracks = f"--ref-gpx more/rendered/{pair}/reference.gpx --new-gpx more/rendered/{pair}/new.gpx"
    plain(pair, f"sync {recordings} {markers} {EXPORTS} --out out", f"sync {recordings} {markers} {tracks} --out gps --json",
          needs=f"rendered/{pair}")


for pair in ["dev_easy", "dev_lens", "dev_partial", "dev_speed", "dev_vfr"]:
    dev_pair(pair)


@case("batch")
def batch(place):
    folder = place.work / "videos"
    (folder / "sub").mkdir(parents=True)
    data = place.work / "data"
    for side, suffix in [("reference", "ref"), ("new", "new")]:
        shutil.copy2(data / f"sample/{side}.mp4", folder / f"trail_{suffix}.mp4")
        shutil.copy2(data / f"sample/{side}.gpx", folder / f"trail_{suffix}.gpx")
    shutil.copy2(data / "sample/reference_markers.csv", folder / "trail_ref_markers.csv")
    shutil.copy2(data / "sample/new.mp4", folder / "sub/wrong_new.mp4")
    shutil.copy2(data / "race-lap/pass1.mp4", folder / "sub/wrong_ref.mp4")
    (folder / "bad_ref.mp4").write_text("no video")
    shutil.copy2(data / "sample/new.mp4", folder / "bad_new.mp4")
    place.run("batch videos --recursive --dry-run --out-dir out")
    place.run("batch videos --recursive --out-dir out --export resolve-edl --export fcpxml --jobs 1")
    place.run("batch videos --recursive --out-dir out --export resolve-edl --export fcpxml --jobs 1 --resume --json")
    place.run("batch videos --out-dir against --reference videos/trail_ref.mp4 --no-plot --json")
    place.run("benchmark-quality --root out --out report --html --strict --fields cmd,gps_used,pair.new")
    place.run("splits --root out --ref-markers data/sample/reference_markers.csv --out splits.csv --json")


@case("map-commands")
def map_commands(place):
    """What is done with the map and the markers of a finished sync: no picture is looked at again."""
    place.write("anchors.csv", ANCHORS)
    place.write("contradiction.csv", "t_new,t_ref\n6.0,5.75\n7.0,5.0\n")
    place.write("markers.csv", LAP_MARKERS)
    place.write("home/.config/mtbsync/config.toml", CONFIG)
    place.run(f"{SAMPLE} {MARKERS} --out out -q")
    for name, args in {
        "again": "--pairs out/pairs.csv", "anchors": "--pairs out/pairs.csv --anchors anchors.csv",
        "raw": "--pairs out/pairs_raw.csv", "affine": "--pairs out/pairs.csv --warp-model affine --warp-max-ppm 200000",
        "refused": "--pairs out/pairs.csv --warp-model affine", "forced": "--pairs out/pairs.csv --warp-model affine --force",
        "length": "--pairs out/pairs.csv --new-duration 30 --warp-window-sec 0.05", "wrong": "--pairs out/pairs.csv --anchors contradiction.csv",
    }.items():
        place.run(f"warp {args} --out {name}/warp.npz --json")
    place.run("warp --pairs out/pairs.csv --anchors anchors.csv --out said/warp.npz")
    place.run("transfer-markers --ref-markers markers.csv --warp anchors/warp.npz --out carried/new_markers.csv --vis-json --plot-overlay")
    place.run("transfer --ref-markers markers.csv --timewarp-json out/timewarp.json --out - --review-threshold 0.99")
    place.run(f"transfer {MARKERS} --timewarp-json refused/timewarp.json --out none.csv")
    for preset in PRESETS:
        place.run(f"export-markers out/new_markers.csv --preset {preset} --out exported/{preset} --video data/sample/new.mp4")
        place.run(f"export {preset} --markers carried/new_markers.csv --out carried/{preset} --fps 29.97 --drop-frame --json")
    for preset in RETIMED:
        place.run(f"export {preset} --markers out/new_markers.csv --retime --timewarp-json out/timewarp.json --out retimed/{preset}")
    place.run("export team --markers out/new_markers.csv --out team.edl")
    place.run("export edl --markers out/new_markers.csv --out - --min-confidence 0.99 --keep-colours --timeline-start 10:00:00:00 --fps 25")
    place.run("export ffmetadata --markers out/new_markers.csv --mux data/sample/new.mp4 --out chapters.mp4")
    for path in sorted((place.work / "exported").iterdir()):
        place.run(f"import-markers {path.relative_to(place.work)} --out imported/{path.name}.csv --fps 30")
    place.run("import-markers data/race-lap/pass2.mp4 --out imported/lap.csv")
    place.run("import-markers chapters.mp4 --out imported/chapters.csv")
    place.run("splits --ref-markers markers.csv --timewarp-json out/timewarp.json --timewarp-json anchors/timewarp.json --out splits.csv"
              " --delta-out delta.csv --plot delta.png")
    place.run("splits --ref-markers markers.csv --timewarp-json out/timewarp.json --out sections.csv --sections Start,Bridge --json")
    place.run(f"viewer --headless {MARKERS} --timewarp-json out/timewarp.json --out-png view.png --pairs out/pairs.csv --new-markers out/new_markers.csv")
    place.run("viewer --headless --ref-markers markers.csv --timewarp-json refused/timewarp.json --out-png refused.png --size 800x600 --json")


@case("imports", needs="markers")
def imports(place):
    for path in sorted((place.work / "more/markers").rglob("*.*")):
        name = path.relative_to(place.work)
        if path.suffix != ".md":
            place.run(["import-markers", name, "--out", f"imported/{path.name}.csv"])


@case("telemetry", needs="gpx")
def telemetry(place):
    files = [path.relative_to(place.work) for folder in ["gpx", "fit", "gpmf-raw", "gopro"] for path in sorted((place.work / "more" / folder).rglob("*.*"))]
    place.run(["doctor", "--json", *files])


@case("render")
def render(place):
    place.run(f"{SAMPLE} {MARKERS} --out out -q")
    inputs = "render --reference data/sample/reference.mp4 --new data/sample/new.mp4 --timewarp-json out/timewarp.json --threads 2"
    place.run(f"{inputs} --from 5 --to 7 --out side.mp4 --size 640x180 --delta-bar --markers out/new_markers.csv --json")
    place.run(f"{inputs} --from 5 --to 6 --out ghost.mp4 --layout ghost --size 320x180 --master ref --audio none --lock time")


@case("index")
def index(place):
    place.run("index --reference data/sample/reference.mp4 --out sample")
    place.run("index --reference data/race-lap/pass2.mp4 --out lap.npz --json")
    place.run("index --reference data/sample/new.mp4 --precise --out precise.npz")
    place.run(f"{SAMPLE} --index sample.npz --out out --json")
    place.run("sync --reference data/sample/new.mp4 --new data/sample/new.mp4 --index sample.npz --out refused")


@case("folders")
def folders(place):
    """Where the cache and the configuration are looked for."""
    index = "index --reference data/sample/new.mp4 --platform-cache --fps 1"
    place.write("xdg/mtbsync/config.toml", CONFIG)
    place.write("home/.mtbsync/config.toml", CONFIG.replace("team", "old").replace("Race day", "From the old folder"))
    place.write("markers.csv", "name,t_new\nA,1.5\n")
    place.run(index)
    place.run(index, XDG_CACHE_HOME=str(place.work / "xdg-cache"))
    place.run(index, XDG_CACHE_HOME="relative")
    place.run(index, MTB_CACHE_DIR="from-env")
    for preset in ["team", "old"]:
        place.run(f"export {preset} --markers markers.csv --out {preset}.edl", XDG_CONFIG_HOME=str(place.work / "xdg"))
        place.run(f"export {preset} --markers markers.csv --out {preset}-home.edl")


@case("doctor")
def doctor(place):
    place.run("doctor data/sample/new.mp4 data/race-lap/pass1.mp4 data/race-lap/pass2.mp4 data/sample/new.gpx data/sample/pair.json none.mp4")
    place.run("doctor --json data/race-lap/pass2.mp4")


@case("quality")
def quality(place):
    """A made history: the judgement of the newest run, the gate, the reports, deletion of old perf.json files."""
    records = [{"ts": f"2026-03-{1 + i:02}T10:00:00Z", "run_id": f"sync:run{i}.mp4", "p90": 0.05 + 0.002 * (i * 7 % 5), "ppm": 120.0 + i % 3,
                "inlier_frac": 0.97 - 0.01 * (i % 2), "fps": 30.5, "cpu_pct": 180.0, "gpu_util": None, "model": "affine", "coverage": 0.97}
               for i in range(30)]
    for name, last in {"same": {}, "worse": {"p90": 0.6}, "much": {"p90": 4.0, "inlier_frac": 0.2, "ppm": 9000.0}, "bad": {"p90": None}}.items():
        place.write(f"{name}/quality_history.json", json.dumps([*records, {**records[-1], "ts": "2026-04-01T10:00:00Z", **last}], indent=2))
        place.run(f"quality-check --root {name}")
        place.run(f"quality-check --root {name} --ci --reg-preset strict --window 20 --json")
    place.run("quality-check --root none --ci --ci-out gate")
    for i in range(4):
        place.write(f"runs/r{i}/perf.json", json.dumps({"ok": True, "cmd": "sync", "ts": f"2026-03-0{i + 1}T10:00:00Z", "extra": {"deep": i}}))
        affine = {"ok": i != 2, "model": "affine", "params": {"a": 1.0 + i / 1e4, "b": -0.5}, "inlier_frac": 0.4 + i / 10, "residuals": {"p90": 0.1 * i}}
        place.write(f"runs/r{i}/timewarp.json", json.dumps(affine) if i < 3 else "{ broken")
    place.run("benchmark-quality --root runs --out report --html --strict --fields cmd,extra.deep")
    place.run("benchmark-quality --root runs --pattern r[!12]* --out some --no-csv")
    for i in range(4):
        os.utime(place.work / f"runs/r{i}/perf.json", (1_780_000_000 + i, 1_780_000_000 + i))
    place.run("prune-perf --root runs --keep 2 --dry-run --json")
    place.run("prune-perf --root runs --keep 2")


@case("server")
def server(place):
    """What the pages read, and a refit by anchors (times of files in answers are replaced)."""
    place.run(f"{SAMPLE} {MARKERS} --out root/run -q")
    shutil.copy2(place.work / "data/sample/reference_markers.csv", place.work / "root/markers.csv")
    with Server(place, f"compare-ui --ref data/sample/reference.mp4 --new data/sample/new.mp4 {MARKERS}"
                       " --timewarp-json root/run/timewarp.json --root root --allow-write") as pages:
        for path in ["/api/session", "/api/batch", "/api/files", "/api/marker-list", "/api/perf", "/api/timewarp", "/api/regression", "/api/none"]:
            pages.ask(path)
        run = json.loads(pages.ask("/api/runs")[0])["items"][0]
        for path in ["", "/warp?n=50", "/markers", "/pairs?n=100", "/splits"]:
            pages.ask(f"/api/runs/{run['id']}{path}")
        media = run["reference"]["media"]
        for path in ["/info", "/frames", "/frame?t=3&w=320"]:
            pages.ask(f"/api/media/{media}{path}")
        anchors = {"items": [{"t_new": 6.0, "t_ref": 5.75, "note": "by hand"}]}
        _, etag = pages.ask(f"/api/anchors?run={run['id']}")
        pages.ask(f"/api/anchors?run={run['id']}&dry_run=1", "PUT", anchors, If_Match=etag or "")
        pages.ask(f"/api/anchors?run={run['id']}", "PUT", anchors, If_Match=etag or "")
        pages.ask(f"/api/runs/{run['id']}/warp?n=50")
        pages.ask("/api/jobs", "POST", {"kind": "sync", "params": {"nonsense": 1}})
        pages.job("transfer", {"ref-markers": "markers.csv", "timewarp-json": "run/timewarp.json", "out": "run/again.csv", "review-threshold": 0.9})
        pages.job("export", {"markers": "run/again.csv", "preset": "resolve-edl", "out": "run/again.edl", "fps": "25", "reel": "A01", "keep-colours": True})
        pages.job("sync", {"reference": media, "new": run["new"]["media"], "out": "job", "ref-markers": "markers.csv", "export": ["otio", "fcpxml"],
                           "matcher": "dense", "fps": 3, "top-k": 4, "warp-min-coverage": 0.4})
        pages.job("sync", {"reference": media, "new": run["new"]["media"], "out": "failed", "warp-model": "affine", "no-plot": True})
        pages.job("benchmark", {"root": ".", "out": "report", "fields": "cmd", "html": True})


@case("errors")
def errors(place):
    """Wrong use and wrong files: texts and exit codes."""
    place.write("empty.csv", "")
    place.write("markers.csv", "name,t_ref\nA,x\nB,-1\n")
    place.write("broken.json", "{")
    place.write("no.mp4", "no video")
    place.write("good.csv", "name,t_ref\nA,1.0\n")
    for command in [
        "", "snyc", "sync", "sync --reference none.mp4 --new none.mp4", "sync --reference no.mp4 --new data/sample/new.mp4",
        f"{SAMPLE} --fps 100", f"{SAMPLE} --fps x", f"{SAMPLE} --matcher super", f"{SAMPLE} --model x --matcher dense", f"{SAMPLE} --export edl",
        f"{SAMPLE} {MARKERS} --export none", f"{SAMPLE} --ref-gpx-offset 3", f"{SAMPLE} --ref-gpx no.mp4", f"{SAMPLE} --ref-markers empty.csv",
        f"{SAMPLE} --ref-markers markers.csv --json", f"{SAMPLE} --no-warp {MARKERS}", f"{SAMPLE} --anchors empty.csv", f"{SAMPLE} --config broken.json",
        "warp --pairs empty.csv --out x.npz", "warp --pairs none.csv --out x.npz", "transfer --ref-markers markers.csv --out x.csv",
        "transfer --ref-markers markers.csv --warp broken.json", f"transfer {MARKERS} --timewarp-json broken.json", "export none --markers markers.csv",
        "export edl --markers none.csv", "export edl --markers good.csv --fps 25 --drop-frame", "export edl --markers good.csv --reel toolongname",
        "import-markers no.mp4", "import-markers broken.json --format edl", "viewer --headless", "splits --ref-markers markers.csv",
        "render --reference no.mp4 --new no.mp4 --timewarp-json broken.json --out x.mp4", "batch none", "batch data/sample --dry-run", "quality-check --root .",
        "benchmark-quality --root .", "benchmark-quality --root . --pattern [", "cache status --json", "cache clear --yes --dry-run", "version", "doctor --x",
    ]:
        place.run(command)


@case("help")
def help_texts(place):
    commands = ["", *"sync batch index warp transfer-markers export-markers import-markers viewer dashboard telemetry-ui compare-ui preview render splits "
                "quality-check benchmark-quality prune-perf cache doctor completions version man".split()]
    for command in commands:
        place.run(f"{command} --help")
    for shell in ["bash", "zsh", "fish"]:
        place.run(f"completions {shell}")


# ---------------------------------------------------------------------------------------------------------------------
# Comparing

def digest_of_tree(folder):
    """SHA-256 over names and contents."""
    hasher = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            hasher.update(f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return hasher.hexdigest()


def outputs_of(binary, name, options, keep, work, scratch):
    """Folder with the normalised outputs of a case, from `keep` when they are there. Returns it and the seconds it took."""
    function, needs = CASES[name]
    out = (keep or scratch) / name
    # What was kept is of use only for the same commands on the same inputs in a folder of the same name.
    state = hashlib.sha256("\n".join([Path(__file__).read_text(), options.inputs_digest, str(work)]).encode()).hexdigest()
    stamp = out.with_name(f"{name}.stamp")
    if keep and out.is_dir() and stamp.exists() and stamp.read_text() == state:
        return out, 0.0
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(work, ignore_errors=True)
    out.mkdir(parents=True)
    work.mkdir(parents=True)
    shutil.copytree(options.data, work / "data")
    if needs:
        for part in {needs, *(["fit", "gpmf-raw", "gopro"] if name == "telemetry" else [])}:
            if (options.more / part).exists():
                shutil.copytree(options.more / part, work / "more" / part)
    start = time.monotonic()
    place = Place(binary, work, out)
    function(place)
    place.collect()
    seconds = time.monotonic() - start
    shutil.rmtree(work)
    stamp.write_text(state)
    return out, seconds


def files_below(folder):
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}


def compare(name, old, new, verbose):
    """Prints a line per file (per differing file unless verbose); returns how many differ."""
    old_files, new_files = files_below(old), files_below(new)
    differing = 0
    for file in sorted({*old_files, *new_files}):
        digests = [hashlib.sha256(side[file].read_bytes()).hexdigest()[:12] if file in side else "-" for side in (old_files, new_files)]
        is_same = digests[0] == digests[1]
        differing += not is_same
        if verbose or not is_same:
            print(f"  {name:16} {'equal' if is_same else 'DIFFERS':8} {digests[0]:12} {digests[1]:12} {file}")
    return differing


def chosen(options):
    patterns = options.only.split(",") if options.only else None
    for name, (_, needs) in CASES.items():
        if patterns:
            is_wanted = any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
        else:
            is_wanted = name != "help"
        if is_wanted and needs and not (options.more and (options.more / needs).exists()):
            print(f"{name}: left out, it needs {needs} in --more")
        elif is_wanted:
            yield name


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", type=Path, help="binary that is right by definition")
    parser.add_argument("--new", type=Path, help="binary to be judged; without it the old outputs are only made (--keep-old)")
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="folder with sample/ and race-lap/ [default: data]")
    parser.add_argument("--more", type=Path, help="folder with more inputs: rendered/dev_*, markers/, gpx/, fit/, ...")
    parser.add_argument("--only", help="cases to run, separated by commas; * and ? are allowed")
    parser.add_argument("--keep-old", type=Path, metavar="DIR", help="keep the old outputs, or use those kept before")
    parser.add_argument("--keep-new", type=Path, metavar="DIR", help="keep the new outputs")
    parser.add_argument("--verbose", action="store_true", help="also list equal files")
    parser.add_argument("--list", action="store_true", help="list the cases")
    options = parser.parse_args()
    if options.list:
        print("\n".join(CASES))
        return 0
    if not options.old or not (options.new or options.keep_old):
        parser.error("--old and --new are needed, or --old and --keep-old")
    for binary in filter(None, [options.old, options.new]):
        if not os.access(binary, os.X_OK):
            parser.error(f"not a program: {binary}")
    options.inputs_digest = digest_of_tree(options.data) + (digest_of_tree(options.more) if options.more else "")
    # Both binaries work in a folder of one fixed name: artefacts hold absolute paths, and hashes of such artefacts.
    base = Path(tempfile.gettempdir()) / f"mtbsync-compare-{os.getuid()}"
    base.mkdir(exist_ok=True)
    with open(base / "lock", "w") as lock, tempfile.TemporaryDirectory() as scratch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sides = []
        for label, binary, keep in [("old", options.old, options.keep_old), ("new", options.new, options.keep_new)]:
            if binary:
                binary = binary.resolve()
                digest = hashlib.sha256(binary.read_bytes()).hexdigest()[:16]
                sides.append((binary, keep and keep.resolve() / digest, Path(scratch) / label))
        differing, files, start = {}, 0, time.monotonic()
        for name in chosen(options):
            made = [outputs_of(binary, name, options, keep, base / "work", place) for binary, keep, place in sides]
            count = len(files_below(made[0][0]))
            files += count
            seconds = "  ".join(f"{seconds:5.1f} s" for _, seconds in made)
            print(f"{name:18} {count:4} files  {seconds}", flush=True)
            if len(made) == 2:
                differing[name] = compare(name, made[0][0], made[1][0], options.verbose)
    wrong = {name: count for name, count in differing.items() if count}
    verdict = "equal" if not wrong else "DIFFERENT: " + ", ".join(f"{name} ({count})" for name, count in wrong.items())
    print(f"{len(differing) or 'no'} cases compared, {files} files, {time.monotonic() - start:.0f} s: {verdict}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
