#!/bin/bash
# What a validator drew, shown once it is final and checked by somebody who has the file and the public key alone; and what was changed in it, found.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

devnet_up 600 60
db=$work/validator.db
start validator gs 2 run --db "$db" --models "$work/models" --rate 0.5 --poll-ms 250
claim 1 "${images[0]}" >"$work/first"
claim 3 "${images[1]}" >"$work/second"

# Nothing is shown before it is final; all of it then. The chain makes a block a second, and a block is final a few later.
shown() {
	"$gainsay" samples export --db "$db" >"$work/shown" 2>"$work/said" && grep -q '^2 decisions; 0 wait' "$work/said"
}
hasten validator "$db" 2 &
pids[clock]=$!
eventually shown && ok "both decisions are shown once they are final" || fail "not shown: $(cat "$work/said")"
grep -q "\"claim\":\"$(cat "$work/first")\"" "$work/shown" && grep -q "\"claim\":\"$(cat "$work/second")\"" "$work/shown" && ok "by their claims" || fail "$(cat "$work/shown")"

key=$("$gainsay" keys sampling --db "$db" --json | sed 's/.*: "//; s/".*//')
"$gainsay" verify "$work/shown" --key "$key" >"$work/out" && grep -q '^2 decisions, .* 0 lines do not hold' "$work/out" && ok "who has the key takes it" || fail "verify: $(cat "$work/out")"
gs 2 keys sampling --db "$db" --statement >"$work/statement" && "$gainsay" verify "$work/shown" --statement "$work/statement" >/dev/null && ok "and who has the statement" || fail "the statement: $(cat "$work/statement")"
gs 3 keys sampling --db "$db" --statement >"$work/other" 2>"$work/err" && fail "another account states that the key is its own" || ok "another account cannot state it: $(cat "$work/err")"
sed 's/"validator":"0x3c/"validator":"0x3d/' "$work/statement" >"$work/bent"
"$gainsay" verify "$work/shown" --statement "$work/bent" >/dev/null 2>"$work/err"
[[ $? == 1 ]] && grep -q "signature is not its validator's" "$work/err" && ok "nor can who bends the statement" || fail "a bent statement: $(cat "$work/err")"

# Every value of a line that is changed by one is named.
/usr/bin/python3 - "$gainsay" "$work" "$key" <<'END' && ok "a changed value is named with its line" || fail "a changed value is missed"
import json, subprocess, sys
gainsay, work, key = sys.argv[1:]
lines = open(work + "/shown").read().splitlines()
at = next(i for i, line in enumerate(lines) if line.startswith('{"claim"'))
for name, value in json.loads(lines[at]).items():
    changed = (not value) if isinstance(value, bool) else str(int(value) + 1) if value.isdigit() and name != "proof" else value[:-1] + ("1" if value[-1] == "0" else "0")
    line = json.dumps(dict(json.loads(lines[at]), **{name: changed}), separators=(",", ":"))
    open(work + "/bent", "w").write("\n".join(lines[:at] + [line] + lines[at + 1:]) + "\n")
    run = subprocess.run([gainsay, "verify", work + "/bent", "--key", key], capture_output=True, text=True, timeout=60)
    told = [l for l in run.stdout.splitlines() if l.startswith("line ")]
    assert run.returncode == 1 and told, (name, run)
    if name in ("claim", "execute", "draw", "rate_ppm", "policy", "source", "of", "proof", "reason"):
        assert told[0].startswith(f"line {at + 1}: "), (name, told)
END
digit=$([[ $key == *0 ]] && echo 1 || echo 0)
"$gainsay" verify "$work/shown" --key "${key%?}$digit" >/dev/null 2>&1
first=$?
"$gainsay" verify "$work/shown" --key 12 >/dev/null 2>"$work/err"
[[ $first == 1 && $? == 1 ]] && ok "another key, and what is none, are refused" || fail "a wrong key"
"$gainsay" policy show --json >"$work/policy" && [[ $(field "$(cat "$work/policy")" rate_ppm) == 100000 ]] && ok "a policy is shown" || fail "policy show"
GAINSAY_POLICY_RATE=0.5 "$gainsay" policy show --json >"$work/policy"
grep -q "\"policy\":\"$(field "$(cat "$work/policy")" policy)\"" "$work/shown" && ok "and named in every decision" || fail "the policy's name"
stop validator TERM
[[ $status == 0 ]] && ok "the validator ends well" || fail "the validator ends with $status"
finish
