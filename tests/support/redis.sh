# tests/support/redis.sh: Redis servers of a test's own. To be sourced behind background.sh or devnet.sh.
#
#   free_port                     prints one
#   redis_serve NAME OPTION...    a server, as durable as docs/queue.md asks for, with its data in $work/NAME and its words in $work/NAME.log;
#                                 again after `stop NAME`: on the same data
#   redis_answers OPTION...       waits until redis-cli with these options has an answer; without one the script ends
command -v redis-server >/dev/null || { echo "no redis-server: run 'make setup'"; exit 1; }

free_port() {
	/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

redis_serve() {
	mkdir -p "$work/$1"
	redis-server --bind 127.0.0.1 --dir "$work/$1" --save '' --appendonly yes --appendfsync always --daemonize no "${@:2}" >>"$work/$1.log" 2>&1 &
	pids[$1]=$!
}

redis_pong() {
	redis-cli "$@" ping 2>/dev/null | grep -q 'PONG\|NOAUTH'
}

redis_answers() {
	eventually redis_pong "$@" && return
	echo "redis-server did not answer redis-cli $*"
	tail -n 25 "$work"/*.log
	exit 1
}
