"""Reads instruction descriptors and the openings of a judged step (docs/machine.md, sections 3.1 and 5), so that people can see its operands."""
import struct

F, I, L = "F", "I", "L"  # register classes: F32, I32, I64
DTYPE = {1: (4, F), 10: (2, F), 16: (2, F), 3: (1, I), 5: (2, I), 6: (4, I), 2: (1, I), 4: (2, I), 9: (1, I),
         7: (8, L), 12: (4, L), 13: (8, L)}
DTYPE_NAME = {1: "f32", 10: "f16", 16: "bf16", 3: "i8", 5: "i16", 6: "i32", 2: "u8", 4: "u16", 9: "bool",
              7: "i64", 12: "u32", 13: "u64"}
SIGNED = {3, 5, 6, 7, 13}
TRACE, WEIGHTS, INPUTS, CLAIMED = 0, 1, 2, 3
SPACE = {TRACE: "trace", WEIGHTS: "weights", INPUTS: "inputs", CLAIMED: "claimed outputs"}

# code: (name, classes of the operands, how it is written)
FUNCTIONS = {
    0x01: ("f32.copy", F, "a"), 0x02: ("f32.add", F * 2, "a + b"), 0x03: ("f32.sub", F * 2, "a - b"),
    0x04: ("f32.mul", F * 2, "a * b"), 0x05: ("f32.div", F * 2, "a / b"), 0x06: ("f32.fma", F * 3, "a + b * c"),
    0x07: ("f32.min", F * 2, "min(a, b)"), 0x08: ("f32.max", F * 2, "max(a, b)"), 0x09: ("f32.neg", F, "-a"),
    0x0a: ("f32.abs", F, "|a|"), 0x0b: ("f32.sqrt", F, "sqrt(a)"), 0x0c: ("f32.eq", F * 2, "a == b"),
    0x0d: ("f32.lt", F * 2, "a < b"), 0x0e: ("f32.le", F * 2, "a <= b"), 0x0f: ("f32.select", I + F * 2, "a ? b : c"),
    0x10: ("f32.clip", F * 3, "min(max(a, b), c)"), 0x11: ("f32.exp", F, "exp(a)"), 0x12: ("f32.log", F, "log(a)"),
    0x13: ("f32.tanh", F, "tanh(a)"), 0x14: ("f32.erf", F, "erf(a)"),
    0x15: ("f32.floor", F, "floor(a)"), 0x16: ("f32.ceil", F, "ceil(a)"), 0x17: ("f32.trunc", F, "trunc(a)"),
    0x18: ("f32.round", F, "round(a)"), 0x19: ("f32.sin", F, "sin(a)"), 0x1a: ("f32.cos", F, "cos(a)"),
    0x1b: ("f32.expm1", F, "expm1(a)"), 0x1c: ("f32.log1p", F, "log1p(a)"), 0x1f: ("f32.first", F * 3, "first(a, b, c)"),
    0xc1: ("f32.to_i32", F, "int(a)"), 0xc2: ("f32.to_i64", F, "int(a)"), 0xc3: ("i32.to_f32", I, "float(a)"),
    0x1d: ("f32.atan", F, "atan(a)"), 0x1e: ("f32.mod", F * 2, "a mod b"), 0x20: ("f32.tan", F, "tan(a)"),
    0x21: ("f32.asin", F, "asin(a)"), 0x22: ("f32.acos", F, "acos(a)"), 0x23: ("f32.sinh", F, "sinh(a)"),
    0x24: ("f32.cosh", F, "cosh(a)"), 0x25: ("f32.asinh", F, "asinh(a)"), 0x26: ("f32.acosh", F, "acosh(a)"),
    0x27: ("f32.atanh", F, "atanh(a)"), 0x28: ("f32.pow", F * 2, "a to the power b"),
    0x97: ("i64.ult", L * 2, "a < b, unsigned"), 0x98: ("i64.ule", L * 2, "a <= b, unsigned"),
    0x99: ("i64.udiv", L * 2, "a / b, unsigned"), 0x9a: ("i64.umod", L * 2, "a mod b, unsigned"),
    0x9b: ("i64.umin", L * 2, "min(a, b), unsigned"), 0x9c: ("i64.umax", L * 2, "max(a, b), unsigned"),
    0xc4: ("i64.to_f32", L, "float(a)"), 0xc5: ("i32.to_i64", I, "a"), 0xc6: ("i64.to_i32", L, "a"),
    0xc7: ("f32.to_u64", F, "int(a), unsigned"), 0xc8: ("u64.to_f32", L, "float(a), unsigned"),
    0xc9: ("f32.to_bits", F, "the bits of a"), 0xca: ("f32.from_bits", I, "the number of bits a"),
    0xf1: ("within", F * 2 + L, "a within c of b"),
}
INTEGER = [("copy", 1, "a"), ("add", 2, "a + b"), ("sub", 2, "a - b"), ("mul", 2, "a * b"), ("div", 2, "a / b"),
           ("mod", 2, "a mod b"), ("min", 2, "min(a, b)"), ("max", 2, "max(a, b)"), ("neg", 1, "-a"), ("abs", 1, "|a|"),
           ("and", 2, "a & b"), ("or", 2, "a | b"), ("xor", 2, "a ^ b"), ("not", 1, "~a"), ("shl", 2, "a << b"),
           ("shr", 2, "a >> b"), ("eq", 2, "a == b"), ("lt", 2, "a < b"), ("le", 2, "a <= b"),
           ("select", 3, "a ? b : c"), ("clip", 3, "min(max(a, b), c)"), ("muladd", 3, "a + b * c")]
for base, cls, prefix in ((0x41, I, "i32."), (0x81, L, "i64.")):
    for i, (name, arity, form) in enumerate(INTEGER):
        FUNCTIONS[base + i] = (prefix + name, I + cls * 2 if name == "select" else cls * arity, form)
    FUNCTIONS[base + 0x1e] = (prefix + "first", cls * 3, "first(a, b, c)")


def number(bits, cls):
    """A register's value: a float or a signed integer."""
    if cls == F:
        return struct.unpack(">f", (bits & 0xFFFFFFFF).to_bytes(4, "big"))[0]
    width = 32 if cls == I else 64
    bits &= (1 << width) - 1
    return bits - (1 << width) if bits >> (width - 1) else bits


def load(raw, dtype):
    """Stored little-endian bytes to register bits."""
    size, cls = DTYPE[dtype]
    if dtype == 10:
        return int.from_bytes(struct.pack(">f", struct.unpack("<e", raw)[0]), "big")
    if dtype == 16:
        return int.from_bytes(raw, "little") << 16
    if dtype == 9:
        return int(any(raw))
    value = int.from_bytes(raw, "little", signed=dtype in SIGNED)
    return value & (0xFFFFFFFFFFFFFFFF if cls == L else 0xFFFFFFFF)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        return int.from_bytes(self.data[self.at - count:self.at], "big")

    def uint(self):
        first = self.take(1)
        return first if first < 128 else self.take(first - 128)

    def sint(self):
        value = self.uint()
        return value // 2 if value % 2 == 0 else -(value + 1) // 2

    def affine(self, axes):
        offset, mask = self.sint(), self.take(2)
        return offset, [self.sint() if mask >> a & 1 else 0 for a in range(axes)]

    def view(self, cls, axes):
        view = {"space": self.take(1), "dtype": self.take(1), "pad": self.take(1)}
        rows = self.take(1)
        view.update(chunk=self.uint(), count=self.uint())
        view["value"] = self.take(8 if cls == L else 4) if view["pad"] == 2 else 0
        view["rows"] = [(self.uint(), self.uint(), self.affine(axes)) for _ in range(rows)]
        return view

    def operand(self, cls, axes):
        kind = self.take(1)
        if kind == 0:
            return {"constant": self.take(8 if cls == L else 4)}
        if kind == 1:
            return {"iota": self.affine(axes)}
        indirect_row = self.take(1)
        operand = {"view": self.view(cls, axes), "indirect_row": indirect_row}
        if indirect_row:
            # The class of an index only matters for its pad constant, which its dtype tells.
            at = self.at + 1
            operand["indirect"] = self.view(DTYPE[self.data[at]][1], axes)
        return operand


class Instruction:
    def __init__(self, data):
        r = Reader(data)
        self.fold = r.take(1) == 2
        self.fn, self.store, self.acc, self.epilogue = (r.take(1) for _ in range(4))
        self.first_chunk, self.span, self.cost = r.take(4), r.take(4), r.take(8)
        self.out_axes, self.red_axes = r.take(1), r.take(1)
        self.extent = [r.uint() for _ in range(self.out_axes + self.red_axes)]
        self.name, self.classes, self.form = FUNCTIONS[self.fn]
        self.store_bytes, self.store_class = DTYPE[self.store]
        self.epilogue_at, self.epilogue_constants = 0, []
        if self.epilogue:
            self.epilogue_at = r.take(1)
            classes = FUNCTIONS[self.epilogue][1]
            self.epilogue_constants = [r.take(8 if c == L else 4) for i, c in enumerate(classes) if i != self.epilogue_at]
        self.operands = [r.operand(c, self.out_axes + self.red_axes) for c in self.classes]
        self.terms = product(self.extent[self.out_axes:]) if self.fold else 0
        self.count = product(self.extent[:self.out_axes])

    def shape(self):
        return "x".join(map(str, self.extent[:self.out_axes])) or "scalar"

    def epilogue_text(self):
        """The epilogue with its constants, x standing for the value."""
        _, classes, form = FUNCTIONS[self.epilogue]
        names = iter(self.epilogue_constants)
        values = {"abc"[i]: "x" if i == self.epilogue_at else shortest(next(names), c) for i, c in enumerate(classes)}
        return "".join(values.get(c, c) if not near_letter(form, i) else c for i, c in enumerate(form))

    def kind_of(self, element, step):
        if element >= self.count:
            return "padding"
        if not self.fold:
            return "map"
        return "init" if step == 0 else "body" if step <= self.terms else "final"

    def operands_of(self, element, step, openings, depths):
        """[(letter, register or None when skipped, class, where it comes from)] of a step, from the chunks that were opened.

        openings: the bytes given to proveStep; depths: of the trace, the weights and the inputs."""
        kind = self.kind_of(element, step)
        wanted = {"padding": [], "map": range(len(self.operands)), "init": [0], "body": range(1, len(self.operands)),
                  "final": []}[kind]
        point = coordinates(self.extent[:self.out_axes], element) if element < self.count else []
        if kind == "body":
            point += coordinates(self.extent[self.out_axes:], step - 1)
        point += [0] * (len(self.extent) - len(point))
        source = Openings(openings, depths)
        out = []
        for i in wanted:
            value, where = read(self.operands[i], self.classes[i], point, source)
            out.append(("abc"[i], value, self.classes[i], where))
        return out


class Openings:
    def __init__(self, data, depths):
        self.data, self.depths, self.at = data, depths, 0

    def element(self, view, index):
        size, _ = DTYPE[view["dtype"]]
        per_chunk = 128 // size
        chunk = self.data[self.at:self.at + 128]
        self.at += 128 + 32 * self.depths[view["space"]]
        slot = index % per_chunk
        return load(chunk[slot * size:(slot + 1) * size], view["dtype"])


def read(operand, cls, point, source):
    if "constant" in operand:
        return operand["constant"], "constant"
    if "iota" in operand:
        return affine_at(operand["iota"], point) & (0xFFFFFFFFFFFFFFFF if cls == L else 0xFFFFFFFF), "index"
    added = 0
    if operand["indirect_row"]:
        view = operand["indirect"]
        index = flat(view, point, None, 0)
        bits = view["value"] if index is None else source.element(view, index)
        added = number(bits, DTYPE[view["dtype"]][1])
    view = operand["view"]
    index = flat(view, point, operand["indirect_row"] - 1 if operand["indirect_row"] else None, added)
    if index is None:
        return (None, "skipped") if view["pad"] == 1 else (view["value"], "out of range")
    where = f"{SPACE[view['space']]} chunk {view['chunk'] + index // (128 // DTYPE[view['dtype']][0])}"
    return source.element(view, index), where


def flat(view, point, indirect_row, added):
    total = 0
    for row, (extent, stride, affine) in enumerate(view["rows"]):
        c = affine_at(affine, point) + (added if row == indirect_row else 0)
        if not 0 <= c < extent:
            return None
        total += stride * c
    return total if total < view["count"] else None


def affine_at(affine, point):
    return affine[0] + sum(c * p for c, p in zip(affine[1], point))


def coordinates(extents, index):
    out = []
    for extent in reversed(extents):
        out.insert(0, index % extent)
        index //= extent
    return out


def product(values):
    out = 1
    for v in values:
        out *= v
    return out


def near_letter(text, i):
    """Whether the character is part of a longer word."""
    return (i > 0 and text[i - 1].isalpha()) or (i + 1 < len(text) and text[i + 1].isalpha())


def shortest(bits, cls):
    """The shortest decimal that reads back as this very number."""
    value = number(bits, cls)
    if cls != F or value != value or value in (float("inf"), float("-inf")):
        return str(value)
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if abs(float(text)) < 2**128 - 2**103 and struct.pack(">f", float(text)) == struct.pack(">f", value):
            return text
    return repr(value)
