#!/bin/bash
# Claims of one model that wait together: a validator prepares the model once for all of them, with two threads, and finds each right;
# one that also attests, and so commits to every trace, prepares it once too; without room for prepared models nothing else changes.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

devnet_up 600 600
claims=()
for i in 0 1 2 3 4 5; do
	claims+=("$(claim 1 "${images[$i]}")")
done
cat >"$work/attest.yaml" <<END
attest:
  mode: on
END

# validator NAME PARTY [OPTION...]: until all claims are settled
validator() {
	start "$1" gs "$2" run --db "$work/$1.db" --models "$work/models" --rate 1 --poll-ms 200 --threads 2 --until-claims 6 --until-seconds 1000 "${@:3}"
}
GAINSAY_EXECUTION_PREPARED_MIB=0 validator bare 3
validator attester 0 --config "$work/attest.yaml"
validator sharer 2
for name in sharer attester bare; do
	hasten "$name" "$work/$name.db" 6
	wait "${pids[$name]}"
	code=$?
	unset "pids[$name]"
	[[ $code == 0 ]] && ok "the $name ends well" || fail "the $name ends with $code"
	right=0
	for id in "${claims[@]}"; do
		[[ $(stored "$work/$name.db" "$id" verdict) == valid && $(stored "$work/$name.db" "$id" status) == final ]] && right=$((right + 1))
	done
	((right == 6)) && ok "the $name finds all claims right" || fail "the $name finds $right of 6 claims right"
done
lines() { # NAME EVENT FIELDS
	grep -c "$2.*$3" "$work/$1.log"
}
[[ $(lines sharer model.prepared 'for=outputs') == 1 && $(lines sharer model.prepared '') == 1 ]] && ok "six claims share one prepared model" || fail "prepared: $(grep model.prepared "$work/sharer.log")"
[[ $(lines attester model.prepared 'for=trace') == 1 && $(lines attester model.prepared '') == 1 ]] && ok "so they do where traces are committed to" || fail "prepared: $(grep model.prepared "$work/attester.log")"
[[ $(lines bare model.dropped '') -ge 1 && $(lines bare model.dropped '') == "$(lines bare model.prepared '')" ]] && ok "without room nothing is kept" || fail "dropped: $(grep 'model\.' "$work/bare.log")"
finish
