#!/bin/bash
# An honest defender does not stand by a claim that its own execution refutes; the challenger wins by the clock. And a claim whose
# model the validator does not have is unavailable: reported, never challenged, final.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

devnet_up 600 600 8
wrong=$(claim 1 "${images[1]}" "${images[0]}")
gs 1 model register "$demo/digits-other.onnx" >/dev/null
unknown=$(field "$(gs 1 claim "$demo/digits-other.onnx" --input "$demo/inputs/${images[0]}.npy" --value 5 --json)" claim_id)
db=$work/validator.db
start defend gs 1 defend --db "$work/defend.db" --models "$work/models" --poll-ms 250
start validator gs 2 run --db "$db" --models "$work/models" --rate 1 --poll-ms 250 --until-claims 2 --until-seconds 1000
hasten validator "$db" 2 "$wrong"
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
[[ $code == 0 ]] && ok "the validator ends well" || fail "the validator ends with $code"
[[ $(stored "$db" "$wrong" status) == invalid ]] && ok "the wrong claim is invalid" || fail "the wrong claim is not invalid"
"$gainsay" games --db "$db" --json | grep -q '"reason": "timeout"' && ok "by the clock" || fail "not by the clock: $("$gainsay" games --db "$db" --json)"
grep -q "claim.not_defended claim=$wrong" "$work/defend.log" && ok "its defender said that it does not defend it" || fail "the defender said nothing"
grep -q "move.planned" "$work/defend.log" && fail "the defender moved" || ok "and made no move"
[[ $(field "$(gs 2 stake show --json)" free) == 1005.25 ]] && ok "the prize is collected" || fail "the prize is missing"
[[ $(stored "$db" "$unknown" verdict) == unavailable ]] && ok "without the model the verdict is unavailable" || fail "the verdict is $(stored "$db" "$unknown" verdict)"
[[ $(stored "$db" "$unknown" status) == final && $(stored "$db" "$unknown" games) == 0 ]] && ok "and nobody challenged it" || fail "the claim is $(stored "$db" "$unknown" status)"
finish
