"""What happened in the demo, put together from the chain: claims, games, gas and money. Nothing in here is assumed:
outcomes come from logs, gas from receipts, money from balances, and what is right from executing the model again."""
import struct

from descriptor import Instruction
from packed import (ELEMENT, OUTPUT, SEGMENT, SELECT, bond_of, chunk_levels, level_of, narrowed, pick_of, rounds, state_of, status_of,
                    value_of)

OPEN, INVALID, FINAL = 1, 2, 3
CLAIMANT_WON, CHALLENGER_WON, CLOSED = 2, 3, 4
REASONS = {1: "step", 2: "timeout", 3: "concession", 4: "closed", 5: "output"}
PROOFS = ("proveStep", "selectElementAndProve", "selectSegmentAndProve")


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
            value = value_of(event["lot"])
            verdict = verdicts.get(event["claimId"], {})
            claimed = floats(event["output"])
            claim = {
                "n": len(self.claims), "id": event["claimId"], "who": self.who(event["claimant"]), "image": p["image"],
                "kind": p["kind"], "digit": p["digit"], "claimed": claimed, "scores": right["scores"],
                "claimed_digit": max(range(10), key=lambda i: claimed[i]), "value": value, "bond": bond_of(event["terms"], value),
                "right": (event["modelId"], event["inputRoot"], event["outputRoot"]) ==
                         (right["modelId"], right["inputRoot"], right["outputRoot"]),
                "status": status_of(self.chain.view("Claims", "slotOf", event["claimId"])[0]), "sampled": bool(verdict.get("sampled")), "reason": verdict.get("reason", ""),
                "verdict": verdict.get("verdict", ""), "games": [],
            }
            self.claims.append(claim)
            self.claim[claim["id"]] = claim

    def _games(self):
        """By claim and ordinal. An event tells the state after its move; the one that ends a game tells only who won."""
        self.games, by_name = [], {}
        for event in self.events:
            if event["event"] == "Opened":
                state = state_of(event["a"], 0)
                game = {"n": len(self.games) + 1, "claim": self.claim[event["claimId"]], "ordinal": state["ordinal"],
                        "challenger": self.who(event["challenger"]), "states": [], "txs": [], "outcome": 0, "reason": 0,
                        "computed": None, "slashed": []}
                self.games.append(game)
                game["claim"]["games"].append(game)
                by_name[event["claimId"], state["ordinal"]] = game
            if "a" not in event and event["event"] != "GameOver":
                continue
            state = state_of(event["a"], event.get("c", 0)) if "a" in event else None
            game = by_name[event["claimId"], state["ordinal"] if state else event["ordinal"]]
            if not game["txs"] or game["txs"][-1]["hash"] != event["tx"]:
                game["txs"].append(self.tx[event["tx"]])
            if state:
                game["states"].append(dict(state, tx=event["tx"]))
            else:
                game["outcome"], game["reason"], game["computed"] = event["outcome"], event["reason"], event["computed"]
                game["slashed"] = [e for e in self.events if e["event"] == "Slashed" and e["tx"] == event["tx"]]
        for game in self.games:
            self._search(game)

    def _search(self, game):
        """How the game narrowed: a list of (what, cells, chosen cell, from, to) and what was judged in the end."""
        game["search"], game["step"], game["instruction"] = [], None, None
        for old, new in zip(game["states"], game["states"][1:]):
            if new["phase"] == OUTPUT:
                return  # asked for instead of a selection: nothing was searched for
            self._narrow(game, old, self.tx[new["tx"]]["arguments"])
        final = next((t for t in game["txs"] if t["function"] in PROOFS and t["ok"]), None)
        if not final:
            return
        arguments = final["arguments"]
        state = self._narrow(game, game["states"][-1], arguments)
        instruction = game["instruction"]
        game["step"] = {"element": state["element"], "number": state["high"], "before": state["lowValue"],
                        "claimed": state["highValue"], "computed": game["computed"],
                        "kind": instruction.kind_of(state["element"], state["high"]),
                        "operands": instruction.operands_of(state["element"], state["high"], arguments["openings"],
                                                            self.depths)}

    @staticmethod
    def _narrow(game, state, arguments):
        """Takes one selection, with these arguments in answer to this state, into the search; the state after it."""
        if state["phase"] == SELECT:
            levels = rounds(state["depth"])[state["round"]]
            below = level_of(state) - levels
            child = arguments["child"]
            first = (state["position"] << levels) + child << below
            game["search"].append(("nodes", 1 << levels, child, first, first + (1 << below) - 1))
        elif state["phase"] == ELEMENT:
            child, slot, number = pick_of(arguments["pick"])
            levels = chunk_levels(state["depth"])
            chunk = (state["position"] << levels) + child
            game["search"].append(("chunks", 1 << levels, child, chunk, chunk))
            instruction = game["instruction"] = Instruction(arguments["descriptor"])
            instruction.number = number
            width = instruction.store_bytes
            per_chunk = 128 // width
            element = (chunk - instruction.first_chunk) * per_chunk + slot
            game["search"].append(("element", per_chunk, slot, element, element))
            stored = int.from_bytes(arguments["chunk"][slot * width:(slot + 1) * width], "little")
            folds = instruction.fold and element < instruction.count
            return dict(state, position=chunk, element=element, low=0, lowValue=0, highValue=stored,
                        high=instruction.terms + 1 if folds else 0)
        elif state["phase"] == SEGMENT:
            after = narrowed(state, arguments["segment"], arguments["values"])
            game["search"].append(("states", after["cells"], arguments["segment"], after["low"], after["high"]))
            return after
        return state

    def dispute_txs(self):
        return [t for t in self.txs if t["contract"] == "Disputes"]

    def numbers(self):
        """What build/demo/summary.json holds; amounts in the token's smallest unit, gas in units of gas."""
        wrong = [c for c in self.claims if not c["right"]]
        sampled = [c for c in wrong if c["sampled"]]
        caught = [c for c in sampled if c["status"] == INVALID and
                  any(g["outcome"] == CHALLENGER_WON and g["challenger"] in self.honest for g in c["games"])]
        lost = sum(max(0, self.wealth(self.before, name) - self.fees(name) - self.wealth(self.after, name)) for name in self.honest)
        lost += sum(e["loss"] for g in self.games if g["claim"]["right"] and g["outcome"] == CHALLENGER_WON
                    for e in g["slashed"] if self.who(e["loser"]) not in self.honest)
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
            "slashed": sum(e["loss"] for e in self.events if e["event"] == "Slashed"),
            "honest_losses": lost,
            "honest_gas_unrefunded": honest_gas - refunded,
        }

    def paid(self, payer=None, payee=None):
        """What was paid out of locked stake, between two accounts, by address."""
        return sum(e["amount"] for e in self.events if e["event"] == "Paid" and payer in (None, e["from"]) and payee in (None, e["to"]))

    def fees(self, name):
        """What a party's claims paid for being checked: the price of the service, no loss of bond or stake."""
        return sum(self.paid(a, self.chain.address["Duties"]) for a, n in self.name.items() if n == name)

    def prizes(self, name):
        """Out of the pots of claims with several games: prizes that waited, and refunds of moves."""
        return sum(self.paid(self.chain.address["Disputes"], a) for a, n in self.name.items() if n == name)

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
