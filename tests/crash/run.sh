#!/bin/bash
# The node that is killed, in short: some dozens of points and instants, about two hundred files that a loss of power may leave, always the same ones
# as far as a run is the same. `make crash` takes every point (tests/crash/crash.py). Planted faults come first: nodes that forget, a disk that does.
# takes_s: 260
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${GAINSAY_BUILD:-$root/build}
command -v anvil >/dev/null || [[ -x $build/tools/anvil ]] || { echo "no anvil: run 'make setup'"; exit 77; }
[[ -x $build/tests/crash/interpose.so ]] || { echo "$build/tests/crash/interpose.so is not built: run 'make unit'"; exit 1; }
exec /usr/bin/python3 "$root/tests/crash/crash.py" "$build" --step 250 --random 24 --images 400 --json "$build/tests/crash/short.json"
