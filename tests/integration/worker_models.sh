#!/bin/bash
# gainsay worker with a store of models and nothing in it: a job whose model nobody has goes back with the reason and without an answer; once a source has
# the model it is fetched, checked and executed, without a job being given back meanwhile; and what a worker is ready
# for stands on the queue.
# timeout_s: 300
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${GAINSAY_BUILD:-$root/build}
gainsay=$build/gainsay
tool=$build/tests/tools/worker_tool
demo=$root/configs/demo
work=$(mktemp -d /tmp/gainsay-worker-models.XXXXXX)
# shellcheck source=tests/support/background.sh
source "$root/tests/support/background.sh"
# shellcheck source=tests/support/redis.sh
source "$root/tests/support/redis.sh"

[[ -x $gainsay && -x $tool ]] || { echo "$gainsay or $tool is not built"; exit 1; }

check() { # WHAT WANTED GOT
	# shellcheck disable=SC2053
	if [[ $3 == $2 ]]; then ok "$1"; else fail "$1: '$3' instead of '$2'"; fi
}
worker() { # ID OPTIONS...
	"$gainsay" worker --queue "$url" --key-file "$work/key" --json "${@:2}" >"$work/$1.out" 2>>"$work/$1.err" &
	pids[$1]=$!
}
ready() { # what workers say that they are ready for
	"$gainsay" worker list --json --queue "$url" | /usr/bin/python3 -c '
import json, sys
print(" ".join("%s %s" % (w.get("ready"), ",".join(w.get("models", []))) for w in json.load(sys.stdin)["workers"]))'
}
until_ready() { # WHAT WANTED
	local i now
	for ((i = 0; i < 600; i++)); do
		now=$(ready)
		[[ $now == "$2" ]] && break
		sleep 0.2
	done
	check "$1" "$2" "$now"
}
ask() { # COUNT: posts jobs, and prints what became of them
	"$tool" --url "$url" --patience 120000 post "$model" 0 "$1" >/dev/null
	"$tool" --url "$url" --patience 120000 --key "$account" collect "$model" 0 "$1" 2>>"$work/collect.err"
	redis-cli -p "$port" flushall >/dev/null
}

(umask 077 && echo 5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a >"$work/key") # a public test key
account=0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC
model=$demo/digits.onnx
id=$("$gainsay" program "$model" --json | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["modelId"])')
mkdir -p "$work/source"
port=$(free_port)
url=redis://127.0.0.1:$port
redis_serve main --port "$port"
redis_answers -p "$port"
export GAINSAY_MODEL_STORE_FOLDER=$work/store GAINSAY_MODEL_STORE_SOURCES=folder:$work/source
right='wrong 0 aside 0 twice 0 unsigned 0 strange 0'

# --- nobody has the model ---
worker poor
until_ready "a worker without models says so" "0 "
check "jobs go back, and none is answered" "results 5 wrong 0 aside 5 twice 0 unsigned 0 strange 0" "$(ask 5)"
grep -q "worker.refused.*model $id is not here: " "$work/poor.err" && ok "with the reason: $(grep -o 'why="model[^"]*"' "$work/poor.err" | tail -n 1 | cut -c1-150)" || fail "no reason"

# --- a source has it now ---
cp "$model" "$work/source/"
until_ready "what was missing is fetched once a source has it, and told" "1 $id"
check "and executed" "results 5 $right" "$(ask 5)"
stop poor TERM
check "the worker ends well" 0 "$status"
worker again
check "another one with the same store has it already" "results 7 $right" "$(ask 7)"
grep -q model.fetched "$work/again.err" && fail "it was fetched twice" || ok "and fetches nothing"
stop again TERM
check "no job is given back" '{"done": 7, "late": 0, "failed": 0}' "$(<"$work/again.out")"

# --- a job that comes before its model waits for it, and is not given back ---
rm -rf "$work/store"
worker fresh --threads 2
check "jobs wait while their model is fetched" "results 40 $right" "$(ask 40)"
stop fresh TERM
got=$(<"$work/fresh.out")
/usr/bin/python3 -c '
import json, sys
c = json.loads(sys.argv[1])
sys.exit(not (c["done"] + c["failed"] >= 40 and c["done"] == 40 and c["failed"] == 0))' "$got" && ok "none is given back meanwhile" || fail "given back: $got"

# --- a file that is not the model's is no file of the store ---
rm -rf "$work/store" "$work/source"
mkdir "$work/source"
"$gainsay" program "$model" --output "$work/source/${id#0x}.gsp" >/dev/null
printf 'x' | dd of="$work/source/${id#0x}.gsp" bs=1 seek=4000 conv=notrunc status=none
worker deceived
check "a damaged file leads to no answer" "results 3 wrong 0 aside 3 twice 0 unsigned 0 strange 0" "$(ask 3)"
stop deceived TERM
[[ -z $(find "$work/store/objects" -type f) ]] && ok "and is not kept" || fail "the store has it"
rm "$work/source/"*


# --- mistakes ---
line=$(env -u GAINSAY_MODEL_STORE_FOLDER "$gainsay" worker --queue "$url" --key-file "$work/key" 2>&1 >/dev/null)
check "neither a folder nor a store" "*models: not named; give --models DIR*model_store.folder*" "$line"
line=$(GAINSAY_MODEL_STORE_SOURCES=ftp://x "$gainsay" worker --queue "$url" --key-file "$work/key" 2>&1 >/dev/null)
check "a source that is none" "*model_store.sources*" "$line"
finish
