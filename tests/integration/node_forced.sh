#!/bin/bash
# A sequencer that takes all transactions of two honest parties and includes none: challenge and moves of a validator, and the moves of a
# claimant's defender, reach the chain as deposits through L1, and both win. L1 is down at first, which is told and costs nothing but time;
# the validator is killed in the middle, again and again, and sends nothing twice. Then the sequencer relents, and all goes on as ever.
# takes_s: 75
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"
forge=$(command -v forge || echo "$root/build/tools/forge")
[[ -x $forge && -e $root/build/tools/solc ]] || { echo "no forge, or no compiler: run 'make setup'"; exit 77; }

ask() { # URL METHOD PARAMS: the result
	/usr/bin/python3 - "$@" <<'END'
import json, sys, urllib.request
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": sys.argv[2], "params": json.loads(sys.argv[3])}).encode()
request = urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"})
result = json.load(urllib.request.urlopen(request, timeout=60))["result"]
print(result if isinstance(result, str) else json.dumps(result))
END
}
lines() { # FILE PATTERN: how many
	grep -c "$2" "$work/$1" 2>/dev/null || true
}
has_lines() {
	(($(lines "$1" "$2") >= $3))
}
until_line() { # FILE PATTERN TIMES
	eventually has_lines "$@"
}

# --- two chains: L1 with a portal, L2 behind a sequencer that swallows what the two send ---
devnet_up 900 900 20
mkdir -p "$work/portal/src"
cp "$root/tests/support/Portal.sol" "$work/portal/src/"
printf '[profile.default]\noffline = true\nevm_version = "cancun"\nsolc = "%s"\noptimizer = true\n' "$root/build/tools/solc" >"$work/portal/foundry.toml"
(cd "$work/portal" && "$forge" build --root . >"$work/forge.log" 2>&1) || { cat "$work/forge.log"; exit 1; }
start l1 "$anvil" --host 127.0.0.1 --port 0 --block-time 1 --chain-id 900
l1=$(listening l1)
deployer=$(ask "$l1" eth_accounts '[]' | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)[9])')
code=$(/usr/bin/python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["bytecode"]["object"])' "$work/portal/out/Portal.sol/Portal.json")
tx=$(ask "$l1" eth_sendTransaction "[{\"from\": \"$deployer\", \"data\": \"$code\", \"gas\": \"0x3d0900\"}]")
deployed() {
	portal=$(ask "$l1" eth_getTransactionReceipt "[\"$tx\"]" | /usr/bin/python3 -c 'import json, sys; print((json.load(sys.stdin) or {}).get("contractAddress"))')
	((${#portal} == 42))
}
eventually deployed || exit 1

start sequencer /usr/bin/python3 "$root/tests/support/liar.py" "$url"
sequencer=$(listening sequencer)
http "$sequencer/lie" swallows >"$work/ignored"
start relay /usr/bin/python3 "$root/tests/support/relay.py" "$l1" "$portal" "$url" 1
listening relay >"$work/ignored"

honest=$(claim 1 "${images[0]}")
wrong=$(claim 1 "${images[1]}" "${images[0]}")
/usr/bin/python3 "$demo/wrong.py" weight "$demo/digits.onnx" "$work/attacker.onnx" features.2.weight 700 22

export GAINSAY_INTERVALS_RESEND_S=2
censored() { # NAME PARTY L1 COMMAND...: a node of the party, whose transactions the sequencer swallows
	local command
	command_of "$2" "${@:4}" --db "$work/$1.db" --models "$work/models" --poll-ms 200
	GAINSAY_L1_RPC=$3 GAINSAY_L1_CHAIN_ID=900 GAINSAY_L1_PORTAL=$portal GAINSAY_L1_ESCALATE_AT=0.005 GAINSAY_L1_SETTLE_BLOCKS=3 \
		start "$1" "${command[@]}" --rpc "$sequencer"
}
run_validator() { # L1
	censored validator 2 "$1" run --rate 1 --until-claims 2 --until-seconds 1000 --json
}

# --- L1 is down: an alarm, and no harm ---
run_validator http://127.0.0.1:1
until_line validator.log 'tx.forced_failed what=challenge' 1 && ok "L1 that is down is told" || fail "nothing is said of L1 that is down"
kill -0 "${pids[validator]}" 2>/dev/null && ok "and ends no node" || fail "the validator ended"
(($(lines validator.log 'tx.forced ') == 0)) && ok "nothing was signed for it" || fail "something was signed for L1"
stop validator KILL

# --- both sides of the dispute are censored, and killed again and again ---
censored defend 1 "$l1" defend --adversary outputs
start attacker gs 3 run --db "$work/attacker.db" --models "$work/models" --rate 1 --poll-ms 250 --adversary "$work/attacker.onnx"
run_validator "$l1"
kills=0
for ((n = 1; n <= 3; n++)); do
	until_line validator.log 'tx.forced ' "$n" || break
	kill -0 "${pids[validator]}" 2>/dev/null || break
	stop validator KILL
	kills=$((kills + 1))
	run_validator "$l1"
done
((kills == 3)) && ok "killed $kills times" || fail "killed $kills times only"

outcome() { # CLAIM OUTCOME: whether a game of it ended so
	"$gainsay" games --db "$work/attacker.db" --json | /usr/bin/python3 -c '
import json, sys
sys.exit(not any(g["claim_id"] == sys.argv[1] and g["outcome"] == sys.argv[2] for g in json.load(sys.stdin)))' "$1" "$2"
}
until_outcome() { # CLAIM OUTCOME
	patience_s=900 eventually outcome "$1" "$2"
}
until_outcome "$wrong" challenger_won && ok "a censored challenger wins" || fail "the censored challenger does not win"
until_outcome "$honest" claimant_won && ok "a censored claimant wins" || fail "the censored claimant does not win"

# --- the sequencer relents ---
forced=$(grep -c '^{' "$work/relay.out") # whoever is under way now may meet its own call, which the sequencer takes at last
http "$sequencer/lie" none >"$work/ignored"
hasten validator "$work/validator.db" 2
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
[[ $code == 0 ]] && ok "the validator ends well" || fail "the validator ends with $code"
stop defend TERM
[[ $status == 0 ]] && ok "and so does the defender" || fail "the defender ends with $status"
stop attacker TERM
[[ $(stored "$work/validator.db" "$wrong" status) == invalid ]] && ok "the wrong claim is invalid" || fail "the wrong claim is not invalid"
[[ $(stored "$work/validator.db" "$honest" status) == final ]] && ok "the honest one is final" || fail "the honest claim is not final"
free=$(field "$(gs 2 stake show --json)" free)
/usr/bin/python3 -c "import sys; sys.exit(not float('$free') >= 1000)" && ok "the validator lost nothing (free $free)" || fail "the validator has $free left"

# Every call of Disputes went through L1 while the sequencer kept them out, and each once.
/usr/bin/python3 - "$work/relay.out" "$forced" <<'END' && ok "each was deposited once, and none reverted" || fail "deposits were doubled, or reverted: $(cat "$work/relay.out")"
import json, sys
deposits = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
senders = {d["from"] for d in deposits}
assert senders == {"0x70997970c51812dc3a010c7d01b50e0d17dc79c8", "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc"}, senders
calls = [(d["from"], d["to"], d["data"]) for d in deposits]
assert len(set(calls)) == len(calls), "the same deposit twice"
assert all(d["status"] == "0x1" for d in deposits[:int(sys.argv[2])]), [d["status"] for d in deposits]
print(len(deposits), "deposits")
END
told=$(http "$sequencer/told")
/usr/bin/python3 -c 'import json, sys; sys.exit(json.loads(sys.argv[1]).get("swallows", 0) < 10)' "$told" && ok "the sequencer did swallow transactions" || fail "the sequencer swallowed nothing: $told"
finish
