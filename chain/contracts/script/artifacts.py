#!/usr/bin/python3
"""Copies what a program needs to deploy and call the contracts out of forge's output.

usage: artifacts.py FORGE_OUT DEST

Writes DEST/<Name>.json = {"contract", "abi", "bytecode"} for every contract that is deployed; the program finds the folder
as `contracts` beside itself. The order of deployment and the constructors' arguments stand in docs/protocol.md.
"""
import json
import pathlib
import sys

DEPLOYED = ["DevToken", "Elementary", "Judge", "Stakes", "Inspector", "Models", "Claims", "Batches", "Disputes", "Duties"]
CODE_BYTES_MAX = 24576  # EIP-170


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    out, dest = (pathlib.Path(a) for a in sys.argv[1:])
    dest.mkdir(parents=True, exist_ok=True)
    for name in DEPLOYED:
        source = out / f"{name}.sol" / f"{name}.json"
        if not source.exists():
            sys.exit(f"artifacts: {source} is not there: forge has not compiled {name}")
        built = json.loads(source.read_text())
        size = (len(built["deployedBytecode"]["object"]) - 2) // 2
        if size > CODE_BYTES_MAX:
            sys.exit(f"artifacts: {name} has {size} bytes of code, the limit is {CODE_BYTES_MAX}")
        text = json.dumps({"contract": name, "abi": built["abi"], "bytecode": built["bytecode"]["object"]})
        (dest / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
