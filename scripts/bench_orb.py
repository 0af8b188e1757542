#!/usr/bin/env python3
"""Compare our ORB with OpenCV's on neighbouring frames of real clips.

For each clip, frames are decoded once with ffmpeg, both programs extract 800 features with the same settings
(8 levels x 1.2, CLAHE 8x8 limit 3), match with the ratio test (0.75), and the *same* estimator (OpenCV's
RANSAC homography, 3 px, and its fundamental matrix) counts the inliers, so that only the features differ.

Needs: ffmpeg, opencv-python-headless, numpy, and `cargo build --release -p mtbsync-vision --example orb_quality`.

Usage: scripts/bench_orb.py [CLIP ...] [--step N] [--frames N] [--no-clahe]
"""

import argparse
import pathlib
import subprocess
import sys
import time

import cv2
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOWE = 0.75
REPROJ_PX = 3.0


def decode(clip, fps, frames, max_side):
    """Grey frames [N, H, W] of `clip` at `fps`, largest side at most `max_side`."""
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0", clip],
        capture_output=True, text=True, check=True)
    width, height = map(int, probe.stdout.strip().strip(",").split(",")[:2])
    scale = min(1.0, max_side / max(width, height))
    width, height = round(width * scale), round(height * scale)
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", clip, "-vf", f"fps={fps},scale={width}:{height}:flags=area,format=gray",
         "-frames:v", str(frames), "-f", "rawvideo", "-"],
        capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width)


def inliers(a, b):
    """Homography and fundamental-matrix inliers of matched points."""
    if len(a) < 8:
        return 0, 0, 0.0
    cv2.setRNGSeed(0)
    matrix, keep = cv2.findHomography(a, b, cv2.RANSAC, REPROJ_PX, maxIters=2000, confidence=0.999)
    planar = 0 if keep is None else int(keep.sum())
    error = 0.0
    if planar:
        mapped = cv2.perspectiveTransform(a[:, None], matrix)[:, 0]
        error = float(np.median(np.linalg.norm(mapped - b, axis=1)[keep[:, 0] > 0]))
    _, keep = cv2.findFundamentalMat(a, b, cv2.FM_RANSAC, REPROJ_PX, 0.999, 2000)
    return planar, 0 if keep is None else int(keep.sum()), error


def opencv(frames, step, clahe):
    """Matched points per frame pair and milliseconds per frame."""
    cv2.setNumThreads(1)
    orb = cv2.ORB_create(nfeatures=800, scaleFactor=1.2, nlevels=8)
    equalise = cv2.createCLAHE(3.0, (8, 8))
    start = time.process_time()
    features = [orb.detectAndCompute(equalise.apply(f) if clahe else f, None) for f in frames]
    spent = (time.process_time() - start) * 1000 / len(frames)
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
    pairs = []
    for (ka, da), (kb, db) in zip(features, features[step:]):
        found = [] if da is None or db is None else matcher.knnMatch(da, db, k=2)
        good = [m[0] for m in found if len(m) == 2 and m[0].distance < LOWE * m[1].distance]
        a = np.float32([ka[m.queryIdx].pt for m in good]).reshape(-1, 2)
        b = np.float32([kb[m.trainIdx].pt for m in good]).reshape(-1, 2)
        pairs.append((a, b))
    return pairs, spent


def ours(frames, step, clahe):
    """The same from the Rust example."""
    program = ROOT / "target/release/examples/orb_quality"
    height, width = frames.shape[1:]
    command = [program, str(width), str(height), str(step)] + ([] if clahe else ["noclahe"])
    out = subprocess.run(command, input=frames.tobytes(), capture_output=True, check=True).stdout.decode()
    pairs, spent, points = [], 0.0, None
    for line in out.splitlines()[1:]:
        if line.startswith("ms_per_frame"):
            spent = float(line.split(",")[1])
        elif line.startswith("#"):
            points.append([float(v) for v in line[1:].split(",")])
        else:
            points = []
            pairs.append(points)
    arrays = [np.float32(p).reshape(-1, 4) for p in pairs]
    return [(p[:, :2], p[:, 2:]) for p in arrays], spent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="*", default=[str(p) for p in sorted((ROOT / "data/race-lap").glob("*.mp4"))])
    parser.add_argument("--step", type=int, default=1, help="match frame i with frame i + STEP")
    parser.add_argument("--fps", default="10", help="frames per second to decode")
    parser.add_argument("--frames", type=int, default=60, help="frames per clip")
    parser.add_argument("--max-side", type=int, default=960)
    parser.add_argument("--no-clahe", action="store_true")
    options = parser.parse_args()
    print(f"{'clip':28} {'who':7} {'matches':>8} {'H inl.':>8} {'F inl.':>8} {'H err px':>8} {'ms/frame':>9}")
    for clip in options.clips:
        frames = decode(clip, options.fps, options.frames, options.max_side)
        name = "/".join(pathlib.Path(clip).parts[-2:])
        rows = {}
        for who, run in (("opencv", opencv), ("ours", ours)):
            pairs, spent = run(frames, options.step, not options.no_clahe)
            found = np.array([inliers(a, b) for a, b in pairs])
            rows[who] = found
            matches = np.mean([len(a) for a, _ in pairs])
            print(f"{name:28} {who:7} {matches:8.1f} {found[:, 0].mean():8.1f} {found[:, 1].mean():8.1f}"
                  f" {found[:, 2].mean():8.3f} {spent:9.2f}")
        ratio = rows["ours"].sum(axis=0) / np.maximum(rows["opencv"].sum(axis=0), 1e-9)
        print(f"{'':28} {'ratio':7} {'':8} {ratio[0]:8.3f} {ratio[1]:8.3f} {ratio[2]:8.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
