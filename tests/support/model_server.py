"""A server of models' files, over TLS where a certificate is named, with all that can go wrong.

    model_server.py FOLDER PORT-FILE LOG [CERTIFICATE-PREFIX]

Writes its port to a file, and a line for each request to the log: path, Range, If-Range. NAME is a file of the folder.

    /files/NAME         with ETag and ranges                /plain/NAME        without either
    /cut/N/NAME         as /files, but each answer ends after N bytes
    /short/N/NAME       as /plain, but without a length, and ends after N bytes
    /changing/N/NAME    as /cut; behind the first answer the ETag is another
    /swap/N/OLD/NAME    the first answer: N bytes of OLD, without ETag, cut; then NAME with ranges
    /wrongrange/N/NAME  as /cut, but the second answer begins elsewhere
    /large              says that a terabyte follows        /endless           bytes without end or length
    /silent/NAME        half of it, then silence            /loop              leads to itself
    /hop/N/REST         leads to /REST over N steps         /down/REST         leads to http
    /page               a page of HTML, status 200          /refuse/N          status N
    /ipfs/CID, /v1/blobs/ID    files of FOLDER/ipfs and FOLDER/blobs
"""
import hashlib
import http.server
import os
import re
import ssl
import sys
import threading
import time

folder, port_file, log = sys.argv[1:4]
counts = {}
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def nth(self):
        with lock:
            counts[self.path] = counts.get(self.path, 0) + 1
            with open(log, "a") as file:
                print(self.path, self.headers.get("Range", "-"), self.headers.get("If-Range", "-"), file=file)
            return counts[self.path]

    def read(self, name, below=""):
        path = os.path.join(folder, below, os.path.basename(name))
        if not os.path.isfile(path):
            self.head(404, {"Content-Length": "0"})
            return None
        with open(path, "rb") as file:
            return file.read()

    def head(self, status, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, data, tag=None, most=None, ranges=True, shift=0):
        """All of it, or the range that is asked for; ends after `most` bytes of body."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        headers = {"ETag": tag} if tag else {}
        if not ranges or not asked or ("If-Range" in self.headers and self.headers["If-Range"] != tag):
            start, status = 0, 200
        elif int(asked[1]) >= len(data):
            self.head(416, headers | {"Content-Range": f"bytes */{len(data)}", "Content-Length": "0"})
            return
        else:
            start, status = max(0, int(asked[1]) + shift), 206
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        body = data[start:]
        self.head(status, headers | {"Content-Length": str(len(body))})
        self.wfile.write(body if most is None else body[:most])
        if most is not None and most < len(body):
            self.close_connection = True

    def do_GET(self):
        try:
            self.answer()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def answer(self):
        nth = self.nth()
        _, kind, *rest = self.path.split("/")
        if kind in ("files", "plain", "cut", "short", "changing", "swap", "wrongrange", "silent"):
            data = self.read(rest[-1])
            if data is None:
                return
            tag = '"%s"' % hashlib.sha256(data).hexdigest()[:16]
        if kind == "files":
            self.send(data, tag)
        elif kind == "plain":
            self.send(data, ranges=False)
        elif kind == "cut":
            self.send(data, tag, int(rest[0]))
        elif kind == "changing":
            self.send(data, tag if nth == 1 else '"another"', int(rest[0]) if nth == 1 else None)
        elif kind == "wrongrange":
            self.send(data, tag, int(rest[0]) if nth == 1 else None, shift=0 if nth == 1 else -1)
        elif kind == "swap":
            self.send(self.read(rest[1]) if nth == 1 else data, None, int(rest[0]) if nth == 1 else None)
        elif kind == "short":
            self.head(200, {"Connection": "close"})
            self.wfile.write(data[:int(rest[0])])
            self.close_connection = True
        elif kind == "silent":
            self.head(200, {"Content-Length": str(len(data))})
            self.wfile.write(data[:len(data) // 2])
            self.wfile.flush()
            time.sleep(120)
        elif kind == "large":
            self.head(200, {"Content-Length": str(1 << 40)})
            self.wfile.write(b"G" * 65536)
            self.close_connection = True
        elif kind == "endless":
            self.head(200, {"Connection": "close"})
            while True:
                self.wfile.write(b"\x08\x07" * 32768)
        elif kind == "loop":
            self.head(302, {"Location": self.path, "Content-Length": "0"})
        elif kind == "hop":
            left = int(rest[0])
            to = "/" + "/".join(rest[1:]) if left == 1 else f"/hop/{left - 1}/" + "/".join(rest[1:])
            self.head(302, {"Location": to, "Content-Length": "0"})
        elif kind == "down":
            self.head(302, {"Location": f"http://127.0.0.1:{server.server_port}/" + "/".join(rest), "Content-Length": "0"})
        elif kind == "page":
            self.send(b"<!doctype html><title>not here</title>" * 40)
        elif kind == "refuse":
            self.head(int(rest[0]), {"Content-Length": "0"})
        elif kind in ("ipfs", "v1"):
            data = self.read(rest[-1], "ipfs" if kind == "ipfs" else "blobs")
            if data is not None:
                self.send(data, '"%s"' % rest[-1])
        else:
            self.head(404, {"Content-Length": "0"})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if sys.argv[4:]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4] + ".pem", sys.argv[4] + ".key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
with open(port_file + ".new", "w") as file:
    file.write(str(server.server_port))
os.rename(port_file + ".new", port_file)
server.serve_forever()
