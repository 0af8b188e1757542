"""What compare_outputs.py lets both programs do: each case is a function that runs commands in the folder it is given."""

import json
import os
import shutil

PRESETS = "resolve-edl edl fcpxml premiere premiere-csv avid otio youtube ffmetadata csv json".split()
RETIMED = ["fcpxml", "premiere", "otio"]
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


def case(name, needs=()):
    """Registers a case; `needs` are paths below --more without which it is left out."""
    def register(function):
        CASES[name] = (function, needs)
        return function
    return register


def plain(name, *commands, files=None, needs=()):
    """A case that only runs commands."""
    @case(name, needs)
    def run(place):
        for path, text in (files or {}).items():
            place.write(path, text)
        for command in commands:
            place.run(command)


plain("sample", f"{SAMPLE} {MARKERS} {EXPORTS} --out out")
plain("sample-json", f"{SAMPLE} {MARKERS} --out out --json", f"{SAMPLE} {MARKERS} --out again --json -q --export fcpxml --export-fps 25")
plain("sample-gpx", f"{SAMPLE} {MARKERS} {TRACKS} --out auto --json", f"{SAMPLE} {TRACKS} --ref-gpx-offset 3 --new-gpx-offset 5.5 --out fixed --json")
plain("sample-precise", f"{SAMPLE} {MARKERS} --precise --out out --export resolve-edl")
plain("sample-affine", f"{SAMPLE} {MARKERS} --warp-model affine --out out --json", f"{SAMPLE} {MARKERS} --warp-model affine --out forced --force",
      "sync --reference data/sample/new.mp4 --new data/sample/new.mp4 --warp-model affine --out same")
plain("sample-dense", f"{SAMPLE} {MARKERS} --matcher dense --out out --json")
plain("sample-orb", f"{SAMPLE} {MARKERS} --matcher orb --out out --json --lowe 0.8 --ransac-reproj 2 --min-inliers 12")
plain("sample-super", f"{SAMPLE} {MARKERS} --matcher super --out out --json")
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
          needs=[f"rendered/{pair}"])


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


@case("imports", needs=["markers"])
def imports(place):
    for path in sorted((place.work / "more/markers").rglob("*.*")):
        name = path.relative_to(place.work)
        if path.suffix != ".md":
            place.run(["import-markers", name, "--out", f"imported/{path.name}.csv"])


TELEMETRY = ["gpx", "fit", "gpmf-raw", "gopro"]


@case("telemetry", needs=TELEMETRY)
def telemetry(place):
    files = [path.relative_to(place.work) for folder in TELEMETRY for path in sorted((place.work / "more" / folder).rglob("*.*"))]
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
    with place.serve(f"compare-ui --ref data/sample/reference.mp4 --new data/sample/new.mp4 {MARKERS}"
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
        f"{SAMPLE} --fps 100", f"{SAMPLE} --fps x", f"{SAMPLE} --matcher super --model no.mp4", f"{SAMPLE} --model x --matcher dense", f"{SAMPLE} --export edl",
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
