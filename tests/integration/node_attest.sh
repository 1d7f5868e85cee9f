#!/bin/bash
# Attestations: every claim is audited; a validator that found a claim right attests it, reports the published root and earns the fees,
# through SIGKILL at any moment; of a claim that is lost its stake comes back.
# takes_s: 110
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

more_parameters='duties:
  audit: 1
  audit_s: 900
  epoch_s: 5
  report_s: 900
  attest_stake: 2'
devnet_up 900 900
db=$work/validator.db
cat >"$work/attest.yaml" <<END
attest:
  mode: on
  stake: 3
  locked_share: 0.01
  million_gas: 0.001
END
two_claims
run_validator() {
	start validator gs 2 run --config "$work/attest.yaml" --db "$db" --models "$work/models" --rate 1 --poll-ms 100 --until-claims 2 --until-seconds 1000
}
run_validator
kills=0
for ((i = 0; i < 24; i++)); do
	sleep "$((RANDOM % 2 + 1)).$((RANDOM % 10))"
	kill -0 "${pids[validator]}" 2>/dev/null || break
	stop validator KILL
	kills=$((kills + 1))
	run_validator
done
report_s=900 hasten validator "$db" 2 "$silent"
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
[[ $code == 0 ]] && ok "the validator ends well, killed $kills times" || fail "the validator ends with $code"
stop defend TERM
[[ $(stored "$db" "$served" status) == final ]] && ok "the honest claim is final" || fail "it is $(stored "$db" "$served" status)"
[[ $(stored "$db" "$served" audited) == True ]] && ok "after its audit" || fail "it was not audited"
attested() {
	/usr/bin/python3 -c 'import json, sys; print([(float(a["stake"]), a["reported"], float(a["reward"])) for a in json.loads(sys.argv[1])["attestations"]])' \
		"$("$gainsay" show "$1" --db "$db" --json)"
}
[[ $(attested "$served") == "[(0.0, True, 0.015)]" ]] && ok "it was attested, reported and collected" || fail "attested: $(attested "$served")"
[[ $(attested "$silent") == "[(0.0, False, 0.0)]" ]] && ok "of the other one only the stake came back" || fail "attested: $(attested "$silent")"
[[ $(stored "$db" "$silent" status) == invalid ]] && ok "the silent claim is lost" || fail "it is $(stored "$db" "$silent" status)"
# Half of the silent claim's bond of 10.5, and the honest one's whole fee of 0.015: the only one who attested, and the pool has no more.
[[ $(field "$(gs 2 stake show --json)" free) == 1005.265 ]] && ok "the prize, the fee, and every stake are here" || fail "the validator has $(gs 2 stake show --json)"
[[ $(field "$(gs 2 stake show --json)" locked) == 0 ]] && ok "nothing stays locked" || fail "something is locked: $(gs 2 stake show --json)"

# Each call once, none reverted; and what they took, for the bounds of validator/node/attest.h.
/usr/bin/python3 - "$url" "$work" "$root/validator/node/attest.h" <<'END' && ok "every call was made once, within the gas that is counted on" || fail "calls of Duties"
import json, re, sys, urllib.request
url, work, header = sys.argv[1:]
def call(method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})) as reply:
        return json.load(reply)["result"]
duties = json.load(open(work + "/deployment.json"))["contracts"]["Duties"].lower()
sender = "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc"
bounds = {name: eval(value) for name, value in re.findall(r"(GS_ATTEST_\w*GAS) = ([0-9* ]+)", open(header).read())}
bindings = open(header.replace("validator/node/attest.h", "chain/eth/bindings.h")).read()
names = {selector: name for name, selector in re.findall(r"GS_DUTIES_FN_(ATTEST|REPORT|COLLECT) UINT32_C\((0x[0-9a-f]+)\)", bindings)}
seen = {}
for number in range(int(call("eth_blockNumber"), 16) + 1):
    for tx in call("eth_getBlockByNumber", hex(number), True)["transactions"]:
        if tx["from"] == sender and tx["to"] == duties:
            receipt = call("eth_getTransactionReceipt", tx["hash"])
            assert int(receipt["status"], 16) == 1, tx["input"]
            seen.setdefault(tx["input"], []).append(int(receipt["gasUsed"], 16))
assert all(len(gas) == 1 for gas in seen.values()), "the same call twice"
gas = {}
for data, used in seen.items():
    if data[:10] in names:
        gas.setdefault(names[data[:10]], []).append(used[0])
print(gas)
assert len(gas["ATTEST"]) == 2 and len(gas["REPORT"]) == 1 and len(gas["COLLECT"]) == 2, gas
assert max(gas["ATTEST"]) <= bounds["GS_ATTEST_GAS"] and max(gas["REPORT"]) <= bounds["GS_ATTEST_REPORT_GAS"], bounds
assert max(gas["COLLECT"]) <= bounds["GS_ATTEST_COLLECT_GAS"], bounds
END
finish
