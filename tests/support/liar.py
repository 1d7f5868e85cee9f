#!/usr/bin/python3
"""An endpoint that lies: an HTTP proxy in front of an honest one, for tests of what several endpoints must agree on.

    liar.py UPSTREAM [FORK]     prints "Listening on URL"; FORK: another node, for the lie "fork"

    POST /lie NAME              from now on it lies so; "none": not at all
    POST /delay MS          it answers so much later
    GET /told                   {"NAME": lies of this kind that were told}

The lies: logs_added (a claim that nobody made), logs_omitted, calls (another return value), reverts (calls revert), nonces (too high),
head (a block that nobody has), receipts (the other status), fork (everything from another node), fees (a hundred times), refuses (no
transaction is taken, for its nonce), swallows (transactions are taken and not passed on), silence (no answer). Of several, with commas
between them, each question gets the one that has been told least among those there are about its method."""
import collections
import http.client
import http.server
import json
import sys
import threading
import time
import urllib.parse

upstream, fork = sys.argv[1], (sys.argv[2:] or [None])[0]
state = {"lie": "none", "delay": "0"}
told = collections.Counter()
lock = threading.Lock()
local = threading.local()


def ask(url, body):
    address = urllib.parse.urlsplit(url)
    connections = local.__dict__.setdefault("connections", {})
    for attempt in range(2):
        connection = connections.get(url)
        if connection is None:
            connection = connections[url] = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        try:
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            return connection.getresponse().read()
        except (http.client.HTTPException, OSError):
            connections.pop(url).close()
            if attempt:
                raise
    return None


def flipped(data):
    """The same bytes but for the last one's lowest bit."""
    return data[:-1] + format(int(data[-1], 16) ^ 1, "x")


def add_logs(call, answer):
    logs = answer.get("result")
    if not isinstance(logs, list) or not logs:
        return False
    false = json.loads(json.dumps(logs[-1]))
    false["logIndex"] = hex(int(false["logIndex"], 16) + 1)
    false["topics"] = [false["topics"][0]] + [flipped(t) for t in false["topics"][1:]]
    logs.append(false)
    return True


def omit_logs(call, answer):
    if not answer.get("result"):
        return False
    answer["result"] = []
    return True


def change_call(call, answer):
    if not isinstance(answer.get("result"), str) or len(answer["result"]) < 4:
        return False
    answer["result"] = flipped(answer["result"])
    return True


def revert(call, answer):
    answer.pop("result", None)
    answer["error"] = {"code": 3, "message": "execution reverted", "data": "0x"}
    return True


def raise_number(times, plus):
    def lie(call, answer):
        if not isinstance(answer.get("result"), str):
            return False
        answer["result"] = hex(int(answer["result"], 16) * times + plus)
        return True
    return lie


def raise_head(call, answer):
    block = answer.get("result")
    if not block or call["params"][0] != "latest":
        return False
    block["number"] = hex(int(block["number"], 16) + 7)
    block["hash"] = flipped(block["hash"])
    return True


def turn_receipt(call, answer):
    if not answer.get("result"):
        return False
    answer["result"]["status"] = hex(1 - int(answer["result"]["status"], 16))
    return True


def refuse(call, answer):
    answer.pop("result", None)
    answer["error"] = {"code": -32003, "message": "nonce too low"}
    return True


LIES = {
    "logs_added": {"eth_getLogs": add_logs},
    "logs_omitted": {"eth_getLogs": omit_logs},
    "calls": {"eth_call": change_call},
    "reverts": {"eth_call": revert, "eth_estimateGas": revert},
    "nonces": {"eth_getTransactionCount": raise_number(1, 5)},
    "head": {"eth_getBlockByNumber": raise_head},
    "receipts": {"eth_getTransactionReceipt": turn_receipt},
    "fees": {"eth_maxPriorityFeePerGas": raise_number(100, 1), "eth_estimateGas": raise_number(10, 0)},
    "refuses": {"eth_sendRawTransaction": refuse},
}
ABOUT_ALL = ("fork", "silence")


def lie_about(method):
    with lock:
        lies = [name for name in state["lie"].split(",") if name in ABOUT_ALL or method in LIES.get(name, {})
                or (name, method) == ("swallows", "eth_sendRawTransaction")]
        return min(lies, key=lambda name: told[name], default="")


def answer_to(call):
    body = json.dumps(call).encode()
    method = call["method"]
    lie = lie_about(method)
    if lie == "fork" and fork:
        with lock:
            told[lie] += 1
        return json.loads(ask(fork, body))
    if lie == "silence":
        with lock:
            told[lie] += 1
        time.sleep(3600)
    if lie == "swallows" and method == "eth_sendRawTransaction":
        from_whom = json.loads(ask(upstream, json.dumps({"jsonrpc": "2.0", "id": 1, "method": "web3_sha3",
                                                         "params": call["params"]}).encode()))
        with lock:
            told[lie] += 1
        return {"jsonrpc": "2.0", "id": call["id"], "result": from_whom["result"]}
    answer = json.loads(ask(upstream, body)) if (lie, method) != ("refuses", "eth_sendRawTransaction") else \
        {"jsonrpc": "2.0", "id": call["id"]}
    change = LIES.get(lie, {}).get(method)
    if change and change(call, answer):
        with lock:
            told[lie] += 1
    return answer


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def reply(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with lock:
            self.reply(json.dumps(told).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path in ("/lie", "/delay"):
            state[self.path[1:]] = body.decode()
            self.reply(b"{}")
            return
        time.sleep(int(state["delay"]) / 1000)
        call = json.loads(body)
        answer = [answer_to(c) for c in call] if isinstance(call, list) else answer_to(call)
        self.reply(json.dumps(answer).encode())


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # whoever asked has gone

    daemon_threads = True
    request_queue_size = 64


server = Server(("127.0.0.1", 0), Handler)
print(f"Listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
