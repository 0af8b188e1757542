#!/usr/bin/env python3
"""Do two builds of mtbsync write the same bytes?

    scripts/compare_outputs.py --old OLD/mtbsync --new target/release/mtbsync [--more ../shared/data]
        [--only sample,batch-*] [--keep-old DIR] [--keep-new DIR] [--list]

Each case (compare_cases.py) is a list of commands that both binaries run on the same inputs, in a folder of the same path, with
caches and configuration of their own. Every file they write and everything they print is compared by SHA-256, after what differs by
nature (times of day, durations, use of the machine: VARYING below) is replaced. npz files are compared by members, `cache.db` by
rows, files of the cache by content, because their names are hashes that include the program. Exit 1 on any difference, 2 on wrong use.

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

from compare_cases import CASES

ROOT = Path(__file__).resolve().parent.parent

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

    def serve(self, args):
        """A page server of the program, while it is used with `with`."""
        return Server(self, args)

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
    scripts = [path.read_text() for path in sorted((ROOT / "scripts").glob("compare_*.py"))]
    state = hashlib.sha256("\n".join([*scripts, options.inputs_digest, str(work)]).encode()).hexdigest()
    stamp = out.with_name(f"{name}.stamp")
    if keep and out.is_dir() and stamp.exists() and stamp.read_text() == state:
        return out, 0.0
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(work, ignore_errors=True)
    out.mkdir(parents=True)
    work.mkdir(parents=True)
    shutil.copytree(options.data, work / "data")
    for part in needs:
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
        missing = [part for part in needs if not (options.more and (options.more / part).exists())]
        if is_wanted and missing:
            print(f"{name}: left out, it needs {', '.join(missing)} in --more")
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
    cases = list(chosen(options))
    if not cases:
        parser.error("no case to run")
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
        for name in cases:
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
