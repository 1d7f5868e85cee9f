#!/bin/bash
# A WebSocket endpoint tells of new blocks: a node that looks by itself only once in a minute follows the chain block by block, also when
# the endpoint is one of several.
# takes_s: 100
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

devnet_up 600 60
# Three claims, each posted when the one before is final: looking once in a minute, a node would need two more looks for each, to see it, and that it
# is final. It has five.
is_final() {
	[[ $(stored "$work/node.db" "$1" status 2>"$work/ignored") == final ]]
}
known=0
three_more() { # ENDPOINTS: whether it sees three more claims end in time
	local code i id
	known=$((known + 3))
	command_of 2 run --db "$work/node.db" --models "$work/models" --rate 1 --poll-ms 60000 --until-claims "$known" --until-seconds 290
	start node "${command[@]}" --rpc "$1"
	hasten node "$work/node.db" $((known - 2)) &
	pids[clock]=$!
	for i in 3 2 1; do
		id=$(claim 1 "${images[known - i]}")
		eventually final_or_gone "$id"
	done
	wait "${pids[node]}"
	code=$?
	unset "pids[node]"
	stop clock KILL
	[[ $code == 0 ]] && is_final "$id"
}
final_or_gone() {
	is_final "$1" || ! kill -0 "${pids[node]}" 2>/dev/null
}
# One that is held up, or whose connection is lost, may need the looks that the others do without: then there is another one. Where heads wake
# nobody each of them fails.
follow() { # WHAT ENDPOINTS
	local attempt
	for attempt in 1 2 3; do
		three_more "$2" && ok "$1, at start number $attempt" && return
	done
	fail "$1"
}
follow "heads by WebSocket wake the node" "ws${url#http}"
follow "and so they do where it is one of two endpoints" "$url,ws${url#http}"
grep -q 'rpc.quorum endpoints=2 must_agree=2' "$work/node.log" && ok "which must agree" || fail "no quorum of two"
finish
