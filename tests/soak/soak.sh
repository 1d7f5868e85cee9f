#!/bin/bash
# make soak: turns of two kinds until the time is over: soak itself, and a batch of steps for the judge contract.
#
#   soak.sh BUILD SECONDS FIRST_SEED
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
end=$((SECONDS + $2))
seed=$3
programs=300
steps=40
turn_s=120
folder=build/vectors/soak
mkdir -p "$folder"
judged=0
while ((SECONDS < end)); do
	left=$((end - SECONDS))
	"$build/tests/soak/soak" $((left < turn_s ? left : turn_s)) "$seed" >"$folder/last"
	tail -n 1 "$folder/last"
	"$build/tests/vectors/gen_judge" "$folder" $programs $steps "$seed"
	(cd chain/contracts && FOUNDRY_DISABLE_NIGHTLY_WARNING=1 GAINSAY_JUDGE_VECTORS=../../$folder GAINSAY_JUDGE_PROGRAMS=$programs \
		../../build/tools/forge test --offline --match-contract '^JudgeVectorsTest$') >"$folder/forge.log" 2>&1 ||
		{ tail -n 30 "$folder/forge.log" >&2; echo "the judge contract differs from the C judge; seeds from $seed on" >&2; exit 1; }
	judged=$((judged + programs * steps))
	seed=$(sed -n 's/.*next seed \([0-9]*\)$/\1/p' "$folder/last")
done
echo "the judge contract agreed on $judged steps; next seed $seed"
