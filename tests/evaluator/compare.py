#!/usr/bin/python3
"""Compares this evaluator with the C implementation, to the bit.

usage: compare.py BUILD [PROGRAMS [FIRST_SEED]]

Scalar functions of random and special registers; loads and stores of every dtype; random programs: ids, roots, every
tensor, single elements, states and judged steps with their reads. PROGRAMS (48) counts the random programs; half as many
at the limits and of tolerant models, a program for every function as a map and as a fold, deep traces, and the demo's model come on top. Also insists that what
is compared was really reached. Prints every disagreement; ends with "N passed, N failed".
"""
import os
import random
import re
import sys
import tempfile

import evaluate
import program as program_file
import sample
from coverage import COMMON, KINDS, Coverage
from descriptor import Violation
from functions import FUNCTIONS
from machine import Machine
from number import DTYPES
from tally import Tally

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/machine.md")
MODEL = os.path.join(os.path.dirname(PAGE), "../configs/demo/digits.onnx")
PROGRAMS = 48
MORE_MAX = 400
REGISTERS_EACH = 400
STEPS_EACH = 4


def page_codes(path):
    """The codes of the table in section 2 of the page: "02 03", "81…96, 9f"; reserved ones left out."""
    codes = set()
    with open(path, encoding="utf-8") as file:
        section = file.read().split("## 2. ")[1].split("## 3. ")[0]
    for row in re.findall(r"^\| ([0-9a-f… ,]+) \|(?!.*reserved)", section, re.MULTILINE):
        for word in re.split(r"[ ,]+", row):
            ends = [int(end, 16) for end in word.split("…")]
            codes.update(range(ends[0], ends[-1] + 1))
    return codes


def compare_table(tally, machine):
    theirs = machine.forget_functions_to_come()
    hexes = [f"{code:02x}" for code in sorted(page_codes(PAGE))]
    tally.check("the functions in docs/machine.md and in C", hexes, [f"{code:02x}" for code in sorted(theirs)])
    tally.check("functions that only the machine knows", [], [f"{code:02x}" for code in theirs if code not in FUNCTIONS])
    for code, folds in theirs.items():
        if code in FUNCTIONS:
            tally.check(f"whether {FUNCTIONS[code].name} can be folded", FUNCTIONS[code].can_fold, folds)
    return [code for code in theirs if code in FUNCTIONS]


def compare_function(tally, machine, code, rng, count):
    function = FUNCTIONS[code]
    for _ in range(count):
        operands = sample.operands(rng, function)
        theirs = machine.number("fn", code, *(operands + [0, 0])[:3])
        tally.check(f"{function.name} of {[f'{x:x}' for x in operands]}", f"{function.evaluate(*operands):x}", f"{theirs:x}")


def compare_dtype(tally, machine, dtype, rng, count):
    """Every stored value of one or two bytes, random ones of more."""
    stored = range(1 << 8 * dtype.size) if dtype.size <= 2 else [rng.getrandbits(8 * dtype.size) for _ in range(count)]
    for bits in stored:
        tally.check(f"load of {dtype} {bits:x}", f"{dtype.load(bits):x}", f"{machine.number('load', dtype.code, bits):x}")
    for _ in range(4 * count):
        register = sample.register(rng, dtype.register_class)
        tally.check(f"store of {register:x} as {dtype}", f"{dtype.store(register):x}",
                    f"{machine.number('store', dtype.code, register):x}")


def compare_step(tally, machine, name, d, question):
    step = question.step
    answer = machine.ask("step", question.chunk, question.slot, question.t, question.previous)
    operands = [int(word, 16) for word in answer[2:5]]
    where = f"{name}: step {question.t} of ({question.chunk}, {question.slot}) from {question.previous:x}"
    skipped = step.kind == "body" and None in step.operands
    ours = [step.kind, f"{step.value:x}", int(skipped)] + [f"{o.space:x}:{o.chunk:x}" for o in step.opened]
    tally.check(where, ours, answer[:2] + [int(answer[5])] + answer[6:])
    if step.kind in ("map", "body") and not skipped and not d.function.is_first:
        tally.check(where + ", operands", step.operands, operands[:len(step.operands)])


def compare_program(tally, coverage, machine, rng, name, folder):
    is_model = name.endswith(".onnx")
    paths = machine.lower(name, folder, rng) if is_model else machine.generate(name, folder)
    answer = machine.ask("program", *paths)
    try:
        program = program_file.read(paths[0])
    except Violation as violation:
        tally.fail(f"{name}: refused by the evaluator: {violation}")
        return
    with open(paths[1], "rb") as inputs, open(paths[2], "rb") as claimed:
        execution = evaluate.Execution(program, inputs.read(), claimed.read())
    coverage.note_program(program)
    tally.check(f"{name}: id and roots", ["ok"] + [each.hex() for each in execution.commitments()], answer)
    for index, d in enumerate(program.descriptors):
        for question in sample.steps(rng, execution, index, STEPS_EACH):
            compare_step(tally, machine, name, d, question)
            coverage.note_step(d, question.step)
            where = (question.chunk, question.slot)
            if question.step.kind in ("padding", "map"):
                tally.check(f"{name}: element {where}", question.step.value, machine.number("element", *where))
            if question.state is not None:
                tally.check(f"{name}: state {question.t} of {where}", question.state,
                            machine.number("state", *where, question.t))


def main():
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else PROGRAMS
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    tally, coverage, machine, rng = Tally(), Coverage(), Machine(sys.argv[1]), random.Random(first)
    registers = max(REGISTERS_EACH, 10 * count)
    with tally.test():
        codes = compare_table(tally, machine)
    for code in [code for code in codes if not FUNCTIONS[code].is_first]:
        with tally.test():
            compare_function(tally, machine, code, rng, registers)
    for dtype in DTYPES.values():
        with tally.test():
            compare_dtype(tally, machine, dtype, rng, registers)
    names = [f"{seed}" for seed in range(first, first + count)]
    names += [f"extreme:{seed}" for seed in range(first, first + (count + 1) // 2)]
    names += [f"tolerant:{seed}" for seed in range(first, first + (count + 1) // 2)]
    names += [MODEL]
    names += [f"deep:{seed}" for seed in range(first, first + max(count // 50, 1))]
    for code in codes:
        names += [f"map:{code:x}:{first}"] + [f"fold:{code:x}:{first}"] * FUNCTIONS[code].can_fold
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            with tally.test():
                compare_program(tally, coverage, machine, rng, name, folder)
        # Which seeds reach what changes with the table's length: more of them are tried before something counts as missed.
        for seed in range(first + count, first + count + MORE_MAX):
            if coverage.missing(codes, COMMON):
                names.append(f"{seed}")
                with tally.test():
                    compare_program(tally, coverage, machine, rng, names[-1], folder)
    machine.close()
    with tally.test():
        tally.check("features that were not met", coverage.missing(codes, COMMON), [])
    print(f"{len(names)} programs; " + ", ".join(f"{coverage.met[kind]} {kind}" for kind in KINDS) + " steps")
    tally.end()


if __name__ == "__main__":
    main()
