"""What running a program means (docs/machine.md, sections 3 and 5): elements, judged steps, whole executions."""

from descriptor import CLAIMED, INPUTS, PAD_SKIP, PAD_VALUE, TRACE, WEIGHTS, Constant, Iota
from merkle import Tree, array_tree, chunk_leaf
from number import CHUNK_BYTES, CLASS_BITS, I32, WIDE, signed, wrap


class Opened:
    """A chunk that a step reads: which array, which chunk."""

    def __init__(self, space, chunk):
        self.space = space
        self.chunk = chunk

    def __eq__(self, other):
        return (self.space, self.chunk) == (other.space, other.chunk)


class Step:
    """One judged step: its kind, the right value, the instruction's operands (None: skipped) and the chunks read."""

    def __init__(self, kind, value, operands=(), opened=()):
        self.kind = kind
        self.value = value
        self.operands = list(operands)
        self.opened = list(opened)


class Arrays:
    """The flat arrays. The trace begins as zeros; only chunks that were written are held."""

    def __init__(self, program, inputs, claimed):
        if len(inputs) != program.header.inputs_chunks * CHUNK_BYTES:
            raise ValueError(f"{len(inputs)} bytes of inputs, {program.header.inputs_chunks} chunks are wanted")
        if len(claimed) != program.header.claimed_chunks * CHUNK_BYTES:
            raise ValueError(f"{len(claimed)} bytes of claimed outputs, {program.header.claimed_chunks} chunks are wanted")
        self.trace = {}
        self.fixed = {WEIGHTS: program.weights, INPUTS: inputs, CLAIMED: claimed}

    def load(self, space, chunk, dtype, index):
        at = index * dtype.size
        if space == TRACE:
            held = self.trace.get(chunk + at // CHUNK_BYTES, bytes(CHUNK_BYTES))
            at %= CHUNK_BYTES
        else:
            held = self.fixed[space]
            at += chunk * CHUNK_BYTES
        return dtype.load(int.from_bytes(held[at:at + dtype.size], "little"))

    def write(self, chunk, dtype, index, stored):
        number, at = divmod(index * dtype.size, CHUNK_BYTES)
        held = self.trace.setdefault(chunk + number, bytearray(CHUNK_BYTES))
        held[at:at + dtype.size] = stored.to_bytes(dtype.size, "little")


def unravel(index, extents):
    """The coordinates of a row-major index."""
    axes = []
    for extent in reversed(extents):
        index, axis = divmod(index, extent)
        axes.append(axis)
    return axes[::-1]


def _read(view, axes, added, arrays, opened):
    """The register that a view gives at `axes`, or None when it is skipped; `added`: (row, value) of an indirect row."""
    flat = 0
    in_range = True
    for number, row in enumerate(view.rows):
        coordinate = row.affine.at(axes) + (added[1] if added and added[0] == number else 0)
        in_range = in_range and 0 <= coordinate < row.extent
        flat += row.stride * coordinate
    if in_range and flat < view.count:
        opened.append(Opened(view.space, view.chunk + flat // view.dtype.per_chunk))
        return arrays.load(view.space, view.chunk, view.dtype, flat)
    if view.pad == PAD_SKIP:
        return None
    return view.pad_register if view.pad == PAD_VALUE else 0


def operand_value(operand, register_class, axes, arrays, opened):
    """An operand's register at `axes`, or None when it is skipped; appends the chunks read to `opened`."""
    if isinstance(operand, Constant):
        return operand.register
    if isinstance(operand, Iota):
        return wrap(operand.affine.at(axes), CLASS_BITS[register_class])
    added = None
    if operand.indirect is not None:
        index = _read(operand.indirect, axes, None, arrays, opened)
        bits = 32 if operand.indirect.dtype.register_class == I32 else 64
        added = (operand.indirect_row, signed(index, bits))
    return _read(operand.view, axes, added, arrays, opened)


def _operands(d, positions, axes, arrays, opened):
    return [operand_value(d.operands[p], d.function.operands[p], axes, arrays, opened) for p in positions]


def _as_register(word, register_class):
    """What a function makes of a 64-bit word in the place of an operand."""
    return WIDE[register_class].load(wrap(word, CLASS_BITS[register_class]))


def _finish(d, value):
    """store(e(value)); the value may be any 64-bit word."""
    if d.epilogue:
        value = _as_register(value, d.function.result)
        operands = list(d.epilogue_constants)
        operands.insert(d.epilogue_position, value)
        value = d.epilogue.evaluate(*operands)
    return d.store.store(value)


def initial(d, element, arrays, opened):
    """s_0 of a FOLD's element."""
    return _operands(d, [0], unravel(element, d.output_extents), arrays, opened)[0]


def accumulate(d, element, term, state, arrays, opened):
    """(s_(j+1), [x0, x1]) from s_j and term j."""
    axes = unravel(element, d.output_extents) + unravel(term, d.reduction_extents)
    operands = _operands(d, range(1, len(d.operands)), axes, arrays, opened)
    return (state if None in operands else d.function.evaluate(state, *operands)), operands


def element_value(d, element, arrays):
    """The stored bits of one element of an instruction."""
    opened = []
    if not d.is_fold:
        operands = _operands(d, range(len(d.operands)), unravel(element, d.output_extents), arrays, opened)
        return _finish(d, d.function.evaluate(*operands))
    state = initial(d, element, arrays, opened)
    for term in range(d.terms):
        state = accumulate(d, element, term, state, arrays, opened)[0]
    return _finish(d, state)


def states(d, element, arrays):
    """s_0 … s_K of one element of a FOLD."""
    opened = []
    result = [initial(d, element, arrays, opened)]
    for term in range(d.terms):
        result.append(accumulate(d, element, term, result[-1], arrays, opened)[0])
    return result


def judge(program, arrays, chunk, slot, t, previous):
    """The judged step t of the trace element at (chunk, slot).

    `previous` is the s_(t−1) that is given for t ≥ 1 of a FOLD: any 64-bit word, since whoever gives it may lie.
    """
    d = program.descriptors[program.owner(chunk)]
    element = (chunk - d.first_chunk) * d.store.per_chunk + slot
    if element >= d.elements:
        return Step("padding", 0)
    opened = []
    if not d.is_fold:
        operands = _operands(d, range(len(d.operands)), unravel(element, d.output_extents), arrays, opened)
        return Step("map", _finish(d, d.function.evaluate(*operands)), operands, opened)
    if t == 0:
        state = initial(d, element, arrays, opened)
        return Step("init", state, [state], opened)
    if t <= d.terms:
        acc = WIDE[d.function.result]
        given = _as_register(previous, d.function.result)
        state, operands = accumulate(d, element, t - 1, given, arrays, opened)
        return Step("body", acc.load(acc.store(state)), [previous] + operands, opened)
    if t == d.terms + 1:
        return Step("final", _finish(d, previous), [previous])
    raise ValueError(f"step {t} of an element with {d.terms} terms")


class Execution:
    """A whole run: the arrays with their trace filled in, and the trees over them."""

    def __init__(self, program, inputs, claimed=b""):
        self.program = program
        self.arrays = Arrays(program, inputs, claimed)
        for d in program.descriptors:
            for element in range(d.elements):
                self.arrays.write(d.first_chunk, d.store, element, element_value(d, element, self.arrays))
        leaves = {chunk: chunk_leaf(held) for chunk, held in self.arrays.trace.items()}
        self.trace_tree = Tree(leaves, program.header.trace_depth)

    @property
    def trace_root(self):
        return self.trace_tree.root

    @property
    def input_root(self):
        return array_tree(self.arrays.fixed[INPUTS]).root

    @property
    def output_root(self):
        header = self.program.header
        return self.trace_tree.node(header.output_depth, header.output_chunk >> header.output_depth)

    @property
    def claimed_root(self):
        """A tolerant claim's outputRoot."""
        return array_tree(self.arrays.fixed[CLAIMED]).root

    def commitments(self):
        """Model id, then the roots of program, weights, inputs, trace and outputs; of a tolerant one the claimed outputs, too."""
        header = self.program.header
        return [header.model_id, header.program_root, header.weights_root, self.input_root, self.trace_root,
                self.output_root] + ([self.claimed_root] if header.is_tolerant else [])

    def tensor(self, d):
        """The bytes of the tensor that an instruction wrote."""
        chunks = [self.arrays.trace[d.first_chunk + i] for i in range(d.chunks)]
        return b"".join(chunks)[:d.elements * d.store.size]

    def outputs(self):
        return [self.tensor(d) for d in self.program.descriptors[-self.program.header.outputs:]]
