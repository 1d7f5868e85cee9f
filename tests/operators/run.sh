#!/bin/bash
# The catalogue of operators: the page is what the program prints, and the command answers.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
gainsay=${GAINSAY_BUILD:-build}/gainsay
. tests/support/check.sh

/usr/bin/python3 tests/operators/page.py "$gainsay" --check
check "docs/operators.md is generated from the catalogue" $?
"$gainsay" operators >"$work/list" && (($(wc -l <"$work/list") > 150))
check "operators lists them" $?
[[ $("$gainsay" operators softmax | head -n 1) == "Softmax  opset 1, 11, 13" ]]
check "operators NAME tells the versions" $?
"$gainsay" operators --json | /usr/bin/python3 -c '
import json, sys
ops = {(o["domain"], o["name"]): o for o in json.load(sys.stdin)}
assert ops["", "Conv"]["versions"][0] == 1 and ops["", "Conv"]["lowering"]
assert ops["ai.onnx.ml", "Scaler"]["versions"] == [1]'
check "operators --json" $?
"$gainsay" operators NoSuchThing >"$work/out" 2>"$work/err"
[[ $? == 1 && $(wc -l <"$work/err") == 1 ]]
check "an unknown operator is one line and status 1" $?
finish
