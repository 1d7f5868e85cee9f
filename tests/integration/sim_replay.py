"""Plays a simulated run's transactions on a real EVM and compares what they did: status, every log to the byte, and what everybody has
in the end.

    sim_replay.py parameters DUMP            YAML for 'gainsay deploy'
    sim_replay.py contracts DEPLOYMENT CHAIN for gainsay-sim --contracts
    sim_replay.py replay URL DEPLOYMENT DUMP
"""
import json, sys, time, urllib.request

GAS = 16_000_000


def ether(text):
    v = int(text)
    return f"{v // 10**18}.{v % 10**18:018d}"


def share(bps):
    return f"{bps / 10000:.4f}"


def parameters(dump):
    r = dump["rules"]
    print(f"""stakes:
  token: dev
  unbonding_s: {r['unbonding_s']}
models:
  attest_threshold: 0
claims:
  owner: sender
  minimum_bond: {ether(r['minimum_bond'])}
  minimum_fee: {ether(r['minimum_fee'])}
  bond: {share(r['bond_bps'])}
  fee: {share(r['fee_bps'])}
  window_s: {r['window_s']}
disputes:
  claimant_budget_s: {r['claimant_budget_s']}
  challenger_budget_s: {r['challenger_budget_s']}
  minimum_time_s: {r['minimum_time_s']}
  challenger_bond: {ether(r['challenger_bond'])}
  refund_per_move: {ether(r['refund_per_move'])}
  concede: {share(r['concede_bps'])}
  burn: {share(r['burn_bps'])}
duties:
  clock: own
  demand_s: {r['demand_s']}
  audit_s: {r['audit_s']}
  report_s: {r['report_s']}
  epoch_s: {r['epoch_s']}
  audit: {share(r['audit_bps'])}
  demand_base: {ether(r['demand_base'])}
  demand_per_chunk: {ether(r['demand_per_chunk'])}
  attest_stake: {ether(r['attest_stake'])}""")


NAMES = ["token", "stakes", "models", "claims", "batches", "disputes", "duties"]


def addresses(path):
    d = json.load(open(path))
    d = {k.lower(): v for k, v in d.get("contracts", d).items()}
    return [d[n].lower() for n in NAMES]


class Chain:
    def __init__(self, url):
        self.url, self.n = url, 0

    def __call__(self, method, *params):
        self.n += 1
        body = json.dumps({"jsonrpc": "2.0", "id": self.n, "method": method, "params": list(params)}).encode()
        request = urllib.request.Request(self.url, body, {"content-type": "application/json"})
        answer = json.load(urllib.request.urlopen(request, timeout=60))
        if "error" in answer:
            raise SystemExit(f"{method}: {answer['error']}")
        return answer["result"]

    def send(self, sender, to, data):
        return self("eth_sendTransaction", {"from": sender, "to": to, "data": data, "gas": hex(GAS), "gasPrice": hex(10**10)})


    def receipt(self, tx):
        for _ in range(200):
            receipt = self("eth_getTransactionReceipt", tx)
            if receipt is not None:
                return receipt
            time.sleep(0.02)
        raise SystemExit(f"transaction {tx} is not mined")


def difference(a, b):
    """The first thing in which the simulated log is not the EVM's."""
    if a is None or b is None:
        return "only " + ("the EVM" if a is None else "the simulation") + f" has {(a or b)[1]}"
    if a[:2] != b[:2]:
        return f"simulated {a[:2]}, EVM {b[:2]}"
    words = lambda data: [data[i : i + 64] for i in range(2, len(data), 64)]
    for i, (x, y) in enumerate(zip(words(a[2]), words(b[2]))):
        if x != y:
            return f"word {i} of its data: simulated {x}, EVM {y}"
    return f"{len(a[2]) // 2} bytes of data, EVM {len(b[2]) // 2}"


def word(n):
    return f"{n:064x}"


def fund(chain, dump, token, stakes):
    for a in dump["accounts"]:
        who, amount = a["address"], int(a["deposit"])
        chain("anvil_setBalance", who, hex(10**24))
        chain("anvil_impersonateAccount", who)
        for to, data in ((token, "0x40c10f19" + word(int(who, 16)) + word(amount)),
                         (token, "0x095ea7b3" + word(int(stakes, 16)) + word(amount)),
                         (stakes, "0xb6b55f25" + word(amount))):
            tx = chain.send(who, to, data)
            receipt = chain.receipt(tx)
            assert receipt["status"] == "0x1", "an account cannot be funded"


PREVRANDAO, COINBASE = 0x44, 0x41


def let_randao_be_told(chain, duties):
    """anvil draws every block's RANDAO itself, and cannot be told one, but it can be told the coinbase. So of the whole deployment one
    byte is another: where Duties asks for PREVRANDAO, it gets COINBASE."""
    code = bytearray.fromhex(chain("eth_getCode", duties, "latest")[2:])
    places, at = [], 0
    while at < len(code):
        if code[at] == PREVRANDAO:
            places.append(at)
        at += 1 + (code[at] - 0x5F if 0x60 <= code[at] <= 0x7F else 0)
    assert len(places) == 1, f"Duties asks for PREVRANDAO {len(places)} times, not once"
    code[places[0]] = COINBASE
    chain("anvil_setCode", duties, "0x" + code.hex())


def balances(chain, contracts, dump):
    """Stakes.accounts: free, locked, unbonding, readyAt"""
    owners = [a["address"] for a in dump["accounts"]] + [contracts[6]]
    for who, end in zip(owners, dump["end"], strict=True):
        have = chain("eth_call", {"to": contracts[1], "data": "0x5e5c06e2" + word(int(who, 16))}, "latest")
        want = "0x" + "".join(word(int(end[k])) for k in ("free", "locked", "unbonding", "ready_at"))
        assert have == want, f"account {who} has {have} in the end; simulated: {want}"


def replay(url, deployment, dump):
    chain = Chain(url)
    contracts = addresses(deployment)
    let_randao_be_told(chain, contracts[6])
    fund(chain, dump, contracts[0], contracts[1])
    chain("evm_setAutomine", False)
    played = failed = compared = 0
    for block in dump["blocks"]:
        if not block["txs"]:
            continue
        hashes = [chain.send(t["from"], t["to"], t["data"]) for t in block["txs"]]
        chain("evm_setNextBlockTimestamp", block["time"])
        chain("anvil_setCoinbase", "0x" + block["randao"][-40:])
        chain("evm_mine")
        for t, h in zip(block["txs"], hashes):
            receipt = chain.receipt(h)
            where = f"transaction {played} at {block['time']} ({t['data'][:10]})"
            success = receipt["status"] == "0x1"
            assert success == t["success"], f"{where}: {'succeeds' if success else 'reverts'} on the EVM; simulated: {t['why'] or 'success'}"
            logs = [l for l in receipt["logs"] if l["address"].lower() in contracts[1:]]
            theirs = [(l["address"].lower(), [x.lower() for x in l["topics"]], l["data"].lower()) for l in logs]
            ours = [(l["address"].lower(), l["topics"], l["data"]) for l in t["logs"]]
            for i in range(max(len(ours), len(theirs))):
                a, b = ours[i] if i < len(ours) else None, theirs[i] if i < len(theirs) else None
                assert a == b, f"{where}: log {i}: {difference(a, b)}"
            played, failed, compared = played + 1, failed + (not success), compared + len(ours)
    balances(chain, contracts, dump)
    print(f"{played} transactions, {failed} of them reverted, {compared} logs: all as simulated")


if __name__ == "__main__":
    if sys.argv[1] == "parameters":
        parameters(json.load(open(sys.argv[2])))
    elif sys.argv[1] == "contracts":
        print(",".join([sys.argv[3]] + addresses(sys.argv[2])))
    else:
        replay(sys.argv[2], sys.argv[3], json.load(open(sys.argv[4])))
