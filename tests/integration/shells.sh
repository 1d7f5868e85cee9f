#!/bin/bash
# The tab key in real shells, and the pages of the manual through groff.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${GAINSAY_BUILD:-$root/build}
work=$(mktemp -d /tmp/gainsay-shells.XXXXXX)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/support/background.sh
source "$root/tests/support/background.sh"
mkdir "$work/bin" "$work/folder"
ln -s "$build/gainsay" "$work/bin/gainsay"
touch "$work/file.yaml"
cd "$work" || exit 1
export PATH=$work/bin:$PATH HOME=$work

# offers SHELL 'what is typed' 'what must be offered, one a word, sorted'
offers() {
	local got
	got=$("in_$1" "$2" | sort -u | tr '\n' ' ')
	if [[ $got == "$3 " ]]; then ok "$1: $2 -> $3"; else fail "$1: $2: offered '$got', expected '$3'"; fi
}
in_bash() {
	bash --norc -c '
		source <(gainsay completion bash)
		compopt() { :; } # works only while the shell itself completes
		read -ra COMP_WORDS <<<"$1"
		[[ $1 == *" " ]] && COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_gainsay
		printf "%s\n" "${COMPREPLY[@]}"' - "$1"
}
in_fish() {
	fish --no-config -c 'gainsay completion fish | source; complete -C $argv[1]' "$1" | cut -f 1
}
# zsh completes on a terminal only. ^T puts all that it would offer into the line, ^O writes the line down.
cat >"$work/terminal.zsh" <<'END'
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1= RPS1=; autoload -Uz compinit; compinit -u -d \$HOME/compinit.dump; source <(gainsay completion zsh)"
zpty -w z "zle -C every complete-word _generic; bindkey '^T' every"
zpty -w z "zstyle ':completion:every:*' completer _all_matches _complete; zstyle ':completion:every:*' insert true"
zpty -w z "line() { print -r -- \$BUFFER >\$HOME/line.new; mv \$HOME/line.new \$HOME/line; }; zle -N line; bindkey '^O' line; print RE\\ADY"
zpty -r -m z out "*READY*"
zpty -w -n z "$1"$'\C-t\C-o'
for ((i = 0; i < 600; i++)); do
	[[ -e $HOME/line ]] && break
	sleep 0.1
done
zpty -d z
END
in_zsh() {
	local before=${1% *} words
	timeout 120 zsh -f "$work/terminal.zsh" "$1"
	words=$(cat "$work/line")
	rm -f "$work/line"
	tr -s ' ' '\n' <<<"${words#"$before "}" | grep .
}
for shell in bash fish zsh; do
	if ! command -v $shell >/dev/null; then
		fail "$shell is not installed: run 'make setup'"
		continue
	fi
	offers $shell 'gainsay stak' stake
	offers $shell 'gainsay stake ' 'deposit request show withdraw'
	offers $shell 'gainsay stake deposit 5 --mi' --mint
	offers $shell 'gainsay owner terms s' 'schedule show'
	offers $shell 'gainsay run --config f' "$([[ $shell == bash ]] && echo 'file.yaml folder' || echo 'file.yaml folder/')"
done

# Every command has a page that groff has nothing to say against, and --help's options are its options.
commands=$(gainsay --complete '' | cut -f 1 | grep -v '^--')
pages=0
for command in $commands ''; do
	name=gainsay${command:+-$command}
	gainsay $command --manual >"$work/$name.1" || fail "$name: no page"
	said=$(groff -man -ww -Tutf8 -P-cbou "$work/$name.1" 2>&1 >"$work/$name.txt")
	if [[ -n $said ]]; then
		fail "$name: groff: ${said%%$'\n'*}"
	elif [[ -n $command ]] && ! diff <(gainsay $command --help | grep -o '^  --[a-z0-9-]*' | sort) \
		<(sed -n '/^OPTIONS\|^COMMON/,$p' "$work/$name.txt" | grep -o '^       --[a-z0-9-]*' | sed 's/^     //' | sort) >"$work/diff"; then
		fail "$name: options differ from --help: $(head -3 "$work/diff" | tr '\n' ' ')"
	else
		pages=$((pages + 1))
	fi
done
if ((pages > 25)); then ok "$pages pages of the manual, as --help says"; else fail "only $pages pages"; fi

make -s -C "$root" install BUILD="$build" DESTDIR="$work/dest" PREFIX=/usr >"$work/install.log" 2>&1 || fail "make install: $(tail -1 "$work/install.log")"
for file in bin/gainsay share/man/man1/gainsay.1 share/man/man1/gainsay-stake.1 share/bash-completion/completions/gainsay \
	share/zsh/site-functions/_gainsay share/fish/vendor_completions.d/gainsay.fish; do
	if [[ -s $work/dest/usr/$file ]]; then ok "installed: $file"; else fail "not installed: $file"; fi
done
finish
