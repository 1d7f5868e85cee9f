#!/usr/bin/python3
"""A hostile endpoint: stands in front of a chain and answers over HTTP(S) and WebSocket as badly as a schedule says (faults.py).

    proxy.py --upstream URL [--fork URL] [--endpoints N] [--seed N | --schedule FILE] [--transport http|ws] [--liar N]
             [--tls FOLDER --certificate NAME] [--log FILE]

Prints one line of JSON when it listens: {"urls": [...], "ws": [...], "control": URL}. Each endpoint has a port and numbers its
requests. The control port takes POSTs: {"fault": {"kind": ..., "after": ..., ...}} adds a fault (`after` counts from now),
{"clear": true} ends all of them, {} only asks; the answer is {"requests": [...], "fired": {kind: times}, "faults": [...]}.
"""
import argparse
import asyncio
import collections
import json
import os
import pathlib
import ssl
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import certificates  # noqa: E402
import faults  # noqa: E402
import frames  # noqa: E402

HALF_OPEN_S = 30       # a connection that is never answered ends some time
SLOW_BYTES_MAX = 400   # that many bytes come one by one, the rest at once
BODY_MAX = 64 << 20
HTML = (b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center>"
        b"<hr><center>nginx</center></body></html>")
REASONS = {200: "OK", 429: "Too Many Requests", 502: "Bad Gateway", 503: "Service Unavailable"}


class Drop(Exception):
    """The connection is to be closed at once."""


class Upstream:
    """Keep-alive connections to a chain."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port, self.idle = parts.hostname, parts.port, []

    async def post(self, body):
        for attempt in (0, 1):  # an idle connection may have been closed meanwhile
            fresh = not self.idle
            reader, writer = await asyncio.open_connection(self.host, self.port, limit=BODY_MAX) if fresh else self.idle.pop()
            try:
                writer.write(b"POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                             % (self.host.encode(), len(body)) + body)
                answer = await self.answer(reader)
            except (OSError, EOFError, asyncio.IncompleteReadError):
                writer.close()
                if attempt or fresh:
                    raise
                continue
            self.idle.append((reader, writer))
            return answer

    @staticmethod
    async def answer(reader):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        return await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))

    async def call(self, method, *params):
        answer = json.loads(await self.post(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()))
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def close(self):
        for _, writer in self.idle:
            writer.close()


class Endpoint:
    """One port: its own numbers of requests, its own faults."""

    def __init__(self, upstream, schedule=(), fork=None, name="", log=None, context=None):
        self.upstream, self.fork = Upstream(upstream), Upstream(fork) if fork else None
        self.upstream_url = upstream
        self.faults, self.name, self.log = list(schedule), name, log
        self.context, self.requests, self.fired = context, 0, collections.Counter()
        self.server, self.port, self.tasks = None, 0, set()
        self.methods = collections.Counter()

    async def listen(self, port=0):
        self.server = await asyncio.start_server(self.accepted, "127.0.0.1", port, limit=BODY_MAX, ssl=self.context)
        self.port = self.server.sockets[0].getsockname()[1]

    def url(self, scheme="http"):
        return f"{scheme}{'s' if self.context else ''}://127.0.0.1:{self.port}"

    async def close(self):
        self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.upstream.close()
        if self.fork:
            self.fork.close()

    # --- connections ---

    async def accepted(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            while await self.one_request(reader, writer):
                pass
        except (Drop, OSError, EOFError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, frames.Closed):
            pass
        except asyncio.CancelledError:
            pass
        finally:
            self.tasks.discard(task)
            writer.close()

    async def one_request(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = {}
        for line in head.split("\r\n")[1:]:
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        if fields.get("upgrade", "").lower() == "websocket":
            await WebSocket(self, reader, writer).run(fields)
            return False
        length = int(fields.get("content-length", "0"))
        if length > BODY_MAX:
            raise Drop
        body = await reader.readexactly(length)
        ask = json.loads(body)
        fault, lag = self.begin(ask)
        kind = fault.kind if fault else None
        text = await self.work(ask, fault, lag)
        await self.send(writer, kind, fault, text)
        return True

    # --- what is asked, and what becomes of it ---

    def begin(self, ask, opening=False):
        """Counts a request; the fault that it meets, and by how many blocks the endpoint lags."""
        methods = [a.get("method", "") for a in (ask if isinstance(ask, list) else [ask]) if isinstance(a, dict)]
        self.requests += not opening
        self.methods.update(methods)
        lag, met, now = 0, None, time.monotonic()
        for fault in self.faults:
            if (fault.kind == "ws_accept") != opening or not fault.takes(self.requests + opening, methods, now, isinstance(ask, list)):
                continue
            if fault.kind == "lag":
                lag = fault.arg
            elif met is None:
                met = fault
            else:
                continue
            fault.use(now)
            self.fired[fault.kind] += 1
        if self.log:
            print(json.dumps([round(now, 3), self.name, self.requests, methods, met.kind if met else None, lag]), file=self.log, flush=True)
        return met, lag

    async def work(self, ask, fault, lag):
        """The answer's bytes; None where the kind of fault has an answer of its own."""
        kind = fault.kind if fault else None
        if kind == "drop":
            raise Drop
        if kind == "half_open":
            await asyncio.sleep(HALF_OPEN_S)
            raise Drop
        if kind == "delay":
            await asyncio.sleep(fault.arg / 1000)
        if kind in ("http_429", "http_502", "http_503"):
            return None
        if kind in faults.REFUSALS:
            return json.dumps(faults.refusal(kind, ask)).encode()
        upstream = self.fork if kind == "fork" and self.fork else self.upstream
        if lag:
            answer = await self.lagging(upstream, ask, lag)
        else:
            text = await upstream.post(json.dumps(ask).encode())
            if kind is None:
                return text
            answer = json.loads(text)
        if kind == "lost":
            raise Drop
        answer = faults.change_answer(kind, answer)
        return faults.change_bytes(kind, json.dumps(answer, separators=(",", ":")).encode())

    async def lagging(self, upstream, ask, lag):
        top = max(0, int(await upstream.call("eth_blockNumber"), 16) - lag)
        out = []
        for one in ask if isinstance(ask, list) else [ask]:
            older = faults.lag_ask(one, top)
            if older is None:
                out.append({"jsonrpc": "2.0", "id": one.get("id"), "result": None})
            else:
                answer = json.loads(await upstream.post(json.dumps(older).encode()))
                out.append(faults.lag_answer(older, answer, top))
        return out if isinstance(ask, list) else out[0]

    async def send(self, writer, kind, fault, text):
        status, extra, body = 200, "", text
        if kind == "http_429":
            status, body, extra = 429, b"", "Retry-After: 1\r\n" if fault.arg else ""
        elif kind == "http_503":
            status, body = 503, b""
        elif kind == "http_502":
            status, body, extra = 502, HTML, "Content-Type: text/html\r\n"
        if kind == "garbage":
            writer.write(os.urandom(200))
            await writer.drain()
            raise Drop
        head = f"HTTP/1.1 {status} {REASONS[status]}\r\n" + (extra or "Content-Type: application/json\r\n")
        if kind == "bad_chunks":
            writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n".encode() + body)
            await writer.drain()
            raise Drop
        if kind == "huge":
            await self.send_huge(writer, head, fault.arg << 20)
        length = len(body) * (2 if kind == "truncate" else 1)
        head = f"{head}Content-Length: {length}\r\n\r\n".encode()
        if kind == "cut_head":
            writer.write(head[:len(head) // 2])
            await writer.drain()
            raise Drop
        if kind == "slow":
            writer.write(head)
            await trickle(writer, body, fault.arg)
        else:
            writer.write(head + body)
        await writer.drain()
        if kind == "truncate":
            raise Drop

    @staticmethod
    async def send_huge(writer, head, length):
        writer.write(f'{head}Content-Length: {2 * length}\r\n\r\n{{"jsonrpc":"2.0","id":1,"result":"0x'.encode())
        block = b"0" * (1 << 16)
        for _ in range(length // len(block)):
            writer.write(block)
            await writer.drain()
        raise Drop


async def trickle(writer, data, ms):
    for i in range(min(len(data), SLOW_BYTES_MAX)):
        writer.write(data[i:i + 1])
        await writer.drain()
        await asyncio.sleep(ms / 1000)
    writer.write(data[SLOW_BYTES_MAX:])


class WebSocket:
    """One WebSocket of a client: requests go through Endpoint.work; subscriptions through a WebSocket of the chain's own."""

    def __init__(self, endpoint, reader, writer):
        self.endpoint, self.reader, self.writer = endpoint, reader, writer
        self.chain = None  # (reader, writer) of the chain's WebSocket, once somebody subscribes
        self.waiting = {}  # id of a request to it: its future
        self.lock = asyncio.Lock()

    async def run(self, fields):
        fault, _ = self.endpoint.begin({"method": "ws_open"}, opening=True)
        accept = frames.accept_of(fields.get("sec-websocket-key", ""))
        if fault:
            accept = frames.accept_of("somebody else's")
        self.writer.write(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        await self.writer.drain()
        tasks = set()
        try:
            while True:
                text = await frames.read_message(self.reader, lambda data: self.writer.write(frames.frame(frames.PONG, data)))
                task = asyncio.create_task(self.answer(json.loads(text)))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        finally:
            for task in tasks:
                task.cancel()
            if self.chain:
                self.chain[1].close()
                self.chain[2].cancel()

    async def answer(self, ask):
        fault, lag = self.endpoint.begin(ask)
        kind = fault.kind if fault else None
        try:
            if isinstance(ask, dict) and ask.get("method") in ("eth_subscribe", "eth_unsubscribe") and kind is None:
                text = await self.subscribe(ask)
            else:
                text = await self.endpoint.work(ask, fault, lag)
            await self.send(kind, fault, text)
        except (Drop, OSError, EOFError, asyncio.IncompleteReadError):
            self.writer.close()

    async def send(self, kind, fault, text):
        w = self.writer
        async with self.lock:
            if kind == "ws_fragments":
                pieces = [text[i:i + 1] for i in range(min(len(text), SLOW_BYTES_MAX))] + [text[SLOW_BYTES_MAX:]]
                for i, piece in enumerate(pieces):
                    w.write(frames.frame(frames.CONTINUATION if i else frames.TEXT, piece, fin=i + 1 == len(pieces)))
            elif kind == "ws_pings":
                for i in range(fault.arg):
                    w.write(frames.frame(frames.PING, str(i).encode()))
                w.write(frames.frame(frames.TEXT, text))
            elif kind == "ws_cut":
                w.write(frames.frame(frames.TEXT, text)[:len(text) // 2])
                raise Drop
            elif kind == "ws_close":
                w.write(frames.frame(frames.TEXT, text[:len(text) // 2], fin=False) + frames.frame(frames.CLOSE, b"\x03\xe9"))
                await w.drain()
                raise Drop
            elif kind == "ws_reserved":
                w.write(frames.frame(frames.TEXT, text, reserved=4))
            elif kind == "ws_masked":
                w.write(frames.frame(frames.TEXT, text, mask=True))
            elif kind == "ws_utf8":
                w.write(frames.frame(frames.TEXT, b"\xff\xfe" + text))
            elif kind == "ws_length":
                w.write(b"\x81\x7f" + (1 << 62).to_bytes(8, "big") + text)
            elif kind == "garbage":
                w.write(os.urandom(200))
                await w.drain()
                raise Drop
            elif kind == "huge":
                for i in range(fault.arg << 4):
                    w.write(frames.frame(frames.CONTINUATION if i else frames.TEXT, b"0" * (1 << 16), fin=False))
                    await w.drain()
                raise Drop
            elif kind == "slow":
                await trickle(w, frames.frame(frames.TEXT, text), fault.arg)
            else:
                w.write(frames.frame(frames.TEXT, text))
            await w.drain()

    async def subscribe(self, ask):
        if not self.chain:
            up = self.endpoint.upstream
            reader, writer = await asyncio.open_connection(up.host, up.port, limit=BODY_MAX)
            writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            self.chain = (reader, writer, asyncio.create_task(self.relay(reader, writer)))
        future = asyncio.get_running_loop().create_future()
        self.waiting[ask["id"]] = future
        self.chain[1].write(frames.frame(frames.TEXT, json.dumps(ask).encode(), mask=True))
        return await future

    async def relay(self, reader, writer):
        """What the chain says on its WebSocket: answers to who waits, news to the client."""
        while True:
            text = await frames.read_message(reader, lambda data: writer.write(frames.frame(frames.PONG, data, mask=True)))
            message = json.loads(text)
            future = self.waiting.pop(message.get("id"), None)
            if future:
                future.set_result(text)
            else:
                await self.send(None, None, text)


class Control:
    """The port by which a test sets faults."""

    def __init__(self, endpoints):
        self.endpoints, self.port, self.server = endpoints, 0, None

    async def listen(self):
        self.server = await asyncio.start_server(self.accepted, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def accepted(self, reader, writer):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            ask = json.loads(await reader.readexactly(int(head.split("content-length:")[1].split("\r\n")[0])) or b"{}")
            try:
                status, answer = "200 OK", self.obey(ask)
            except (ValueError, TypeError, IndexError) as error:
                status, answer = "400 Bad Request", {"error": str(error)}
            body = json.dumps(answer).encode()
            writer.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                         f"Connection: close\r\n\r\n".encode() + body)
            await writer.drain()
        except (OSError, EOFError, ValueError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def obey(self, ask):
        if ask.get("clear"):
            for endpoint in self.endpoints:
                endpoint.faults.clear()
        if "fault" in ask:
            fault = faults.Fault(**ask["fault"])
            endpoint = self.endpoints[fault.endpoint]
            fault.after += endpoint.requests
            endpoint.faults.append(fault)
        fired = sum((e.fired for e in self.endpoints), collections.Counter())
        return {"requests": [e.requests for e in self.endpoints], "fired": fired,
                "faults": [json.loads(f.line()) for e in self.endpoints for f in e.faults if f.used < f.count]}


async def serve(options):
    if options.schedule:
        schedule = faults.parse(pathlib.Path(options.schedule).read_text(encoding="utf-8"))
    elif options.seed is not None:
        schedule = faults.sample(options.seed, endpoints=options.endpoints, transport=options.transport, liar=options.liar)
    else:
        schedule = []
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificates.files(options.tls, options.certificate))
    log = open(options.log, "a", encoding="utf-8") if options.log else None
    endpoints = [Endpoint(options.upstream, [f for f in schedule if f.endpoint == i], options.fork, f"endpoint {i}", log, context)
                 for i in range(options.endpoints)]
    for endpoint in endpoints:
        await endpoint.listen()
    control = Control(endpoints)
    await control.listen()
    print(json.dumps({"urls": [e.url() for e in endpoints], "ws": [e.url("ws") for e in endpoints],
                      "control": f"http://127.0.0.1:{control.port}"}), flush=True)
    await asyncio.Event().wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream")
    parser.add_argument("--fork")
    parser.add_argument("--endpoints", type=int, default=1)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--schedule")
    parser.add_argument("--transport", choices=("http", "ws"), default="http")
    parser.add_argument("--liar", type=int)
    parser.add_argument("--tls", help="a folder for certificates, made when it is empty")
    parser.add_argument("--certificate", choices=certificates.NAMES, default="right")
    parser.add_argument("--log")
    parser.add_argument("--print", action="store_true", help="only prints the schedule of the seed")
    options = parser.parse_args()
    if options.print:
        for fault in faults.sample(options.seed or 0, endpoints=options.endpoints, transport=options.transport, liar=options.liar):
            print(fault.line())
        return
    if not options.upstream:
        parser.error("--upstream is not named")
    try:
        asyncio.run(serve(options))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
