#!/bin/bash
# Past failures first, then every ready scenario with fresh seeds.
#
#   all.sh GAINSAY [TIMES]    TIMES: how many times the runs that each scenario asks for; without, a short while of each
#
# A failure is told with the command that shows it again; when it is mended, its line goes into failures.txt.
# Seeds are the time's; SIM_SEED says another first one.
set -uo pipefail
gainsay=${1:?usage: all.sh GAINSAY [TIMES]}
[[ $gainsay == /* ]] || gainsay=$PWD/$gainsay
times=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
seed=${SIM_SEED:-$(date +%s)000000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0

while read -r scenario number options; do
	[[ -z $scenario || $scenario == \#* ]] && continue
	# shellcheck disable=SC2086
	if ! "$gainsay" sim replay "$number" "$scenario" ${options%%#*} >out 2>&1; then
		echo "again: gainsay sim replay $number $scenario ${options%%#*}--trace"
		tail -n 3 out
		failed=1
	fi
done <"$here/failures.txt"

while read -r name engine points runs; do
	if [[ -n $times ]]; then
		runs=$((runs * times))
	else
		case $engine in
		games) runs=500 ;;
		nodes) runs=$((40 / points + 1)) ;;
		*) runs=1 ;;
		esac
	fi
	if ! "$gainsay" sim "$name" --runs "$runs" --seed "$seed" >out 2>err; then
		failed=1
		echo "$name FAILED"
		cat out err
	else
		printf '%-28s %s\n' "$name" "$(tail -n 3 out | tr '\n' ' ' | sed 's/digest [0-9a-fx]* //')"
	fi
	seed=$((seed + 10000000))
done < <("$gainsay" sim --list --json | /usr/bin/python3 -c '
import json, sys
for s in json.load(sys.stdin):
    print(s["name"], s["engine"], s["points"], s["runs"])')
exit $failed
