#!/bin/bash
# Runs of simulated nodes, played again on a real EVM with the real contracts: every transaction succeeds or reverts there as it
# did here, and every log is the same to the byte.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/support/devnet.sh
sim=${GAINSAY_BUILD:-build}/gainsay-sim
here=tests/integration/sim_replay.py
[[ -x $sim ]] || { env -u MAKEFLAGS make BUILD="${GAINSAY_BUILD:-build}" "$sim" >"$work/make" 2>&1; }
[[ -x $sim ]] || { echo "$sim is not built"; exit 1; }

play() { # play SEED FAULT [duties], or SEED strangers
	local run=(--nodes --runs 1 --seed "$1" --fault "$2")
	[[ ${3:-} == duties ]] && run+=(--duties --set cast=drawn)
	[[ $2 == strangers ]] && run=(--strangers --runs 1 --seed "$1")
	"$sim" "${run[@]}" --dump "$work/dump.json" --program "$work/program.gsp" >"$work/first" || { fail "seed $*: simulated"; return; }
	/usr/bin/python3 "$here" parameters "$work/dump.json" >"$work/parameters.yaml"
	rm -f "$work/deployment.json"
	: >"$work/anvil.out"
	chain_up 0 --chain-id 8453 --timestamp 1699990000 --gas-limit 1000000000 --order fifo # its clock begins before the simulated one
	gs 0 deploy --parameters "$work/parameters.yaml" --out "$work/deployment.json" >"$work/deploy.log" 2>&1 &&
		gs 1 stake deposit 1000 --mint >"$work/stake.log" 2>&1 &&
		gs 1 model register "$work/program.gsp" >"$work/register.log" 2>&1 || { fail "seed $*: deployed"; return; }
	"$sim" "${run[@]}" --dump "$work/dump.json" \
		--contracts "$(/usr/bin/python3 "$here" contracts "$work/deployment.json" 8453)" >"$work/second" || { fail "seed $*: simulated again"; return; }
	if /usr/bin/python3 "$here" replay "$url" "$work/deployment.json" "$work/dump.json" >"$work/replay.log" 2>&1; then
		ok "seed $*: $(tail -n 1 "$work/replay.log")"
	else
		fail "seed $*"
	fi
	stop anvil TERM
}

if (($#)); then # sim_replay.sh SEED FAULT [duties], or SEED strangers
	play "$1" "${2:-none}" "${3:-}"
else
	play 1 none
	play 2 delay
	play 3 reorg
	play 4 crash
	play 5 all
	play 6 none duties
	play 7 reorg duties
	play 12 none duties # with a batch of which only the root is on chain
	play 8 strangers
	play 9 strangers
	play 10 strangers
fi
finish
