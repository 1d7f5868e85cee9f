#!/usr/bin/python3
"""The rules of the house that no compiler knows.

    house.py [ROOT]     prints one line per violation (file:line: rule: what to do); exit status 1 if there is any

layers      an include goes down only (README.md, "Layers"), and names its file from the root
length      no source file over 700 lines
words       no address of the machine it was written on, no flag that changes floating-point results, no loose ends
links       every relative link in a page leads to a file that is there
guards      a header's guard is its path: chain/core/buf.h has GS_CHAIN_CORE_BUF_H
"""
import os
import re
import subprocess
import sys

LINES_MAX = 700
SOURCE_SUFFIXES = (".c", ".h", ".sol", ".js", ".mjs", ".py", ".sh")
C_SUFFIXES = (".c", ".h")
HERE = "tests/lint/"  # this folder spells out what it forbids

# A module may include itself and every module in its set; `ANY` may include everything.
ANY = None
PURE_0 = {"chain/core"}
PURE_1 = {"chain/eth", "challenge/machine"}
PURE_2 = {"challenge/game", "validator/onnx", "validator/exec", "validator/opengradient", "validator/tee"}
PURE_3 = {"validator/node"}
LAYERS = {
    "chain/core": set(),
    "chain/eth": PURE_0,
    "challenge/machine": PURE_0,
    "challenge/game": PURE_0 | PURE_1,
    "validator/onnx": PURE_0 | PURE_1,
    "validator/exec": PURE_0 | PURE_1,
    "validator/opengradient": PURE_0 | PURE_1,
    "validator/tee": PURE_0 | PURE_1,
    "validator/node": PURE_0 | PURE_1 | PURE_2,
    "storage": PURE_0 | PURE_1,
    "chain/rpc": PURE_0 | PURE_1,
    "queue": PURE_0,
    "validator/models": PURE_0 | PURE_1 | PURE_2 | {"storage"},
    "validator/daemon": PURE_0 | PURE_1 | PURE_2 | PURE_3 | {"storage", "queue", "chain/rpc", "validator/models"},
    "validator/cli": PURE_0 | PURE_1 | PURE_2 | PURE_3
    | {"storage", "queue", "chain/rpc", "validator/models", "validator/daemon", "simulations"},
    "simulations": PURE_0 | PURE_1 | PURE_2 | PURE_3 | {"storage", "queue"},
    "tests": ANY,
}
PURE = PURE_0 | PURE_1 | PURE_2 | PURE_3
# Pure code has no clock, no threads and no I/O: these headers of the system are for the edges.
IMPURE_HEADERS = re.compile(r"^(sys/(socket|epoll|wait|file|un)\.h|netinet/|arpa/|netdb\.h|pthread\.h|threads\.h|unistd\.h|"
                            r"fcntl\.h|time\.h|sys/time\.h|poll\.h|signal\.h|event2?/|curl/|lmdb\.h|openssl/ssl\.h)")
# validator/exec may split its work over threads; nothing else that is pure may.
THREAD_HEADERS = re.compile(r"^(pthread\.h|threads\.h|unistd\.h|time\.h)$")

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")

FORBIDDEN = [
    (re.compile(r"(?<![\w.])/work/|\.library\b|shared/design|/root/|/home/\w"), "an address of one machine", None),
    (re.compile(r'"resolved"\s*:\s*"http'), "a download address in a lock file (see .npmrc)", None),
    (re.compile(r"-f(fast-math|unsafe-math|associative-math|reciprocal-math|finite-math)|-Ofast"),
     "a flag that changes floating-point results", (".c", ".h", ".sh", ".py", ".mk", "Makefile")),
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "a loose end: do it, or say in the documentation what is not done", SOURCE_SUFFIXES),
]


def tracked_files(root):
    """What git tracks or would track; every file when root is no checkout (the lint's own test)."""
    if os.path.exists(os.path.join(root, ".git")):
        listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                                check=True, capture_output=True, text=True).stdout.splitlines()
        return sorted(f for f in listed if os.path.isfile(os.path.join(root, f)))
    return sorted(os.path.relpath(os.path.join(folder, name), root)
                  for folder, _, names in os.walk(root) for name in names)


def module_of(path):
    parts = path.split("/")
    for length in (2, 1):
        name = "/".join(parts[:length])
        if len(parts) > length and name in LAYERS:
            return name
    return None


def check_layers(path, lines):
    module = module_of(path)
    if module is None:
        yield 1, "layers", "C belongs into one of: " + ", ".join(sorted(LAYERS))
        return
    allowed = LAYERS[module]
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, name = match.groups()
        if quote == "<":
            threads_ok = module == "validator/exec" and THREAD_HEADERS.match(name)
            if module in PURE and IMPURE_HEADERS.match(name) and not threads_ok:
                yield number, "layers", f"{module} is pure (no I/O, clock or threads) but includes <{name}>"
            continue
        target = module_of(name)
        if target is None:
            if name.endswith(".pb.h") or name.startswith("gen/"):
                continue  # generated, found under the build folder
            if "/" not in name or name.startswith("."):
                yield number, "layers", f'name "{name}" from the root of the tree'
            else:
                yield number, "layers", f'"{name}" belongs to no module'
        elif allowed is not ANY and target != module and target not in allowed:
            yield number, "layers", f"{module} must not include {target} (README.md, Layers)"


def check_guard(path, lines):
    want = "GS_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper()
    if f"#ifndef {want}" not in (line.strip() for line in lines):
        yield 1, "guards", f"the guard must be {want}"


def check_words(path, lines):
    for pattern, what, suffixes in FORBIDDEN:
        if suffixes is not None and not path.endswith(suffixes):
            continue
        for number, line in enumerate(lines, 1):
            if pattern.search(line):
                yield number, "words", what


def check_links(root, path, lines):
    for number, line in enumerate(lines, 1):
        for target in LINK.findall(line):
            if re.match(r"[a-z]+:|#", target):
                continue
            file = os.path.normpath(os.path.join(root, os.path.dirname(path), target.split("#")[0]))
            if not os.path.exists(file):
                yield number, "links", f"{target} is not there"


def violations(root):
    for path in tracked_files(root):
        if path.endswith((".onnx", ".pb", ".npy", ".npz", ".bin", ".gz", ".png")):
            continue
        try:
            with open(os.path.join(root, path), encoding="utf-8") as file:
                lines = file.read().splitlines()
        except UnicodeDecodeError:
            if path.endswith(SOURCE_SUFFIXES):
                yield path, 1, "words", "is not UTF-8"
            continue
        found = []
        if path.endswith(SOURCE_SUFFIXES) and len(lines) > LINES_MAX:
            found.append((len(lines), "length", f"{len(lines)} lines, the limit is {LINES_MAX}: split it"))
        if path.endswith(C_SUFFIXES):
            found += check_layers(path, lines)
        if path.endswith(".h") and not path.endswith("_body.h"):  # included once for each kind of kernel
            found += check_guard(path, lines)
        if not path.startswith(HERE):
            found += check_words(path, lines)
        if path.endswith(".md"):
            found += check_links(root, path, lines)
        for number, rule, text in found:
            yield path, number, rule, text


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.getcwd()
    count = 0
    for path, number, rule, text in violations(root):
        print(f"{path}:{number}: {rule}: {text}")
        count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
