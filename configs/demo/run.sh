#!/bin/bash
# The demo: a chain of its own, the contracts, two inference nodes that post claims about handwritten digits, a validator
# that checks them, and a dishonest challenger. Everything is the real thing, in processes of its own; what it all came to is
# read from the chain at the end (summary.py). Leaves nothing running; logs and results are in build/demo.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/configs/demo
out=$root/build/demo
gainsay=$root/build/gainsay
anvil=${GAINSAY_ANVIL:-$root/build/tools/anvil}
python=/usr/bin/python3

chain_id=8453        # Base
block_seconds=1
window_seconds=60    # in which a claim can be challenged
settle_seconds_max=300
declare -A pid=() # of what runs, by name

cd "$root"

cleanup() {
	local name
	trap '' INT TERM
	for name in "${!pid[@]}"; do
		kill "${pid[$name]}" 2>/dev/null || true
	done
	for name in "${!pid[@]}"; do
		wait "${pid[$name]}" 2>/dev/null || true
	done
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# fail WHAT [LOG]
fail() {
	echo "demo: $1" >&2
	if [[ -n ${2:-} && -s $2 ]]; then
		tail -n 12 "$2" | sed 's/^/    /' >&2
		echo "    (the end of ${2#"$root"/})" >&2
	fi
	exit 1
}

say() {
	printf '%s %s\n' "$(date +%T)" "$*"
}

# start NAME COMMAND...: in the background, its output in NAME.log
start() {
	local name=$1
	shift
	: >"$out/$name.log"
	"$@" >>"$out/$name.log" 2>&1 9>&- </dev/null &
	pid[$name]=$!
}

# stop NAME: asks it to end, and wants it to end well
stop() {
	local name=$1 code=0
	kill "${pid[$name]}" 2>/dev/null || true
	wait "${pid[$name]}" || code=$?
	unset "pid[$name]"
	((code == 0)) || fail "$name did not end well (exit status $code)" "$out/$name.log"
}

# as NAME COMMAND...: a gainsay command with that party's key, on our chain; its JSON on stdout
as() {
	local name=$1 log=$out/$1-commands.log command=$2 known=()
	shift
	[[ $command == deploy ]] || known=(--deployment "$out/deployment.json")
	"$gainsay" "$@" "${known[@]}" --rpc "$url" --chain-id $chain_id --key-file "$out/$name.key" --json 2>>"$log" ||
		fail "$name could not do 'gainsay $command'" "$log"
}

# field JSON NAME
field() {
	"$python" -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$1" "$2"
}

mkdir -p "$root/build"
exec 9>"$root/build/demo.lock"
flock -n 9 || fail "another demo is running in this folder"
[[ -x $gainsay ]] || fail "build/gainsay is not built: run 'make demo'"
[[ -x $anvil ]] || fail "anvil is not installed: run 'make setup'"
rm -rf "$out"
mkdir -p "$out/models" "$out/wrong"
export GAINSAY_KEY_LOCK_FOLDER=$out/locks # the keys are known ones, and others may run a demo of theirs

# --- what the model gives, and what a broken or dishonest node would say ---
say "Executing the model on the images"
cp "$here/digits.onnx" "$out/models/"
cp "$here/digits-truncated.onnx" "$out/wrong/truncated.onnx"
cp "$here/digits-other.onnx" "$out/wrong/other.onnx"
"$python" "$here/wrong.py" weight "$here/digits.onnx" "$out/wrong/weight.onnx" head.1.weight 4900 22
"$python" "$here/wrong.py" weight "$here/digits.onnx" "$out/wrong/attacker.onnx" features.2.weight 700 22
infer() { # MODEL IMAGE FOLDER
	mkdir -p "$3"
	"$gainsay" infer "$1" --input "$here/inputs/$2.npy" --output-dir "$3" --json 2>"$out/infer.log" || fail "gainsay infer failed" "$out/infer.log"
}
while read -r image _; do
	infer "$here/digits.onnx" "$image" "$out/right/$image" >"$out/right-$image.json"
	mv "$out/right-$image.json" "$out/right/$image/infer.json"
done <"$here/inputs/labels.txt"

# The output that goes into a claim, as a file; empty when it is the right one.
output_of() { # IMAGE [KIND ARGUMENTS]
	local image=$1 kind=${2:-} right=$out/right/$1/output_0.npy wrong=$out/wrong/$1-${2:-}
	case $kind in
	'') ;;
	swap | last-bit)
		"$python" "$here/wrong.py" "$kind" "$right" "$wrong.npy" "${@:3}"
		echo "$wrong.npy"
		;;
	*)
		infer "$out/wrong/$kind.onnx" "$image" "$wrong" >/dev/null
		echo "$wrong/output_0.npy"
		;;
	esac
}

declare -A title=([swap]="wrong class score" [last-bit]="one flipped last bit" [truncated]="a truncated model" [other]="the wrong model" [weight]="a flipped weight bit")

# --- the chain and the parties ---
start anvil "$anvil" --host 127.0.0.1 --port 0 --chain-id $chain_id --block-time $block_seconds --hardfork prague
for ((i = 0; i < 150; i++)); do
	port=$(sed -n 's/^Listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$out/anvil.log")
	[[ -n $port ]] && break
	kill -0 "${pid[anvil]}" 2>/dev/null || break
	sleep 0.1
done
[[ -n $port ]] || fail "the local chain did not start" "$out/anvil.log"
url=http://127.0.0.1:$port
# Anvil's accounts: public test keys, good for nothing else.
party() { # NAME ACCOUNT HONEST
	local key address
	key=$(sed -n "s/^($2) 0x\([0-9a-f]\{64\}\)\$/\1/p" "$out/anvil.log")
	address=$(sed -n "s/^($2) \(0x[0-9a-fA-F]\{40\}\) .*/\1/p" "$out/anvil.log")
	[[ -n $key && -n $address ]] || fail "anvil named no account $2" "$out/anvil.log"
	(umask 077 && echo "$key" >"$out/$1.key")
	echo "{\"name\": \"$3\", \"address\": \"$address\", \"honest\": $4}"
}
say "A local chain is at $url (chain id $chain_id, a block every $block_seconds s)"
{
	echo "["
	party validator 1 validator true; echo ,
	party staker 2 staker true; echo ,
	party node-a 3 "node A" true; echo ,
	party node-b 4 "node B" false; echo ,
	party attacker 5 attacker false
	echo "]"
} >"$out/parties.json"
party deployer 0 deployer true >/dev/null
echo "{\"url\": \"$url\", \"deployment\": \"$out/deployment.json\"}" >"$out/chain.json"

say "Deploying the contracts"
cat >"$out/parameters.yaml" <<-EOF
	stakes:
	  token: dev
	  unbonding_s: 120
	models:
	  registrant_bond: 100
	  attest_threshold: 1000
	claims:
	  owner: sender
	  window_s: $window_seconds
	  minimum_bond: 10
	  bond: 0.5
	  minimum_fee: 0.1
	  fee: 0.01
	disputes:
	  claimant_budget_s: 120
	  challenger_budget_s: 120
	  minimum_time_s: 20
	  challenger_bond: 20
	  refund_per_move: 0.05
	  concede: 0.5
	  burn: 0.5
EOF
as deployer deploy --parameters "$out/parameters.yaml" --out "$out/deployment.json" >"$out/deploy.json"

say "Staking, and registering the model"
stake_of_all=()
for who in validator staker node-a node-b attacker; do
	as "$who" stake deposit 5000 --mint >"$out/stake-$who.json" &
	stake_of_all+=($!)
done
for job in "${stake_of_all[@]}"; do
	wait "$job" || exit 1
done
model=$(as staker model register "$here/digits.onnx")
as staker model attest "$(field "$model" model_id)" 1000 >"$out/attest.json"
"$python" "$here/summary.py" "$out" before

# --- the daemons ---
daemon() { # PARTY RATE CERTAIN_ABOVE
	cat >"$out/$1.yaml" <<-EOF
		rpc: $url
		chain_id: $chain_id
		deployment: deployment.json
		db: $1.db
		models: models
		key:
		  hex_file: $1.key
		policy:
		  rate: $2
		  certain_above: $3
		  young_percent: 0
		  sampling_key_file: sampling.key
		intervals:
		  poll_ms: 250
	EOF
}
(umask 077 && printf 'the demo has the same sampling key every time' | sha256sum | cut -c1-64 >"$out/sampling.key")
daemon validator 0.25 100
daemon attacker 0 1000
daemon node-a 0 0
daemon node-b 0 0
start validator "$gainsay" run --config "$out/validator.yaml"
start attacker "$gainsay" run --config "$out/attacker.yaml" --adversary "$out/wrong/attacker.onnx"

alive() {
	local name
	for name in "${!pid[@]}"; do
		kill -0 "${pid[$name]}" 2>/dev/null || fail "$name ended too early" "$out/$name.log"
	done
}

# Says what is new on the chain; true when everything is settled.
news() {
	local code=0 line
	"$python" "$here/summary.py" "$out" news >"$out/news" 2>"$out/news.log" || code=$?
	((code == 0 || code == 3)) || fail "the chain does not answer" "$out/news.log"
	while read -r line; do
		say "$line"
	done <"$out/news"
	((code == 0))
}

# --- the claims ---
say "Two inference nodes post $(grep -c '^[AB]' "$here/claims.txt") claims; a validator and an attacker watch"
salt=0 # by which equal claims differ
while read -r node image value kind; do
	salt=$((salt + 1))
	read -ra what <<<"$kind"
	output=$(output_of "$image" "${what[@]}")
	digit=$(sed -n "s/^$image //p" "$here/inputs/labels.txt")
	alive
	claim=$(as "node-${node,,}" claim "$here/digits.onnx" --input "$here/inputs/$image.npy" --value "$value" --salt $salt ${output:+--output "$output"})
	echo "{\"claim_id\": \"$(field "$claim" claim_id)\", \"image\": \"$image\", \"digit\": $digit, \"kind\": \"${kind:+${title[${what[0]}]}}\"}" >>"$out/plan.jsonl"
	news || true
done < <(grep '^[AB]' "$here/claims.txt")
# A key has one line of nonces, so its defender starts when its node is done posting; the clocks of the games wait for that long.
start node-a "$gainsay" defend --config "$out/node-a.yaml"
start node-b "$gainsay" defend --config "$out/node-b.yaml" --adversary "$out/wrong/truncated.onnx" --adversary "$out/wrong/other.onnx" --adversary "$out/wrong/weight.onnx"

# --- until all is settled ---
say "All are posted; the nodes defend theirs, and what nobody refutes is final $window_seconds s after it was posted"
deadline=$((SECONDS + settle_seconds_max))
until news; do
	alive
	((SECONDS < deadline)) || fail "not everything was settled within $settle_seconds_max seconds" "$out/validator.log"
	sleep 1
done
for name in validator node-a node-b attacker; do
	stop "$name"
done
"$gainsay" claims --db "$out/validator.db" --json >"$out/verdicts.json" 2>"$out/claims.log" || fail "the validator's database cannot be read" "$out/claims.log"
say "Writing the evidence of every claim, and checking each file as if on another machine"
"$python" "$here/evidence.py" "$gainsay" "$out" 2>"$out/evidence.log" || fail "the evidence of a claim does not hold" "$out/evidence.log"
"$python" "$here/summary.py" "$out" tell || fail "the demo did not show what it should; the logs are in build/demo"
