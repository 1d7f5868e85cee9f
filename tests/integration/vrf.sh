#!/bin/bash
# The verifiable random function beside another implementation on another library, both ways. SEED and CASES change what is drawn.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=${GAINSAY_BUILD:-$PWD/build}
[[ -x build/tools/node20 && -d tests/node_modules/@noble/curves ]] || { echo "no node, or no noble: run 'make setup'"; exit 77; }
[[ -x $build/tests/tools/vrf_tool ]] || { echo "$build/tests/tools/vrf_tool is not built"; exit 1; }
build/tools/node20 tests/tools/vrf.mjs "$build/tests/tools/vrf_tool" "${SEED:-1}" "${CASES:-300}"
