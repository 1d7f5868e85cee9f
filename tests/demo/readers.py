#!/usr/bin/python3
"""Tests configs/demo/*.py. Ends with "N passed, N failed".

usage: readers.py BUILD

* A step's operands as descriptor.py reads them from calldata, put through the step's function in Python's own exact
  arithmetic, give what the C judge says, for random programs (tests/vectors/gen_judge.c).
* chain.py decodes what foundry's cast encodes, packed.py what docs/protocol.md packs.
* wrong.py changes one bit, or two scores, and nothing else.
"""
import fractions
import math
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "configs" / "demo"
sys.path.insert(0, str(DEMO))
from chain import decode  # noqa: E402
from descriptor import DTYPE, FUNCTIONS, Instruction, number, shortest  # noqa: E402
from packed import bond_of, chunk_levels, level_of, narrowed, pick_of, rounds, state_of, value_of  # noqa: E402

BUILD = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else ROOT / "build")
PROGRAMS, STEPS, COMPARED_MIN = 60, 40, 300
NAN = 0x7FC00000


def f32_bits(value):
    """The binary32 nearest to an exact rational, ties to even."""
    if value == 0:
        return 0
    sign, value = (0x80000000, -value) if value < 0 else (0, value)
    exponent = max(math.frexp(float(value))[1] - 24 if value < 2**1000 else 1000, -149)
    while value / fractions.Fraction(2)**exponent >= 2**24:
        exponent += 1
    while exponent > -149 and value / fractions.Fraction(2)**exponent < 2**23:
        exponent -= 1
    mantissa = round(value / fractions.Fraction(2)**exponent)  # Python rounds ties to even
    if mantissa == 2**24:
        mantissa, exponent = 2**23, exponent + 1
    if exponent > 104:
        return sign | 0x7F800000
    return sign | (mantissa if exponent == -149 and mantissa < 2**23 else (exponent + 150 << 23) + mantissa - 2**23)


def compute(name, classes, registers):
    """The result's register, or None for a function or a case that is not tried here."""
    values = [number(r, c) for r, c in zip(registers, classes)]
    if name == "within":
        limits = [number(registers[2] >> shift, "F") for shift in (32, 0)]
        if not all(math.isfinite(v) for v in values[:2] + limits) or min(limits) < 0:
            return None
        a, b, absolute, relative = map(fractions.Fraction, values[:2] + limits)
        return int(abs(a - b) <= absolute + relative * abs(b))
    kind, function = name.split(".")
    if function == "copy":
        return registers[0]
    if kind == "f32":
        if not all(math.isfinite(v) for v in values):
            return None
        a, b, c = [fractions.Fraction(v) for v in values] + [0] * (3 - len(values))
        if function == "div" and b == 0:
            return None
        exact = {"add": lambda: a + b, "sub": lambda: a - b, "mul": lambda: a * b, "div": lambda: a / b, "fma": lambda: a + b * c}
        if function not in exact:
            return None
        result = exact[function]()
        return f32_bits(result) if result else None  # the sign of a zero is not rational
    a, b, c = values + [0] * (3 - len(values))
    exact = {"add": a + b, "sub": a - b, "mul": a * b, "muladd": a + b * c, "min": min(a, b), "max": max(a, b), "neg": -a, "abs": abs(a),
             "and": a & b, "or": a | b, "xor": a ^ b, "not": ~a, "eq": int(a == b), "lt": int(a < b), "le": int(a <= b)}
    wide = kind == "i64" and function not in ("eq", "lt", "le")
    return exact[function] & (2**64 - 1 if wide else 2**32 - 1) if function in exact and kind in ("i32", "i64") else None


def register(bits, cls):
    """The canonical register: the class's width, one NaN."""
    bits &= 2**64 - 1 if cls == "L" else 2**32 - 1
    return NAN if cls == "F" and math.isnan(number(bits, cls)) else bits


def records(data):
    at = 0

    def take(count):
        nonlocal at
        at += count
        return data[at - count:at]

    while at < len(data):
        descriptor = take(int.from_bytes(take(2), "big"))
        element, t, prev = (int.from_bytes(take(n), "big") for n in (8, 4, 8))
        depths = [take(33)[32] for _ in range(4)]  # trace, weights, inputs, claimed outputs
        openings = take(int.from_bytes(take(4), "big"))
        yield descriptor, element, t, prev, depths, openings, int.from_bytes(take(8), "big")


class Steps(unittest.TestCase):
    def test_every_function_of_the_table_can_be_told(self):
        listed = subprocess.run([BUILD / "tests" / "tools" / "program_gen", "functions"], check=True, capture_output=True, text=True).stdout
        names = {int(line.split()[0], 16): line.split()[1] for line in listed.splitlines()}
        self.assertEqual({code: entry[0] for code, entry in FUNCTIONS.items()}, names)

    def test_operands_give_what_the_judge_says(self):
        compared = {}
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([BUILD / "tests" / "vectors" / "gen_judge", folder, str(PROGRAMS), str(STEPS)], check=True, stdout=subprocess.DEVNULL)
            for path in sorted(pathlib.Path(folder).glob("*.bin")):
                for record in records(path.read_bytes()):
                    self.compare(record, compared, path.name)
        self.assertGreater(sum(compared.values()), COMPARED_MIN, compared)
        self.assertGreaterEqual(set(compared), {"map", "init", "body", "padding"})

    def compare(self, record, compared, where):
        descriptor, element, t, prev, depths, openings, expected = record
        instruction = Instruction(descriptor)
        kind = instruction.kind_of(element, t)
        prev = register(prev, instruction.classes[0])
        operands = instruction.operands_of(element, t, openings, depths)
        registers = [value for _, value, _, _ in operands]
        if kind == "padding":
            got = 0
        elif kind == "init":
            got = registers[0]
        elif kind == "final" or instruction.name.endswith("first"):
            return
        elif kind == "body" and None in registers:
            got = prev
        elif kind == "map" and (instruction.epilogue or DTYPE[instruction.store][0] < 4 or instruction.store == 12):
            return
        else:
            got = compute(instruction.name, instruction.classes, ([prev] if kind == "body" else []) + registers)
        if got is not None:
            compared[kind] = compared.get(kind, 0) + 1
            self.assertEqual(got, expected, f"{where}: {kind} {instruction.name} {operands} prev {prev:x}")


class Decoding(unittest.TestCase):
    def test_what_cast_encodes(self):
        parameters = [
            {"name": "a", "type": "uint64"},
            {"name": "s", "type": "tuple", "components": [{"name": "x", "type": "bytes32"}, {"name": "y", "type": "address"}]},
            {"name": "b", "type": "bytes"}, {"name": "h", "type": "bytes32[]"}, {"name": "u", "type": "string"}]
        word = ["0x" + c * 64 for c in "1ab"]
        address = "0x" + "c" * 40
        encoded = subprocess.run(
            [ROOT / "build" / "tools" / "cast", "abi-encode", "f(uint64,(bytes32,address),bytes,bytes32[],string)", "77",
             f"({word[0]},{address})", "0x" + "5d" * 41, f"[{word[1]},{word[2]}]", "uri"], check=True, capture_output=True, text=True)
        self.assertEqual(decode(parameters, bytes.fromhex(encoded.stdout.strip()[2:])),
                         {"a": 77, "s": {"x": word[0], "y": address}, "b": b"\x5d" * 41, "h": word[1:], "u": "uri"})

    def test_shortest_decimals_read_back(self):
        for bits in (0x3F800001, 0x00000001, 0x7F7FFFFF, 0x80000000, 0x3DCCCCCD, 0xBD07D429):
            self.assertEqual(struct.pack(">f", float(shortest(bits, "F"))), bits.to_bytes(4, "big"))
        self.assertEqual(shortest(0xFFFFFFFE, "I"), "-2")


class Packed(unittest.TestCase):
    @staticmethod
    def word(*fields):
        """Fields and their widths, from the highest bits to the lowest."""
        out = 0
        for value, width in fields:
            out = out << width | value
        return out

    def test_words_as_the_page_writes_them(self):
        a = self.word((0xabcdef, 160), (7, 16), (8, 16), (4, 8), (3, 8), (20, 8), (2, 8), (77, 32))
        c = self.word((0, 40), (123456789012, 40), (5, 24), (99, 24), (2**63 + 1, 64), (2**64 - 2, 64))
        self.assertEqual(state_of(a, c), {"ordinal": 7, "units": 8, "phase": 4, "move": 3, "depth": 20, "round": 2, "position": 77,
                                          "element": 123456789012, "low": 5, "high": 99, "lowValue": 2**63 + 1, "highValue": 2**64 - 2})
        self.assertEqual(pick_of(self.word((5, 32), (6, 32), (7, 32))), (7, 6, 5))
        self.assertEqual(value_of(self.word((1, 128), (250, 128))), 250)
        self.assertEqual(bond_of(self.word((10, 96), (3, 72), (5000, 16), (100, 16), (60, 32), (1, 8), (0, 8)), 251), 10 + 125)

    def test_the_schedule_goes_all_the_way_down(self):
        self.assertEqual(rounds(20), [5, 4, 4, 5])
        self.assertEqual(rounds(26), [5, 4, 5, 5, 5])
        for depth in range(27):
            self.assertEqual(sum(rounds(depth)) + chunk_levels(depth), depth)
            self.assertTrue(all(1 <= levels <= 5 for levels in rounds(depth)))
            self.assertEqual(level_of({"depth": depth, "round": len(rounds(depth))}), chunk_levels(depth))

    def test_a_fold_of_4096_is_cut_as_the_page_says(self):
        state = {"low": 0, "high": 4097, "lowValue": 0, "highValue": 1}
        values = b"".join(i.to_bytes(4, "big") for i in range(1, 65))  # 64 states, 64 apart
        after = narrowed(state, 3, values)
        self.assertEqual((after["low"], after["high"], after["lowValue"], after["highValue"]), (64 * 3, 64 * 4 - 1, 3, 4))
        self.assertEqual(narrowed(state, 64, values)["highValue"], 1)


class Wrong(unittest.TestCase):
    def made(self, what, source, *arguments):
        with tempfile.NamedTemporaryFile() as target:
            subprocess.run([DEMO / "wrong.py", what, source, target.name, *map(str, arguments)], check=True)
            return pathlib.Path(source).read_bytes(), pathlib.Path(target.name).read_bytes()

    def bits_changed(self, before, after):
        self.assertEqual(len(before), len(after))
        return sum(bin(a ^ b).count("1") for a, b in zip(before, after))

    def test_one_bit(self):
        self.assertEqual(self.bits_changed(*self.made("last-bit", DEMO / "inputs" / "00.npy", 20)), 1)
        self.assertEqual(self.bits_changed(*self.made("weight", DEMO / "digits.onnx", "head.1.weight", 4900, 22)), 1)

    def test_swap(self):
        before, after = (list(struct.unpack("<64f", data[-256:])) for data in self.made("swap", DEMO / "inputs" / "00.npy", 2, 20))
        before[2], before[20] = before[20], before[2]
        self.assertEqual(before, after)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
