#!/bin/bash
# An endpoint that hangs in the middle of everything: the node ends as soon as it is told to, long before the call's time is over, and the next
# start goes on.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

devnet_up 600 60
claim_id=$(claim 1 "${images[0]}")
db=$work/node.db
GAINSAY_INTERVALS_RPC_TIMEOUT_MS=600000 start node gs 2 run --db "$db" --models "$work/models" --rate 1 --poll-ms 50
eventually grep -q node.started "$work/node.log"
sleep 0.5
kill -STOP "${pids[anvil]}"
sleep 0.5 # at least one call hangs now
kill -TERM "${pids[node]}"
gone() {
	! kill -0 "${pids[node]}" 2>/dev/null
}
eventually gone && ok "SIGTERM ends the node while its endpoint hangs" || fail "the node hangs with its endpoint"
stop node KILL
[[ $status == 0 ]] && ok "and ends it well" || fail "the node ends with $status"
kill -CONT "${pids[anvil]}"

start node gs 2 run --db "$db" --models "$work/models" --rate 1 --poll-ms 50 --until-claims 1 --until-seconds 1000
hasten node "$db" 1
wait "${pids[node]}"
code=$?
unset "pids[node]"
[[ $code == 0 && $(stored "$db" "$claim_id" status) == final ]] && ok "the next start goes on" || fail "the next start ends with $code"
finish
