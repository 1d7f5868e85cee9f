#!/bin/bash
# How much more do two workers do than one? Each has one thread; the queue, a real Redis with every write on the disk, runs beside them.
#
#     tests/bench/workers.sh [--under COMMAND] [MODEL [JOBS [ROUNDS]]]
#
# Interleaved rounds, the best of each; from the first result to the last. The measured part of a round runs under COMMAND, when one is given
# ("nice -n -5"). Without MODEL: one whose execution takes some twelve milliseconds (worker_model.py). Writes two_worker_speedup into BUILD/bench/parts/node-workers.json, and BUILD/bench/node.json.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${GAINSAY_BUILD:-$root/build}

if [[ ${1:-} == --measure ]]; then # PORT WORK JOBS WORKERS: runs so many workers until all is done; jobs a second
	port=$2 work=$3 jobs=$4 count=$5
	workers=()
	trap 'kill -9 "${workers[@]}" 2>/dev/null || true' EXIT
	for ((i = 0; i < count; i++)); do
		"$build/gainsay" worker --queue "redis://127.0.0.1:$port" --models "$work/models" --key-file "$work/key" --log-level error >/dev/null &
		workers+=($!)
	done
	# By the server's own clock: a result's place among the results begins with it. All workers are at work from the tenth part on.
	/usr/bin/python3 - "$port" "$jobs" >"$work/rate" <<'END'
import subprocess, sys, time
port, jobs = sys.argv[1], int(sys.argv[2])
def ask(*words):
    return subprocess.run(["redis-cli", "-p", port, *words], capture_output=True, text=True, check=True).stdout.split()
key = "gainsay:{executions}:results"
while int(ask("xlen", key)[0]) < jobs:
    time.sleep(0.2)
ids = ask("eval", "local o = {} for _, e in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do o[#o + 1] = e[1] end return o", "1", key)
from_ = jobs // 10
ms = int(ids[-1].split("-")[0]) - int(ids[from_].split("-")[0])
print((jobs - 1 - from_) * 1000 / max(ms, 1))
END
	kill "${workers[@]}"
	wait "${workers[@]}" 2>/dev/null || true
	exit 0
fi

under=()
if [[ ${1:-} == --under ]]; then
	read -ra under <<<"$2"
	shift 2
fi
model=${1:-}
jobs=${2:-300}
rounds=${3:-3}
work=$(mktemp -d "${TMPDIR:-/tmp}/gainsay-bench.XXXXXX")
redis=
tidy() {
	[[ -z $redis ]] || kill -9 "$redis" 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$work"
}
trap tidy EXIT
mkdir "$work/models"
if [[ -z $model ]]; then
	model=$work/convolutions.onnx
	/usr/bin/python3 "$root/tests/bench/worker_model.py" "$model"
fi
ln -s "$(realpath "$model")" "$work/models/"
(umask 077 && echo 5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a >"$work/key") # a public test key
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
redis-server --bind 127.0.0.1 --port "$port" --dir "$work" --save '' --appendonly yes --appendfsync always >/dev/null &
redis=$!
until redis-cli -p "$port" ping >/dev/null 2>&1; do sleep 0.05; done

rate() { # WORKERS: jobs a second
	redis-cli -p "$port" flushall >/dev/null
	"$build/tests/tools/worker_tool" --url "redis://127.0.0.1:$port" post "$model" 0 "$jobs" >/dev/null
	rm -f "$work/rate"
	GAINSAY_BUILD=$build "${under[@]}" "$root/tests/bench/workers.sh" --measure "$port" "$work" "$jobs" "$1" >&2 || { echo "a round failed" >&2; return 1; }
	cat "$work/rate"
}
one=0
two=0
for ((r = 0; r < rounds; r++)); do
	now=$(rate 1)
	one=$(/usr/bin/python3 -c 'import sys; print(max(map(float, sys.argv[1:])))' "$one" "$now")
	now=$(rate 2)
	two=$(/usr/bin/python3 -c 'import sys; print(max(map(float, sys.argv[1:])))' "$two" "$now")
done
mkdir -p "$build/bench/parts"
/usr/bin/python3 - "$build/bench/parts/node-workers.json" "$one" "$two" "$(basename "$model")" "$(nproc)" <<'END'
import json, os, sys
path, one, two, model, cores = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4], int(sys.argv[5])
with open(path + ".new", "w") as out:
    json.dump({"two_worker_speedup": round(two / one, 2), "worker_jobs_per_s": round(one, 1), "two_workers_jobs_per_s": round(two, 1),
               "workers_model": model, "workers_cores": cores}, out, indent=2, sort_keys=True)
    out.write("\n")
os.rename(path + ".new", path)
print(f"{model}: one worker {one:.1f} jobs a second, two {two:.1f}: {two / one:.2f} times as many, on {cores} cores")
END
/usr/bin/python3 "$root/tests/bench/assemble.py" "$build/bench"
