#!/bin/bash
# SIGKILL at any moment of a dispute, again and again: the next start goes on, nothing is sent twice, the game is won.
# timeout_s: 240
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

devnet_up 60 120
wrong=$(claim 1 "${images[1]}" "${images[0]}")
db=$work/validator.db
start defend gs 1 defend --db "$work/defend.db" --models "$work/models" --adversary outputs --poll-ms 250

run_validator() {
	start validator gs 2 run --db "$db" --models "$work/models" --rate 1 --poll-ms 100 --until-claims 1 --until-seconds 150 --json
}
run_validator
kills=0
for ((i = 0; i < 40; i++)); do
	sleep "0.$((RANDOM % 7 + 3))"
	kill -0 "${pids[validator]}" 2>/dev/null || break
	[[ $kills -ge 8 ]] && break
	stop validator KILL
	kills=$((kills + 1))
	run_validator
done
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
((kills >= 5)) && ok "killed $kills times" || fail "killed only $kills times"
[[ $code == 0 ]] && ok "the last start ends well" || fail "the last start ends with $code"
[[ $(stored "$db" "$wrong" status) == invalid ]] && ok "the wrong claim is invalid" || fail "the wrong claim is $(stored "$db" "$wrong" status)"
[[ $(field "$(gs 2 stake show --json)" free) == 1005.25 ]] && ok "the prize is collected" || fail "the prize is missing"

# Every signed transaction is on chain once, and the account sent nothing else since its stake was put down.
/usr/bin/python3 - "$url" "$work" <<'END' && ok "each move was sent once, without a gap" || fail "transactions were lost or doubled"
import json, subprocess, sys, urllib.request
url, work = sys.argv[1:]
def call(method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})) as reply:
        return json.load(reply)["result"]
disputes = json.load(open(work + "/deployment.json"))["contracts"]["Disputes"].lower()
sender = "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc"
seen, nonces = [], []
for number in range(int(call("eth_blockNumber"), 16) + 1):
    for tx in call("eth_getBlockByNumber", hex(number), True)["transactions"]:
        if tx["from"] == sender:
            nonces.append(int(tx["nonce"], 16))
            if tx["to"] == disputes:
                seen.append((tx["input"], int(call("eth_getTransactionReceipt", tx["hash"])["status"], 16)))
assert nonces == list(range(len(nonces))), nonces
assert len({s[0] for s in seen}) == len(seen), "the same call twice"
assert all(s[1] for s in seen), "a call reverted"
print(len(seen), "calls of Disputes")
END
finish
