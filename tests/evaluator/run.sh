#!/bin/bash
# The law's second implementation, in Python (README.md): what others say of it, then it and the C code against each other.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=${GAINSAY_BUILD:-build}
passed=0
failed=0

for part in gainsay tests/tools/machine_ask tests/tools/program_gen; do
	[[ -x $build/$part ]] || { echo "$build/$part is not built"; exit 1; }
done

# part NAME ARGUMENTS...: adds what its last line counts.
part() {
	local out counts status=0
	out=$(/usr/bin/python3 "tests/evaluator/$1" "${@:2}" 2>&1) || status=$?
	counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' <<<"$out" | tail -n 1)
	echo "== $1"
	echo "$out" | tail -n 60
	counts=${counts:-0 0}
	passed=$((passed + ${counts% *}))
	failed=$((failed + ${counts#* }))
	# One that broke off, or counted nothing, has failed.
	[[ $counts != "0 0" && ($status -eq 0 || ${counts#* } -gt 0) ]] || failed=$((failed + 1))
}

part appendix.py --check
part selftest.py
part compare.py "$build"
part verdicts.py "$build"
part vectors.py check "$build"

echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
