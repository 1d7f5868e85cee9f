"""Descriptors (docs/machine.md, section 3.1): the one encoding of an instruction, read and written.

`decode` refuses whatever no descriptor encodes to. What a decoded one must satisfy besides is in rules.py.
"""
from functions import FUNCTIONS
from number import CLASS_BYTES, DTYPES

MAP, FOLD = 1, 2
TRACE, WEIGHTS, INPUTS, CLAIMED = 0, 1, 2, 3
PAD_ZERO, PAD_SKIP, PAD_VALUE = 0, 1, 2
CONSTANT, IOTA, TENSOR = 0, 1, 2
DESCRIPTOR_BYTES_MAX = 512
AXES_MASK_BITS = 16


class Violation(Exception):
    """Bytes that the law refuses: the rule that they break, and how."""

    def __init__(self, rule, text):
        super().__init__(f"{rule}: {text}")
        self.rule = rule


class Reader:
    """A cursor over bytes that must be used up to the last."""

    def __init__(self, data, rule="W1"):
        self.data = data
        self.at = 0
        self.rule = rule

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Violation(self.rule, f"{count} bytes wanted at {self.at}, {len(self.data) - self.at} are left")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, count):
        return int.from_bytes(self.take(count), "big")

    def uint(self):
        lead = self.number(1)
        if lead < 0x80:
            return lead
        length = lead - 0x80
        if not 1 <= length <= 8:
            raise Violation(self.rule, f"a uint begins with {lead:#x}")
        body = self.take(length)
        value = int.from_bytes(body, "big")
        if body[0] == 0 or value < 0x80:
            raise Violation(self.rule, f"the uint {value} is not written the shortest way")
        return value

    def sint(self):
        folded = self.uint()
        return -(folded + 1 >> 1) if folded & 1 else folded >> 1

    def end(self):
        if self.at != len(self.data):
            raise Violation(self.rule, f"{len(self.data) - self.at} bytes are left over")


class Writer:
    def __init__(self):
        self.data = bytearray()

    def number(self, value, count):
        self.data += value.to_bytes(count, "big")

    def uint(self, value):
        if value < 0x80:
            self.data.append(value)
        else:
            length = (value.bit_length() + 7) // 8
            self.data.append(0x80 + length)
            self.number(value, length)

    def sint(self, value):
        self.uint(2 * value if value >= 0 else -2 * value - 1)


class Affine:
    """offset + Σ coefficients[axis]·axis."""

    def __init__(self, offset, coefficients):
        self.offset = offset
        self.coefficients = coefficients

    def at(self, axes):
        return self.offset + sum(coefficient * axes[axis] for axis, coefficient in self.coefficients.items())


class Row:
    def __init__(self, extent, stride, affine):
        self.extent = extent
        self.stride = stride
        self.affine = affine


class View:
    """A window on one of the arrays. `pad_register` is None unless the pad rule is PAD_VALUE."""

    def __init__(self, space, dtype, pad, chunk, count, pad_register, rows):
        self.space = space
        self.dtype = dtype
        self.pad = pad
        self.chunk = chunk
        self.count = count
        self.pad_register = pad_register
        self.rows = rows


class Constant:
    def __init__(self, register):
        self.register = register


class Iota:
    def __init__(self, affine):
        self.affine = affine


class Tensor:
    """A view, and the indirect view whose value is added in row `indirect_row` (both None without one)."""

    def __init__(self, view, indirect_row, indirect):
        self.view = view
        self.indirect_row = indirect_row
        self.indirect = indirect

    @property
    def views(self):
        """In the order in which they are opened."""
        return [self.view] if self.indirect is None else [self.indirect, self.view]


class Descriptor:
    form = function = store = acc_code = epilogue = None
    epilogue_position = None
    epilogue_constants = ()

    @property
    def is_fold(self):
        return self.form == FOLD

    @property
    def elements(self):
        return product(self.output_extents)

    @property
    def terms(self):
        """K."""
        return product(self.reduction_extents)

    @property
    def chunks(self):
        return self.store.chunks(self.elements)


def product(extents):
    result = 1
    for extent in extents:
        result *= extent
    return result


def _function(code):
    if code not in FUNCTIONS:
        raise Violation("W2", f"no function has the code {code:#04x}")
    return FUNCTIONS[code]


def _dtype(code):
    if code not in DTYPES:
        raise Violation("W2", f"no dtype has the code {code}")
    return DTYPES[code]


def _affine(reader, axes):
    offset = reader.sint()
    mask = reader.number(AXES_MASK_BITS // 8)
    if mask >> axes:
        raise Violation("W1", f"the mask {mask:#06x} names an axis beyond the {axes} that there are")
    coefficients = {}
    for axis in range(axes):
        if mask >> axis & 1:
            coefficients[axis] = reader.sint()
            if coefficients[axis] == 0:
                raise Violation("W1", f"the coefficient of axis {axis} is written though it is zero")
    return Affine(offset, coefficients)


def _view(reader, axes):
    space = reader.number(1)
    if space > CLAIMED:
        raise Violation("W1", f"there is no array {space}")
    dtype = _dtype(reader.number(1))
    pad = reader.number(1)
    if pad > PAD_VALUE:
        raise Violation("W1", f"there is no pad rule {pad}")
    rows = reader.number(1)
    chunk = reader.uint()
    count = reader.uint()
    register = reader.number(CLASS_BYTES[dtype.register_class]) if pad == PAD_VALUE else None
    return View(space, dtype, pad, chunk, count, register,
                [Row(reader.uint(), reader.uint(), _affine(reader, axes)) for _ in range(rows)])


def _operand(reader, register_class, axes):
    kind = reader.number(1)
    if kind == CONSTANT:
        return Constant(reader.number(CLASS_BYTES[register_class]))
    if kind == IOTA:
        return Iota(_affine(reader, axes))
    if kind != TENSOR:
        raise Violation("W1", f"there is no kind {kind} of operand")
    indirect_row = reader.number(1)
    view = _view(reader, axes)
    if indirect_row == 0:
        return Tensor(view, None, None)
    if indirect_row > len(view.rows):
        raise Violation("W1", f"row {indirect_row - 1} is indirect, of {len(view.rows)} rows")
    return Tensor(view, indirect_row - 1, _view(reader, axes))


def decode(data):
    """The descriptor that these bytes encode, or Violation (W1; W2 where a code is in no table)."""
    if len(data) > DESCRIPTOR_BYTES_MAX:
        raise Violation("W1", f"{len(data)} bytes, {DESCRIPTOR_BYTES_MAX} are allowed")
    reader = Reader(data)
    d = Descriptor()
    d.form = reader.number(1)
    if d.form not in (MAP, FOLD):
        raise Violation("W1", f"there is no form {d.form}")
    d.function = _function(reader.number(1))
    d.store = _dtype(reader.number(1))
    d.acc_code = reader.number(1)
    epilogue = reader.number(1)
    d.epilogue = _function(epilogue) if epilogue else None
    d.first_chunk = reader.number(4)
    d.span = reader.number(4)
    d.cost = reader.number(8)
    output_axes = reader.number(1)
    reduction_axes = reader.number(1)
    axes = output_axes + reduction_axes
    if axes > AXES_MASK_BITS:
        raise Violation("W3", f"{axes} axes")
    d.output_extents = [reader.uint() for _ in range(output_axes)]
    d.reduction_extents = [reader.uint() for _ in range(reduction_axes)]
    if d.epilogue:
        d.epilogue_position = reader.number(1)
        classes = list(d.epilogue.operands)
        if d.epilogue_position >= len(classes):
            raise Violation("W2", f"{d.epilogue.name} has no operand {d.epilogue_position}")
        del classes[d.epilogue_position]
        d.epilogue_constants = [reader.number(CLASS_BYTES[c]) for c in classes]
    d.operands = [_operand(reader, c, axes) for c in d.function.operands]
    reader.end()
    return d


# --- the way back, for tests that write descriptors ---

def _write_affine(writer, affine):
    writer.sint(affine.offset)
    writer.number(sum(1 << axis for axis in affine.coefficients), 2)
    for axis in sorted(affine.coefficients):
        writer.sint(affine.coefficients[axis])


def _write_view(writer, view):
    for value in (view.space, view.dtype.code, view.pad, len(view.rows)):
        writer.number(value, 1)
    writer.uint(view.chunk)
    writer.uint(view.count)
    if view.pad == PAD_VALUE:
        writer.number(view.pad_register, CLASS_BYTES[view.dtype.register_class])
    for row in view.rows:
        writer.uint(row.extent)
        writer.uint(row.stride)
        _write_affine(writer, row.affine)


def _write_operand(writer, operand, register_class):
    if isinstance(operand, Constant):
        writer.number(CONSTANT, 1)
        writer.number(operand.register, CLASS_BYTES[register_class])
    elif isinstance(operand, Iota):
        writer.number(IOTA, 1)
        _write_affine(writer, operand.affine)
    else:
        writer.number(TENSOR, 1)
        writer.number(0 if operand.indirect is None else 1 + operand.indirect_row, 1)
        _write_view(writer, operand.view)
        if operand.indirect is not None:
            _write_view(writer, operand.indirect)


def encode(d):
    """The bytes of a descriptor, well-formed or not, as far as its fields fit."""
    writer = Writer()
    for value in (d.form, d.function.code, d.store.code, d.acc_code, d.epilogue.code if d.epilogue else 0):
        writer.number(value, 1)
    writer.number(d.first_chunk, 4)
    writer.number(d.span, 4)
    writer.number(d.cost, 8)
    writer.number(len(d.output_extents), 1)
    writer.number(len(d.reduction_extents), 1)
    for extent in d.output_extents + d.reduction_extents:
        writer.uint(extent)
    if d.epilogue:
        writer.number(d.epilogue_position, 1)
        classes = list(d.epilogue.operands)
        del classes[d.epilogue_position:d.epilogue_position + 1]
        for register, register_class in zip(d.epilogue_constants, classes):
            writer.number(register, CLASS_BYTES[register_class])
    for operand, register_class in zip(d.operands, d.function.operands):
        _write_operand(writer, operand, register_class)
    return bytes(writer.data)
