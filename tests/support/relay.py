#!/usr/bin/python3
"""Plays the part of an OP node between two development chains: what the portal on L1 emits is executed on L2 as its sender, some time later.

    relay.py L1 PORTAL L2 [DELAY_S]     prints a line of JSON for each deposit that it has executed

    POST /hold, POST /go        on a port that it prints first ("Listening on URL"): nothing is executed in between

A real node derives a transaction of type 0x7e, without nonce and fee, whose hash follows from the event (chain/eth/deposit.h). A development
chain takes none such, so it is sent as an ordinary one by impersonation, and has another hash. Its effects, its events and that it takes
the sender's next nonce are the same: a node under test sees by them what became of its deposits, and never finds their receipts."""
import http.server
import json
import sys
import threading
import time
import urllib.request

l1, portal, l2 = sys.argv[1:4]
delay_s = float(sys.argv[4]) if len(sys.argv) > 4 else 1.0
TOPIC = "0xb3813568d9991fc951961fcb4c784893574240a28925604d09fc577c55bb7c32"
held = threading.Event()


def ask(url, method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        answer = json.load(reply)
    if "error" in answer:
        raise RuntimeError(f"{method}: {answer['error']}")
    return answer["result"]


def decode(log):
    data = bytes.fromhex(log["data"][2:])
    packed = data[64:64 + int.from_bytes(data[32:64], "big")]
    return {"from": "0x" + log["topics"][1][26:], "to": "0x" + log["topics"][2][26:],
            "value": hex(int.from_bytes(packed[32:64], "big")), "gas": hex(int.from_bytes(packed[64:72], "big")),
            "data": "0x" + packed[73:].hex()}


def execute(call):
    ask(l2, "anvil_impersonateAccount", call["from"])
    # Deposits pay nothing on L2: the fee that is needed here is given to the account first.
    price = 2 * int(ask(l2, "eth_gasPrice"), 16) + 10**9
    balance = int(ask(l2, "eth_getBalance", call["from"], "latest"), 16)
    ask(l2, "anvil_setBalance", call["from"], hex(balance + price * int(call["gas"], 16)))
    tx = ask(l2, "eth_sendTransaction", dict(call, gasPrice=hex(price)))
    while True:
        receipt = ask(l2, "eth_getTransactionReceipt", tx)
        if receipt:
            return receipt["status"]
        time.sleep(0.05)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        (held.set if self.path == "/hold" else held.clear)()
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"Listening on http://127.0.0.1:{server.server_port}", flush=True)
block, waiting = 0, []
while True:
    newest = int(ask(l1, "eth_blockNumber"), 16)
    if newest >= block:
        logs = ask(l1, "eth_getLogs", {"fromBlock": hex(block), "toBlock": hex(newest), "address": portal, "topics": [TOPIC]})
        waiting += [(time.monotonic() + delay_s, log) for log in logs]
        block = newest + 1
    while waiting and waiting[0][0] <= time.monotonic() and not held.is_set():
        log = waiting.pop(0)[1]
        call = decode(log)
        print(json.dumps(dict(call, status=execute(call), l1=log["transactionHash"])), flush=True)
    time.sleep(0.1)
