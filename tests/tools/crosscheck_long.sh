#!/bin/bash
# tests/integration/crosscheck.sh over a thousand drawn cases of everything: ten seeds from the given one on, a hundred cases each, CROSSCHECK_JOBS at
# a time. Each seed's output is left in the build folder; the counts of all are printed at last. Fails when anything differed or did not run.
#
#   crosscheck_long.sh FIRST_SEED
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
first=${1:?a first seed}
out=${GAINSAY_BUILD:-$PWD/build}/crosscheck
rm -rf "$out"
mkdir -p "$out"
one() { # OUT SEED
	local code
	SEED=$2 CASES=100 CAST_CASES=100 KEYSTORES=100 tests/integration/crosscheck.sh >"$1/$2" 2>&1
	code=$?
	echo "seed $2: $(tail -n 1 "$1/$2")"
	return "$code"
}
export -f one
seq "$first" $((first + 9)) | xargs -P "${CROSSCHECK_JOBS:-1}" -I{} bash -c 'one "$0" {}' "$out"
code=$?
sed -n 's/^ok   //p' "$out"/* | awk -F': ' '{n[$1] += $2} END {for (what in n) print n[what], what}' | sort -k 2
grep -h '^FAIL' "$out"/*
awk '/ passed, .* failed$/ {p += $1; f += $3; runs++} END {print p + 0 " passed, " f + 0 " failed"; exit !(runs == 10 && f == 0 && p > 0)}' "$out"/* && ((code == 0))
