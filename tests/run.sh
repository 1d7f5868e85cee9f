#!/bin/bash
# Runs every test that is there and ends with "N passed, N failed" (", N skipped" may follow).
#
#   tests/run.sh BUILD [all|unit] [PATTERN]
#
# unit: the cmocka binaries under BUILD/tests/unit. all: these, the forge tests of chain/contracts, and every script
# tests/integration/*.sh and tests/*/run.sh. PATTERN (a shell glob) keeps only the tests whose name matches.
#
# Scripts, most of which wait for a chain's clock, run beside the unit tests, which compute: so many scripts as there are cores and one more,
# those first that say they take longest ("# takes_s: N"), and so many unit tests as there are cores, at a lower priority (none when there is one
# lane); when either are through, the others have the lanes as well, but for unit tests, of which one more runs. LANES says how many in all.
# Each is told when it ends. The forge tests, mostly one compiler at work, begin first, have no lane, and are told last.
#
# GAINSAY_TEST_UNDER, split at spaces, is put before each unit test's binary: an emulator of another processor, with its options.
#
# OTHER_BUILD names a second build folder (another compiler's), whose unit tests are run, too, as unit/OTHER_BUILD's last part/test_X.
#
# A script is run from the root with BUILD/tools first in PATH and $GAINSAY_BUILD set. It passes with exit status 0
# and is skipped with 77; if it prints a line "N passed, N failed" the last such line is counted instead of 1.
# A line "# timeout_s: N" in a script changes its time limit; "# takes_s: N" says about how long it takes.
set -uo pipefail

cd "$(dirname "$0")/.." || exit 1
build=${1:?usage: tests/run.sh BUILD [all|unit] [PATTERN]}
scope=${2:-all}
pattern=${3:-*}
timeout_s_default=${GAINSAY_TEST_TIMEOUT_S:-1800}
output_lines_max=60
cores=$(nproc)
lanes_max=${LANES:-$((2 * cores + 1))}
units_max=$((lanes_max > cores ? cores : lanes_max))

[[ $build == /* ]] || build=$PWD/$build
export GAINSAY_BUILD=$build
export PATH=$build/tools:$PATH
logs=$build/tests/log
mkdir -p "$logs"

passed=0
failed=0
skipped=0
timeout_options=()
read -ra under <<<"${GAINSAY_TEST_UNDER:-}"

# The number in the last line "[  LABEL  ] N test(s)" of a cmocka log.
cmocka_count() {
	sed -n "s/^\[ *$1 *\] \([0-9][0-9]*\) test(s).*/\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'
}

# wanted NAME: whether the pattern takes it
wanted() {
	# shellcheck disable=SC2053
	[[ $1 == $pattern ]]
}

# execute NAME TIMEOUT_S COMMAND...: leaves its output in the log, its exit status and milliseconds beside it.
execute() {
	local name=$1 timeout_s=$2 log status=0 start
	shift 2
	log=$logs/${name//\//_}.log
	rm -f "$log.end"
	start=$(date +%s%N)
	timeout --kill-after=10 "${timeout_options[@]}" "$timeout_s" "$@" >"$log" 2>&1 </dev/null || status=$?
	echo "$status $((($(date +%s%N) - start) / 1000000))" >"$log.end"
}

declare -A lane=()          # of what is under way: by process, what report is to be told
units=() scripts=()         # what is to be run: NAME, a tab, TIMEOUT_S, a tab, PATH
unit_at=0 script_at=0       # the next of each
units_on=0                  # under way

# Waits for any of them; one line about it, its output only when it failed.
end_one() {
	local ended
	wait -n -p ended "${!lane[@]}"
	# shellcheck disable=SC2086
	report ${lane[$ended]}
	[[ ${lane[$ended]} != *" cmocka "* ]] || units_on=$((units_on - 1))
	unset "lane[$ended]"
}

begin_unit() {
	local name timeout_s path
	IFS=$'\t' read -r name timeout_s path <<<"${units[unit_at]}"
	execute "$name" "$timeout_s" "${background[@]}" "${under[@]}" "$path" &
	lane[$!]="$name cmocka $timeout_s"
	unit_at=$((unit_at + 1))
	units_on=$((units_on + 1))
}

begin_script() {
	local name timeout_s path
	IFS=$'\t' read -r name timeout_s path <<<"${scripts[script_at]}"
	execute "$name" "$timeout_s" bash "$path" &
	lane[$!]="$name script $timeout_s"
	script_at=$((script_at + 1))
}

run_all() {
	local background=() scripts_left units_left
	((lanes_max == 1)) || background=(nice -n 5)
	while :; do
		units_left=$((${#units[@]} - unit_at)) scripts_left=$((${#scripts[@]} - script_at))
		((scripts_left > 0)) || units_max=$((lanes_max > cores ? cores + 1 : lanes_max))
		if ((${#lane[@]} < lanes_max && units_left > 0 && units_on < units_max)); then
			begin_unit
		elif ((${#lane[@]} < lanes_max && scripts_left > 0)) && ((units_left == 0 || lanes_max <= cores || ${#lane[@]} - units_on < lanes_max - units_max)); then
			begin_script
		elif ((${#lane[@]})); then
			end_one
		else
			return
		fi
	done
}

report() {
	local name=$1 kind=$2 timeout_s=$3 log status ms p=0 f=0 s=0 counts
	log=$logs/${name//\//_}.log
	read -r status ms <"$log.end" || { status=1 ms=0; }
	case $kind in
	cmocka)
		p=$(cmocka_count PASSED "$log")
		f=$(cmocka_count FAILED "$log")
		s=$(cmocka_count SKIPPED "$log")
		;;
	script | forge)
		if [[ $kind == forge ]]; then
			counts=$(sed 's/\x1b\[[0-9;]*m//g' "$log" |
				sed -n 's/.*: \([0-9]*\) tests passed, \([0-9]*\) failed, \([0-9]*\) skipped.*/\1 \2 \3/p' | tail -n 1)
		else
			counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)\{0,1\}.*/\1 \2 \4/p' "$log" | tail -n 1)
		fi
		if [[ -n $counts ]]; then
			read -r p f s <<<"$counts"
			s=${s:-0}
		elif ((status == 77)); then
			s=1
			status=0
		elif ((status == 0)) && [[ $kind == script ]]; then
			p=1
		fi
		;;
	esac
	local why=""
	if ((status == 124 || status == 137)); then
		why="no end after $timeout_s s"
	elif ((status != 0)); then
		why="exit status $status"
	elif ((p + f + s == 0)); then
		why="ran no test"
	fi
	[[ -n $why && $f -eq 0 ]] && f=1
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	local verdict=ok
	((s > 0 && p == 0)) && verdict=skip
	((f > 0)) && verdict=FAIL
	printf '%-4s %-44s %5d passed' "$verdict" "$name" "$p"
	((f > 0)) && printf ', %d failed%s' "$f" "${why:+ ($why)}"
	((s > 0)) && printf ', %d skipped' "$s"
	printf '  %d ms\n' "$ms"
	if ((f > 0)); then
		tail -n "$output_lines_max" "$log" | sed 's/^/     | /'
		echo "     whole output: $log"
	fi
	return 0
}

# said_by SCRIPT WORD DEFAULT: the number in its line "# WORD: N"
said_by() {
	local own
	own=$(sed -n "s/^# $2: \([0-9]*\).*/\1/p" "$1" | head -n 1)
	echo "${own:-$3}"
}

shopt -s nullglob
beside=
if [[ $scope == all && -f chain/contracts/foundry.toml ]] && wanted contracts; then
	set -m # a process group, all of which ends when this script does
	timeout_options=(--foreground)
	execute contracts 2700 env --chdir=chain/contracts FOUNDRY_DISABLE_NIGHTLY_WARNING=1 forge test --offline &
	beside=$!
	timeout_options=()
	set +m
fi
# timeout(1) makes each test a group of its own.
leave() {
	local pid
	for pid in "${!lane[@]}"; do
		# shellcheck disable=SC2046
		kill $(cat "/proc/$pid/task/$pid/children" 2>/dev/null) 2>/dev/null
	done
	[[ -z $beside ]] || kill -- "-$beside" 2>/dev/null
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
for folder in "$build" ${OTHER_BUILD:+"$OTHER_BUILD"}; do
	name=unit
	[[ $folder == "$build" ]] || name=unit/${folder##*/}
	for binary in "$folder"/tests/unit/test_*; do
		# A binary whose source is gone is left over from an older tree.
		[[ -x $binary && -f tests/unit/${binary##*/}.c ]] && wanted "$name/${binary##*/}" || continue
		units+=("$name/${binary##*/}"$'\t'"$timeout_s_default"$'\t'"$binary")
	done
done
if [[ $scope == all ]]; then
	while read -r _ script; do
		name=${script#tests/}
		wanted "${name%.sh}" && scripts+=("${name%.sh}"$'\t'"$(said_by "$script" timeout_s "$timeout_s_default")"$'\t'"$script")
	done < <(for script in tests/integration/*.sh tests/*/run.sh; do echo "$(said_by "$script" takes_s 0) $script"; done | sort -s -k1,1nr)
fi
run_all

if [[ -n $beside ]]; then
	wait "$beside"
	beside=
	report contracts forge 2700
fi

if ((skipped > 0)); then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
((failed == 0 && passed > 0))
