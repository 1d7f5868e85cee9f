#!/bin/bash
# Keys, addresses, transactions, deposits through L1, typed data and keystores beside ethers, viem and cast, both ways. SEED, CASES, CAST_CASES and KEYSTORES change what is drawn.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=${GAINSAY_BUILD:-$PWD/build}
cast=$(command -v cast || echo "$PWD/build/tools/cast")
[[ -x $cast && -x build/tools/node20 && -d tests/node_modules/viem ]] || { echo "no cast, or no node: run 'make setup'"; exit 77; }
[[ -x $build/tests/tools/cross_tool ]] || { echo "$build/tests/tools/cross_tool is not built"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build/tools/node20 tests/tools/crosscheck.mjs "$build/tests/tools/cross_tool" "$cast" "$work" "${SEED:-1}" "${CASES:-1000}" "${CAST_CASES:-40}" "${KEYSTORES:-10}"
