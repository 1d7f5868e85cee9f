#!/bin/bash
# The compiled judge on a second EVM (@ethereumjs/vm): the values of the vectors that forge runs too.
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ -f build/contracts/Judge.json ]] || env -u MAKEFLAGS make contracts
[[ -d build/vectors/judge ]] || env -u MAKEFLAGS make vectors
exec build/tools/node20 tests/evm/replay.mjs build/contracts build/vectors/judge tests/vectors/elementary 16
