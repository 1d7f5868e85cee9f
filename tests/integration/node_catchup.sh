#!/bin/bash
# A node that was not there: after a dispute and 3000 blocks another one takes the final ones in ranges, killed on the way, and
# stores what the one that saw every block has stored. With several endpoints ranges are taken as a quorum of them tells them.
# takes_s: 80
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"

devnet_up 900 900
honest=$(claim 1 "${images[0]}")
wrong=$(claim 1 "${images[1]}" "${images[0]}")
db=$work/validator.db
start defend gs 1 defend --db "$work/defend.db" --models "$work/models" --adversary outputs --poll-ms 200
start validator gs 2 run --db "$db" --models "$work/models" --rate 1 --poll-ms 200 --until-claims 2 --until-seconds 1000
hasten validator "$db" 2
wait "${pids[validator]}"
code=$?
unset "pids[validator]"
stop defend TERM
[[ $code == 0 ]] && ok "the dispute is over" || fail "the validator ends with $code"

mine() {
	/usr/bin/python3 - "$url" "$1" <<'END'
import json, sys, urllib.request
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "anvil_mine", "params": [hex(int(sys.argv[2]))]}).encode()
reply = json.load(urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"})))
sys.exit("error" in reply)
END
}
mine 3000 && ok "3000 blocks later" || fail "no blocks were made"

for ((i = 0; i < 4; i++)); do # SIGKILL at any moment
	start fresh gs 3 run --db "$work/fresh.db" --models "$work/models" --rate 0 --poll-ms 100 --until-claims 2 --until-seconds 1000
	sleep "0.0$((RANDOM % 9 + 1))"
	kill -0 "${pids[fresh]}" 2>/dev/null || break
	stop fresh KILL
done
start fresh gs 3 run --db "$work/fresh.db" --models "$work/models" --rate 0 --poll-ms 100 --until-claims 2 --until-seconds 1000
wait "${pids[fresh]}"
code=$?
unset "pids[fresh]"
[[ $code == 0 ]] && ok "the fresh node ends well" || fail "the fresh node ends with $code"

# Another one that is not killed tells how it went.
start whole gs 3 run --db "$work/whole.db" --models "$work/models" --rate 0 --poll-ms 100 --until-claims 2 --until-seconds 1000
wait "${pids[whole]}"
code=$?
unset "pids[whole]"
[[ $code == 0 ]] && ok "the whole way ends well" || fail "the whole way ends with $code"
taken=$(grep -o 'chain.catchup.*' "$work/whole.log" | sort -t= -k2 -n | tail -1) # the longest stretch: blocks may have come meanwhile
[[ $taken =~ blocks=([0-9]+) ]] && ((BASH_REMATCH[1] > 2800)) && ok "in ranges: $taken" || fail "not in ranges: $taken"
! grep -q 'chain.range_refused' "$work/whole.log" && ok "no range was refused" || fail "$(grep -m1 chain.range_refused "$work/whole.log")"

# Three endpoints, one of which leaves logs out, and the one that lies with a single honest one.
for name in liar honest other; do
	start "$name" /usr/bin/python3 "$root/tests/support/liar.py" "$url"
done
liar=$(listening liar)
proxy=$(listening honest)
http "$liar/lie" logs_omitted >"$work/ignored"
other=$(listening other)
for name in "$proxy" "$other"; do # so that the liar is asked before them
	http "$name/delay" 250 >"$work/ignored"
done
command_of 3 run --db "$work/three.db" --models "$work/models" --rate 0 --poll-ms 100 --until-claims 2 --until-seconds 1000
"${command[@]}" --rpc "$liar,$proxy,$other" >"$work/three.out" 2>"$work/three.log"
code=$?
[[ $code == 0 ]] && ok "with one of three that lies it ends well" || fail "with one of three that lies it ends with $code"
taken=$(grep -o 'chain.catchup.*' "$work/three.log" | sort -t= -k2 -n | tail -1)
[[ $taken =~ blocks=([0-9]+) ]] && ((BASH_REMATCH[1] > 2800)) && ok "in ranges: $taken" || fail "not in ranges: $taken"
grep -q 'rpc.disagree method=eth_getLogs decided=yes from=' "$work/three.log" && ok "the lie is told with its range" || fail "no lie was told: $(grep rpc.disagree "$work/three.log")"
ranges() { # how many of them two endpoints told in two ways
	grep -o 'rpc.disagree method=eth_getLogs decided=no from=[0-9]* to=[0-9]*' "$work/two.log" | sort -u | wc -l
}
two_ranges() {
	(($(ranges) >= 2))
}
command_of 3 run --db "$work/two.db" --models "$work/models" --rate 0 --poll-ms 100 --until-claims 2
start two "${command[@]}" --rpc "$liar,$proxy"
eventually two_ranges
kill -0 "${pids[two]}" && ok "two that disagree: it does not go on" || fail "two endpoints disagree, and the node ended"
stop two TERM
ranges=$(ranges)
((ranges >= 2)) && ok "smaller ranges were asked for: $ranges" || fail "$ranges ranges were told: $(grep rpc.disagree "$work/two.log")"
[[ $("$gainsay" claims --db "$work/two.db" --json | /usr/bin/python3 -c 'import json, sys; print(len(json.load(sys.stdin)))') == 0 ]] &&
	ok "nothing of them is stored" || fail "claims were stored that two endpoints do not agree on"

facts() {
	"$gainsay" games --db "$1" --json
	"$gainsay" claims --db "$1" --json | grep -Ev '"(sampled|reason|rate_ppm|verdict|computed_root)"' | sed 's/,$//'
}
for name in validator fresh whole three; do
	facts "$work/$name.db" >"$work/facts.$name"
done
cmp -s "$work/facts.validator" "$work/facts.fresh" && ok "the killed one stores the same" || fail "facts differ: $(diff "$work/facts.validator" "$work/facts.fresh")"
cmp -s "$work/facts.validator" "$work/facts.whole" && ok "the other one, too" || fail "facts differ: $(diff "$work/facts.validator" "$work/facts.whole")"
cmp -s "$work/facts.validator" "$work/facts.three" && ok "what two of three told is the same" || fail "facts differ: $(diff "$work/facts.validator" "$work/facts.three")"
[[ $(stored "$work/whole.db" "$wrong" status) == invalid ]] && ok "the wrong claim is invalid" || fail "the wrong claim is not invalid"
[[ $(stored "$work/whole.db" "$honest" status) == final ]] && ok "the honest claim is final" || fail "the honest claim is not final"
finish
