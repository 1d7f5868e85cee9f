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
follow() { # WHAT COUNT ENDPOINTS: until there are so many claims
	local code i id
	command_of 2 run --db "$work/node.db" --models "$work/models" --rate 1 --poll-ms 60000 --until-claims "$2" --until-seconds 290
	start "$2" "${command[@]}" --rpc "$3"
	hasten "$2" "$work/node.db" 1 &
	pids[clock]=$!
	for i in 0 1 2; do
		id=$(claim 1 "${images[$2 - 3 + i]}")
		eventually is_final "$id"
	done
	wait "${pids[$2]}"
	code=$?
	unset "pids[$2]"
	stop clock KILL
	[[ $code == 0 ]] && is_final "$id" && ok "$1" || fail "$1: ends with $code"
}
follow "heads by WebSocket wake the node" 3 "ws${url#http}"
follow "and so they do where it is one of two endpoints" 6 "$url,ws${url#http}"
grep -q 'rpc.quorum endpoints=2 must_agree=2' "$work/6.log" && ok "which must agree" || fail "no quorum of two"
finish
