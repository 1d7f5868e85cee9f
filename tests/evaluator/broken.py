"""Program files that are wrong at one place, and neighbours that are just right.

`cases()` yields (name, rule, bytes): the rule that is broken, or "ok" for a file that must be accepted. Everything else
about a file is right: roots, hashes, totals. Where breaking one rule alone is impossible, the rule named is the one that
this evaluator meets first.
"""
import draft
from descriptor import (CLAIMED, FOLD, INPUTS, MAP, PAD_SKIP, PAD_VALUE, PAD_ZERO, TRACE, WEIGHTS, Affine, Constant, Iota, Tensor,
                        Writer, encode)
from draft import BY_NAME, DTYPE, ONE, Draft, IoDraft, instruction, row, view
from merkle import depth_of
from number import CHUNK_BYTES, DTYPES
from program import HEADER_BYTES, MAGIC

EXTENTS_AT = 23  # of a descriptor: what comes before has a fixed length
UNKNOWN_CODES = [0x00, 0x2F, 0x40, 0x5E, 0x80, 0xCF, 0xF0, 0xF2, 0xFF]
UNKNOWN_DTYPES = [0, 8, 11, 14, 15, 17, 255]


def _edited(edit):
    """The base program after edit(draft); what edit returns does not matter."""
    changed = draft.base()
    edit(changed)
    return changed.bytes()


def _raw(index, change):
    """The base program with the bytes of descriptor `index` changed."""
    def edit(d):
        d.raw[index] = bytes(change(bytearray(encode(d.descriptors[index]))))
    return _edited(edit)


def single(d, inputs=(), weights_chunks=1):
    """A program of one instruction, which has its output alone in the trace. inputs: (dtype code, elements)."""
    d.first_chunk = 0
    d.span = min(1 << depth_of(d.chunks), 1 << 26)
    io = [[], [IoDraft(b"y", d.store.code, [max(d.elements, 1)], 0)], []]
    chunk = 0
    for code, elements in inputs:
        io[0].append(IoDraft(b"x", code, [elements], chunk))
        chunk += DTYPES[code].chunks(elements)
    result = Draft([d], bytes(CHUNK_BYTES * weights_chunks), io, 1)
    result.recost()
    return result


def _tensor(space=WEIGHTS, dtype="f32", chunk=0, count=32, rows=(), pad=PAD_ZERO, register=None):
    return Tensor(view(space, dtype, chunk, count, list(rows), pad, register), None, None)


def _gather(row_number=0):
    """A view of one chunk whose row adds an index: two chunks opened."""
    tensor = _tensor(rows=[row(32, 1, 0, {})])
    tensor.indirect_row, tensor.indirect = row_number, view(WEIGHTS, "i64", 0, 16, [])
    return tensor


def _map(function, operands, store="f32", extents=(4,)):
    return single(instruction(MAP, function, store, extents, [], operands), weights_chunks=2).bytes()


def _fold(function, operands, store="f32", extents=(4,), reduction=(3,)):
    return single(instruction(FOLD, function, store, extents, reduction, operands), weights_chunks=2).bytes()


def encodings():
    """W1: bytes that no descriptor has."""
    whole = [encode(d) for d in draft.base().descriptors]
    for index, data in enumerate(whole):
        for length in range(len(data)):
            yield f"descriptor {index} cut at {length}", "any", _raw(index, lambda b, n=length: b[:n])
        yield f"descriptor {index} with a byte more", "W1", _raw(index, lambda b: b + b"\0")
    yield "a uint with an empty body", "W1", _raw(0, lambda b: b[:EXTENTS_AT] + b"\x80" + b[EXTENTS_AT + 1:])
    for spelling in (b"\x81\x20", b"\x82\x00\x20", b"\x88" + bytes(7) + b"\x20", b"\x89" + bytes(8) + b"\x20", b"\xff"):
        yield f"extent 32 written {spelling.hex()}", "W1", _raw(
            0, lambda b, s=spelling: b[:EXTENTS_AT] + s + b[EXTENTS_AT + 1:])
    yield "an extent of nine bytes", "W1", _raw(0, lambda b: b[:EXTENTS_AT] + b"\x89" + b"\1" * 9 + b[EXTENTS_AT + 1:])
    for form in (0, 3, 255):
        yield f"form {form}", "W1", _raw(0, lambda b, f=form: bytes([f]) + b[1:])
    x0 = EXTENTS_AT + 1
    for kind in (3, 255):
        yield f"operand kind {kind}", "W1", _raw(0, lambda b, k=kind: b[:x0] + bytes([k]) + b[x0 + 1:])
    yield "array 4", "W1", _raw(0, lambda b: b[:x0 + 2] + b"\4" + b[x0 + 3:])
    yield "pad rule 3", "W1", _raw(0, lambda b: b[:x0 + 4] + b"\3" + b[x0 + 5:])
    yield "indirect row beyond the rows", "W1", _edited(lambda d: setattr(d.descriptors[0].operands[1], "indirect_row", 1))
    yield "a coefficient of zero", "W1", _edited(
        lambda d: d.descriptors[0].operands[0].view.rows[0].affine.coefficients.update({0: 0}))
    yield "a coefficient of an axis that is not there", "W1", _edited(
        lambda d: d.descriptors[0].operands[0].view.rows[0].affine.coefficients.update({1: 1}))
    yield "a coefficient of axis 15", "W1", _edited(
        lambda d: d.descriptors[3].operands[1].affine.coefficients.update({15: 1}))
    wide = Affine(1 << 40, {axis: -(1 << 32) for axis in range(8)})
    for stride, rule in ((1 << 23, "ok"), (1 << 31, "W1")):  # which are written in four bytes and in five
        rows = [draft.Row(1 << 31, 1 << 31, wide) for _ in range(6)] + [draft.Row(1 << 31, stride, wide)]
        operands = [_tensor(rows=rows), Constant(0)]
        length = len(encode(instruction(MAP, "f32.add", "f32", [1] * 8, [], operands)))
        yield f"a descriptor of {length} bytes", rule, _map("f32.add", operands, extents=[1] * 8)


def kinds():
    """W2: codes, classes, places of skips, canonical registers."""
    for code in UNKNOWN_CODES:
        yield f"function {code:02x}", "W2", _raw(0, lambda b, c=code: b[:1] + bytes([c]) + b[2:])
    for code in UNKNOWN_CODES[1:]:
        yield f"epilogue {code:02x}", "W2", _raw(2, lambda b, c=code: b[:4] + bytes([c]) + b[5:])
    for code in UNKNOWN_DTYPES:
        yield f"store dtype {code}", "W2", _raw(0, lambda b, c=code: b[:2] + bytes([c]) + b[3:])
        yield f"view dtype {code}", "W2", _raw(
            0, lambda b, c=code: b[:EXTENTS_AT + 4] + bytes([c]) + b[EXTENTS_AT + 5:])
    for acc in (0, 6, 10, 16):
        yield f"acc dtype {acc} of an F32 fold", "W2", _edited(lambda d, a=acc: setattr(d.descriptors[2], "acc_code", a))
    yield "acc dtype u32 of an I64 fold", "W2", _edited(lambda d: setattr(d.descriptors[3], "acc_code", 12))
    yield "acc dtype of a map", "W2", _edited(lambda d: setattr(d.descriptors[0], "acc_code", 1))
    one, zero = Constant(1), Constant(0)
    yield "a map with a reduction axis", "W2", _edited(lambda d: d.descriptors[0].reduction_extents.append(1))
    for function, operands, store in (("f32.first", 3, "f32"), ("f32.neg", 1, "f32"), ("f32.lt", 2, "i32"),
                                      ("f32.select", 3, "f32"), ("i64.eq", 2, "i32"), ("i64.select", 3, "i64"),
                                      ("i32.not", 1, "i32"), ("i32.to_f32", 1, "f32")):
        yield f"a fold of {function}", "W2", _fold(function, [zero] * operands, store)
    for function, operands, store in (("i32.eq", 2, "bool"), ("i32.select", 3, "i8"), ("f32.clip", 3, "bf16"),
                                      ("i64.muladd", 3, "u64")):
        yield f"a fold of {function}", "ok", _fold(function, [zero] * operands, store)
    yield "a view of i32 for f32.add", "W2", _map("f32.add", [_tensor(dtype="i32"), zero])
    yield "a view of u8 for i64.add", "W2", _map("i64.add", [_tensor(dtype="u8"), zero], "i64")
    yield "a view of bool for f32.select", "ok", _map("f32.select", [_tensor(dtype="bool"), zero, zero])
    for function, store in (("f32.add", "i32"), ("f32.lt", "f32"), ("i64.lt", "i64"), ("i32.to_i64", "i32")):
        yield f"{store} stored from {function}", "W2", _map(function, [zero] * len(BY_NAME[function].operands), store)
    yield from _epilogues()
    yield "an iota of class F32", "W2", _map("f32.copy", [Iota(Affine(0, {}))])
    yield "an iota of class I32", "ok", _map("i32.copy", [Iota(Affine(0, {}))], "i16")
    yield "indices of class F32", "W2", _edited(lambda d: setattr(d.descriptors[0].operands[1].indirect, "dtype", DTYPE["f32"]))
    yield "indices of dtype u32", "ok", _edited(lambda d: setattr(d.descriptors[0].operands[1].indirect, "dtype", DTYPE["u32"]))
    yield "indices that are skipped", "W2", _edited(lambda d: setattr(d.descriptors[0].operands[1].indirect, "pad", PAD_SKIP))
    yield "skip in a map of add", "W2", _map("f32.add", [_tensor(pad=PAD_SKIP), one])
    yield "skip in a map of first", "ok", _map("f32.first", [one, _tensor(pad=PAD_SKIP), one])
    yield "skip in an init", "W2", _fold("f32.add", [_tensor(pad=PAD_SKIP), one])
    yield "skip in x1", "ok", _fold("f32.fma", [one, one, _tensor(pad=PAD_SKIP)])
    term = Affine(0, {1: 1})
    yield "a reduction axis in an init's view", "W2", _fold("f32.add", [_tensor(rows=[draft.Row(1, 1, term)]), one])
    yield "a reduction axis in an init's iota", "W2", _fold("i32.add", [Iota(term), one], "i32")
    indexed = _gather()
    indexed.indirect.rows = [draft.Row(1, 1, term)]
    yield "a reduction axis in an init's indices", "W2", _fold("f32.add", [indexed, one])
    yield "a reduction axis in a term's indices", "ok", _fold("f32.add", [one, indexed])
    yield from _registers()


def _epilogues():
    def with_epilogue(name, position, constants):
        def edit(d):
            last = d.descriptors[2]
            last.epilogue, last.epilogue_position, last.epilogue_constants = BY_NAME[name], position, constants
        return _edited(edit)
    yield "an epilogue first", "W2", with_epilogue("f32.first", 0, [0, 0])
    yield "an epilogue of I32 after F32", "W2", with_epilogue("i32.add", 0, [0])
    yield "an epilogue's condition given F32", "W2", with_epilogue("f32.select", 0, [0, 0])
    yield "an epilogue's branch given F32", "ok", with_epilogue("f32.select", 2, [0, 0])
    yield "an epilogue that ends in I32", "W2", with_epilogue("f32.to_i32", 0, [])
    yield "an epilogue of one operand", "ok", with_epilogue("f32.exp", 0, [])
    for name, position in (("f32.exp", 1), ("f32.mul", 2), ("f32.clip", 3), ("f32.clip", 255)):
        constants = [0] * len(BY_NAME[name].operands)
        yield f"operand {position} of the epilogue {name}", "W2", with_epilogue(name, position, constants)


def _registers():
    one = Constant(1)
    for bits, rule in ((0x7F800001, "W2"), (0xFFC00000, "W2"), (0x7FC00000, "ok"), (0xFF800000, "ok"), (0x80000000, "ok"),
                       (0x00000001, "ok")):
        yield f"the F32 constant {bits:08x}", rule, _map("f32.copy", [Constant(bits)])
        yield f"the F32 pad value {bits:08x}", rule, _map("f32.copy", [_tensor(pad=PAD_VALUE, register=bits)])
        def edit(d, value=bits):
            d.descriptors[1].epilogue_constants = [value]
        yield f"the epilogue's constant {bits:08x}", rule, _edited(edit)
    yield "an f16 view's pad value that f16 cannot hold", "ok", _map(
        "f32.copy", [_tensor(dtype="f16", pad=PAD_VALUE, register=0x7F7FFFFF)])
    yield "a u8 view's pad value that u8 cannot hold", "ok", _map(
        "i32.copy", [_tensor(dtype="u8", pad=PAD_VALUE, register=0xFFFFFFFF)], "i32")
    for name, dtype, store in (("f32.copy", "bf16", "f32"), ("i32.copy", "u16", "i32"), ("i64.copy", "u64", "i64")):
        yield f"the pad value zero of {dtype}", "W2", _map(name, [_tensor(dtype=dtype, pad=PAD_VALUE, register=0)], store)
    padded = _gather()
    padded.indirect.pad, padded.indirect.pad_register = PAD_VALUE, 0
    yield "the pad value zero of indices", "W2", _map("f32.copy", [padded])
    yield "rows that are all out of range", "ok", _map("f32.add", [_tensor(rows=[row(1, 1, -1, {})]), one])


def sizes():
    """W3."""
    zero = Constant(0)
    for axes, rule in ((0, "ok"), (8, "ok"), (9, "W3"), (17, "W3")):
        yield f"{axes} output axes", rule, _map("f32.copy", [zero], extents=[1] * axes)
        yield f"{axes} reduction axes", rule, _fold("f32.add", [zero, zero], extents=[], reduction=[1] * axes)
    yield "12 axes together", "ok", _fold("f32.add", [zero, zero], extents=[1] * 8, reduction=[1] * 4)
    yield "13 axes together", "W3", _fold("f32.add", [zero, zero], extents=[1] * 8, reduction=[1] * 5)
    for extents, rule in (([1 << 31], "ok"), ([1 << 16, 1 << 15], "ok"), ([1 << 16, (1 << 15) + 1], "W3"),
                          ([(1 << 31) + 1], "W3"), ([1 << 31, 1 << 31], "W3")):
        made = single(instruction(MAP, "i32.copy", "bool", extents, [], [zero]))
        made.io[1][0].dims = [min(made.descriptors[0].elements, 1 << 31)]
        made.fields["trace_depth"] = min(depth_of(made.descriptors[0].span), 26)
        made.fields["output_depth"] = min(depth_of(made.descriptors[0].chunks), 26)
        yield f"output extents {extents}", rule, made.bytes()
    yield "output extents [4, 0]", "W3", _map_of_nothing()
    for extents, rule in (([1 << 18], "ok"), ([(1 << 18) + 1], "W3"), ([1 << 9, 1 << 9], "ok"), ([1 << 9, (1 << 9) + 1], "W3"),
                          ([0], "ok"), ([1 << 18, 1 << 18, 0], "ok"), ([0, 1 << 18, 1 << 18], "ok"),
                          ([(1 << 18) + 1, 0], "W3"), ([0, 1 << 63], "W3")):
        yield f"reduction extents {extents}", rule, _fold("f32.add", [zero, zero], reduction=extents)
    limits = [("row extent", lambda v: draft.Row(v, 1, Affine(0, {})), [(1, "ok"), (1 << 31, "ok"), (0, "W3"), ((1 << 31) + 1, "W3")]),
              ("stride", lambda v: draft.Row(2, v, Affine(0, {})), [(0, "ok"), (1 << 31, "ok"), ((1 << 31) + 1, "W3")]),
              ("offset", lambda v: draft.Row(2, 1, Affine(v, {})), _both_signs(1 << 40)),
              ("coefficient", lambda v: draft.Row(2, 1, Affine(0, {0: v})), _both_signs(1 << 32))]
    for what, make, values in limits:
        for value, rule in values:
            yield f"{what} {value}", rule, _map("f32.copy", [_tensor(rows=[make(value)])])
            yield f"{what} {value} of indices", rule, _indices(make(value))
    for value, rule in _both_signs(1 << 40):
        yield f"an iota's offset {value}", rule, _map("i64.copy", [Iota(Affine(value, {}))], "i64")
    for value, rule in _both_signs(1 << 32):
        yield f"an iota's coefficient {value}", rule, _map("i32.copy", [Iota(Affine(0, {0: value}))], "i32")
    for rows, rule in ((0, "ok"), (8, "ok"), (9, "W3"), (20, "W3")):
        yield f"{rows} rows", rule, _map("f32.copy", [_tensor(rows=[row(2, 1, 0, {})] * rows)])
    yield "element count 0", "W3", _map("f32.copy", [_tensor(count=0)])
    for count, rule in ((1 << 31, "ok"), ((1 << 31) + 1, "W3")):
        d = instruction(MAP, "i32.copy", "u8", [1], [], [_tensor(INPUTS, "u8", count=count)])
        yield f"element count {count}", rule, single(d, [(2, 1 << 31), (2, 128)]).bytes()


def _both_signs(limit):
    return [(limit, "ok"), (-limit, "ok"), (limit + 1, "W3"), (-limit - 1, "W3"), (1 << 62, "W3"), (-(1 << 63), "W3")]


def _indices(made):
    tensor = _gather()
    tensor.indirect.rows = [made]
    return _map("f32.copy", [tensor])


def _map_of_nothing():
    made = single(instruction(MAP, "f32.copy", "f32", [4], [], [Constant(0)]))
    made.descriptors[0].output_extents = [4, 0]
    made.recost()
    return made.bytes()


def places():
    """W4 and W5."""
    zero = Constant(0)
    def spans(d):
        d.descriptors[1].output_extents = [16, 8]
        d.recost()
    yield "a span that is too short", "W4", _edited(spans)
    yield "a span of zero", "W4", _edited(lambda d: setattr(d.descriptors[0], "span", 0))
    yield "a view of what it writes itself", "W4", _edited(lambda d: setattr(d.descriptors[1].operands[0].view, "chunk", 1))
    yield "a view of what comes later", "W4", _edited(lambda d: setattr(d.descriptors[1].operands[0].view, "chunk", 2))
    yield "the first instruction reads the trace", "W4", _map("f32.copy", [_tensor(TRACE, count=4)])
    for space, chunks in ((WEIGHTS, 2), (INPUTS, 1)):
        for chunk, count, rule in ((chunks - 1, 32, "ok"), (chunks - 1, 33, "W4"), (chunks, 1, "W4"), (1 << 32, 1, "W4"),
                                   ((1 << 64) - 1, 1, "W4")):
            d = instruction(MAP, "f32.copy", "f32", [4], [], [_tensor(space, chunk=chunk, count=count)])
            yield f"{count} elements from chunk {chunk} of array {space}", rule, single(d, [(1, 32)], 2).bytes()
    made = single(instruction(MAP, "f32.copy", "f32", [4], [], [zero]))
    made.descriptors[0].span = (1 << 26) + 1
    yield "a span beyond 2^26", "W4", made.bytes()
    gather, plain = _gather(), _tensor()
    for name, operands, rule in (("two views and an index", [gather, plain], "ok"), ("two indirect views", [gather, gather], "W5")):
        yield f"a map of {name}", rule, _map("f32.add", operands)
        yield f"a fold's terms of {name}", rule, _fold("f32.fma", [zero] + operands)
    yield "a map of three views", "ok", _map("f32.fma", [plain, plain, plain])
    yield "a map of three views and an index", "W5", _map("f32.fma", [plain, gather, plain])
    yield "a fold that opens two and three", "ok", _fold("f32.fma", [gather, plain, gather])


def neighbours():
    """W6, W7 and W8."""
    def put(index, **values):
        return _edited(lambda d: [setattr(d.descriptors[index], name, value) for name, value in values.items()])
    yield "instruction 0 begins at chunk 1", "W6", put(0, first_chunk=1)
    yield "an instruction begins a chunk late", "W6", put(3, first_chunk=4)
    yield "the first cost", "W6", put(0, cost=33)
    yield "a cost in the middle", "W6", put(1, cost=draft.base().descriptors[1].cost + 1)
    yield "the last cost", "W6", put(3, cost=draft.base().descriptors[3].cost - 1)
    yield "the last span ends early", "W6", _edited(lambda d: setattr(d, "fields", {"trace_depth": 3}))
    yield "a trace view inside a tensor", "W7", _edited(_longer_first)
    yield "a trace view of another dtype", "W7", _edited(
        lambda d: setattr(d.descriptors[2].operands[1].view, "dtype", DTYPE["f16"]))
    for count in (31, 16, 1):
        yield f"a trace view of {count} elements of 32", "W7", _edited(
            lambda d, n=count: setattr(d.descriptors[2].operands[1].view, "count", n))
    def from_second(d):
        d.descriptors[2].operands[1].view = view(TRACE, "f16", 1, 16, [])
    yield "a trace view of the other tensor", "ok", _edited(from_second)
    yield "a gap between outputs", "W8", _edited(_gap_between)
    yield "one output", "ok", _edited(_one_output)
    yield "outputs from an odd chunk", "W8", _edited(_odd_output)
    yield "a trace deeper than it needs to be", "W8", _edited(_deeper)
    for field, values in (("output_depth", (0, 2, 26)), ("output_chunk", (0, 1, 3, 1 << 26))):
        for value in values:
            yield f"{field} {value}", "any", _edited(lambda d, f=field, v=value: d.fields.update({f: v}))


def _longer_first(d):
    """The first tensor takes two chunks; the second instruction reads from its second one."""
    d.descriptors[0].output_extents = [64]
    d.descriptors[0].span = 2
    for later in d.descriptors[1:]:
        later.first_chunk += 1
    d.descriptors[1].operands[0].view.chunk = 1
    d.descriptors[2].operands[1].view.count = 64
    d.descriptors[1].span = 1
    for later in d.descriptors[2:]:
        later.first_chunk += 1
    d.descriptors[1].span = 2
    d.descriptors[3].span = 3
    d.fields["trace_depth"] = 3
    d.recost()


def _gap_between(d):
    d.descriptors[2].span = 2
    d.descriptors[3].first_chunk = 4
    d.descriptors[3].span = 4
    d.fields["trace_depth"] = 3


def _one_output(d):
    d.outputs = 1
    d.io[1] = [IoDraft(b"z", 7, [6], 0)]


def _odd_output(d):
    d.descriptors[1].span = 2
    d.descriptors[2].first_chunk, d.descriptors[3].first_chunk = 3, 4
    d.descriptors[3].span = 4
    d.fields["trace_depth"] = 3


def _deeper(d):
    d.descriptors[3].span = 5
    d.fields["trace_depth"] = 3


def headers():
    """Fields of the header, the io bytes, the file around them."""
    hashed = ("domain", "program_root", "weights_root", "io_hash")
    for field in hashed:
        yield f"another {field}", "any", _edited(lambda d, f=field: d.fields.update({f: b"\x5a" * 32}))
    for field, values in (("law", (0, 2)), ("lowering", (1 << 32,)), ("instructions", (0, 3, 5, (1 << 20) + 1)),
                          ("weights_chunks", (0, 1, 3, (1 << 26) + 1)), ("inputs_chunks", (0, 2, (1 << 26) + 1)),
                          ("trace_depth", (0, 1, 3, 26, 27, 1 << 255)), ("outputs", (0, 1, 3, 5, 257)),
                          ("cost", (0, 1, 1 << 63)), ("tolerance_abs", (1, ONE, 1 << 32)), ("tolerance_rel", (1, ONE, 1 << 32, 1 << 64))):
        for value in values:
            yield f"{field} {value}", "any", _edited(lambda d, f=field, v=value: d.fields.update({f: v}))
    yield "an onnx_hash, a lowering", "ok", _edited(
        lambda d: d.fields.update(onnx_hash=b"\x77" * 32, lowering=(1 << 32) - 1))
    yield from _ios()
    whole = draft.base().bytes()
    for length in (0, 7, 8, 9, 100, HEADER_BYTES + 7, HEADER_BYTES + 8, HEADER_BYTES + 9, 700, 800, len(whole) - 257,
                   len(whole) - 256, len(whole) - 128, len(whole) - 1):
        yield f"a file cut at {length}", "file", whole[:length]
    yield "a byte after the file", "file", whole + b"\0"
    yield "a chunk after the file", "file", whole + bytes(128)
    yield "another magic", "file", b"GSPROG2\n" + whole[len(MAGIC):]
    at = len(MAGIC) + HEADER_BYTES
    yield "the io's length in two bytes too many", "file", whole[:at] + b"\x82\x00" + whole[at + 1:]
    writer = Writer()
    writer.uint((1 << 64) - 1)
    yield "an io of 2^64 − 1 bytes", "file", whole[:at] + bytes(writer.data) + whole[at + 2:]


def _ios():
    def io(edit, rule, name):
        return name, rule, _edited(lambda d: edit(*d.io))
    def put(tensor, **values):
        for name, value in values.items():
            setattr(tensor, name, value)
    yield io(lambda i, o, b: put(i[0], name=b""), "ok", "an empty name")
    yield io(lambda i, o, b: put(i[0], name=b"n" * 255), "ok", "a name of 255 bytes")
    yield io(lambda i, o, b: put(i[0], name=b"n" * 256), "io", "a name of 256 bytes")
    yield io(lambda i, o, b: put(o[0], name=b"a\0b"), "io", "a name with a zero byte")
    yield io(lambda i, o, b: put(i[0], dims=[5, 6] + [1] * 6), "ok", "rank 8")
    yield io(lambda i, o, b: put(i[0], dims=[5, 6] + [1] * 7), "io", "rank 9")
    for dims, rule in (([0], "ok"), ([1 << 31, 0], "ok"), ([1 << 31, 0, 2], "io"), ([1 << 31], "ok"), ([(1 << 31) + 1], "io"), ([1 << 31, 2], "io"), ([1 << 32], "io"), ([], "ok")):
        yield io(lambda i, o, b, d=dims: put(b[0], dims=d), rule, f"a bound of dimensions {dims}")
    yield io(lambda i, o, b: put(b[0], dtype=8), "io", "a bound of dtype 8")
    yield io(lambda i, o, b: put(b[0], chunk=(1 << 26) + 1), "io", "a bound at chunk 2^26 + 1")
    yield io(lambda i, o, b: put(i[0], chunk=1), "io", "an input that leaves a gap")
    yield io(lambda i, o, b: put(i[0], dims=[32]), "ok", "an input of 32 elements")
    yield io(lambda i, o, b: put(o[1], chunk=2), "io", "an output that lies elsewhere")
    yield io(lambda i, o, b: put(o[0], dtype=10), "io", "an output of another dtype")
    yield io(lambda i, o, b: put(o[0], dims=[5]), "io", "an output of five elements of four")
    yield io(lambda i, o, b: put(o[0], dims=[2, 2]), "ok", "an output in another shape")
    yield io(lambda i, o, b: put(o[0], dims=[0, 2]), "io", "an output of no elements, so one, of four")
    yield io(lambda i, o, b: o.pop(), "io", "an output without a name")
    yield io(lambda i, o, b: o.append(o[1]), "io", "an output too many")
    yield io(lambda i, o, b: b.extend(b * 255), "ok", "256 bounds")
    yield io(lambda i, o, b: b.extend(b * 256), "io", "257 bounds")
    for name, data in (("no io", b""), ("io of nothing", bytes(3)), ("io with a byte more", draft.base().encoded_io() + b"\0"),
                       ("io cut short", draft.base().encoded_io()[:-1])):
        yield name, "io", _edited(lambda d, x=data: setattr(d, "io_bytes", x))


ABSOLUTE, RELATIVE = 0x3A83126F, 0x38D1B717  # 0.001 and 0.0001
TOLERANCE = ABSOLUTE << 32 | RELATIVE


def _tolerant(edit):
    """A program that compares an f16 and an i64 of two chunks each with what is claimed, after edit(draft)."""
    half = _tensor(INPUTS, "f16", count=70, rows=[row(70, 1, 0, {0: 1})])
    whole = _tensor(INPUTS, "i64", chunk=2, count=20, rows=[row(20, 1, 0, {0: 1})])
    claims = [_tensor(CLAIMED, "f16", count=70, rows=[row(70, 1, 0, {0: 1})]),
              _tensor(CLAIMED, "i64", chunk=2, count=20, rows=[row(20, 1, 0, {0: 1})])]
    results = [_tensor(TRACE, "i32", count=70, rows=[row(70, 1, 0, {0: 1})]),
               _tensor(TRACE, "i32", chunk=3, count=20, rows=[row(20, 1, 0, {0: 1})])]
    descriptors = [
        instruction(MAP, "within", "i32", [70], [], [claims[0], half, Constant(TOLERANCE)]),
        instruction(MAP, "i64.eq", "i32", [20], [], [claims[1], whole]),
        instruction(FOLD, "i32.and", "i32", [], [70], [Constant(1), results[0]]),
        instruction(FOLD, "i32.and", "i32", [], [20], [_tensor(TRACE, "i32", chunk=4, count=1), results[1]]),
    ]
    for d, (first, span) in zip(descriptors, ((0, 3), (3, 1), (4, 1), (5, 3))):
        d.first_chunk, d.span = first, span
    io = [[IoDraft(b"x", 10, [70], 0), IoDraft(b"k", 7, [20], 2)], [IoDraft(b"y", 10, [7, 10], 0), IoDraft(b"n", 7, [20], 2)], []]
    changed = Draft(descriptors, b"", io, 1)
    changed.recost()
    changed.fields.update(tolerance_abs=ABSOLUTE, tolerance_rel=4 << 32 | RELATIVE)
    edit(changed)
    return changed.bytes()


def _header_of(name, rule, absolute, relative, claimed, **fields):
    """Its header changed, with a `within` of those tolerances."""
    def edit(d):
        d.descriptors[0].operands[2] = Constant((absolute & 0xFFFFFFFF) << 32 | relative)
        d.fields.update(tolerance_abs=absolute, tolerance_rel=claimed << 32 | relative, **fields)
    return f"a tolerant model: {name}", rule, _tolerant(edit)


def _tolerances():
    yield "a tolerant model", "ok", _tolerant(lambda d: None)
    for absolute, relative, rule in ((0x49800000, 0x3F800000, "ok"), (1, 0, "ok"), (0, 1, "ok"), (0x49800001, 0, "header"),
                                     (0, 0x3F800001, "header"), (0x80000000, 0, "header"), (0, 0x80000000, "header"),
                                     (0x7F800000, 0, "header"), (0, 0x7F800000, "header"), (0x7FC00000, 0, "header"),
                                     (0xFFFFFFFF, 0, "header"), (0, 0xFFFFFFFF, "header"), (0, 0, "header"),
                                     (1 << 32, 0, "header"), (0xBF800000, RELATIVE, "header")):
        yield _header_of(f"tolerances {absolute:x} and {relative:x}", rule, absolute, relative, 4)
    for claimed, rule in ((0, "any"), (3, "any"), (5, "io"), ((1 << 22) + 1, "header"), ((1 << 32) - 1, "header"), (1 << 32, "header")):
        yield _header_of(f"{claimed} chunks of claimed outputs", rule, ABSOLUTE, RELATIVE, claimed)
    yield _header_of("two outputs", "header", ABSOLUTE, RELATIVE, 4, outputs=2)
    yield _header_of("a deeper output", "header", ABSOLUTE, RELATIVE, 4, output_depth=1)


def _comparisons():
    def name(text):
        return f"a tolerant model: {text}"
    def constant(register):
        return _tolerant(lambda d: d.descriptors[0].operands.__setitem__(2, Constant(register)))
    for register in (0, TOLERANCE + 1, TOLERANCE - 1, TOLERANCE + (1 << 32), RELATIVE, ABSOLUTE << 32):
        yield name(f"a `within` of {register:x}"), "W2", constant(register)
    def operand(made):
        return _tolerant(lambda d: d.descriptors[0].operands.__setitem__(2, made))
    yield name("a `within` of an iota"), "W2", operand(Iota(Affine(0, {})))
    yield name("a `within` of numbers that it reads"), "W2", operand(_tensor(INPUTS, "i64", chunk=2, count=20))
    def epilogue(position, constants):
        def edit(d):
            d.descriptors[0] = instruction(
                MAP, "f32.copy", "i32", [70], [], [d.descriptors[0].operands[0]], epilogue=BY_NAME["within"],
                epilogue_position=position, epilogue_constants=constants, first_chunk=0, span=3)
            d.recost()
        return _tolerant(edit)
    for position in (0, 1):
        yield name(f"an epilogue `within`, its value in place {position}"), "ok", epilogue(position, [ONE, TOLERANCE])
        yield name(f"one of another tolerance, in place {position}"), "W2", epilogue(position, [ONE, 0])
    yield name("an f32 where the tolerances are wanted"), "W2", epilogue(2, [ONE, ONE])
    def last(d, **values):
        for key, value in values.items():
            setattr(d.descriptors[-1], key, value)
        d.recost()
    yield name("an output of i8"), "W8", _tolerant(lambda d: last(d, store=DTYPE["i8"]))
    yield name("an output of two elements"), "W8", _tolerant(lambda d: last(d, output_extents=[2]))
    yield name("an output of one element along an axis"), "ok", _tolerant(lambda d: last(d, output_extents=[1]))
    def exact(d, **values):
        d.fields.update(tolerance_abs=0, tolerance_rel=0)
    yield "an exact model with a comparison", "any", _tolerant(exact)
    yield "an exact model with a `within`", "W2", _map("within", [Constant(ONE), Constant(ONE), Constant(0)], "i32")
    yield "an exact model that reads array 3", "W4", _map("f32.copy", [_tensor(CLAIMED)])
    for chunk, count, rule in ((3, 16, "ok"), (3, 17, "W4"), (4, 1, "W4")):
        def edit(d, at=chunk, elements=count):
            d.descriptors[1].operands[0].view.chunk, d.descriptors[1].operands[0].view.count = at, elements
        yield name(f"{count} elements from chunk {chunk} of the claimed outputs"), rule, _tolerant(edit)
    def out(**values):
        def edit(d):
            for key, value in values.items():
                setattr(d.io[1][1], key, value)
        return _tolerant(edit)
    yield name("an output with another chunk"), "io", out(chunk=1)
    yield name("an output of one chunk less"), "io", out(dims=[16])
    yield name("an output of another type"), "ok", out(dtype=13)
    yield name("no outputs"), "io", _tolerant(lambda d: d.io[1].clear())


def tolerances():
    """Tolerant models: sections 2.2, 3.3 and 3.4."""
    yield from _tolerances()
    yield from _comparisons()


def cases():
    for group in (encodings, kinds, sizes, places, neighbours, headers, tolerances):
        yield from group()
