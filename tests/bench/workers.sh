#!/bin/bash
# How much more do two workers do than one? Each has one thread; the queue, a real Redis with every write on the disk, runs beside them.
#
#     tests/bench/workers.sh [MODEL [JOBS [ROUNDS]]]
#
# Interleaved rounds, the best of each; from the first result to the last. Writes two_worker_speedup into BUILD/bench/node.json, beside what is there.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${GAINSAY_BUILD:-$root/build}
model=${1:-$root/configs/demo/digits.onnx}
jobs=${2:-2000}
rounds=${3:-3}
work=$(mktemp -d /tmp/gainsay-bench.XXXXXX)
declare -a workers=()
tidy() {
	kill -9 "${workers[@]}" "$redis" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$work"
}
redis=
trap tidy EXIT
mkdir "$work/models"
ln -s "$(realpath "$model")" "$work/models/"
(umask 077 && echo 5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a >"$work/key") # a public test key
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
redis-server --bind 127.0.0.1 --port "$port" --dir "$work" --save '' --appendonly yes --appendfsync always >/dev/null &
redis=$!
until redis-cli -p "$port" ping >/dev/null 2>&1; do sleep 0.05; done

rate() { # WORKERS: jobs a second
	local i
	redis-cli -p "$port" flushall >/dev/null
	"$build/tests/tools/worker_tool" --url "redis://127.0.0.1:$port" post "$model" 0 "$jobs" >/dev/null
	workers=()
	for ((i = 0; i < $1; i++)); do
		"$build/gainsay" worker --queue "redis://127.0.0.1:$port" --models "$work/models" --key-file "$work/key" --log-level error >/dev/null &
		workers+=($!)
	done
	# By the server's own clock: a result's place among the results begins with it. All workers are at work from the tenth part on.
	/usr/bin/python3 - "$port" "$jobs" <<'END'
import subprocess, sys, time
port, jobs = sys.argv[1], int(sys.argv[2])
def ask(*words):
    return subprocess.run(["redis-cli", "-p", port, *words], capture_output=True, text=True, check=True).stdout.split()
key = "gainsay:{executions}:results"
while int(ask("xlen", key)[0]) < jobs:
    time.sleep(0.2)
ids = [line for line in subprocess.run(["redis-cli", "-p", port, "eval",
    "local o = {} for _, e in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do o[#o + 1] = e[1] end return o", "1", key],
    capture_output=True, text=True, check=True).stdout.split()]
from_ = jobs // 10
ms = int(ids[-1].split("-")[0]) - int(ids[from_].split("-")[0])
print((jobs - 1 - from_) * 1000 / max(ms, 1))
END
	kill "${workers[@]}"
	wait "${workers[@]}" 2>/dev/null || true
	workers=()
}
one=0
two=0
for ((r = 0; r < rounds; r++)); do
	one=$(/usr/bin/python3 -c 'import sys; print(max(map(float, sys.argv[1:])))' "$one" "$(rate 1)")
	two=$(/usr/bin/python3 -c 'import sys; print(max(map(float, sys.argv[1:])))' "$two" "$(rate 2)")
done
mkdir -p "$build/bench"
/usr/bin/python3 - "$build/bench/node.json" "$one" "$two" "$(basename "$model")" "$(nproc)" <<'END'
import json, os, sys
path, one, two, model, cores = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4], int(sys.argv[5])
have = json.load(open(path)) if os.path.exists(path) else {}
have.update({"two_worker_speedup": round(two / one, 2), "worker_jobs_per_s": round(one, 1), "two_workers_jobs_per_s": round(two, 1),
             "workers_model": model, "workers_cores": cores})
with open(path + ".new", "w") as out:
    json.dump(have, out, indent=2, sort_keys=True)
    out.write("\n")
os.rename(path + ".new", path)
print(f"{model}: one worker {one:.1f} jobs a second, two {two:.1f}: {two / one:.2f} times as many, on {cores} cores")
END
