#!/bin/bash
# A folder with the libraries and headers of another architecture, from Debian's archive; needs no root, and is
# silent when it is there. Signatures are checked by apt, with the keys of this machine.
#
#   sysroot.sh DEBIAN_ARCH DIR PACKAGE...
set -euo pipefail
arch=$1
dir=$2
shift 2

fail() {
	echo "sysroot: $*" >&2
	exit 1
}

[[ -f $dir/.packages && $(<"$dir/.packages") == "$*" ]] && exit 0
command -v apt-get >/dev/null 2>&1 || fail "no apt-get: this needs Debian"
rm -rf "$dir"
mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial"
: >"$dir/apt/status"
log=$dir/apt/log
private=(-q -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o "Dir::State::lists=$dir/apt/lists"
	-o "Dir::State::status=$dir/apt/status" -o "Dir::Cache=$dir/apt/cache" -o "APT::Sandbox::User=$(id -un)")
echo "sysroot: fetching $* for $arch"
# A third party's archive among the sources need not have this architecture.
apt-get "${private[@]}" update >"$log" 2>&1 || true
(cd "$dir/apt" && apt-get "${private[@]}" download "$@" >>"$log" 2>&1) || { tail -n 5 "$log" >&2; fail "apt-get could not fetch $* for $arch"; }
for package in "$dir"/apt/*.deb; do
	dpkg-deb -x "$package" "$dir"
done
rm -rf "$dir/apt"
echo "$*" >"$dir/.packages"
