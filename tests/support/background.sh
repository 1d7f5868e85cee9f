# tests/support/background.sh: processes in the background, and what a script counts. To be sourced; devnet.sh does so.
#
#   $work            the script's folder, set before; it is removed at the end, unless KEEP is set
#   pids[NAME]=PID   what is killed at the end
#   stop NAME SIGNAL waits for its end, and leaves its exit status in $status
#   eventually COMMAND...  waits until it succeeds; fails after $patience_s, far more than a busy machine needs
#   ok TEXT          one more passed
#   fail TEXT        one more failed; shows the last lines of all $work/*.log
#   finish           the line that the runner counts, and the exit
declare -A pids=()
patience_s=${patience_s:-300}
passed=0
failed=0

tidy() {
	local pid
	for pid in "${pids[@]}"; do
		kill -9 "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	[[ -n ${KEEP:-} ]] || rm -rf "$work"
}
trap tidy EXIT

stop() {
	kill "-$2" "${pids[$1]}" 2>/dev/null
	wait "${pids[$1]}" 2>/dev/null
	status=$?
	unset "pids[$1]"
}

eventually() {
	local end=$((SECONDS + patience_s))
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

ok() {
	passed=$((passed + 1))
	echo "ok   $1"
}

fail() {
	failed=$((failed + 1))
	echo "FAIL $1"
	local log
	for log in "$work"/*.log; do
		[[ -s $log ]] && { echo "--- ${log##*/}"; tail -n 25 "$log"; }
	done
}

finish() {
	echo "$passed passed, $failed failed"
	((failed == 0 && passed > 0))
	exit
}
