#!/usr/bin/python3
"""Writes an ONNX model whose execution takes some twelve milliseconds and whose input is small: fourteen convolutions of 64 channels over 32x32.

    worker_model.py FILE

For measurements of workers (tests/bench/workers.sh): what an execution costs, and not what moves its input. The weights are drawn from a fixed seed."""
import random
import struct
import sys

CHANNELS, SIDE, LAYERS, FLOAT = 64, 32, 14, 1


def number(field, value):
    return varint(field << 3) + varint(value)


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def data(field, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def tensor(name, dims, floats):
    return b"".join(number(1, d) for d in dims) + number(2, FLOAT) + data(8, name) + data(9, struct.pack(f"<{len(floats)}f", *floats))


def value(name, dims):
    shape = b"".join(data(1, number(1, d)) for d in dims)
    return data(1, name) + data(2, data(1, number(1, FLOAT) + data(2, shape)))


def ints(name, values):
    return data(5, data(1, name) + b"".join(number(8, v) for v in values) + number(20, 7))


def conv(layer, source, target):
    return (data(1, source) + data(1, f"w{layer}") + data(2, target) + data(4, "Conv") +
            ints("kernel_shape", [3, 3]) + ints("pads", [1, 1, 1, 1]))


def model():
    draw = random.Random(1)
    graph, source, inputs = b"", "x", 3
    for layer in range(LAYERS):
        spread = (6.0 / (9 * inputs)) ** 0.5
        weights = [draw.uniform(-spread, spread) for _ in range(CHANNELS * inputs * 9)]
        graph += data(1, conv(layer, source, f"c{layer}"))
        graph += data(1, data(1, f"c{layer}") + data(2, f"r{layer}") + data(4, "Relu"))
        graph += data(5, tensor(f"w{layer}", [CHANNELS, inputs, 3, 3], weights))
        source, inputs = f"r{layer}", CHANNELS
    graph += data(1, data(1, source) + data(2, "y") + data(4, "GlobalAveragePool"))
    graph += data(2, "worker") + data(11, value("x", [1, 3, SIDE, SIDE])) + data(12, value("y", [1, CHANNELS, 1, 1]))
    return number(1, 8) + data(7, graph) + data(8, number(2, 13))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], "wb") as out:
        out.write(model())
