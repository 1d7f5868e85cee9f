"""Reads a chain over JSON-RPC with nothing but the standard library: logs, transactions and calldata, decoded by the contracts' ABIs."""
import json
import pathlib
import sys
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "chain" / "contracts" / "script"))
sys.dont_write_bytecode = True
from bindings import keccak256, type_text  # noqa: E402

BATCH = 200
ARTIFACTS = ROOT / "build" / "contracts"
# What the deployment file calls a contract, and the source it comes from.
SOURCES = {"Token": "DevToken"}


class ChainError(Exception):
    pass


class Chain:
    def __init__(self, url, deployment):
        self.url = url
        with open(deployment, encoding="utf-8") as file:
            self.address = {name: a.lower() for name, a in json.load(file)["contracts"].items()}
        self.name = {a: name for name, a in self.address.items()}
        self.abi = {name: Abi(SOURCES.get(name, name)) for name in self.address}

    def batch(self, calls):
        """Results of [(method, params)], in order."""
        out = []
        for start in range(0, len(calls), BATCH):
            body = [{"jsonrpc": "2.0", "id": i, "method": m, "params": p}
                    for i, (m, p) in enumerate(calls[start:start + BATCH])]
            request = urllib.request.Request(self.url, json.dumps(body).encode(), {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=30) as reply:
                answers = sorted(json.load(reply), key=lambda a: a["id"])
            for answer in answers:
                if "error" in answer:
                    raise ChainError(answer["error"]["message"])
                out.append(answer["result"])
        return out

    def call(self, method, *params):
        return self.batch([(method, list(params))])[0]

    def view(self, contract, function, *words):
        """Calls a view whose arguments are single words; returns the 32-byte words of the answer as integers."""
        data = self.abi[contract].selector(function) + "".join(word(w) for w in words)
        answer = bytes.fromhex(self.call("eth_call", {"to": self.address[contract], "data": data}, "latest")[2:])
        return [int.from_bytes(answer[i:i + 32], "big") for i in range(0, len(answer), 32)]

    def logs(self, contracts):
        """Events of these contracts, decoded, in the order of the chain."""
        found = self.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest",
                                          "address": [self.address[c] for c in contracts]})
        events = []
        for log in found:
            event = self.abi[self.name[log["address"].lower()]].decode_log(log)
            if event:
                event.update(block=int(log["blockNumber"], 16), tx=log["transactionHash"])
                events.append(event)
        return events

    def transactions(self):
        """Every transaction with its receipt's outcome and gas, in the order of the chain."""
        head = int(self.call("eth_blockNumber"), 16)
        blocks = self.batch([("eth_getBlockByNumber", [hex(n), True]) for n in range(head + 1)])
        txs = [(tx, int(b["timestamp"], 16)) for b in blocks for tx in b["transactions"]]
        receipts = self.batch([("eth_getTransactionReceipt", [tx["hash"]]) for tx, _ in txs])
        out = []
        for (tx, time), receipt in zip(txs, receipts):
            contract = self.name.get((tx["to"] or "").lower())
            function, arguments = self.abi[contract].decode_call(tx["input"]) if contract else (None, {})
            gas = int(receipt["gasUsed"], 16)
            out.append({"hash": tx["hash"], "from": tx["from"].lower(), "to": (tx["to"] or "").lower(), "contract": contract, "function": function,
                        "arguments": arguments, "ok": receipt["status"] == "0x1", "gas": gas, "time": time, "block": int(tx["blockNumber"], 16),
                        "fee": gas * int(receipt["effectiveGasPrice"], 16) + int(receipt.get("l1Fee") or "0x0", 16)})
        return out


def word(value):
    if isinstance(value, str):
        value = int(value, 16)
    return value.to_bytes(32, "big").hex()


def is_dynamic(parameter):
    kind = parameter["type"]
    return kind.endswith("[]") or kind in ("bytes", "string") or (
        kind == "tuple" and any(map(is_dynamic, parameter["components"])))


def size_of(parameter):
    """Bytes in the head."""
    if parameter["type"] == "tuple" and not is_dynamic(parameter):
        return sum(map(size_of, parameter["components"]))
    return 32


def decode(parameters, data, start=0):
    """ABI-decodes data[start:] to {name: value}: integers, lower-case hex for addresses and bytes32, bytes, lists."""
    out, at = {}, start
    for index, parameter in enumerate(parameters):
        where = start + int.from_bytes(data[at:at + 32], "big") if is_dynamic(parameter) else at
        out[parameter["name"] or str(index)] = decode_one(parameter, data, where)
        at += size_of(parameter)
    return out


def decode_one(parameter, data, at):
    kind = parameter["type"]
    if kind.endswith("[]"):
        item = dict(parameter, type=kind[:-2])
        count = int.from_bytes(data[at:at + 32], "big")
        return list(decode([dict(item, name=str(i)) for i in range(count)], data, at + 32).values())
    if kind == "tuple":
        return decode(parameter["components"], data, at)
    if kind in ("bytes", "string"):
        length = int.from_bytes(data[at:at + 32], "big")
        value = data[at + 32:at + 32 + length]
        return value.decode("utf-8", "replace") if kind == "string" else value
    value = data[at:at + 32]
    if kind == "address":
        return "0x" + value[12:].hex()
    if kind == "bytes32":
        return "0x" + value.hex()
    return int.from_bytes(value, "big")


class Abi:
    def __init__(self, contract):
        artifact = json.loads((ARTIFACTS / f"{contract}.json").read_text(encoding="utf-8"))
        self.functions, self.events = {}, {}
        for item in artifact["abi"]:
            if item["type"] not in ("function", "event"):
                continue
            text = item["name"] + "(" + ",".join(map(type_text, item["inputs"])) + ")"
            topic = "0x" + keccak256(text.encode()).hex()
            if item["type"] == "function":
                self.functions[topic[:10]] = item
            else:
                self.events[topic] = item

    def selector(self, name):
        return next(s for s, item in self.functions.items() if item["name"] == name)

    def decode_call(self, text):
        item = self.functions.get(text[:10])
        return (item["name"], decode(item["inputs"], bytes.fromhex(text[10:]))) if item else (None, {})

    def decode_log(self, log):
        item = self.events.get(log["topics"][0]) if log["topics"] else None
        if not item:
            return None
        event = decode([p for p in item["inputs"] if not p["indexed"]], bytes.fromhex(log["data"][2:]))
        for parameter, topic in zip([p for p in item["inputs"] if p["indexed"]], log["topics"][1:]):
            event[parameter["name"]] = decode_one(parameter, bytes.fromhex(topic[2:]), 0)
        event["event"] = item["name"]
        return event
