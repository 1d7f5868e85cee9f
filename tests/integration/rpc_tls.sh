#!/bin/bash
# https endpoints: a real TLS server in front of a real chain. A certificate that is not trusted, or is another host's,
# is refused in one line and nothing is sent; with the right authority everything works.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"
devnet_up

# One authority, a certificate for 127.0.0.1 and one for another host.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Test authority' \
	-keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
certificate() { # NAME SUBJECT-ALTERNATIVE-NAME
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$work/$1.key" -out "$work/$1.csr" 2>/dev/null
	openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
		-extfile <(echo "subjectAltName=$2") -out "$work/$1.pem" 2>/dev/null
}
certificate right IP:127.0.0.1
certificate other DNS:other.example

cat >"$work/tls.py" <<'END'
"""Serves https on a free port, which it writes to a file, and passes every POST on to the chain."""
import http.server, ssl, sys, urllib.request

certificate, chain, port_file, log = sys.argv[1:]

class Pass(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        open(log, "ab").write(body + b"\n")
        request = urllib.request.Request(chain, body, {"Content-Type": "application/json"})
        answer = urllib.request.urlopen(request).read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pass)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate + ".pem", certificate + ".key")
server.socket = context.wrap_socket(server.socket, server_side=True)
open(port_file, "w").write(str(server.server_address[1]))
server.serve_forever()
END
serve() { # NAME: sets $https
	/usr/bin/python3 "$work/tls.py" "$work/$1" "$url" "$work/$1.port" "$work/$1.calls" 2>"$work/$1.tls.log" &
	pids[$1]=$!
	local i
	for ((i = 0; i < 100; i++)); do
		[[ -s $work/$1.port ]] && break
		sleep 0.05
	done
	https=https://127.0.0.1:$(<"$work/$1.port")
}
show() { # stake of party 2 through $https
	timeout 20 "$gainsay" stake show --rpc "$https" --deployment "$work/deployment.json" --key-file "$work/key2" "$@" \
		>"$work/out" 2>"$work/err"
}
refused() { # WHAT PATTERN
	local status=$?
	if ((status == 1)) && [[ $(grep -c '' "$work/err") == 1 ]] && grep -qi -- "$2" "$work/err"; then
		ok "$1: $(<"$work/err")"
	else
		fail "$1: exit $status: $(<"$work/err")"
	fi
}

serve right
show
refused "an authority that the system does not know" "certificate"
show --ca-file "$work/missing.pem"
refused "a file of authorities that is not there" "missing.pem\|CA"
if [[ -e $work/right.calls ]]; then fail "something was sent before the certificate was accepted"; else ok "nothing was sent"; fi
if show --ca-file "$work/ca.pem" && grep -q 1000 "$work/out"; then
	ok "with the right authority: $(tr -s ' \n' ' ' <"$work/out" | cut -c1-80)"
else
	fail "with the right authority: $(<"$work/err")"
fi
serve other
show --ca-file "$work/ca.pem"
refused "another host's certificate" "127.0.0.1"
if [[ -e $work/other.calls ]]; then fail "something was sent to another host"; else ok "nothing was sent to it"; fi
finish
