#!/bin/bash
# What can be wrong around a node: each gets one clear line and a non-zero exit, and nothing that is stored is lost.
# takes_s: 70
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

# refuses WHAT PATTERN EXIT COMMAND...: ends by itself with this exit status, one line on stderr, with the pattern in it
refuses() {
	local what=$1 pattern=$2 want=$3 status lines
	shift 3
	timeout 600 "$@" >"$work/refused.out" 2>"$work/refused.err"
	status=$?
	lines=$(grep -c '^gainsay: ' "$work/refused.err")
	if ((status == want && lines == 1)) && grep -Eq -- "$pattern" "$work/refused.err"; then
		ok "$what: $(grep '^gainsay: ' "$work/refused.err")"
	else
		fail "$what: exit status $status: $(cat "$work/refused.err")"
	fi
}

devnet_up 20 60
node() { # DB: a node that ends when one claim is settled
	command_of 2 run --db "$1" --models "$work/models" --rate 1 --poll-ms 100 --until-claims 1 --until-seconds 1000 --log-level error
}
without() { # OPTION: takes an option and its value out of the array `command`
	local kept=() skip=0 word
	for word in "${command[@]}"; do
		if ((skip)); then
			skip=0
		elif [[ $word == "$1" ]]; then
			skip=1
		else
			kept+=("$word")
		fi
	done
	command=("${kept[@]}")
}

# --- the endpoint and the chain ---
node "$work/a.db"; without --rpc
refuses "unreachable RPC" "127.0.0.1:1.*refused" 1 "${command[@]}" --rpc http://127.0.0.1:1
refuses "no such host" "no-such-host.invalid" 1 "${command[@]}" --rpc http://no-such-host.invalid
refuses "no endpoint" "rpc: no endpoint" 1 "${command[@]}"
refuses "not a URL" "ftp" 1 "${command[@]}" --rpc ftp://127.0.0.1
node "$work/a.db"
refuses "wrong chain id" "chain id is 31337, but 5 is configured" 1 "${command[@]}" --chain-id 5
sed 's/31337/5/' "$work/deployment.json" >"$work/other-chain.json"
refuses "another chain's deployment" "other-chain.json was deployed on 5" 1 "${command[@]}" --deployment "$work/other-chain.json"
/usr/bin/python3 - "$work" <<'END'
import json, sys
d = json.load(open(sys.argv[1] + "/deployment.json"))
d["contracts"]["Claims"] = "0x" + "11" * 20
json.dump(d, open(sys.argv[1] + "/nowhere.json", "w"))
END
refuses "contract not deployed" "no contract at 0x1111" 1 "${command[@]}" --deployment "$work/nowhere.json"
echo '{"chain_id": 31337, "block": 0, "contracts": {}}' >"$work/empty.json"
refuses "a deployment without addresses" "contracts.Token: an address is expected" 1 "${command[@]}" --deployment "$work/empty.json"
echo 'chain_id' >"$work/notjson.json"
refuses "a deployment that is no JSON" "notjson.json:1:" 1 "${command[@]}" --deployment "$work/notjson.json"

# --- keys and settings ---
node "$work/a.db"
without --key-file
refuses "no key" "key: none is named" 1 "${command[@]}"
(umask 077 && echo "not a key" >"$work/badkey" && cp "$work/key1" "$work/public")
chmod 640 "$work/public"
refuses "a key that others may read" "public: others may read or change it; chmod 600" 1 "${command[@]}" --key-file "$work/public"
refuses "a bad key" "badkey: not 64 hex digits" 1 "${command[@]}" --key-file "$work/badkey"
refuses "an unknown option" "did you mean --rate" 2 "$gainsay" run --rat 1
refuses "an unknown command" "did you mean 'claims'" 2 "$gainsay" clams
printf 'rpc: http://127.0.0.1:1\nchainid: 5\n' >"$work/typo.yaml"
refuses "an unknown setting" "typo.yaml:2:1: chainid: no such setting; did you mean chain_id" 1 "$gainsay" run --config "$work/typo.yaml"
printf 'policy:\n  rate: 30%%\n' >"$work/rate.yaml"
refuses "a setting that does not parse" "rate.yaml:2:9: policy.rate: 30%" 1 "$gainsay" run --config "$work/rate.yaml"
printf 'rpc: [http://a\n' >"$work/broken.yaml"
refuses "broken YAML" "broken.yaml:.*not YAML" 1 "$gainsay" run --config "$work/broken.yaml"

# --- the database ---
claim_id=$(claim 1 "${images[0]}")
node "$work/node.db"
"${command[@]}" >"$work/first.out" 2>"$work/first.log"
[[ $(stored "$work/node.db" "$claim_id" status) == final ]] && ok "a claim is stored" || fail "no claim was stored"
node "$work/node.db"
without --key-file
refuses "another account's database" "belongs to another chain, deployment or account" 1 "${command[@]}" --key-file "$work/key3"
command_of 2 run --db "$work/node.db" --models "$work/models" --poll-ms 100
start holder "${command[@]}"
eventually grep -q node.started "$work/holder.log"
refuses "second process on one database" "node.db.*(another process|in use)" 1 "${command[@]}"
"$gainsay" claims --db "$work/node.db" --json | grep -q "$claim_id" && ok "readers may look beside it" || fail "a reader is shut out"
stop holder KILL
cp -r "$work/node.db" "$work/corrupt.db"
dd if=/dev/urandom of="$work/corrupt.db/data.mdb" bs=4096 count=2 conv=notrunc status=none
node "$work/corrupt.db"
refuses "corrupt database" "corrupt.db.*(damaged|corrupt|not a)" 1 "${command[@]}"
cp -r "$work/node.db" "$work/cut.db"
truncate -s 5000 "$work/cut.db/data.mdb"
node "$work/cut.db"
refuses "cut database" "cut.db" 1 "${command[@]}"
echo "x" >"$work/file.db"
node "$work/file.db"
refuses "a database that is a file" "file.db" 1 "${command[@]}"
refuses "no database to read" "none.db" 1 "$gainsay" claims --db "$work/none.db"

# --- full disk: a file may not grow, as on a disk without room ---
before=$(stat -c %s "$work/node.db/data.mdb")
second=$(claim 1 "${images[1]}")
command_of 2 run --db "$work/node.db" --models "$work/models" --rate 1 --poll-ms 100 --until-claims 2 --until-seconds 1000 --log-level error
refuses "full disk" "(disk|space|File too large|written|No space)" 1 bash -c 'trap "" XFSZ; ulimit -f "$1"; shift; exec "$@"' - $((before / 1024)) "${command[@]}"
[[ $(stored "$work/node.db" "$claim_id" status) == final ]] && ok "what was stored is still there" || fail "the stored claim is lost"
"${command[@]}" >"$work/second.out" 2>"$work/second.log"
[[ $(stored "$work/node.db" "$second" status) == final ]] && ok "with room again the node goes on" || fail "the node does not go on"
finish
