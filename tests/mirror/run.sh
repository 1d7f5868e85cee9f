#!/bin/bash
# The mirror's numbers are the contract's, and no intermediate of the contract can pass its bound.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/support/check.sh

/usr/bin/python3 -B tests/mirror/constants.py --check
check "tests/mirror/constants.h is of this Elementary.sol" $?

/usr/bin/python3 -B tests/mirror/bounds.py --check
check "no intermediate of the contract passes its bound, and the page has these bounds" $?

# A test of the test: a number and a shift changed, a comment changed.
source=chain/contracts/src/judge
mkdir -p "$work/judge"
cp "$source/SoftFloat.sol" "$work/judge"
sed 's/ 24097538709849078985781730867)/ 24097538709849078985781730868)/' "$source/Elementary.sol" >"$work/judge/Elementary.sol"
! /usr/bin/python3 -B tests/mirror/constants.py --check "$work/judge/Elementary.sol" 2>"$work/err"
check "a coefficient changed is noticed" $?
sed 's/return SoftFloat.round(0, p, k - 112);/return SoftFloat.round(0, p, k - 111);/' "$source/Elementary.sol" >"$work/judge/Elementary.sol"
! /usr/bin/python3 -B tests/mirror/constants.py --check "$work/judge/Elementary.sol" 2>"$work/err"
check "an exponent changed is noticed" $?
sed 's/Each function is reduced/Every function is reduced/' "$source/Elementary.sol" >"$work/judge/Elementary.sol"
! cmp -s "$source/Elementary.sol" "$work/judge/Elementary.sol" &&
	/usr/bin/python3 -B tests/mirror/constants.py --check "$work/judge/Elementary.sol"
check "a comment changed is none of it" $?

finish
