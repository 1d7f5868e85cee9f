#!/bin/bash
# What a node asks of its endpoint in a block: an idle one, and one of which twenty transactions wait, each over HTTP and over a WebSocket.
# Blocks come every two seconds, looks every second (the default). A call is a JSON-RPC call, wherever it is; a request is what is sent
# at once: a POST, or a message. BLOCKS (20) are counted in each of the four; GAINSAY_BUILD names another build to compare with.
# timeout_s: 600
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

blocks=${BLOCKS:-20}
waiting=${WAITING:-20}
# rpc METHOD PARAMS: the result, said by the chain itself
rpc() {
	/usr/bin/python3 - "$url" "$@" <<'END'
import json, sys, urllib.request
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": sys.argv[2], "params": json.loads(sys.argv[3])}).encode()
print(json.load(urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"})))["result"])
END
}
height() {
	echo $(($(rpc eth_blockNumber '[]')))
}
# base_fee GWEI: of the next block; later ones fall by an eighth each
base_fee() {
	rpc anvil_setNextBlockBaseFeePerGas "[\"$(printf '0x%x' $(($1 * 1000000000)))\"]" >/dev/null
}
# node NAME SCHEME ARGUMENTS...: behind a proxy that writes down what is asked
node() {
	local name=$1 scheme=$2
	/usr/bin/python3 "$root/tests/hostile/proxy.py" --upstream "$url" --log "$work/$name.asked" >"$work/$name.proxy" 2>"$work/$name.proxy.log" &
	pids[proxy_$name]=$!
	for ((i = 0; i < 100; i++)); do
		[[ -s $work/$name.proxy ]] && break
		sleep 0.1
	done
	local at
	at=$(/usr/bin/python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[{"http": "urls", "ws": "ws"}[sys.argv[2]]][0])' \
		"$work/$name.proxy" "$scheme")
	command_of 2 run --db "$work/$name.db" --models "$work/models" "${@:3}"
	start "$name" "${command[@]}" --rpc "$at"
}
# until_lines NAME EVENT COUNT
until_lines() {
	for ((i = 0; i < 600 && $(grep -c "$2" "$work/$1.log" || true) < $3; i++)); do
		sleep 0.2
	done
	(($(grep -c "$2" "$work/$1.log") >= $3)) || { echo "$1: fewer than $3 lines of $2"; tail -5 "$work/$1.log"; exit 1; }
}
# count NAME WHAT: over the blocks that come now
count() {
	local before after first last
	before=$(wc -l <"$work/$1.asked")
	first=$(height)
	sleep $((2 * blocks))
	last=$(height)
	after=$(wc -l <"$work/$1.asked")
	sed -n "$((before + 1)),${after}p" "$work/$1.asked" | /usr/bin/python3 -c '
import collections, json, sys
asked = [json.loads(line)[3] for line in sys.stdin]
blocks, calls = int(sys.argv[2]), collections.Counter(m for a in asked for m in a)
parts = ", ".join(f"{m} {n / blocks:.2f}" for m, n in calls.most_common())
print(f"{sys.argv[1]}: {len(asked) / blocks:.2f} requests a block, {sum(calls.values()) / blocks:.2f} calls ({parts})")' "$2" $((last - first))
}

devnet_up 600 60
for ((i = 0; i < waiting; i++)); do
	claim 1 "${images[$((i % ${#images[@]}))]}" >/dev/null
done
rpc evm_setIntervalMining '[2]' >/dev/null
export GAINSAY_CHAIN_BUMP_BLOCKS=1000
for scheme in http ws; do
	node "idle_$scheme" "$scheme"
	sleep 6
	count "idle_$scheme" "idle, $scheme"
	stop "idle_$scheme" TERM
done
for scheme in http ws; do
	rpc anvil_dropAllTransactions '[]' >/dev/null
	[[ $scheme == http ]] && rpc evm_increaseTime '[700]' >/dev/null # the claims' windows are over
	base_fee 1
	sleep 4
	base_fee 1
	rpc evm_setIntervalMining '[3600]' >/dev/null # what is signed is not mined
	node "busy_$scheme" "$scheme"
	until_lines "busy_$scheme" tx.signed "$waiting"
	base_fee 1000
	rpc evm_setIntervalMining '[2]' >/dev/null
	sleep 6
	count "busy_$scheme" "$waiting transactions wait, $scheme"
	stop "busy_$scheme" TERM
done
