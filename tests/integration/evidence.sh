#!/bin/bash
# Evidence of a dispute on a real EVM, of a claim that became final, and of one that is open: taken by who has the file alone; whatever is
# changed in it is found.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

devnet_up 600 900
db=$work/validator.db
honest=$(claim 1 "${images[0]}")
wrong=$(claim 1 "${images[1]}" "${images[0]}")
start defend gs 1 defend --db "$work/defend.db" --models "$work/models" --adversary outputs --poll-ms 250
start validator gs 2 run --db "$db" --models "$work/models" --rate 1 --poll-ms 250
settled() {
	[[ $(stored "$db" "$honest" status) == final && $(stored "$db" "$wrong" status) == invalid ]] &&
		"$gainsay" samples export --db "$db" 2>&1 >/dev/null | grep -q ' 0 wait'
}
hasten validator "$db" 2 &
pids[clock]=$!
patience_s=900 eventually settled && ok "both claims are settled in final blocks" || fail "not settled"
stop clock KILL
open=$(claim 3 "${images[2]}")
found_valid() {
	[[ $(stored "$db" "$open" verdict 2>"$work/ignored") == valid ]]
}
eventually found_valid

export_of() { # CLAIM NAME [PARTY'S DATABASE]
	"$gainsay" evidence export "$1" --db "${3:-$db}" --deployment "$work/deployment.json" --rpc "$url" --out "$work/$2.evidence" 2>"$work/$2.notes"
}
check() { # NAME OPTIONS...: what is said of it, as JSON in $said
	said=$("$gainsay" verify "$work/$1.evidence" --json "${@:2}")
}
for one in honest wrong open; do
	export_of "${!one}" "$one" || fail "evidence of the $one claim: $(cat "$work/$one.notes")"
	check "$one" --deployment "$work/deployment.json" --models "$work/models" && ok "evidence of the $one claim is taken" || fail "the $one claim: $said"
done
export_of "$wrong" defender "$work/defend.db" && check defender && ok "and that of the other side's node" || fail "the defender's: $said"
check defender --models "$work/models"
[[ $? == 1 && $said == *"another output than the node says"* ]] && ok "but the model shows that it did not compute what it says" || fail "the liar's verdict: $said"
stop validator TERM
stop defend TERM

# Nothing of the dispute's evidence needs a word of anybody's but that these are blocks of the chain.
check wrong --deployment "$work/deployment.json" --models "$work/models"
/usr/bin/python3 - "$said" <<'END' && ok "every part of a dispute's evidence is checked" || fail "parts: $said"
import json, sys
parts = {p["part"]: p for p in json.loads(sys.argv[1])["parts"]}
unchecked = [n for n, p in parts.items() if p["finding"] != "holds"]
assert unchecked == ["blocks on chain"], unchecked
assert int(parts["games"]["why"].split()[0]) >= 1 and " 0 moves" not in parts["games"]["why"], parts["games"]
assert "the claim is wrong" in parts["execution"]["why"], parts["execution"]
assert "invalid" in parts["course"]["why"] and "posted in block" in parts["course"]["why"]
END
check open --models "$work/models"
/usr/bin/python3 - "$said" <<'END' && ok "the draw of an open claim is held back" || fail "the open claim: $said"
import json, sys
parts = {p["part"]: p["finding"] for p in json.loads(sys.argv[1])["parts"]}
assert parts["sampling"] == "unchecked" and parts["course"] == "holds", parts
END
grep -q "held back" "$work/open.notes" && ok "and said to be" || fail "notes: $(cat "$work/open.notes")"

# Without an endpoint and without models: less can be checked, and that is said.
"$gainsay" evidence export "$wrong" --db "$db" --deployment "$work/deployment.json" >"$work/alone.evidence" 2>/dev/null && check alone && ok "evidence without a chain is taken" || fail "alone: $said"
[[ $(field "$said" parts_unchecked) -ge 4 ]] && ok "and what it does not show is said" || fail "alone: $said"
check alone --strict && fail "strict takes what cannot be checked" || ok "strict wants all of it checked"

# The file of another chain, and what is no file.
sed 's/"chain_id": *31337/"chain_id": 1/' "$work/deployment.json" >"$work/other.json"
check wrong --deployment "$work/other.json"
[[ $? == 1 && $said == *"deployment is on chain 1"* ]] && ok "another chain's is named" || fail "another chain: $said"
files=()
for one in honest wrong open alone defender; do
	files+=("$work/$one.evidence")
done
/usr/bin/python3 -B "$root/tests/support/bent_evidence.py" "$gainsay" 500 "${files[@]}" >"$work/bent" && ok "$(tail -1 "$work/bent")" || fail "a change is missed"
finish
