#!/bin/bash
# Reorgs in the middle of a dispute: blocks with moves of both sides vanish; both nodes rewind, send again, and the game ends as it should.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

slots=32 # what is taken back here is not final yet
devnet_up 900 900
honest=$(claim 1 "${images[0]}")
wrong=$(claim 1 "${images[1]}" "${images[0]}")
db=$work/validator.db
for _ in 1 2 3 4 5; do # the claims stay; what is built on them does not
	rpc evm_mine '[]' >/dev/null
done
start defend gs 1 defend --db "$work/defend.db" --models "$work/models" --adversary outputs --poll-ms 200
touch "$work/validator.log"
start validator gs 2 run --db "$db" --models "$work/models" --rate 1 --poll-ms 200 --until-claims 2 --until-seconds 1000

moved() { # how many moves the validator has planned
	grep -c 'move.planned' "$work/validator.log" 2>/dev/null || true
}
has_moved() { # TIMES
	(($(moved) >= $1))
}
knows_newest() {
	"$gainsay" db dump "$db" --table heads --json | grep -q "\"0x68$(printf %016x "$(($(rpc eth_blockNumber '[]')))")\""
}
for want in 1 2 3; do
	eventually has_moved "$want"
	sleep 1
	rpc evm_setIntervalMining '[0]' >/dev/null
	eventually knows_newest # and so sees that it vanishes
	rpc anvil_reorg '[3, []]' >/dev/null
	rpc evm_setIntervalMining '[1]' >/dev/null
done
hasten validator "$db" 2
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
(($(grep -c 'chain.reorg' "$work/validator.log") >= 3)) && ok "the validator saw the reorgs" || fail "the validator saw no reorg"
[[ $code == 0 ]] && ok "it ends well" || fail "it ends with $code"
[[ $(stored "$db" "$wrong" status) == invalid ]] && ok "the wrong claim is invalid" || fail "the wrong claim is not invalid"
[[ $(stored "$db" "$honest" status) == final ]] && ok "the honest claim is final" || fail "the honest claim is not final"
[[ $(field "$(gs 2 stake show --json)" free) == 1005.25 ]] && ok "the prize is collected" || fail "the prize is missing"

# The database must tell the same story as a fresh one that saw only the final chain.
start fresh gs 3 run --db "$work/fresh.db" --models "$work/models" --rate 0 --poll-ms 100 --until-claims 2 --until-seconds 1000
wait "${pids[fresh]}"
unset "pids[fresh]"
facts() {
	"$gainsay" games --db "$1" --json
	"$gainsay" claims --db "$1" --json | grep -Ev '"(sampled|reason|rate_ppm|verdict|computed_root)"' | sed 's/,$//'
}
facts "$db" >"$work/facts.reorged"
facts "$work/fresh.db" >"$work/facts.fresh"
cmp -s "$work/facts.reorged" "$work/facts.fresh" && ok "rewound exactly: a fresh node stores the same" || fail "facts differ: $(diff "$work/facts.reorged" "$work/facts.fresh")"
finish
