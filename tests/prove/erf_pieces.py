#!/usr/bin/python3
"""Prints challenge/machine/elementary_erf.h: erf's table, piece by piece, from elementary_tables.h.

    erf_pieces.py | clang-format >challenge/machine/elementary_erf.h
"""
import pathlib
import re

TABLES = pathlib.Path(__file__).parents[2] / "challenge/machine/elementary_tables.h"
PIECES, TERMS = 16, 12

HEAD = """/* challenge/machine/elementary_erf.h: erf's coefficients and centres (elementary_tables.h) piece by piece.
 *
 * For lanes that fetch what belongs to a piece with a few wide loads, where the rows of elementary_tables.h serve one permutation
 * each. The same numbers: test_elementary compares the two. Written by tests/prove/erf_pieces.py; not edited. */
#ifndef GS_CHALLENGE_MACHINE_ELEMENTARY_ERF_H
#define GS_CHALLENGE_MACHINE_ELEMENTARY_ERF_H

#include "challenge/machine/elementary_tables.h"

/* gs_erf_by_piece[i]: gs_erf_t[0][i] to gs_erf_t[GS_ERF_TERMS - 1][i], then gs_erf_c[i], then zeros */
static const double gs_erf_by_piece[GS_ERF_PIECES][GS_ERF_COLUMNS] __attribute__((aligned(64))) = {"""


def numbers(name, count):
    """The numbers of one table, as they are written; of a planted one the right one."""
    body = re.search(r"double " + name + r"\[[^=]*= \{(.*?)\n\};", TABLES.read_text(), re.S).group(1)
    found = re.findall(r"-?0x[0-9a-f.]+p[-+]?\d+", re.sub(r"GS_PLANT\([^,]*, ([^)]*)\)", r"\1", body))
    assert len(found) == count, name
    return found


centres = numbers("gs_erf_c", PIECES)
terms = numbers("gs_erf_t", PIECES * TERMS)
print(HEAD)
for i in range(PIECES):
    print("\t{" + ", ".join([terms[k * PIECES + i] for k in range(TERMS)] + [centres[i]]) + "},")
print("};\n\n#endif")
