#!/bin/bash
# An account that can pay for one game but not for two plays two wrong claims one after the other; with next to nothing it opens none and says so.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

log=$work/validator.log
until_line() { # TEXT
	eventually grep -q "$1" "$log"
}
# balance WEI, of the validator's account
balance() {
	/usr/bin/python3 - "$url" "$account" "$1" <<'END'
import json, sys, urllib.request
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "anvil_setBalance", "params": [sys.argv[2], hex(int(sys.argv[3]))]}).encode()
answer = json.load(urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"})))
sys.exit("error" in answer)
END
}

devnet_up 900 8 8
first=$(claim 1 "${images[1]}" "${images[0]}")
second=$(claim 1 "${images[2]}" "${images[0]}")
account=$(field "$(gs 2 stake show --json)" account)
# Gas is reckoned at the cap, whatever the chain asks for.
export GAINSAY_CHAIN_FEE_MAX_GWEI=2 GAINSAY_CAPITAL_PRICE_PERCENT=100000
balance 1000000000000 || fail "the balance cannot be set"
start validator gs 2 run --db "$work/validator.db" --models "$work/models" --rate 1 --poll-ms 250 --until-claims 2 --until-seconds 1000 --json
until_line challenge.unaffordable && ok "without gas for one game it says so" || fail "it does not say that it is poor"
until_line "capital.short.*more_games=0 bound_by=gas" && ok "and how many more can be paid for" || fail "no alarm"
grep -q tx.signed "$log" && fail "a transaction was signed" || ok "and nothing was sent"
game=$(grep -o 'challenge.cost .*cost_max=[0-9.]*' "$log" | head -1 | sed 's/.*=//')
balance "$(/usr/bin/python3 -c 'import decimal, sys; print(int(decimal.Decimal(sys.argv[1]) * 10**18 * 3 / 2))' "$game")"
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
[[ $code == 0 ]] && ok "the validator ends well" || fail "the validator ends with $code: $(tail -3 "$log")"
for id in "$first" "$second"; do
	[[ $(stored "$work/validator.db" "$id" status) == invalid ]] && ok "a wrong claim is invalid" || fail "claim $id is $(stored "$work/validator.db" "$id" status)"
done
/usr/bin/python3 - "$log" <<'END' && ok "and the second game was opened when the first was over" || fail "two games at once: $(grep -E 'tx.signed|game' "$log")"
import re, sys
opened = ended = most = 0
for line in open(sys.argv[1]):
    opened += "game.opened" in line
    ended += "game.over" in line
    most = max(most, opened - ended)
sys.exit(not (opened == 2 and ended == 2 and most == 1))
END
found() {
	/usr/bin/python3 -c 'import json, sys; c = json.load(open(sys.argv[1]))["capital"]; sys.exit(not (c["known"] and c["games"] == 0 and c["more_games"] == 1 and c["bound_by"] == "gas"))' "$work/validator.out"
}
found && ok "at the end one more could be paid for" || fail "$(cat "$work/validator.out")"
finish
