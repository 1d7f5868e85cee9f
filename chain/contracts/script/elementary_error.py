#!/usr/bin/python3
"""Measures how far the values of Elementary.sol are from the functions before their one rounding.

    script/elementary_error.py [COUNT]      from chain/contracts; COUNT random inputs a function (20000)

The polynomials and constants are read out of src/judge/Elementary.sol, evaluated as the contract does (integers,
truncating shifts), and compared with the functions computed from their series in integers of 300 fractional bits. It
prints the worst relative error met and fails where that is above the bound the documentation states. When sollya is
installed it also checks that the polynomials are the ones script/elementary.sollya prints.
"""
import random
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from math import log2

SOURCE = "src/judge/Elementary.sol"
BOUND_LOG2 = -66
F = 112
ONE = 1 << F
W = 300  # fractional bits of the reference

LINE = re.compile(r"^\s*(?:let )?p := (?:(?P<first>\d+)|sub\(0, (?P<minus_first>\d+)\)"
                  r"|(?P<op>add|sub)\(sar\(112, mul\(p, (?P<var>[rzt])\)\), (?P<c>\d+)\))$")


def polynomials(lines):
    """Lists of coefficients, highest first, in the order of the source."""
    found = []
    for text in lines:
        m = LINE.match(text)
        if not m:
            continue
        if m["first"] or m["minus_first"]:
            found.append([int(m["first"]) if m["first"] else -int(m["minus_first"])])
        else:
            found[-1].append(int(m["c"]) if m["op"] == "add" else -int(m["c"]))
    return found


def horner(coefficients, v):
    p = coefficients[0]
    for c in coefficients[1:]:
        p = ((p * v) >> F) + c
    return p


class Contract:
    """The integer steps of Elementary.sol: each function gives mantissa and exponent before rounding, for x > 0 of odd
    functions, any finite x in the domain otherwise."""

    def __init__(self, text):
        by_function = {}
        name = None
        for line in text.splitlines():
            m = re.match(r"\s*function (\w+)", line)
            name = m[1] if m else name
            by_function.setdefault(name, []).append(line)
        poly = {k: polynomials(v) for k, v in by_function.items()}
        self.e, self.l, self.e0 = poly["_exp2k"][0], poly["_logRatio"][0], poly["_erfOverX"][0]
        self.a = poly["_angle"][0]
        self.s, self.c = poly["_sinOverR"][0], poly["_cosOf"][0]
        self.tail = {1: poly["_erf15"][0], 2: poly["_erf25"][0], 3: poly["_erf35"][0]}
        self.log2 = int(re.search(r"LOG2 = (\d+);", text)[1])
        self.inverse = int(re.search(r"sar\(172, add\(mul\(t, (\d+)\)", text)[1])
        self.two_over_pi = int(re.search(r"let c := (\d+)\n", text)[1])
        self.pi, self.half_pi = (int(re.search(r" %s = (\d+);" % name, text)[1]) for name in ("PI", "HALF_PI"))
        self.turn = int(re.search(r" ROOT2 = (\d+);", text)[1])
        self.bounds = [int(c) for c in re.findall(r"gt\(t, (\d+)\)", text)]
        self.tan_eighth = int(re.search(r"let c := (\d+) // tan", text)[1])
        self.eighth, self.quarter = (int(c) for c in re.findall(r"\ba := (\d+)", text))

    def exp2k(self, t):
        k = (t * self.inverse + (1 << 171)) >> 172
        r = t - k * self.log2
        return ((r * horner(self.e, r)) >> F) + ONE, k

    def exp(self, m, e):
        p, k = self.exp2k(fixed(m, e))
        return p, k - F

    def tanh(self, m, e):
        p, k = self.exp2k(fixed(m, e) << 1)
        p <<= k
        return ((p - ONE) << 100) // (p + ONE), -100

    def log(self, m, e):
        shift = 24 - m.bit_length()
        return self.log_of(m << shift, 1 << 23, 0xb504f3, e - shift + 23)

    def log_of(self, m, d, turn, k):
        if m > turn:
            d, k = d << 1, k + 1
        return self.log_ratio(m, d, k), -F

    def log_ratio(self, m, d, k):
        s = quotient((m - d) << F, m + d)
        z = (s * s) >> F
        return k * self.log2 + ((s * horner(self.l, z)) >> F)


    def log1p(self, m, e):
        u = ONE + (m << (e + F))
        k = u.bit_length() - 113
        return self.log_of(u << -k if k < 0 else u >> k, ONE, self.turn, k)

    def expm1(self, m, e):
        p, k = self.exp2k(fixed(m, e))
        return (p >> -k if k < 0 else p << k) - ONE, -F

    def turns(self, m, e):
        c = (self.two_over_pi >> -e if e < 0 else self.two_over_pi << e) * m % 2 ** 256
        k = (c + (1 << 253)) >> 254
        return (c - (k << 254) >> 142) * self.half_pi >> F, k

    def circle(self, m, e, quadrants):
        r, k = self.turns(m, e)
        z = r * r >> F
        k += quadrants
        y = horner(self.c, z) if k & 1 else r * horner(self.s, z) >> F
        return (-y if k & 2 else y), -F

    def sin(self, m, e):
        return self.circle(m, e, 0)

    def cos(self, m, e):
        return self.circle(m, e, 1)

    def tan(self, m, e):
        r, k = self.turns(m, e)
        z = r * r >> F
        n, d = r * horner(self.s, z) >> F, horner(self.c, z)
        sign = -1 if n < 0 else 1
        n = abs(n)
        if k & 1:
            n, d, sign = d, n, -sign
        return sign * ((n << F) // d), -F

    def angle(self, n, d):
        swapped = n > d
        n, d = min(n, d), max(n, d)
        t, a = (n << F) // d, 0
        if t > self.bounds[1]:
            t, a = quotient((t - ONE) << F, ONE + t), self.quarter
        elif t > self.bounds[0]:
            t, a = quotient((t - self.tan_eighth) << F, ONE + (t * self.tan_eighth >> F)), self.eighth
        a += t * horner(self.a, t * t >> F) >> F
        return self.half_pi - a if swapped else a

    def atan(self, m, e):
        return self.angle(fixed(m, e), ONE), -F

    def asin(self, m, e):
        t = fixed(m, e)
        return self.angle(t, root((1 << 224) - t * t)), -F

    def acos(self, m, e):
        t = fixed(abs(m), e)
        a = self.angle(root((1 << 224) - t * t), t)
        return (self.pi - a if m < 0 else a), -F

    def hyperbolic(self, m, e, sign):
        p, k = self.exp2k(fixed(m, e))
        return (p << k) + sign * ((1 << 224) // p >> k), -F - 1

    def sinh(self, m, e):
        return self.hyperbolic(m, e, -1)

    def cosh(self, m, e):
        return self.hyperbolic(m, e, 1)

    def log_of_sum(self, m, e, sign):
        f = F if e < -9 else 103 - e
        m <<= e + f
        one = 0 if f < 0 else 1 << f
        k = 0 if m < one else e + 24
        return self.log_of(m + newton(m * m + sign * one * one, max(m, one)) >> k + f - F, ONE, self.turn, k)

    def asinh(self, m, e):
        return self.log_of_sum(m, e, 1)

    def acosh(self, m, e):
        if e < -22:
            t = m << 89
            t += root(t * t - (1 << 224))
            return self.log_of(t >> (t >> 113), ONE, self.turn, t >> 113)
        return self.log_of_sum(m, e, -1)

    def atanh(self, m, e):
        t = fixed(m, e)
        n, d = ONE + t, ONE - t
        k = 113 - d.bit_length()
        d <<= k
        if n * n > d * d << 1:
            d, k = d << 1, k + 1
        elif n * n << 1 < d * d:
            n, k = n << 1, k - 1
        return self.log_ratio(n, d, k), -F - 1

    def erf(self, m, e):
        t = fixed(m, e)
        if t < ONE:
            return m * horner(self.e0, (t * t) >> F), e - F
        c = t >> F
        return horner(self.tail[c], t - (2 * c + 1) * ONE // 2), -F


def quotient(n, d):
    """Division of the EVM: toward zero."""
    return n // d if n >= 0 else -(-n // d)


def root(n):
    return newton(n, 1 << (n.bit_length() >> 1))


def newton(n, r):
    for _ in range(5):
        r = r + (n // r if r else 0) >> 1
    return r


def fixed(m, e):
    t = abs(m) << (e + F) if e + F >= 0 else abs(m) >> -(e + F)
    return -t if m < 0 else t


# ------------------------------------------------------------------------------------------------ reference, W bits

def exp_w(x):
    """e^x for a Fraction x, as an integer over 2^W (relative accuracy better than 2^-100 for |x| < 128)."""
    k = 12  # e^x = (e^(x/2^12))^(2^12)
    guard = 80
    one = 1 << (W + guard)
    v = int(x * one) >> k
    total = term = one
    n = 1
    while term:
        term = (term * v >> (W + guard)) // n
        total += term
        n += 1
        if abs(term) <= 1:
            break
    for _ in range(k):
        total = total * total >> (W + guard)
    return Fraction(total, one)


def atanh2_w(s):
    """2 atanh(s) for a Fraction |s| < 0.2."""
    one = 1 << W
    v = int(s * one)
    square, power, total, n = v * v >> W, v, 0, 1
    while abs(power) > 1:
        total += power // n
        power = power * square >> W
        n += 2
    return Fraction(2 * total, one)



def log_w(x):
    k = 0
    while x > Fraction(3, 2):
        x /= 2
        k += 1
    while x < Fraction(3, 4):
        x *= 2
        k -= 1
    log2_value = atanh2_w(Fraction(1, 7)) * 2 + atanh2_w(Fraction(1, 17))  # log 2 = 2 log(4/3) + log(9/8)
    return atanh2_w((x - 1) / (x + 1)) + k * log2_value


def pi_w():
    def atan_inverse(n):
        total, term, k = 0, (1 << W) // n, 0
        while term:
            total += (-term if k & 1 else term) // (2 * k + 1)
            term //= n * n
            k += 1
        return total
    return 16 * atan_inverse(5) - 4 * atan_inverse(239)


def isqrt_fraction(f):
    from math import isqrt
    return Fraction(isqrt(f.numerator * (1 << 2 * W) // f.denominator), 1 << W)


TWO_OVER_SQRT_PI = 2 / isqrt_fraction(Fraction(pi_w(), 1 << W))


def erf_w(x):
    """Alternating series; W bits outlast its cancellation for x < 4 (largest term e^16)."""
    one = 1 << (W + 60)
    square = int(x * x * one)
    term, total, k = one, 0, 0
    while term:
        total += term // (2 * k + 1) if k % 2 == 0 else -(term // (2 * k + 1))
        k += 1
        term = (term * square >> (W + 60)) // k
    return x * Fraction(total, one) * TWO_OVER_SQRT_PI


PI = Fraction(pi_w(), 1 << W)


def circle_w(x, quadrants):
    """sin(x + quadrants pi/2), 300 bits after pi's error has grown with x."""
    n = round(x / (PI / 2))
    one = 1 << W
    v = int((x - n * PI / 2) * one)
    k = (n + quadrants) % 4
    square, term, total, i = v * v >> W, (one if k % 2 else v), 0, 1 - k % 2
    while abs(term) > 1:
        total += term
        term = -(term * square >> W) // ((i + 1) * (i + 2))
        i += 2
    return Fraction(-total if k & 2 else total, one)


def sin_w(x):
    return circle_w(x, 0)


def cos_w(x):
    return circle_w(x, 1)


def expm1_w(x):
    return exp_w(x) - 1


def log1p_w(x):
    return log_w(1 + x)


def tanh_w(x):
    e = exp_w(2 * x)
    return (e - 1) / (e + 1)


def tan_w(x):
    return circle_w(x, 0) / circle_w(x, 1)


def sqrt_w(x):
    return isqrt_fraction(x)


def atan_w(x):
    """Half the angle until the series is short; every root is good to 300 bits."""
    if x > 1:
        return PI / 2 - atan_w(1 / x)
    halvings = 6
    for _ in range(halvings):
        x = short(x / (1 + sqrt_w(1 + x * x)))
    one = 1 << W
    v = int(x * one)
    square, term, total, k = v * v >> W, v, 0, 1
    while abs(term) > 1:
        total += term // k if k & 2 == 0 else -(term // k)
        term = term * square >> W
        k += 2
    return Fraction(total << halvings, one)


def short(x):
    return Fraction(int(x * (1 << W)), 1 << W)


def asin_w(x):
    return PI / 2 if x == 1 else atan_w(x / sqrt_w(1 - x * x))


def acos_w(x):
    leg = sqrt_w(1 - x * x)
    if x == 0:
        return PI / 2
    return PI - atan_w(leg / -x) if x < 0 else atan_w(leg / x)


def sinh_w(x):
    return (exp_w(x) - exp_w(-x)) / 2


def cosh_w(x):
    return (exp_w(x) + exp_w(-x)) / 2


def asinh_w(x):
    return log_w(short(x + sqrt_w(x * x + 1)))


def acosh_w(x):
    return log_w(short(x + sqrt_w(x * x - 1)))


def atanh_w(x):
    return log_w((1 + x) / (1 - x)) / 2


# ------------------------------------------------------------------------------------------------ run

def parts(bits):
    biased = bits >> 23 & 0xff
    m = bits & 0x7fffff | (1 << 23 if biased else 0)
    return (-m if bits >> 31 else m), max(biased, 1) - 150


def draw(rng, low, high):
    """Bits of a float between two positive ones, uniform over the encodings."""
    return rng.randint(low, high)


def inputs(rng, name, count):
    # Positive encodings where the contract evaluates, and the points where it changes its path.
    ranges = {"exp": (0x2e000000, 0x42cfffff), "tanh": (0x39000000, 0x411fffff), "erf": (0x00000001, 0x407fffff),
              "log": (0x00000001, 0x7f7fffff), "sin": (0x39800000, 0x7f7fffff), "cos": (0x39000000, 0x7f7fffff),
              "expm1": (0x33000000, 0x42b1ffff), "log1p": (0x33000000, 0x7f7fffff), "atan": (0x39800000, 0x4c7fffff),
              "tan": (0x39800000, 0x7f7fffff), "asin": (0x39800000, 0x3f800000), "acos": (0x00000000, 0x3f7fffff),
              "sinh": (0x39800000, 0x42b3ffff), "cosh": (0x39800000, 0x42b3ffff), "asinh": (0x39800000, 0x7f7fffff),
              "acosh": (0x3f800001, 0x7f7fffff), "atanh": (0x39800000, 0x3f7fffff)}
    low, high = ranges[name]
    edges = [low, high] + [b + d for b in (0x3f800000, 0x40000000, 0x40400000, 0x3f3504f3, 0x3fb504f3, 0x3eb17218,
                                          0x3f851592, 0x00800000, 0x3e4bafaf, 0x3f2b0dc1, 0x46ffffff) for d in range(-3, 4)]
    for bits in edges + [draw(rng, low, high) for _ in range(count)]:
        # Half of the draws where the functions are curved, not far out in their exponents.
        if rng.random() < 0.5 and name != "tanh":
            bits = draw(rng, max(low, 0x3e000000), min(high, 0x42000000))
        if low <= bits <= high:
            yield bits
            if name in ("exp", "expm1", "acos") or (name == "log1p" and bits < 0x3f800000):
                yield bits | 1 << 31


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    text = open(SOURCE).read()
    contract = Contract(text)
    if shutil.which("sollya"):
        printed = subprocess.run(["sollya", "script/elementary.sollya"], capture_output=True, text=True, check=True).stdout
        if polynomials(printed.splitlines()) != [contract.e, contract.l, contract.a, contract.s, contract.c, contract.e0] + [contract.tail[i] for i in (1, 2, 3)]:
            sys.exit(SOURCE + ": the polynomials are not those of script/elementary.sollya: copy its output")
        print("polynomials: as script/elementary.sollya prints them")
    failed = False
    for name, reference in (("exp", exp_w), ("log", log_w), ("tanh", tanh_w), ("erf", erf_w), ("sin", sin_w),
                            ("cos", cos_w), ("expm1", expm1_w), ("log1p", log1p_w), ("atan", atan_w), ("tan", tan_w),
                            ("asin", asin_w), ("acos", acos_w), ("sinh", sinh_w), ("cosh", cosh_w),
                            ("asinh", asinh_w), ("acosh", acosh_w), ("atanh", atanh_w)):
        rng = random.Random(name)
        worst, at, n = 0.0, 0, 0
        for bits in inputs(rng, name, count):
            m, e = parts(bits)
            mantissa, exponent = getattr(contract, name)(m, e)
            want = reference(Fraction(m) * Fraction(2) ** e)
            if want == 0:
                continue
            error = float(abs(Fraction(mantissa) * Fraction(2) ** exponent / want - 1))
            n += 1
            if error > worst:
                worst, at = error, bits
        print("%-5s %d inputs, relative error at most 2^%.2f (at %08x)" % (name, n, log2(worst), at))
        failed |= log2(worst) >= BOUND_LOG2
    if failed:
        sys.exit("above the bound 2^%d that docs/elementary-onchain.md states" % BOUND_LOG2)


if __name__ == "__main__":
    main()
