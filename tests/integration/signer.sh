#!/bin/bash
# Who signs: a signer that is a process of its own, honest, lying, slow, gone and behind TLS; one process for a key; and what of a key others can see.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"
cast=$(command -v cast || echo "$root/build/tools/cast")
node=$root/build/tools/node20
[[ -x $node && -d $root/tests/node_modules/ethers ]] || { echo "no ethers: run 'make setup'"; exit 77; }
account=0x70997970C51812dc3A010C7d01b50e0d17dc79C8 # party 1's

signer() { # NAME KEYFILE ARGUMENTS...: sets $signer to its address
	local port
	start "$1" "$node" "$root/tests/tools/signer.mjs" "${@:2}"
	eventually test -s "$work/$1.out"
	port=$(head -1 "$work/$1.out")
	[[ -n $port ]] || { cat "$work/$1.log"; echo "the signer did not start"; exit 1; }
	signer=http://127.0.0.1:$port
}
lies() { # KIND [MS]: what the signer does from now on; prints how much it was asked so far
	http "$signer/lie" "$*"
}
remote() { # COMMAND...: by the signer, for party 1
	timeout 600 "$gainsay" "$@" --rpc "$url" --deployment "$work/deployment.json" --remote-signer "$signer" --account "$account" \
		>"$work/out" 2>"$work/err"
}
nonce() {
	"$cast" nonce --rpc-url "$url" "$account"
}
free() {
	field "$(gs 1 stake show --json)" free
}
refuses() { # WHAT PATTERN COMMAND...: one line that says so, and nothing is sent
	local what=$1 pattern=$2 before status
	shift 2
	before=$(nonce)
	"$@" >"$work/out" 2>"$work/err"
	status=$?
	if [[ $status == 1 && $(grep -c '^gainsay: ' "$work/err") == 1 && $(nonce) == "$before" ]] && grep -Eq -- "$pattern" "$work/err"; then
		ok "$what: $(cut -c 1-150 "$work/err")"
	else
		fail "$what: exit status $status, nonce $before, then $(nonce): $(cat "$work/out" "$work/err")"
	fi
}

# --- memory: what a process with a key shows to others, here one that waits for its passphrase ---
mkfifo "$work/fifo"
(umask 077 && echo secret >"$work/pass")
install -d -m 700 "$work/keys"
"$gainsay" keys new --light --key "$work/keys/k" --password-file "$work/pass" >/dev/null || fail "a key"
as_other=()
if [[ $(id -u) == 0 ]]; then # as root there is nobody to be seen by
	chmod 755 "$work" && chown -R 65534:65534 "$work/keys"
	as_other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
"${as_other[@]}" "$gainsay" keys show --key "$work/keys/k" --password-file fd:9 9<>"$work/fifo" >"$work/shown" 2>"$work/shown.err" &
pids[waits]=$!
eventually grep -q 'Max core file size *0 *0 ' "/proc/${pids[waits]}/limits" && ok "no core files" || fail "core files: $(cat "/proc/${pids[waits]}/limits")"
if [[ ${#as_other[@]} != 0 ]]; then
	# A process that may not be looked into belongs to root, whoever runs it (proc(5)).
	[[ $(stat -c %u "/proc/${pids[waits]}/mem") == 0 && $(awk '/^Uid/ { print $2 }' "/proc/${pids[waits]}/status") == 65534 ]] &&
		ok "its memory is not its user's to read" || fail "memory: $(stat -c %u "/proc/${pids[waits]}/mem")"
fi
locked() {
	(($(awk '/^VmLck/ { print $2 }' "/proc/${pids[waits]}/status") > 0))
}
eventually locked && ok "what it has of the key is locked in memory" || fail "nothing is locked"
kill -ABRT "${pids[waits]}" && wait "${pids[waits]}" 2>/dev/null
(($? == 134)) && ok "and it ends without a core" || fail "it ended with $?"
unset "pids[waits]"

devnet_up 900 900

# --- three spellings ---
for spelling in web3signer geth clef; do
	signer "$spelling" "$work/key1" --spelling "$spelling"
	before=$(free)
	remote stake deposit 10 --mint && ok "$spelling signs" || fail "$spelling: $(cat "$work/err")"
	[[ $(free) == $((${before%%.*} + 10)) ]] && ok "and it is done" || fail "$spelling: $before, then $(free)"
done

# --- another transaction than was asked for ---
stop clef KILL
stop geth KILL
stop web3signer KILL
signer liar "$work/key1"
while read -r kind pattern; do
	lies "$kind" >/dev/null
	refuses "a signer with another $kind" "$pattern" remote stake deposit 10
done <<-'END'
	to recipient differs
	value value differs
	chain chain id differs
	nonce nonce differs
	fee maximum fee differs
	tip priority fee differs
	gas gas limit differs
	data data differs
	key account differs
	list access list
	type not of type 2
	malformed not a transaction's bytes
	short malformed
	nothing not a transaction's bytes
	refuse Request denied
END
lies none >/dev/null
remote stake deposit 10 --mint && ok "honest again, it is asked again" || fail "$(cat "$work/err")"
lies none 5000 >/dev/null
refuses "a slow one" "no answer in time" env GAINSAY_KEY_TIMEOUT_MS=300 "$gainsay" stake deposit 10 --rpc "$url" --deployment "$work/deployment.json" \
	--remote-signer "$signer" --account "$account"
lies none 0 >/dev/null
refuses "another account than it has" "Signer not found" env "$gainsay" stake deposit 10 --rpc "$url" --deployment "$work/deployment.json" \
	--remote-signer "$signer" --account 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC --share-key
stop liar KILL
refuses "one that is gone" "is the node running|no connection|refused" remote stake deposit 10
refuses "no account said" "key.address: not named" "$gainsay" stake deposit 10 --rpc "$url" --deployment "$work/deployment.json" --remote-signer "$signer"

# --- TLS, both ways ---
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Test authority' -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
for name in server client; do
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$work/$name.key" -out "$work/$name.csr" 2>/dev/null
	openssl x509 -req -in "$work/$name.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
		-extfile <(echo "subjectAltName=IP:127.0.0.1") -out "$work/$name.pem" 2>/dev/null
done
signer tls "$work/key1" --tls "$work/server.pem" "$work/server.key" "$work/ca.pem"
signer=${signer/http:/https:}
export GAINSAY_KEY_CA_FILE=$work/ca.pem
refuses "no certificate of ours" "." remote stake deposit 10
export GAINSAY_KEY_CLIENT_CERT_FILE=$work/client.pem GAINSAY_KEY_CLIENT_KEY_FILE=$work/client.key
remote stake deposit 10 --mint && ok "with a certificate it signs" || fail "TLS: $(cat "$work/err")"
unset GAINSAY_KEY_CA_FILE
refuses "its authority is not trusted" "TLS failed" remote stake deposit 10
unset GAINSAY_KEY_CLIENT_CERT_FILE GAINSAY_KEY_CLIENT_KEY_FILE
stop tls KILL

# --- a node whose signer is gone waits for it ---
signer later "$work/key2"
port=${signer##*:}
wrong=$(claim 3 "${images[0]}" "${images[1]}")
stop later KILL
start validator "$gainsay" run --rpc "$url" --deployment "$work/deployment.json" --remote-signer "$signer" \
	--account 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC --db "$work/validator.db" --models "$work/models" --poll-ms 250 --rate 1 --until-claims 1
eventually grep -q 'key.remote' "$work/validator.log" && ok "the node says that its signer is gone" || fail "the node says nothing"
kill -0 "${pids[validator]}" && ok "and goes on" || fail "the node ended"

# --- one process for a key, here the node's ---
command_of 2 run --db "$work/second.db" --models "$work/models"
timeout 600 "${command[@]}" >"$work/out" 2>"$work/err" </dev/null
grep -q 'a node (process .*signs for 0x3C44.*stop that one first' "$work/err" && ok "a second node with the key is refused: $(tail -1 "$work/err" | cut -c 1-120)" ||
	fail "a second node: $(cat "$work/err")"
start beside gs 2 stake deposit 3 --mint # one call after another is handed to the node, whose signer is gone
start refused gs 2 stake withdraw
wait "${pids[refused]}"
[[ $? == 1 ]] && grep -q '^gainsay: ' "$work/refused.log" && ok "what would revert is said at once: $(cat "$work/refused.log")" || fail "refused: $(cat "$work/refused.log")"
before=$(field "$(gs 2 stake show --json)" free)
gs 2 stake show >/dev/null && ok "but what only looks is not" || fail "stake show"

signer later "$work/key2" --port "$port"
wait "${pids[beside]}" && grep -q command.taken "$work/validator.log" && ok "a command beside a node is done by it" || fail "a command beside it: $(cat "$work/beside.log")"
after=$(field "$(gs 2 stake show --json)" free)
/usr/bin/python3 -c 'import sys; sys.exit(float(sys.argv[1]) + 3 - 10 != float(sys.argv[2]))' "$before" "$after" && ok "once, beside the bond of its challenge" || fail "stake: $before, then $after"
hasten validator "$work/validator.db" 1 "$wrong"
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
[[ $code == 0 ]] && ok "with its signer back the node ends well" || fail "the node ends with $code"
[[ $(stored "$work/validator.db" "$wrong" status) =~ slashed|lost|invalid ]] && ok "and has won" || fail "the claim: $(gs 2 show "$wrong" --db "$work/validator.db" --json)"
(umask 077 && "$gainsay" stake deposit 1 --mint --rpc "$url" --deployment "$work/deployment.json" --key-file "$work/key2" >/dev/null) && ok "the lock went with the node" || fail "the lock stayed"
finish
