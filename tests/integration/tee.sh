#!/bin/bash
# gainsay tee verify: exit codes, what it prints, forms of input, and one line for what cannot be read; verdicts are tests/unit/test_tee.c's.
# timeout_s: 300
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=${GAINSAY_BUILD:-$PWD/build}
# shellcheck source=tests/support/check.sh
source tests/support/check.sh
gainsay=$build/gainsay
/usr/bin/python3 tests/vectors/tee/build.py >"$work/cases" || { echo "the builder fails: run 'make setup'"; exit 1; }

document() { # CASE: into $work/CASE.b64; its root and time in $root and $at
	local line
	line=$(grep "^$1 " "$work/cases")
	read -r _ _ root at _ _ <<<"$line"
	echo "${line##* }" >"$work/$1.b64"
}
tee() { # CASE OPTIONS...: its words in $said, its status in $status
	document "$1"
	said=$("$gainsay" tee verify "$work/$1.b64" --root "$root" --at "$at" "${@:2}" 2>"$work/stderr")
	status=$?
}
field() { /usr/bin/python3 -c 'import json, sys; v = json.loads(sys.argv[1]); [v := v[int(k) if isinstance(v, list) else k] for k in sys.argv[2].split("/")]; print(v)' "$said" "$1"; }
one_line() { [[ $(wc -l <"$work/stderr") == 1 ]]; }

tee good
[[ $status == 0 && $said == *"holds at 2026-02-12T13:00:00Z"* && $said == *"CN=zone.test.nitro-enclaves"* ]]
check "a good document holds" $?
tee good --json
[[ $status == 0 && $(field holds) == True && $(field reason) == holds && $(field document/module_id) == i-0-enc0 && $(field chain/4/subject) == CN=i-0-enc0.* ]]
check "and says so in JSON" $?
hash=$(field document/pcr_hash)
tee good --json --pcrs "$hash" && [[ $status == 0 ]]
check "with its image approved" $?
tee good --json --pcrs "${hash/#0x????????/0x00000000}"
[[ $status == 1 && $(field holds) == False && $(field reason) == pcr-refused && $(field detail) == *"$hash"* ]]
check "another image is refused, and named" $?
printf '# images\n%s %s %s\n' "$(field document/pcrs/0)" "$(field document/pcrs/1)" "$(field document/pcrs/2)" >"$work/approved"
tee good --pcrs "$work/approved" && [[ $status == 0 ]]
check "a list of images by their PCRs" $?
tee second-behind
[[ $status == 1 && $said == *"DOES NOT HOLD"*"(expired;"* ]]
check "too late is told as too late" $?
tee second-behind --at document && [[ $status == 0 ]]
check "at its own time it holds" $?
tee signature-of-another-key --json
[[ $status == 1 && $(field reason) == signature ]]
check "a wrong signature is told as that" $?
tee cut-off --json
[[ $status == 1 && $(field reason) == cbor && $(field document) == None ]]
check "a document that is cut off" $?
document good
said=$("$gainsay" tee verify "$work/good.b64" --at "$at" --json)
[[ $? == 1 && $(field reason) == root ]]
check "AWS's root is pinned by default" $?

base64 -d "$work/good.b64" >"$work/good.bin"
{ printf 0x; od -An -v -tx1 "$work/good.bin" | tr -d ' \n'; } >"$work/good.hex"
for form in bin hex; do
	"$gainsay" tee verify "$work/good.$form" --root "$root" --at "$at" >/dev/null
	check "the same as $form" $?
done
"$gainsay" tee verify - --root "$root" --at 2026-02-12T13:00:00Z <"$work/good.b64" >/dev/null
check "from standard input, with a date" $?

# Keys and certificates as files: a document that binds others is told from one that binds these.
openssl genrsa -out "$work/key" 2048 2>"$work/openssl" && openssl rsa -in "$work/key" -pubout -out "$work/key.pem" 2>>"$work/openssl" &&
	openssl rsa -in "$work/key" -pubout -outform der -out "$work/key.der" 2>>"$work/openssl" &&
	openssl req -x509 -new -key "$work/key" -subj /CN=tls -days 1 -out "$work/tls.pem" 2>>"$work/openssl"
check "openssl makes a key and a certificate" $?
for key in key.pem key.der; do
	tee good --json --key "$work/$key"
	[[ $status == 1 && $(field reason) == key-other && $(field tee_id) == 0x???????????????????????????????????????????????????????????????? ]]
	check "another key as $key" $?
done
tee good --json --tls "$work/tls.pem"
[[ $status == 1 && $(field reason) == tls-other ]]
check "another TLS certificate" $?
tee good --json --nonce 0x000102030405060708090a0b0c0d0e0f10111213 && [[ $status == 0 ]]
check "its nonce" $?

# A registration's calldata: the document, and the keys that it has to bind.
cast=$(command -v cast || echo build/tools/cast)
register() { # KEY TLS: into $work/call
	"$cast" calldata 'registerTEEWithAttestation(bytes,bytes,bytes,address,string,uint8)' "0x$(od -An -v -tx1 "$work/good.bin" | tr -d ' \n')" \
		"0x$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n')" "0x$(printf %s "$2" | od -An -v -tx1 | tr -d ' \n')" \
		0x1111111111111111111111111111111111111111 https://tee.example 1 >"$work/call"
	said=$("$gainsay" tee verify "$work/call" --root "$root" --at "$at" --json 2>"$work/stderr")
	status=$?
}
key="a signing key's SPKI would stand here"
tls="a TLS certificate's DER would stand here"
register "$key" "$tls"
[[ $status == 0 && $(field tee_id) == "$("$cast" keccak "$key")" ]]
check "a registration binds the keys that it registers" $?
register "$tls" "$tls"
[[ $status == 1 && $(field reason) == key-other ]]
check "and is refused with another key" $?
head -c 2000 "$work/call" >"$work/cut"

# What cannot be read, and what cannot be meant.
wrong() { # NAME STATUS WORDS OPTIONS...
	said=$("$gainsay" tee "${@:4}" 2>"$work/stderr")
	[[ $? == "$2" ]] && one_line && grep -q -- "$3" "$work/stderr"
	check "$1: $(<"$work/stderr")" $?
}
wrong "no file" 1 "nothing-here" verify "$work/nothing-here"
head -c 70000 /dev/zero >"$work/large"
wrong "a large file" 1 "too large" verify "$work/large"
echo 'neither base64 nor hex!' >"$work/text"
wrong "text" 1 "base64" verify "$work/text"
wrong "a call that is cut off" 1 "registerTEEWithAttestation" verify "$work/cut"
wrong "two keys" 2 "leave out --key" verify "$work/call" --key "$work/key.pem"
wrong "no list" 1 "line 1" verify "$work/good.b64" --pcrs "$work/text"
wrong "no key" 1 "public key" verify "$work/good.b64" --key "$work/text"
wrong "no time" 2 "--at" verify "$work/good.b64" --at yesterday
wrong "a short root" 2 "--root" verify "$work/good.b64" --root 12
wrong "half a byte" 2 "--nonce" verify "$work/good.b64" --nonce 123
wrong "another verb" 2 "tee verify" look "$work/good.b64"
"$gainsay" tee --help | grep -q 'gainsay tee verify document.b64 --at'
check "help shows an example" $?
finish
