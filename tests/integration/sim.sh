#!/bin/bash
# The simulator: no violation over some hundred runs, the same digest for the same seed, and planted defects are found.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=${GAINSAY_BUILD:-build}
build=${build#"$PWD"/}
sim=$build/gainsay-sim
. tests/support/check.sh

[[ -x $sim ]] || env -u MAKEFLAGS make BUILD="$build" "$sim" >"$work/make" 2>&1
[[ -x $sim ]]
check "the simulator is built" $?

"$sim" --runs 600 --seed 1 --json "$work/a.json" >"$work/a"
check "600 runs without a violation" $?
"$sim" --runs 600 --seed 1 --json "$work/b.json" >"$work/b"
cmp -s <(grep -E 'digest|outcomes|moves ' "$work/a") <(grep -E 'digest|outcomes|moves ' "$work/b")
check "the same seed gives the same run" $?
"$sim" --runs 600 --seed 2 >"$work/c"
! cmp -s <(grep digest "$work/a") <(grep digest "$work/c")
check "another seed gives another" $?
# C leaves the order of arguments open; a run must not depend on it.
by_clang=
clang_built gainsay-sim && by_clang=$clang/gainsay-sim
if [[ -n $by_clang ]]; then
	"$by_clang" --runs 600 --seed 1 >"$work/d"
	cmp -s <(grep digest "$work/a") <(grep digest "$work/d")
	check "clang's build does the same as gcc's" $?
fi
# told OPTIONS: every event of these runs, word for word; what they took is another each time.
told() {
	"$sim" "$@" | grep -vE '^(runs|games)  ' >"$work/told"
	"$by_clang" "$@" | grep -vE '^(runs|games)  ' >"$work/told_by_clang"
	(($(wc -l <"$work/told") > 200)) && cmp -s "$work/told" "$work/told_by_clang"
	check "clang's build tells the same as gcc's: $*" $?
}
# Every outcome and every reason must have come up, or the runs show little.
/usr/bin/python3 - "$work/a.json" <<'P'
import json, sys
a = json.load(open(sys.argv[1]))
assert a["violations"] == 0 and a["runs"] == 600
assert all(n >= 20 for n in list(a["outcomes"].values()) + list(a["reasons"].values())), a
assert a["games"] == sum(a["outcomes"].values()) == sum(a["reasons"].values())
assert a["claims_invalid"] + a["claims_final"] + a["claims_void"] == 600 and a["wrong_claims"] > 100
assert a["claims_void"] > 0 and a["prizes_taken_over"] > 0 and a["agreed"] > 100, a
P
check "all outcomes and reasons come up" $?

# A test of the test.
found() { # found PLANT PATTERN
	"$sim" --runs 200 --plant "$1" >"$work/out"
	[[ $? == 1 ]]
	check "planted '$1' ends with status 1" $?
	grep -q "$2" "$work/out"
	check "planted '$1' is found as '$2'" $?
	local seed
	seed=$(sed -n 's/.*--seed \([0-9]*\) .*/\1/p' "$work/out")
	"$sim" --runs 1 --seed "${seed:-0}" --plant "$1" >"$work/out"
	[[ $? == 1 ]]
	check "the seed that it names shows it again" $?
	"$sim" --runs 1 --seed "${seed:-0}" >"$work/out"
	check "and without the defect does not" $?
}
found burn "wrong balance"
found prize "wrong balance"
found timeout "wrong loser of a timeout"
found refund "wrong balance"
found units "wrong balance"
found place "wrong winner of the prize\\|wrong balance"

# ---- whole nodes ----

"$sim" --nodes --runs 60 --seed 1 --json "$work/n.json" >"$work/n"
check "60 runs of whole nodes without a violation" $?
"$sim" --nodes --runs 60 --seed 1 --threads 2 >"$work/m"
cmp -s <(grep digest "$work/n") <(grep digest "$work/m")
check "two processes do the same as one" $?
if [[ -n $by_clang ]]; then
	"$by_clang" --nodes --runs 60 --seed 1 >"$work/m"
	cmp -s <(grep digest "$work/n") <(grep digest "$work/m")
	check "clang's build does the same as gcc's with whole nodes" $?
	told --runs 20 --seed 300 --log
	told --nodes --runs 4 --seed 40 --node-log
	told --nodes --runs 4 --seed 50 --fault all --node-log
	told --nodes --runs 4 --seed 60 --duties --set cast=drawn --node-log
	told --strangers --runs 4 --seed 70 --log
fi
/usr/bin/python3 - "$work/n.json" <<'P'
import json, sys
a = json.load(open(sys.argv[1]))
assert a["violations"] == 0 and a["runs"] == 60 and a["claims"] == 600
assert a["wrong"] > 40 and a["invalid"] == a["wrong"] and a["final"] == 600 - a["wrong"], a
assert a["games"] >= a["wrong"] and a["reorgs"] > 20 and a["crashes"] > 100, a
P
check "wrong claims are lost, right ones final, and faults happen" $?
mkdir "$work/stores"
"$sim" --nodes --runs 3 --seed 5 --fault all --store "$work/stores" >"$work/m"
"$sim" --nodes --runs 3 --seed 5 --fault all >"$work/n"
cmp -s <(grep digest "$work/n") <(grep digest "$work/m")
check "LMDB does the same as the store in memory" $?

for bad in "--runs 0" "--runs x" "--seed" "--plant none" "--nothing 1" "--nodes --fault x" "--nodes --claims 99" "--threads 0" "--log --threads 2" "--nodes --contracts 1,2"; do
	# shellcheck disable=SC2086
	"$sim" $bad >"$work/out" 2>"$work/err"
	[[ $? == 2 && ! -s $work/out && -s $work/err ]]
	check "refuses '$bad'" $?
done

finish
