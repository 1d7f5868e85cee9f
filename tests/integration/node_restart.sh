#!/bin/bash
# SIGKILL at any moment of a dispute, again and again: the next start goes on, nothing is sent twice, the game is won.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

devnet_up 900 900
wrong=$(claim 1 "${images[1]}" "${images[0]}")
db=$work/validator.db
start defend gs 1 defend --db "$work/defend.db" --models "$work/models" --adversary outputs --poll-ms 250

run_validator() {
	start validator gs 2 run --db "$db" --models "$work/models" --rate 1 --poll-ms 100 --until-claims 1 --until-seconds 1000 --json
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
# A copy while the node runs, and on a machine that takes the node over, by a file.
"$gainsay" db backup "$db" "$work/backup.db" >/dev/null && ok "a running node is backed up" || fail "no backup of a running node"
hasten validator "$db" 1
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

# What an operator does with a database.
"$gainsay" db check "$db" --json >"$work/checked" && [[ $(/usr/bin/python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
print(d["sound"], d["tables"]["claims"]["records"], d["tables"]["signed_moves"]["records"] >= 2,
      d["audit"]["holds"] and d["audit"]["first"] == 1 and d["audit"]["entries"] > 20 and len(d["audit"]["head"]) == 66)' "$work/checked") == "True 1 True True" ]] &&
	ok "a database is checked" || fail "db check"
"$gainsay" db dump "$db" --json >"$work/dumped" && /usr/bin/python3 - "$work/dumped" "$wrong" <<'END' && ok "and printed, without its secret" || fail "db dump"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert any(r["table"] == "claims" and sys.argv[2].removeprefix("0x") in json.dumps(r["value"]) for r in lines) # keys are numbers
assert [r["value"] for r in lines if r["key"] == "sampling_key"] == ["(secret)"]
END
"$gainsay" db export "$db" "$work/all.txt" >/dev/null && "$gainsay" db import "$work/moved.db" "$work/all.txt" >/dev/null &&
	"$gainsay" db export "$work/moved.db" "$work/again.txt" >/dev/null && cmp -s "$work/all.txt" "$work/again.txt" &&
	ok "a database goes to another machine as a file" || fail "db export and import"
[[ $(stat -c %a "$work/all.txt") == 600 ]] && ok "which others cannot read" || fail "the export can be read by others"
"$gainsay" db export "$db" "$work/moves.txt" --moves >/dev/null && "$gainsay" db import "$work/backup.db" "$work/moves.txt" --moves >/dev/null &&
	ok "signed moves are added to an older copy" || fail "signed moves are not added"
size=$(stat -c %s "$db/data.mdb")
"$gainsay" db compact "$db" >/dev/null && (($(stat -c %s "$db/data.mdb") <= size)) && [[ $(stored "$db" "$wrong" status) == invalid ]] &&
	ok "a database is compacted" || fail "db compact"
# An older copy in the node's place: it learns from the chain what it did since, and sends nothing.
"$gainsay" db restore "$work/backup.db" "$work/restored.db" >/dev/null || fail "db restore"
db=$work/restored.db
run_validator
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
[[ $code == 0 && $(stored "$db" "$wrong" status) == invalid ]] && ok "a node goes on from an older copy" || fail "the node on an older copy ends with $code"
[[ $(field "$(gs 2 stake show --json)" free) == 1005.25 ]] && ok "and changes nothing" || fail "the stake is another one"
for bad in "db check $work/nowhere" "db dump $db --table clams" "db dump $db --prefix 0" "db import $db $work/all.txt" \
	"db import $work/new.db $work/moves.txt" "db import $work/new.db $demo/digits.onnx" "db export $db $work/all.txt" "db backup $db $work"; do
	# shellcheck disable=SC2086
	"$gainsay" $bad >"$work/bad.out" 2>"$work/bad.err"
	[[ $? == 1 && ! -s $work/bad.out && $(wc -l <"$work/bad.err") == 1 && ! -e $work/new.db ]] && ok "refuses 'gainsay ${bad%% $work*}'" || fail "gainsay $bad"
done
finish
