"""WebSocket frames (RFC 6455), both sides, with nothing but the standard library."""
import base64
import hashlib
import os

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FRAME_MAX = 128 << 20


class Closed(Exception):
    """The other side has closed the WebSocket, or broken the rules."""


def accept_of(key):
    """Sec-WebSocket-Accept for a Sec-WebSocket-Key, as text."""
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def masked(data, mask):
    whole = mask * (len(data) // 4 + 1)
    return (int.from_bytes(data, "big") ^ int.from_bytes(whole[:len(data)], "big")).to_bytes(len(data), "big")


def frame(opcode, data=b"", fin=True, mask=False, reserved=0):
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    bit = 0x80 if mask else 0
    if len(data) < 126:
        head += bytes([bit | len(data)])
    elif len(data) < 1 << 16:
        head += bytes([bit | 126]) + len(data).to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + len(data).to_bytes(8, "big")
    if not mask:
        return head + data
    key = os.urandom(4)
    return head + key + masked(data, key)


async def read_frame(reader):
    """(fin, opcode, bytes)"""
    first, second = await reader.readexactly(2)
    length = second & 0x7F
    if length == 126:
        length = int.from_bytes(await reader.readexactly(2), "big")
    elif length == 127:
        length = int.from_bytes(await reader.readexactly(8), "big")
    if length > FRAME_MAX or first & 0x70:
        raise Closed("a frame that nobody agreed to")
    key = await reader.readexactly(4) if second & 0x80 else None
    data = await reader.readexactly(length)
    return bool(first & 0x80), first & 15, masked(data, key) if key else data


async def read_message(reader, write):
    """The next whole message. Pings are answered by write(bytes)."""
    parts = []
    while True:
        fin, opcode, data = await read_frame(reader)
        if opcode == CLOSE:
            raise Closed("closed")
        if opcode == PING:
            write(data)
        elif opcode in (TEXT, BINARY, CONTINUATION):
            parts.append(data)
            if fin:
                return b"".join(parts)
