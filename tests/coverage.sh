#!/bin/bash
# Lines that a --coverage build's tests reached, a line a module and one in all: tests/coverage.sh BUILD
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: tests/coverage.sh BUILD}
find "$build/obj" -name '*.gcda' -not -path '*/tests/*' -print0 | sort -z |
	xargs -0 -r -n 1 gcov --no-output --relative-only 2>/dev/null |
	awk '
		/^File / { file = $2; gsub("\047", "", file) }
		/^Lines executed:/ && file ~ /\.c$/ {
			split($2, part, ":"); sub("%", "", part[2])
			split(file, folder, "/"); module = folder[1]
			for (i = 2; i < length(folder); i++) module = module "/" folder[i]
			lines[module] += $4; reached[module] += $4 * part[2] / 100
			all += $4; all_reached += $4 * part[2] / 100; file = ""
		}
		END {
			for (m in lines) printf "%-24s %6d lines %5.1f %%\n", m, lines[m], 100 * reached[m] / lines[m] | "sort"
			close("sort")
			if (!all) { print "no coverage data"; exit 1 }
			printf "%-24s %6d lines %5.1f %%\n", "all", all, 100 * all_reached / all
		}'
