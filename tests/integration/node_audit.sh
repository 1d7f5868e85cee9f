#!/bin/bash
# Audits: every claim's lot is drawn; a claimant's node publishes its trace root by itself and its claim becomes final; one that is silent
# loses its claim.
# timeout_s: 240
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

more_parameters='duties:
  audit: 1
  audit_s: 20
  epoch_s: 5'
devnet_up 12 60
shown=$(claim 1 "${images[0]}")
silent=$(claim 3 "${images[1]}")
start defend gs 1 defend --db "$work/defend.db" --models "$work/models" --poll-ms 250
start validator gs 2 run --db "$work/validator.db" --models "$work/models" --rate 0 --poll-ms 250 --until-claims 2 --until-seconds 180
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
[[ $code == 0 ]] && ok "the validator ends well" || fail "the validator ends with $code"
stop defend TERM
db=$work/validator.db
[[ $(stored "$db" "$shown" status) == final ]] && ok "a claim that answered its audit is final" || fail "it is $(stored "$db" "$shown" status)"
[[ $(stored "$db" "$shown" audited) == True ]] && ok "its trace root is published" || fail "its trace root is not published"
[[ $(stored "$db" "$silent" status) == invalid ]] && ok "a claim whose root was not shown is lost" || fail "it is $(stored "$db" "$silent" status)"
[[ $(field "$(gs 2 stake show --json)" free) == 1005.25 ]] && ok "to the validator that said so" || fail "the validator has $(gs 2 stake show --json)"
finish
