#!/bin/bash
# The store of models against real servers: HTTPS with everything that can go wrong on the way, an IPFS gateway's and a Walrus aggregator's forms
# of address, folders. Whatever came, the store has the right file or none; what was cut short goes on where it stopped.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
gainsay=${GAINSAY_BUILD:-$root/build}/gainsay
work=$(mktemp -d /tmp/gainsay-models.XXXXXX)
# shellcheck source=tests/support/background.sh
source "$root/tests/support/background.sh"
[[ -x $gainsay ]] || { echo "$gainsay is not built"; exit 1; }

# Two models: the digits' program file, and another one that is as well formed.
files=$work/files
mkdir -p "$files/ipfs" "$files/blobs" "$work/folder"
"$gainsay" program "$root/configs/demo/digits.onnx" --output "$files/digits.gsp" >/dev/null || exit 1
"$gainsay" program "$root/configs/demo/digits.onnx" --tolerance 1e-5,1e-3 --output "$files/other.gsp" >/dev/null || exit 1
cp "$root/configs/demo/digits.onnx" "$files/"
id_of() {
	/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["modelId"])' < <("$gainsay" program "$@" --json)
}
digits=$(id_of "$root/configs/demo/digits.onnx")
other=$(id_of "$root/configs/demo/digits.onnx" --tolerance 1e-5,1e-3)
[[ $digits == 0x???????* && $other == 0x???????* && $digits != "$other" ]] || { echo "no ids: $digits $other"; exit 1; }
for id in "$digits" "$other"; do
	name=digits
	[[ $id == "$other" ]] && name=other
	ln -s "$name.gsp" "$files/${id#0x}.gsp"
done
bytes=$(stat -c %s "$files/digits.gsp")

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj /CN=right -keyout "$work/right.key" -out "$work/right.csr" 2>/dev/null
openssl x509 -req -in "$work/right.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
	-extfile <(echo "subjectAltName=IP:127.0.0.1") -out "$work/right.pem" 2>/dev/null

serve() { # NAME [CERTIFICATE]: sets $port; requests are in NAME.calls
	/usr/bin/python3 "$root/tests/support/model_server.py" "$files" "$work/$1.port" "$work/$1.calls" "${@:2}" 2>"$work/$1.server.log" &
	pids[$1]=$!
	eventually test -s "$work/$1.port" || exit 1
	port=$(<"$work/$1.port")
}
serve secure "$work/right"
https=https://127.0.0.1:$port
serve open
http=http://127.0.0.1:$port

export GAINSAY_MODEL_STORE_CA_FILE=$work/ca.pem
stores=0
fresh() {
	stores=$((stores + 1))
	store=$work/store$stores
}
fetch() { # ARGUMENTS...: into $store
	timeout 600 "$gainsay" models fetch --store "$store" "$@" >"$work/out" 2>"$work/err"
}
holds() { # the store's present models, each verified
	"$gainsay" models verify --store "$store" >/dev/null 2>&1 || { echo damaged; return; }
	"$gainsay" models list --store "$store" --json | /usr/bin/python3 -c '
import json, sys
print(" ".join(sorted(m["model"] for m in json.load(sys.stdin)["models"] if m["present"])))'
}
taken() { # WHAT: the fetch before worked, and the store holds the digits model
	local status=$?
	if ((status == 0)) && [[ $(holds) == "$digits" ]]; then
		ok "$1"
	else
		fail "$1: exit $status: $(<"$work/err"); the store holds: $(holds)"
	fi
}
refused() { # WHAT PATTERN: the fetch before failed with one line, and the store holds nothing
	local status=$?
	if ((status == 1)) && [[ $(grep -c '' "$work/err") == 1 ]] && grep -qi -- "$2" "$work/err" && [[ -z $(holds) ]]; then
		ok "$1: $(cut -d: -f3- "$work/err" | cut -c1-120)"
	else
		fail "$1: exit $status: $(<"$work/err"); the store holds: $(holds)"
	fi
}
asked() { # SERVER PATH: its Range headers, in order
	awk -v path="$2" '$1 == path { print $2 }' "$work/$1.calls" | tr '\n' ' '
}

# --- one file over HTTPS ---
fresh
fetch "$digits" --source "$https/files/{model}.gsp"
taken "a file over https"
(unset GAINSAY_MODEL_STORE_CA_FILE && fetch "$other" --source "$https/files/{model}.gsp")
[[ $? == 1 ]] && grep -qi certificate "$work/err" && ok "a server that nobody vouches for" || fail "certificates: $(<"$work/err")"
fresh
fetch "$digits" --source "$https/files/digits-{model}.gsp" --source "$https/refuse/503?{model}" --source "$https/plain/{model}.gsp"
taken "the third of three sources"
fresh
fetch "$digits" --source "$https/files/digits-{model}.gsp" --source "$https/refuse/503?{model}"
refused "none of two sources" "404.*503"
fresh
fetch "$digits" --from "$https/hop/4/files/digits.gsp"
taken "four redirects"
fresh
fetch "$digits" --from "$https/loop"
refused "a loop of redirects" "redirects"
fresh
fetch "$digits" --from "$https/down/files/digits.gsp"
refused "https that leads to http" "not taken"
fresh
fetch "$digits" --from "http://127.0.0.1:1/x"
refused "nobody listens" "is the server running"

# --- going on ---
fresh
fetch "$digits" --from "$https/cut/20000/digits.gsp"
taken "connections that break: gone on with"
want="- bytes=20000-"
for ((at = 40000; at < bytes; at += 20000)); do want+=" bytes=$at-"; done
[[ $(asked secure /cut/20000/digits.gsp) == "$want " ]] && ok "each byte was asked for once" || fail "asked: $(asked secure /cut/20000/digits.gsp)"
fresh
rest=$((bytes / 6 + 1))
fetch "$digits" --from "$https/cut/$rest/digits.gsp"
refused "given up after some tries" "ended after $((rest * 4)) of $bytes"
fetch "$digits" --from "$https/cut/$rest/digits.gsp"
taken "the next attempt goes on"
[[ $(asked secure "/cut/$rest/digits.gsp") == *"bytes=$((rest * 4))- bytes=$((rest * 5))- " ]] && ok "where the first stopped" || fail "asked: $(asked secure "/cut/$rest/digits.gsp")"
fresh
fetch "$digits" --from "$https/changing/9000/digits.gsp"
taken "another version on the server: from the beginning"
fresh
fetch "$digits" --from "$https/wrongrange/9000/digits.gsp"
refused "another part than was asked for" "another part"
fresh
fetch "$digits" --from "$https/swap/9000/other.gsp/digits.gsp"
refused "the beginning of another model" "another file"
fetch "$digits" --from "$https/swap/9000/other.gsp/digits.gsp"
taken "nothing of it is left"
fresh
fetch "$digits" --from "$http/cut/20000/digits.gsp"
taken "http"
# Killed in the middle: the next one goes on, or waits for nobody.
fresh
"$gainsay" models fetch "$digits" --store "$store" --from "$https/silent/digits.gsp" 2>/dev/null &
pids[killed]=$!
has_part() {
	local part=("$store"/parts/*.part)
	[[ -s ${part[0]} ]]
}
eventually has_part
fetch "$digits" --from "$https/silent/digits.gsp"
refused "somebody else fetches it" "somebody else"
stop killed KILL
fetch "$digits" --from "$https/files/digits.gsp"
taken "after a kill"

# --- the wrong thing ---
fresh
fetch "$digits" --from "$https/files/other.gsp"
refused "another model's program" "program of model $other"
fresh
fetch "$digits" --from "$https/page"
refused "a page of HTML" "no model's file"
fresh
fetch "$digits" --from "$https/short/9000/digits.gsp"
refused "cut short without a length" "no model's file\|another file"
fresh
fetch "$digits" --from "$https/large"
refused "a terabyte" "over the limit"
fresh
GAINSAY_MODEL_STORE_FILE_MIB=1 fetch "$digits" --from "$https/endless"
refused "bytes without end" "over the limit of 1048576"
fresh
GAINSAY_MODEL_STORE_STALL_S=1 fetch "$digits" --from "$https/silent/digits.gsp"
refused "silence" "too slow"
fresh
/usr/bin/python3 - "$files" <<'PY'
import sys
data = bytearray(open(sys.argv[1] + "/digits.gsp", "rb").read())
data[-1] ^= 1
open(sys.argv[1] + "/flipped.gsp", "wb").write(data)
PY
fetch "$digits" --from "$https/files/flipped.gsp"
refused "a flipped bit of a weight" "no model's file"
[[ -z $(ls "$store/parts") ]] && ok "nothing of it is kept" || fail "left: $(ls "$store/parts")"

# --- content by its name: IPFS and Walrus ---
cid=$(/usr/bin/python3 -c '
import base64, hashlib, sys
digest = hashlib.sha256(open(sys.argv[1], "rb").read()).digest()
print("b" + base64.b32encode(bytes([1, 0x55, 0x12, 0x20]) + digest).decode().lower().rstrip("="))' "$files/digits.onnx")
wrong_cid=$(/usr/bin/python3 -c '
import base64, hashlib
print("b" + base64.b32encode(bytes([1, 0x55, 0x12, 0x20]) + hashlib.sha256(b"x").digest()).decode().lower().rstrip("="))')
blob=M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk
tree=QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn
cp "$files/digits.onnx" "$files/ipfs/$cid"
cp "$files/digits.onnx" "$files/ipfs/$wrong_cid"
cp "$files/digits.gsp" "$files/ipfs/$tree"
cp "$files/digits.gsp" "$files/blobs/$blob"
index() { # MEMBERS: of the digits model
	echo "{\"models\": [{\"model\": \"$digits\"$1}]}" >"$work/index.json"
}
fresh
fetch "$digits" --source "ipfs:$https" --from "ipfs:$cid"
taken "by a CID"
fresh
fetch "$digits" --source "ipfs:$https" --from "ipfs:$wrong_cid"
refused "a gateway that gives another file than the CID is the hash of" "another file: its SHA-256"
fresh
index ", \"cid\": \"$tree\""
fetch "$digits" --source "ipfs:$https/" --index "$work/index.json"
taken "a CID of version 0, from the index"
fresh
index ", \"sha256\": \"$(sha256sum "$files/digits.onnx" | cut -d' ' -f1)\", \"bytes\": $(stat -c %s "$files/digits.onnx")"
fetch "$digits" --source "ipfs:$https" --index "$work/index.json"
taken "by the CID that follows from the file's hash"
fresh
index ", \"blob\": \"$blob\""
fetch "$digits" --source "ipfs:$https" --source "walrus:$https" --index "$work/index.json"
taken "by a Walrus blob, after IPFS had none"
grep -q "^/v1/blobs/$blob " "$work/secure.calls" && grep -q "^/ipfs/$cid " "$work/secure.calls" && ok "the documented addresses" || fail "$(cat "$work/secure.calls")"
fresh
index ", \"sha256\": \"$(sha256sum "$files/other.gsp" | cut -d' ' -f1)\", \"blob\": \"$blob\""
fetch "$digits" --source "walrus:$https" --index "$work/index.json"
refused "not what the index says" "another file: its SHA-256"
fresh
index ', "blob": "x"'
fetch "$digits" --source "walrus:$https" --index "$work/index.json"
refused "a blob id that is none" "entry 0: x: not a blob id"
fresh
index ", \"url\": \"$https/files/digits.gsp\""
fetch "$digits" --source index --index "$work/index.json"
taken "the index's own address"

# --- folders, and what the command says ---
cp "$files/digits.onnx" "$work/folder/a name.onnx"
cp "$files/other.gsp" "$work/folder/"
fresh
fetch "$digits" --source "folder:$work/folder"
taken "a folder"
fetch "$other" --source "folder:$work/folder" && [[ $(holds) == *" "* ]] && ok "two models" || fail "two: $(<"$work/err")"
"$gainsay" models pin "${digits:0:12}" --store "$store" >/dev/null && "$gainsay" models evict --to-mib 0 --store "$store" >"$work/out" 2>&1
[[ $? == 1 && $(holds) == *"$digits"* ]] && ok "what is pinned is not evicted: $(cut -c1-120 "$work/out")" || fail "evicted: $(<"$work/out")"
"$gainsay" models unpin "$digits" --store "$store" >/dev/null && "$gainsay" models evict --to-mib 0 --store "$store" >/dev/null && [[ -z $(holds) ]] && ok "what is not is" || fail "not evicted"
fetch "$digits" --source "https://127.0.0.1/all.gsp"
[[ $? == 1 ]] && grep -q '{model} or {sha256}' "$work/err" && ok "$(cut -c1-120 "$work/err")" || fail "a source without a place: $(<"$work/err")"
"$gainsay" models list >"$work/out" 2>&1
[[ $? == 1 ]] && grep -q 'model_store.folder: not named' "$work/out" && ok "no store is named" || fail "no store: $(<"$work/out")"
finish
