#!/bin/bash
# Eight schedules of faults at the nodes' endpoints, always the same ones (`make hostile` draws fresh ones), and those that once failed (tests/hostile/schedules.py). Before
# that a node whose only endpoint lies, which nobody can withstand: the oracles must object.
# timeout_s: 1800
# takes_s: 100
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${GAINSAY_BUILD:-$root/build}
command -v anvil >/dev/null || [[ -x $build/tools/anvil ]] || { echo "no anvil: run 'make setup'"; exit 77; }
schedules() {
	/usr/bin/python3 "$root/tests/hostile/schedules.py" "$build" "$@"
}
schedules --endpoints 1 --planted --seed 1 --verbose || exit 1
schedules --failures "$root/tests/hostile/failures.txt" --seeds 1:8 --verbose
