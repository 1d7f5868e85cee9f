#!/bin/bash
# Audits: every claim's lot is drawn; a claimant's node publishes its trace root by itself and its claim becomes final; one that is silent
# loses its claim.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

more_parameters='duties:
  audit: 1
  audit_s: 600
  epoch_s: 5'
devnet_up 300 600
two_claims
validate --rate 0 --until-seconds 1000
[[ $(stored "$db" "$served" status) == final ]] && ok "a claim that answered its audit is final" || fail "it is $(stored "$db" "$served" status)"
[[ $(stored "$db" "$served" audited) == True ]] && ok "its trace root is published" || fail "its trace root is not published"
[[ $(stored "$db" "$silent" status) == invalid ]] && ok "a claim whose root was not shown is lost" || fail "it is $(stored "$db" "$silent" status)"
[[ $(field "$(gs 2 stake show --json)" free) == 1005.25 ]] && ok "to the validator that said so" || fail "the validator has $(gs 2 stake show --json)"
finish
