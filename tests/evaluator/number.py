"""Numbers of the law (docs/machine.md, section 1): data types, register classes, loads, stores and exact rounding.

A register is an unsigned integer: the 32 bits of class F32 or I32, or the 64 bits of class I64. Nothing here uses the
processor's floating point. A finite binary float is an integer count of its format's least subnormal, so every sum,
product and quotient is exact in Python's integers and is rounded once, at the end.
"""

F32, I32, I64 = "F32", "I32", "I64"
CLASS_BITS = {F32: 32, I32: 32, I64: 64}
CLASS_BYTES = {F32: 4, I32: 4, I64: 8}
CHUNK_BYTES = 128

NAN = 0x7FC00000
INFINITY = 0x7F800000
SIGN = 0x80000000
ONE = 0x3F800000


class Format:
    """A binary floating-point format: `precision` bits with the hidden one, least subnormal 2^least."""

    def __init__(self, bits, precision, least, nan):
        self.bits = bits
        self.precision = precision
        self.least = least
        self.nan = nan
        self.sign = 1 << (bits - 1)
        self.infinity = ((1 << (bits - precision)) - 1) << (precision - 1)

    def is_nan(self, stored):
        return stored & (self.sign - 1) > self.infinity

    def is_infinite(self, stored):
        return stored & (self.sign - 1) == self.infinity

    def units(self, stored):
        """A finite number as a signed count of 2^least; the sign of a zero is lost."""
        field = (stored & (self.sign - 1)) >> (self.precision - 1)
        fraction = stored & ((1 << (self.precision - 1)) - 1)
        if field:
            fraction = (fraction | 1 << (self.precision - 1)) << (field - 1)
        return -fraction if stored & self.sign else fraction

    def nearest(self, negative, numerator, denominator):
        """The bits nearest to ±numerator/denominator, in units of 2^least; ties to even, overflow to infinity."""
        excess = max((numerator // denominator).bit_length() - self.precision, 0)
        quotient, rest = divmod(numerator, denominator << excess)
        twice = 2 * rest - (denominator << excess)
        if twice > 0 or (twice == 0 and quotient & 1):
            quotient += 1
        if quotient.bit_length() > self.precision:
            quotient >>= 1
            excess += 1
        # A quotient with its hidden bit adds one to the exponent field; a subnormal one has none.
        magnitude = min((excess << (self.precision - 1)) + quotient, self.infinity)
        return magnitude | (self.sign if negative else 0)


BINARY32 = Format(32, 24, -149, NAN)
BINARY16 = Format(16, 11, -24, 0x7E00)
BFLOAT16 = Format(16, 8, -133, 0x7FC0)


def is_nan(register):
    return register & 0x7FFFFFFF > INFINITY


def is_infinite(register):
    return register & 0x7FFFFFFF == INFINITY


def is_negative(register):
    return bool(register & SIGN)


def is_zero(register):
    return not register & 0x7FFFFFFF


def units(register):
    """A finite F32 register as a signed count of 2^-149."""
    return BINARY32.units(register)


def float_from_units(numerator, denominator=1, zero_negative=False):
    """numerator/denominator · 2^-149 rounded to F32; the sign of an exact zero is the caller's to say."""
    if numerator == 0:
        return SIGN if zero_negative else 0
    return BINARY32.nearest(numerator < 0, abs(numerator), denominator)


def canonical_float(bits):
    return NAN if is_nan(bits) else bits


def signed(register, bits):
    """Two's complement: the integer that the low `bits` of a register mean."""
    register &= (1 << bits) - 1
    return register - (1 << bits) if register >> (bits - 1) else register


def wrap(value, bits):
    return value & ((1 << bits) - 1)


def convert(bits, source, target):
    """One float's bits in another format, rounded to nearest even; every NaN becomes the target's canonical one."""
    if source.is_nan(bits):
        return target.nan
    negative = bool(bits & source.sign)
    if source.is_infinite(bits):
        return target.infinity | (target.sign if negative else 0)
    magnitude = abs(source.units(bits))
    shift = source.least - target.least
    if shift >= 0:
        return target.nearest(negative, magnitude << shift, 1)
    return target.nearest(negative, magnitude, 1 << -shift)


class Dtype:
    """A data type: code, name, bytes an element, register class, load and store.

    A store takes any 64-bit word, since a judged step may be given one (evaluate.py, `judge`).
    """

    def __init__(self, code, name, size, register_class, load, store):
        self.code = code
        self.name = name
        self.size = size
        self.register_class = register_class
        self.load = load
        self.store = store
        self.per_chunk = CHUNK_BYTES // size

    def chunks(self, elements):
        return -(-elements // self.per_chunk)

    def __repr__(self):
        return self.name


def _widened(source):
    return lambda stored: convert(stored, source, BINARY32)


def _narrowed(target):
    return lambda register: convert(wrap(register, 32), BINARY32, target)


def _signed_type(code, name, size):
    bits = 8 * size
    return Dtype(code, name, size, I32, lambda stored: wrap(signed(stored, bits), 32),
                 lambda register: wrap(register, bits))


def _unsigned_type(code, name, size, register_class):
    bits = 8 * size
    return Dtype(code, name, size, register_class, lambda stored: stored, lambda register: wrap(register, bits))


def _truth(value):
    return 1 if value else 0


DTYPES = {dtype.code: dtype for dtype in [
    Dtype(1, "f32", 4, F32, canonical_float, lambda register: canonical_float(wrap(register, 32))),
    Dtype(10, "f16", 2, F32, _widened(BINARY16), _narrowed(BINARY16)),
    Dtype(16, "bf16", 2, F32, _widened(BFLOAT16), _narrowed(BFLOAT16)),
    _signed_type(3, "i8", 1),
    _signed_type(5, "i16", 2),
    _signed_type(6, "i32", 4),
    _unsigned_type(2, "u8", 1, I32),
    _unsigned_type(4, "u16", 2, I32),
    Dtype(9, "bool", 1, I32, _truth, _truth),
    _unsigned_type(7, "i64", 8, I64),
    _unsigned_type(12, "u32", 4, I64),
    _unsigned_type(13, "u64", 8, I64),
]}
WIDE = {F32: DTYPES[1], I32: DTYPES[6], I64: DTYPES[7]}


def is_canonical(register, register_class):
    """Whether bits of the class's width are a register: F32 knows one NaN."""
    return register_class != F32 or not is_nan(register) or register == NAN
