#!/bin/bash
# A validator, an honest claimant, a dishonest one and a dishonest challenger on a real EVM: honest claims become final, the wrong
# one is caught, disputed and slashed, the attack on an honest claim costs the attacker its bond.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

devnet_up 600 900
honest=$(claim 1 "${images[0]}")
wrong=$(claim 1 "${images[1]}" "${images[0]}")
/usr/bin/python3 "$demo/wrong.py" weight "$demo/digits.onnx" "$work/attacker.onnx" features.2.weight 700 22

start defend gs 1 defend --db "$work/defend.db" --models "$work/models" --adversary outputs --poll-ms 250
# All of its traces lie in files, as those of models too large for memory do.
GAINSAY_TRACE_MEMORY_MIB=0 start validator gs 2 run --db "$work/validator.db" --models "$work/models" --rate 1 --poll-ms 250 --until-claims 2 --until-seconds 1000 --json
start attacker gs 3 run --db "$work/attacker.db" --models "$work/models" --rate 1 --poll-ms 250 --adversary "$work/attacker.onnx"

hasten validator "$work/validator.db" 2
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
[[ $code == 0 ]] && ok "the validator ends well when all is settled" || fail "the validator ends with $code"
stop defend TERM
[[ $status == 0 ]] && ok "SIGTERM ends a node well" || fail "the defender ends with $status"
stop attacker TERM

db=$work/validator.db
[[ $(stored "$db" "$honest" status) == final ]] && ok "the honest claim is final" || fail "the honest claim is not final"
[[ $(stored "$db" "$honest" verdict) == valid ]] && ok "and judged valid" || fail "the honest claim is not judged valid"
[[ $(stored "$db" "$wrong" status) == invalid ]] && ok "the wrong claim is invalid" || fail "the wrong claim is not invalid"

free_of() {
	field "$(gs "$1" stake show --json)" free
}
locked_of() {
	field "$(gs "$1" stake show --json)" locked
}
# The claimant's bond is 10 and a tenth of the value 5; half of it is burned, the rest is the earliest winner's but for the moves of
# the other challenger, which are refunded at 0.05 each.
won=$(free_of 2)
lost=$(free_of 3)
/usr/bin/python3 - "$won" <<'END' && ok "the validator lost nothing (free $won)" || fail "the validator has $won, not 1005.25 less refunds"
import decimal, sys
won = decimal.Decimal(sys.argv[1]) - 1000
prize, refund = decimal.Decimal("5.25"), decimal.Decimal("0.05")
moves = range(9)
sys.exit(won not in [prize - refund * n for n in moves] + [refund * n for n in moves])
END
/usr/bin/python3 -c "import sys; sys.exit(not float('$lost') <= 995.25)" && ok "the attacker lost its bond (free $lost)" || fail "the attacker still has $lost"
[[ $(locked_of 2) == 0 ]] && ok "nothing of the validator stays locked" || fail "the validator's stake is still locked"
games=$("$gainsay" games --db "$db" --json)
/usr/bin/python3 - "$games" "$honest" "$wrong" <<'END' && ok "the games ended as they should" || fail "the games ended differently: $games"
import json, sys
games, honest, wrong = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
on_honest = [g for g in games if g["claim_id"] == honest]
on_wrong = [g for g in games if g["claim_id"] == wrong]
assert on_honest and all(g["outcome"] == "claimant_won" for g in on_honest), on_honest
assert any(g["outcome"] == "challenger_won" for g in on_wrong), on_wrong
END
finish
