#!/bin/bash
# simulations/million.py: portions of runs of whole nodes, interrupted, killed and gone on with, come to what they come to in one go.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=${GAINSAY_BUILD:-build}
build=${build#"$PWD"/}
gainsay=$PWD/$build/gainsay
. tests/support/check.sh

million=(simulations/million.py "$gainsay")
what=(--runs 24 --portion 4 crashes lazy-nodes)

# Portions by what they are, with what they came to; failed ones are not among them.
portions() {
	/usr/bin/python3 -c '
import json, sys
for line in sorted(open(sys.argv[1])):
    p = json.loads(line)
    if "failed" not in p:
        print(p["scenario"], p["first_seed"], p["runs"], p["violations"], p["digest"], p["may_violate"])' "$1" | sort
}

"${million[@]}" "$work/whole" "${what[@]}" --processes 2 >"$work/out" 2>"$work/err"
check "two scenarios in one go" $?
portions "$work/whole" >"$work/expected"
[[ $(grep -c '^crashes ' "$work/expected") -ge 1 && $(grep -c '^lazy-nodes ' "$work/expected") -ge 1 ]]
check "each has its portions" $?
grep -q '^| crashes | [0-9]* | 0 | ' "$work/out" && grep -q '^| lazy-nodes | [0-9]* | [0-9]* (built to violate) | ' "$work/out"
check "and its line in the table" $?

"${million[@]}" "$work/parts" "${what[@]}" >"$work/out" 2>"$work/err" &
pid=$!
for ((i = 0; i < 3000; i++)); do
	[[ -s $work/parts ]] && break
	kill -0 $pid 2>/dev/null || break
	sleep 0.1
done
kill -TERM $pid 2>/dev/null
wait $pid
status=$?
[[ $status == 130 || $(portions "$work/parts" | wc -l) == $(wc -l <"$work/expected") ]]
check "interrupted after its first portion" $?
printf '{"scenario": "crashes", "first_se' >>"$work/parts"
"${million[@]}" "$work/parts" "${what[@]}" >"$work/out" 2>"$work/err"
check "it goes on, behind a torn line" $?
grep -q 'parts:[0-9]*: not a whole line' "$work/err"
check "which it names" $?
"${million[@]}" "$work/parts" "${what[@]}" --processes 2 >"$work/out" 2>/dev/null
check "once more there is nothing left to do" $?
head -n 1 "$work/out" | grep -q "$(wc -l <"$work/expected") portions; $(wc -l <"$work/expected") of these are done"
check "and it says so" $?
grep -v '"first_se$' "$work/parts" >"$work/clean"
portions "$work/clean" >"$work/got"
cmp -s "$work/expected" "$work/got"
check "the portions came to the same" $?

"${million[@]}" "$work/none" --runs 4 no-such-scenario >"$work/out" 2>"$work/err"
[[ $? == 1 && $(wc -l <"$work/err") == 1 ]] && grep -q no-such-scenario "$work/err"
check "a scenario that is none is named" $?
"${million[@]}" "$work/none" --runs 0 >"$work/out" 2>"$work/err"
[[ $? == 1 ]] && grep -q -- '--runs 0' "$work/err"
check "so are no runs at all" $?

finish
