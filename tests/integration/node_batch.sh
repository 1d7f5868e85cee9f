#!/bin/bash
# Batches: an honest one becomes final, though a leaf of it was opened and its input demanded; of a dishonest one a validator executes the
# leaves, opens the wrong one, challenges it, and the whole batch is lost; of one with only its root on chain a leaf is opened.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

more_parameters='duties:
  demand_s: 900
  demand_base: 0.5
  demand_per_chunk: 0.25'
devnet_up 900 900
mkdir -p "$work/honest" "$work/b2"
for i in 0 1 2 3 4; do
	cp "$demo/inputs/${images[$i]}.npy" "$work/honest/"
done
"$gainsay" infer "$demo/digits.onnx" --input "$demo/inputs/${images[0]}.npy" --output-dir "$work/outputs" >/dev/null || exit 1
cat >"$work/wrong.txt" <<END
# the third is wrong
$demo/inputs/${images[0]}.npy
$demo/inputs/${images[1]}.npy  value:8
$demo/inputs/${images[2]}.npy  output:$work/outputs/output_0.npy
$demo/inputs/${images[3]}.npy
END
honest=$(field "$(gs 1 batch post "$demo/digits.onnx" "$work/honest" --value 5 --batches "$work/b1" --json)" batch_id)
wrong=$(field "$(gs 3 batch post "$demo/digits.onnx" "$work/wrong.txt" --value 4 --batches "$work/b3" --json)" batch_id)
hidden=$(field "$(gs 1 batch post "$demo/digits.onnx" "$work/honest" --value 5 --root-only --batches "$work/b1" --json)" batch_id)
[[ -s $work/b1/$honest.batch && -s $work/b3/$wrong.batch && -s $work/b1/$hidden.batch ]] && ok "three batches are posted, each kept in a file" || fail "files: $(ls "$work"/b*)"
gs 1 batch open "$hidden" 9 --batches "$work/b1" 2>"$work/none" && fail "a leaf that is none is opened" || ok "a leaf that is none: $(cat "$work/none")"
gs 2 batch open "$hidden" 1 2>"$work/none" && fail "who has no file opens a leaf" || ok "a leaf nobody can see: $(cat "$work/none")"
opened=$(field "$(gs 1 batch open "$hidden" 1 --batches "$work/b1" --json)" claim_id)
# Anybody opens a leaf that is in calldata, without a file, and demands its input.
asked=$(field "$(gs 2 batch open "$honest" 3 --json)" claim_id)
gs 2 demand "$asked" --json >/dev/null && ok "a leaf is opened by another, and its input demanded" || fail "the input cannot be demanded"
start defend gs 1 defend --db "$work/defend.db" --models "$work/models" --batches "$work/b1" --poll-ms 250
start liar gs 3 defend --db "$work/liar.db" --models "$work/models" --batches "$work/b3" --adversary outputs --poll-ms 250

db=$work/validator.db
run_validator() {
	start validator gs 2 run --db "$db" --models "$work/models" --batches "$work/b2" --rate 1 --poll-ms 100 --until-claims 3 --until-seconds 1000
}
batches_known() { # as the validator has met them on the chain
	[[ $("$gainsay" batch list --db "$db" --json 2>"$work/ignored" | grep -c '"batch_id"') == 3 ]]
}
run_validator
eventually batches_known
cp "$work/b1/$honest.batch" "$work/b2/" # handed over later, and one of them damaged
head -c 700 "$work/b3/$wrong.batch" >"$work/b2/$wrong.batch"
named=no
eventually grep -q 'batch.unusable.*cut short' "$work/validator.log" && named=yes
cp "$work/b3/$wrong.batch" "$work/b2/"
kills=0
for ((i = 0; i < 6; i++)); do
	sleep "0.$((RANDOM % 7 + 3))"
	kill -0 "${pids[validator]}" 2>/dev/null || break
	stop validator KILL
	kills=$((kills + 1))
	run_validator
done
hasten validator "$db" 3
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
[[ $code == 0 ]] && ok "the validator ends well, killed $kills times" || fail "the validator ends with $code"
stop defend TERM
stop liar TERM
[[ $named == yes ]] && ok "a damaged file is named" || fail "the damaged file is not named"

batch() { # ID FIELD
	/usr/bin/python3 -c 'import json, sys; print([b for b in json.loads(sys.argv[1]) if b["batch_id"] == sys.argv[2]][0][sys.argv[3]])' "$("$gainsay" batch list --db "$db" --json)" "$1" "$2"
}
[[ $(batch "$honest" status) == final && $(batch "$honest" sampled) == 5 ]] && ok "the honest batch is looked through and final" || fail "the honest batch is $(batch "$honest" status)"
[[ $(batch "$wrong" status) == lost ]] && ok "the batch with a wrong leaf is lost" || fail "the wrong batch is $(batch "$wrong" status)"
[[ $(batch "$hidden" kind) == root_only && $(batch "$hidden" sampled) == 0 ]] && ok "of a root nobody looks at leaves" || fail "the root-only batch: $("$gainsay" batch list --db "$db")"
[[ $(stored "$db" "$asked" status) == final ]] && ok "the leaf with the demand is final" || fail "the leaf is $(stored "$db" "$asked" status)"
[[ $(stored "$db" "$opened" status) == final ]] && ok "the leaf of a root is final" || fail "the opened leaf is $(stored "$db" "$opened" status)"
/usr/bin/python3 - "$("$gainsay" claims --db "$db" --json)" "$wrong" <<'END' && ok "one leaf of it was opened, the wrong one" || fail "leaves: $("$gainsay" claims --db "$db")"
import json, sys
leaves = [c for c in json.loads(sys.argv[1]) if c.get("batch") == sys.argv[2]]
assert [(c["leaf"], c["status"], c["verdict"]) for c in leaves] == [("2", "invalid", "invalid")], leaves
END
# 1000, less the model's bond; the fees of five leaves of 5 and of one more; an answer's price, 0.5 + 2 * 0.25.
[[ $(field "$(gs 1 stake show --json)" free) == 990.91 ]] && ok "the honest claimant has all but its fees" || fail "the claimant has $(gs 1 stake show --json)"
# The lost batch's bond: four times 10 and a tenth of 20, half of which is burned with the fee.
[[ $(field "$(gs 2 stake show --json)" free) == 1020 ]] && ok "the validator has half of the bond, less the price of its demand" || fail "the validator has $(gs 2 stake show --json)"
[[ $(field "$(gs 2 stake show --json)" locked) == 0 ]] && ok "nothing of the validator stays locked" || fail "something is locked: $(gs 2 stake show --json)"
[[ $(field "$(gs 3 stake show --json)" free) == 957.94 && $(field "$(gs 3 stake show --json)" locked) == 0 ]] && ok "the liar has lost bond and fee of all leaves" || fail "the liar has $(gs 3 stake show --json)"
finish
