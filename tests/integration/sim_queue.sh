#!/bin/bash
# gainsay sim over a queue: workers at a real Redis give the same result to the byte as this machine alone, though a worker and the
# one who collects are killed in the middle; mistakes are told in one line.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=${GAINSAY_BUILD:-build}
build=${build#"$PWD"/}
gainsay=$PWD/$build/gainsay
. tests/support/check.sh
command -v redis-server >/dev/null || { echo "no redis-server: run 'make setup'"; exit 1; }
cd "$work" || exit 1

port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=redis://127.0.0.1:$port
redis-server --bind 127.0.0.1 --port "$port" --dir "$work" --save '' --appendonly no >redis.log 2>&1 &
server=$!
pids=($server)
trap 'kill -9 "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
for _ in {1..3000}; do
	[[ $(redis-cli -p "$port" ping 2>/dev/null) == PONG ]] && break
	sleep 0.1
done

sweep=(sim games --runs 6000 --sweep plant=none,burn --csv)
"$gainsay" "${sweep[@]}" >whole
"$gainsay" "${sweep[@]}" --queue "$url" --checkpoint c >out 2>err &
producer=$!
pids+=($producer)
setsid "$gainsay" sim --worker --queue "$url" --threads 1 >one.out 2>one.err & # with all its processes a group
one=$!
pids+=(-$one)
# Held as soon as it has done anything, so that the sweep cannot be over before it is cut, on whatever machine.
results=
for _ in {1..30000}; do
	results=$(redis-cli -p "$port" --scan --pattern '*gainsay-sim*:results' | head -n 1)
	[[ -n $results && $(redis-cli -p "$port" xinfo stream "$results" | grep -aA1 entries-added | tail -n 1) -ge 1 ]] && break
	sleep 0.01
done
kill -STOP "-$one"
for _ in {1..3000}; do
	[[ -s c && $(wc -l <c) -ge 2 ]] && break
	sleep 0.1
done
[[ -s c && $(wc -l <c) -ge 2 ]]
check "workers do batches, and how far it has come is kept" $?
kill -9 "$producer" "-$one"
wait "$producer" "$one" 2>/dev/null
before=$(wc -c <c)
"$gainsay" sim --worker --queue "$url" --threads 2 >two.out 2>two.err &
two=$!
pids+=($two)
"$gainsay" "${sweep[@]}" --queue "$url" --checkpoint c --resume >resumed 2>err
code=$?
[[ $code == 1 && $before -gt 0 ]] && ! grep -q ^gainsay err
check "it goes on with the worker that is left" $?
cmp -s whole resumed
check "and ends with the same result as one machine alone" $?
kill -TERM "$two"
wait "$two"
check "a worker that is asked to ends well" $?
grep -q '^[1-9][0-9]* batches done$' two.err
check "and says what it did" $?
[[ $(redis-cli -p "$port" --scan --pattern '*gainsay-sim*' | wc -l) -le 6 ]]
check "results are taken out of the queue" $?

"$gainsay" sim --worker --queue "$url" --threads 2 --idle 1 >out 2>err
[[ $? == 0 ]] && grep -q '^0 batches done$' err
check "a worker ends when it has been idle" $?
kill "$server"
wait "$server" 2>/dev/null
for bad in "games --queue redis://127.0.0.1:$port" "games --queue http://127.0.0.1" "--worker" "--worker --queue redis://"; do
	# shellcheck disable=SC2086
	timeout 600 "$gainsay" sim $bad >out 2>err
	[[ $? != 0 && ! -s out && $(grep -c ^gainsay: err) == 1 ]]
	check "refuses 'sim $bad'" $?
done

finish
