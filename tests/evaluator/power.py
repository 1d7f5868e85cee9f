"""f32.pow (docs/machine.md, section 2.1): special values, exact powers, and the integer arithmetic of W."""
import functools
import math

from number import BINARY32, INFINITY, NAN, ONE, SIGN, is_infinite, is_nan, is_negative, units

UNIT_BITS = 149
# A result outside 2^±BINADES_FAR is infinite or zero.
BINADES_FAR = 400
EXACT_BITS = 25
W_BITS = 256
INVERSE_LOG_2 = 0xB8AA3B295C17F0BBBE87FED0691D3E88EB577AA8DD695A588B25166CD1A13247  # K: 2^255/log 2, its floor
LOG_2 = 0xB17217F7D1CF79ABC9E3B39803F2F6AF40F343267298B62D8A0D175B8BAAFA2B  # L: 2^256·log 2, its floor
SQRT_HALF = 0xB504F3


def _is_integer(register):
    return not units(register) % (1 << UNIT_BITS)


def _is_odd(register):
    return not is_infinite(register) and _is_integer(register) and bool(units(register) >> UNIT_BITS & 1)


def power(a, b):
    magnitude = a & ~SIGN
    if b & ~SIGN == 0 or a == ONE:
        return ONE
    if is_nan(a) or is_nan(b):
        return NAN
    if is_infinite(b):
        if magnitude == ONE:
            return ONE
        return INFINITY if (magnitude > ONE) == (b == INFINITY) else 0
    sign = a & SIGN if _is_odd(b) else 0
    if magnitude in (0, INFINITY):
        return sign | (INFINITY if (magnitude == INFINITY) != is_negative(b) else 0)
    if is_negative(a) and not _is_integer(b):
        return NAN
    return sign | (positive_power(magnitude, b) if magnitude != ONE else ONE)


def _rounded(significand, exponent):
    """significand·2^exponent, rounded to binary32."""
    if exponent + significand.bit_length() > BINADES_FAR:
        return INFINITY
    if exponent + significand.bit_length() < -BINADES_FAR:
        return 0
    shift = exponent - BINARY32.least
    return BINARY32.nearest(False, significand << max(shift, 0), 1 << max(-shift, 0))


@functools.lru_cache(maxsize=1 << 16)
def positive_power(a, b):
    """a^b of a positive, finite a other than 1 and a finite b other than 0."""
    exact = exact_power(a, b)
    return _rounded(*exact) if exact else _rounded_w(a, b)


def _twos(number):
    return (number & -number).bit_length() - 1


def exact_power(a, b):
    """a^b as (s, t) when it is s·2^t with an integer s < 2^25, else None.

    With a = m·2^e and b = n·2^k, m and n odd: such a result needs n > 0 or m = 1, and for k < 0 a 2^-k-th root of both
    parts of a. m^n has more than n·log2(3) bits for m > 1, so no large n is tried.
    """
    m, n = units(a), units(b)
    e = _twos(m)
    m, e = m >> e, e + BINARY32.least
    k = _twos(abs(n))
    n, k = n >> k, k + BINARY32.least
    for _ in range(-k):
        root = math.isqrt(m)
        if root * root != m or e % 2:
            return None
        m, e = root, e // 2
        if m == 1 and e == 0:
            return None
    n <<= max(k, 0)
    if m == 1:
        return 1, e * n
    if n < 0 or n >= EXACT_BITS or (m ** n).bit_length() > EXACT_BITS:
        return None
    return m ** n, e * n


def _rounded_w(a, b):
    """The rounding of W(a, b), in the page's letters."""
    m = units(a)
    e = m.bit_length() - 24
    m, e = (m >> e if e >= 0 else m << -e), e + BINARY32.least
    n, f = abs(units(b)), BINARY32.least
    d, k = (1 << 24, e + 24) if m > SQRT_HALF else (1 << 23, e + 23)
    s = ((abs(m - d) << 232) // (m + d)) << 24
    z = s * s >> W_BITS
    p = 0
    for j in range(44, -1, -1):
        p = (p * z >> W_BITS) + (1 << 255) // (2 * j + 1)
    fraction = ((s * p >> W_BITS) * INVERSE_LOG_2 >> W_BITS) >> 31
    t_large = (k << 222) - fraction if m < d else (k << 222) + fraction
    product = (-n if is_negative(b) else n) * t_large >> -f
    if abs(product) >= 1 << 230:
        return INFINITY if product > 0 else 0
    binade = product >> 222
    r = (product - (binade << 222)) << 34
    t = r * LOG_2 >> W_BITS
    q = 1 << 254
    for j in range(45, 0, -1):
        q = (q * t >> W_BITS) // j + (1 << 254)
    return _rounded(q, binade - 254)
