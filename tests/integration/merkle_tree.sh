#!/bin/bash
# Trees of OpenGradient's batches beside OpenZeppelin's library, both ways. SEED and BATCHES change what is drawn.
# timeout_s: 900
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=${GAINSAY_BUILD:-$PWD/build}
[[ -x build/tools/node20 && -d tests/node_modules/@openzeppelin/merkle-tree ]] || { echo "no node, or no merkle-tree: run 'make setup'"; exit 77; }
[[ -x $build/tests/tools/opengradient_tool ]] || { echo "$build/tests/tools/opengradient_tool is not built"; exit 1; }
build/tools/node20 tests/tools/merkle.mjs "$build/tests/tools/opengradient_tool" "${SEED:-1}" "${BATCHES:-200}"
