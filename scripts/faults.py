#!/usr/bin/env python3
"""Is anything lost, mixed or wrong when the disk fails or the program is killed?

    scripts/faults.py --bin target/release/mtbsync [--every 1] [--only sync,export] [--ops rename] [--kills 0] [--keep DIR]

Calls that fail: `sync` (with nothing there, and over an older run), `batch`, `transfer-markers` and `export-markers` are run again and
again; each time one open, read, write, fsync, rename, unlink, mkdir or truncate below their folder, recordings and cache included,
fails once (crates/cli/tests/faults/shim.c). With `--every N` every N-th of them, renames and fsyncs of small commands always.
Kills: with `--kills N` the same commands, and the server with a job, are ended by SIGKILL at N moments spread over their time.

After each of them must hold:
- the exit code is one of the contract, with one `error:` line, and nothing of the runtime on stderr; no process is left;
- exit 0 means the results of an undisturbed run;
- the files of a run are all older or all newer, or every reader says which are which;
- the next, undisturbed run gives the results of an undisturbed run, and leaves no temporary file; every entry of the cache is whole.

Prints a table; exit 1 when something did not hold. `--keep` keeps the folders of what did not. Needs ffmpeg and cc; Linux only.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OPS = ["open", "read", "write", "fsync", "rename", "unlink", "mkdir", "truncate", "readdir", "stat"]
CODES = {0, 1, 2, 3}
INTERNAL = re.compile(r"panicked|backtrace|RUST_|::drop|broke off")
# What says when and how long, and differs from run to run.
TELEMETRY = {"perf.json", "quality_history.json", "regression.json", "batch_item.json", "batch_summary.csv"}
# What holds the place of the recordings in a way that cannot be taken out, or digests of that.
PLACED = {"manifest.json", "warp.npz"}
# A busy machine is no hang.
SECS = 300
SYNC = "sync --reference ref.mp4 --new new.mp4 --ref-markers m.csv --export resolve-edl --out out"
COMMANDS = {
    "sync": ("fresh", SYNC, ["out"]),
    "sync over older": ("older", SYNC, ["out"]),
    "batch": ("fresh", "batch in --out-dir out --reference ref.mp4 --ref-markers m.csv --jobs 2", ["out/a", "out/b"]),
    "transfer": ("run", "transfer-markers --ref-markers m.csv --timewarp-json out/timewarp.json --out out/new_markers.csv", ["out"]),
    "export": ("run", "export-markers out/new_markers.csv --preset fcpxml --out out/new_markers.fcpxml", ["out"]),
}
READER = "transfer-markers --ref-markers m.csv --timewarp-json out/timewarp.json --out -"


def environment(folder, more=()):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MTB_", "XDG_"))}
    env.update(HOME=str(folder / "home"), MTB_CACHE_DIR=str(folder / "home/cache"), **dict(more))
    return env


def run(binary, folder, command, **env):
    process = subprocess.run([binary, *command.split()], cwd=folder, env=environment(folder, env), stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, errors="replace", timeout=SECS)
    return process.returncode, process.stdout, process.stderr


def results(folder, outputs):
    """Digests of the artefacts in all output folders."""
    found = {}
    for output in outputs:
        for path in sorted((folder / output).glob("*")) if (folder / output).is_dir() else []:
            if path.is_file() and path.name not in TELEMETRY | PLACED and not path.name.startswith("."):
                # Where the recordings lie stands in the map.
                content = path.read_bytes().replace(str(folder).encode(), b"PLACE")
                found[f"{output}/{path.name}"] = hashlib.sha256(content).hexdigest()
    return found


def leftovers(folder):
    return [str(path.relative_to(folder)) for path in folder.rglob("*.mtbsync-tmp")]


def is_running(folder):
    """Processes whose working folder is this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "cwd").startswith(str(folder)):
                found.append(int(process.name))
        except OSError:
            pass
    return found


class Suite:
    def __init__(self, binary, work):
        self.binary, self.work = str(Path(binary).resolve()), work
        self.shim = work / "libfault.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.shim, ROOT / "crates/cli/tests/faults/shim.c", "-ldl"], check=True)
        self.templates = {}
        self.number = 0
        self.lock = threading.Lock()
        self.prepare()

    def template(self, name, of=None):
        folder = self.work / name
        if of:
            shutil.copytree(self.work / of, folder)
        self.templates[name] = folder
        return folder

    def prepare(self):
        fresh = self.template("fresh")
        (fresh / "in").mkdir(parents=True)
        sample = ROOT / "data/sample"
        picture = ["-vf", "scale=192:108,fps=15", "-an", "-c:v", "libx264", "-preset", "veryfast", "-g", "5", "-pix_fmt", "yuv420p"]
        for name, source, start in [("ref", "reference", 2), ("new", "new", 3), ("in/a", "new", 3), ("in/b", "new", 4)]:
            out = fresh / f"{name}.mp4"
            subprocess.run(["ffmpeg", "-v", "error", "-ss", str(start), "-i", sample / f"{source}.mp4", "-t", "10", *picture, out], check=True)
        (fresh / "m.csv").write_text("name,t_ref\nA,3\nB,5.5\nC,7\n")
        (fresh / "home").mkdir()
        for name in ["older", "run"]:
            folder = self.template(name, "fresh")
            self.must(folder, SYNC)
        # An older run with other markers and another map; its cache is warm.
        older = self.templates["older"]
        (older / "m_old.csv").write_text("name,t_ref\nOld,4\n")
        shutil.rmtree(older / "out")
        self.must(older, SYNC.replace("m.csv", "m_old.csv") + " --fps 2")

    def must(self, folder, command):
        code, _, stderr = run(self.binary, folder, command)
        if code != 0:
            sys.exit(f"{command}: exit {code}: {stderr}")

    def place(self, template):
        with self.lock:
            self.number += 1
            folder = self.work / f"p{self.number}"
        shutil.copytree(self.templates[template], folder)
        return folder

    def healthy(self, name):
        template, command, outputs = COMMANDS[name]
        folder = self.place(template)
        before = results(folder, outputs)
        begun = time.monotonic()
        self.must(folder, command)
        secs = time.monotonic() - begun
        after = results(folder, outputs)
        shutil.rmtree(folder)
        return before, after, secs

    def count(self, name, op):
        template, command, _ = COMMANDS[name]
        folder = self.place(template)
        calls = self.work / f"calls-{folder.name}"
        self.with_shim(folder, command, op, MTB_FAULT_COUNT=str(calls))
        number = calls.stat().st_size if calls.exists() else 0
        calls.unlink(missing_ok=True)
        shutil.rmtree(folder)
        return number

    def with_shim(self, folder, command, op, **env):
        return run(self.binary, folder, command, LD_PRELOAD=str(self.shim), MTB_FAULT_OP=op, MTB_FAULT_UNDER=str(folder), **env)

    def fail(self, name, op, at, states):
        """What did not hold after call number `at` failed; None when all did."""
        template, command, outputs = COMMANDS[name]
        folder = self.place(template)
        calls = self.work / f"calls-{folder.name}"
        code, _, stderr = self.with_shim(folder, command, op, MTB_FAULT_AT=str(at), MTB_FAULT_COUNT=str(calls))
        calls.unlink(missing_ok=True)
        wrong = []
        if code not in CODES or INTERNAL.search(stderr):
            wrong.append(f"exit {code}: {stderr[-300:]}")
        if (code in (1, 2)) != (sum(line.startswith("error:") for line in stderr.splitlines()) == 1) and "batch" not in name:
            wrong.append(f"exit {code}, and its error lines: {stderr[-300:]}")
        wrong += self.state(folder, name, states, done=code == 0)
        return self.judge(folder, name, states, wrong)

    def state(self, folder, name, states, done):
        before, after = states
        outputs = COMMANDS[name][2]
        wrong = []
        for output in outputs:
            own = lambda found: {k: v for k, v in found.items() if k.startswith(output + "/")}
            now = own(results(folder, outputs))
            if now == own(after) or (now == own(before) and not done):
                continue
            code, _, stderr = run(self.binary, folder, READER.replace("out/timewarp", f"{output}/timewarp"))
            named = code == 1 and "files of two runs are mixed" in stderr
            partial = not now and not done
            if done or not (named or partial):
                differs = sorted(k for k in now.keys() | own(after).keys() if now.get(k) != own(after).get(k))
                wrong.append(f"{output} is neither the older nor the newer run: {differs}; a reader says {code} {stderr[-200:]}")
        return wrong

    def judge(self, folder, name, states, wrong):
        """The next run."""
        _, command, outputs = COMMANDS[name]
        code, _, stderr = run(self.binary, folder, command)
        if code != 0:
            wrong.append(f"next run: exit {code}: {stderr[-300:]}")
        now = results(folder, outputs)
        if now != states[1]:
            differs = sorted(k for k in now.keys() | states[1].keys() if now.get(k) != states[1].get(k))
            wrong.append(f"next run: other results: {differs}")
        if left := leftovers(folder):
            wrong.append(f"left after the next run: {left}")
        if (folder / "home/cache").is_dir():
            code, stdout, stderr = run(self.binary, folder, "cache check")
            if code != 0:
                wrong.append(f"cache: {stdout[-200:]} {stderr[-200:]}")
        if not wrong or not self.keep:
            shutil.rmtree(folder)
        return wrong and f"{'; '.join(wrong)}" + (f" [{folder}]" if self.keep else "")

    def kill(self, name, secs, states):
        """SIGKILL after `secs`."""
        template, command, _ = COMMANDS[name]
        folder = self.place(template)
        child = subprocess.Popen([self.binary, *command.split()], cwd=folder, env=environment(folder), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            child.wait(secs)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
        done = child.wait() == 0
        wrong = self.survivors(folder) + self.state(folder, name, states, done)
        return self.judge(folder, name, states, wrong)

    def survivors(self, folder):
        """Processes that are still there well after the one that started them."""
        until = time.monotonic() + 30
        while (left := is_running(folder)) and time.monotonic() < until:
            time.sleep(0.05)
        return [f"processes left: {left}"] if left else []

    def kill_server(self, secs, states):
        """A job of a server, which is killed `secs` after the job began."""
        name = "sync over older"
        folder = self.place("older")
        command = [self.binary, "dashboard", "--root", ".", "--port", "0", "--allow-write"]
        server = subprocess.Popen(command, cwd=folder, env=environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        url = None
        for line in server.stdout:
            if found := re.search(r"http://[0-9.:]+", line):
                url = found.group(0)
                break
        if url is None:
            return "the server said no address"
        params = {"reference": "ref.mp4", "new": "new.mp4", "ref-markers": "m.csv", "export": ["resolve-edl"], "out": "out"}
        ask = urllib.request.Request(f"{url}/api/jobs", method="POST", data=json.dumps({"kind": "sync", "params": params}).encode(),
                                     headers={"Content-Type": "application/json", "Origin": url})
        try:
            urllib.request.urlopen(ask, timeout=60).read()
        except urllib.error.HTTPError as error:
            server.kill()
            return f"the job was refused: {error.read()[:300]}"
        time.sleep(secs)
        server.kill()
        server.wait()
        wrong = self.survivors(folder) + self.state(folder, name, states, done=False)
        return self.judge(folder, name, states, wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--ops", default=",".join(OPS))
    parser.add_argument("--only", default="")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep")
    args = parser.parse_args()
    work = Path(args.keep or tempfile.mkdtemp(prefix="mtbsync-faults-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    suite = Suite(args.bin, work)
    suite.keep = bool(args.keep)
    names = [name for name in COMMANDS if not args.only or name in args.only.split(",")]
    rows, wrong = [], []
    print("| command | what fails | times | not survived |\n|---|---|---|---|", flush=True)

    def survived(name, what, found, places):
        rows.append(len(found))
        wrong.extend(f"{name}, {what} {at}: {f}" for at, f in zip(places, found) if f)
        print(f"| {name} | {what} | {len(found)} | {sum(bool(f) for f in found)} |", flush=True)

    with concurrent.futures.ThreadPoolExecutor(args.workers) as pool:
        for name in names:
            before, after, secs = suite.healthy(name)
            states = (before, after)
            if args.kills:
                moments = [(secs * 1.1) * (k + 0.5) / args.kills for k in range(args.kills)]
                found = list(pool.map(lambda at: suite.kill(name, at, states), moments))
                survived(name, "SIGKILL", found, moments)
                if name == "sync over older":
                    found = list(pool.map(lambda at: suite.kill_server(at, states), moments))
                    survived("a job of the server", "SIGKILL", found, moments)
                continue
            for op in args.ops.split(","):
                calls = suite.count(name, op)
                step = 1 if args.every == 1 or (name in ("transfer", "export") and op in ("rename", "fsync")) else args.every
                numbers = range(1, calls + 1, step)
                found = list(pool.map(lambda at: suite.fail(name, op, at, states), numbers))
                survived(name, op, found, numbers)
    print(f"\n{sum(rows)} faults, {len(wrong)} not survived")
    for line in wrong:
        print(f"- {line}")
    if not args.keep:
        shutil.rmtree(work)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
