"""The table of scalar functions (docs/machine.md, section 2): code → name, operand classes, result class, meaning.

Operands and results are registers (number.py): unsigned integers of the class's width.
"""
import math
from fractions import Fraction

import elementary
from number import (CLASS_BITS, F32, I32, I64, INFINITY, NAN, SIGN, float_from_units, is_infinite, is_nan,
                    is_negative, is_zero, signed, units, wrap)
from power import power

UNIT_BITS = 149
ONE_IN_UNITS = 1 << UNIT_BITS


class Function:
    """One row of the table. `first` alone sees skipped operands, which are None."""

    def __init__(self, code, name, operands, result, evaluate):
        self.code = code
        self.name = name
        self.operands = operands
        self.result = result
        self.evaluate = evaluate

    @property
    def is_first(self):
        return self.name.endswith(".first")

    @property
    def can_fold(self):
        return len(self.operands) in (2, 3) and self.result == self.operands[0] and not self.is_first


# --- binary32, IEEE 754 ---

def f32_add(a, b):
    if is_nan(a) or is_nan(b):
        return NAN
    if is_infinite(a):
        return NAN if is_infinite(b) and a != b else a
    if is_infinite(b):
        return b
    return float_from_units(units(a) + units(b), zero_negative=a == SIGN and b == SIGN)


def f32_neg(a):
    return NAN if is_nan(a) else a ^ SIGN


def f32_abs(a):
    return NAN if is_nan(a) else a & ~SIGN


def f32_sub(a, b):
    return NAN if is_nan(b) else f32_add(a, f32_neg(b))


def f32_mul(a, b):
    if is_nan(a) or is_nan(b):
        return NAN
    sign = (a ^ b) & SIGN
    if is_infinite(a) or is_infinite(b):
        return NAN if is_zero(a) or is_zero(b) else INFINITY | sign
    return float_from_units(units(a) * units(b), ONE_IN_UNITS, zero_negative=bool(sign))


def f32_div(a, b):
    if is_nan(a) or is_nan(b):
        return NAN
    sign = (a ^ b) & SIGN
    if is_infinite(a):
        return NAN if is_infinite(b) else INFINITY | sign
    if is_infinite(b):
        return sign
    if is_zero(b):
        return NAN if is_zero(a) else INFINITY | sign
    numerator = abs(units(a)) << UNIT_BITS
    return float_from_units(-numerator if sign else numerator, abs(units(b)), zero_negative=bool(sign))


def f32_fma(a, b, c):
    """a + b·c."""
    if is_nan(a) or is_nan(b) or is_nan(c):
        return NAN
    sign = (b ^ c) & SIGN
    if is_infinite(b) or is_infinite(c):
        if is_zero(b) or is_zero(c):
            return NAN
        return f32_add(a, INFINITY | sign)
    if is_infinite(a):
        return a
    product = units(b) * units(c)
    both_negative = is_negative(a) and bool(sign) and is_zero(a) and product == 0
    return float_from_units((units(a) << UNIT_BITS) + product, ONE_IN_UNITS, zero_negative=both_negative)


def f32_order(a):
    """A key by which registers other than NaN are ordered, −0 below +0."""
    return -(a & ~SIGN) - 1 if is_negative(a) else a


def f32_min(a, b):
    return NAN if is_nan(a) or is_nan(b) else min(a, b, key=f32_order)


def f32_max(a, b):
    return NAN if is_nan(a) or is_nan(b) else max(a, b, key=f32_order)


def f32_clip(a, b, c):
    return f32_min(f32_max(a, b), c)


def f32_sqrt(a):
    if is_nan(a):
        return NAN
    if is_zero(a):
        return a
    if is_negative(a):
        return NAN
    if is_infinite(a):
        return a
    # sqrt(u·2^-149) = sqrt(u·2^149)·2^-149; 64 bits below the unit and a sticky bit decide every rounding.
    square = units(a) << (UNIT_BITS + 128)
    root = math.isqrt(square)
    return float_from_units(2 * root + (root * root != square), 1 << 65)


def _same(a):
    """A key under which −0 equals +0."""
    return units(a) if not is_infinite(a) else (-1 if is_negative(a) else 1) << 400


def f32_eq(a, b):
    return int(not is_nan(a) and not is_nan(b) and _same(a) == _same(b))


def f32_lt(a, b):
    return int(not is_nan(a) and not is_nan(b) and _same(a) < _same(b))


def f32_le(a, b):
    return int(not is_nan(a) and not is_nan(b) and _same(a) <= _same(b))


def _to_integer(choose):
    """A rounding to an integer: choose(numerator, denominator) of the magnitude and the sign gives the magnitude."""
    def evaluate(a):
        if is_nan(a):
            return NAN
        if is_infinite(a) or is_zero(a):
            return a
        whole, rest = divmod(abs(units(a)), ONE_IN_UNITS)
        whole += choose(whole, rest, is_negative(a))
        return float_from_units(whole << UNIT_BITS) | (a & SIGN)
    return evaluate


f32_floor = _to_integer(lambda whole, rest, negative: int(negative and rest > 0))
f32_ceil = _to_integer(lambda whole, rest, negative: int(not negative and rest > 0))
f32_trunc = _to_integer(lambda whole, rest, negative: 0)
f32_round = _to_integer(lambda whole, rest, negative: int(2 * rest > ONE_IN_UNITS
                                                          or (2 * rest == ONE_IN_UNITS and whole & 1)))


def f32_mod(a, b):
    """The exact remainder of the division truncated toward zero; a result of zero has the sign of a."""
    if is_nan(a) or is_nan(b) or is_infinite(a) or is_zero(b):
        return NAN
    if is_infinite(b) or is_zero(a):
        return a
    return float_from_units(abs(units(a)) % abs(units(b))) | (a & SIGN)


# --- integers, for a width of 32 or 64 bits ---

def _divide(a, b):
    """Toward zero."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def integer_functions(bits):
    """The rows 41…56 and 5f of the table for one width, by name."""
    def over_signed(function):
        return lambda *operands: wrap(function(*(signed(x, bits) for x in operands)), bits)

    def shift_right(a, b):
        return wrap(signed(a, bits) >> min(b, bits), bits)

    return {
        "copy": lambda a: a,
        "add": lambda a, b: wrap(a + b, bits),
        "sub": lambda a, b: wrap(a - b, bits),
        "mul": lambda a, b: wrap(a * b, bits),
        "div": over_signed(lambda a, b: _divide(a, b) if b else 0),
        "mod": over_signed(lambda a, b: a - b * _divide(a, b) if b else 0),
        "min": over_signed(min),
        "max": over_signed(max),
        "neg": lambda a: wrap(-a, bits),
        "abs": over_signed(abs),
        "and": lambda a, b: a & b,
        "or": lambda a, b: a | b,
        "xor": lambda a, b: a ^ b,
        "not": lambda a: wrap(~a, bits),
        "shl": lambda a, b: wrap(a << b, bits) if b < bits else 0,
        "shr": shift_right,
        "eq": lambda a, b: int(a == b),
        "lt": lambda a, b: int(signed(a, bits) < signed(b, bits)),
        "le": lambda a, b: int(signed(a, bits) <= signed(b, bits)),
        "select": lambda a, b, c: b if a else c,
        "clip": over_signed(lambda a, b, c: min(max(a, b), c)),
        "muladd": lambda a, b, c: wrap(a + b * c, bits),
    }


# --- between the classes ---

def _truncated(a):
    """A finite F32 toward zero, as an integer."""
    whole = abs(units(a)) >> UNIT_BITS
    return -whole if is_negative(a) else whole


def f32_to_integer(bits, least, greatest):
    """Toward zero, saturating; NaN gives 0."""
    def evaluate(a):
        if is_nan(a):
            return 0
        if is_infinite(a):
            return wrap(least if is_negative(a) else greatest, bits)
        return wrap(min(max(_truncated(a), least), greatest), bits)
    return evaluate


def integer_to_f32(value):
    return float_from_units(value << UNIT_BITS)


# --- tolerant claims ---

def _real(a):
    return Fraction(units(a), ONE_IN_UNITS)


def _is_finite(a):
    return not is_nan(a) and not is_infinite(a)


def within(a, b, c):
    """Whether a is at most absolute + relative·|b| from b, in rational numbers; c has the bits of both tolerances."""
    tolerances = c >> 32, c & 0xFFFFFFFF
    numbers = all(_is_finite(x) for x in (a, b) + tolerances)
    if not numbers or any(_real(tolerance) < 0 for tolerance in tolerances):
        return int(a == b)
    absolute, relative = (_real(tolerance) for tolerance in tolerances)
    return int(abs(_real(a) - _real(b)) <= absolute + relative * abs(_real(b)))


def first(*operands):
    return next((a for a in operands if a is not None), 0)


def select(a, b, c):
    return b if a else c


def _table():
    rows = [
        (0x01, "f32.copy", [F32], F32, lambda a: a),
        (0x02, "f32.add", [F32] * 2, F32, f32_add),
        (0x03, "f32.sub", [F32] * 2, F32, f32_sub),
        (0x04, "f32.mul", [F32] * 2, F32, f32_mul),
        (0x05, "f32.div", [F32] * 2, F32, f32_div),
        (0x06, "f32.fma", [F32] * 3, F32, f32_fma),
        (0x07, "f32.min", [F32] * 2, F32, f32_min),
        (0x08, "f32.max", [F32] * 2, F32, f32_max),
        (0x09, "f32.neg", [F32], F32, f32_neg),
        (0x0A, "f32.abs", [F32], F32, f32_abs),
        (0x0B, "f32.sqrt", [F32], F32, f32_sqrt),
        (0x0C, "f32.eq", [F32] * 2, I32, f32_eq),
        (0x0D, "f32.lt", [F32] * 2, I32, f32_lt),
        (0x0E, "f32.le", [F32] * 2, I32, f32_le),
        (0x0F, "f32.select", [I32, F32, F32], F32, select),
        (0x10, "f32.clip", [F32] * 3, F32, f32_clip),
        (0x11, "f32.exp", [F32], F32, elementary.exp),
        (0x12, "f32.log", [F32], F32, elementary.log),
        (0x13, "f32.tanh", [F32], F32, elementary.tanh),
        (0x14, "f32.erf", [F32], F32, elementary.erf),
        (0x15, "f32.floor", [F32], F32, f32_floor),
        (0x16, "f32.ceil", [F32], F32, f32_ceil),
        (0x17, "f32.trunc", [F32], F32, f32_trunc),
        (0x18, "f32.round", [F32], F32, f32_round),
        (0x19, "f32.sin", [F32], F32, elementary.sin),
        (0x1A, "f32.cos", [F32], F32, elementary.cos),
        (0x1B, "f32.expm1", [F32], F32, elementary.expm1),
        (0x1C, "f32.log1p", [F32], F32, elementary.log1p),
        (0x1D, "f32.atan", [F32], F32, elementary.atan),
        (0x1E, "f32.mod", [F32] * 2, F32, f32_mod),
        (0x1F, "f32.first", [F32] * 3, F32, first),
        (0x20, "f32.tan", [F32], F32, elementary.tan),
        (0x21, "f32.asin", [F32], F32, elementary.asin),
        (0x22, "f32.acos", [F32], F32, elementary.acos),
        (0x23, "f32.sinh", [F32], F32, elementary.sinh),
        (0x24, "f32.cosh", [F32], F32, elementary.cosh),
        (0x25, "f32.asinh", [F32], F32, elementary.asinh),
        (0x26, "f32.acosh", [F32], F32, elementary.acosh),
        (0x27, "f32.atanh", [F32], F32, elementary.atanh),
        (0x28, "f32.pow", [F32] * 2, F32, power),
        (0x97, "i64.ult", [I64] * 2, I32, lambda a, b: int(a < b)),
        (0x98, "i64.ule", [I64] * 2, I32, lambda a, b: int(a <= b)),
        (0x99, "i64.udiv", [I64] * 2, I64, lambda a, b: a // b if b else 0),
        (0x9A, "i64.umod", [I64] * 2, I64, lambda a, b: a % b if b else 0),
        (0x9B, "i64.umin", [I64] * 2, I64, min),
        (0x9C, "i64.umax", [I64] * 2, I64, max),
        (0xC1, "f32.to_i32", [F32], I32, f32_to_integer(32, -2**31, 2**31 - 1)),
        (0xC2, "f32.to_i64", [F32], I64, f32_to_integer(64, -2**63, 2**63 - 1)),
        (0xC3, "i32.to_f32", [I32], F32, lambda a: integer_to_f32(signed(a, 32))),
        (0xC4, "i64.to_f32", [I64], F32, lambda a: integer_to_f32(signed(a, 64))),
        (0xC5, "i32.to_i64", [I32], I64, lambda a: wrap(signed(a, 32), 64)),
        (0xC6, "i64.to_i32", [I64], I32, lambda a: wrap(a, 32)),
        (0xC7, "f32.to_u64", [F32], I64, f32_to_integer(64, 0, 2**64 - 1)),
        (0xC8, "u64.to_f32", [I64], F32, integer_to_f32),
        (0xC9, "f32.to_bits", [F32], I32, lambda a: a),
        (0xCA, "f32.from_bits", [I32], F32, lambda a: NAN if is_nan(a) else a),
        (0xF1, "within", [F32, F32, I64], I32, within),
    ]
    shapes = {"copy": 1, "neg": 1, "abs": 1, "not": 1, "select": 3, "clip": 3, "muladd": 3}
    for base, integer_class in ((0x41, I32), (0x81, I64)):
        prefix = integer_class.lower()
        for row, (name, evaluate) in enumerate(integer_functions(CLASS_BITS[integer_class]).items()):
            operands = [integer_class] * shapes.get(name, 2)
            if name == "select":
                operands[0] = I32
            result = I32 if name in ("eq", "lt", "le") else integer_class
            rows.append((base + row, f"{prefix}.{name}", operands, result, evaluate))
        rows.append((base + 0x1E, f"{prefix}.first", [integer_class] * 3, integer_class, first))
    return {row[0]: Function(*row) for row in rows}


FUNCTIONS = _table()
