#!/bin/bash
# A node whose executions workers do: right claims are found right by a worker's word, and not executed here; a wrong claim is found wrong by the node itself, and
# loses; a worker that lies about right claims never leads to a challenge, one that calls wrong claims right is found by the checks, excluded for ever,
# and all that it found right is executed again; without workers, or without Redis, the node goes on by itself.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"
# shellcheck source=tests/support/redis.sh
source "$root/tests/support/redis.sh"

devnet_up 3600 3600
honest=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 # of key 0
liar=0x90F79bf6EB2c4f870365E785982E1f101E93b906   # of key 3
port=$(free_port)
queue=redis://127.0.0.1:$port
serve() {
	redis_serve redis --port "$port"
	redis_answers -p "$port"
}
worker() { # NAME KEY OPTIONS...
	start "$1" "$gainsay" worker --queue "$queue" --models "$work/models" --key-file "$work/key$2" "${@:3}"
}
node() { # DB OPTIONS...: party 2's validator; settings of workers from the environment
	start validator gs 2 run --db "$1" --models "$work/models" --rate 1 --poll-ms 250 "${@:2}"
}
verdict() { # DB CLAIM: its verdict and why, or "none"
	"$gainsay" show "$2" --db "$1" --json 2>/dev/null | /usr/bin/python3 -c '
import json, sys
try:
    v = json.load(sys.stdin)
    print(v["verdict"], v.get("why", ""))
except (ValueError, KeyError, TypeError):
    print("none")'
}
verdict_is() {
	now=$(verdict "$1" "$2")
	# shellcheck disable=SC2053
	[[ $now == $3 ]]
}
until_verdict() { # DB CLAIM PATTERN
	eventually verdict_is "$@" && return
	echo "the verdict of $2 never became '$3': $now"
	return 1
}
logged() { # EVENT: how many lines of it the validator has written
	grep -c " $1 " "$work/validator.log"
}
until_logged() { # EVENT COUNT
	eventually has_logged "$1" "$2"
}
has_logged() {
	(($(logged "$1") >= $2))
}

serve
printf "%s\n" "# workers" "$honest" "$liar # the second one" >"$work/keys"
export GAINSAY_WORKERS_QUEUE=$queue GAINSAY_WORKERS_KEYS_FILE=$work/keys GAINSAY_WORKERS_CHECK=0 GAINSAY_WORKERS_WAIT_S=30

# --- a worker that calls wrong claims right: believed at first, found by a check, and all it found right is executed again ---
root_of() { # IMAGE: the outputs' root
	field "$("$gainsay" infer "$demo/digits.onnx" --input "$demo/inputs/$1.npy" --json)" outputRoot
}
lie=$(root_of "${images[0]}")
bribed=$(claim 3 "${images[5]}" "${images[0]}")
worker bribed 3 --lie "$lie" --lie-ppm 1000000
node "$work/b.db"
until_verdict "$work/b.db" "$bribed" "valid executed by worker $liar" && ok "without checks a lie is believed" || fail "the bribe does not work"
stop validator TERM
export GAINSAY_WORKERS_CHECK=1
node "$work/b.db"
innocent=$(claim 1 "${images[6]}" "${images[0]}") # checked, as all now
until_verdict "$work/b.db" "$innocent" "invalid *" && ok "a check finds the next one" || fail "a check"
until_verdict "$work/b.db" "$bribed" "invalid *" && ok "and what was found right before is executed again, and found wrong" || fail "the bribe goes through"
stop validator TERM
stop bribed KILL
export GAINSAY_WORKERS_CHECK=0

# --- right claims by a worker's word, a wrong one by the node's own two executions ---
worker one 0
right=$(claim 1 "${images[0]}")
wrong=$(claim 1 "${images[1]}" "${images[0]}")
node "$work/a.db"
until_verdict "$work/a.db" "$right" "valid executed by worker $honest" && ok "a right claim is found right by a worker" || fail "a right claim"
until_verdict "$work/a.db" "$wrong" "invalid *" && ok "a wrong claim is found wrong by the node" || fail "a wrong claim"
[[ $(logged worker.lied) == 1 && $(verdict "$work/a.db" "$wrong") == "invalid " ]] && ok "for which nobody's word is taken" || fail "a word"
stop one TERM
[[ $status == 0 && $(<"$work/one.out") == *' jobs done, 0 of them late; 0 given back' ]] && ok "the worker ends well" || fail "the worker: $(<"$work/one.out")"

# --- a worker that answers nonsense: what it calls wrong is executed here, so nobody is challenged, and it is excluded ---
worker nonsense 3 --lie-ppm 1000000
second=$(claim 1 "${images[2]}")
until_verdict "$work/a.db" "$second" "valid " && ok "a right claim that a worker calls wrong is found right here" || fail "a lie"
until_logged worker.lied 2 && until_logged worker.distrusted 2 && ok "who lied is excluded" || fail "the liar is believed"
third=$(claim 1 "${images[3]}")
until_verdict "$work/a.db" "$third" "valid " && grep -q "worker.unbelieved claim=$third .*it was found lying" "$work/validator.log" &&
	ok "what it answers does not count any more" || fail "the liar's answer counts"
stop validator KILL
node "$work/a.db"
fourth=$(claim 1 "${images[4]}")
until_verdict "$work/a.db" "$fourth" "valid " && grep -q "worker.unbelieved claim=$fourth .*it was found lying" "$work/validator.log" &&
	ok "nor after a restart" || fail "a restart forgives the liar"
stop nonsense KILL
stop validator TERM
games=$("$gainsay" games --db "$work/a.db" --json | /usr/bin/python3 -c '
import json, sys
g = json.load(sys.stdin)
g = g.get("games", g) if isinstance(g, dict) else g
print(" ".join(sorted({x["claim_id"] for x in g})))')
[[ $games == "$(printf '%s\n' "$wrong" "$bribed" "$innocent" | sort | tr '\n' ' ' | sed 's/ $//')" ]] &&
	ok "only wrong claims were ever challenged" || fail "challenged: $games; wrong: $wrong $bribed $innocent"

# --- nobody answers; no server ---
export GAINSAY_WORKERS_WAIT_S=1
node "$work/c.db"
until_verdict "$work/c.db" "$right" "valid " && ok "without workers the node does it by itself" || fail "without workers"
until_logged worker.none 1 && ok "and says so" || fail "silence"
nothing_left() {
	left=$(redis-cli -p "$port" xlen 'gainsay:{executions}:jobs')
	[[ $left == 0 ]]
}
eventually nothing_left && ok "what nobody did is taken off the queue" || fail "left in the queue: $left"
stop validator TERM
stop redis KILL
node "$work/d.db"
until_verdict "$work/d.db" "$right" "valid " && until_logged queue.away 1 && ok "nor does it need the server" || fail "without the server"
serve
stop validator TERM
[[ $status == 0 ]] && ok "it ends well" || fail "the node ends with $status"

# --- mistakes ---
bad() { # WHAT PATTERN VARIABLE=VALUE...
	local line
	command_of 2 run --db "$work/e.db" --models "$work/models"
	line=$(env "${@:3}" timeout -s KILL 600 "${command[@]}" 2>&1 >/dev/null | grep ^gainsay:)
	[[ $line == $2 ]] && ok "$1: ${line:9:120}" || fail "$1: $line"
}
echo 0x1234 >"$work/bad"
echo '# nobody' >"$work/empty"
bad "no keys" "*workers.keys_file: not named*" -u GAINSAY_WORKERS_KEYS_FILE
bad "keys that are none" "*bad:1*" GAINSAY_WORKERS_KEYS_FILE="$work/bad"
bad "an empty file" "*names no key*" GAINSAY_WORKERS_KEYS_FILE="$work/empty"
bad "another scheme" "*must begin with redis://*" GAINSAY_WORKERS_QUEUE=http://127.0.0.1
finish
