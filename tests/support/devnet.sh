# tests/support/devnet.sh: a chain, the contracts and parties with stake, for the node's integration tests. Source it.
#
#   more_parameters=TEXT              YAML for 'gainsay deploy', behind what devnet_up says itself
#   slots=N                           of an epoch: a block is final that is two epochs deep (1: two blocks)
#   devnet_up [WINDOW_S] [BUDGET_S] [MINIMUM_S]  starts anvil, deploys, stakes 1000 for parties 1, 2, 3, registers the digits model
#   gs N COMMAND...                   a gainsay command on that chain with party N's key
#   claim N IMAGE [WRONG_IMAGE]       posts a claim by party N; with WRONG_IMAGE, with that image's output; prints the claim id
#   two_claims                        party 1's, $served, with its defender behind it, and party 3's, $silent, with nobody
#   validate ARGUMENTS...             after two_claims: party 2's validator until both are settled; checks that it ends well, and stops the defender
#   rpc METHOD PARAMS                 what the chain answers, as Python writes it
#   later SECONDS                     the chain's clock is moved on
#   hasten NAME DB COUNT [CLAIM...]   waits until NAME, a node with this database, has ended; moves the chain's clock on when nobody needs
#                                     the time (clock.py); CLAIM: nobody defends it
#   start NAME COMMAND...             in the background, output in $work/NAME.out and NAME.log; kills what is left at the end
#   http URL [BODY]                   asks a server of the test
#   listening NAME                    waits until what was started says 'Listening on', and prints its address as http://HOST:PORT
#   field JSON NAME                   a value of an object
#   and what background.sh has: stop, ok, fail, finish
#
# Sets: $work (a folder that is removed at the end), $gainsay, $url, $images (names of inputs).

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
gainsay=${GAINSAY_BUILD:-$root/build}/gainsay
anvil=$(command -v anvil || echo "$root/build/tools/anvil")
demo=$root/configs/demo
work=$(mktemp -d /tmp/gainsay-devnet.XXXXXX)
# Other tests run beside this one with the same accounts, on chains of their own.
export GAINSAY_KEY_LOCK_FOLDER=$work/locks
# shellcheck source=tests/support/background.sh
source "$root/tests/support/background.sh"

# Anvil's accounts: public test keys, good for nothing else.
keys=(ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80
	59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d
	5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a
	7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6)

[[ -x $anvil ]] || { echo "no anvil: run 'make setup'"; exit 77; }
[[ -x $gainsay ]] || { echo "$gainsay is not built"; exit 1; }

http() { # URL [BODY]: what the server answers
	/usr/bin/python3 -c '
import sys, urllib.request
body = sys.argv[2].encode() if len(sys.argv) > 2 else None
request = urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"})
print(urllib.request.urlopen(request, timeout=300).read().decode(), end="")' "$@"
}

rpc() {
	/usr/bin/python3 - "$url" "$@" <<'END'
import json, sys, urllib.request
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": sys.argv[2], "params": json.loads(sys.argv[3])}).encode()
request = urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"})
print(json.load(urllib.request.urlopen(request, timeout=300)).get("result"))
END
}

later() {
	rpc evm_increaseTime "[$1]" >/dev/null && rpc evm_mine '[]' >/dev/null
}

chain_now() {
	http "$url" '{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["latest",false]}' |
		/usr/bin/python3 -c 'import json, sys; print(int(json.load(sys.stdin)["result"]["timestamp"], 16))'
}

hasten() {
	local now by
	while kill -0 "${pids[$1]}" 2>/dev/null; do
		now=$(chain_now) && by=$(/usr/bin/python3 "$root/tests/support/clock.py" "$gainsay" "$2" "$now" "${@:3}") && [[ -n $by ]] && later "$by"
		sleep 0.5
	done
}

start() {
	local name=$1
	shift
	if [[ $1 == gs ]]; then
		command_of "${@:2}"
		set -- "${command[@]}"
	fi
	: >>"$work/$name.log" # there for whoever reads it, before the process has had a turn
	: >"$work/$name.out"
	"$@" >"$work/$name.out" 2>>"$work/$name.log" </dev/null &
	pids[$name]=$!
}

# command_of N COMMAND...: the words of a gainsay command by party N, in the array `command`
command_of() {
	command=("$gainsay" "${@:2}" --rpc "$url" --key-file "$work/key$1")
	[[ -f $work/deployment.json && $2 != deploy ]] && command+=(--deployment "$work/deployment.json")
	return 0
}

gs() {
	local command
	command_of "$@"
	"${command[@]}"
}

field() {
	/usr/bin/python3 -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$1" "$2"
}

listening() {
	address_of() { # only of a line that is written to its end
		local line
		while IFS= read -r line; do
			[[ $line =~ ^Listening\ on\ (http://)?([0-9.]+:[0-9]+) ]] && echo "http://${BASH_REMATCH[2]}" && return
		done <"$work/$1.out"
		return 1
	}
	eventually address_of "$1" || { echo "$1 did not start" >&2; exit 1; }
}

chain_up() { # [BLOCK_TIME_S [ANVIL'S OPTIONS...]]; 0: a block for each transaction
	local i pace=(--block-time "${1:-1}")
	[[ ${1:-1} == 0 ]] && pace=()
	start anvil "$anvil" --host 127.0.0.1 --port 0 "${pace[@]}" --slots-in-an-epoch "${slots:-1}" "${@:2}"
	url=$(listening anvil) || exit 1
	for i in "${!keys[@]}"; do
		(umask 077 && echo "${keys[$i]}" >"$work/key$i")
	done
}

devnet_up() {
	local i depositing=()
	chain_up 1
	cat >"$work/parameters.yaml" <<-END
		stakes:
		  token: dev
		claims:
		  owner: sender
		  window_s: ${1:-20}
		disputes:
		  claimant_budget_s: ${2:-60}
		  challenger_budget_s: ${2:-60}
		  minimum_time_s: ${3:-15}
	END
	printf '%s\n' "${more_parameters:-}" >>"$work/parameters.yaml"
	gs 0 deploy --parameters "$work/parameters.yaml" --out "$work/deployment.json" >/dev/null || exit 1
	for i in 1 2 3; do
		gs "$i" stake deposit 1000 --mint >/dev/null &
		depositing+=($!)
	done
	for i in "${depositing[@]}"; do
		wait "$i" || exit 1
	done
	mkdir -p "$work/models" "$work/outputs"
	cp "$demo/digits.onnx" "$work/models/"
	gs 1 model register "$demo/digits.onnx" >/dev/null || exit 1
	mapfile -t images < <(cd "$demo/inputs" && ls ./*.npy | sed 's/^\.\///; s/\.npy$//')
}

claim() {
	local output=()
	if [[ -n ${3:-} ]]; then
		"$gainsay" infer "$demo/digits.onnx" --input "$demo/inputs/$3.npy" --output-dir "$work/outputs" >/dev/null || return 1
		output=(--output "$work/outputs/output_0.npy")
	fi
	field "$(gs "$1" claim "$demo/digits.onnx" --input "$demo/inputs/$2.npy" --value 5 "${output[@]}" --json)" claim_id
}

# stored DB CLAIM_ID FIELD: what a node's database says of a claim
stored() {
	field "$("$gainsay" show "$2" --db "$1" --json)" "$3"
}

two_claims() {
	served=$(claim 1 "${images[0]}")
	silent=$(claim 3 "${images[1]}")
	start defend gs 1 defend --db "$work/defend.db" --models "$work/models" --poll-ms 250
}

# The validator's database is $db.
validate() {
	local code
	db=$work/validator.db
	start validator gs 2 run --db "$db" --models "$work/models" --poll-ms 250 --until-claims 2 "$@"
	hasten validator "$db" 2 "$silent"
	wait "${pids[validator]}"
	code=$?
	unset "pids[validator]"
	[[ $code == 0 ]] && ok "the validator ends well" || fail "the validator ends with $code"
	stop defend TERM
}
