#!/bin/bash
# A few seconds of `make soak`: random programs and ONNX graphs, interpreter against executor, C judge and MPFR.
set -euo pipefail
cd "$(dirname "$0")/../.."
"${GAINSAY_BUILD:-build}/tests/soak/soak" 10 "${GAINSAY_SOAK_SEED:-1}" | tail -n 1
