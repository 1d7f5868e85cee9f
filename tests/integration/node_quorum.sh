#!/bin/bash
# Three endpoints, of which one lies: about logs, calls, nonces, receipts, fees, the newest block, by a fork, by refusing or swallowing transactions,
# by silence. A dispute is won as if it told the truth, and nothing wrong is sent. Of two endpoints that disagree neither is believed.
# takes_s: 170
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

about_facts=(logs_added logs_omitted calls head fork silence)
about_transactions=(nonces receipts fees refuses swallows reverts)

lie() { # PROXY NAME
	http "$1/lie" "$2" >"$work/ignored"
}
told() { # PROXY
	http "$1/told"
}

devnet_up 900 900
start fork "$anvil" --host 127.0.0.1 --port 0 --block-time 1 --chain-id 31337 --fork-url "$url"
fork=$(listening fork)
declare -A proxy=()
for name in one two three; do
	start "$name" /usr/bin/python3 "$root/tests/support/liar.py" "$url" "$fork"
	proxy[$name]=$(listening "$name")
done

times_told() { # PROXY NAME
	told "$1" | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1], 0))' "$2"
}
claims_in() { # DB
	"$gainsay" claims --db "$1" --json 2>"$work/ignored" | /usr/bin/python3 -c 'import json, sys; print(len(json.loads(sys.stdin.read() or "[]")))'
}
all="${proxy[one]},${proxy[two]},${proxy[three]}" # the liar is the first
liar=${proxy[one]}
for name in two three; do # so that the liar is asked first
	http "${proxy[$name]}/delay" 100 >"$work/ignored"
done

# --- two that disagree: nothing is believed, nothing is sent ---
honest=$(claim 3 "${images[0]}")
claim 3 "${images[1]}" >/dev/null
lie "$liar" logs_added
command_of 2 run --db "$work/pair.db" --models "$work/models" --rate 1 --poll-ms 100 --until-claims 2
start pair "${command[@]}" --rpc "${proxy[one]},${proxy[two]}"
eventually grep -q 'rpc.disagree method=eth_getLogs decided=no' "$work/pair.log" && kill -0 "${pids[pair]}" && ok "two that disagree: nobody is believed" ||
	fail "two endpoints disagreed, and nothing was said of it"
stop pair TERM
[[ $(claims_in "$work/pair.db") == 0 ]] && ok "what they disagree on is not stored" || fail "claims were stored"

# --- one of three lies about what happened: whoever comes new finds the two claims, and no third ---
lied() {
	(($(times_told "$liar" "$name") > before))
}
two_known() {
	(($(claims_in "$work/new.db") >= 2))
}
# A life of a node that comes new, until it knows the two claims. Whom it asks first depends on delays that it learns, so it may never have
# asked the liar for what this lie is about: then another comes.
live() {
	rm -rf "$work/new.db"
	command_of 3 run --db "$work/new.db" --models "$work/models" --rate 0 --poll-ms 100
	start new "${command[@]}" --rpc "$all"
	eventually two_known && patience_s=5 eventually lied
	stop new TERM
	number=$(claims_in "$work/new.db")
}
lives_max=30
for name in "${about_facts[@]}"; do
	lie "$liar" "$name"
	before=$(times_told "$liar" "$name")
	number=2
	for ((life = 0; life < lives_max && number == 2; life++)); do
		lied && break
		live
	done
	lies=$(($(times_told "$liar" "$name") - before))
	[[ $number == 2 ]] && ((lies > 0)) && ok "$name: lies told: $lies, lives: $life, and not believed" ||
		fail "$name: lies told: $lies, lives: $life, claims stored: $number"
done

# --- one of three lies about what is sent, in every way by turns, and whoever it lies to does not know it yet ---
db=$work/validator.db
start before gs 2 run --db "$db" --models "$work/models" --rate 1 --poll-ms 100 --until-claims 2 --until-seconds 1000
hasten before "$db" 2
stop before TERM
wrong=$(claim 1 "${images[1]}" "${images[0]}")
start defend gs 1 defend --db "$work/defend.db" --models "$work/models" --adversary outputs --poll-ms 250
lie "$liar" "$(IFS=,; echo "${about_transactions[*]}")"
code=1
for ((i = 0; i < 30 && code != 0; i++)); do
	command_of 2 run --db "$db" --models "$work/models" --rate 1 --poll-ms 100 --until-claims 3 --until-seconds 20
	"${command[@]}" --rpc "$all" >>"$work/validator.out" 2>>"$work/validator.log"
	code=$?
done
[[ $code == 0 ]] && ok "the validator ends well, at the start number $i" || fail "the validator ends with $code"
stop defend TERM
[[ $(stored "$db" "$wrong" status) == invalid ]] && ok "the wrong claim is invalid" || fail "the wrong claim is $(stored "$db" "$wrong" status)"
[[ $(stored "$db" "$honest" status) == final ]] && ok "the honest claim is final" || fail "the honest claim is $(stored "$db" "$honest" status)"
[[ $(field "$(gs 2 stake show --json)" free) == 1005.25 ]] && ok "the prize is collected" || fail "the prize is missing: $(gs 2 stake show --json)"
[[ $(claims_in "$db") == 3 ]] && ok "nothing that was made up is stored" || fail "other claims are stored"
grep -q 'rpc.disagree method=[a-zA-Z_]* decided=yes' "$work/validator.log" "$work/new.log" && ok "the contradictions are told" || fail "no contradiction was told"
kinds=0
for name in "${about_transactions[@]}"; do
	(($(times_told "$liar" "$name") > 0)) && kinds=$((kinds + 1))
done
((kinds >= 3)) && ok "lies told: $(told "$liar")" || fail "too few lies were told: $(told "$liar")"
# Every transaction of the validator: none reverted, none twice, no gap.
/usr/bin/python3 - "$url" <<'END' && ok "each move was sent once, and none in vain" || fail "wrong transactions were sent"
import json, sys, urllib.request
url = sys.argv[1]
def call(method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})) as reply:
        return json.load(reply)["result"]
sender = "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc"
nonces, inputs = [], []
for number in range(int(call("eth_blockNumber"), 16) + 1):
    for tx in call("eth_getBlockByNumber", hex(number), True)["transactions"]:
        if tx["from"] != sender:
            continue
        nonces.append(int(tx["nonce"], 16))
        inputs.append((tx["to"], tx["input"]))
        assert int(call("eth_getTransactionReceipt", tx["hash"])["status"], 16), tx
assert nonces == list(range(len(nonces))), nonces
assert len(set(inputs)) == len(inputs), "the same call twice"
END
finish
