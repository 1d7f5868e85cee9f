#!/usr/bin/python3
"""Evidence that was changed, file by file: each change has to be refused, with one line that says so.

    bent_evidence.py GAINSAY N FILE...   N single bits flipped, drawn by a fixed seed over all FILEs, each FILE cut and made longer, and
                                         a huge length and another version in the first; exit status 0 when each one is refused

Of the files of a demo, after `make demo`: tests/support/bent_evidence.py build/gainsay 500 build/demo/evidence/*
"""
import os
import random
import subprocess
import sys
import tempfile

SECONDS_MAX = 120
CUTS = 8            # of each file
HEAD = range(21, 60)  # bytes of a file that is cut to its head: around what the digest alone takes
REFUSED, NO_EVIDENCE = 1, 2  # exit codes; by the second it is not even taken for such a file


def main():
    if len(sys.argv) < 4 or not sys.argv[2].isdigit():
        sys.exit(__doc__)
    gainsay, flips, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    random.seed(1)
    whole = []
    for name in names:
        with open(name, "rb") as file:
            whole.append(file.read())
    tried = 0

    with tempfile.TemporaryDirectory() as folder:
        bent = os.path.join(folder, "bent.evidence")

        def verify(data):
            with open(bent, "wb") as file:
                file.write(data)
            return subprocess.run([gainsay, "verify", bent], capture_output=True, text=True, timeout=SECONDS_MAX, check=False)

        def refused(data, *what):
            nonlocal tried
            tried += 1
            run = verify(data)
            if run.returncode not in (REFUSED, NO_EVIDENCE) or run.stderr.count("\n") != 1 or not run.stderr.startswith("gainsay: "):
                sys.exit(f"not refused in one line: {what}: exit code {run.returncode}, {run.stderr!r}")
            return run

        for name, data in zip(names, whole):
            if verify(data).returncode:
                sys.exit(f"{name} is refused as it is")
        for _ in range(flips):
            at = random.randrange(len(whole))
            bit = random.randrange(8 * len(whole[at]))
            data = bytearray(whole[at])
            data[bit // 8] ^= 1 << bit % 8
            refused(data, names[at], "bit", bit)
        for name, data in zip(names, whole):
            for _ in range(CUTS):
                refused(data[: random.randrange(len(data))], name, "cut")
            refused(data + b"\0", name, "longer")
        for size in HEAD:
            refused(whole[0][:size], names[0], "cut to", size)
        refused(whole[0][:22] + b"\xc6\xff\xff\xff\xff" + whole[0][27:], names[0], "a huge length")
        other = refused(whole[0][:4].replace(b"\x01", b"\x02") + whole[0][4:], names[0], "another version")
        if other.returncode != REFUSED or "version 2" not in other.stderr:
            sys.exit(f"another version is not named: {other.stderr!r}")
    print(f"{tried} changes, {flips} of them single bits, of {len(names)} files of evidence: each is refused")


if __name__ == "__main__":
    main()
