#!/bin/bash
# https and wss endpoints: a real TLS server in front of a real chain. A certificate that is not trusted, is another host's, or is out
# of date is refused in one line and nothing is sent; with the right authority everything works. Then client certificates, header
# files and proxies.
set -uo pipefail
# shellcheck source=tests/support/devnet.sh
source "$(dirname "$0")/../support/devnet.sh"
devnet_up

# Two authorities (the second for clients), a certificate for 127.0.0.1, one for another host, one that is over, and one of nobody.
authority() { # NAME
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$work/$1.key" -out "$work/$1.pem" 2>/dev/null
}
certificate() { # NAME SUBJECT-ALTERNATIVE-NAME AUTHORITY DAYS
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$work/$1.key" -out "$work/$1.csr" 2>/dev/null
	openssl x509 -req -in "$work/$1.csr" -CA "$work/$3.pem" -CAkey "$work/$3.key" -CAcreateserial -days "$4" \
		-extfile <(echo "subjectAltName=$2") -out "$work/$1.pem" 2>/dev/null
}
authority ca
authority clients
certificate right IP:127.0.0.1 ca 2
certificate other DNS:other.example ca 2
certificate over IP:127.0.0.1 ca 0
certificate client DNS:client.example clients 2
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=self' -addext 'subjectAltName=IP:127.0.0.1' \
	-keyout "$work/self.key" -out "$work/self.pem" 2>/dev/null

cat >"$work/tls.py" <<'END'
"""Listens on a free port, which it writes to a file, and passes what comes on to the chain: HTTP and WebSockets alike.
tls.py CERTIFICATE CHAIN PORT-FILE LOG [CLIENTS' AUTHORITY]: over TLS, asking for a client's certificate when one is named.
tls.py proxy - PORT-FILE LOG: an HTTP proxy that knows CONNECT."""
import socket, ssl, sys, threading, urllib.parse

certificate, chain, port_file, log = sys.argv[1:5]
context = None
if certificate != "proxy":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate + ".pem", certificate + ".key")
    if sys.argv[5:]:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(sys.argv[5])

def pipe(source, sink, log=None):
    try:
        while data := source.recv(65536):
            if log:
                open(log, "ab").write(data)
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

def shake_hands(peer):
    """TLS, or OSError. The alert of a refusal arrives: with bytes unread, a socket that is closed would reset the connection."""
    tls = context.wrap_socket(peer, server_side=True, do_handshake_on_connect=False)
    try:
        tls.do_handshake()
    except OSError:
        plain = socket.socket(fileno=tls.detach())
        plain.shutdown(socket.SHUT_WR)
        plain.settimeout(10)
        while plain.recv(65536):
            pass
        plain.close()
        raise
    return tls

def serve(peer):
    try:
        if context:
            peer = shake_hands(peer)
            where = urllib.parse.urlsplit(chain)
            target = (where.hostname, where.port)
        else:
            head = b""
            while b"\r\n\r\n" not in head:
                head += peer.recv(65536)
            open(log, "ab").write(head)
            assert head.startswith(b"CONNECT ")
            host, port = head.split()[1].decode().rsplit(":", 1)
            target = (host, int(port))
        to = socket.create_connection(target)
        if not context:
            peer.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
    except OSError:
        peer.close()
        return
    threading.Thread(target=pipe, args=(to, peer), daemon=True).start()
    pipe(peer, to, log if context else None)

listener = socket.create_server(("127.0.0.1", 0))
open(port_file + ".new", "w").write(str(listener.getsockname()[1]))
import os
os.rename(port_file + ".new", port_file)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
END
serve() { # CERTIFICATE NAME [CLIENTS' AUTHORITY]: sets $port; its log is NAME.calls
	local from=$work/$1
	[[ $1 == proxy ]] && from=proxy
	/usr/bin/python3 "$work/tls.py" "$from" "$url" "$work/$2.port" "$work/$2.calls" "${@:3}" 2>"$work/$2.tls.log" &
	pids[$2]=$!
	eventually test -s "$work/$2.port" || exit 1
	port=$(<"$work/$2.port")
}
show() { # stake of party 2 through $scheme://127.0.0.1:$port
	timeout 600 "$gainsay" stake show --rpc "$scheme://127.0.0.1:$port" --deployment "$work/deployment.json" \
		--key-file "$work/key2" "$@" >"$work/out" 2>"$work/err"
}
refused() { # WHAT PATTERN
	local status=$?
	if ((status == 1)) && [[ $(grep -c '' "$work/err") == 1 ]] && grep -qi -- "$2" "$work/err"; then
		ok "$1: $(<"$work/err")"
	else
		fail "$1: exit $status: $(<"$work/err")"
	fi
}
works() { # WHAT
	local status=$?
	if ((status == 0)) && grep -q 1000 "$work/out"; then
		ok "$1: $(tr -s ' \n' ' ' <"$work/out" | cut -c1-80)"
	else
		fail "$1: exit $status: $(<"$work/err")"
	fi
}
silent() { # NAME: nothing came through that server
	if [[ -e $work/$1.calls ]]; then fail "something was sent to $1"; else ok "nothing was sent to $1"; fi
}

for scheme in https wss; do
	serve right "right.$scheme"
	show
	refused "$scheme: an authority that the system does not know" "certificate"
	show --ca-file "$work/missing.pem"
	refused "$scheme: a file of authorities that is not there" "missing.pem\|CA"
	silent "right.$scheme"
	show --ca-file "$work/ca.pem"
	works "$scheme: with the right authority"
	serve other "other.$scheme"
	show --ca-file "$work/ca.pem"
	refused "$scheme: another host's certificate" "127.0.0.1"
	silent "other.$scheme"
	serve self "self.$scheme"
	show --ca-file "$work/ca.pem"
	refused "$scheme: a certificate that signs itself" "self.signed"
	silent "self.$scheme"
	serve over "over.$scheme"
	show --ca-file "$work/ca.pem"
	refused "$scheme: a certificate that is over" "expired"
	silent "over.$scheme"

	serve right "asks.$scheme" "$work/clients.pem"
	show --ca-file "$work/ca.pem"
	refused "$scheme: a server that asks who we are" "certificate required"
	GAINSAY_RPC_CLIENT_CERT_FILE=$work/client.pem show --ca-file "$work/ca.pem"
	refused "$scheme: a client's certificate without its key" "belong together"
	GAINSAY_RPC_CLIENT_CERT_FILE=$work/client.pem GAINSAY_RPC_CLIENT_KEY_FILE=$work/other.key show --ca-file "$work/ca.pem"
	refused "$scheme: with another key" "certificate or key cannot be used"
	silent "asks.$scheme"
	GAINSAY_RPC_CLIENT_CERT_FILE=$work/client.pem GAINSAY_RPC_CLIENT_KEY_FILE=$work/client.key show --ca-file "$work/ca.pem"
	works "$scheme: with a client's certificate"

	serve proxy "proxy.$scheme"
	proxy=http://127.0.0.1:$port
	serve right "far.$scheme"
	printf 'X-All: 1\n[%s]\nAuthorization: Bearer hidden\n[https://other.example:443]\nX-Theirs: 1\n' \
		"$scheme://127.0.0.1:$port" >"$work/headers"
	chmod 600 "$work/headers"
	GAINSAY_RPC_PROXY=$proxy GAINSAY_RPC_HEADER_FILE=$work/headers show --ca-file "$work/ca.pem"
	works "$scheme: through a proxy"
	if grep -q "^CONNECT 127.0.0.1:$port " "$work/proxy.$scheme.calls"; then ok "the proxy was asked"; else fail "the proxy was not asked"; fi
	if grep -q '^Authorization: Bearer hidden' "$work/far.$scheme.calls" && grep -q '^X-All: 1' "$work/far.$scheme.calls" &&
		! grep -q 'X-Theirs' "$work/far.$scheme.calls" && ! grep -q hidden "$work/proxy.$scheme.calls"; then
		ok "headers go to their endpoint alone"
	else
		fail "headers: $(grep -a '^X-\|^Auth' "$work/far.$scheme.calls")"
	fi
	chmod 640 "$work/headers"
	GAINSAY_RPC_HEADER_FILE=$work/headers show --ca-file "$work/ca.pem"
	refused "$scheme: headers that others may read" "others may read it"
	GAINSAY_RPC_PROXY=http://127.0.0.1:1 show --ca-file "$work/ca.pem"
	refused "$scheme: a proxy that is not there" "is the proxy running"
done
GAINSAY_RPC_HTTP2=yes scheme=https show --ca-file "$work/ca.pem"
works "https: HTTP/2 offered to a server that has none"
scheme=ws port=${url##*:}
show
works "ws: without TLS"
finish
