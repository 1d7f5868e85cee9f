#!/bin/bash
# Static analysis of the contracts: forge's linter (chain/contracts/foundry.toml, [lint]) and solhint (chain/contracts/.solhint.json).
# Quiet when there is nothing; else the findings and exit status 1. What the rules leave out, and why: docs/threat-model.md.
#
#   contracts.sh [FOLDER]      FOLDER instead of src and examples, within a tree like chain/contracts
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "${CONTRACTS:-$root/chain/contracts}" || exit 1
forge=$root/build/tools/forge
solhint=$root/tests/node_modules/solhint/solhint.js
bad=0

[[ -e $forge && -f $solhint ]] || { echo "forge or solhint is missing: run 'make setup'" >&2; exit 1; }
folders=("$@")
((${#folders[@]})) || folders=(src examples)
for folder in "${folders[@]}"; do
	out=$("$forge" lint "$folder" --color never 2>&1) || {
		echo "$out"
		bad=1
	}
	mapfile -t files < <(find "$folder" -name '*.sol' | sort)
	out=$("$root/build/tools/node20" "$solhint" -c "$root/chain/contracts/.solhint.json" --disc --noPoster -f unix "${files[@]}" 2>&1) || {
		echo "$out"
		bad=1
	}
done
exit $bad
