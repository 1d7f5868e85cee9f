#!/bin/bash
# Data on demand: a claimant's node puts the demanded bytes on chain by itself and is paid for them; a claimant that is silent loses its claim
# to whoever asked.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

more_parameters='duties:
  demand_s: 600
  demand_base: 0.5
  demand_per_chunk: 0.25'
devnet_up 600 600
two_claims
# The model's input is 256 bytes, two chunks; the output block is one.
asked=$(gs 2 demand "$served" --json)
[[ $(field "$asked" kind) == input && $(field "$asked" block) == 0 ]] && ok "the input is demanded" || fail "the demand says: $asked"
gs 2 demand "$silent" --kind output >/dev/null && ok "and an output" || fail "the output cannot be demanded"
gs 3 demand "$served" 2>"$work/twice" >/dev/null && fail "the same bytes are demanded twice" || ok "nothing is demanded twice: $(cat "$work/twice")"
gs 2 demand "0x${served:4}00" 2>"$work/none" >/dev/null && fail "a claim that is none is found" || ok "a claim that is none: $(cat "$work/none")"
validate --rate 1 --until-seconds 1000
[[ $(stored "$db" "$served" status) == final ]] && ok "who answers has its claim final" || fail "the served claim is $(stored "$db" "$served" status)"
[[ $(stored "$db" "$silent" status) == invalid ]] && ok "who is silent loses it" || fail "the silent claim is $(stored "$db" "$silent" status)"
# Party 1 staked 1000, less the model's bond that stays locked, less the fee 0.015; it got 0.5 + 2 * 0.25.
[[ $(field "$(gs 1 stake show --json)" free) == 990.985 ]] && ok "the answer was paid" || fail "the claimant has $(gs 1 stake show --json)"
# Half of the bond of 10.5, and nothing for an answer that never came.
[[ $(field "$(gs 2 stake show --json)" free) == 1004.25 ]] && ok "the demander has its prize, and its price back" || fail "the demander has $(gs 2 stake show --json)"
finish
