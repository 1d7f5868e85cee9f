#!/bin/bash
# gainsay init: a file of settings that a node reads, never over one that is there, and with what else is needed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
gainsay=${GAINSAY_BUILD:-$PWD/build}/gainsay
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
expect() { # WHAT EXIT PATTERN COMMAND...: of both outputs together
	local what=$1 exit=$2 pattern=$3 got
	shift 3
	(cd "$work" && "$@") >"$work/out" 2>&1
	got=$?
	if [[ $got == "$exit" ]] && grep -q -- "$pattern" "$work/out"; then
		echo "ok    $what"
	else
		echo "FAIL  $what: exit status $got: $(cat "$work/out")"
		failed=1
	fi
}
unset "${!GAINSAY_@}"

expect "a file for a development chain" 0 "gainsay doctor --config node.yaml" "$gainsay" init devnet
expect "that only its owner reads" 0 "^600$" stat -c %a node.yaml
expect "and that is the example" 0 "identical" diff -s node.yaml "$PWD/configs/devnet.yaml"
echo "mine: yes" >"$work/kept.yaml"
expect "a file that is there is refused" 1 "kept.yaml: is there already" "$gainsay" init devnet --out kept.yaml
expect "and is what it was" 0 "^mine: yes$" cat kept.yaml
ln -s nowhere "$work/link.yaml"
expect "a link to nothing is refused, too" 1 "link.yaml: is there already" "$gainsay" init devnet --out link.yaml
expect "a folder that is not there" 1 "No such file" "$gainsay" init devnet --out no/node.yaml
expect "no endpoint" 2 "--rpc URL" "$gainsay" init mainnet
expect "no such network" 2 "devnet, sepolia or mainnet" "$gainsay" init ethereum
expect "no network" 2 "" "$gainsay" init
expect "no such setting" 1 "policy.rats" "$gainsay" init devnet --set policy.rats=1 --out a.yaml
expect "no value" 1 "NAME=VALUE" "$gainsay" init devnet --set policy.rate --out a.yaml
expect "neither of which leaves a file" 2 "cannot access" ls a.yaml
expect "one endpoint alone" 0 "second one, of another provider" "$gainsay" init mainnet --rpc https://a.example --out b.yaml
expect "what the doctor takes" 1 "^ok    settings  *b.yaml$" "$gainsay" doctor --config b.yaml --rpc http://127.0.0.1:1
expect "on standard output" 0 "^policy:" "$gainsay" init devnet --out - --set policy.rate=0.5
expect "with what was set" 0 "^  rate: 0.5 " "$gainsay" init devnet --out - --set policy.rate=0.5
exit $failed
