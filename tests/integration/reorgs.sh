#!/bin/bash
# Reorganisations of random depth in the middle of disputes, three in a schedule: transactions are dropped, kept or put in another order.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${GAINSAY_BUILD:-$root/build}
command -v anvil >/dev/null || [[ -x $build/tools/anvil ]] || { echo "no anvil: run 'make setup'"; exit 77; }
exec /usr/bin/python3 "$root/tests/hostile/schedules.py" "$build" --reorgs 3 --seeds 1:1 --verbose "$@"
