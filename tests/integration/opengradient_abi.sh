#!/bin/bash
# Logs and answers of OpenGradient's contracts beside ethers' AbiCoder, both ways. SEED and CASES change what is drawn.
# timeout_s: 300
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=${GAINSAY_BUILD:-$PWD/build}
[[ -x build/tools/node20 && -d tests/node_modules/ethers ]] || { echo "no node, or no ethers: run 'make setup'"; exit 77; }
[[ -x $build/tests/tools/opengradient_tool ]] || { echo "$build/tests/tools/opengradient_tool is not built"; exit 1; }
build/tools/node20 tests/tools/opengradient_abi.mjs "$build/tests/tools/opengradient_tool" "${SEED:-1}" "${CASES:-1000}"
