#!/bin/bash
# gainsay keys: made, imported, listed, asked for on a terminal, and checked by cast both ways.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/support/check.sh
source tests/support/check.sh
gainsay=${GAINSAY_BUILD:-$PWD/build}/gainsay
cast=$(command -v cast || echo "$PWD/build/tools/cast")
[[ -x $cast ]] || { echo "no cast: run 'make setup'"; exit 77; }

# A public test key (anvil's second account), good for nothing else.
secret=59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d
account=0x70997970C51812dc3A010C7d01b50e0d17dc79C8
umask 077
printf 'correct horse\n' >"$work/pass"
refused() { # NAME PATTERN COMMAND...: one line on stderr that has the pattern, exit status 1 or 2
	local name=$1 pattern=$2 status
	shift 2
	timeout 600 "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	{ ((status == 1 || status == 2)) && [[ $(wc -l <"$work/err") == 1 ]] && grep -Eq -- "$pattern" "$work/err"; }
	check "$name: $status $(cat "$work/err")" $?
}

# --- import: from a file, a pipe, and what cast makes of it ---
printf '0x%s\n' "$secret" >"$work/hex"
[[ $("$gainsay" keys import "$work/hex" --key "$work/a" --password-file "$work/pass") == "account $account" ]]
check "import of a file" $?
[[ $(printf '%s' "$secret" | "$gainsay" keys import - --key "$work/b" --password-file "$work/pass" --json) == "{\"account\": \"$account\"}" ]]
check "import from standard input" $?
[[ $(stat -c %a "$work/a") == 600 ]]
check "the file is its owner's alone" $?
! grep -q "$secret" "$work/a"
check "the key does not stand in the file" $?
"$cast" wallet decrypt-keystore --keystore-dir "$work" --unsafe-password 'correct horse' a 2>/dev/null | grep -qi "$secret"
check "cast opens it" $?
"$cast" wallet import --keystore-dir "$work" --private-key "$secret" --unsafe-password 'correct horse' theirs >/dev/null 2>&1
[[ $("$gainsay" keys show --key "$work/theirs" --password-file "$work/pass") == "account $account" ]]
check "cast's own is opened" $?

# --- new, and that nothing is written over ---
made=$("$gainsay" keys new --key "$work/new" --password-file fd:7 7<"$work/pass")
[[ $made == "account 0x"* && $made == "$("$gainsay" keys show --key "$work/new" --password-file "$work/pass")" ]]
check "a new key, with its passphrase from a descriptor" $?
before=$(sha256sum <"$work/new")
refused "no key is written over" 'File exists' "$gainsay" keys new --key "$work/new" --password-file "$work/pass"
[[ $before == "$(sha256sum <"$work/new")" ]]
check "the file is as it was" $?

# --- without a passphrase ---
[[ $("$gainsay" keys address --key "$work/a") == "account $account" ]]
check "the account without the passphrase" $?
list=$("$gainsay" keys list "$work")
[[ $(grep -c "$account" <<<"$list") == 2 && $list == *"  a"* && $list == *"  new"* && $list == *"keys show"*theirs* && $list != *hex* ]]
check "the list: $list" $?
[[ $("$gainsay" keys list "$work" --json | /usr/bin/python3 -c 'import json,sys; print(sorted((k["file"], k["account"]) for k in json.load(sys.stdin))[0])') == "('a', '$account')" ]]
check "the list for programs" $?

# --- signatures that cast verifies ---
signature=$("$gainsay" keys sign-test 'who goes there' --key "$work/a" --password-file "$work/pass" --json | sed 's/.*"signature": "\(0x[0-9a-f]*\)".*/\1/')
"$cast" wallet verify --address "$account" 'who goes there' "$signature" >/dev/null 2>&1
check "cast verifies the signature" $?
! "$cast" wallet verify --address "$account" 'who goes here' "$signature" >/dev/null 2>&1
check "of that text alone" $?

# --- a terminal ---
typed() { # WORDS...: runs gainsay on a terminal of its own, where the words are typed, one when a colon is shown
	/usr/bin/python3 tests/tools/typist.py "$gainsay" "$@"
}
TYPED='open sesame|open sesame' typed keys import "$work/hex" --key "$work/tty" >"$work/screen"
check "passphrases typed: $(cat "$work/screen")" $?
grep -q "account $account" "$work/screen" && ! grep -q sesame "$work/screen"
check "and not shown" $?
TYPED='open sesame' typed keys show --key "$work/tty" | grep -q "account $account"
check "the same passphrase opens it" $?
! TYPED='one|other' typed keys import "$work/hex" --key "$work/never" >"$work/screen" && grep -q 'two passphrases differ' "$work/screen" && [[ ! -e $work/never ]]
check "two that differ: nothing is written" $?
! TYPED='|' typed keys import "$work/hex" --key "$work/never" >"$work/screen" && grep -q 'empty passphrase' "$work/screen"
check "an empty one" $?
TYPED="$secret|pw|pw" typed keys import --key "$work/typed" >"$work/screen"
grep -q "account $account" "$work/screen" && ! grep -q "$secret" "$work/screen"
check "a key that is typed is not shown" $?

# --- what is refused ---
refused "no terminal to ask on" 'no terminal' setsid "$gainsay" keys show --key "$work/a"
refused "wrong passphrase" 'wrong password' "$gainsay" keys show --key "$work/a" --password-file "$work/hex"
refused "no such descriptor" 'fd:99: Bad file descriptor' "$gainsay" keys show --key "$work/a" --password-file fd:99
refused "no descriptor's number" 'not a descriptor' "$gainsay" keys show --key "$work/a" --password-file fd:x
refused "no key" 'not a key' "$gainsay" keys import "$work/pass" --key "$work/c" --password-file "$work/pass"
head -c 3000 /dev/zero >"$work/long"
refused "a passphrase of 3,000 bytes" 'at most 1024' "$gainsay" keys show --key "$work/a" --password-file "$work/long"
sed 's/"address":"[0-9a-f]*"/"address":"00000000000000000000000000000000000000aa"/' "$work/a" >"$work/other"
refused "a file that names another account" 'another account' "$gainsay" keys show --key "$work/other" --password-file "$work/pass"
refused "unknown verb" "keys: old" "$gainsay" keys old
refused "an argument too many" 'takes no argument' "$gainsay" keys show x
refused "no folder" 'No such file' "$gainsay" keys list "$work/nowhere"
finish
