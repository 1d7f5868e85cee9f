#!/usr/bin/python3
"""The proxy's own tests: what a plain client sees of each fault, in front of a real chain, and that schedules can be replayed.

    selftest.py ANVIL
"""
import asyncio
import base64
import json
import pathlib
import ssl
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import certificates  # noqa: E402
import devnet  # noqa: E402
import faults  # noqa: E402
import frames  # noqa: E402
import proxy  # noqa: E402

passed = failed = 0
PATIENCE_S = 5
ACCOUNT = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"


def check(name, good, what=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAIL {name} {what}")


def ask(method, *params, number=1):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


async def exchange(endpoint, request, context=None):
    """(header, body, whether the connection was closed before the body was whole); header None: not a byte came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port, ssl=context, limit=proxy.BODY_MAX * 4)
    body = json.dumps(request).encode()
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        if "content-length" not in fields:
            return head, await reader.read(), True
        length = int(fields["content-length"])
        try:
            return head, await reader.readexactly(length), False
        except asyncio.IncompleteReadError as error:
            return head, error.partial, True
    except asyncio.IncompleteReadError as error:
        return None, error.partial, True
    finally:
        writer.close()


async def met(kind, request, arg=0, **options):
    """What a client sees of one fault."""
    endpoint = proxy.Endpoint(url, [faults.Fault(kind, arg=arg)], **options)
    await endpoint.listen()
    try:
        return await asyncio.wait_for(exchange(endpoint, request), PATIENCE_S)
    finally:
        check(f"{kind}: counted", endpoint.fired[kind] == 1, endpoint.fired)
        await endpoint.close()


async def over_http(chain):
    number = ask("eth_blockNumber")
    for kind in ("drop", "lost"):
        head, body, _ = await met(kind, number)
        check(kind, head is None and body == b"")
    for kind, code in (("http_429", 429), ("http_502", 502), ("http_503", 503)):
        head, body, _ = await met(kind, number)
        check(kind, head.startswith(f"HTTP/1.1 {code} ") and b"result" not in body, head)
    head, _, _ = await met("http_429", number, arg=1)
    check("Retry-After", "\r\nRetry-After: 1\r\n" in head)
    for kind, (code, words) in faults.REFUSALS.items():
        if kind in faults.BATCHES:
            continue
        _, body, _ = await met(kind, number)
        check(kind, json.loads(body) == {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": words}}, body)
    _, body, cut = await met("truncate", number)
    check("truncate", cut and b"jsonrpc" in body and not body.endswith(b"}"), body)
    head, body, _ = await met("cut_head", number)
    check("cut_head", head is None and body.startswith(b"HTTP/1.1 200"), body)
    head, body, cut = await met("empty", number)
    check("empty", "200" in head and body == b"" and not cut)
    for kind in ("malformed", "wrong_version", "null", "wrong_type"):
        _, body, _ = await met(kind, number)
        try:
            result = json.loads(body).get("result")
        except ValueError:
            result = "no JSON"
        check(kind, result == {"malformed": "no JSON", "wrong_type": 7}.get(kind), body)
    _, body, _ = await met("wrong_id", number)
    check("wrong_id", json.loads(body)["id"] == 2)
    _, body, _ = await met("duplicate_keys", number)
    check("duplicate_keys", body.count(b'"result"') == 2)
    _, body, _ = await met("deep", number)
    check("deep", body.count(b"[") == faults.DEEP)
    head, body, _ = await met("bad_chunks", number)
    check("bad_chunks", "chunked" in head and body.startswith(b"zz"))
    _, body, cut = await met("huge", number, arg=2)
    check("huge", cut and len(body) > 2 << 20)
    start = asyncio.get_running_loop().time()
    _, body, _ = await met("slow", number, arg=2)
    check("slow", json.loads(body)["result"] and asyncio.get_running_loop().time() - start > 0.05)
    _, body, _ = await met("delay", number, arg=80)
    check("delay", json.loads(body)["result"])
    try:
        await asyncio.wait_for(met("half_open", number), 0.3)
        check("half_open", False)
    except asyncio.TimeoutError:
        check("half_open", True)
    _, body, _ = await met("reorder", [ask("eth_blockNumber"), ask("eth_chainId", number=2)])
    check("reorder", [a["id"] for a in json.loads(body)] == [2, 1], body)
    three = [ask("eth_blockNumber"), ask("eth_chainId", number=2), ask("eth_chainId", number=3)]
    for kind, ids in (("batch_missing", [1, 3]), ("batch_foreign", [1, 2, 3, 4]), ("batch_ids", [4, 5, 6])):
        _, body, _ = await met(kind, three)
        check(kind, [a["id"] for a in json.loads(body)] == ids, body)
    _, body, _ = await met("batch_refused", three)
    check("batch_refused", json.loads(body)["error"]["code"] == -32600, body)
    endpoint = proxy.Endpoint(url, [faults.Fault("batch_refused")])
    await endpoint.listen()
    _, body, _ = await exchange(endpoint, number)
    check("a single call meets no fault of batches", json.loads(body)["result"] and not endpoint.fired, body)
    await endpoint.close()

    # What follows the request has an effect although nobody is told; what comes before has none.
    pay = ask("eth_sendTransaction", {"from": ACCOUNT, "to": ACCOUNT, "value": "0x1"})
    before = int(await chain.call("eth_getTransactionCount", ACCOUNT, "pending"), 16)
    await met("drop", pay)
    await met("http_502", pay)
    check("what is not passed on has no effect", int(await chain.call("eth_getTransactionCount", ACCOUNT, "pending"), 16) == before)
    await met("lost", pay)
    check("what is lost on the way back has", int(await chain.call("eth_getTransactionCount", ACCOUNT, "pending"), 16) == before + 1)


async def about_the_chain(chain):
    await chain.call("anvil_mine", hex(10))
    top = int(await chain.call("eth_blockNumber"), 16)
    endpoint = proxy.Endpoint(url, [faults.Fault("lag", count=100, arg=3)])
    await endpoint.listen()

    async def old(method, *params):
        return json.loads((await exchange(endpoint, ask(method, *params)))[1])["result"]

    check("lag: number", int(await old("eth_blockNumber"), 16) == top - 3)
    block = await old("eth_getBlockByNumber", "latest", False)
    check("lag: latest", int(block["number"], 16) == top - 3)
    check("lag: no newer block", await old("eth_getBlockByNumber", hex(top - 2), False) is None)
    newest = await chain.call("eth_getBlockByNumber", "latest", False)
    check("lag: no newer block by hash", await old("eth_getBlockByHash", newest["hash"], False) is None)
    await endpoint.close()

    log = {"address": ACCOUNT, "topics": ["0x" + "00" * 32], "data": "0x", "logIndex": "0x0", "blockNumber": "0x1"}
    for kind, want in (("log_omit", []), ("removed", [dict(log, removed=True)]), ("log_add", [log, dict(log, logIndex="0x1")]),
                       ("log_change", [dict(log, topics=["0x" + "00" * 31 + "01"])])):
        answer = faults.change_answer(kind, {"id": 1, "result": [log]})
        check(kind, answer["result"] == want, answer)
        check(f"{kind}: nothing else changes", faults.change_answer(kind, {"id": 1, "result": "0x1"})["result"] == "0x1")


async def websocket(endpoint):
    """(reader, writer, Sec-WebSocket-Accept was right)"""
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port, limit=proxy.BODY_MAX)
    key = base64.b64encode(b"0123456789abcdef").decode()
    writer.write(f"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 f"Sec-WebSocket-Key: {key}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    return reader, writer, f"Sec-WebSocket-Accept: {frames.accept_of(key)}\r\n" in head


async def over_websocket(chain):
    check("the RFC's own example", frames.accept_of("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    raw = {"ws_reserved": b"\xc1", "ws_masked": b"\x81", "ws_length": b"\x81\x7f\x40", "ws_utf8": b"\x81"}
    for kind, (_, _, high, _, _, where) in faults.KINDS.items():
        if faults.WS not in where or kind in ("half_open", "delay", "lag", "removed", "huge", "slow", "reorder"):
            continue
        endpoint = proxy.Endpoint(url, [faults.Fault(kind, arg=min(high, 5))])
        await endpoint.listen()
        reader, writer, accepted = await websocket(endpoint)
        check(f"{kind}: accept", accepted == (kind != "ws_accept"))
        writer.write(frames.frame(frames.TEXT, json.dumps(ask("eth_blockNumber")).encode(), mask=True))
        pings, message = [], None
        try:
            if kind in raw:
                message = await asyncio.wait_for(reader.read(1 << 16), PATIENCE_S)
                check(kind, message.startswith(raw[kind]) and (kind != "ws_masked" or message[1] & 0x80)
                      and (kind != "ws_utf8" or b"\xff\xfe" in message), message)
                continue
            message = await asyncio.wait_for(frames.read_message(reader, pings.append), PATIENCE_S)
        except (asyncio.IncompleteReadError, frames.Closed, ConnectionError):
            pass
        finally:
            writer.close()
            check(f"{kind}: counted", endpoint.fired[kind] == 1)
            await endpoint.close()
        check(f"{kind}: pings", len(pings) == (5 if kind == "ws_pings" else 0))
        whole = kind not in ("drop", "lost", "garbage", "ws_cut", "ws_close")
        check(kind, (message is not None) == whole, message)

    endpoint = proxy.Endpoint(url)
    await endpoint.listen()
    reader, writer, _ = await websocket(endpoint)
    writer.write(frames.frame(frames.TEXT, json.dumps(ask("eth_subscribe", "newHeads")).encode(), mask=True))
    name = json.loads(await asyncio.wait_for(frames.read_message(reader, None), PATIENCE_S))["result"]
    await chain.call("anvil_mine", "0x1")
    news = json.loads(await asyncio.wait_for(frames.read_message(reader, None), PATIENCE_S))
    newest = await chain.call("eth_getBlockByNumber", "latest", False)
    check("news of a subscription", news["params"]["subscription"] == name and news["params"]["result"]["hash"] == newest["hash"])
    writer.close()
    await endpoint.close()


async def over_tls():
    with tempfile.TemporaryDirectory() as folder:
        for name in certificates.NAMES:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificates.files(folder, name))
            endpoint = proxy.Endpoint(url, context=context)
            await endpoint.listen()
            client = ssl.create_default_context(cafile=f"{folder}/ca.pem")
            try:
                _, body, _ = await exchange(endpoint, ask("eth_chainId"), client)
                why = json.loads(body)["result"] and ""
            except ssl.SSLCertVerificationError as error:
                why = error.verify_message
            want = {"right": "", "expired": "expired", "other": "IP address mismatch", "alone": "self-signed"}[name]
            check(f"certificate {name}", (want in why) and bool(want) == bool(why), why)
            await endpoint.close()


async def control():
    endpoint = proxy.Endpoint(url)
    port = proxy.Control([endpoint])
    await endpoint.listen()
    await port.listen()
    check("nothing is set", (await tell(port, {}))["faults"] == [])
    await exchange(endpoint, ask("eth_chainId"))
    await tell(port, {"fault": {"kind": "null", "after": 1}})
    answers = [json.loads((await exchange(endpoint, ask("eth_chainId")))[1])["result"] for _ in range(3)]
    check("a fault counts from when it is set", [a is None for a in answers] == [False, True, False], answers)
    told = await tell(port, {"fault": {"kind": "drop", "count": 9}})
    check("what it says", told["requests"] == [4] and told["fired"] == {"null": 1} and len(told["faults"]) == 1, told)
    check("cleared", (await tell(port, {"clear": True}))["faults"] == [])
    check("an unknown fault", "error" in await tell(port, {"fault": {"kind": "nonsense"}}))
    port.server.close()
    await endpoint.close()


async def tell(port, words):
    port.requests = 0
    _, body, _ = await exchange(port, words)
    return json.loads(body)


def replay():
    for transport in (faults.HTTP, faults.WS):
        drawn = faults.sample(11, endpoints=3, transport=transport, liar=1)
        check("the same seed", drawn == faults.sample(11, endpoints=3, transport=transport, liar=1))
        check("another seed", drawn != faults.sample(12, endpoints=3, transport=transport, liar=1))
        check("printed and read again", faults.parse("\n".join(f.line() for f in drawn)) == drawn)
        check("only the liar lies", all(f.endpoint == 1 for f in drawn if f.kind in faults.LIES) and any(f.kind in faults.LIES for f in drawn))
    kinds = {f.kind for seed in range(400) for t in (faults.HTTP, faults.WS) for f in faults.sample(seed, transport=t)}
    every = set(faults.KINDS) | set(faults.BATCHES)
    check("every kind is drawn", kinds == every, every - kinds)


async def main():
    global url
    replay()
    async with devnet.Anvil(sys.argv[1]) as anvil:
        url, chain = anvil.url, proxy.Upstream(anvil.url)
        await over_http(chain)
        await about_the_chain(chain)
        await over_websocket(chain)
        await over_tls()
        await control()
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or passed == 0)


url = None
if __name__ == "__main__":
    asyncio.run(main())
