#!/bin/bash
# Deployment: what is refused before anything is sent, what a dry run tells, a run killed at every step and taken up again, and the
# verification of what is there.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

python=/usr/bin/python3
cast=$(command -v cast || echo "$root/build/tools/cast")
sender=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266

# refuses WHAT PATTERN EXIT COMMAND...: this exit status, one line of error, with the pattern in it
refuses() {
	local what=$1 pattern=$2 want=$3 status lines
	shift 3
	timeout 600 "$@" >"$work/refused.out" 2>"$work/refused.err"
	status=$?
	lines=$(grep -c '^gainsay: ' "$work/refused.err")
	if ((status == want && lines == 1)) && grep -Eq -- "$pattern" "$work/refused.err"; then
		ok "$what: $(grep '^gainsay: ' "$work/refused.err" | cut -c 1-150)"
	else
		fail "$what: exit status $status: $(cat "$work/refused.err")"
	fi
}
check() { # WHAT COMMAND...: succeeds
	local what=$1
	shift
	if "$@" >"$work/check.out" 2>"$work/check.err"; then ok "$what"; else fail "$what: $(cat "$work/check.out" "$work/check.err")"; fi
}
rpc() { # METHOD PARAMS...
	"$cast" rpc --rpc-url "$url" "$@" >/dev/null
}
transactions() { # how many the sender has had mined
	"$cast" nonce --rpc-url "$url" "$sender"
}
deploy() { # ARGUMENTS...: the command, in the array `command`, by the first key
	command=("$gainsay" deploy --rpc "$url" --key-file "$work/key0" "$@")
}
of() { # FILE EXPRESSION over d
	"$python" -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"
}

chain_up 0
dev=(--parameters "$root/configs/deployments/devnet.yaml")
before=$(transactions)

# --- refused before anything is sent ---
deploy --out "$work/d.json"
refuses "no token said" "stakes.token: not said" 1 "${command[@]}" --set claims.owner=sender
refuses "no owner said" "claims.owner: not said" 1 "${command[@]}" --set stakes.token=dev
for net in testnet mainnet; do
	refuses "$net without a token" "stakes.token: not said" 1 "${command[@]}" --parameters "$root/configs/deployments/$net.yaml"
done
refuses "a token that is none" "neither 'dev' nor an address" 1 "${command[@]}" "${dev[@]}" --set stakes.token=opg
refuses "a token without code" "no contract at 0x1111" 1 "${command[@]}" "${dev[@]}" --set "stakes.token=0x$(printf '11%.0s' {1..20})"
refuses "the zero address as owner" "claims.owner: the address is zero" 1 "${command[@]}" "${dev[@]}" --set "claims.owner=0x$(printf '00%.0s' {1..20})"
refuses "another chain" "chain id is 31337, but 8453 is configured" 1 "${command[@]}" "${dev[@]}" --chain-id 8453
refuses "a constructor's refusal" "Disputes cannot be created.*InvalidParameter" 1 "${command[@]}" "${dev[@]}" --set disputes.concede=0
refuses "a file that is there" "is there already" 1 "$gainsay" deploy --rpc "$url" --key-file "$work/key0" "${dev[@]}" --out "$work/key1"
refuses "a folder that is not there" "nowhere" 1 "$gainsay" deploy --rpc "$url" --key-file "$work/key0" "${dev[@]}" --out "$work/nowhere/d.json"
# Codes that say they are contracts: one that answers nothing, one with six decimals.
rpc anvil_setCode 0x2222222222222222222222222222222222222222 0x00
rpc anvil_setCode 0x6666666666666666666666666666666666666666 0x600660005260206000f3
refuses "a token that does not answer" "is not an ERC-20" 1 "${command[@]}" "${dev[@]}" --set stakes.token=0x2222222222222222222222222222222222222222
refuses "a token of six decimals" "has 6 decimals" 1 "${command[@]}" "${dev[@]}" --set stakes.token=0x6666666666666666666666666666666666666666
second=$("$cast" compute-address --nonce $((before + 3)) "$sender" | sed 's/.*: //')
rpc anvil_setCode "$second" 0x00
refuses "an address that is taken" "where Stakes would be, has code already" 1 "${command[@]}" "${dev[@]}"
rpc anvil_setCode "$second" 0x
rpc anvil_setBalance "$sender" 0x2386f26fc10000
refuses "too little money" "has 0.01 of the chain's coin; the deployment may take" 1 "${command[@]}" "${dev[@]}"
rpc anvil_setBalance "$sender" 0x21e19e0c9bab2400000
rpc evm_setAutomine false
"$cast" send --async --rpc-url "$url" --private-key "$(cat "$work/key0")" "$sender" --value 1 --nonce "$before" >/dev/null
refuses "a transaction that waits" "1 transactions of the sender are not mined" 1 "${command[@]}" "${dev[@]}"
rpc anvil_dropAllTransactions
rpc evm_setAutomine true
refuses "verify with other options" "leave the other options out" 2 "${command[@]}" --verify "$work/d.json"
refuses "a dry run without an account" "needs no key, but --from" 2 "$gainsay" deploy --rpc "$url" --dry-run
if [[ $(transactions) == "$before" && ! -e $work/d.json && ! -e $work/d.json.unfinished ]]; then
	ok "nothing was sent, nothing is left"
else
	fail "something was sent or left"
fi

# --- a chain with older rules ---
start shanghai "$anvil" --host 127.0.0.1 --port 0 --hardfork shanghai
old=$(listening shanghai) || exit 1
refuses "a chain before Cancun" "the rules of Cancun" 1 "$gainsay" deploy --rpc "$old" --key-file "$work/key0" "${dev[@]}" --out "$work/old.json"
stop shanghai TERM

# --- a dry run: no key, nothing sent, and what it says is what then happens ---
"$gainsay" deploy --rpc "$url" "${dev[@]}" --dry-run --from "$sender" --json >"$work/dry.json" 2>"$work/dry.err"
grep -q "ANYBODY CAN MINT" "$work/dry.err" && ok "the devnet's token is said loudly" || fail "no warning about DevToken"
grep -q "claims.owner is 'sender'" "$work/dry.err" && ok "a single key as owner is said" || fail "no warning about the owner"
[[ $(transactions) == "$before" ]] && ok "a dry run sends nothing" || fail "a dry run sent something"
check "a dry run in words" "$gainsay" deploy --rpc "$url" "${dev[@]}" --dry-run --from "$sender"
grep -q "Nothing was sent" "$work/check.out" && ok "and says so" || fail "a dry run's table: $(cat "$work/check.out")"

# --- killed again and again: every transaction is sent once ---
# A new deployment, with a block a second so that a kill finds it waiting; killed once in each of its eleven steps.
rpc evm_setIntervalMining 1
deploy "${dev[@]}" --out "$work/deployment.json" --json
kills=0
for ((i = 0; i < 60; i++)); do
	"${command[@]}" >"$work/deploy.out" 2>"$work/deploy.err" &
	pid=$!
	# Until it has signed one more than at the last kill.
	for ((j = 0; j < 15000; j++)); do
		now=$(grep -o '"sent_nonce": "[^"]*"' "$work/deployment.json.unfinished" 2>/dev/null)
		[[ -n $now && $now != "${last:-}" ]] && break
		kill -0 $pid 2>/dev/null || break
		sleep 0.02
	done
	last=$now
	if kill -9 $pid 2>/dev/null; then
		kills=$((kills + 1))
		wait $pid 2>/dev/null
		[[ -e $work/deployment.json ]] && fail "a deployment file before the end"
		if ((kills == 3)); then
			deploy "${dev[@]}" --out "$work/deployment.json" --set claims.window_s=61
			refuses "going on with other parameters" "unfinished deployment with other parameters" 1 "${command[@]}"
			deploy "${dev[@]}" --out "$work/deployment.json"
			without=("${command[@]/key0/key1}")
			refuses "going on with another key" "unfinished deployment with another sender" 1 "${without[@]}"
			deploy "${dev[@]}" --out "$work/deployment.json" --json
		fi
	else
		wait $pid && break
		fail "the deployment does not go on: $(cat "$work/deploy.err")"
		break
	fi
done
steps=$(of "$work/dry.json" 'len(d["transactions"])')
if [[ -e $work/deployment.json && ! -e $work/deployment.json.unfinished ]] && ((kills >= 8)); then
	ok "killed $kills times, and complete"
else
	fail "after $kills kills: $(ls "$work") $(cat "$work/deploy.err")"
fi
(($(transactions) - before == steps)) && ok "$steps transactions, as foretold" || fail "$(transactions) - $before transactions, not $steps"
if [[ $(of "$work/deployment.json" 'd["contracts"]') == $(of "$work/dry.json" 'd["contracts"]') ]]; then
	ok "every address is as foretold"
else
	fail "addresses differ from the dry run's"
fi
rpc evm_setIntervalMining 0
rpc evm_setAutomine true
refuses "deploying again" "is there already" 1 "${command[@]}"

# --- verification ---
verify=("$gainsay" deploy --rpc "$url" --verify)
check "what was deployed verifies" "${verify[@]}" "$work/deployment.json" --json
[[ $(of "$work/check.out" 'd["verified"] and d["terms_as_deployed"] and d["owner"]') == "$sender" ]] && ok "owner and terms are told" || fail "$(cat "$work/check.out")"
for contract in Judge Claims Stakes Duties; do
	at=$(of "$work/deployment.json" "d['contracts']['$contract']")
	code=$("$cast" code --rpc-url "$url" "$at")
	half=$((${#code} / 4 * 2))
	digit=${code:half:1}
	rpc anvil_setCode "$at" "${code:0:half}$(printf %x $((0x$digit ^ 1)))${code:half+1}"
	refuses "one wrong bit in $contract" "$contract at .* is not what the compiled contracts.*different from byte $(((half - 2) / 2)) on" 1 "${verify[@]}" "$work/deployment.json"
	rpc anvil_setCode "$at" "$code"
done
check "mended, it verifies again" "${verify[@]}" "$work/deployment.json"
# A parameter lies in the code: a file that says another is found.
sed 's/"window_s": "60"/"window_s": "61"/; s/"retire_grace_s": "3600"/"retire_grace_s": "3601"/' "$work/deployment.json" >"$work/other.json"
refuses "a file with another parameter" "Claims at .* is not what" 1 "${verify[@]}" "$work/other.json"
sed 's/"first_nonce": [0-9]*/"first_nonce": 77/' "$work/deployment.json" >"$work/other.json"
refuses "a file with another nonce" "is at another address" 1 "${verify[@]}" "$work/other.json"
"$python" - "$work" <<'EOF'
import json, sys
d = json.load(open(sys.argv[1] + "/deployment.json"))
del d["parameters"]
json.dump(d, open(sys.argv[1] + "/bare.json", "w"))
EOF
refuses "a file without parameters" "says nothing of the parameters" 1 "${verify[@]}" "$work/bare.json"

# --- a token that is there, and an owner that is not the sender ---
token=$(of "$work/deployment.json" 'd["contracts"]["Token"]')
owner=0x70997970C51812dc3A010C7d01b50e0d17dc79C8
before=$(transactions)
deploy --parameters "$root/configs/deployments/mainnet.yaml" --set "stakes.token=$token" --set "claims.owner=$owner" --out "$work/second.json" --json
"${command[@]}" >"$work/second.out" 2>"$work/second.err" || fail "a deployment over a token: $(cat "$work/second.err")"
grep -q "claims.owner $owner has no code" "$work/second.err" && ok "an owner without code is said" || fail "no warning: $(cat "$work/second.err")"
grep -q "MINT" "$work/second.err" && fail "warns of a token that it did not deploy"
(($(of "$work/second.out" 'd["gas_used"]') <= $(of "$work/dry.json" 'd["gas"]'))) && ok "it took no more gas than foretold" || fail "$(cat "$work/second.out")"
(($(transactions) - before == steps - 1)) && ok "no token is deployed" || fail "$(transactions) - $before transactions"
[[ -n $token && $(of "$work/second.json" 'd["contracts"]["Token"]') == "$token" ]] && ok "stakes are in that token" || fail "another token"
check "it verifies" "${verify[@]}" "$work/second.json" --json
[[ $(of "$work/check.out" 'd["owner"]') == "$owner" ]] && ok "the owner is the one that was named" || fail "$(cat "$work/check.out")"

# --- a nonce that went elsewhere in mid-way ends it ---
rpc evm_setAutomine false
deploy "${dev[@]}" --out "$work/third.json"
"${command[@]}" >/dev/null 2>&1 &
pid=$!
for ((j = 0; j < 15000; j++)); do
	[[ -n $(grep -s sent_nonce "$work/third.json.unfinished") ]] && break
	sleep 0.02
done
sleep 0.3
kill -9 $pid
wait $pid 2>/dev/null
rpc anvil_dropAllTransactions
rpc evm_setAutomine true
"$cast" send --rpc-url "$url" --private-key "$(cat "$work/key0")" "$sender" --value 1 >/dev/null
refuses "a nonce that went elsewhere" "another transaction of the sender took its turn.*remove .*third.json.unfinished" 1 "${command[@]}"
echo '{"chain_id": "0x1"}' >"$work/third.json.unfinished"
refuses "a journal that is none" "not the journal of an unfinished deployment" 1 "${command[@]}"

# --- an OP-stack chain's fee for bytes is in the cost ---
rpc anvil_setCode 0x420000000000000000000000000000000000000F 0x670de0b6b3a764000060005260206000f3
"$gainsay" deploy --rpc "$url" "${dev[@]}" --dry-run --from "$sender" --json >"$work/l1.json" 2>/dev/null
[[ -n $steps && $(of "$work/l1.json" 'd["l1_fee"]') == "$steps" ]] && ok "the fee for bytes on L1 is counted" || fail "L1 fee: $(cat "$work/l1.json")"
finish
