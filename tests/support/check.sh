# tests/support/check.sh: what scripts that make several checks share. To be sourced, in the root of the repository.
#
#   work            a folder that is gone afterwards
#   check NAME STATUS   counts; a status other than 0 prints the name
#   clang_built PROGRAM   whether $clang/PROGRAM, by clang, is there and no older than any source; `make check`, which builds it, sets
#                   GAINSAY_TEST_CLANG, and then it is a failure when it is not
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

clang=$PWD/${build:-build}/clang
clang_sources=("$PWD"/{chain,challenge,queue,simulations,storage,validator})
clang_built() {
	local newer
	if [[ -x $clang/$1 ]]; then
		newer=$(find "${clang_sources[@]}" -name node_modules -prune -o \( -name '*.[ch]' -o -name '*.yaml' \) -newer "$clang/$1" -print -quit)
		[[ -z $newer ]] && return 0
	fi
	[[ -z ${GAINSAY_TEST_CLANG:-} ]]
	check "clang's build of $1 is there, with all changes" $?
	echo "clang's build of $1 is not there, or misses changes: nothing is compared with it"
	return 1
}

finish() {
	echo "$passed passed, $failed failed"
	((failed == 0))
}
