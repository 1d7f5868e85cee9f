#!/usr/bin/python3
"""Prints what the moves of a game cost, from the events of GameGas.t.sol and WorstStep.t.sol, as the table of docs/gas.md.

Each call there is a transaction of its own: 21000 and calldata included, at least the floor of EIP-7623, refunds not netted.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
EVENT = re.compile(r'emit Used\(what: "([^"]*)", gas: (\d+)(.*)\)')
TEST = re.compile(r"\[PASS\] (test\w+)")


def main():
    forge = os.path.join(ROOT, "../../build/tools/forge")
    command = [forge, "test", "--offline", "--match-contract", "GameGas|WorstStep", "-vvvv"]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    test = None
    rows = {}
    for line in run.stdout.splitlines():
        start = TEST.search(line)
        if start:
            test = start.group(1)
        found = EVENT.search(line)
        if found and test:
            size = re.search(r"(?:dataBytes|calldataBytes): (\d+)", found.group(3))
            rows.setdefault(test, []).append((found.group(1), int(found.group(2)), int(size.group(1)) if size else 0))
    if run.returncode != 0 or not rows:
        sys.exit(run.stdout[-3000:] + "\ngame_gas: the tests did not pass")
    for test, moves in rows.items():
        print(f"\n### {test}\n\n| call | gas | calldata, bytes |\n| --- | --- | --- |")
        for what, gas, size in moves:
            print(f"| {what} | {gas} | {size} |")


if __name__ == "__main__":
    main()
