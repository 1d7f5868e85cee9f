# tests/support/check.sh: what scripts that make several checks share. To be sourced, in the root of the repository.
#
#   work            a folder that is gone afterwards
#   check NAME STATUS   counts; a status other than 0 prints the name
#   finish          the line that the runner counts, and the exit status
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

check() {
	if (($2 == 0)); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $1"
	fi
}

finish() {
	echo "$passed passed, $failed failed"
	((failed == 0))
}
