#!/bin/bash
# gainsay doctor: a healthy node is called well, and every kind of trouble is found, told with what to do, and nothing else with it.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"
python=/usr/bin/python3
cast=$(command -v cast || echo "$root/build/tools/cast")
devnet_up 20

doctor() { # ARGUMENTS...: of party 2, over a healthy configuration; leaves the exit status in $code
	command_of 2 doctor --db "$work/db" --models "$work/models" --json
	local -a less=() words=("${command[@]}")
	local i
	for ((i = 0; i < ${#words[@]}; i++)); do # an option that is given again takes the other's place
		if [[ " $* " == *" ${words[i]} "* && ${words[i]} == --* ]]; then i=$((i + 1)); else less+=("${words[i]}"); fi
	done
	timeout 600 "${less[@]}" "$@" >"$work/doctor.json" 2>"$work/doctor.err"
	code=$?
}
found() { # EXPRESSION over c, a list of (check, result, found, advice)
	"$python" -c 'import json, sys
d = json.load(open(sys.argv[1]))
c = [(x["check"], x["result"], x["found"], x["advice"]) for x in d["checks"]]
sys.exit(not (eval(sys.argv[2]) and d["well"] == (not any(r == "fail" for _, r, _, _ in c)) and all(a for _, r, _, a in c if r != "ok")))' "$work/doctor.json" "$1"
}
expect() { # WHAT EXIT CHECK RESULT PATTERN: such a finding is there, and no check of another name fails
	if [[ $code == "$2" && ! -s $work/doctor.err ]] &&
		found "any(n.startswith('$3') and r == '$4' and __import__('re').search(r'''$5''', f) for n, r, f, a in c) and not any(r == 'fail' and not n.startswith('$3') for n, r, f, a in c)"; then
		ok "$1"
	else
		fail "$1: exit status $code: $(cat "$work/doctor.json" "$work/doctor.err")"
	fi
}

doctor
expect "a healthy node is well" 0 "contracts: code" ok "to the byte"
found "{'endpoint', 'key', 'balance', 'stake', 'roles', 'db', 'disk', 'model', 'limit', 'clock'} <= {n.split()[0].rstrip(':') for n, _, _, _ in c}" && ok "and everything was looked at" || fail "$(cat "$work/doctor.json")"
[[ ! -e $work/db ]] && ok "and nothing was made" || fail "it made a database"

# --- endpoints ---
doctor --rpc http://127.0.0.1:1
expect "an endpoint that is gone" 1 "endpoint http://127.0.0.1:1" fail "refused"
doctor --rpc "$url,http://127.0.0.1:1"
expect "one of two that is gone" 1 "endpoint http://127.0.0.1:1" fail "refused"
doctor --rpc "$url,${url/http:/ws:}"
expect "the same chain by WebSocket" 0 "endpoint ws:" ok "says the same as the first"
doctor --chain-id 5
expect "another chain than is configured" 1 "endpoint" fail "chain id is 31337, and 5 is meant"
ours=$url
start other "$anvil" --host 127.0.0.1 --port 0 --block-time 1 --slots-in-an-epoch 1 --timestamp $(($(date +%s) - 4000))
other=$(listening other) || exit 1
doctor --rpc "$ours,$other"
expect "another chain of the same id, that is behind" 0 "endpoint $other" warn "no settled block"
"$cast" rpc --rpc-url "$other" anvil_mine 0x100 >/dev/null
doctor --rpc "$ours,$other"
expect "and that is as far" 1 "endpoint $other" fail "something else than the first"
found "any(r == 'warn' and 's ago' in f for _, r, f, _ in c)" && ok "and its age is told" || fail "no age: $(cat "$work/doctor.json")"

# --- the store of models ---
store() { # FOLDER SOURCES...: doctor with a store of models
	GAINSAY_MODEL_STORE_FOLDER=$1 GAINSAY_MODEL_STORE_SOURCES=$2 doctor
}
mkdir -p "$work/source" "$work/no-store" "$work/empty"
cp "$demo/digits.onnx" "$work/source/"
echo x >"$work/no-store/x"
store "$work/model-store" "folder:$work/source"
expect "a store that is not there yet" 0 "model store" ok "the first start makes it"
[[ ! -e $work/model-store ]] && ok "and is not made" || fail "a store was made"
store "$work/empty" "folder:$work/source"
expect "an empty folder" 0 "model store" ok "empty"
[[ -z $(ls -A "$work/empty") ]] && ok "and stays so" || fail "a store was made"
store "$work/none/store" "folder:$work/source"
expect "a store in no folder" 1 "model store" fail "no folder"
store "$work/no-store" "folder:$work/source"
expect "a folder that is no store" 1 "model store" fail "not a store|no store"
store "$work/no-store/x" "folder:$work/source"
expect "a file" 1 "model store" fail "not a folder"
model=$("$gainsay" program "$demo/digits.onnx" --json | "$python" -c 'import json, sys; print(json.load(sys.stdin)["modelId"])')
GAINSAY_MODEL_STORE_SOURCES=folder:$work/source "$gainsay" models fetch "$model" --store "$work/model-store" >/dev/null || fail "no model could be fetched"
store "$work/model-store" "folder:$work/source"
expect "a store that is well" 0 "model store" ok "1 models, 1 with their files"
GAINSAY_MODEL_STORE_SIZE_MIB=1 store "$work/model-store" "folder:$work/source"
expect "and has room" 0 "model store: room" ok "the disk has"
store "$work/model-store" "folder:$work/source"
expect "its source answers" 0 "model source" ok "answers"
store "$work/model-store" "folder:$work/gone"
expect "a source that is gone" 0 "model source" warn "No such file"
store "$work/model-store" "http://127.0.0.1:1/{model}.gsp"
expect "a server that is gone" 0 "model source" warn "onnect"
store "$work/model-store" "ftp://x"
expect "a source that is none" 1 "model store" fail "model_store.sources"
"$python" "$root/tests/support/model_server.py" "$work/source" "$work/server.port" "$work/server.calls" 2>/dev/null &
pids[server]=$!
for ((i = 0; i < 600; i++)); do
	[[ -s $work/server.port ]] && break
	sleep 0.05
done
store "$work/model-store" "http://127.0.0.1:$(<"$work/server.port")/files/{model}.gsp"
expect "a server that has nothing answers" 0 "model source" ok "answers"
stop server TERM
GAINSAY_MODEL_STORE_SIZE_MIB=60000000 store "$work/model-store" "folder:$work/source"
expect "more room than the disk has" 0 "model store: room" warn "of at most 60000000"
truncate -s 100 "$(find "$work/model-store/objects" -type f)"
store "$work/model-store" "folder:$work/source"
expect "a file that was cut" 0 "model store" warn "1 files are not as long"
echo '{' >"$(find "$work/model-store/records" -type f)"
store "$work/model-store" "folder:$work/source"
expect "a record that cannot be read" 0 "model store" warn "1 of its records cannot be read"

# --- L1 ---
start l1 "$anvil" --host 127.0.0.1 --port 0 --chain-id 900
l1=$(listening l1) || exit 1
portal=0x00000000000000000000000000000000000a0b0c self=0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC
on_l1() { "$cast" rpc --rpc-url "$l1" "$@" >/dev/null; }
through() { # RPC CHAIN_ID PORTAL [SHARE]: doctor with these settings of L1
	GAINSAY_L1_RPC=$1 GAINSAY_L1_CHAIN_ID=$2 GAINSAY_L1_PORTAL=$3 GAINSAY_L1_ESCALATE_AT=${4:-0.5} doctor
}
doctor
found "any(n == 'l1' and r == 'ok' and 'not configured' in f for n, r, f, _ in c)" && ok "no L1: it is said" || fail "$(cat "$work/doctor.json")"
GAINSAY_L1_PORTAL=$portal doctor
expect "L1 without an endpoint" 1 l1 fail "no endpoint of L1"
GAINSAY_L1_RPC=$l1 GAINSAY_L1_CHAIN_ID=900 doctor
expect "L1 without a portal" 1 l1 fail "l1.portal: not named"
through "$l1" 900 0x0000000000000000000000000000000000000000
expect "a portal at zero" 1 l1 fail "the address is zero"
GAINSAY_L1_RPC=$l1 GAINSAY_L1_PORTAL=$portal doctor
expect "L1 without its chain's id" 1 l1 fail "l1.chain_id: not named"
through "$l1" 900 $portal 0
expect "everything through L1" 1 l1 fail "escalate_at"
through http://127.0.0.1:1 900 $portal
expect "L1 is gone" 1 "l1: portal" fail "refused"
through "$l1" 901 $portal
expect "another L1 than is configured" 1 "l1: portal" fail "chain id is 900, but l1.chain_id is 901"
through "$url" 31337 $portal
expect "the chain itself as its L1" 1 l1 fail "is the chain itself"
through "$l1" 900 $portal
expect "no portal at its address" 1 "l1: portal" fail "no OptimismPortal"
on_l1 anvil_setCode $portal 0x60005460005260206000f3 # says what its first slot holds, as paused()
through "$l1" 900 $portal
expect "a portal at work" 0 "l1: portal" ok "takes deposits"
expect "and money for deposits" 0 "l1: balance" ok "10 deposits of a game may cost"
on_l1 anvil_setStorageAt $portal "0x$(printf %064d 0)" "0x$(printf %064d 1)"
through "$l1" 900 $portal
expect "a paused portal" 1 "l1: portal" fail "is paused"
on_l1 anvil_setStorageAt $portal "0x$(printf %064d 0)" "0x$(printf %064d 0)"
on_l1 anvil_setBalance $self 0x1
through "$l1" 900 $portal
expect "too little ether on L1" 0 "l1: balance" warn "^0.000000000000000001; 10 deposits"
on_l1 anvil_setBalance $self 0x0
through "$l1" 900 $portal
expect "no ether on L1" 1 "l1: balance" fail "^0; 10 deposits"

# --- contracts ---
doctor --deployment "$work/nowhere.json"
expect "no deployment's file" 1 deployment fail "nowhere.json"
sed "s/\"Claims\": \"0x[0-9a-fA-F]*\"/\"Claims\": \"0x1111111111111111111111111111111111111111\"/" "$work/deployment.json" >"$work/moved.json"
doctor --deployment "$work/moved.json"
expect "no contract" 1 contracts fail "Claims: no contract at 0x1111"
sed "s/\"claimant_budget_s\": \"*[0-9]*\"*/\"claimant_budget_s\": \"61\"/" "$work/deployment.json" >"$work/changed.json"
cmp -s "$work/changed.json" "$work/deployment.json" && fail "the file was not changed"
doctor --deployment "$work/changed.json"
expect "contracts of other parameters" 1 "contracts: code" fail "."
"$cast" rpc --rpc-url "$url" anvil_setCode "$(field "$(cat "$work/deployment.json")" contracts | sed "s/.*'Judge': '\([^']*\)'.*/\1/")" 0x00 >/dev/null
doctor
expect "another code at an address" 1 "contracts: code" fail "Judge"

# --- the key, its account ---
cp "$work/key2" "$work/public" && chmod 644 "$work/public"
command_of 2 doctor --json --db "$work/db" --models "$work/models"
keyed() { # the same without the fault that the judge has now: other checks of that run are not of interest
	"$gainsay" doctor --json --rpc "$url" --db "$work/db" --models "$work/models" "$@" >"$work/doctor.json" 2>"$work/doctor.err"
	code=$?
}
keyed --key-file "$work/public"
expect "a key that others may read" 1 key fail "others may read"
keyed --key-file "$work/nokey"
expect "no key's file" 1 key fail "nokey"
"$gainsay" keys import "$work/key2" --light --key "$work/store" --password-file "$work/key2" >/dev/null
keyed --key "$work/store" --password-file "$work/key1"
expect "another passphrase" 1 key fail "wrong password"
keyed --key "$work/store" --password-file "$work/key2"
expect "the right one" 0 key ok "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
keyed --remote-signer http://127.0.0.1:1 --account 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC
expect "a signer that is gone" 1 key fail "refused"
(umask 077 && printf '%064d\n' 7 >"$work/poor")
keyed --key-file "$work/poor"
expect "an account without money" 1 balance fail "^0;"
"$cast" rpc --rpc-url "$url" anvil_setBalance "$("$gainsay" keys show --key-file "$work/poor" | sed 's/account //')" 0x1 >/dev/null
keyed --key-file "$work/poor"
expect "one with too little" 0 balance warn "may cost"

# --- the machine ---
keyed --key-file "$work/key2" --db "$work/nowhere/db"
expect "no folder for the database" 1 db fail "no folder"
mkdir "$work/junk" && head -c 20000 /dev/urandom >"$work/junk/data.mdb"
keyed --key-file "$work/key2" --db "$work/junk"
expect "a database that is none" 1 db fail "."
mkdir "$work/mixed" && cp "$demo/digits.onnx" "$work/mixed/" && head -c 5000 "$demo/digits.onnx" >"$work/mixed/cut.onnx"
keyed --key-file "$work/key2" --models "$work/mixed"
expect "a model that is cut short" 0 model warn "cut.onnx"
keyed --key-file "$work/key2" --models "$work/nomodels"
expect "no folder of models" 1 models fail "No such file"
(ulimit -Sn 256; keyed --key-file "$work/key2"; echo "$code" >"$work/code")
code=$(<"$work/code")
expect "few files" 0 "limit: open files" warn "256"
printf 'rpc: [\n' >"$work/broken.yaml"
keyed --config "$work/broken.yaml"
expect "broken settings" 1 settings fail "not YAML"

# --- for a person ---
command_of 2 doctor --models "$work/mixed"
"${command[@]}" >"$work/out" 2>&1
grep -q '^fail  *contracts: code' "$work/out" && grep -q -- '-> the node passes over it' "$work/out" && ! grep -q $'\x1b' "$work/out" && ok "the table" || fail "$(cat "$work/out")"
finish
