#!/usr/bin/python3
"""Runs a command on a terminal of its own and types for a person.

    TYPED='first|second' typist.py COMMAND...

Each word is typed, with a return, when a line that ends in a colon and a space is shown. What the terminal shows goes to standard
output; the exit status is the command's, or 99 when it asks for more than there is to type or takes longer than 60 s."""
import os
import pty
import select
import sys
import time

words = os.environ.get("TYPED", "").split("|")
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
shown, since, deadline, status = b"", 0, time.monotonic() + 60, None
while True:
    ready, _, _ = select.select([terminal], [], [], 0.1)
    if ready:
        try:
            got = os.read(terminal, 4096)
        except OSError:
            got = b""
        if not got:
            break
        shown += got
    if shown[since:].endswith(b": "):
        since = len(shown)
        if not words:
            status = 99
            break
        os.write(terminal, words.pop(0).encode() + b"\n")
    if time.monotonic() > deadline:
        status = 99
        break
if status == 99:
    os.kill(pid, 9)
_, ended = os.waitpid(pid, 0)
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.exit(status if status is not None else os.waitstatus_to_exitcode(ended))
