"""Writes program files, well-formed or broken at one place: descriptors as objects, and a header that fits them.

`base()` is a small program with every kind of part: maps and folds, each kind of operand, an indirect row, a `first`,
skips, pad values, epilogues, two outputs. Tests copy it, change one thing, and seal it again, so that the roots and
hashes are right and only the change is wrong.
"""
from descriptor import (FOLD, INPUTS, MAP, PAD_SKIP, PAD_VALUE, PAD_ZERO, TRACE, WEIGHTS, Affine, Constant, Descriptor,
                        Iota, Row, Tensor, View, Writer, encode)
from functions import FUNCTIONS
from merkle import array_tree, depth_of, keccak256
from number import CHUNK_BYTES, DTYPES
from program import DOMAIN, file_bytes, header_bytes, program_root

BY_NAME = {function.name: function for function in FUNCTIONS.values()}
DTYPE = {dtype.name: dtype for dtype in DTYPES.values()}
ONE = 0x3F800000
TWO = 0x40000000


class IoDraft:
    def __init__(self, name, dtype, dims, chunk, bound=bytes(32)):
        self.name = name
        self.dtype = dtype
        self.dims = dims
        self.chunk = chunk
        self.bound = bound

    def write(self, writer):
        writer.uint(len(self.name))
        writer.data += self.name
        writer.number(self.dtype, 1)
        writer.number(len(self.dims), 1)
        for dim in self.dims:
            writer.uint(dim)
        writer.uint(self.chunk)
        writer.data += self.bound


class Draft:
    """`raw[i]` replaces the bytes of descriptor i; `fields` replaces fields of the header; `tail` follows the file."""

    def __init__(self, descriptors, weights, io, outputs):
        self.descriptors = descriptors
        self.weights = weights
        self.io = io
        self.io_bytes = None
        self.outputs = outputs
        self.raw = {}
        self.fields = {}
        self.tail = b""

    def recost(self):
        total = 0
        for d in self.descriptors:
            total += d.elements * (1 + d.terms if d.is_fold else 1)
            d.cost = total

    def descriptor_bytes(self):
        return [self.raw[i] if i in self.raw else encode(d) for i, d in enumerate(self.descriptors)]

    def encoded_io(self):
        if self.io_bytes is not None:
            return self.io_bytes
        writer = Writer()
        for tensors in self.io:
            writer.uint(len(tensors))
            for tensor in tensors:
                tensor.write(writer)
        return bytes(writer.data)

    def header(self):
        outputs = self.descriptors[-self.outputs:]
        chunks = sum(d.chunks for d in outputs)
        fields = {
            "domain": DOMAIN, "law": 1, "lowering": 0, "onnx_hash": bytes(32),
            "program_root": program_root(self.descriptor_bytes()), "instructions": len(self.descriptors),
            "weights_root": array_tree(self.weights).root, "weights_chunks": len(self.weights) // CHUNK_BYTES,
            "inputs_chunks": sum(DTYPES[t.dtype].chunks(_count(t.dims)) for t in self.io[0]),
            "trace_depth": depth_of(outputs[0].first_chunk + (1 << depth_of(chunks))),
            "output_chunk": outputs[0].first_chunk, "output_depth": depth_of(chunks), "outputs": self.outputs,
            "cost": self.descriptors[-1].cost, "tolerance_abs": 0, "tolerance_rel": 0,
            "io_hash": keccak256(self.encoded_io()),
        }
        fields.update(self.fields)
        return header_bytes(fields)

    def bytes(self):
        return file_bytes(self.header(), self.encoded_io(), self.descriptor_bytes(), self.weights) + self.tail


def _count(dims):
    count = 1
    for dim in dims:
        count *= dim
    return count


def instruction(form, function, store, extents, reduction, operands, **more):
    d = Descriptor()
    d.form = form
    d.function = BY_NAME[function]
    d.store = DTYPE[store]
    d.acc_code = {"F32": 1, "I32": 6, "I64": 7}[d.function.result] if form == FOLD else 0
    d.output_extents = list(extents)
    d.reduction_extents = list(reduction)
    d.operands = operands
    d.first_chunk = d.span = d.cost = 0
    d.epilogue = None
    d.epilogue_constants = []
    for name, value in more.items():
        setattr(d, name, value)
    return d


def row(extent, stride, offset, coefficients):
    return Row(extent, stride, Affine(offset, dict(coefficients)))


def view(space, dtype, chunk, count, rows, pad=PAD_ZERO, register=None):
    return View(space, DTYPE[dtype], pad, chunk, count, register, rows)


def base():
    indices = view(WEIGHTS, "i32", 1, 32, [row(32, 1, 0, {0: 1})])
    gather = Tensor(view(INPUTS, "f32", 0, 30, [row(30, 1, 0, {})], PAD_VALUE, TWO), 0, indices)
    plain = Tensor(view(WEIGHTS, "f32", 0, 32, [row(32, 1, 0, {0: 1})]), None, None)
    shifted = Tensor(view(TRACE, "f32", 0, 32, [row(32, 1, -4, {0: 1})], PAD_SKIP), None, None)
    block = Tensor(view(TRACE, "f32", 0, 32, [row(4, 8, 0, {0: 1}), row(7, 1, 0, {1: 1})], PAD_SKIP), None, None)
    column = Tensor(view(INPUTS, "f32", 0, 30, [row(8, 1, 1, {1: 1})]), None, None)
    descriptors = [
        instruction(MAP, "f32.add", "f32", [32], [], [plain, gather]),
        instruction(MAP, "f32.first", "f16", [4, 4], [], [shifted_twice(shifted), Constant(ONE), Constant(0)],
                    epilogue=BY_NAME["f32.mul"], epilogue_position=1, epilogue_constants=[TWO]),
        instruction(FOLD, "f32.fma", "f32", [4], [8], [Constant(ONE), block, column],
                    epilogue=BY_NAME["f32.clip"], epilogue_position=0, epilogue_constants=[0, 0x42C80000]),
        instruction(FOLD, "i64.add", "i64", [3, 2], [2, 3],
                    [Iota(Affine(-5, {0: 1})), Iota(Affine(7, {1: -3, 2: 1, 3: 1 << 20}))]),
    ]
    for chunk, d in enumerate(descriptors):
        d.first_chunk = chunk
        d.span = 1
    weights = b"".join((ONE + n * 0x1000).to_bytes(4, "little") for n in range(32))
    weights += b"".join((n * 5 % 37 - 3 & 0xFFFFFFFF).to_bytes(4, "little") for n in range(32))
    io = [[IoDraft(b"x", 1, [5, 6], 0)], [IoDraft(b"y", 1, [4], 0), IoDraft(b"z", 7, [3, 2], 1)],
          [IoDraft(b"k", 7, [1], 0, keccak256(bytes(8)))]]
    draft = Draft(descriptors, weights, io, 2)
    draft.recost()
    return draft


def shifted_twice(tensor):
    """The view of a vector over a box of 4 × 4: the second axis counts too."""
    tensor.view.rows[0].affine.coefficients = {0: 4, 1: 1}
    return tensor
