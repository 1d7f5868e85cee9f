#!/usr/bin/python3
"""Bounds of every intermediate quantity of Elementary.sol, by interval arithmetic on the numbers in its text.

    bounds.py            prints the table of docs/elementary-onchain.md, "Why no intermediate overflows"
    bounds.py --check    exit 1 when that page has another table

Each function is followed from the widest interval of its inputs to the word that it rounds, in whole numbers: every sum, every
product before its shift and every step of Horner's rule. The script stops where a word could reach 2^255, where
a reduced argument could leave the interval for which its polynomial's error is certified (script/elementary.sollya),
or where `round` could be asked for a shift of more than 255.
"""
import pathlib
import re
import sys
from fractions import Fraction
from math import isqrt

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import constants

PAGE = constants.ROOT / "docs/elementary-onchain.md"
F = 112
ONE = 1 << F
LIMIT = 1 << 255
N = constants.read()
rows = []  # (function, quantity, greatest magnitude)


class Interval:
    def __init__(self, low, high):
        assert low <= high
        self.low, self.high = low, high

    def greatest(self):
        return max(abs(self.low), abs(self.high))

    def __add__(self, other):
        other = interval(other)
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other):
        other = interval(other)
        return Interval(self.low - other.high, self.high - other.low)

    def __mul__(self, other):
        other = interval(other)
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    def __lshift__(self, n):
        return Interval(self.low << n, self.high << n)

    def __rshift__(self, n):  # floor, as sar
        return Interval(self.low >> n, self.high >> n)


def interval(x):
    return x if isinstance(x, Interval) else Interval(x, x)


def quotient(n, d):
    return n // d if n >= 0 else -(-n // d)


def word(function, quantity, x):
    """Notes a word and checks that it is one."""
    x = interval(x)
    if x.greatest() >= LIMIT:
        sys.exit("bounds.py: %s: %s may reach 2^255" % (function, quantity))
    rows.append((function, quantity, x.greatest()))
    return x


def inside(function, what, x, bound):
    """A reduced argument within the interval of the certificate, a Fraction in units of 1."""
    if x.greatest() > bound * ONE:
        sys.exit("bounds.py: %s: %s leaves the interval for which its polynomial is certified" % (function, what))
    return x


def certified(name):
    """The greatest magnitude of the variable in the interval that sollya was given."""
    return {"EXP": Fraction(34658, 100000), "LOG": Fraction(2945, 100000), "ATAN": Fraction(396, 10000), "SIN": Fraction(61686, 100000),
            "COS": Fraction(61686, 100000), "ERF": Fraction(1), "ERF15": Fraction(1, 2), "ERF25": Fraction(1, 2),
            "ERF35": Fraction(1, 2)}[name]


def horner(function, name, v):
    inside(function, "the variable of " + name, v, certified(name))
    c = N["polynomials"][name]
    p = interval(c[0])
    products, sums = [interval(0)], [p]
    for k in c[1:]:
        products.append(word(function, "", p * v))
        rows.pop()
        p = word(function, "", (products[-1] >> F) + k)
        rows.pop()
        sums.append(p)
    word(function, "variable of %s" % name, v)
    word(function, "products of %s, before the shift" % name, Interval(0, max(x.greatest() for x in products)))
    word(function, "partial sums of %s" % name, Interval(0, max(x.greatest() for x in sums)))
    return p


def scaled(function, quantity, a, b):
    return word(function, quantity + ", before the shift", a * b) >> F


def square(function, quantity, a):
    """a^2 >> 112, which is not negative."""
    return word(function, quantity, Interval(0, a.greatest() ** 2)) >> F


def given(function, x, exponent):
    """A word that `round` is given, times 2^exponent (the least that comes)."""
    word(function, "given to `round`", x)
    cut = max(-149 - exponent, x.greatest().bit_length() - 24)
    if cut > 255 or (cut == 255 and x.greatest() >= 1 << 255):
        sys.exit("bounds.py: %s: round may be asked for a shift of %d" % (function, cut))


def exp2k(function, low, high):
    """Intervals of p and k for t from low to high."""
    inverse = N["INVERSE_LOG2"]
    t = word(function, "t", Interval(low, high))
    k = word(function, "t/log 2, before its shift", t * inverse + (1 << 171)) >> 172
    # k is within 1/2 of t inverse/2^172, so |t - k LOG2| <= LOG2/2 + |t| |1 - LOG2 inverse/2^172|.
    slack = abs(1 - Fraction(N["LOG2"] * inverse, 1 << 172))
    r = Fraction(N["LOG2"], 2) + t.greatest() * slack
    r = Interval(-int(r) - 1, int(r) + 1)
    word(function, "k log 2", k * N["LOG2"])
    p = horner(function, "EXP", r)
    return word(function, "p", scaled(function, "r Q(r)", r, p) + ONE), k


def log_ratio(function, n, d, k):
    """n/d within the root of 2 on either side (exact for n's and d's integers: each is 24 bits long or good to 2^-112)."""
    # (n - d)/(n + d) grows with n/d: its ends are those of the ratio, 2^(+-1/2), a unit of the least n and d further.
    root = Fraction(isqrt(2 << 400), 1 << 200) + Fraction(1, 1 << 22 if d.low == 1 << 23 else 1 << 100)
    s = (root - 1) / (root + 1)
    s = int(s * ONE) + 1
    s = Interval(-s, s)
    word(function, "n - d, shifted", Interval(0, (max(n.high, d.high) * s.high * 2 // ONE + 2) << F))
    word(function, "n + d", n + d)
    word(function, "s", s)
    p = horner(function, "LOG", square(function, "s^2, before the shift", s))
    return word(function, "k log 2", k * N["LOG2"]) + scaled(function, "s L(s^2)", s, p)


def log_of(function, k):
    m = Interval(ONE, 2 * ONE)
    result = log_ratio(function, m, Interval(ONE, 2 * ONE), k)
    given(function, result, -F)


def newton(function, low_bits, high_bits, guess=None):
    """The five steps for n of so many bits, from _root's guess or from one within 0.70 and 1.42 of the root."""
    most = 0
    for bits in range(low_bits, high_bits + 1):
        low, high = isqrt(1 << bits - 1), isqrt(1 << bits) + 1
        first = 1 << (bits >> 1)
        assert guess or (Fraction(first, high) > Fraction(70, 100) and Fraction(first, low) < Fraction(142, 100))
        r = Interval(low * 70 // 100, high * 142 // 100 + 1)
        for _ in range(5):
            step = r.high + (1 << bits) // r.low + 1
            most = max(most, step)
            # The mean of r and n/r lies between the root and half their greatest sum.
            r = Interval(low - 1, step >> 1)
    word(function, "sum of a Newton step", Interval(0, most))


def logarithms():
    # log: m and d are significands, 24 bits.
    m = Interval(1 << 23, (1 << 24) - 1)
    given("log", log_ratio("log", m, Interval(1 << 23, 1 << 24), Interval(-149, 128)), -F)
    # log1p: x is m 2^e, e up to 104; the rest of _logOf has m from 1 to 2.
    x = word("log1p", "x", Interval(0, (1 << 24) - 1 << 104 + F))
    word("log1p", "1 + x", x + ONE)
    log_of("log1p", Interval(-24, 129))
    # asinh, acosh from 2: m 2^f below 2^127; x^2 + 1; root; sum.
    m = (1 << 24) - 1 << 103
    for name in ("asinh", "acosh"):
        word(name, "x in its unit", Interval(0, m))
        total = word(name, "x^2 + 1", Interval(0, m * m + (1 << 224))) if name == "asinh" else word(name, "x^2", Interval(0, m * m))
        newton(name, 224, total.high.bit_length(), "the greater of x and 1")
        word(name, "x + root", Interval(0, m + isqrt(total.high) + 2))
        log_of(name, Interval(0, 129))
    # acosh below 2: t^2 - 1 of 24-bit t, at least 2^-22; then t + root.
    t = (1 << 24) - 1 << 89
    word("acosh", "t^2 for x below 2", Interval(0, t * t))
    newton("acosh", 201, 227)
    word("acosh", "t + root for x below 2", Interval(0, t + isqrt(t * t - (1 << 224)) + 2))
    # atanh: 1 + x and 1 - x, the latter from 2^-24, brought into (1/2, 2) and then within the roots.
    n = Interval(ONE, 2 * ONE)
    word("atanh", "n^2, d^2, doubled", Interval(0, 2 * (2 * ONE) ** 2))
    result = log_ratio("atanh", Interval(ONE, 4 * ONE), Interval(ONE, 4 * ONE), Interval(-1, 25))
    given("atanh", result, -F - 1)
    assert n.high <= 4 * ONE


def exponentials():
    top = lambda x: int(x * ONE)  # noqa: E731
    p, k = exp2k("exp", -top(128), top(128))
    given("exp", p, k.low - F)
    p, k = exp2k("expm1", -top(89), top(89))
    given("expm1", word("expm1", "2^k p", p << k.high) - ONE, -F)
    p, k = exp2k("tanh", 0, top(20))
    e = word("tanh", "E = 2^k p", p << k.high)
    word("tanh", "(E - 1) 2^100", (e - ONE) << 100)
    given("tanh", Interval(0, 1 << 100), -100)
    for name in ("sinh", "cosh"):
        p, k = exp2k(name, 0, top(90))
        inverse = word(name, "2^224/p", (1 << 224) // p.low)
        given(name, word(name, "2^k p", p << k.high) + inverse, -F - 1)


def circle():
    # The product of 2/pi and m counts modulo 2^256; the rest of it is at most half a quadrant.
    for name in ("sin", "cos", "tan"):
        c = word(name, "the rest of a quadrant", Interval(-(1 << 253), 1 << 253))
        r = scaled(name, "r", c >> 142, interval(N["HALF_PI"]))
        z = square(name, "r^2, before the shift", r)
        s, q = horner(name, "SIN", z), horner(name, "COS", z)
        y = scaled(name, "r S(r^2)", r, s)
        if name == "tan":
            n = word(name, "numerator, shifted", Interval(0, max(y.greatest(), q.greatest())) << F)
            # However small the divisor: it is at least 2^-33 (the nearest binary32 to a multiple of pi/2), 2^79 here.
            given(name, Interval(0, n.high >> 79), -F)
        else:
            given(name, Interval(0, max(y.greatest(), q.greatest())), -F)


def angle(function, n):
    """_angle for a shifted numerator up to n: t = n/d is at most 1."""
    word(function, "n, shifted", Interval(0, n) << F)
    sixteenth, three, eighth = N["TAN_SIXTEENTH"], N["TAN_THREE_SIXTEENTHS"], N["TAN_EIGHTH"]
    # (t - c)/(1 + t c) grows with t.
    ends = [0, sixteenth]
    for t in (sixteenth + 1, three):
        word(function, "t tan(pi/8), before the shift", t * eighth)
        ends.append(quotient((t - eighth) << F, ONE + (t * eighth >> F)))
    for t in (three + 1, ONE):
        ends.append(quotient((t - ONE) << F, ONE + t))
    word(function, "t - c, shifted", Interval(0, max(three - eighth, eighth - sixteenth, ONE - three) << F))
    t = Interval(min(ends), max(ends))
    # The certificate is for t^2 up to 0.0396.
    p = horner(function, "ATAN", square(function, "t^2, before the shift", t))
    a = scaled(function, "t A(t^2)", t, p) + Interval(0, N["QUARTER_PI"])
    return Interval(0, max(a.greatest(), N["HALF_PI"]))


def angles():
    given("atan", angle("atan", (1 << 24) - 1 << 2 + F), -F)
    for name in ("asin", "acos"):
        word(name, "t^2 and 1", Interval(0, 1 << 224))
        newton(name, 201, 225)
        a = angle(name, ONE + 1)
        given(name, a if name == "asin" else Interval(0, N["PI"] + a.high), -F)


def erf():
    t = word("erf", "t", Interval(0, 4 * ONE))
    z = word("erf", "t^2 below 1, before the shift", Interval(0, ONE * ONE)) >> F
    given("erf", word("erf", "m Q", horner("erf", "ERF", z) * Interval(0, (1 << 24) - 1)), -149 - F)
    half = Interval(-(ONE >> 1), ONE >> 1)
    for name in ("ERF15", "ERF25", "ERF35"):
        given("erf", horner("erf", name, half), -F)
    assert t.high == 4 * ONE


def bits(x):
    """The least tenth b with x < 2^b."""
    tenths = max(0, 10 * (x.bit_length() - 1))
    while x ** 10 >= 1 << tenths:
        tenths += 1
    return "%g" % (tenths / 10)


def table():
    order, greatest = [], {}
    for function, quantity, x in rows:
        if (function, quantity) not in greatest:
            order.append((function, quantity))
        greatest[function, quantity] = max(x, greatest.get((function, quantity), 0))
    lines = ["| function | word: below 2 to the power |", "| --- | --- |"]
    for function in dict.fromkeys(f for f, _ in order):
        words = ["%s %s" % (q, bits(greatest[f, q])) for f, q in order if f == function]
        lines.append("| %s | %s |" % (function, "; ".join(words)))
    return "\n".join(lines)


def main():
    exponentials()
    logarithms()
    circle()
    angles()
    erf()
    text = table()
    if sys.argv[1:] == ["--check"]:
        if text not in PAGE.read_text():
            sys.exit("docs/elementary-onchain.md: the table of bounds is not the one that tests/mirror/bounds.py prints")
    elif sys.argv[1:]:
        sys.exit(__doc__.strip())
    else:
        print(text)


if __name__ == "__main__":
    main()
