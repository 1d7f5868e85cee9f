#!/usr/bin/python3
"""Do this evaluator and the C implementation accept and refuse the same program files?

usage: verdicts.py BUILD [FILES [SEED]]

Every case of broken.py, whose verdict is also known beforehand; then FILES (1500) random programs with one descriptor
damaged at random and sealed again with right roots. Ends with "N passed, N failed".
"""
import collections
import random
import sys
import tempfile

import broken
import program as program_file
from descriptor import Violation
from machine import Machine
from merkle import keccak256
from tally import Tally

FILES = 1500
FILES_EACH = 25
BROKEN_MIN = 300
RULES = [f"W{n}" for n in range(1, 9)] + ["header", "io", "file"]


def verdict(data):
    """"ok", or the violation."""
    try:
        program_file.Program(data)
    except Violation as violation:
        return violation
    return "ok"


class Verdicts:
    def __init__(self, tally, machine):
        self.tally = tally
        self.machine = machine
        self.rules = collections.Counter()

    def check(self, name, rule, data):
        """`rule`: "ok", the one that is broken, "any" when one is, or None when nobody knows."""
        ours = verdict(data)
        met = "ok" if ours == "ok" else ours.rule
        self.rules[met] += 1
        self.tally.comparisons += 1
        theirs = " ".join(self.machine.ask("file", data.hex()))
        expected = rule is None or rule == met or (rule == "any" and met != "ok")
        if not expected or (ours == "ok") != (theirs == "ok"):
            self.tally.fail(f"{name}: should be {rule or 'the same'}; evaluator {ours}; machine {theirs}")


def damaged(rng, data):
    """The bytes with one byte or a few bits changed, put in, or left out."""
    data = bytearray(data)
    at = rng.randrange(len(data))
    which = rng.randrange(5)
    if which == 0:
        data[at] = rng.randrange(256)
    elif which == 1:
        data[at] ^= 1 << rng.randrange(8)
    elif which == 2:
        del data[at]
    elif which == 3:
        data.insert(at, rng.choice([0, 1, 0x7F, 0x80, 0x81, 0xFF]))
    else:
        data[at] = (data[at] + rng.choice([-1, 1])) % 256
    return bytes(data)


def sealed(program, descriptors):
    """The program's file with other descriptors and the program_root that they have."""
    fields = {name: getattr(program.header, name) for name in program_file.FIELDS}
    fields["program_root"] = program_file.program_root(descriptors)
    return program_file.file_bytes(program_file.header_bytes(fields), program.io_bytes, descriptors, program.weights)


def damage_program(verdicts, rng, folder, kind, count):
    program = program_file.read(verdicts.machine.generate(f"{kind}{rng.randrange(1, 10**6)}", folder)[0])
    for _ in range(count):
        descriptors = list(program.descriptor_bytes)
        index = rng.randrange(len(descriptors))
        descriptors[index] = damaged(rng, descriptors[index])
        name = f"{program.header.model_id.hex()[:8]} with descriptor {index} {descriptors[index].hex()}"
        verdicts.check(name, None, sealed(program, descriptors))


def check_broken(verdicts):
    """All cases, and that they are many and reach every rule."""
    tally, files = verdicts.tally, set()
    for name, rule, data in broken.cases():
        with tally.test():
            verdicts.check(name, rule, data)
        if rule != "ok":
            files.add(keccak256(data))
    with tally.test():
        tally.check(f"{len(files)} broken files are enough", len(files) >= BROKEN_MIN, True)
        tally.check("rules that no file breaks", [rule for rule in RULES if not verdicts.rules[rule]], [])


def main():
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    tally, machine = Tally(), Machine(sys.argv[1])
    machine.forget_functions_to_come()
    verdicts = Verdicts(tally, machine)
    check_broken(verdicts)
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else FILES
    with tempfile.TemporaryDirectory() as folder:
        for n in range(count // FILES_EACH):
            with tally.test():
                damage_program(verdicts, rng, folder, "extreme:" if n % 3 == 0 else "", FILES_EACH)
    machine.close()
    print(", ".join(f"{rule} {verdicts.rules[rule]}" for rule in ["ok"] + RULES))
    tally.end()


if __name__ == "__main__":
    main()
