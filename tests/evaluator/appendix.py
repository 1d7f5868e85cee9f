#!/usr/bin/python3
"""The worked example at the end of docs/machine.md.

usage: appendix.py           prints it
       appendix.py --check   sees that the page holds these lines
"""
import os
import struct
import sys

import evaluate
import program as program_file
from descriptor import FOLD, INPUTS, MAP, TRACE, WEIGHTS, Constant, Tensor
from draft import Draft, IoDraft, instruction, row, view
from merkle import chunk_leaf, descriptor_leaf, node
from number import CHUNK_BYTES

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/machine.md")
BEGIN = "## Appendix: a worked example"


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values).ljust(CHUNK_BYTES, b"\0")


def example():
    """y = max(W·x, +0) with W of 2 × 3."""
    matrix = Tensor(view(WEIGHTS, "f32", 0, 6, [row(2, 3, 0, {0: 1}), row(3, 1, 0, {1: 1})]), None, None)
    vector = Tensor(view(INPUTS, "f32", 0, 3, [row(3, 1, 0, {1: 1})]), None, None)
    product = Tensor(view(TRACE, "f32", 0, 2, [row(2, 1, 0, {0: 1})]), None, None)
    descriptors = [instruction(FOLD, "f32.fma", "f32", [2], [3], [Constant(0), matrix, vector]),
                   instruction(MAP, "f32.max", "f32", [2], [], [product, Constant(0)])]
    for chunk, d in enumerate(descriptors):
        d.first_chunk, d.span = chunk, 1
    io = [[IoDraft(b"x", 1, [3], 0)], [IoDraft(b"y", 1, [2], 0)], []]
    draft = Draft(descriptors, floats(1, 0, -1, 0.5, 0.5, 0.5), io, 1)
    draft.recost()
    return program_file.Program(draft.bytes()), floats(1, 2, 3)


# What the bytes of the two descriptors are: (how many, what).
FIELDS = [
    [(1, "form: FOLD"), (1, "fn: f32.fma"), (1, "store dtype: f32"), (1, "acc dtype: f32"), (1, "no epilogue"),
     (4, "first_chunk 0"), (4, "span 1"), (8, "cost: 2 elements · (1 + 3 terms) = 8"),
     (2, "one output axis, one reduction axis"), (1, "output extent 2"), (1, "reduction extent 3"),
     (5, "init: the constant +0"), (2, "x0: a view, no indirect row"), (2, "of the weights, f32"),
     (2, "pad rule 0; two rows"), (2, "chunk 0, 6 elements"), (2, "row 0: extent 2, stride 3"),
     (4, "offset 0; mask 1: axis 0; sint 1"), (2, "row 1: extent 3, stride 1"), (4, "offset 0; mask 2: axis 1; sint 1"),
     (2, "x1: a view, no indirect row"), (2, "of the inputs, f32"), (2, "pad rule 0; one row"), (2, "chunk 0, 3 elements"),
     (2, "row 0: extent 3, stride 1"), (4, "offset 0; mask 2: axis 1; sint 1")],
    [(1, "form: MAP"), (1, "fn: f32.max"), (1, "store dtype: f32"), (1, "a MAP has no acc dtype"), (1, "no epilogue"),
     (4, "first_chunk 1"), (4, "span 1"), (8, "cost: 8 + 2 elements = 10"), (2, "one output axis, no reduction axis"),
     (1, "output extent 2"), (2, "x0: a view, no indirect row"), (2, "of the trace, f32"), (2, "pad rule 0; one row"),
     (2, "chunk 0, 2 elements"), (2, "row 0: extent 2, stride 1"), (4, "offset 0; mask 1: axis 0; sint 1"),
     (5, "x1: the constant +0")],
]


def lines():
    program, inputs = example()
    execution = evaluate.Execution(program, inputs)
    header = program.header
    yield BEGIN
    yield ""
    yield ("`y = max(W·x, +0)` in f32, W of 2 × 3 = ((1, 0, −1), (½, ½, ½)) in the weights, x = (1, 2, 3) the input. "
           "[appendix.py](../tests/evaluator/appendix.py) writes")
    yield "this part of the page, and the tests see that it is current."
    for index, data in enumerate(program.descriptor_bytes):
        yield ""
        yield f"Descriptor {index}, {len(data)} bytes; its leaf is `{descriptor_leaf(data).hex()}`:"
        yield ""
        yield "```"
        at = 0
        for count, meaning in FIELDS[index]:
            yield f"{data[at:at + count].hex():18}{meaning}"
            at += count
        assert at == len(data)
        yield "```"
    yield ""
    yield f"program_root = node(leaf 0, leaf 1) = `{header.program_root.hex()}`."
    yield ""
    yield "The io bytes: one input `x` of f32, rank 1, 3 elements, at chunk 0, no bound; one output `y`; no bounds:"
    yield ""
    yield "```"
    yield program.io_bytes.hex()
    yield "```"
    yield ""
    yield "The header, a word a line:"
    yield ""
    yield "```"
    for index, name in enumerate(program_file.FIELDS):
        yield f"{header.data[32 * index:32 * index + 32].hex()}  {name}"
    yield "```"
    yield ""
    yield f"modelId = keccak256 of these 544 bytes = `{header.model_id.hex()}`. The arrays, each chunk 128 bytes:"
    yield ""
    yield "```"
    chunks = [("weights 0", program.weights), ("inputs 0", inputs)]
    chunks += [(f"trace {chunk}", bytes(execution.arrays.trace[chunk])) for chunk in (0, 1)]
    for name, chunk in chunks:
        used = max((4 * (i // 4 + 1) for i in range(CHUNK_BYTES) if chunk[i]), default=4)
        words = " ".join(chunk[i:i + 4].hex() for i in range(0, used, 4))
        yield f"{name:10}{words}, then zeros; leaf {chunk_leaf(chunk).hex()}"
    yield "```"
    yield ""
    leaves = [chunk_leaf(chunk) for _, chunk in chunks[2:]]
    assert node(*leaves) == execution.trace_root and leaves[1] == execution.output_root
    yield ("weights_root and inputRoot are the single leaves. The trace root is node(leaf 0, leaf 1) = "
           f"`{execution.trace_root.hex()}`,")
    yield "and outputRoot, at level 0, index 1, is leaf 1. The judged steps of element 0 of descriptor 0, at chunk 0, slot 0:"
    yield ""
    yield "```"
    state = 0
    d = program.descriptors[0]
    for t in range(d.terms + 2):
        step = evaluate.judge(program, execution.arrays, 0, 0, t, state)
        reads = ", ".join(f"{['trace', 'weights', 'inputs'][o.space]} chunk {o.chunk}" for o in step.opened) or "nothing"
        given = f"from {state:08x} " if t else ""
        yield f"t = {t}  {step.kind:6}{given}gives {step.value:08x}; opens {reads}"
        state = step.value
    yield "```"


def main():
    text = "\n".join(lines()) + "\n"
    if sys.argv[1:] == ["--check"]:
        with open(PAGE, encoding="utf-8") as file:
            page = file.read()
        good = text in page
        if not good:
            print("FAIL docs/machine.md: the appendix is not what tests/evaluator/appendix.py writes")
        print(f"{int(good)} passed, {int(not good)} failed")
        sys.exit(not good)
    print(text, end="")


if __name__ == "__main__":
    main()
