"""Elementary functions of the law: the value of the real function, rounded once to binary32.

mpmath computes an enclosure; the precision grows until both of its ends round to the same binary32. Where the real value
is a binary32 that no precision would decide, it is listed at its function; all others are irrational, and the search ends.
"""
import functools

import mpmath

from number import (BINARY32, INFINITY, NAN, ONE, SIGN, is_infinite, is_nan, is_negative, is_zero, units)

PRECISION_FIRST = 80
PRECISION_LAST = 1 << 15
# mpmath promises a few units in the last place; this many bits are given away before its result is believed.
SLACK_BITS = 20
# Beyond 2^±BINADES_FAR a result is infinite or zero whatever its other digits are.
BINADES_FAR = 400


class Undecided(Exception):
    pass


def real(register):
    """A finite F32 register as an exact mpmath number."""
    return mpmath.ldexp(mpmath.mpf(units(register)), BINARY32.least)


def _nearest(value):
    """An mpmath number rounded to F32. A zero result keeps the sign of the value."""
    negative = value < 0
    magnitude = abs(value)
    if magnitude == 0:
        return 0
    binades = mpmath.mag(magnitude)
    if binades > BINADES_FAR:
        return BINARY32.nearest(negative, 1 << BINADES_FAR, 1)
    if binades < -BINADES_FAR:
        return SIGN if negative else 0
    mantissa, exponent = magnitude.man_exp
    shift = exponent - BINARY32.least
    if shift >= 0:
        return BINARY32.nearest(negative, int(mantissa) << shift, 1)
    return BINARY32.nearest(negative, int(mantissa), 1 << -shift)


def rounded(compute):
    """What `compute()`, a real number that is no binary32 and no midpoint, rounds to."""
    precision = PRECISION_FIRST
    while precision <= PRECISION_LAST:
        with mpmath.workprec(precision + SLACK_BITS):
            value = compute()
            margin = mpmath.ldexp(abs(value), -precision)
        with mpmath.workprec(2 * precision + 2 * SLACK_BITS):
            below = _nearest(value - margin)
            above = _nearest(value + margin)
        if below == above:
            return below
        precision *= 2
    raise Undecided("no precision decided the rounding")


def _unary(special):
    """A function of one register: `special` gives the result of a listed argument, or a real function to round."""
    @functools.lru_cache(maxsize=1 << 16)
    def evaluate(a):
        if is_nan(a):
            return NAN
        result = special(a)
        if callable(result):
            return rounded(lambda: result(real(a)))
        return result
    evaluate.special = special
    return evaluate


def needs_rounding(name, a):
    """Whether the named function's value at `a` is a real number to be rounded, not one of the listed results."""
    return not is_nan(a) and callable(globals()[name].special(a))


def _odd(function, at_infinity, bound=None):
    """An odd function: zeros stay; `bound` b: beyond ±b it is not defined."""
    def special(a):
        if is_zero(a):
            return a
        if bound is not None and a & ~SIGN > bound:
            return NAN
        if is_infinite(a):
            return at_infinity if at_infinity == NAN else at_infinity | (a & SIGN)
        return function
    return special


def _exp(a):
    if is_zero(a):
        return ONE
    if is_infinite(a):
        return 0 if is_negative(a) else INFINITY
    return mpmath.exp


def _log(a):
    if is_zero(a):
        return INFINITY | SIGN
    if is_negative(a):
        return NAN
    if a == ONE:
        return 0
    return INFINITY if is_infinite(a) else mpmath.log


def _expm1(a):
    if is_zero(a):
        return a
    if is_infinite(a):
        return ONE | SIGN if is_negative(a) else INFINITY
    return mpmath.expm1


def _log1p(a):
    if is_zero(a):
        return a
    if a == ONE | SIGN:
        return INFINITY | SIGN
    if is_negative(a) and a > ONE | SIGN:
        return NAN
    return INFINITY if is_infinite(a) else mpmath.log1p


def _cos(a):
    if is_zero(a):
        return ONE
    return NAN if is_infinite(a) else mpmath.cos


def _cosh(a):
    if is_zero(a):
        return ONE
    return INFINITY if is_infinite(a) else mpmath.cosh


def _acos(a):
    if a == ONE:
        return 0
    return NAN if a & ~SIGN > ONE else mpmath.acos


def _acosh(a):
    if a == ONE:
        return 0
    if is_negative(a) or a < ONE:
        return NAN
    return INFINITY if is_infinite(a) else mpmath.acosh


def _atanh(a):
    if is_zero(a):
        return a
    if a & ~SIGN == ONE:
        return INFINITY | (a & SIGN)
    return NAN if a & ~SIGN > ONE else mpmath.atanh


def _atan(a):
    if is_zero(a):
        return a
    if is_infinite(a):
        half_turn = rounded(lambda: mpmath.pi / 2)
        return half_turn | (a & SIGN)
    return mpmath.atan


exp = _unary(_exp)
log = _unary(_log)
expm1 = _unary(_expm1)
log1p = _unary(_log1p)
tanh = _unary(_odd(mpmath.tanh, ONE))
erf = _unary(_odd(mpmath.erf, ONE))
sin = _unary(_odd(mpmath.sin, NAN))
cos = _unary(_cos)
tan = _unary(_odd(mpmath.tan, NAN))
atan = _unary(_atan)
asin = _unary(_odd(mpmath.asin, NAN, bound=ONE))
acos = _unary(_acos)
sinh = _unary(_odd(mpmath.sinh, INFINITY))
cosh = _unary(_cosh)
asinh = _unary(_odd(mpmath.asinh, INFINITY))
acosh = _unary(_acosh)
atanh = _unary(_atanh)
