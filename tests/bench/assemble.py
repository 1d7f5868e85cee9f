#!/usr/bin/python3
"""Merges the parts of a benchmark's results into one file.

    assemble.py BUILD/bench     parts/<name>-<part>.json, all of them, into <name>.json

A program that measures one thing writes one part, so that each can be run alone. Objects are merged key by key, at any depth;
what a part says replaces what <name>.json had. Two parts that give one key different values, and a file that is
no JSON object, are errors: nothing is written then."""
import json
import os
import re
import sys


def load(path):
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    if not isinstance(content, dict):
        raise ValueError("is no JSON object")
    return content


def merge(into, part, where, strict):
    for key, value in part.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value, f"{where}{key}.", strict)
        elif strict and key in into and into[key] != value:
            raise ValueError(f"another part has a different {where}{key}")
        else:
            into[key] = value


def assemble(folder):
    parts_folder = os.path.join(folder, "parts")
    parts = {}
    for file in sorted(os.listdir(parts_folder)) if os.path.isdir(parts_folder) else []:
        match = re.fullmatch(r"([a-z0-9_]+)-[a-z0-9_-]+\.json", file)
        if not match:
            continue
        path = os.path.join(parts_folder, file)
        try:
            merge(parts.setdefault(match.group(1), {}), load(path), "", strict=True)
        except ValueError as error:
            sys.exit(f"{path}: {error}")
    for name, merged in parts.items():
        path = os.path.join(folder, name + ".json")
        try:
            whole = load(path) if os.path.exists(path) else {}
            merge(whole, merged, "", strict=False)
        except ValueError as error:
            sys.exit(f"{path}: {error}")
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(whole, file, indent=2)
            file.write("\n")
        os.replace(path + ".new", path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    assemble(sys.argv[1])
