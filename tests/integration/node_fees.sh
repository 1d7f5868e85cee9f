#!/bin/bash
# Gas that gets dear while a transaction waits: a challenge that offered less is replaced, by a higher price with the same nonce, before
# its window ends; a cap holds what nobody owes back until gas is cheap again; what all of it cost is counted.
# takes_s: 65
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

log=$work/validator.log
lines() {
	grep -c "$1" "$log" 2>/dev/null || true
}
# until_line TEXT [TIMES]
until_line() {
	eventually has_lines "$1" "${2:-1}"
}
has_lines() {
	(($(lines "$1") >= $2))
}
gwei() {
	printf '"0x%x"' $(($1 * 1000000000))
}
# dear BLOCKS GWEI: so many blocks, each with this base fee
dear() {
	local i
	for ((i = 0; i < $1; i++)); do
		rpc anvil_setNextBlockBaseFeePerGas "[$(gwei "$2")]" >/dev/null
		rpc evm_mine '[]' >/dev/null
		sleep 1
	done
}

devnet_up 900 20 5
wrong=$(claim 1 "${images[1]}" "${images[0]}")
touch "$log"
# No blocks from here on but ours: what the node sends waits.
rpc evm_setIntervalMining '[0]' >/dev/null
rpc evm_mine '[]' >/dev/null
export GAINSAY_CHAIN_BUMP_BLOCKS=6 GAINSAY_INTERVALS_RESEND_S=2
start validator gs 2 run --db "$work/validator.db" --models "$work/models" --rate 1 --poll-ms 200 --until-claims 1 --until-seconds 1000 --json

until_line tx.signed && ok "the challenge is signed" || fail "no challenge is signed"
(($(lines tx.mined) == 0)) && ok "and waits" || fail "it was mined at once"
dear 6 60
until_line tx.replaced && ok "it is replaced when gas is dear" || fail "it is not replaced"
nonces=$(grep -E 'tx\.(signed|replaced)' "$log" | head -2 | grep -o 'nonce=[0-9]*' | sort -u | wc -l)
[[ $nonces == 1 ]] && ok "with the same nonce" || fail "with another nonce"
/usr/bin/python3 - "$log" <<'END' && ok "for an eighth more at least" || fail "for less than an eighth more"
import re, sys
fees = [int(m) for m in re.findall(r"tx\.(?:signed|replaced) .*max_fee=(\d+)", open(sys.argv[1]).read())]
sys.exit(not (len(fees) >= 2 and 8 * fees[1] >= 9 * fees[0] and fees[1] > 60 * 10**9))
END
dear 3 60
until_line 'tx.mined.*success=yes' && ok "the replacement is mined" || fail "the replacement is not mined"
rpc evm_setIntervalMining '[1]' >/dev/null
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
[[ $code == 0 ]] && ok "the validator ends well" || fail "the validator ends with $code"
[[ $(stored "$work/validator.db" "$wrong" status) == invalid ]] && ok "the wrong claim is invalid" || fail "the wrong claim is not invalid"
/usr/bin/python3 - "$work/validator.out" "$log" <<'END' && ok "its cost is the sum of its receipts" || fail "its cost is not the sum of its receipts"
import decimal, json, re, sys
told = json.load(open(sys.argv[1]))
mined = [decimal.Decimal(m) for m in re.findall(r"tx\.mined .*cost=([0-9.]+)", open(sys.argv[2]).read())]
sys.exit(not (mined and sum(mined) == decimal.Decimal(told["gas_spent"]) > 0))
END

# A cap: while gas costs more, nobody else's claim is finalised by this node; then it is.
rpc anvil_setNextBlockBaseFeePerGas "[$(gwei 1)]" >/dev/null
late=$(claim 1 "${images[0]}")
export GAINSAY_CHAIN_FEE_MAX_GWEI=20
log=$work/capped.log
touch "$log"
rpc evm_setIntervalMining '[0]' >/dev/null
start capped gs 2 run --db "$work/validator.db" --models "$work/models" --rate 1 --poll-ms 200 --until-claims 2 --until-seconds 1000
rpc evm_increaseTime '[1000]' >/dev/null
dear 2 60
until_line tx.cap_binds && ok "the cap is told" || fail "the cap is not told"
(($(lines tx.signed) == 0)) && ok "nothing is signed above it" || fail "something is signed above it"
rpc anvil_setNextBlockBaseFeePerGas "[$(gwei 1)]" >/dev/null
rpc evm_setIntervalMining '[1]' >/dev/null
wait "${pids[capped]}"
code=$?
unset "pids[capped]"
[[ $code == 0 ]] && ok "the capped validator ends well" || fail "the capped validator ends with $code"
[[ $(stored "$work/validator.db" "$late" status) == final ]] && ok "the claim is final once gas is cheap" || fail "the claim is not final"
finish
