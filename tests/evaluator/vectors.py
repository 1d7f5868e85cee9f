#!/usr/bin/python3
"""The vectors of the law in tests/vectors/law (tests/vectors/README.md has their format).

usage: vectors.py check BUILD    this evaluator and the C code must reproduce every line, and nothing of the law may be missing
       vectors.py write BUILD    adds programs until nothing is missing, and writes the other files anew

Every expected value is this evaluator's. What `check` finds missing in the programs, `write` looks for among the random
programs of tests/generator, and the smallest that has it is kept; programs that are there already are left as they are.
"""
import glob
import os
import random
import sys
import tempfile

import broken
import evaluate
import program as program_file
import sample
import verdicts
from coverage import Coverage
from draft import instruction, row, view
from functions import FUNCTIONS
from machine import Machine
from number import CHUNK_BYTES, DTYPES
from tally import Tally

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../vectors/law")
ROOTS = ["model_id", "program_root", "weights_root", "input_root", "trace_root", "output_root", "claimed_root"]  # the last of tolerant programs alone
BYTES_MAX = 2_000_000
PROGRAM_BYTES_MAX = 12_000
STEPS_EACH = 5
SEEDS = range(1, 400)
SCALARS_EACH = {1: 60, 2: 100, 3: 100}
DTYPE_VALUES = 60
CODES_MIN = 60
REFUSED_MIN = 200


def words(path):
    """The words of every line that is no comment."""
    with open(path, encoding="ascii") as file:
        return [line.split() for line in file if line.strip() and not line.startswith("#")]


def write(name, comment, lines):
    path = os.path.join(FOLDER, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(f"# {comment}\n" + "".join(line + "\n" for line in lines))
    return path


# --- programs ---

def step_words(question):
    step = question.step
    return ["step"] + [f"{x:x}" for x in (question.chunk, question.slot, question.t, question.previous)] + [
        step.kind, f"{step.value:x}"] + [f"{o.space:x}:{o.chunk:x}" for o in step.opened]


def program_lines(data, inputs, claimed, seed):
    """The lines of a program's file, and what they cover."""
    program = program_file.Program(data)
    execution = evaluate.Execution(program, inputs, claimed)
    coverage, rng = Coverage(), random.Random(seed)
    coverage.note_program(program)
    lines = [f"program {data.hex()}", f"inputs {inputs.hex()}"] + [f"claimed {claimed.hex()}"] * program.header.is_tolerant
    lines += [f"{name} {value.hex()}" for name, value in zip(ROOTS, execution.commitments())]
    lines += [f"tensor {i:x} {execution.tensor(d).hex()}" for i, d in enumerate(program.descriptors)]
    for index, d in enumerate(program.descriptors):
        questions = list(sample.steps(rng, execution, index, 2))
        rng.shuffle(questions)
        new = []
        for question in questions:
            before = len(+coverage.met)
            coverage.note_step(d, question.step)
            if len(+coverage.met) > before:
                new.append(question)
        kept = new + [q for q in questions if q not in new][:max(STEPS_EACH - len(new), 1)]
        lines += [" ".join(step_words(question)) for question in kept]
    return lines, coverage


def candidates(codes, folder, machine):
    names = [str(seed) for seed in SEEDS] + [f"{kind}:{seed}" for kind in ("extreme", "tolerant") for seed in SEEDS if seed < 200]
    for code in codes:
        names += [f"map:{code:x}:{seed}" for seed in (1, 2, 3)]
        names += [f"fold:{code:x}:{seed}" for seed in (1, 2, 3)] if FUNCTIONS[code].can_fold else []
    for name in names:
        paths = machine.generate(name, folder)
        arrays = []
        for path in paths:
            with open(path, "rb") as file:
                arrays.append(file.read())
        if len(arrays[0]) <= PROGRAM_BYTES_MAX:
            yield name, *arrays
    nothing = view(1, "f32", 0, 32, [row(32, 1, 40, {0: 1})], 1)
    made = broken.single(instruction(1, "f32.first", "f32", [3], [], [
        broken.Tensor(nothing, None, None), broken.Tensor(nothing, None, None), broken.Tensor(nothing, None, None)]))
    yield "a `first` whose operands are all skipped", made.bytes(), b"", b""


def add_programs(machine, codes):
    coverage = Coverage()
    paths = sorted(glob.glob(os.path.join(FOLDER, "p*.txt")))
    tally = Tally()
    for path in paths:
        check_program(tally, coverage, None, path, None)
    with tempfile.TemporaryDirectory() as folder:
        found = [(name, len(arrays[0]), *program_lines(*arrays, name)) for name, *arrays in candidates(codes, folder, machine)]
    number = len(paths)
    while coverage.missing(codes):
        missing = set(coverage.missing(codes))
        best = max(found, key=lambda each: len([w for w in missing if each[3].met[w]]) / (each[1] + 600))
        if not any(best[3].met[w] for w in missing):
            sys.exit(f"no candidate covers: {', '.join(missing)}")
        number += 1
        write(f"p{number:03}.txt", f"Of the generator: {best[0]}", best[2])
        coverage.met.update(best[3].met)
    print(f"{number - len(paths)} programs added to {len(paths)}")


def check_program(tally, coverage, machine, path, folder):
    name = os.path.basename(path)
    lines = words(path)
    fields = {line[0]: line[1] if len(line) > 1 else "" for line in lines if line[0] in ROOTS + ["program", "inputs", "claimed"]}
    data, inputs, claimed = (bytes.fromhex(fields.get(part, "")) for part in ("program", "inputs", "claimed"))
    program = program_file.Program(data)
    execution = evaluate.Execution(program, inputs, claimed)
    coverage.note_program(program)
    roots = [fields[root] for root in ROOTS if root in fields]
    tensors = {int(line[1], 16): line[2] for line in lines if line[0] == "tensor"}
    steps = [line for line in lines if line[0] == "step"]
    tally.check(f"{name}: roots", [each.hex() for each in execution.commitments()], roots)
    tally.check(f"{name}: tensors", {i: execution.tensor(d).hex() for i, d in enumerate(program.descriptors)}, tensors)
    for line in steps:
        chunk, slot, t, previous = (int(word, 16) for word in line[1:5])
        step = evaluate.judge(program, execution.arrays, chunk, slot, t, previous)
        coverage.note_step(program.descriptors[program.owner(chunk)], step)
        tally.check(f"{name}: {line}", step_words(sample.Question(chunk, slot, t, previous, step)), line)
    if machine is not None:
        check_program_in_c(tally, machine, name, folder, program, ((data, inputs, claimed), roots, tensors, steps))


def check_program_in_c(tally, machine, name, folder, program, expected):
    arrays, roots, tensors, steps = expected
    paths = [os.path.join(folder, part) for part in ("p.gsp", "p.bin", "p.claimed", "p.trace")]
    for path, content in zip(paths, arrays):
        with open(path, "wb") as file:
            file.write(content)
    tally.check(f"{name} in C: roots", machine.ask("program", *paths[:3]), ["ok"] + roots)
    machine.ask("trace", paths[3])
    with open(paths[3], "rb") as file:
        trace = file.read()
    for i, d in enumerate(program.descriptors):
        begin = d.first_chunk * CHUNK_BYTES
        tally.check(f"{name} in C: tensor {i}", trace[begin:begin + d.elements * d.store.size].hex(), tensors[i])
    for line in steps:
        answer = machine.ask(*line[:5])
        tally.check(f"{name} in C: {line}", answer[:2] + answer[6:], line[5:])


# --- scalar functions, loads and stores, refused files ---

def scalar_lines(codes):
    for code in codes:
        function = FUNCTIONS[code]
        if function.is_first:
            continue
        rng, seen = random.Random(code), set()
        wanted = SCALARS_EACH[len(function.operands)]
        if len(function.operands) == 1:
            seen.update((register,) for register in sample.SPECIAL[function.operands[0]])
        while len(seen) < wanted:
            seen.add(tuple(sample.operands(rng, function)))
        for operands in sorted(seen):
            yield " ".join([f"{code:02x}", function.name] + [f"{x:x}" for x in operands + (function.evaluate(*operands),)])


def dtype_lines():
    for code, dtype in sorted(DTYPES.items()):
        rng = random.Random(code)
        stored = {dtype.store(register) for register in sample.SPECIAL[dtype.register_class]}
        stored |= {rng.getrandbits(8 * dtype.size) for _ in range(DTYPE_VALUES)}
        for bits in sorted(stored):
            yield f"load {code:x} {bits:x} {dtype.load(bits):x}"
        registers = set(sample.SPECIAL[dtype.register_class])
        registers |= {sample.register(rng, dtype.register_class) for _ in range(DTYPE_VALUES)}
        for register in sorted(registers):
            yield f"store {code:x} {register:x} {dtype.store(register):x}"


def verdict_lines():
    seen = set()
    for name, _, data in broken.cases():
        if " cut at " in name or data in seen:
            continue
        seen.add(data)
        verdict = verdicts.verdict(data)
        yield f"{'ok' if verdict == 'ok' else verdict.rule} {data.hex() or '-'} {name.encode('ascii', 'replace').decode()}"


def check_scalars(tally, machine, codes):
    met = set()
    for line in words(os.path.join(FOLDER, "scalar.txt")):
        code, operands, result = int(line[0], 16), [int(word, 16) for word in line[2:-1]], line[-1]
        met.add(code)
        tally.check(f"{line[1]} of {line[2:-1]}", [FUNCTIONS[code].name, f"{FUNCTIONS[code].evaluate(*operands):x}"],
                    [line[1], result])
        tally.check(f"{line[1]} of {line[2:-1]} in C", machine.ask("fn", code, *(operands + [0, 0])[:3]), [result])
    tally.check("functions that scalar.txt lacks", [FUNCTIONS[c].name for c in codes if c not in met and not FUNCTIONS[c].is_first], [])
    tally.check("there are enough of them", len(met) >= CODES_MIN, True)


def check_dtypes(tally, machine):
    met = set()
    for way, code, given, result in words(os.path.join(FOLDER, "dtype.txt")):
        dtype = DTYPES[int(code, 16)]
        met.add((way, dtype.code))
        ours = dtype.load if way == "load" else dtype.store
        tally.check(f"{way} of {dtype} {given}", f"{ours(int(given, 16)):x}", result)
        tally.check(f"{way} of {dtype} {given} in C", machine.ask(way, code, given), [result])
    tally.check("dtypes that dtype.txt lacks", sorted({(way, code) for way in ("load", "store") for code in DTYPES} - met), [])


def check_verdicts(tally, machine):
    met, refused = set(), 0
    for rule, text, *name in words(os.path.join(FOLDER, "verdict.txt")):
        text = "" if text == "-" else text
        ours = verdicts.verdict(bytes.fromhex(text))
        met.add(rule)
        refused += rule != "ok"
        tally.check(f"verdict on {' '.join(name)}", "ok" if ours == "ok" else ours.rule, rule)
        tally.check(f"verdict on {' '.join(name)} in C", machine.ask("file", text)[0], "ok" if rule == "ok" else "refused:")
    tally.check("rules that verdict.txt lacks", sorted(set(verdicts.RULES + ["ok"]) - met), [])
    tally.check("there are enough of them", refused >= REFUSED_MIN, True)


def check(machine, codes):
    tally, coverage = Tally(), Coverage()
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(glob.glob(os.path.join(FOLDER, "p*.txt"))):
            with tally.test():
                check_program(tally, coverage, machine, path, folder)
    with tally.test():
        tally.check("what the programs lack (make vectors-law adds it)", coverage.missing(codes), [])
    with tally.test():
        check_scalars(tally, machine, codes)
    with tally.test():
        check_dtypes(tally, machine)
    with tally.test():
        check_verdicts(tally, machine)
    with tally.test():
        size = sum(os.path.getsize(path) for path in glob.glob(os.path.join(FOLDER, "*")))
        tally.check(f"{size} bytes are few enough", size <= BYTES_MAX, True)
    tally.end()


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("check", "write"):
        sys.exit(__doc__)
    machine = Machine(sys.argv[2])
    codes = sorted(set(machine.forget_functions_to_come()) & set(FUNCTIONS))
    if sys.argv[1] == "check":
        check(machine, codes)
    os.makedirs(FOLDER, exist_ok=True)
    add_programs(machine, codes)
    write("scalar.txt", "CODE NAME OPERAND... RESULT: registers in hexadecimal", scalar_lines(codes))
    write("dtype.txt", "load DTYPE BITS REGISTER, store DTYPE REGISTER BITS, in hexadecimal", dtype_lines())
    write("verdict.txt", "RULE FILE NAME: a program file in hexadecimal (- when it is empty), and the rule that it breaks, or ok",
          verdict_lines())
    machine.close()


if __name__ == "__main__":
    main()
