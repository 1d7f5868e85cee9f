#!/bin/bash
# Set-up against a machine of our making: apt-get and sudo are recorders in a PATH that holds nothing else of their kind.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
passed=0
failed=0
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/configs/setup" "$tree/bin"
cp configs/setup/setup.sh "$tree/configs/setup/"
for tool in bash sed grep dpkg dpkg-query dirname env tail mktemp rm id cat; do
	ln -s "$(type -P "$tool")" "$tree/bin/$tool"
done
chmod -R go+rX "$tree"
mkdir "$tree/seen"
chmod 777 "$tree/seen"

recorder() { # recorder NAME [BODY]: a program that records its arguments
	printf '#!/bin/bash\necho "%s $*" >>"%s"\n%s\n' "$1" "$tree/seen/calls" "${2:-}" >"$tree/bin/$1"
	chmod 755 "$tree/bin/$1"
}

# try USER APT_LINE: runs the set-up of packages; leaves $status, $out and $calls.
try() {
	local as=()
	echo "$2" >"$tree/configs/setup/apt.txt"
	chmod 644 "$tree/configs/setup/apt.txt"
	rm -f "$tree/seen/calls"
	if [[ $1 == nobody ]] && ((EUID == 0)); then
		as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	fi
	out=$("${as[@]}" env -i PATH="$tree/bin" "$tree/bin/bash" "$tree/configs/setup/setup.sh" apt 2>&1 </dev/null)
	status=$?
	calls=$(cat "$tree/seen/calls" 2>/dev/null)
}

expect() { # expect NAME CONDITION...: CONDITION is evaluated
	local name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $name: status $status, calls '$calls', output '$out'"
	fi
}
silent() { [[ $status -eq 0 && -z $out && -z $calls ]]; }
one_line_with() { [[ $status -ne 0 && $(wc -l <<<"$out") -eq 1 && $out == *"$1"* ]]; }
says() { [[ $status -ne 0 && $out == *"$1"* ]]; }

recorder apt-get
try root "bash 5.0"
expect "silent when satisfied" silent
try root "# only a comment"
expect "comments are no packages" silent

if ((EUID == 0)); then
	try root "gainsay-no-such-package 1.0"
	expect "root installs without sudo" test "$calls" = "apt-get update -q
apt-get install -q -y --no-install-recommends gainsay-no-such-package"
	expect "an installation that changed nothing is an error" says "still missing or too old after apt-get: gainsay-no-such-package"
	try root "bash 99:1.0"
	expect "an old version is replaced" test "${calls##*recommends }" = bash
	recorder apt-get 'exit 100'
	try root "gainsay-no-such-package 1.0"
	expect "a failing apt-get is an error" says "apt-get failed"
	recorder apt-get
fi

try nobody "gainsay-no-such-package 1.0"
expect "no root and no sudo: one line that names the package" one_line_with gainsay-no-such-package
recorder sudo '[[ $1 == -n ]] && shift; exec "$@"'
ln -s "$(type -P true)" "$tree/bin/true"
try nobody "gainsay-no-such-package 1.0"
expect "sudo is used where we are not root" grep -q 'sudo .*apt-get install .* gainsay-no-such-package' <<<"$calls"
recorder sudo 'exit 1'
try nobody "gainsay-no-such-package 1.0"
expect "a sudo that refuses: one line" one_line_with "sudo refused"

recorder gainsay-program 'echo v20.1.0'
rm -f "$tree/seen/calls"
try nobody "gainsay-no-such-package 1.0 gainsay-program 18"
expect "a program from elsewhere will do" test $status -eq 0 -a -z "$out"
recorder gainsay-program 'echo v16.9.0'
try nobody "gainsay-no-such-package 1.0 gainsay-program 18"
expect "but not an old one" test $status -ne 0

# The real list, on the machine that has just been set up.
out=$(configs/setup/setup.sh apt 2>&1 && configs/setup/setup.sh npm chain/contracts 2>&1 && configs/setup/setup.sh npm tests 2>&1)
status=$? calls=""
expect "this machine is set up, and set-up says nothing about it" silent
while read -r tool version; do
	out=$(build/tools/"$tool" --version 2>&1)
	status=$?
	expect "build/tools/$tool runs" grep -q "$version" <<<"$out"
done <<<"anvil ersion
cast ersion
forge ersion
solc 0.8.37+commit
node20 ^v[2-9][0-9]"

echo "$passed passed, $failed failed"
((failed == 0))
