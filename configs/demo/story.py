"""What happened in the demo, put together from the chain: claims, games, gas and money. Nothing in here is assumed:
outcomes come from logs, gas from receipts, money from balances, and what is right from executing the model again."""
import struct

from descriptor import Instruction

OPEN, INVALID, FINAL = 1, 2, 3
CLAIMANT_WON, CHALLENGER_WON, CLOSED = 2, 3, 4
REASONS = {1: "step", 2: "timeout", 3: "concession", 4: "settled"}
COMMIT, SELECT, REVEAL, ELEMENT, STATES, SEGMENT, STEP = range(1, 8)


def stakes_of(chain, parties):
    """What each party has with the contracts and beside them, now."""
    out = {}
    for party in parties:
        free, locked, unbonding, _ = chain.view("Stakes", "accounts", party["address"])
        out[party["name"]] = {"stake": free + locked + unbonding, "locked": locked,
                              "tokens": chain.view("Token", "balanceOf", party["address"])[0],
                              "ether": int(chain.call("eth_getBalance", party["address"], "latest"), 16)}
    return out


class Story:
    def __init__(self, chain, parties, before, plan, truth, verdicts):
        """parties: [{name, address, honest}]; before: stakes_of before the first claim; plan: what was posted, in order;
        truth: by image, what the model really gives; verdicts: by claim id, what the validator's database says."""
        self.chain, self.parties, self.before = chain, parties, before
        self.name = {p["address"].lower(): p["name"] for p in parties}
        self.honest = {p["name"] for p in parties if p["honest"]}
        self.after = stakes_of(chain, parties)
        self.events = chain.logs(["Stakes", "Models", "Claims", "Disputes"])
        self.txs = chain.transactions()
        self.tx = {t["hash"]: t for t in self.txs}
        registered = next(e for e in self.events if e["event"] == "Registered")
        self.header, self.model = registered["header"], registered["modelId"]
        self.depths = [self.header["traceDepth"], depth(self.header["weightsChunks"]), depth(self.header["inputsChunks"])]
        self._claims(plan, truth, verdicts)
        self._games()

    def who(self, address):
        return self.name.get(address.lower(), address[:8])

    def _claims(self, plan, truth, verdicts):
        planned = {p["claim_id"]: p for p in plan}
        self.claims, self.claim = [], {}
        for event in (e for e in self.events if e["event"] == "Posted"):
            p = planned[event["claimId"]]
            right = truth[p["image"]]
            status = self.chain.view("Claims", "status", event["claimId"])[0]
            verdict = verdicts.get(event["claimId"], {})
            claimed = floats(event["output"])
            claim = {
                "n": event["nonce"], "id": event["claimId"], "who": self.who(event["claimant"]), "image": p["image"],
                "kind": p["kind"], "digit": p["digit"], "claimed": claimed, "scores": right["scores"],
                "claimed_digit": max(range(10), key=lambda i: claimed[i]), "value": event["value"], "bond": event["bond"],
                "right": (event["modelId"], event["inputRoot"], event["outputRoot"]) ==
                         (right["modelId"], right["inputRoot"], right["outputRoot"]),
                "status": status, "sampled": bool(verdict.get("sampled")), "reason": verdict.get("reason", ""),
                "verdict": verdict.get("verdict", ""), "games": [],
            }
            self.claims.append(claim)
            self.claim[claim["id"]] = claim

    def _games(self):
        self.games, by_id = [], {}
        for event in self.events:
            if event["event"] == "Opened":
                game = {"n": len(self.games) + 1, "id": event["gameId"], "claim": self.claim[event["claimId"]],
                        "challenger": self.who(event["challenger"]), "states": [], "txs": [], "outcome": 0, "reason": 0,
                        "computed": None, "prover": None, "slashed": []}
                self.games.append(game)
                game["claim"]["games"].append(game)
                by_id[game["id"]] = game
            if event.get("gameId") not in by_id:
                continue
            game = by_id[event["gameId"]]
            if not game["txs"] or game["txs"][-1]["hash"] != event["tx"]:
                game["txs"].append(self.tx[event["tx"]])
            if event["event"] == "GameState":
                game["states"].append(event["state"])
            elif event["event"] == "Judged":
                game["computed"], game["prover"] = event["computed"], self.who(event["prover"])
            elif event["event"] == "GameOver":
                game["outcome"], game["reason"] = event["outcome"], event["reason"]
                game["slashed"] = [e for e in self.events if e["event"] == "Slashed" and e["tx"] == event["tx"]]
        for game in self.games:
            self._search(game)

    def _search(self, game):
        """How the game narrowed: a list of (what, cells, chosen cell, from, to) and what was judged in the end."""
        game["search"], game["step"], game["instruction"] = [], None, None
        moves = {t["arguments"]["state"]["move"]: t for t in game["txs"] if t["ok"] and "state" in t["arguments"]}
        for old, new in zip(game["states"], game["states"][1:]):
            arguments = moves[old["move"]]["arguments"]
            if old["phase"] == SELECT:
                cells = 1 << (old["level"] - new["level"])
                first = new["position"] << new["level"]
                game["search"].append(("nodes", cells, new["position"] % cells, first, first + (1 << new["level"]) - 1))
            elif old["phase"] == ELEMENT:
                cells = 1 << old["level"]
                game["search"].append(("chunks", cells, new["position"] % cells, new["position"], new["position"]))
                instruction = game["instruction"] = Instruction(arguments["descriptor"])
                instruction.number = arguments["instruction"]
                per_chunk = 128 // instruction.store_bytes
                game["search"].append(("element", per_chunk, arguments["slot"], new["element"], new["element"]))
            elif old["phase"] == SEGMENT:
                unknown = old["high"] - old["low"]
                stride = (unknown + 65) // 65
                game["search"].append(("states", unknown // stride + 1, arguments["segment"], new["low"], new["high"]))
        final = next((t for t in game["txs"] if t["function"] == "proveStep" and t["ok"]), None)
        if final and game["instruction"]:
            state = final["arguments"]["state"]
            game["step"] = {"element": state["element"], "number": state["high"], "before": state["lowValue"],
                            "claimed": state["highValue"], "computed": game["computed"],
                            "kind": game["instruction"].kind_of(state["element"], state["high"]),
                            "operands": game["instruction"].operands_of(state["element"], state["high"],
                                                                        final["arguments"]["openings"], self.depths)}

    def dispute_txs(self):
        return [t for t in self.txs if t["contract"] == "Disputes"]

    def numbers(self):
        """What build/demo/summary.json holds; amounts in the token's smallest unit, gas in units of gas."""
        wrong = [c for c in self.claims if not c["right"]]
        sampled = [c for c in wrong if c["sampled"]]
        caught = [c for c in sampled if c["status"] == INVALID and
                  any(g["outcome"] == CHALLENGER_WON and g["challenger"] in self.honest for g in c["games"])]
        lost = sum(max(0, self.wealth(self.before, name) - self.wealth(self.after, name)) for name in self.honest)
        lost += sum(e["amount"] for g in self.games if g["claim"]["right"] and g["outcome"] == CHALLENGER_WON
                    for e in g["slashed"] if self.who(e["account"]) not in self.honest)
        honest_gas, refunded = 0, 0
        for name in self.honest:
            mine = [t for t in self.txs if self.who(t["from"]) == name and t["block"] > self.before["block"]]
            fees = sum(t["fee"] for t in mine)
            spent = self.before[name]["ether"] - self.after[name]["ether"]
            gas = sum(t["gas"] for t in mine if t["contract"] == "Disputes")
            honest_gas += gas
            # Whatever came back in ether is taken off at the price that the party paid on average.
            refunded += min(gas, (fees - spent) * sum(t["gas"] for t in mine) // fees) if fees > spent else 0
        return {
            "claims": len(self.claims), "wrong": len(wrong), "wrong_sampled": len(sampled), "caught": len(caught),
            "games": len(self.games),
            "challenger_wins": sum(g["outcome"] == CHALLENGER_WON for g in self.games),
            "claimant_wins": sum(g["outcome"] == CLAIMANT_WON for g in self.games),
            "gas_total": sum(t["gas"] for t in self.dispute_txs()),
            "slashed": sum(e["amount"] for e in self.events if e["event"] == "Slashed"),
            "honest_losses": lost,
            "honest_gas_unrefunded": honest_gas - refunded,
        }

    @staticmethod
    def wealth(balances, name):
        return balances[name]["stake"] + balances[name]["tokens"]

    def unsettled(self):
        """What should not be left over: claims that are open, games without an end."""
        return [c for c in self.claims if c["status"] == OPEN], [g for g in self.games if not g["outcome"]]


def depth(chunks):
    return max(chunks - 1, 0).bit_length()


def floats(output, count=10):
    data = output.ljust(4 * count, b"\0")
    return list(struct.unpack(f"<{count}f", data[:4 * count]))
