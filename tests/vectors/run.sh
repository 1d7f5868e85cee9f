#!/usr/bin/env bash
# Every compiler and optimisation level must give the recorded ids and roots (tests/vectors/machine.txt).
# timeout_s: 1200
# takes_s: 120
set -eu
cd "$(dirname "$0")/../.."
exec make --no-print-directory -j2 check-compilers
