#!/usr/bin/python3
"""Makes what a dishonest or broken inference node would claim.

    wrong.py swap IN.npy OUT.npy A B               the scores of classes A and B change places
    wrong.py last-bit IN.npy OUT.npy A             the last bit of the score of class A is flipped
    wrong.py weight IN.onnx OUT.onnx NAME I BIT    bit BIT of element I of a weight is flipped, as by a memory error
"""
import pathlib
import sys

FIELD_GRAPH, FIELD_INITIALIZER, FIELD_TENSOR_NAME, FIELD_RAW_DATA = 7, 5, 8, 9  # of ONNX's ModelProto, GraphProto, TensorProto


def npy_data_at(data):
    """Where the values of a version 1 .npy file begin."""
    return 10 + int.from_bytes(data[8:10], "little")


def swap(data, a, b):
    at = [npy_data_at(data) + 4 * i for i in (a, b)]
    words = [bytes(data[i:i + 4]) for i in at]
    for i, value in zip(at, reversed(words)):
        data[i:i + 4] = value


def last_bit(data, a):
    data[npy_data_at(data) + 4 * a] ^= 1


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data, at, end):
    """(number, start, end) of every length-delimited field of a protobuf message."""
    while at < end:
        key, at = varint(data, at)
        if key & 7 == 2:
            length, at = varint(data, at)
            yield key >> 3, at, at + length
            at += length
        elif key & 7 == 0:
            _, at = varint(data, at)
        else:
            at += {5: 4, 1: 8}[key & 7]


def flip_weight(data, name, index, bit):
    for number, at, end in fields(data, 0, len(data)):
        for inner, tensor, tensor_end in fields(data, at, end) if number == FIELD_GRAPH else ():
            if inner != FIELD_INITIALIZER:
                continue
            found = {n: (s, e) for n, s, e in fields(data, tensor, tensor_end)}
            start, stop = found[FIELD_TENSOR_NAME]
            if data[start:stop] == name.encode():
                data[found[FIELD_RAW_DATA][0] + 4 * index + bit // 8] ^= 1 << bit % 8
                return
    sys.exit(f"wrong.py: no weight is called {name}")


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    what, source, target, *rest = sys.argv[1:]
    data = bytearray(pathlib.Path(source).read_bytes())
    if what == "swap":
        swap(data, *map(int, rest))
    elif what == "last-bit":
        last_bit(data, *map(int, rest))
    elif what == "weight":
        flip_weight(data, rest[0], *map(int, rest[1:]))
    else:
        sys.exit(__doc__)
    pathlib.Path(target).write_bytes(data)


if __name__ == "__main__":
    main()
