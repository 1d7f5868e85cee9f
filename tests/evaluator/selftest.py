#!/usr/bin/python3
"""What others say that this evaluator computes: published hashes, MPFR's vectors, the processor's arithmetic.

Ends with "N passed, N failed".
"""
import glob
import math
import os
import random
import struct

import elementary
import mpmath
import sample
from functions import FUNCTIONS
from merkle import keccak256
from number import BINARY16, DTYPES, F32, INFINITY, NAN, ONE, SIGN, is_nan
from power import exact_power, positive_power, power
from tally import Tally

HERE = os.path.dirname(os.path.abspath(__file__))
ELEMENTARY = os.path.join(HERE, "../vectors/elementary/*.txt")
# Published with the Keccak submission, and the hash that every empty Ethereum account carries.
HASHES = {b"": "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
          b"abc": "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
          b"The quick brown fox jumps over the lazy dog": "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15"}
# IEEE 754-2019, 9.2.1: pow of what is not two plain numbers.
POW = [(0x00000000, 0xBF800000, INFINITY), (SIGN, 0xBF800000, INFINITY | SIGN), (SIGN, 0xC0000000, INFINITY),
       (0x00000000, 0xFF800000, INFINITY), (SIGN, 0xFF800000, INFINITY), (0x00000000, INFINITY, 0), (SIGN, INFINITY, 0),
       (SIGN, 0x3F800000, SIGN), (SIGN, 0x40000000, 0), (0xBF800000, INFINITY, 0x3F800000),
       (0xBF800000, 0xFF800000, 0x3F800000), (0x3F800000, NAN, 0x3F800000), (NAN, SIGN, 0x3F800000),
       (0x3F000000, 0xFF800000, INFINITY), (0x3F000000, INFINITY, 0), (0x40000000, 0xFF800000, 0),
       (0x40000000, INFINITY, INFINITY), (0xFF800000, 0xBF800000, SIGN), (0xFF800000, 0xC0000000, 0),
       (0xFF800000, 0x40400000, INFINITY | SIGN), (0xFF800000, 0x40000000, INFINITY), (INFINITY, 0xBF000000, 0),
       (INFINITY, 0x3F000000, INFINITY), (0xC0000000, 0x3F000000, NAN), (0xC0000000, 0x40400000, 0xC1000000),
       (0xC0000000, 0x40000000, 0x40800000), (0xC1000000, 0x3EAAAAAB, NAN), (0x40800000, 0x3F000000, 0x40000000),
       (0x40800000, 0xBF000000, 0x3F000000), (0x40000000, 0xC3150000, 1), (0x40000000, 0xC3160000, 0),
       (0xC0000000, 0x43000000, INFINITY), (NAN, 0x3F800000, NAN), (0xBF800000, NAN, NAN)]
PRECISION = 400
POWERS = 1500
ELEMENTARY_NAMES = ["exp", "log", "expm1", "log1p", "tanh", "erf", "sin", "cos", "tan", "atan", "asin", "acos", "sinh", "cosh",
                    "asinh", "acosh", "atanh"]


def by_name(name):
    return next(function for function in FUNCTIONS.values() if function.name == name)


def check_vectors(tally):
    """MPFR's vectors. A function of the folder that this evaluator lacks is an error."""
    for path in sorted(glob.glob(ELEMENTARY)):
        name = "f32." + os.path.basename(path)[:-len(".txt")]
        evaluate = by_name(name).evaluate
        with tally.test(), open(path, encoding="ascii") as file:
            for line in file:
                *operands, result = (int(word, 16) for word in line.split())
                tally.check(f"{name} of {line.split()[:-1]}", f"{evaluate(*operands):08x}", f"{result:08x}")


def to_float(register):
    return struct.unpack("<f", struct.pack("<I", register))[0]


def to_register(value):
    """A Python float (binary64) rounded to binary32."""
    try:
        register = struct.unpack("<I", struct.pack("<f", value))[0]
    except OverflowError:
        return INFINITY if value > 0 else INFINITY | SIGN
    return NAN if is_nan(register) else register


def check_arithmetic(tally, rng):
    """Sums and products of binary32 are exact in binary64, or, where they are not, rounding twice is harmless."""
    for _ in range(4000):
        a, b = sample.register(rng, F32), sample.register(rng, F32)
        x, y = to_float(a), to_float(b)
        for name, value in (("f32.add", x + y), ("f32.sub", x - y), ("f32.mul", x * y)):
            tally.check(f"{name} of {a:08x} {b:08x}", f"{by_name(name).evaluate(a, b):08x}", f"{to_register(value):08x}")
        if math.isfinite(x) and math.isfinite(y) and y:
            tally.check(f"f32.div of {a:08x} {b:08x}", f"{by_name('f32.div').evaluate(a, b):08x}", f"{to_register(x / y):08x}")
            tally.check(f"f32.mod of {a:08x} {b:08x}", f"{by_name('f32.mod').evaluate(a, b):08x}",
                        f"{to_register(math.fmod(x, y)):08x}")
        if x >= 0:
            tally.check(f"f32.sqrt of {a:08x}", f"{by_name('f32.sqrt').evaluate(a):08x}", f"{to_register(math.sqrt(x)):08x}")
    for stored in range(1 << 16):
        value = struct.unpack("<e", struct.pack("<H", stored))[0]
        tally.check(f"load of f16 {stored:04x}", DTYPES[10].load(stored), to_register(value))
        if not BINARY16.is_nan(stored):
            tally.check(f"store of f16 {stored:04x}", DTYPES[10].store(to_register(value)), stored)


def check_power(tally, rng):
    """The page's W, which is integer arithmetic, against mpmath: the nearest binary32 to the real power."""
    compared = 0
    while compared < POWERS:
        a, b = sample.register(rng, F32) & ~SIGN, sample.register(rng, F32)
        if rng.random() < 0.5:
            a, b = ONE + rng.randrange(-(1 << 22), 1 << 23), rng.randrange(126, 133) << 23 | rng.getrandbits(23)
        if a in (0, ONE) or a >= INFINITY or b & ~SIGN == 0 or b & ~SIGN >= INFINITY or exact_power(a, b):
            continue
        expected = elementary.rounded(lambda x=a, y=b: elementary.real(x) ** elementary.real(y))
        tally.check(f"pow of {a:08x} {b:08x}", f"{positive_power(a, b):08x}", f"{expected:08x}")
        compared += 1


def check_precision(tally, rng):
    """mpmath at its first precision and at a far greater one: the margin that rounded() leaves is enough."""
    for name in ELEMENTARY_NAMES:
        with tally.test():
            check_precision_of(tally, rng, name)


def check_precision_of(tally, rng, name):
    function = getattr(mpmath, name)
    for _ in range(300):
        a = sample.register(rng, F32) if rng.random() < 0.5 else (
            rng.getrandbits(1) << 31 | rng.randrange(90, 136) << 23 | rng.getrandbits(23))
        if not elementary.needs_rounding(name, a):
            continue
        with mpmath.workprec(elementary.PRECISION_FIRST + elementary.SLACK_BITS):
            near = function(elementary.real(a))
        with mpmath.workprec(PRECISION):
            exact = function(elementary.real(a))
            tally.check(f"{name} of {a:08x} is within the margin",
                        abs(near - exact) <= mpmath.ldexp(abs(exact), -elementary.PRECISION_FIRST - 1), True)


def main():
    tally = Tally()
    with tally.test():
        for data, digest in HASHES.items():
            tally.check(f"keccak256 of {data}", keccak256(data).hex(), digest)
    with tally.test():
        for a, b, result in POW:
            tally.check(f"pow of {a:08x} {b:08x}", f"{power(a, b):08x}", f"{result:08x}")
    check_vectors(tally)
    rng = random.Random(1)
    with tally.test():
        check_arithmetic(tally, rng)
    with tally.test():
        check_power(tally, rng)
    check_precision(tally, rng)
    tally.end()


if __name__ == "__main__":
    main()
