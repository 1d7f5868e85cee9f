"""Faults of an endpoint: which there are, how a schedule of them is drawn from a seed, and what they do to JSON-RPC.

A schedule is a list of faults. Each begins with the request of that number at its endpoint and lasts so many requests, so that a
schedule depends on what is asked and not on how fast the machine is. It is printed as one line of JSON a fault, and can be read again.

  before the request is passed on (it has no effect on the chain)
    drop           closes the connection                      half_open      never answers
    http_429       429, with Retry-After when arg > 0         http_502       a proxy's page of HTML
    http_503       503, no body                               limit          error -32005
    batch_limit    "batch item count exceeded"                range_limit    "block range too large"
    results_limit  "query returned more than 10000 results"   delay          waits arg ms, then does its work
  after it (a transaction has been taken, though nobody is told so)
    lost           closes the connection                      truncate       half of the body
    cut_head       half of the header                         empty          200 and no body
    malformed      a brace too few                            garbage        bytes that are neither HTTP nor a frame
    duplicate_keys "result" twice                             deep           100,000 brackets in each other
    wrong_id       another request's id                       wrong_version  "jsonrpc": "1.0", and the result under another name
    huge           arg MiB of a string without an end         null           "result": null
    wrong_type     the result is a number                     bad_chunks     a chunk whose size is no number
    slow           a byte every arg ms                        reorder        the answers of a batch, the last first
    removed        logs with "removed": true
  of requests with several calls, which alone meet them
    batch_refused  one error for all of them                  batch_missing  an answer less
    batch_foreign  an answer more, to a call that nobody made batch_ids      answers to other calls than were made
  about the chain
    lag            the state of arg blocks ago
  lies, right where another endpoint contradicts
    log_omit, log_add, log_change                             one log less, one more, one with another topic
    fork           everything from another branch
  on a WebSocket
    ws_accept      a wrong Sec-WebSocket-Accept               ws_fragments   a byte a frame
    ws_pings       arg pings before the answer                ws_cut         half a frame, then the end
    ws_close       a close frame between two fragments        ws_reserved    a reserved bit
    ws_masked      a masked frame from a server               ws_utf8        text that is not UTF-8
    ws_length      a frame that says it has 2^62 bytes
"""
import copy
import dataclasses
import json
import random

HTTP, WS = "http", "ws"
LOGS = "eth_getLogs"
# kind: (weight in a draw, least and largest argument, most requests in a row, method or "", where)
ANY = (HTTP, WS)
KINDS = {
    "drop": (3, 0, 0, 6, "", ANY), "half_open": (1, 0, 0, 2, "", ANY), "http_429": (2, 0, 1, 6, "", (HTTP,)),
    "http_502": (2, 0, 0, 6, "", (HTTP,)), "http_503": (1, 0, 0, 6, "", (HTTP,)), "limit": (2, 0, 0, 6, "", ANY),
    "batch_limit": (1, 0, 0, 3, "", ANY), "range_limit": (1, 0, 0, 3, LOGS, ANY), "results_limit": (1, 0, 0, 3, LOGS, ANY),
    "delay": (3, 20, 300, 6, "", ANY), "lost": (3, 0, 0, 4, "", ANY), "truncate": (2, 0, 0, 4, "", (HTTP,)),
    "cut_head": (1, 0, 0, 2, "", (HTTP,)), "empty": (1, 0, 0, 2, "", (HTTP,)), "malformed": (2, 0, 0, 4, "", ANY),
    "garbage": (1, 0, 0, 2, "", ANY), "duplicate_keys": (1, 0, 0, 3, "", ANY), "deep": (1, 0, 0, 2, "", ANY),
    "wrong_id": (2, 0, 0, 4, "", ANY), "wrong_version": (1, 0, 0, 3, "", ANY), "huge": (1, 1, 70, 1, "", ANY),
    "null": (2, 0, 0, 4, "", ANY), "wrong_type": (2, 0, 0, 4, "", ANY), "bad_chunks": (1, 0, 0, 2, "", (HTTP,)),
    "slow": (1, 1, 20, 2, "", ANY), "reorder": (1, 0, 0, 20, "", ANY), "removed": (1, 0, 0, 6, LOGS, ANY),
    "lag": (3, 1, 8, 20, "", ANY),
    "ws_accept": (1, 0, 0, 2, "", (WS,)), "ws_fragments": (2, 0, 0, 4, "", (WS,)), "ws_pings": (2, 1, 5000, 2, "", (WS,)),
    "ws_cut": (2, 0, 0, 2, "", (WS,)), "ws_close": (1, 0, 0, 2, "", (WS,)), "ws_reserved": (1, 0, 0, 2, "", (WS,)),
    "ws_masked": (1, 0, 0, 2, "", (WS,)), "ws_utf8": (1, 0, 0, 2, "", (WS,)), "ws_length": (1, 0, 0, 2, "", (WS,)),
}
LIES = {
    "log_omit": (3, 0, 0, 12, LOGS, ANY), "log_add": (2, 0, 0, 12, LOGS, ANY), "log_change": (2, 0, 0, 12, LOGS, ANY),
    "fork": (2, 0, 0, 40, "", ANY),
}
# Only requests with several calls meet these. They are drawn apart, so that the schedules of earlier seeds stay what they were.
BATCHES = {
    "batch_refused": (2, 0, 0, 4, "", (HTTP,)), "batch_missing": (2, 0, 0, 4, "", (HTTP,)),
    "batch_foreign": (2, 0, 0, 4, "", (HTTP,)), "batch_ids": (2, 0, 0, 4, "", (HTTP,)),
}
# What answers instead of the chain: HTTP status, or the code and the words of a JSON-RPC error.
REFUSALS = {
    "limit": (-32005, "daily request count exceeded, request rate limited"),
    "batch_limit": (-32600, "batch item count exceeded: 100 allowed"),
    "batch_refused": (-32600, "Invalid request"),
    "range_limit": (-32602, "block range too large: at most 500 blocks"),
    "results_limit": (-32005, "query returned more than 10000 results. Try with this block range [0x1, 0x2]."),
}
DEEP = 100_000
LONGEST_S = 2.0  # of one fault: who backs off asks less and less, and would meet it for minutes


@dataclasses.dataclass
class Fault:
    kind: str
    after: int = 0    # requests that pass before it
    count: int = 1    # requests that it lasts
    arg: int = 0
    method: str = ""  # only requests of this method, which alone are counted for `count`
    endpoint: int = 0
    lasts: bool = False  # by requests alone
    used: int = 0     # requests it was applied to
    over: float = 0   # when it ends whatever it was applied to, once it has begun

    def __post_init__(self):
        if self.kind not in KINDS and self.kind not in LIES and self.kind not in BATCHES:
            raise ValueError(f"no fault is called {self.kind!r}")

    def takes(self, number, methods, now=0.0, batch=False):
        """now: seconds by any clock. batch: the request has several calls."""
        if self.kind in BATCHES and not batch:
            return False
        if self.over and now > self.over:
            return False
        return number > self.after and self.used < self.count and (not self.method or self.method in methods)

    def use(self, now):
        self.over = self.over or (0 if self.lasts else now + LONGEST_S)
        self.used += 1

    def line(self):
        words = {k: v for k, v in dataclasses.asdict(self).items() if k not in ("used", "over") and (v or k in ("kind", "after", "count"))}
        return json.dumps(words)


def parse(text):
    """A schedule from its lines."""
    return [Fault(**json.loads(line)) for line in text.splitlines() if line.strip()]


def draw(rng, endpoints=1, transport=HTTP, faults=12, span=400, liar=None):
    """A schedule for so many endpoints, from a random.Random. liar: the number of the only endpoint that lies, or None. Beside a liar no
    other says null, which would be a second one that denies what is there."""
    def one(kinds, endpoint):
        fitting = [k for k in kinds if transport in kinds[k][5] and (liar in (None, endpoint) or k != "null")]
        kind = rng.choices(fitting, [kinds[k][0] for k in fitting])[0]
        _, low, high, most, method, _ = kinds[kind]
        return Fault(kind, rng.randrange(span), rng.randint(1, most), rng.randint(low, high), method, endpoint)

    schedule = [one(KINDS, rng.randrange(endpoints)) for _ in range(rng.randint(1, faults))]
    if liar is not None:
        schedule += [one(LIES, liar) for _ in range(rng.randint(2, 8))]
    if transport == HTTP:
        own = random.Random("\n".join(f.line() for f in schedule))
        for endpoint in range(endpoints):
            for _ in range(own.randint(0, 3)):
                kind = own.choice(sorted(BATCHES))
                schedule.append(Fault(kind, own.randrange(span), own.randint(1, BATCHES[kind][3]), 0, "", endpoint))
    return sorted(schedule, key=lambda f: (f.endpoint, f.after))


def sample(seed, **options):
    return draw(random.Random(seed), **options)


# --- answers that are objects still ---

def refusal(kind, ask):
    code, words = REFUSALS[kind]
    error = {"code": code, "message": words}
    if kind == "batch_refused":
        return {"jsonrpc": "2.0", "id": None, "error": error}
    if isinstance(ask, list):
        return [{"jsonrpc": "2.0", "id": a.get("id"), "error": error} for a in ask]
    return {"jsonrpc": "2.0", "id": ask.get("id"), "error": error}


def each(answer, change):
    """change(answer) of each answer of a batch, or of the only one."""
    answer = copy.deepcopy(answer)
    for one in answer if isinstance(answer, list) else [answer]:
        change(one)
    return answer


def other_word(word):
    return word[:-1] + ("0" if word[-1] != "0" else "1")


def lie_about_logs(kind, logs):
    if kind == "removed":
        return [dict(log, removed=True) for log in logs]
    if kind == "log_omit":
        return logs[:-1]
    if kind == "log_add":
        return logs + [dict(logs[-1], logIndex=hex(int(logs[-1]["logIndex"], 16) + 1))] if logs else logs
    changed = copy.deepcopy(logs)
    if changed:
        topics = changed[-1]["topics"]
        topics[-1] = other_word(topics[-1])
    return changed


def change_batch(kind, answers):
    if kind == "batch_missing":
        return answers[:len(answers) // 2] + answers[len(answers) // 2 + 1:]
    if kind == "batch_foreign":
        return answers + [dict(answers[0], id=max(a["id"] for a in answers) + 1)]
    return [dict(a, id=a["id"] + len(answers)) for a in answers]


def change_answer(kind, answer):
    """The answer, a batch's list or one object, with a fault in its contents. Kinds that change nothing here give it back."""
    if kind == "reorder":
        return answer[::-1] if isinstance(answer, list) else answer
    if kind in BATCHES:
        return change_batch(kind, answer)
    if kind == "wrong_id":
        def change(a):
            a["id"] = a["id"] + 1 if isinstance(a.get("id"), int) else 1
    elif kind == "wrong_version":
        def change(a):
            a["jsonrpc"] = "1.0"
            if "result" in a:
                a["answer"] = a.pop("result")
    elif kind == "null":
        def change(a):
            if "result" in a:
                a["result"] = None
    elif kind == "wrong_type":
        def change(a):
            if "result" in a:
                a["result"] = 7
    elif kind in ("removed", "log_omit", "log_add", "log_change"):
        def change(a):
            logs = a.get("result")
            if isinstance(logs, list) and all(isinstance(log, dict) and "topics" in log for log in logs):
                a["result"] = lie_about_logs(kind, logs)
    else:
        return answer
    return each(answer, change)


# --- answers that are bytes ---

def change_bytes(kind, text):
    if kind == "malformed":
        return text.rstrip()[:-1]
    if kind == "duplicate_keys":
        return text.replace(b'"result":', b'"result":"0x0","result":', 1)
    if kind == "deep":
        return b'{"jsonrpc":"2.0","id":1,"result":' + b"[" * DEEP + b"]" * DEEP + b"}"
    if kind == "truncate":
        return text[:len(text) // 2]
    if kind == "empty":
        return b""
    return text


# --- an older state of the chain ---

def block_words(ask):
    """(index of the parameter that names a block, the parameters) of a request, (None, ...) where there is none."""
    at = {"eth_getBlockByNumber": 0, "eth_call": 1, "eth_estimateGas": 1, "eth_getTransactionCount": 1,
          "eth_getBalance": 1, "eth_getCode": 1, "eth_getStorageAt": 2}.get(ask.get("method"))
    return at, ask.get("params") or []


def lag_ask(ask, top):
    """The request as an endpoint takes it whose newest block is `top`; None where it can only answer null."""
    at, params = block_words(ask)
    if at is None or ask["method"] in ("eth_estimateGas",):
        return ask
    params = list(params)
    word = params[at] if at < len(params) else "latest"
    if word == "latest" or (word == "pending" and ask["method"] == "eth_getTransactionCount"):
        params[at:at + 1] = [hex(top)]
    elif isinstance(word, str) and word.startswith("0x") and int(word, 16) > top:
        return None
    return dict(ask, params=params)


def lag_answer(ask, answer, top):
    """What such an endpoint says."""
    method, result = ask.get("method"), answer.get("result")
    answer = dict(answer)
    if method == "eth_blockNumber":
        answer["result"] = hex(top)
    number = None
    if isinstance(result, dict):
        number = result.get("blockNumber") or (result.get("number") if method.startswith("eth_getBlockBy") else None)
    if number and int(number, 16) > top:
        answer["result"] = None
    if method == LOGS and isinstance(result, list):
        answer["result"] = [log for log in result if int(log["blockNumber"], 16) <= top]
        if len(answer["result"]) < len(result) and "blockHash" in (ask.get("params") or [{}])[0]:
            answer.pop("result")
            answer["error"] = {"code": -32000, "message": "unknown block"}
    return answer
