#!/usr/bin/python3
"""Fills the tables of docs/operators.md from `gainsay operators --markdown`, or checks that they are what it prints.

    page.py GAINSAY [--check]

A table stands between `<!-- operators: SECTION -->` and `<!-- end -->`; every section must have its place, and no other.
"""
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "operators.md"
BLOCK = re.compile(r"(<!-- operators: (.*?) -->\n).*?(<!-- end -->)", re.S)


def tables(gainsay):
    text = subprocess.run([gainsay, "operators", "--markdown"], check=True, capture_output=True, text=True).stdout
    parts = re.split(r"^### (.*)\n\n", text, flags=re.M)[1:]
    return {parts[i]: parts[i + 1].strip() + "\n" for i in range(0, len(parts), 2)}


def main():
    sections = tables(sys.argv[1])
    page = PAGE.read_text()
    placed = [match.group(2) for match in BLOCK.finditer(page)]
    if sorted(placed) != sorted(sections):
        sys.exit(f"docs/operators.md has places for {sorted(set(placed) - set(sections))} without rows, "
                 f"and none for {sorted(set(sections) - set(placed))}")
    filled = BLOCK.sub(lambda match: match.group(1) + sections[match.group(2)] + match.group(3), page)
    if "--check" in sys.argv[2:]:
        if filled != page:
            sys.exit("docs/operators.md is not what `gainsay operators --markdown` prints: run 'make operators'")
    else:
        PAGE.write_text(filled)


main()
