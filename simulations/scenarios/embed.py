#!/usr/bin/python3
"""The scenarios of this folder as a C file that is linked into the program: embed.py SCENARIO.yaml... >scenarios.c"""
import os
import sys


def literal(line):
    return '"' + "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in line) + '"'


def main():
    print('#include "simulations/builtin.h"\n\nconst struct gs_sim_builtin gs_sim_builtins[] = {')
    for path in sorted(sys.argv[1:]):
        with open(path, "rb") as file:
            data = file.read()
        print('\t{"%s",' % os.path.basename(path)[:-len(".yaml")])
        for line in data.splitlines(keepends=True) or [b""]:
            print("\t " + literal(line))
        print("\t},")
    print("\t{0, 0},\n};")


main()
