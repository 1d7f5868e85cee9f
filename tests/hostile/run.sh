#!/bin/bash
# The hostile endpoint's own tests: what each fault looks like to a plain client, in front of a real chain.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
anvil=$(command -v anvil || echo "$root/build/tools/anvil")
[[ -x $anvil ]] || { echo "no anvil: run 'make setup'"; exit 77; }
exec /usr/bin/python3 "$root/tests/hostile/selftest.py" "$anvil"
