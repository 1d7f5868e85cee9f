#!/bin/bash
# The test runner's own test: what it counts, and that nothing broken is ever counted as passed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
passed=0
failed=0
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cp tests/run.sh "$tree/run.sh"

fresh() {
	rm -rf "$tree/tests" "$tree/build"
	mkdir -p "$tree/tests/unit" "$tree/tests/integration" "$tree/build/tests/unit"
	cp "$tree/run.sh" "$tree/tests/run.sh"
}
unit() { # unit NAME BODY: a binary, by a script in its place
	: >"$tree/tests/unit/$1.c"
	printf '#!/bin/bash\n%s\n' "$2" >"$tree/build/tests/unit/$1"
	chmod +x "$tree/build/tests/unit/$1"
}
script() {
	printf '#!/bin/bash\n%s\n' "$2" >"$tree/tests/integration/$1.sh"
}
expect() { # expect NAME STATUS LAST_LINE
	local out status
	out=$(GAINSAY_TEST_TIMEOUT_S=${limit_s:-600} bash "$tree/tests/run.sh" build all 2>&1)
	status=$?
	if [[ $status -eq $2 && $(tail -n 1 <<<"$out") == "$3" ]]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s: status %d\n%s\n' "$1" "$status" "$out"
	fi
}
cmocka_ok='echo "[  PASSED  ] 3 test(s)."'

fresh
expect "no tests at all" 1 "0 passed, 0 failed"
unit test_a "$cmocka_ok"
expect "a unit test's tests are counted" 0 "3 passed, 0 failed"
script one 'exit 0'
script two 'echo "5 passed, 0 failed, 1 skipped"'
expect "scripts count as one, or as they say" 0 "9 passed, 0 failed, 1 skipped"
script three 'exit 77'
expect "77 is skipped" 0 "9 passed, 0 failed, 2 skipped"
script four 'exit 1'
expect "a failing script" 1 "9 passed, 1 failed, 2 skipped"

fresh
script one "touch $tree/one; until [ -e $tree/two ]; do sleep 0.1; done"
script two "touch $tree/two; until [ -e $tree/one ]; do sleep 0.1; done"
expect "they run side by side" 0 "2 passed, 0 failed"
unit test_a "touch $tree/unit; until [ -e $tree/script ]; do sleep 0.1; done; $cmocka_ok"
script three "touch $tree/script; until [ -e $tree/unit ]; do sleep 0.1; done"
expect "and scripts beside unit tests" 0 "6 passed, 0 failed"
rm "$tree/tests/unit/test_a.c"
script three "touch $tree/begun; sleep 61.25; touch $tree/done"
bash "$tree/tests/run.sh" build all >/dev/null 2>&1 &
runner=$!
for _ in {1..3000}; do
	[[ -e $tree/begun ]] && break
	sleep 0.1
done
kill "$runner"
wait "$runner"
for _ in {1..600}; do
	grep -qsxzF 61.25 /proc/[0-9]*/cmdline || break
	sleep 0.1
done
expect_gone() {
	if [[ -e $tree/begun ]] && ! grep -qsxzF 61.25 /proc/[0-9]*/cmdline; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $1"
	fi
}
expect_gone "nothing is left when it is interrupted"

fresh
unit test_a "$cmocka_ok; kill -SEGV \$\$"
expect "a crash after its tests passed" 1 "3 passed, 1 failed"
fresh
unit test_a 'exit 0'
expect "a unit test that ran nothing" 1 "0 passed, 1 failed"
fresh
unit test_a 'echo "[  PASSED  ] 2 test(s)."; echo "[  FAILED  ] 1 test(s), listed below:"; exit 0'
expect "a failure whose exit status is lost" 1 "2 passed, 1 failed"
fresh
unit test_a "$cmocka_ok"
script endless $'# timeout_s: 2\nsleep 600'
expect "a test without an end, which has set its own limit" 1 "3 passed, 1 failed"
fresh
unit test_a 'sleep 600'
limit_s=2 expect "a unit test without an end" 1 "0 passed, 1 failed"
fresh
script slow $'# timeout_s: 600\nsleep 3'
limit_s=1 expect "a script's own limit may be longer" 0 "1 passed, 0 failed"
for name in a b c; do
	script "$name" "echo $name >>$tree/order"
done
script b $'# takes_s: 30\necho b >>'"$tree/order"
script c $'# takes_s: 200\necho c >>'"$tree/order"
script slow 'exit 0'
LANES=1 expect "one lane: one after another" 0 "4 passed, 0 failed"
expect_order() {
	if [[ $(tr -d '\n' <"$tree/order") == cba ]]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL those that take longest do not come first: $(tr '\n' ' ' <"$tree/order")"
	fi
}
expect_order
fresh
script liar 'echo "4 passed, 0 failed"; exit 3'
expect "a script whose exit status contradicts its count" 1 "4 passed, 1 failed"
fresh
unit test_a "$cmocka_ok"
rm "$tree/tests/unit/test_a.c"
expect "a binary left over from an older tree is not run" 1 "0 passed, 0 failed"
fresh
unit test_a '[[ $WITH == that ]] && echo "[  PASSED  ] 7 test(s)."'
script one '[[ -z ${WITH:-} ]]'
GAINSAY_TEST_UNDER="env WITH=that" expect "unit tests alone run under another program" 0 "8 passed, 0 failed"

echo "$passed passed, $failed failed"
((failed == 0))
