#!/bin/bash
# gainsay worker on a real Redis: ten thousand executions though workers and the server are killed in the middle, each answered once and right;
# a worker that is asked to ends well; what is no job is put aside; passwords from files, and TLS.
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${GAINSAY_BUILD:-$root/build}
gainsay=$build/gainsay
tool=$build/tests/tools/worker_tool
demo=$root/configs/demo
work=$(mktemp -d /tmp/gainsay-worker.XXXXXX)
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
	"$gainsay" worker --models "$work/models" --key-file "$work/key" --json "${@:2}" >"$work/$1.out" 2>>"$work/$1.err" &
	pids[$1]=$!
}
results() { # how many there are
	redis-cli -p "$port" xlen 'gainsay:{executions}:results' 2>/dev/null
}
until_results() { # COUNT: waits for so many at least
	eventually has_results "$1" || fail "there were never $1 results: $n"
}
has_results() {
	n=$(results)
	[[ $n =~ ^[0-9]+$ ]] && ((n >= $1))
}

mkdir -p "$work/models"
cp "$demo/digits.onnx" "$work/models/"
(umask 077 && echo 5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a >"$work/key") # a public test key
account=0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC
model=$demo/digits.onnx
right='wrong 0 aside 0 twice 0 unsigned 0 strange 0'

# --- ten thousand jobs, three kills, and the server killed as well ---
port=$(free_port)
url=redis://127.0.0.1:$port
redis_serve main --port "$port"
redis_answers -p "$port"
jobs=10000
"$tool" --url "$url" --patience 120000 post "$model" 0 "$jobs" >"$work/post.out" 2>"$work/post.err" &
pids[post]=$!
for i in 1 2; do worker "w$i" --queue "$url"; done
for i in 1 2 1; do
	until_results $((i * 500))
	stop "w$i" KILL
	worker "w$i" --queue "$url"
done
until_results 2000
stop main KILL
redis_serve main --port "$port"
redis_answers -p "$port"
"$tool" --url "$url" --patience 120000 --key "$account" collect "$model" 0 "$jobs" >"$work/collect.out" 2>"$work/collect.err"
check "$jobs jobs, three workers and the server killed: as many answers, each signed and right" "results $jobs $right" "$(<"$work/collect.out")"
cat "$work/collect.err"
wait "${pids[post]}" && unset "pids[post]"
check "all were accepted, the producer notices nothing" "new * known *" "$(<"$work/post.out")"

# --- a worker that is asked to, ends well ---
for i in 1 2; do
	stop "w$i" TERM
	check "worker $i ends well when it is asked to" 0 "$status"
	check "and says what it did" '{"done": *, "late": *, "failed": 0}' "$(<"$work/w$i.out")"
done
"$tool" --url "$url" --trace 1 post "$model" 0 20 >/dev/null
worker one --queue "$url" --once
wait "${pids[one]}" && unset "pids[one]"
check "--once does one job" '{"done": 1, "late": 0, "failed": 0}' "$(<"$work/one.out")"
worker rest --queue "$url" --threads 3 --jobs 19
wait "${pids[rest]}" && unset "pids[rest]"
check "and --jobs so many" '{"done": 19, "late": 0, "failed": 0}' "$(<"$work/rest.out")"
redis-cli -p "$port" flushall >/dev/null
"$tool" --url "$url" --trace 1 post "$model" 0 20 >/dev/null
worker trace --queue "$url"
check "with the trace's root" "results 20 $right" "$("$tool" --url "$url" --trace 1 --key "$account" collect "$model" 0 20 2>/dev/null)"
redis-cli -p "$port" flushall >/dev/null
"$tool" --url "$url" spoil "$model" 0 3 >/dev/null
check "what is no job is put aside" 'results 3 wrong 0 aside 3 twice 0 unsigned 0 strange 0' "$("$tool" --url "$url" collect "$model" 0 3 2>/dev/null)"
stop trace TERM
check "and nothing else happens to the worker" 0 "$status"

# --- a node that nobody answers takes all that it asked for off the queue, more at once than calls may be under way ---
redis-cli -p "$port" flushall >/dev/null
check "nobody answers 3000 jobs: each is told, and none is left" 'told 3000 answered 0 left 0' "$("$tool" --url "$url" ask "$model" 0 3000)"

# --- which workers there are, and what they can do ---
listed() { # OPTIONS...: a line for each worker: standing, key, threads, models, jobs done
	"$gainsay" worker list --json "$@" | /usr/bin/python3 -c '
import json, sys
for w in sorted(json.load(sys.stdin)["workers"], key=lambda w: w.get("threads", 0)):
    print(w["standing"], w.get("key"), w.get("threads"), len(w.get("models", [])), w.get("done"), w["silent_ms"] < 60000)'
}
is_listed() { # WANTED OPTIONS...
	now=$(listed --queue "$url" "${@:2}" | paste -sd'|')
	# shellcheck disable=SC2053
	[[ $now == $1 ]]
}
until_listed() { # WHAT WANTED OPTIONS...
	eventually is_listed "${@:2}"
	check "$1" "$2" "$now"
}
redis-cli -p "$port" flushall >/dev/null
check "a queue without workers" "" "$(listed --queue "$url")"
worker idle --queue "$url" --threads 2
until_listed "a worker that has had no job yet is ready, and says for what" "ready $account 2 1 0 True"
"$tool" --url "$url" post "$model" 0 30 >/dev/null
until_listed "and what it has done" "ready $account 2 1 30 True"
echo 0x1111111111111111111111111111111111111111 >"$work/others"
GAINSAY_WORKERS_KEYS_FILE=$work/others until_listed "a node that does not know its key says so" "not in workers.keys_file $account 2 1 30 True"
stop idle KILL
until_listed "a killed one is away" "away $account 2 1 30 True"
forged=$(redis-cli -p "$port" hkeys 'gainsay:{executions}:workers')
redis-cli -p "$port" hset 'gainsay:{executions}:workers' another "$(redis-cli -p "$port" hget 'gainsay:{executions}:workers' "$forged")" >/dev/null
redis-cli -p "$port" hset 'gainsay:{executions}:workers' nonsense '1 {}' >/dev/null
check "who says what it did not sign is not believed" 2 "$("$gainsay" worker list --queue "$url" | grep -c 'key -: nothing known')"

# --- jobs of 2.8 MB each, more of them under way than a connection keeps (64 MiB) ---
/usr/bin/python3 - "$work/models/wide.onnx" <<'PY'
import sys


def varint(n):
    return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)


def field(number, value):  # a number, or what has a length
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def value_info(name):  # float[1, 700000]
    shape = b"".join(field(1, field(1, n)) for n in (1, 700000))
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


node = field(1, b"x") + field(2, b"y") + field(4, b"Relu")
graph = field(1, node) + field(2, b"wide") + field(11, value_info(b"x")) + field(12, value_info(b"y"))
open(sys.argv[1], "wb").write(field(1, 8) + field(7, graph) + field(8, field(2, 17)))
PY
wide=$work/models/wide.onnx
redis-cli -p "$port" flushall >/dev/null
check "a producer waits for answers when too many bytes are under way" 'new 40 known 0' "$("$tool" --url "$url" post "$wide" 0 40 2>&1)"
worker wide --queue "$url"
check "and each is done" "results 40 $right" "$("$tool" --url "$url" --key "$account" collect "$wide" 0 40 2>/dev/null)"
stop wide TERM

# --- TLS, a user, a password from a file, and a name whose first address need not be the server's ---
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=localhost' -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
	-keyout "$work/tls.key" -out "$work/tls.pem" 2>/dev/null
tls_port=$(free_port)
redis_serve secure --port 0 --tls-port "$tls_port" --tls-cert-file "$work/tls.pem" --tls-key-file "$work/tls.key" \
	--tls-ca-cert-file "$work/tls.pem" --tls-auth-clients no --requirepass unused
redis_answers -p "$tls_port" --tls --insecure
REDISCLI_AUTH=unused redis-cli -p "$tls_port" --tls --insecure acl setuser crew on '>p:a@s/s%' '~gainsay:{executions}:*' \
	+@stream +@hash +eval +info >/dev/null 2>&1
(umask 077 && echo 'p:a@s/s%' >"$work/password")
secret="rediss://crew:p%3Aa%40s%2Fs%25@localhost:$tls_port"
"$tool" --url "$secret" --ca-file "$work/tls.pem" post "$model" 0 10 >/dev/null
worker secure1 --queue "rediss://crew@localhost:$tls_port" --queue-ca "$work/tls.pem" --queue-password-file "$work/password" --jobs 10
check "over TLS, by the rights that docs/queue.md names" "results 10 $right" \
	"$("$tool" --url "$secret" --ca-file "$work/tls.pem" --key "$account" collect "$model" 0 10 2>/dev/null)"
wait "${pids[secure1]}" && unset "pids[secure1]"

# --- mistakes: one line each ---
refused() { # WHAT PATTERN OPTION...
	local code
	timeout -s KILL 600 "$gainsay" worker --models "$work/models" --log-level error "${@:3}" >"$work/out" 2>"$work/line"
	code=$?
	if ((code == 1)) && [[ ! -s $work/out && $(grep -c ^gainsay: "$work/line") == 1 && $(wc -l <"$work/line") == 1 ]] &&
		grep -qi -- "$2" "$work/line" && ! grep -q 'hunter2' "$work/line"; then
		ok "$1: $(cut -c10-150 "$work/line")"
	else
		fail "$1: exit $code: $(<"$work/line")"
	fi
}
chmod 644 "$work/password"
refused "no queue" "give --queue" --key-file "$work/key"
refused "no key" "none is named" --queue "$url"
refused "another scheme" "must begin with redis://" --queue http://127.0.0.1 --key-file "$work/key"
refused "a password that all can read" "password" --queue "$url" --queue-password-file "$work/password" --key-file "$work/key"
chmod 600 "$work/password"
refused "two passwords" "keep one of them" --queue "redis://:hunter2@127.0.0.1:$port" --queue-password-file "$work/password" --key-file "$work/key"
refused "a password for a server without one" "has no password" --queue "$url" --queue-password-file "$work/password" --key-file "$work/key"
refused "a wrong password" "wrong" --queue "rediss://crew:hunter2@localhost:$tls_port" --queue-ca "$work/tls.pem" --key-file "$work/key"

finish
