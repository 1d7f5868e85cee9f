#!/bin/bash
# A dozen schedules of faults at the nodes' endpoints, from a fresh seed, and those that once failed (tests/hostile/schedules.py).
# timeout_s: 400
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${GAINSAY_BUILD:-$root/build}
command -v anvil >/dev/null || [[ -x $build/tools/anvil ]] || { echo "no anvil: run 'make setup'"; exit 77; }
exec /usr/bin/python3 "$root/tests/hostile/schedules.py" "$build" --failures "$root/tests/hostile/failures.txt" --seeds fresh:12 --verbose "$@"
