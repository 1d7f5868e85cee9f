#!/bin/bash
# gainsay sim: every ready scenario is run briefly, the same by one process and by three, interrupted and resumed, and built by
# clang; output for programs is whole; mistakes are told with their place.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=${GAINSAY_BUILD:-build}
build=${build#"$PWD"/}
gainsay=$PWD/$build/gainsay
. tests/support/check.sh
root=$PWD

"$gainsay" sim --list --json >"$work/list" && "$gainsay" sim --list >"$work/list.txt"
check "the ready scenarios are listed" $?
mapfile -t names < <(/usr/bin/python3 -c 'import json,sys; print("\n".join(s["name"] for s in json.load(open(sys.argv[1]))))' "$work/list")
for file in simulations/scenarios/*.yaml; do
	name=$(basename "$file" .yaml)
	"$gainsay" sim --text "$name" | cmp -s - "$file"
	check "$name is in the program as it is in the folder" $?
done

# ---- what was found before ----
while read -r scenario number options; do
	[[ -z $scenario || $scenario == \#* ]] && continue
	# shellcheck disable=SC2086
	"$gainsay" sim replay "$number" "$scenario" ${options%%#*} >"$work/out" 2>&1
	check "past failure: $scenario $number $options" $?
done <simulations/failures.txt

# ---- each of them: few runs of few points, with other seeds each day ----
fresh=$(($(date +%s) / 86400 * 1000000))
cd "$work" || exit 1
for name in "${names[@]}"; do
	engine=$(/usr/bin/python3 -c 'import json,sys; print([s["engine"] for s in json.load(open("list")) if s["name"] == sys.argv[1]][0])' "$name")
	points=$(/usr/bin/python3 -c 'import json,sys; print([s["points"] for s in json.load(open("list")) if s["name"] == sys.argv[1]][0])' "$name")
	case $engine in
	games) runs=200 ;;
	economy) runs=1 ;;
	*) runs=$((16 / points + 1)) ;;
	esac
	"$gainsay" sim "$name" --runs "$runs" --seed "$fresh" --threads 2 --json >"$name.json" 2>err
	code=$?
	[[ $code == 0 ]] && ! grep -q ^gainsay err
	check "$name, $((runs * points)) runs from seed $fresh" $?
	[[ $code == 0 ]] || { cat err; grep -A3 first_violation "$name.json" | head -8; }
done

# ---- the same result ----
"$gainsay" sim games --runs 300 --sweep plant=none,burn --threads 1 --json >one
"$gainsay" sim games --runs 300 --sweep plant=none,burn --threads 3 --json >three
cmp -s one three && [[ -s one ]]
check "three processes do the same as one" $?
if clang_built gainsay; then
	"$clang/gainsay" sim games --runs 300 --sweep plant=none,burn --threads 2 --json >clang
	cmp -s one clang
	check "clang's build does the same as gcc's" $?
	while read -r name runs; do # nodes twice, and an engine that computes with real numbers
		"$gainsay" sim "$name" --runs "$runs" --seed 11 --threads 2 --json >one.json
		"$clang/gainsay" sim "$name" --runs "$runs" --seed 11 --threads 2 --json >clang.json
		[[ -s one.json ]] && cmp -s one.json clang.json
		check "clang's build does the same as gcc's: $name" $?
		"$gainsay" sim replay 12 "$name" --trace >one.trace
		"$clang/gainsay" sim replay 12 "$name" --trace >clang.trace
		[[ -s one.trace ]] && cmp -s one.trace clang.trace
		check "and tells the same: $name" $?
	done <<<$'everyday 16\neverything-at-once 4\nhollow-victory 10'
fi

# ---- interrupted, killed, resumed ----
"$gainsay" sim games --runs 20000 --threads 2 --csv >whole
lines() { # of the checkpoint
	[[ -s c ]] && wc -l <c || echo 0
}
until_lines() { # MORE: than so many, or its process has ended
	while (($(lines) <= $1)) && kill -0 $pid 2>/dev/null; do
		sleep 0.02
	done
}
# A machine may hold this script back until a run has ended by itself: then it is begun again.
for _ in {1..10}; do
	rm -f c
	"$gainsay" sim games --runs 20000 --threads 2 --csv --checkpoint c >out 2>err &
	pid=$!
	until_lines 1
	kill -INT $pid
	wait $pid
	interrupted=$?
	[[ -s c ]] || continue
	cp err interrupted.err
	cp out interrupted.out
	before=$(lines)
	"$gainsay" sim games --runs 20000 --threads 2 --csv --checkpoint c --resume >out 2>err &
	pid=$!
	until_lines "$before"
	kill -KILL $pid
	wait $pid 2>/dev/null
	[[ -s c ]] && break
done
[[ $interrupted == 1 && ! -s interrupted.out ]] && grep -q 'interrupted after .* of 20000 runs' interrupted.err &&
	grep -q 'To go on: gainsay sim games --runs 20000 --resume' interrupted.err
check "an interruption says how to go on" $?
printf '0 9999 00' >>c # torn
"$gainsay" sim games --runs 20000 --threads 1 --csv --checkpoint c --resume >resumed 2>err
check "it goes on after kill -9 and a torn line" $?
cmp -s whole resumed
check "and ends with the result of a run that nobody disturbed" $?
[[ ! -e c ]]
check "then nothing is left to resume" $?
"$gainsay" sim games --runs 20000 --checkpoint c --resume >out 2>err
[[ $? == 1 ]] && grep -q 'nothing to go on from' err
check "which is said" $?

# ---- for other programs ----
"$gainsay" sim games --runs 100 --sweep plant=none,burn,timeout --csv >out
[[ $? == 1 ]]
check "violations end with status 1" $?
/usr/bin/python3 - out <<'P'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
names = {r["metric"] for r in rows}
assert len(rows) == 3 * len(names) and {r["point"] for r in rows} == {"0", "1", "2"}
assert all(float(r["low"]) <= float(r["mean"]) <= float(r["high"]) for r in rows if r["mean"])
assert rows[0]["plant"] == "0" and rows[-1]["runs"] == "100"
P
check "CSV has a line a point and metric" $?
/usr/bin/python3 - one <<'P'
import json, sys
a = json.load(open(sys.argv[1]))
assert a["runs"] == 600 and a["violations"] == sum(p["violations"] for p in a["points"]) > 0
assert a["points"][1]["values"] == {"plant": "burn"} and a["points"][0]["violations"] == 0
m = a["points"][0]["metrics"]["moves"]
assert sum(m["histogram"]["bins"]) == m["observations"] == 300 and m["low"] < m["mean"] < m["high"]
open("seed", "w").write(a["first_violation"]["seed"])
P
check "JSON has every point, interval and histogram" $?
seed=$(cat seed)
"$gainsay" sim replay "$seed" games --runs 300 --sweep plant=none,burn --trace >out
[[ $? == 1 ]] && grep -q '^Violated: wrong balance' out && grep -q 'commitTrace' out
check "the seed of a violation shows it again, with its events" $?

# ---- mistakes ----
printf 'question: Why?\nengine: games\nplont: burn\n' >bad.yaml
"$gainsay" sim bad.yaml >out 2>err
[[ $? == 1 && ! -s out ]] && grep -q '^gainsay: bad.yaml:3:1: plont: .*did you mean plant?' err
check "a mistake in a file has line and column" $?
for bad in "nothing" "--runs 0 games" "--threads 0 games" "--set plant games" "--set plant=no games" "--sweep x=1 games" \
	"--parameters none" "--text none" "replay" "replay x games" "games games" "--json --csv games" ""; do
	# shellcheck disable=SC2086
	"$gainsay" sim $bad >out 2>err
	[[ $? != 0 && ! -s out && $(wc -l <err) == 1 ]]
	check "refuses 'sim $bad'" $?
done

finish
