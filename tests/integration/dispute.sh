#!/bin/bash
# Whole disputes on a real chain: a dozen, each with its last step recomputed by MPFR; and what bad input gets.
set -uo pipefail

build=${GAINSAY_BUILD:-build}
gainsay=$build/gainsay
generate=$build/tests/tools/program_gen
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

pass() { passed=$((passed + 1)); }
fail() {
	failed=$((failed + 1))
	echo "FAIL $*"
}

for part in "$gainsay" "$generate" "$build/tests/tools/step_oracle"; do
	[[ -x $part ]] || { echo "$part is not built"; exit 1; }
done
[[ -e build/contracts/Disputes.json ]] || { echo "the contracts are not compiled (make contracts): skipped"; exit 77; }

if python3 tests/dispute/disputes.py "$build" quick >"$work/log" 2>&1; then
	pass
else
	fail "disputes"
	cat "$work/log"
fi

# refuse WHAT PATTERN ARGUMENTS...: exit status not 0, nothing on stdout, one line on stderr that holds PATTERN.
refuse() {
	local what=$1 pattern=$2 status=0
	shift 2
	"$gainsay" dispute "$@" >"$work/out" 2>"$work/err" || status=$?
	if [[ $status -ne 0 && ! -s $work/out && $(wc -l <"$work/err") -eq 1 ]] && grep -q -e "$pattern" "$work/err"; then
		pass
	else
		fail "$what: exit $status, stdout $(wc -c <"$work/out") bytes, stderr: $(cat "$work/err")"
	fi
}

"$generate" 21 "$work/p.gsp" "$work/p.bin" >/dev/null || exit 1
head -c 400 "$work/p.gsp" >"$work/cut.gsp"
head -c 5 "$work/p.bin" >"$work/cut.bin"
refuse "no such file" "nothing.gsp" "$work/nothing.gsp" --input "$work/p.bin"
refuse "a cut program" "cut.gsp" "$work/cut.gsp" --input "$work/p.bin"
refuse "cut inputs" "cut.bin" "$work/p.gsp" --input "$work/cut.bin"
refuse "an unreachable endpoint" "127.0.0.1:9" "$work/p.gsp" --input "$work/p.bin" --rpc http://127.0.0.1:9
refuse "a fault that cannot be read" "--fault" "$work/p.gsp" --input "$work/p.bin" --fault random:x
refuse "an unknown kind" "kind=" "$work/p.gsp" --input "$work/p.bin" --fault random:1,kind=none
refuse "an instruction that is not there" "instr=9999" "$work/p.gsp" --input "$work/p.bin" --fault instr=9999,elem=0
refuse "an element that is not there" "elem=" "$work/p.gsp" --input "$work/p.bin" --fault instr=0,elem=4000000000
refuse "both sides wrong" "--challenger-fault" "$work/p.gsp" --input "$work/p.bin" --fault random:1 --challenger-fault random:1
refuse "no games" "--games" "$work/p.gsp" --input "$work/p.bin" --games 0

# A run repeats from its seed.
play() { "$gainsay" dispute "$work/p.gsp" --input "$work/p.bin" --fault random:77 --json |
	python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["fault"], d["step"], [m["move"] for m in d["moves"]])'; }
if [[ $(play) == "$(play)" ]]; then pass; else fail "the same seed gives the same dispute"; fi

echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
