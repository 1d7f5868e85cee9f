#!/bin/bash
# The parts of benchmark results are merged, what contradicts is refused, and what was there is kept then.
set -uo pipefail
passed=0
failed=0
ok() {
	passed=$((passed + 1))
}
fail() {
	echo "FAIL: $*"
	failed=$((failed + 1))
}
assemble=$(dirname "$0")/assemble.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bench=$work/bench
value() {
	/usr/bin/python3 -c 'import json, sys; print(json.dumps(eval("d" + sys.argv[2], {"d": json.load(open(sys.argv[1]))})))' "$bench/exec.json" "$1"
}

mkdir -p "$bench"
"$assemble" "$bench" && [[ ! -e $bench/exec.json ]] && ok || fail "without parts there is nothing to do"
mkdir "$bench/parts"
echo '{"bench": "exec", "rows": {"a": {"value": 1}}, "speed": 1}' >"$bench/exec.json"
echo '{"keccak_gb_s": 1.5}' >"$bench/parts/exec-keccak.json"
echo '{"rows": {"b": {"value": 2}}, "speed": 2}' >"$bench/parts/exec-gemm.json"
echo '{"other": 1}' >"$bench/parts/lower-time.json"
echo 'no JSON' >"$bench/parts/README"
"$assemble" "$bench" || fail "it ends with $?"
[[ $(value '["keccak_gb_s"]') == 1.5 && $(value '["speed"]') == 2 ]] && ok || fail "keys of parts are not there"
[[ $(value '["rows"]') == '{"a": {"value": 1}, "b": {"value": 2}}' && $(value '["bench"]') == '"exec"' ]] && ok || fail "objects are not merged"
[[ $(cat "$bench/lower.json") == *'"other": 1'* ]] && ok || fail "each name has a file of its own"
before=$(cat "$bench/exec.json")
"$assemble" "$bench" && [[ $(cat "$bench/exec.json") == "$before" ]] && ok || fail "a second time changes something"
echo '{"keccak_gb_s": 2}' >"$bench/parts/exec-more.json"
message=$("$assemble" "$bench" 2>&1) && fail "two parts that differ pass"
[[ $message == *"exec-more.json: another part has a different keccak_gb_s"* && $(cat "$bench/exec.json") == "$before" ]] && ok || fail "said: $message"
echo '[1]' >"$bench/parts/exec-more.json"
message=$("$assemble" "$bench" 2>&1) && fail "a part that is no object passes"
[[ $message == *"is no JSON object"* ]] && ok || fail "said: $message"
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
