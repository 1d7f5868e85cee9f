#!/bin/bash
# A WebSocket endpoint tells of new blocks: a node that looks by itself only once in a minute follows the chain block by block, also when
# the endpoint is one of several.
# timeout_s: 180
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

devnet_up 5 60
first=$(claim 1 "${images[0]}")
# Looking once in a minute, a node would need several minutes to see a claim, the end of its window and that it is final.
follow() { # WHAT CLAIM COUNT ENDPOINTS
	local code
	command_of 2 run --db "$work/node.db" --models "$work/models" --rate 1 --poll-ms 60000 --until-claims "$3" --until-seconds 50
	"${command[@]}" --rpc "$4" >"$work/$3.out" 2>"$work/$3.log"
	code=$?
	[[ $code == 0 && $(stored "$work/node.db" "$2" status) == final ]] && ok "$1" || fail "$1: ends with $code"
}
follow "heads by WebSocket wake the node" "$first" 1 "ws${url#http}"
second=$(claim 1 "${images[1]}")
follow "and so they do where it is one of two endpoints" "$second" 2 "$url,ws${url#http}"
grep -q 'rpc.quorum endpoints=2 must_agree=2' "$work/2.log" && ok "which must agree" || fail "no quorum of two"
finish
