#!/bin/bash
# Play off chain between two nodes: a dispute of which the chain sees a challenge, one agreed state and the last step; the same with a claimant
# that is killed in the middle again and again, with one that falls silent for good, and with somebody who forges, replays and damages messages.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

devnet_up 900 900 15
mkdir "$work/talk"
# A flipped bit of one weight, so that the two sides differ in a sum: the longest kind of game.
/usr/bin/python3 "$demo/wrong.py" weight "$demo/digits.onnx" "$work/liar.onnx" features.2.weight 700 22
lie() { # IMAGE
	"$gainsay" infer "$work/liar.onnx" --input "$demo/inputs/$1.npy" --output-dir "$work/outputs" >/dev/null || return 1
	field "$(gs 1 claim "$demo/digits.onnx" --input "$demo/inputs/$1.npy" --value 5 --output "$work/outputs/output_0.npy" --json)" claim_id
}
cat >"$work/talk.yaml" <<END
talk:
  folder: $work/talk
  patience_s: 60
END

# calls SENDER: names and number of the calls of Disputes by party 1 or 2 since the last time, failed ones not counted
since=0
calls() {
	/usr/bin/python3 - "$url" "$work" "$root/chain/eth/bindings.h" "$since" <<'END'
import json, re, sys, urllib.request
url, work, header, since = sys.argv[1:]
def call(method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})) as reply:
        return json.load(reply)["result"]
disputes = json.load(open(work + "/deployment.json"))["contracts"]["Disputes"].lower()
names = {selector: signature for selector, signature in re.findall(r"GS_DISPUTES_FN_\w+ UINT32_C\((0x[0-9a-f]+)\) /\* (\w+)\(", open(header).read())}
party = {"0x70997970c51812dc3a010c7d01b50e0d17dc79c8": 1, "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc": 2}
seen = []
for number in range(int(since) + 1, int(call("eth_blockNumber"), 16) + 1):
    for tx in call("eth_getBlockByNumber", hex(number), True)["transactions"]:
        if tx["to"] == disputes and int(call("eth_getTransactionReceipt", tx["hash"])["status"], 16):
            seen.append(f"{party[tx['from']]}:{names[tx['input'][:10]]}")
print(" ".join(seen))
END
}
block() {
	/usr/bin/python3 - "$url" <<'END'
import json, sys, urllib.request
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}).encode()
with urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"})) as reply:
    print(int(json.load(reply)["result"], 16))
END
}
defend() {
	start defend gs 1 defend --config "$work/talk.yaml" --db "$work/defend.db" --models "$work/models" --adversary "$work/liar.onnx" --poll-ms "${1:-200}"
}
validate() { # CLAIMS, in the background
	start validator gs 2 run --config "$work/talk.yaml" --db "$work/validator.db" --models "$work/models" --rate 1 --poll-ms 200 --until-claims "$1" --until-seconds 1000
}
ended() { # NAME
	wait "${pids[validator]}"
	local code=$?
	unset "pids[validator]"
	[[ $code == 0 && $(stored "$work/validator.db" "$2" status) == invalid ]] && ok "$1: the wrong claim is lost" || fail "$1: the validator ends with $code, the claim is $(stored "$work/validator.db" "$2" status)"
}

# 1: both talk to the end.
since=$(block)
wrong=$(lie "${images[1]}")
defend
validate 1
ended "both talk" "$wrong"
seen=$(calls)
[[ $seen == "2:challenge 2:agree 2:selectSegmentAndProve" ]] && ok "the chain sees three calls: $seen" || fail "the chain saw: $seen"
said=$(grep -c talk.heard "$work/validator.log")
((said >= 3)) && ok "the validator heard $said moves" || fail "the validator heard $said moves"

# 2: both are killed in the middle, again and again; and somebody else writes into the folder, in their names.
since=$(block)
wrong=$(lie "${images[2]}")
forge() { # damaged, replayed, turned and endless messages in the place of the real ones, as long as the game lasts
	/usr/bin/python3 - "$work/talk" <<'END'
import os, random, sys, time
folder, rng, kept = sys.argv[1], random.Random(1), []
end = time.time() + 60
while time.time() < end:
    for name in [n for n in os.listdir(folder) if n.endswith(".talk")]:
        path = os.path.join(folder, name)
        try:
            data = open(path, "rb").read()
        except FileNotFoundError:
            continue
        kept.append(data)
        bad, kind = bytearray(data), rng.randrange(8)
        if len(bad) < 9: continue
        if kind == 0: bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        if kind == 1: bad = bad[:rng.randrange(len(bad))]
        if kind == 2: bad = bytearray(rng.choice(kept))
        if kind == 3: bad = bytearray(rng.randbytes(rng.randrange(1, 9000)))
        if kind == 4: bad[8] ^= 3  # the other side says the same
        if kind == 5 and len(bad) > 150: bad[100] ^= 1  # of the signature
        if kind >= 6: continue
        with open(path + ".forged", "wb") as f:
            f.write(bad)
        os.rename(path + ".forged", path)
    time.sleep(0.3)
END
}
# At first the claimant is away, and a forged message is there in its name.
game_on() { # CLAIM: prints the id of its open game
	"$gainsay" games --db "$work/validator.db" --json | /usr/bin/python3 -c '
import json, sys
on = [g["game_id"] for g in json.load(sys.stdin) if g["claim_id"] == sys.argv[1] and g["outcome"] == "open"]
sys.exit(print(on[0]) if on else 1)' "$1"
}
refused() {
	grep -q talk.refused "$work/validator.log"
}
stop defend TERM
validate 2
eventually game_on "$wrong" >"$work/game" || fail "there is no game"
head -c 200 /dev/zero >"$work/talk/$(<"$work/game").claimant.talk"
eventually refused && ok "a forged message is refused" || fail "a forged message is not refused"
defend
forge &
forger=$!
pids[forger]=$forger
for ((i = 0; i < 5; i++)); do
	sleep "0.$((RANDOM % 6 + 3))"
	stop defend KILL
	defend
	sleep "0.$((RANDOM % 6 + 3))"
	kill -0 "${pids[validator]}" 2>/dev/null || break
	stop validator KILL
	validate 2
done
ended "killed and lied to" "$wrong"
stop forger TERM
refused=$(cat "$work/validator.log" "$work/defend.log" | sed -n 's/.*talk.refused.*why=//p' | sort | uniq -c | tr -s ' \n' ' ')
[[ -n $refused ]] && ok "what was forged is refused:$refused" || fail "nothing was refused"
seen=$(calls)
[[ $seen == 2:challenge* && $seen == *agree* ]] && ok "the chain saw: $seen" || fail "the chain saw: $seen"

# 3: the claimant falls silent for good in the middle: the validator puts the newest agreed state on chain, makes there the very move that was
# not answered, and waits for the clock.
since=$(block)
heard=$(grep -c talk.heard "$work/validator.log")
wrong=$(lie "${images[3]}")
stop defend TERM
defend 10000 # slow, so that it can be caught between two moves
validate 3
has_heard() {
	(($(grep -c talk.heard "$work/validator.log") > heard))
}
has_selected() {
	[[ $(calls) == *2:select ]]
}
eventually has_heard
stop defend KILL
later 61 # its patience
eventually has_selected || fail "no move is made on chain"
hasten validator "$work/validator.db" 3 "$wrong"
ended "silent in the middle" "$wrong"
seen=$(calls)
[[ $seen == "2:challenge 2:agree 2:select 2:timeout" ]] && ok "the chain saw: $seen" || fail "the chain saw: $seen"

free=$(field "$(gs 2 stake show --json)" free)
[[ $free == 1015.75 ]] && ok "three prizes, no bond lost" || fail "the validator has $(gs 2 stake show --json)"
[[ $(field "$(gs 2 stake show --json)" locked) == 0 ]] && ok "nothing stays locked" || fail "something is locked"
finish
