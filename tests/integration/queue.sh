#!/bin/bash
# The queue (queue/) on a real Redis: nothing is lost and nothing counted twice, whoever is killed; what cannot be done is put aside; a
# producer waits for room; and everything that can be wrong around a server is told in one line.
# takes_s: 90
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
tool=${GAINSAY_BUILD:-$root/build}/tests/tools/queue_tool
work=$(mktemp -d /tmp/gainsay-queue.XXXXXX)
# shellcheck source=tests/support/background.sh
source "$root/tests/support/background.sh"
# shellcheck source=tests/support/redis.sh
source "$root/tests/support/redis.sh"

[[ -x $tool ]] || { echo "$tool is not built"; exit 1; }

check() { # WHAT WANTED GOT
	if [[ $3 == $2 ]]; then ok "$1"; else fail "$1: '$3' instead of '$2'"; fi
}

serve() { # NAME [SETTING...]: on $port
	port=$(free_port)
	redis_serve "$1" --port "$port" "${@:2}"
	redis_answers -p "$port"
}
q() { # a command of the tool on the queue $name of the server at $port
	timeout -s KILL 600 "$tool" --url "redis://127.0.0.1:$port" --name "$name" "$@" 2>>"$work/err"
}
start() { # ID COMMAND...: of the tool, in the background
	"$tool" --url "redis://127.0.0.1:$port" --name "$name" "${@:2}" >"$work/$1.out" 2>>"$work/err" &
	pids[$1]=$!
}
ended() { # ID: waits; its output is $out
	wait "${pids[$1]}"
	unset "pids[$1]"
	out=$(<"$work/$1.out")
}
until_count() { # PATTERN: waits until the counts look like this
	eventually counts_are "$1" || fail "the counts never became '$1': $counts"
}
counts_are() {
	counts=$(q count)
	# shellcheck disable=SC2053
	[[ $counts == $1 ]]
}
number() { # OUTPUT WORD: the number behind the word
	sed -n "s/.*\b$2 \([0-9]*\).*/\1/p" <<<"$1"
}
empty='unfinished 0 held 0 results 0 aside 0 ids 0'

serve main
url_port=$port

# --- two workers share the work ---
name=share
check "jobs are accepted" 'new 2000 known 0' "$(q flood 0 2000)"
start a --idle 6000 work
start b --idle 6000 work
check "each result is there once, and right" 'results 2000 wrong 0 aside 0 twice 0' "$(q collect 2000)"
ended a; a=$out
ended b; b=$out
if (($(number "$a" done) > 0 && $(number "$b" done) > 0 && $(number "$a" done) + $(number "$b" done) == 2000)); then
	ok "two workers share them: $(number "$a" done) and $(number "$b" done)"
else
	fail "two workers do not share the work: $a, $b"
fi
check "nothing is left on the server" "$empty" "$(q count)"

# --- the same id again ---
name=again
check "new" 'new 10 known 0' "$(q submit 0 10)"
check "while it is queued, an id is known" 'new 5 known 10' "$(q submit 0 15)"
q --idle 60000 --jobs 15 work >/dev/null
check "when its result waits, it is known" 'new 0 known 15' "$(q submit 0 15)"
check "the results" 'results 15 wrong 0 aside 0 twice 0' "$(q --keep 1 collect 15)"
check "reading alone forgets nothing" 'results 15 wrong 0 aside 0 twice 0' "$(q collect 15)"
check "when its result has been forgotten, it is new" 'new 15 known 0' "$(q submit 0 15)"
check "empty payloads" 'new 1 known 0' "$(q submit 100 1 0)"
check "large payloads" 'new 1 known 0' "$(q submit 101 1 4194304)"
q submit 102 1 4194305 && fail "a payload that is too large is accepted"
q --idle 60000 --jobs 17 work >/dev/null
until_count '*results 17*'

# --- more than a connection keeps without an answer (64 MiB) ---
name=much
serve much --appendonly no
check "a producer waits for answers when too many bytes are under way" 'new 40 known 0' "$(q flood 0 40 3000000)"
q --idle 60000 --jobs 40 work >/dev/null
check "and nothing is lost" 'results 40 wrong 0 aside 0 twice 0' "$(q collect 40 3000000)"
stop much KILL
port=$url_port

# --- workers are killed in the middle ---
name=killed
q flood 0 300 >/dev/null
for i in 1 2 3; do start "w$i" --visibility 400 --deliveries 50 --sleep 10 work; done
for i in 1 2 3 1 2 3 1 2; do
	sleep 0.2
	stop "w$i" KILL
	start "w$i" --visibility 400 --deliveries 50 --sleep 10 work
done
check "workers are killed eight times: every job has one result" 'results 300 wrong 0 aside 0 twice 0' "$(q collect 300)"
until_count "$empty"
for i in 1 2 3; do stop "w$i" TERM; done

# --- one that was thought dead comes back ---
name=late
q submit 0 1 >/dev/null
start slow --visibility 400 --sleep 8000 --jobs 1 work
until_count '*held 1*'
kill -STOP "${pids[slow]}"
start other --visibility 400 --idle 60000 --jobs 1 work
until_count '*results 1*'
kill -CONT "${pids[slow]}"
ended slow
check "who comes back too late is told so, and its result is not stored" 'done 1 late 1 failed 0' "$out"
ended other
check "the other one's is" 'done 1 late 0 failed 0' "$out"
check "one result" 'unfinished 0 held 0 results 1 aside 0 ids 1' "$(q count)"

# --- heartbeats ---
name=beats
q submit 0 3 >/dev/null
start a --visibility 8000 --deliveries 1 --sleep 12000 --idle 15000 work
start b --visibility 8000 --deliveries 1 --sleep 12000 --idle 15000 work
check "jobs longer than the silence that is allowed are done once" 'results 3 wrong 0 aside 0 twice 0' "$(q collect 3)"
ended a; a=$out
ended b; b=$out
check "by their first worker" '3 0' "$(($(number "$a" done) + $(number "$b" done))) $(($(number "$a" late) + $(number "$b" late)))"
q flood 0 40 >/dev/null
check "one worker on the loop holds many" 'done 40 late 0 lost 0 most 8' "$(q --visibility 8000 --sleep 500 --idle 2000 hold 8)"

# --- poison ---
name=poison
q put killer crash >/dev/null
q put hard fail >/dev/null
q put wrong bad >/dev/null
q put big large >/dev/null
q submit 0 20 >/dev/null
for ((i = 0; i < 12; i++)); do
	q --visibility 1000 --deliveries 3 --idle 4000 work >"$work/poison.out"
	[[ $? == 0 ]] && break
done
check "the rest is done" 'unfinished 0 held 0 results 24 aside 4 ids 24' "$(q count)"
aside=$(q aside)
check "what kills its workers is put aside" '*killer crash deliveries 3: it has ended or silenced every worker*' "$aside"
check "what fails is tried again, and then put aside with its error" '*hard fail deliveries 3: hard: could not be done this time*' "$aside"
check "what nobody can do is put aside at once" '*wrong bad deliveries 1: wrong: this is no job*' "$aside"
check "so is a result that is too large" '*big large deliveries 1: the result is too long*' "$aside"
check "a collector hears of it" 'results 24 wrong 0 aside 4 twice 0' "$(q collect 24)"
check "the jobs stay" 'unfinished 0 held 0 results 0 aside 4 ids 4' "$(q count)"
check "and their ids are known" known "$(q put hard fail)"
check "one can be tried again" done "$(q revive hard)"
check "which makes it a job" 'unfinished 1 held 0 results 0 aside 3 ids 4' "$(q count)"
q --visibility 1000 --deliveries 2 --idle 4000 work >/dev/null
check "that is put aside again" '*hard fail deliveries 2:*' "$(q aside)"
for i in killer hard wrong big; do q drop "$i" >/dev/null; done
check "or dropped" "$empty" "$(q count)"
check "once" absent "$(q drop hard)"

# --- room ---
name=room
start producer --backlog 50 flood 0 300
until_count 'unfinished 50 *'
sleep 0.5
check "a producer waits for room" 'unfinished 50 held 0 results 0 aside 0 ids 50' "$(q count)"
start worker --idle 60000 work
ended producer
check "and goes on when there is some" 'new 300 known 0' "$out"
check "nothing is lost on the way" 'results 300 wrong 0 aside 0 twice 0' "$(q collect 300)"
stop worker TERM
start producer --kept 20 flood 0 60
start worker --idle 60000 work
until_count '* results 20 *'
sleep 0.5
check "results that nobody collects are bounded, too" 'unfinished 0 held 0 results 20 aside 0 ids 20' "$(q count)"
check "until somebody does" 'results 60 wrong 0 aside 0 twice 0' "$(q collect 60)"
ended producer
stop worker TERM

# --- the server dies and comes back ---
name=server
start producer --patience 20000 submit 0 600
for i in 1 2; do start "w$i" --patience 20000 --visibility 1000 --deliveries 50 --sleep 5 work; done
# Nothing is forgotten as long as there is a producer: one whose answer was lost submits again, when the result may have been collected.
start collector --patience 20000 --keep 1 collect 600
for i in 1 2 3; do
	sleep 0.6
	stop main KILL
	sleep 0.4
	redis_serve main --port "$url_port"
	redis_answers -p "$url_port"
done
ended producer # what was submitted as its answer was lost is known when it is submitted again
check "the server is killed three times: the producer does not notice" 600 $(($(number "$out" new) + $(number "$out" known)))
ended collector
check "nor does the collector" 'results 600 wrong 0 aside 0 twice 0' "$out"
start collector --patience 20000 collect 600
sleep 0.1
stop main KILL
redis_serve main --port "$url_port"
redis_answers -p "$url_port"
ended collector
check "nor one that forgets" 'results 600 wrong 0 aside 0 twice 0' "$out"
check "nothing is left" "$empty" "$(q count)"
for i in 1 2; do stop "w$i" TERM; done
redis-cli -p "$port" flushall >/dev/null
start worker --idle 60000 work
sleep 0.3
redis-cli -p "$port" flushall >/dev/null
check "a worker goes on when the data are gone" 'new 5 known 0' "$(q submit 0 5)"
check "with what is new" 'results 5 wrong 0 aside 0 twice 0' "$(q collect 5)"
stop worker TERM
[[ ! -s $work/err ]] || ! grep -v 'has at most 4194304 bytes' "$work/err" || fail "something was complained about"

# --- what can be wrong: one line each ---
refused() { # WHAT PATTERN OPTION...; patience_ms: where no answer comes
	local status
	timeout -s KILL 600 "$tool" --patience "${patience_ms:-60000}" --name errors "${@:3}" >"$work/out" 2>"$work/line"
	status=$?
	if ((status == 1)) && [[ $(grep -c '' "$work/line") == 1 ]] && grep -qi -- "$2" "$work/line" && ! grep -q hunter2 "$work/line"; then
		ok "$1: $(cut -c13- "$work/line" | cut -c1-150)"
	else
		fail "$1: exit $status: $(<"$work/line")"
	fi
}
here=redis://127.0.0.1:$port
refused "another scheme" "must begin with redis://" --url "http://127.0.0.1" count
refused "a port that is none" "port must be a number" --url "redis://127.0.0.1:99999" count
refused "a user without a password" "no password" --url "redis://me@127.0.0.1" count
refused "a broken escape" "two hex digits" --url "redis://:hunter2%4@127.0.0.1" count
refused "a query" "must be a number" --url "$here/0?x=1" count
refused "a name with spaces" "name has 1 to" --url "$here" --name 'a b' count
patience_ms=800 refused "nobody there" "refused" --url "redis://127.0.0.1:$(free_port)" count
patience_ms=800 refused "no such host" "known\|resol\|DNS\|failure" --url "redis://nowhere.invalid" count
refused "a database that is not there" "out of range" --url "$here/77" count
refused "a password for a server without one" "has no password" --url "redis://:hunter2@127.0.0.1:$port" count
redis-cli -p "$port" set 'gainsay:{errors}:jobs' text >/dev/null
refused "another type" "something else uses this queue's keys" --url "$here" put a b
refused "another type, for a worker" "something else uses this queue's keys" --url "$here" work
redis-cli -p "$port" del 'gainsay:{errors}:jobs' >/dev/null
redis-cli -p "$port" acl setuser reader on '>hunter2' '~*' +auth +info +ping >/dev/null
refused "no rights" "may not do that" --url "redis://reader:hunter2@127.0.0.1:$port" count
refused "a wrong password" "user or password is wrong" --url "redis://reader:hunter2x@127.0.0.1:$port" count
redis-cli -p "$port" config set maxmemory 1mb >/dev/null
refused "no memory" "memory is full" --url "$here" submit 0 100 20000
redis-cli -p "$port" config set maxmemory-policy allkeys-lru >/dev/null
refused "a server that may delete jobs" "set it to noeviction" --url "$here" count
redis-cli -p "$port" config set maxmemory-policy noeviction >/dev/null
redis-cli -p "$port" config set maxmemory 0 >/dev/null
redis-cli -p "$port" acl setuser default on '>pass:w@rd/%' >/dev/null
refused "a password is wanted" "wants a password" --url "$here" count
refused "the wrong one for the default user" "wrong" --url "redis://:hunter2@127.0.0.1:$port" count
name=secret
check "the right one, escaped" "$empty" "$(timeout 600 "$tool" --url "redis://:pass%3aw%40rd%2F%25@127.0.0.1:$port" --name secret count)"
REDISCLI_AUTH='pass:w@rd/%' redis-cli -p "$port" acl setuser worker on '>right' '~gainsay:{secret}:*' +@stream +@hash +eval +info >/dev/null
url=redis://worker:right@127.0.0.1:$port
check "the rights that docs/queue.md names are enough to submit" 'new 5 known 0' "$(timeout 600 "$tool" --url "$url" --name secret submit 0 5)"
check "to work" 'done 5 late 0 failed 0' "$(timeout 600 "$tool" --url "$url" --name secret --idle 60000 --jobs 5 work)"
check "and to collect" 'results 5 wrong 0 aside 0 twice 0' "$(timeout 600 "$tool" --url "$url" --name secret collect 5)"
refused "another queue's keys" "may not do that" --url "$url" count

# --- what is no Redis, and one that lies ---
cat >"$work/liar.py" <<'PY'
"""Answers everything with one thing: liar.py PORT_FILE WHAT"""
import os, socket, sys, time
what = {"http": b"HTTP/1.1 400 Bad Request\r\n\r\n", "bulk": b"$999999999999\r\n" + b"x" * 100000, "array": b"*2000000000\r\n",
        "deep": b"*1\r\n" * 1000, "old": b"$19\r\nredis_version:6.0.1\r\n", "silent": b"", "half": b"$100\r\nabc", "close": None,
        "many": b"+OK\r\n" * 1000, "odd": b"$21\r\nredis_version:7.0.15\n\r\n$26\r\nmaxmemory_policy:noevictio\r\n:5\r\n",
        "endless": b"endless"}[sys.argv[2]]
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
open(sys.argv[1] + ".new", "w").write(str(server.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
kept = []
while True:
    c, _ = server.accept()
    kept.append(c)
    if what is None:
        c.close()
        continue
    try:
        c.recv(4096)
        if what == b"endless":
            c.sendall(b"$500000000\r\n")
            while True:
                c.sendall(b"x" * 65536)
        c.sendall(what)
    except OSError:
        pass
PY
liar() { # WHAT PATTERN [PATIENCE_MS]
	/usr/bin/python3 "$work/liar.py" "$work/liar.port" "$1" 2>/dev/null &
	pids[liar]=$!
	eventually test -s "$work/liar.port"
	refused "a server that says '$1'" "$2" --patience "${3:-20000}" --url "redis://127.0.0.1:$(<"$work/liar.port")" count
	stop liar KILL
	rm "$work/liar.port"
}
liar http "not a Redis"
liar array "longer than"
liar deep "not a Redis"
liar old "Redis 7 or newer"
liar close "closed the connection\|reset" 5000
liar odd "has not the form"
liar endless "longer than"
liar bulk "does not answer" 800
liar silent "does not answer" 800
liar half "does not answer" 800
liar many "has not the form\|nobody has asked\|version"

# --- TLS ---
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Test authority' -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
certificate() { # NAME SUBJECT-ALTERNATIVE-NAME
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$work/$1.key" -out "$work/$1.csr" 2>/dev/null
	openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
		-extfile <(echo "subjectAltName=$2") -out "$work/$1.pem" 2>/dev/null
}
tls_server() { # NAME
	port=$(free_port)
	redis_serve "tls-$1" --port 0 --tls-port "$port" --tls-cert-file "$work/$1.pem" --tls-key-file "$work/$1.key" \
		--tls-ca-cert-file "$work/ca.pem" --tls-auth-clients no --requirepass right
	redis_answers -p "$port" --tls --cacert "$work/ca.pem" --insecure
}
certificate good IP:127.0.0.1,DNS:localhost
certificate other DNS:other.example
tls_server good
url=rediss://:right@127.0.0.1:$port
secure() {
	timeout -s KILL 600 "$tool" --url "$url" --name tls --ca-file "$work/ca.pem" "$@"
}
check "over TLS: submit" 'new 300 known 0' "$(secure flood 0 300 5000)"
check "over TLS: work" 'done 300 late 0 failed 0' "$(secure --idle 60000 --jobs 300 work)"
check "over TLS: collect" 'results 300 wrong 0 aside 0 twice 0' "$(secure collect 300 5000)"
url=rediss://:right@localhost:$port
check "over TLS, by name" "$empty" "$(secure count)"
refused "an authority that the system does not know" "certificate is not accepted" --url "rediss://:hunter2@127.0.0.1:$port" count
refused "authorities that are not there" "no authorities" --ca-file "$work/none.pem" --url "rediss://:hunter2@127.0.0.1:$port" count
patience_ms=10000 refused "without TLS where it is wanted" "closed the connection\|not a Redis\|reset" --url "redis://:hunter2@127.0.0.1:$port" count
patience_ms=800 refused "TLS where there is none" "does not answer\|TLS\|closed the connection" --url "rediss://:hunter2@127.0.0.1:$url_port" --ca-file "$work/ca.pem" count
tls_server other
refused "another host's certificate" "certificate is not accepted" --ca-file "$work/ca.pem" --url "rediss://:hunter2@127.0.0.1:$port" count

finish
