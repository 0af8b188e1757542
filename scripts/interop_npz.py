#!/usr/bin/env python3
"""numpy reads what mtbsync writes: index.npz and warp.npz, without pickle, and the JSON says the same.

Usage: scripts/interop_npz.py --bin target/release/mtbsync   (needs numpy)
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import zlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data" / "sample"


def run(binary, *args):
    subprocess.run([binary, *map(str, args), "--quiet"], check=True)


def check_index(path):
    with np.load(path, allow_pickle=False) as index:
        meta = json.loads(index["meta"].tobytes())
        frames, offsets = len(index["t_ref"]), index["frame_offsets"]
        assert meta["format"] == "mtbsync-index" and meta["num_frames"] == frames
        assert (np.diff(index["t_ref"]) > 0).all()
        assert offsets.dtype == np.int64 and offsets[0] == 0 and len(offsets) == frames + 1 and (np.diff(offsets) >= 0).all()
        assert index["kpts"].dtype == np.float32 and index["kpts"].shape == (offsets[-1], 3)
        assert index["desc"].dtype == np.uint8 and index["desc"].shape == (offsets[-1], 32)
        assert len(index["dense"]) == frames
        dense = index["dense"].tobytes()
        assert index["dense_crc32"].tolist() == [zlib.crc32(dense[at : at + 16384]) for at in range(0, len(dense), 16384)]
        assert set(np.unique(index["mask"])) <= {0, 1}


def check_warp(folder):
    written = json.loads((folder / "timewarp.json").read_text())
    with np.load(folder / "warp.npz", allow_pickle=False) as warp:
        for name in ("t_new", "t_ref", "sigma"):
            assert warp[name].dtype == np.float64
            assert warp[name].tolist() == written["knots"][name], name
        assert warp["segments"].tolist() == [segment["knots"] for segment in written["segments"]]
        assert warp["params"].tolist() == [written["params"]["a"], written["params"]["b"]]
        meta = json.loads(warp["meta"].tobytes())
        assert meta["format"] == "mtbsync-warp" and "knots" not in meta and meta["gates"] == written["gates"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=ROOT / "target" / "release" / "mtbsync")
    binary = pathlib.Path(parser.parse_args().bin).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run(binary, "index", "--reference", SAMPLE / "reference.mp4", "--out", folder / "ref.npz")
        check_index(folder / "ref.npz")
        run(binary, "sync", "--reference", SAMPLE / "reference.mp4", "--new", SAMPLE / "new.mp4", "--index", folder / "ref.npz", "--out", folder / "out")
        check_warp(folder / "out")
    print("numpy reads index.npz and warp.npz, and warp.npz equals timewarp.json")


if __name__ == "__main__":
    main()
