#!/bin/bash
# A node without the claims' model: their samples are unavailable, with the reason, until the model has come from a server; then the right claim
# becomes final and the wrong one is challenged. What the node can serve stands in readiness.json. A kill in between changes nothing.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

mkdir -p "$work/files"
devnet_up 900 600 5
/usr/bin/python3 "$root/tests/support/model_server.py" "$work/files" "$work/server.port" "$work/server.calls" 2>"$work/server.log" &
pids[server]=$!
eventually test -s "$work/server.port" || exit 1
model=$("$gainsay" program "$demo/digits.onnx" --json | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["modelId"])')
right=$(claim 1 "${images[0]}")
wrong=$(claim 3 "${images[1]}" "${images[0]}")

db=$work/validator.db
export GAINSAY_MODEL_STORE_FOLDER=$work/models.store
GAINSAY_MODEL_STORE_SOURCES="http://127.0.0.1:$(<"$work/server.port")/files/{model}.gsp"
export GAINSAY_MODEL_STORE_SOURCES
run_validator() {
	start validator gs 2 run --db "$db" --rate 1 --poll-ms 250 --until-claims 2
}
readiness() { # PATH MEMBER: of the model in readiness.json
	/usr/bin/python3 - "$db/readiness.json" "$model" "$1" "$2" <<'PY'
import json, sys
path, model, way, member = sys.argv[1:]
try:
    found = [m for m in json.load(open(path))["models"] if m["model"] == model]
    print(found[0][way].get(member))
except (OSError, IndexError) as error:
    print(type(error).__name__)
PY
}
wait_for() { # WHAT COMMAND...: until it succeeds
	eventually "${@:2}" && ok "$1" || fail "$1"
}
is_unavailable() {
	[[ $(stored "$db" "$1" verdict 2>/dev/null) == *unavailable* ]]
}
is_found() { # CLAIM VERDICT
	[[ $(stored "$db" "$1" verdict 2>/dev/null) == "$2" ]]
}
is_ready() {
	[[ $(readiness "$1" ready) == True ]]
}
is_missing() {
	[[ $(readiness reexecution reason) == missing ]]
}

run_validator
wait_for "a claim whose model is missing is unavailable" is_unavailable "$right"
wait_for "so is a wrong one" is_unavailable "$wrong"
wait_for "readiness.json says that the model is missing" is_missing
wait_for "the server was asked, and had nothing" grep -q 'model.unfetched.*404' "$work/validator.log"
grep -q "is not here" "$work/validator.log" && ok "the log says why: $(grep -o 'why="[^"]*is not here[^"]*"' "$work/validator.log" | head -n 1 | cut -c1-140)" || fail "the log does not say why"
grep -q 'challenge' "$work/validator.log" && fail "a challenge without an execution" || ok "nothing is challenged"
stop validator KILL
run_validator
"$gainsay" program "$demo/digits.onnx" --output "$work/files/${model#0x}.gsp" >/dev/null || exit 1
wait_for "the model is fetched" grep -q 'model.fetched' "$work/validator.log"
wait_for "readiness.json says that claims can be executed" is_ready reexecution
wait_for "and disputed" is_ready dispute
wait_for "the right claim is found right" is_found "$right" valid
wait_for "the wrong one wrong" is_found "$wrong" invalid
hasten validator "$db" 2 "$wrong"
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
[[ $code == 0 ]] && ok "the validator ends well" || fail "the validator ends with $code"
[[ $(stored "$db" "$right" status) == final ]] && ok "the right claim is final" || fail "the right claim is $(stored "$db" "$right" status)"
[[ $(stored "$db" "$wrong" status) == invalid ]] && ok "the wrong claim is invalid" || fail "the wrong claim is $(stored "$db" "$wrong" status)"
[[ $("$gainsay" models verify --store "$GAINSAY_MODEL_STORE_FOLDER" | grep -c whole) == 1 ]] && ok "the store has the model" || fail "the store has no model"
[[ $("$gainsay" db check "$db" 2>&1) ]] && ok "the database is well" || fail "the database is not well"
finish
