#!/bin/bash
# The readers behind the demo's summary, against the C judge's records and foundry's ABI encoder.
set -euo pipefail

cd "$(dirname "$0")/../.."
exec /usr/bin/python3 -B tests/demo/readers.py "$GAINSAY_BUILD"
