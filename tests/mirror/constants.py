#!/usr/bin/python3
"""Reads the numbers of Elementary.sol, for everything that computes what the contract computes.

    constants.py [SOURCE]            prints constants.h, the mirror's numbers in C
    constants.py --check [SOURCE]    exit 1 when tests/mirror/constants.h is not what would be printed

SOURCE is chain/contracts/src/judge/Elementary.sol. The header also has a digest of the contract's text without comments
and of the functions of SoftFloat it uses, so that any change of the contract, of a shift as of a constant, makes
the check fail: then the mirror must follow, and `make prove-mirror` is due again (docs/elementary-onchain.md).
"""
import hashlib
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "chain/contracts/src/judge/Elementary.sol"
HEADER = ROOT / "tests/mirror/constants.h"

LINE = re.compile(r"^\s*(?:let )?p := (?:(?P<first>\d+)|sub\(0, (?P<minus_first>\d+)\)"
                  r"|(?P<op>add|sub)\(sar\(112, mul\(p, (?P<var>[rzt])\)\), (?P<c>\d+)\))$")
# The functions that hold one polynomial each, and its name here.
POLYNOMIALS = [("_exp2k", "EXP"), ("_logRatio", "LOG"), ("_angle", "ATAN"), ("_sinOverR", "SIN"), ("_cosOf", "COS"),
               ("_erfOverX", "ERF"), ("_erf15", "ERF15"), ("_erf25", "ERF25"), ("_erf35", "ERF35")]


def without_comments(text):
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", text, flags=re.S)).strip()


def functions(text):
    """Name to body, comments left in, of every function."""
    found, name = {}, None
    for line in text.splitlines():
        m = re.match(r"\s*function (\w+)", line)
        name = m[1] if m else name
        if name:
            found.setdefault(name, []).append(line)
    return {k: "\n".join(v) for k, v in found.items()}


def polynomial(body):
    """Coefficients, highest first, of the Horner lines of a function."""
    found = []
    for text in body.splitlines():
        m = LINE.match(text)
        if not m:
            if re.search(r"\bp := ", text):
                sys.exit("constants.py: a line for p in another form: " + text.strip())
            continue
        first = m["first"] or m["minus_first"]
        if bool(first) == bool(found):
            sys.exit("constants.py: a polynomial begins in the middle of another: " + text.strip())
        value = int(first or m["c"])
        found.append(-value if m["minus_first"] or m["op"] == "sub" else value)
    if not found:
        sys.exit("constants.py: no polynomial where one should be")
    return found


def one(pattern, text, what):
    found = re.findall(pattern, text)
    if len(found) != 1:
        sys.exit("constants.py: %s: found %d times, not once" % (what, len(found)))
    return int(found[0])


def read(path=SOURCE):
    """{"polynomials": {NAME: [coefficient]}, NAME: number}"""
    text = pathlib.Path(path).read_text()
    body = functions(text)
    angle = body["_angle"]
    numbers = {"polynomials": {name: polynomial(body[f]) for f, name in POLYNOMIALS}}
    for name in ("LOG2", "PI", "HALF_PI", "ROOT2"):
        numbers[name] = one(r"constant %s = (\d+);" % name, text, name)
    numbers["INVERSE_LOG2"] = one(r"sar\(172, add\(mul\(t, (\d+)\), shl\(171, 1\)\)\)", body["_exp2k"], "1/log 2")
    numbers["TWO_OVER_PI"] = one(r"let c := (\d+)\n", body["_turns"], "2/pi")
    numbers["TAN_SIXTEENTH"] = one(r"if gt\(t, (\d+)\)", angle, "tan(pi/16)")
    numbers["TAN_THREE_SIXTEENTHS"] = one(r"switch gt\(t, (\d+)\)", angle, "tan(3 pi/16)")
    numbers["TAN_EIGHTH"] = one(r"let c := (\d+) // tan\(pi/8\)", angle, "tan(pi/8)")
    numbers["EIGHTH_PI"] = one(r"a := (2\d+)\n", angle, "pi/8")
    numbers["QUARTER_PI"] = one(r"a := (4\d+)\n", angle, "pi/4")
    return numbers


def digest(path=SOURCE):
    text = without_comments(pathlib.Path(path).read_text())
    soft = functions((pathlib.Path(path).parent / "SoftFloat.sol").read_text())
    used = [without_comments(soft[name]) for name in ("parts", "bitLength", "roundTo", "round", "roundNormal")]
    return hashlib.sha256("\n".join([text] + used).encode()).hexdigest()


def limbs(value):
    return ", ".join("0x%016xu" % (value >> 64 * i & (1 << 64) - 1) for i in (1, 0))


def header(path=SOURCE):
    numbers = read(path)
    out = ["/* tests/mirror/constants.h: the numbers of Elementary.sol. Written by constants.py, which reads them there. */",
           "#ifndef GS_TESTS_MIRROR_CONSTANTS_H", "#define GS_TESTS_MIRROR_CONSTANTS_H", "", "#include <stdint.h>", "",
           "/* Of the contract's text without comments: changes with every constant, shift and bound of it. */",
           '#define MIRROR_TEXT_DIGEST "%s"' % digest(path), "",
           "/* Two's complement from two halves. */",
           "#define MIRROR_WORD(high, low) ((__int128)((unsigned __int128)(high) << 64 | (low)))", "",
           "/* In units of 2^-112, but 1/log 2 in units of 2^-60. */"]
    for name, value in numbers.items():
        if name not in ("polynomials", "TWO_OVER_PI"):
            out.append("#define MIRROR_%s MIRROR_WORD(%s)" % (name, limbs(value)))
    two = numbers["TWO_OVER_PI"]
    out += ["", "/* 2/pi in units of 2^-254: high and low half. */",
            "#define MIRROR_TWO_OVER_PI_HIGH MIRROR_WORD(%s)" % limbs(two >> 128),
            "#define MIRROR_TWO_OVER_PI_LOW MIRROR_WORD(%s)" % limbs(two), "",
            "/* Coefficients, highest power first. */"]
    for name, coefficients in numbers["polynomials"].items():
        out.append("enum { MIRROR_%s_COUNT = %d };" % (name, len(coefficients)))
        out.append("static const __int128 MIRROR_%s[MIRROR_%s_COUNT] = {" % (name, name))
        out += ["MIRROR_WORD(%s)," % limbs(c) for c in coefficients]
        out.append("};")
    out += ["", "#endif"]
    return subprocess.run(["clang-format", "--assume-filename=" + str(HEADER)], input="\n".join(out) + "\n",
                          capture_output=True, text=True, check=True).stdout


def main():
    arguments = sys.argv[1:]
    check = arguments[:1] == ["--check"]
    if len(arguments[check:]) > 1:
        sys.exit(__doc__.strip())
    text = header(*arguments[check:])
    if not check:
        print(text, end="")
    elif HEADER.read_text() != text:
        sys.exit("tests/mirror/constants.h is not of this Elementary.sol: follow its change in tests/mirror/mirror.c and "
                 "literal.c, write the header again (tests/mirror/constants.py >tests/mirror/constants.h), and run "
                 "`make prove-mirror`")


if __name__ == "__main__":
    main()
