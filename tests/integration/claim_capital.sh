#!/bin/bash
# gainsay claim by an account that could not pay for the gas of a defence: a warning with the amounts, and with --strict nothing is posted.
# timeout_s: 200
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

# balance WEI, of party 2's account
balance() {
	/usr/bin/python3 - "$url" "$account" "$1" <<'END'
import json, sys, urllib.request
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "anvil_setBalance", "params": [sys.argv[2], hex(int(sys.argv[3]))]}).encode()
answer = json.load(urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"})))
sys.exit("error" in answer)
END
}

devnet_up 240 8 8
account=$(field "$(gs 2 stake show --json)" account)
post() { # ARGUMENTS...: party 2's claim; what it says goes to $work/post.log
	gs 2 claim "$demo/digits.onnx" --input "$demo/inputs/${images[3]}.npy" --value 5 --json "$@" 2>"$work/post.log"
}
nonce() {
	/usr/bin/python3 -c '
import json, sys, urllib.request
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionCount", "params": [sys.argv[2], "latest"]}).encode()
print(json.load(urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"})))["result"])' "$url" "$account"
}
before=$(nonce)
post --strict >/dev/null && [[ ! -s $work/post.log ]] && ok "with money for gas a claim is posted without a word" || fail "a claim: $(<"$work/post.log")"
[[ $(nonce) != "$before" ]] && ok "and is on the chain" || fail "it was not posted"
balance 3000000000000000 || fail "the balance cannot be set" # gas for the claim, at the chain's price, and not for a defence at 1000 times that
export GAINSAY_CAPITAL_PRICE_PERCENT=100000
before=$(nonce)
post --strict >/dev/null && fail "a claim that could not be defended was posted" || [[ $(<"$work/post.log") == "gainsay: "*"could not be defended: its gas may cost "*" at worst ("*" transactions), and the account has 0.003; send it more; nothing was posted" ]] &&
	ok "--strict refuses what could not be defended: $(cut -c1-140 "$work/post.log")" || fail "--strict: $(<"$work/post.log")"
[[ $(nonce) == "$before" ]] && ok "and sends nothing" || fail "it sent something"
post >/dev/null && [[ $(<"$work/post.log") == "gainsay: warning: a challenge could not be defended: "* ]] && ok "else it is a warning" || fail "no warning: $(<"$work/post.log")"
finish
