#!/usr/bin/python3
"""Bounds of the relative error of Elementary.sol before its one rounding, in exact rational numbers.

    errors.py            prints the table of docs/elementary-onchain.md, "The error before rounding, derived"
    errors.py --check    exit 1 when that page has another table, or a bound is not below 2^-66

Adds up what the page's first table argues: the polynomial's certified distance (the contract's comment, printed by sollya's
supnorm), a unit 2^-112 for every truncation, what truncations of the reduced argument do to the polynomial, the
constants' own error, and what the last operations make of all that. Numbers are read out of the contract's text.
"""
import re
import sys
from fractions import Fraction as Q

import constants
from bounds import N, PAGE, Interval, interval

U = Q(1, 1 << 112)
LIMIT = Q(1, 1 << 66)
SECOND_ORDER = 1 + Q(1, 1 << 40)  # products of two errors, each below 2^-60
# sqrt(2) and log 2 from below and above.
ROOT2 = (Q(N["ROOT2"] - 1, 1 << 112), Q(N["ROOT2"] + 1, 1 << 112))
LN2 = (Q(N["LOG2"] - 1, 1 << 112), Q(N["LOG2"] + 1, 1 << 112))


def certificates():
    """The contract's "error below 2^-x" by polynomial, as fractions a little above."""
    text = constants.functions(constants.SOURCE.read_text())
    found = {}
    for function, name in constants.POLYNOMIALS:
        x = Q(re.search(r"error below 2\^-([\d.]+)", text[function])[1])
        whole, eighths = divmod(x * 8, 8)
        # 2^-(whole + eighths/8) = 2^((8 - eighths)/8)/2^(whole + 1), the root upward
        up = upward_root(1 << 800 + 8 - int(eighths))
        found[name] = Q(up, 1 << 100) / (1 << int(whole) + 1)
    return found


def upward_root(n):
    """The least r with r^8 >= n."""
    low, high = 0, 1 << n.bit_length() // 8 + 1
    while low < high:
        middle = low + high >> 1
        if middle ** 8 >= n:
            high = middle
        else:
            low = middle + 1
    return low


def exp_below(x, terms):
    """sum (-x)^k/k! up to `terms`, for 0 <= x < 1: below e^-x for odd terms, above for even ones."""
    total, term = Q(0), Q(1)
    for k in range(terms + 1):
        total += term
        term = -term * x / (k + 1)
    return total


def horner(name, v, error):
    """What truncations make of a polynomial, with a variable up to v whose own error is up to `error`."""
    p, e = interval(N["polynomials"][name][0]), Q(0)
    size = int(v * (1 << 112)) + 1
    v_words = Interval(0 if name in ("LOG", "ATAN", "SIN", "COS", "ERF") else -size, size)
    for c in N["polynomials"][name][1:]:
        e = e * v + Q(p.greatest(), 1 << 112) * error + U
        p = (p * v_words >> 112) + c
    return e, Q(p.greatest(), 1 << 112)


D = certificates()
R = LN2[1] / 2 + Q(1, 1 << 49)  # |r| of exp, beyond bounds.py's
H_EXP = horner("EXP", R, Q(0))[0]
EXP_STEP = D["EXP"] + H_EXP  # of Q(r), so that e^r is off by |r| times this and a unit
HALF_LN2 = LN2[0] / 2 - Q(1, 1 << 49)  # k is not 0 from here on


def exp(k=185):
    """e^x by 2^k p: greatest at r = -R; the reduction lacks |k|/2 units of log 2 and a unit of a tiny x."""
    return ((R * EXP_STEP + U) / exp_below(R, 7) + (Q(k, 2) + 1) * U) * SECOND_ORDER


def expm1():
    # k = 0: |r| (Q's error) and a unit, in |e^r - 1| >= |r| (1 - R/2), |r| >= 2^-25.
    near = (EXP_STEP + U * (1 << 25)) / (1 - R / 2)
    # Else e^x/|e^x - 1| <= 1/(1 - e^-HALF_LN2) times exp's, and a unit where 2^k is a shift down.
    far = (exp() + U) / (1 - exp_below(HALF_LN2, 8))
    return max(near, far) * SECOND_ORDER


def tanh():
    # d/f = 2 dE/((E - 1)(E + 1)). k = 0: E - 1 >= r >= 2^-12, E + 1 >= 2.
    near = EXP_STEP + U * (1 << 12)
    e = ROOT2[0] - Q(1, 1 << 40)
    far = exp(30) * 2 * e / (e * e - 1)
    return max(near, far) * SECOND_ORDER + Q(1, 1 << 86)  # the quotient's unit 2^-100 in tanh(2^-13)


S_MOST = (ROOT2[1] - 1) / (ROOT2[1] + 1) + Q(1, 1 << 22)


def log(least_s, k, argument=Q(0)):
    """log of a ratio that is off by `argument` of itself where k is not 0; |s| >= least_s where k = 0."""
    es = U
    h, p = horner("LOG", S_MOST * S_MOST, 2 * S_MOST * es + U)
    # k = 0: s L in at least 2 |s|.
    near = (D["LOG"] + h) / 2 + (es * p + U) / (2 * least_s)
    far = (Q(k, 2) * U + es * p + S_MOST * (D["LOG"] + h) + U + argument) / (LN2[0] / 2 - Q(1, 1 << 20))
    return max(near, far) * SECOND_ORDER


def newton(above, below):
    """Relative error after five steps from a guess within `above` over the root or `below` under it. A step makes
    e^2/2/(1 + e) of e, which is above, and truncates less than two units of a root of 2^100 or more."""
    e = max(above * above / 2 / (1 + above), below * below / 2 / (1 - below))
    for _ in range(4):
        e = e * e / 2 + Q(1, 1 << 99)
    return e


ROOT_WORST = newton(Q(42, 100), Q(3, 10))


def asinh():
    worst = log(Q(1, 1 << 14), 129, Q(1, 1 << 78))
    for j in range(-12, 0):
        # x from 2^j to 2^(j + 1): the guess 1 is within x^2/2 of the root, the sum off by root/(x + root) <= 1 of the
        # root's error, the result at least 0.88 x.
        x = Q(1, 1 << -j)
        guess = 2 * x * 2 * x / 2
        worst = max(worst, log(x / 4, 2) + (newton(Q(0), min(guess, Q(3, 10))) + U) / (Q(88, 100) * x))
    # From 1 on the guess x is at most 0.3 below the root; the result is at least 0.88.
    return max(worst, log(Q(1, 8), 129, Q(0)) + (newton(Q(0), Q(3, 10)) + U) / Q(88, 100)) * SECOND_ORDER


def acosh():
    # Below 2 the root is at least 2^-11, and the sum 1 + root + (x - 1) has log at least 0.9 root, so that the root's own
    # relative error is the result's, or less. From 2 on as asinh: the guess is within 1.16, the result at least 1.3.
    low = log(Q(1, 1 << 13), 2) + (ROOT_WORST + U * (1 << 12)) / Q(9, 10)
    high = log(Q(1, 8), 129) + newton(Q(16, 100), Q(0)) + U
    return max(low, high) * SECOND_ORDER


def circle():
    """Relative errors of r S and of C(r^2), S's rounding included."""
    # r: 2/pi lacks 2^-126 of a quadrant, two truncations and pi/2's own half unit, in |r| >= 2^-33.
    er = Q(1, 1 << 126) * Q(16, 10) + Q(16, 10) * U * 2 + 2 * U
    z = Q(61686, 100000)
    relative_r = er * (1 << 33)
    hs, _ = horner("SIN", z, 2 * Q(786, 1000) * er + U)
    hc, _ = horner("COS", z, 2 * Q(786, 1000) * er + U)
    sine = (D["SIN"] + hs) / Q(9, 10) + relative_r + U * (1 << 34)  # sin(r)/r >= 0.9
    cosine = (D["COS"] + hc) / Q(7071, 10000) + er  # cos(r) >= 0.7071, its slope at most its size
    return sine * SECOND_ORDER, cosine * SECOND_ORDER


def angle(argument, least):
    """atan of a t that is off by `argument` of itself, for results of at least `least`."""
    t = Q(19891237, 100000000)  # above tan(pi/16)
    # t: one truncation, the rotation's two and its constant's; each counts at most 1.2 times, the angles' constants half.
    et = 5 * U
    h, p = horner("ATAN", t * t, 2 * t * et + U)
    # Unrotated: t A in at least 0.98 t. Rotated: t D in at least pi/16.
    near = (D["ATAN"] + h) / Q(98, 100)
    absolute = (et * p + 3 * U) / least
    return (near + absolute + argument) * SECOND_ORDER


def acos():
    # atan(leg/t): the leg's relative error changes the angle a by sin(a) cos(a) <= a of it; pi - a adds half a unit.
    return angle(ROOT_WORST, Q(1, 1 << 12))


def erf():
    h, _ = horner("ERF", Q(1), 2 * U)
    small = (D["ERF"] + h) / Q(8427, 10000)  # erf(x)/x >= erf(1)
    worst = small
    for name, least in (("ERF15", Q(8427, 10000)), ("ERF25", Q(9953, 10000)), ("ERF35", Q(9999, 10000))):
        h, _ = horner(name, Q(1, 2), Q(0))
        worst = max(worst, (D[name] + h) / least)
    return worst * SECOND_ORDER


def hyperbolic():
    """sinh and cosh: E = e^|x|, and 1/E with its truncations."""
    e = exp(131) + 4 * U
    near = (EXP_STEP + U * (1 << 14)) * (1 + R * R / 2 + R / 8)  # k = 0, see the page: cosh(R) times Q's error
    coth = Q(301, 100)  # at HALF_LN2
    return max(near, e * coth) * SECOND_ORDER, e * SECOND_ORDER


def bound_bits(x):
    """The greatest hundredth b with x <= 2^-b, as text."""
    scaled = int(1 / x)
    low, high = 0, 30000
    power = scaled ** 100
    while low < high:
        middle = low + high + 1 >> 1
        if power >= 1 << middle:
            low = middle
        else:
            high = middle - 1
    return "2^-%d.%02d" % divmod(low, 100)


def table():
    sine, cosine = circle()
    sinh, cosh = hyperbolic()
    results = {"exp": exp(), "log": log(Q(1, 1 << 26), 150), "tanh": tanh(), "erf": erf(), "sin, cos": max(sine, cosine),
               "expm1": expm1(), "log1p": log(Q(1, 1 << 27), 129, U), "atan": angle(Q(0), Q(1, 1 << 13)),
               "tan": (sine + cosine + Q(1, 1 << 78)) * SECOND_ORDER, "asin": angle(ROOT_WORST, Q(1, 1 << 13)), "acos": acos(),
               "sinh": sinh, "cosh": cosh, "asinh": asinh(), "acosh": acosh(), "atanh": log(Q(1, 1 << 14), 26)}
    for name, x in results.items():
        if x >= LIMIT:
            sys.exit("errors.py: %s: the error may reach %s" % (name, bound_bits(x)))
    return "| %s |\n| %s |\n| %s |" % (" | ".join(results), " | ".join("---" for _ in results),
                                    " | ".join(bound_bits(x) for x in results.values()))


def main():
    text = table()
    if sys.argv[1:] == ["--check"]:
        if text not in PAGE.read_text():
            sys.exit("docs/elementary-onchain.md: the table of errors is not the one that tests/mirror/errors.py prints")
    elif sys.argv[1:]:
        sys.exit(__doc__.strip())
    else:
        print(text)


if __name__ == "__main__":
    main()
