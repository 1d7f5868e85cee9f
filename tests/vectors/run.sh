#!/usr/bin/env bash
# Both compilers must give the recorded ids and roots (tests/vectors/machine.txt), without optimisation and as everything else here was built; `make check-compilers` takes
# every level.
# timeout_s: 1200
# takes_s: 100
set -eu
cd "$(dirname "$0")/../.."
build=${GAINSAY_BUILD:-$PWD/build}
make --no-print-directory -j2 check-compilers MACHINE_LEVELS=-O0
for built in "gcc $build" "clang ${OTHER_BUILD:-$build/clang}"; do
	read -r compiler folder <<<"$built"
	make --no-print-directory -j2 CC="$compiler" BUILD="$folder" machine-vectors
	echo "$compiler, as built: programs, roots and outputs as recorded"
done
