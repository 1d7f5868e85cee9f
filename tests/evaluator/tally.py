"""Counts tests, of many comparisons each, and prints what differs."""
import contextlib
import sys

SHOWN_MAX = 40


class Tally:
    def __init__(self):
        self.comparisons = 0
        self.wrong = 0
        self.passed = 0
        self.failed = 0

    def fail(self, text):
        self.wrong += 1
        if self.wrong <= SHOWN_MAX:
            print(f"FAIL {text}")

    def check(self, what, got, expected):
        """One comparison. `got`: this evaluator's; `expected`: what another says."""
        self.comparisons += 1
        if got != expected:
            self.fail(f"{what}: evaluator {got}, expected {expected}")

    @contextlib.contextmanager
    def test(self):
        """What is compared inside is one test."""
        before = self.wrong
        yield
        if self.wrong == before:
            self.passed += 1
        else:
            self.failed += 1

    def end(self):
        print(f"{self.comparisons} comparisons")
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(self.failed != 0)
