#!/bin/bash
# What an owner may do and what anybody may do after a retirement, by the commands, with the real delays (the chain's clock is moved).
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

python=/usr/bin/python3
cast=$(command -v cast || echo "$root/build/tools/cast")
a0=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
a1=0x70997970C51812dc3A010C7d01b50e0d17dc79C8
a2=0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC

# refuses WHAT PATTERN EXIT COMMAND...
refuses() {
	local what=$1 pattern=$2 want=$3 status lines
	shift 3
	"$@" >"$work/refused.out" 2>"$work/refused.err"
	status=$?
	lines=$(grep -c '^gainsay: ' "$work/refused.err")
	if ((status == want && lines == 1)) && grep -Eq -- "$pattern" "$work/refused.err"; then
		ok "$what: $(grep '^gainsay: ' "$work/refused.err" | cut -c 1-140)"
	else
		fail "$what: exit status $status: $(cat "$work/refused.out" "$work/refused.err")"
	fi
}
does() { # WHAT COMMAND...: succeeds; what it prints is in $work/does.out
	local what=$1
	shift
	if "$@" >"$work/does.out" 2>"$work/does.err"; then ok "$what"; else fail "$what: $(cat "$work/does.err")"; fi
}
says() { # WHAT EXPRESSION: a Python expression over d, what the last command printed as JSON, is true
	local got
	got=$("$python" -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$work/does.out" "$2" 2>&1)
	if [[ $got == True ]]; then ok "$1"; else fail "$1: $got: $(cat "$work/does.out")"; fi
}
at() { # CONTRACT: its address
	"$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["contracts"][sys.argv[2]])' "$work/deployment.json" "$1"
}
view() { # CONTRACT SIGNATURE ARGUMENTS...
	"$cast" call --rpc-url "$url" "$(at "$1")" "${@:2}" | sed 's/ \[.*//'
}
later() { # SECONDS
	"$cast" rpc --rpc-url "$url" evm_increaseTime "$1" >/dev/null && "$cast" rpc --rpc-url "$url" evm_mine >/dev/null
}
watch() { # COMMAND...: without a key
	"$gainsay" "$@" --rpc "$url" --deployment "$work/deployment.json"
}
free() { # ADDRESS
	view Stakes 'accounts(address)(uint128,uint128,uint128,uint64)' "$1" | head -1
}
locked() {
	view Stakes 'accounts(address)(uint128,uint128,uint128,uint64)' "$1" | sed -n 2p
}
# word MINIMUM_BOND MINIMUM_FEE BOND_BPS FEE_BPS WINDOW: docs/protocol.md, 4.3
word() {
	"$python" -c 'import sys; b, f, p, q, w = map(int, sys.argv[1:]); print("0x%064x" % (b << 152 | f << 80 | p << 64 | q << 48 | w << 16))' "$@"
}

chain_up 0
gs 0 deploy --parameters "$root/configs/deployments/devnet.yaml" --out "$work/deployment.json" >/dev/null 2>&1 || exit 1
for i in 1 2; do
	gs "$i" stake deposit 1000 --mint >/dev/null || exit 1
done
model=$(gs 1 model register "$demo/digits.onnx" --json | "$python" -c 'import json, sys; print(json.load(sys.stdin)["model_id"])')
images=(00 01 02)

# --- terms ---
does "the owner and the terms are shown without a key" watch owner show --json
says "as deployed" "d['owner'] == '$a0' and d['version'] == 0 and d['terms'] == {'minimum_bond': '10', 'bond': '0.1000', 'minimum_fee': '0.01', 'fee': '0.0010', 'window_s': '60'} and d['retired_at'] == 0 and 'scheduled' not in d"
does "in words" watch owner terms show
next=$(word 12500000000000000000 10000000000000000 2000 10 7200)
does "a dry run needs no key" watch owner terms schedule --set window_s=7200 --set bond=0.2 --set minimum_bond=12.5 --dry-run --json
says "and shows the call to the bit" "d['data'] == '$("$cast" calldata 'scheduleTerms(uint256)' "$next")' and d['from'] == '$a0' and d['to'] == '$(at Claims)' and not d['sent']"
[[ $(view Claims 'scheduled()(uint256)') == 0 ]] && ok "nothing was sent" || fail "a dry run scheduled terms"
refuses "somebody else's key" "the owner is $a0, not this key, $a1" 1 gs 1 owner terms schedule --set window_s=7200
refuses "a setting that terms do not have" "--set retire_grace_s=5: minimum_bond, bond" 1 gs 0 owner terms schedule --set retire_grace_s=5
refuses "terms that do not fit" "more than 72 bits" 1 gs 0 owner terms schedule --set minimum_fee=5000
refuses "the terms of now" "these are the terms of now" 1 gs 0 owner terms schedule
refuses "no terms to apply" "no terms wait" 1 gs 0 owner terms apply
refuses "no terms to cancel" "no terms wait" 1 gs 0 owner terms cancel
does "terms are announced" gs 0 owner terms schedule --set window_s=7200 --set bond=0.2 --set minimum_bond=12.5 --json
[[ $(view Claims 'scheduled()(bytes32)') == "$next" ]] && ok "the word is the page's" || fail "scheduled: $(view Claims 'scheduled()(bytes32)')"
refuses "too early" "are due at .* UTC, not before" 1 gs 2 owner terms apply
does "what waits is shown" watch owner terms show --json
says "beside what holds" "d['scheduled']['bond'] == '0.2000' and d['scheduled']['window_s'] == '7200' and d['terms']['bond'] == '0.1000' and 0 < d['scheduled_for'] - d['now'] <= 60"
later 61
does "anybody applies them when they are due" gs 2 owner terms apply --json
does "then they hold" watch owner show --json
says "as version 1" "d['version'] == 1 and d['terms']['window_s'] == '7200' and d['terms']['minimum_bond'] == '12.5' and 'scheduled' not in d"
[[ $(view Claims 'quote(uint256)(uint256,uint256)' 5000000000000000000 | head -1) == 13500000000000000000 ]] && ok "a claim costs what they say" || fail "quote: $(view Claims 'quote(uint256)(uint256,uint256)' 5000000000000000000)"
does "others are announced" gs 0 owner terms schedule --set fee=0.5
does "and dropped" gs 0 owner terms cancel
later 61
refuses "so that nobody applies them" "no terms wait" 1 gs 0 owner terms apply

# --- handing over ---
refuses "nobody was named" "handed over to nobody" 1 gs 1 owner accept
refuses "no address" "owner handover" 1 gs 0 owner handover 0x1234
refuses "to oneself" "is the owner already" 1 gs 0 owner handover "$a0"
refuses "by somebody else" "the owner is $a0, not this key" 1 gs 1 owner handover "$a1"
does "handed over" gs 0 owner handover "$a1"
does "the owner stays until it is accepted" watch owner show --json
says "and the other is shown" "d['owner'] == '$a0' and d['pending_owner'] == '$a1'"
refuses "a third accepts" "whom it is handed over to is $a1, not this key" 1 gs 2 owner accept
does "a dry run is from whom it is for" watch owner accept --dry-run --json
says "and works" "d['from'] == '$a1'"
does "accepted" gs 1 owner accept
does "the new owner is shown" watch owner show --json
says "and nobody waits" "d['owner'] == '$a1' and int(d['pending_owner'], 16) == 0"

# --- claims, a batch and a game that will be left unfinal ---
first=$(claim 1 "${images[0]}")
second=$(claim 1 "${images[1]}")
"$cast" send --rpc-url "$url" --private-key "$(cat "$work/key1")" "$(at Batches)" 'postLeaves(uint64,bytes32,bytes)' 7 "$model" \
	"0x$(printf '%032x' 1000)$(printf 'ab%.0s' {1..32})$(printf 'cd%.0s' {1..32})" >/dev/null || fail "a batch"
batch=$("$cast" logs --rpc-url "$url" --from-block 0 --address "$(at Batches)" --json | "$python" -c 'import json, sys; print(json.load(sys.stdin)[-1]["topics"][1])')
refuses "a game of a claim that has none" "has no open game" 1 gs 2 close "$first"
body=$("$cast" logs --rpc-url "$url" --from-block 0 --address "$(at Claims)" --json | "$python" -c '
import json, sys
for log in json.load(sys.stdin):
    if len(log["topics"]) > 1 and log["topics"][1] == sys.argv[1]:
        data = log["data"][2:]
        w = ["0x" + data[i * 64:i * 64 + 64] for i in range(6)]
        print("(" + ",".join([w[3], str(int(w[2], 16)), "0x" + log["topics"][2][-40:], log["topics"][3], w[0], w[1]]) + ")")' "$first")
before=$(free "$a2")
"$cast" send --rpc-url "$url" --private-key "$(cat "$work/key2")" "$(at Disputes)" 'challenge((bytes32,uint256,address,bytes32,bytes32,bytes32))' "$body" >/dev/null || fail "a challenge"
[[ $(locked "$a2") == 10000000000000000000 ]] && ok "a game is open" || fail "a game: $(locked "$a2")"
does "a game that can still be won goes on" gs 2 close "$first" --json
says "and is told" "d['closed'] == 0 and d['open'] == 1"
refuses "an open claim" "NotReleasable" 1 gs 2 release "$first"
refuses "an unknown id" "no such claim or batch" 1 gs 2 release "0x$(printf '12%.0s' {1..32})"
refuses "no id" "not an id of 64 hex digits" 2 gs 2 release 0x12
refuses "an id and all" "name one claim or batch, or say --all" 2 gs 2 release "$first" --all

# --- retirement ---
refuses "not without saying so" "nothing was done; say --yes" 1 gs 1 owner retire
grep -q "cannot be undone" "$work/refused.err" && ok "the consequences are told" || fail "no consequences: $(cat "$work/refused.err")"
refuses "not by another" "the owner is $a1, not this key" 1 gs 0 owner retire --yes
does "a dry run of it" watch owner retire --dry-run --json
[[ $(view Claims 'retired()(bool)') == false ]] && ok "does nothing" || fail "a dry run retired the deployment"
does "retired" gs 1 owner retire --yes --json
refuses "not twice" "it is retired, since" 1 gs 1 owner retire --yes
does "it is shown" watch owner show --json
says "with the time" "0 < d['retired_at'] <= d['now']"
does "in words" watch owner show
grep -q "everything unfinal, by anybody, after" "$work/does.out" && ok "and what follows" || fail "$(cat "$work/does.out")"
refuses "no claim is accepted" "Retired" 1 gs 1 claim "$demo/digits.onnx" --input "$demo/inputs/02.npy" --value 5
refuses "no release before the grace is over" "NotReleasable" 1 gs 2 release "$second"
does "nothing can be released yet" watch release --all --dry-run --json
says "of three" "d['released'] == 0 and d['not_yet'] == 3 and not d['sent']"
later 3601
does "then all of it can" watch release --all --dry-run --json
says "of three" "d['released'] == 3 and d['not_yet'] == 0"
claimant=$(free "$a1")
does "one claim by anybody" gs 2 release "$second" --json
says "is released" "d['released'] == 1 and d['sent']"
# 12.5 + 0.2 * 5 and 0.01 + 0.001 * 5
[[ $("$python" -c 'import sys; print(int(sys.argv[1]) - int(sys.argv[2]))' "$(free "$a1")" "$claimant") == 13515000000000000000 ]] &&
	ok "bond and fee are its claimant's again" || fail "bond and fee: $claimant, $(free "$a1")"
refuses "not twice" "is void: there is nothing to release" 1 gs 2 release "$second"
does "the batch" gs 2 release "$batch"
does "and the rest" gs 2 release --all --json
says "which is one claim" "d['released'] == 1 and d['not_yet'] == 0"
# What is left of the claimant's is its model's bond.
[[ $(locked "$a1") == 10000000000000000000 ]] && ok "nothing of a claim is locked any more" || fail "locked: $(locked "$a1")"
does "its game can be closed, says a dry run" watch close "$first" --dry-run --json
says "by anybody" "d['closed'] == 1 and not d['sent']"
does "and is" gs 0 close "$first" --json
says "closed" "d['closed'] == 1 and d['open'] == 0 and d['sent']"
[[ $(free "$a2") == "$before" && $(locked "$a2") == 0 ]] && ok "the challenger has its bond again" || fail "the bond: $(free "$a2") $(locked "$a2")"
refuses "not twice" "has no open game" 1 gs 0 close "$first"
does "the model is retired by its registrant" gs 1 model retire "$model"
later 7201
does "and its bond released" gs 0 model release "$model"
[[ $(locked "$a1") == 0 ]] && ok "no money of anybody is locked" || fail "locked: $(locked "$a1")"
finish
