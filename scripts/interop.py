#!/usr/bin/env python3
"""Foreign readers on our editor files.

Run from the root of the repository:

    python3 scripts/interop.py

It makes a virtual environment in target/interop-venv with OpenTimelineIO and its CMX3600 and FCP7 adapters (from
PyPI, on the first run), writes files of every preset at every rate with the example `interop_files`, and
compares what OpenTimelineIO, ffprobe, xmllint and Python's own XML reader find in them, frame by frame, with what
was written. With FCPXML_DTD=path the FCPXML files are validated against Apple's DTD, too.

What the adapters cannot do, and is therefore not compared:
- otio-cmx3600-adapter does not read Resolve's marker lines: of `resolve-edl` only the events are compared;
- it does not read drop-frame locators (`* LOC:` with `;`): of drop-frame `edl` files only the events are compared;
- otio-fcp-adapter keeps time remaps without reading them: their speeds are read from the XML.
"""

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / "target" / "interop-venv"
FILES = ROOT / "target" / "interop-files"
PACKAGES = ["opentimelineio==0.18.1", "otio-cmx3600-adapter==1.0.0", "otio-fcp-adapter==1.0.0"]
FCPXML_CLIPS = {"asset-clip", "gap"}


def main():
    if Path(sys.prefix) != VENV:
        prepare()
        python = VENV / "bin" / "python"
        os.execv(python, [str(python), __file__])
    entries = json.loads((FILES / "expected.json").read_text())
    checks = {
        "edl": check_cmx,
        "resolve-edl": check_cmx,
        "premiere": check_fcp7,
        "otio": check_otio,
        "fcpxml": check_fcpxml,
        "ffmetadata": check_chapters,
    }
    failures = 0
    counts = {}
    for entry in entries:
        check = checks.get(entry["preset"])
        if check is None:
            continue
        try:
            check(entry)
            counts[entry["preset"]] = counts.get(entry["preset"], 0) + 1
        except Exception as error:  # a foreign reader may raise anything; each is one failed file
            failures += 1
            print(f"FAIL {entry['file']}: {type(error).__name__}: {error}")
    for preset, count in counts.items():
        print(f"ok   {preset}: {count} files")
    sys.exit(1 if failures else 0)


def prepare():
    ready = VENV / "ready"
    if not ready.exists() or ready.read_text() != str(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
        subprocess.run([str(VENV / "bin" / "pip"), "install", "--quiet", *PACKAGES], check=True)
        # Written last: a run that was stopped midway starts over.
        ready.write_text(str(PACKAGES))
    # Of the whole workspace: for one package alone, cargo would build its dependencies again with fewer features.
    build = ["cargo", "build", "--quiet", "--workspace", "--example", "interop_files"]
    subprocess.run(build, cwd=ROOT, check=True)
    subprocess.run([str(ROOT / "target" / "debug" / "examples" / "interop_files"), str(FILES)], cwd=ROOT, check=True)


def frames(entry):
    return [marker["frame"] for marker in entry["markers"]]


def names(entry):
    return [marker["name"] for marker in entry["markers"]]


def equal(what, found, expected):
    if found != expected:
        raise AssertionError(f"{what}: found {found}, expected {expected}")


def rate_of(entry):
    return entry["rate"][0] / entry["rate"][1]


def start_frame(entry):
    import opentimelineio as otio

    return round(otio.opentime.from_timecode(entry["start"], rate_of(entry)).value)


def check_cmx(entry):
    import opentimelineio as otio

    timeline = otio.adapters.read_from_file(
        str(FILES / entry["file"]), adapter_name="cmx_3600", rate=rate_of(entry)
    )
    (track,) = timeline.tracks
    clips = [item for item in track if isinstance(item, otio.schema.Clip)]
    start = start_frame(entry)
    equal("record", [round(track.range_of_child(clip).start_time.value) for clip in clips], frames(entry))
    equal("source", [round(clip.source_range.start_time.value) - start for clip in clips], frames(entry))
    if entry["preset"] == "edl" and not entry["drop"]:
        markers = [marker for clip in clips for marker in clip.markers]
        equal("locators", [round(m.marked_range.start_time.value) - start for m in markers], frames(entry))
        equal("colours", {marker.color for marker in markers}, {"GREEN"})


def check_fcp7(entry):
    import opentimelineio as otio

    timeline = otio.adapters.read_from_file(str(FILES / entry["file"]), adapter_name="fcp_xml")
    check_markers(entry, timeline.tracks.markers)
    subprocess.run(["xmllint", "--noout", str(FILES / entry["file"])], check=True)
    check_retimed(entry, timeline)


def check_otio(entry):
    import opentimelineio as otio

    timeline = otio.adapters.read_from_file(str(FILES / entry["file"]))
    check_markers(entry, timeline.tracks.markers)
    equal("start", round(timeline.global_start_time.value), start_frame(entry))
    equal("length", round(timeline.duration().value), entry["total_frames"])
    check_retimed(entry, timeline)


def check_retimed(entry, timeline):
    """The second track shows the new run where, and as fast as, the corners of the retiming say."""
    import opentimelineio as otio

    corners = entry["retimed"]
    if corners is None:
        return
    track = timeline.tracks[1]
    clips = [item for item in track if isinstance(item, otio.schema.Clip)]
    wanted = [(corners[0], corners[1]), (corners[1], corners[2]), (corners[3], corners[4])]
    places = [(a["ref"], b["ref"] - a["ref"]) for a, b in wanted]
    ranges = [track.range_of_child(clip) for clip in clips]
    equal("places", [(round(r.start_time.value), round(r.duration.value)) for r in ranges], places)
    speeds = [(b["new"] - a["new"]) / (b["ref"] - a["ref"]) for a, b in wanted]
    if entry["preset"] == "otio":
        found = [effect.time_scalar for clip in clips for effect in clip.effects]
        media = [round(clip.source_range.start_time.value) for clip in clips]
        equal("media", media, [a["new"] for a, _ in wanted])
    else:
        root = ElementTree.parse(FILES / entry["file"]).getroot()
        parameters = root.iterfind(".//effect[effectid='timeremap']/parameter[parameterid='speed']/value")
        found = [float(value.text) / 100 for value in parameters]
    if len(found) != len(speeds) or any(abs(a - b) > 1e-5 for a, b in zip(found, speeds)):
        raise AssertionError(f"speeds: found {found}, expected {speeds}")


def check_markers(entry, markers):
    equal("frames", [round(marker.marked_range.start_time.value) for marker in markers], frames(entry))
    equal("names", [marker.name for marker in markers], names(entry))
    rates = {marker.marked_range.start_time.rate for marker in markers}
    if any(abs(rate - rate_of(entry)) > 1e-9 for rate in rates):
        raise AssertionError(f"rate: found {rates}, expected {rate_of(entry)}")


def check_fcpxml(entry):
    path = FILES / entry["file"]
    subprocess.run(["xmllint", "--noout", str(path)], check=True)
    if os.environ.get("FCPXML_DTD"):
        subprocess.run(["xmllint", "--noout", "--dtdvalid", os.environ["FCPXML_DTD"], str(path)], check=True)
    root = ElementTree.parse(path).getroot()
    frame = Fraction(entry["rate"][1], entry["rate"][0])
    found = []
    for parent in root.iter():
        for attribute in ("start", "duration", "offset", "tcStart"):
            value = parent.get(attribute)
            if value is not None and (seconds(value) / frame).denominator != 1:
                raise AssertionError(f"{parent.tag} {attribute}={value} is no whole number of frames")
        for marker in parent.findall("marker"):
            if parent.tag not in FCPXML_CLIPS or len(marker):
                raise AssertionError(f"marker in {parent.tag}")
            clip_start, clip_length = seconds(parent.get("start")), seconds(parent.get("duration"))
            begin = seconds(marker.get("start"))
            if begin + seconds(marker.get("duration")) > clip_start + clip_length:
                raise AssertionError("marker ends after its clip")
            found.append((int((begin - clip_start) / frame), marker.get("value")))
    if entry["retimed"]:
        check_time_maps(root, entry["retimed"], frame)
    equal("markers", found, list(zip(frames(entry), names(entry))))
    if any(child.tag in FCPXML_CLIPS for event in root.iter("event") for child in event):
        raise AssertionError("clip directly in an event")


def check_time_maps(root, corners, frame):
    found = []
    for clip in root.findall(".//asset-clip[@lane]"):
        offset = seconds(clip.get("offset"))
        for point in clip.findall("timeMap/timept"):
            found.append({"new": seconds(point.get("value")) / frame, "ref": (offset + seconds(point.get("time"))) / frame})
    equal("time maps", found, corners)


def seconds(text):
    return Fraction(text.removesuffix("s"))


def check_chapters(entry):
    length = entry["total_frames"] / rate_of(entry)
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "chapters.mp4"
        source = ["-f", "lavfi", "-i", f"color=s=32x32:r=5:d={length}", "-i", str(FILES / entry["file"])]
        subprocess.run(
            ["ffmpeg", "-v", "error", *source, "-map_metadata", "1", "-preset", "ultrafast", str(video)], check=True
        )
        probe = ["ffprobe", "-v", "error", "-show_chapters", "-of", "json", str(video)]
        chapters = json.loads(subprocess.run(probe, check=True, capture_output=True).stdout)["chapters"]
    # MP4 keeps milliseconds: the frame is the one shown then, by the rule of docs/reference/exporters.md#time.
    found = [int(float(chapter["start_time"]) * rate_of(entry) + 0.5) for chapter in chapters]
    equal("chapters", found, frames(entry))
    equal("titles", [chapter["tags"]["title"] for chapter in chapters], names(entry))


if __name__ == "__main__":
    main()
